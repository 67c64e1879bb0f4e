"""Rows that are measured again and again: short lines, read as whole results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.model import Icmp, Reason, Result, Status
from probes.session import Header, SessionLog, read_session, summarize, verify, writer
from probes.session.replay import timeline
from profiles.model import Profile

Make = Callable[..., Result]
Write = Callable[..., Path]


def kinds(path: Path) -> list[str]:
    return [json.loads(line)["type"] for line in path.read_bytes().splitlines()][1:-1]


def at(result: Result, second: int, **seen: object) -> Result:
    started = f"2026-01-31T12:00:{second:02}.000+01:00"
    observation = replace(result.observation, started=started, **seen)  # type: ignore[arg-type]
    return replace(result, observation=observation)


def test_a_row_that_is_as_it_was_is_a_short_line_and_reads_as_a_whole_one(
    write_log: Write, make_result: Make, profile: Profile, validate: Callable[[object], None]
) -> None:
    first = at(make_result(facts={"summary": "LDAP", "load": 1, "once": "x"}), 0)
    again = at(
        first,
        2,
        latency_ms=0.5,
        latency_at_most=True,
        timings_ms={"connect": 0.6},
        took_ms=12.5,
        facts={"summary": "LDAP", "load": 2, "new": True},
        last_ms=1100,
    )
    path = write_log(first, again)
    assert kinds(path) == ["result", "unchanged"]
    for line in path.read_bytes().splitlines():
        validate(json.loads(line))
    assert len(path.read_bytes().splitlines()[2]) < 250
    (read,) = read_session(path, profile).results
    assert read == again
    assert [event for _, event in timeline(path, profile)] == [first, again]
    assert summarize(path).results == 2
    assert verify(path).intact


@pytest.mark.parametrize(
    "change",
    [
        {"reason": Reason.ECHO_REPLY},
        {"icmp": Icmp(3, 13, "192.0.2.254")},
        {"address": "192.0.2.2"},
        {"source": "192.0.2.8"},
        {"attempts": 2},
    ],
)
def test_whatever_is_judged_or_seen_otherwise_is_a_whole_line(
    write_log: Write, make_result: Make, change: dict[str, object]
) -> None:
    first = at(make_result(), 0)
    assert kinds(write_log(first, at(make_result(), 2, **change))) == ["result", "result"]


@pytest.mark.parametrize("change", [{"status": Status.WARNING}, {"note": "Late."}])
def test_another_judgement_is_a_whole_line(
    write_log: Write, make_result: Make, change: dict[str, object]
) -> None:
    assert kinds(write_log(at(make_result(), 0), at(make_result(**change), 2))) == ["result"] * 2


def test_a_result_of_the_same_measurement_is_a_whole_line(
    write_log: Write, make_result: Make
) -> None:
    first = at(make_result(), 0)
    named = at(make_result(facts={"reverse": "dc1.corp.example"}), 0)
    assert kinds(write_log(first, named)) == ["result", "result"]


def test_what_is_appended_to_a_log_begins_with_a_whole_line(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(at(make_result(), 0), end=False)
    log = SessionLog.append(path)
    log.write_results([at(make_result(), 2), at(make_result(), 4)])
    log.write_end(True, {})
    log.close()
    assert kinds(path) == ["result", "result", "unchanged"]


def test_after_records_were_lost_a_short_line_refers_to_one_that_was_written(
    tmp_path: Path,
    header: Header,
    make_result: Make,
    profile: Profile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = SessionLog.create(tmp_path / "log.jsonl")
    log.write_header(header)
    monkeypatch.setattr(writer, "MAX_PENDING", 0)
    with monkeypatch.context() as broken:
        broken.setattr(writer.os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        for second, note in ((0, "a"), (2, "b"), (4, "a")):
            with pytest.raises(writer.LogError):
                log.write_results([at(make_result(note=note), second)])
    log.write_end(True, {})
    log.close()
    assert kinds(tmp_path / "log.jsonl") == ["result", "unchanged", "remark"]
    (read,) = read_session(tmp_path / "log.jsonl", profile).results
    assert read == at(make_result(note="a"), 4)


def test_a_short_line_without_its_row_is_left_out(
    write_log: Write, make_result: Make, profile: Profile
) -> None:
    path = write_log(at(make_result(), 0), at(make_result(), 2))
    header, _, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([header, *rest]))
    assert read_session(path, profile).results == ()
    assert list(timeline(path, profile)) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from("abc"), st.integers() | st.text(max_size=5)),
            st.sampled_from((Status.OK, Status.WARNING)),
            st.none() | st.floats(0, 1e6),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_last_result_of_any_rounds_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    header: Header,
    make_result: Make,
    profile: Profile,
    rounds: list[tuple[dict[str, object], Status, float | None]],
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    results = [
        at(make_result(status=status), second, facts=facts, latency_ms=latency)
        for second, (facts, status, latency) in enumerate(rounds)
    ]
    for result in results:
        log.write_results([result])
    log.write_end(True, {})
    log.close()
    assert [event for _, event in timeline(path, profile)] == results
    assert read_session(path, profile).results == (results[-1],)


@pytest.mark.parametrize("second", [0, 2], ids=["the same measurement", "measured again"])
def test_another_reason_alone_is_a_short_line_that_has_it(
    write_log: Write,
    make_result: Make,
    profile: Profile,
    validate: Callable[[object], None],
    second: int,
) -> None:
    first = replace(at(make_result(), 0), why="no answer")
    again = replace(at(first, second), why="dropped: 88 answers")
    path = write_log(first, again)
    assert kinds(path) == ["result", "unchanged"]
    line = path.read_bytes().splitlines()[2]
    validate(json.loads(line))
    assert json.loads(line)["why"] == "dropped: 88 answers"
    assert len(line) < 260
    (read,) = read_session(path, profile).results
    assert read == again
    assert [event for _, event in timeline(path, profile)] == [first, again]
