"""Summary of a session, a later remark, and its timeline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Evidence, Removed, Restored, Result, Ruling, Status, Target, Verdict
from probes.session import (
    Header,
    SessionError,
    SessionLog,
    annotate,
    read_session,
    summarize,
    verify,
)
from probes.session.replay import timeline
from profiles.model import Profile

Make = Callable[..., Result]
Write = Callable[..., Path]


def verdict(host: str, ruling: Ruling) -> Verdict:
    return Verdict(Target("windows.dc", host), "dc", ruling, (), (), "")


def test_a_summary_says_when_where_what_and_the_last_verdict_of_each_target(
    tmp_path: Path, header: Header, make_result: Make
) -> None:
    path = tmp_path / "s.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    log.write_results([make_result("a"), make_result("b")])
    log.write_verdicts([verdict("a", Ruling.BLOCKED), verdict("b", Ruling.BLOCKED)])
    log.write_verdicts([verdict("a", Ruling.READY)])
    for _ in range(2):
        log.write_targets([Target("windows.dc", "later"), *header.targets])
    log.write_remark("after the change")
    log.write_end(True, {})
    log.close()
    found = summarize(path)
    assert (found.started, found.host) == (header.started, "jump1")
    assert found.targets == ("dc1", "web:2222", "[fe80::1]:2222", "later")
    assert (found.target_count, found.results) == (4, 2)
    assert found.verdicts == {"blocked": 1, "ready": 1}
    assert found.remark == "after the change"
    assert found.complete
    assert found.ended


def test_a_host_that_was_removed_is_not_counted_until_it_is_back(
    tmp_path: Path, header: Header
) -> None:
    path = tmp_path / "s.jsonl"
    gone = (Target("windows.dc", "a"), header.targets[0])
    log = SessionLog.create(path)
    log.write_header(header)
    log.write_targets([Target("windows.dc", "a")])
    log.write_verdicts([verdict("a", Ruling.BLOCKED), verdict("b", Ruling.READY)])
    log.write_removal(Removed(gone))
    found = summarize(path)
    log.write_removal(Restored(gone))
    log.close()
    assert found.verdicts == {"ready": 1}
    assert found.targets == ("web:2222", "[fe80::1]:2222")
    assert found.target_count == 2
    assert summarize(path).verdicts == {"blocked": 1, "ready": 1}
    assert summarize(path).target_count == 4


def test_a_summary_of_a_killed_run_says_that_it_is_not_complete(
    write_log: Write, make_result: Make
) -> None:
    found = summarize(write_log(make_result(), end=False))
    assert not found.complete
    assert not found.ended
    assert found.remark == "before the change"


def test_a_rerun_after_the_end_is_not_complete_until_its_own_end(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result())
    log = SessionLog.append(path)
    log.write_results([make_result()])
    log.close()
    assert not summarize(path).complete


@pytest.mark.parametrize("text", ["", "hello\n", '{"type":"result"}\n', "\0" * 100])
def test_a_file_that_is_no_session_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(SessionError):
        summarize(path)
    with pytest.raises(SessionError):
        summarize(tmp_path)


@settings(max_examples=60)
@given(
    tail=st.lists(
        st.sampled_from(
            [
                b'{"type":"verdict"',
                b'{"type":"remark","text":7}',
                b'{"type":"end","complete":"yes"}',
                b'{"type":"targets","targets":[7]}',
                b'{"type":"verdict","host":"' + b"x" * 2000 + b'"}',
                b"\xff\xfe",
                b"",
            ]
        ),
        max_size=6,
    )
)
def test_any_lines_behind_the_first_make_a_summary(
    tail: list[bytes], tmp_path: Path, write_log: Write, make_result: Make
) -> None:
    path = tmp_path / "session.jsonl"
    path.unlink(missing_ok=True)
    write_log(make_result(), end=False)
    with path.open("ab") as file:
        file.write(b"\n".join(tail))
    assert summarize(path).results == 1


def test_a_remark_made_afterwards_is_read_back_and_the_log_stays_intact(
    write_log: Write, make_result: Make, validate: Callable[[object], None]
) -> None:
    path = write_log(make_result("a"), make_result("b", status=Status.BLOCKED))
    annotate(path, "rule 17 was changed")
    session = read_session(path)
    assert [one.text for one in session.remarks] == ["rule 17 was changed"]
    assert session.complete
    assert verify(path).intact
    for line in path.read_text().splitlines():
        validate(json.loads(line))
    assert json.loads(path.read_text().splitlines()[-1])["counts"] == {"ok": 1, "blocked": 1}


def test_a_session_without_an_end_is_left_alone_since_somebody_may_still_write_it(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result(), end=False)
    before = path.read_bytes()
    with pytest.raises(SessionError, match="has no end"):
        annotate(path, "too early")
    assert path.read_bytes() == before


def test_the_timeline_follows_the_log_and_never_runs_backwards(
    tmp_path: Path, header: Header, make_result: Make, profile: Profile
) -> None:
    day = header.started[:10]
    zone = header.started[23:]
    base = header.started[11:23]
    path = tmp_path / "s.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    late = make_result(
        "a", started=f"{day}T{base}{zone}", evidence=(Evidence("192.0.2.1", at_ms=2500.0),)
    )
    early = make_result("b", started=f"{day}T{base}{zone}", evidence=())
    log.write_results([late, early])
    log.write_verdicts([verdict("a", Ruling.READY)])
    log.write_results([make_result("a", started="nonsense", evidence=())])
    log.close()
    found = list(timeline(path, profile))
    assert [round(at, 3) for at, _ in found] == [2.5, 2.5, 2.5, 2.5]
    kinds = [type(event) for _, event in found]
    assert kinds == [Result, Result, Verdict, Result]
