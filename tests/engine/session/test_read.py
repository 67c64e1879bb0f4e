"""Old, torn, foreign and hostile files."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.engine.model import Result, Ruling, State, Status, Target, Verdict
from probes.engine.plan import plan
from probes.engine.session import (
    Header,
    Origin,
    Session,
    SessionError,
    SessionLog,
    VerdictRecord,
    read,
    read_session,
    unreached,
)
from probes.engine.session.header import header_record
from probes.engine.session.line import MOST_LINE, encoded
from probes.engine.session.record import recorded, result_record, verdict_record
from profiles.model import Profile

Make = Callable[..., Result]
Write = Callable[..., Path]


def add(path: Path, *lines: bytes) -> Session:
    """Put lines before the last one, which is `end`, and read the session."""
    kept = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*kept[:-1], *(line + b"\n" for line in lines), kept[-1]]))
    return read_session(path)


def test_a_session_is_read_as_it_was_written(
    write_log: Write, make_result: Make, header: Header, profile: Profile
) -> None:
    rows = (make_result("dc1"), make_result("web", "unix.ssh", target_port=2222))
    session = read_session(write_log(*rows), profile)
    assert session.header == header
    assert session.results == rows
    assert (session.complete, session.messages, session.remarks) == (True, (), ())
    assert session.ended


def test_the_friendly_name_of_a_host_is_kept_and_its_rows_have_it(
    tmp_path: Path,
    header: Header,
    make_result: Make,
    profile: Profile,
    validate: Callable[[object], None],
) -> None:
    named = (
        Target("windows.dc", "dc1", friendly_name="Cellar"),
        Target("unix.target", "web", 2222, "Shop"),
    )
    added = Target("windows.dc", "dc2", friendly_name="Attic")
    path = tmp_path / "log.jsonl"
    log = SessionLog.create(path)
    log.header(dataclasses.replace(header, targets=named))
    log.targets([added])
    ported = make_result("web", "unix.ssh", target_port=2222)
    log.results([make_result("dc1"), ported, make_result("dc2"), make_result("dc3")])
    log.close()
    for line in path.read_bytes().splitlines():
        validate(json.loads(line))
    session = read_session(path, profile)
    told = {one.label: one.friendly_name for one in session.header.targets}
    assert told == {"dc1": "Cellar", "web:2222": "Shop", "dc2": "Attic"}
    rows = {one.job.key: one.job.target.friendly_name for one in session.results}
    assert rows == {
        "windows.ldap|dc1": "Cellar",
        "unix.ssh|web:2222": "Shop",
        "windows.ldap|dc2": "Attic",
        "windows.ldap|dc3": "",
    }


def test_a_remark_that_was_added_later_does_not_move_the_end_of_the_measurement(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("dc1"))
    ended = read_session(path).ended
    end = b'{"type":"end","ended":"2099-01-01T00:00:00.000+00:00","complete":true,"counts":{}}\n'
    path.write_bytes(path.read_bytes() + b'{"type":"remark","at":"2099","text":"Asked."}\n' + end)
    assert read_session(path).ended == ended
    again = make_result("dc1", note="Again.")
    more = encoded(result_record(again)).encode() + b"\n"
    path.write_bytes(path.read_bytes() + more + end)
    assert read_session(path).ended.startswith("2099")


def test_the_last_record_of_a_key_stands_at_the_place_of_the_first(
    write_log: Write, make_result: Make
) -> None:
    rows = (make_result("a"), make_result("b"), make_result("a", note="Again."))
    session = read_session(write_log(*rows))
    assert [(row.job.target.host, row.note) for row in session.results] == [
        ("a", "Again."),
        ("b", "Answered."),
    ]


def test_a_killed_run_is_not_complete_and_shows_what_it_did_not_reach(
    write_log: Write, make_result: Make, profile: Profile
) -> None:
    session = read_session(write_log(make_result("dc1"), end=False), profile)
    assert (session.complete, session.ended) == (False, "")
    jobs = plan(profile, session.header.targets, only=frozenset(session.header.only))
    rows = unreached(session, jobs)
    assert [row.job.key for row in rows] == ["unix.ssh|web:2222", "unix.ssh|[fe80::1]:2222"]
    assert {row.status for row in rows} == {Status.CANCELLED}
    assert {row.observation.state for row in rows} == {State.NOT_RUN}


@pytest.mark.parametrize("cut", range(1, 400, 13))
def test_a_torn_last_line_is_dropped_with_a_message(
    write_log: Write, make_result: Make, cut: int
) -> None:
    path = write_log(make_result("a"), make_result("b"), end=False)
    os.truncate(path, path.stat().st_size - cut)
    session = read_session(path)
    if cut == 1:
        assert len(session.results) == 2
        assert session.messages == ()
    else:
        assert [row.job.target.host for row in session.results] == ["a"]
        assert session.messages == ("The last line, 3, was cut off and is left out.",)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "it is not JSON"),
        (b"[1]", "it is not one JSON object"),
        (b'{"type":"remark"}{"type":"remark"}', "it is not one JSON object"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "it is nested too deeply"),
        (b'{"a":NaN}', "NaN is not a JSON number"),
        (b'{"a":' + b"1" * 5000 + b"}", "it holds a number that is too long"),
        (b'{"type":"result"}', "it has no state"),
        (b'{"type":"remark","at":1}', "its at is not a string"),
        (b'"' + b"x" * (MOST_LINE + 5) + b'"', f"it is longer than {MOST_LINE} bytes"),
        (b"x" * (MOST_LINE * 3), f"it is longer than {MOST_LINE} bytes"),
    ],
)
def test_a_broken_line_is_skipped_by_its_number(
    write_log: Write, make_result: Make, line: bytes, why: str
) -> None:
    session = add(write_log(make_result("a")), line)
    assert session.messages == (f"Line 3 was skipped: {why}.",)
    assert len(session.results) == 1
    assert session.complete


def test_a_result_with_a_port_that_is_no_number_is_skipped(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("a"))
    record = json.loads(path.read_bytes().splitlines()[1])
    session = add(path, json.dumps(record | {"key": "k", "port": "x"}).encode())
    assert len(session.results) == 1
    assert session.messages == (
        "Line 3 was skipped: its port is not a number from 1 to 65535 or null.",
    )


def test_hosts_added_while_a_session_is_under_way_belong_to_it(
    tmp_path: Path, header: Header
) -> None:
    path = tmp_path / "one.jsonl"
    log = SessionLog.create(path)
    log.header(header)
    more = [Target("unix.target", f"host{number}") for number in range(5000)]
    log.targets(more)
    log.targets(more[:3])
    log.close()
    session = read_session(path)
    assert session.header.targets == (*header.targets, *more)
    assert not session.messages


def test_unknown_keys_and_records_are_ignored(write_log: Write, make_result: Make) -> None:
    path = write_log(make_result("a"))
    record = json.loads(path.read_bytes().splitlines()[1])
    session = add(
        path,
        b'{"type":"weather","sun":true}',
        b'{"no":"type"}',
        b'{"type":["result"]}',
        b"",
        json.dumps(record | {"key": "k", "colour": "red"}).encode(),
    )
    assert len(session.results) == 2
    assert session.messages == ()


def test_a_thousand_broken_lines_are_twenty_messages_and_a_count(write_log: Write) -> None:
    session = add(write_log(), *[b"?"] * 1000)
    assert len(session.messages) == 21
    assert session.messages[-1] == "980 more lines were skipped."


def test_more_rows_than_a_session_may_have_are_left_out(
    write_log: Write, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "MOST_ROWS", 2)
    session = read_session(write_log(*(make_result(host) for host in "abca")))
    assert [row.job.target.host for row in session.results] == ["a", "b"]
    assert session.messages == ("Line 4 was skipped: more than 2 rows.",)


def first_line(header: Header, **change: object) -> bytes:
    return encoded({**header_record(header), **change}).encode() + b"\n"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is not a session log"),
        (b"hello\n", "is not a session log"),
        (b"\x7fELF\x00", "is not a session log"),
        (b'{"type":"result"}\n', "is not a session log"),
        (b'{"type":"session"}\n', "is not a session log"),
        (b'{"type":"session","schema":"auditreach', "is damaged"),
        (b'{"type":"session","schema":"auditreach.session/2"}', "has the format .*session/2"),
        (b'{"type":"session","schema":"auditreach.session/1","targets":[1]}', "its targets"),
        (b'{"type":"session","schema":"auditreach.session/1","tool":[]}', "its tool"),
        (
            b'{"type":"session","schema":"auditreach.session/1","settings":{"timeout":"x"}}',
            "its timeout",
        ),
    ],
)
def test_what_is_no_session_is_one_sentence(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "x\x1b[2J.jsonl"
    path.write_bytes(data)
    with pytest.raises(SessionError, match=why) as caught:
        read_session(path)
    assert str(caught.value).isprintable()


def test_a_newer_schema_is_named_without_its_control_characters(
    tmp_path: Path, header: Header
) -> None:
    path = tmp_path / "new.jsonl"
    path.write_bytes(first_line(header, schema="auditreach.session/9\x1b[2J"))
    with pytest.raises(SessionError, match=r"session/9\?\[2J; this version reads"):
        read_session(path)


def test_places_without_a_file_are_one_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, why in (
        (".", "is a directory"),
        ("absent", "no such file"),
        ("fifo", "is not a regular file"),
        ("nul\0", "cannot be a file name"),
    ):
        with pytest.raises(SessionError, match=why):
            read_session(f"{tmp_path}/{name}")
    with pytest.raises(SessionError, match="is not a regular file"):
        read_session("/dev/zero")


def test_reading_leaves_the_garbage_collector_as_it_was(write_log: Write, tmp_path: Path) -> None:
    path = write_log()
    read_session(path)
    assert gc.isenabled()
    with pytest.raises(SessionError):
        read_session(tmp_path)
    assert gc.isenabled()


@given(st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=6))
def test_no_bytes_after_the_header_break_the_reader(
    header: Header, tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.jsonl"
    path.write_bytes(first_line(header) + b"\n".join(lines))
    assert read_session(path).header == header


@given(st.binary(max_size=200))
def test_no_bytes_at_all_are_more_than_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.bin"
    path.write_bytes(data)
    with pytest.raises(SessionError):
        read_session(path)


def test_the_last_verdict_of_a_target_and_capability_stands(
    tmp_path: Path, header: Header, make_result: Make
) -> None:
    path = tmp_path / "one.jsonl"
    log = SessionLog.create(path)
    log.header(header)
    told = [
        Verdict(
            Target("windows.dc", "dc1"), "domain", Ruling.BLOCKED, ("k",), ("Mend it.",), "No."
        ),
        Verdict(Target("unix.target", "web", 2222), "audit", Ruling.READY, ("s",), (), "Yes."),
        Verdict(Target("unix.target", "web", 22), "audit", Ruling.DEGRADED, ("s",), (), "Nearly."),
        Verdict(Target("windows.dc", "dc1"), "domain", Ruling.READY_AFTER, (), (), "Soon."),
    ]
    log.results([make_result("dc1")])
    log.verdicts(told[:3])
    log.end(True, {"ok": 1})
    log.verdict(recorded(told[3]))
    log.close()
    session = read_session(path)
    assert session.verdicts == tuple(recorded(told[at]) for at in (3, 1, 2))
    assert session.verdicts[0].verdict == "ready after enabling remoting"
    assert session.complete, "a verdict is no new measurement"
    assert session.messages == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"host": ""}, "its host, role or verdict is empty"),
        ({"verdict": 1}, "its verdict is not a string"),
        ({"because": "k"}, "its because is not a list of strings"),
        ({"fix": [1]}, "its fix is not a list of strings"),
        ({"port": 70000}, "its port is not a number from 0 to 65535"),
    ],
)
def test_a_broken_verdict_is_skipped_by_its_number(
    write_log: Write, make_result: Make, change: dict[str, object], why: str
) -> None:
    good = VerdictRecord("dc1", "windows.dc", "domain", "ready", ("k",), (), "Yes.")
    line = json.dumps(verdict_record(good) | change).encode()
    session = add(write_log(make_result("a")), line)
    assert session.messages == (f"Line 3 was skipped: {why}.",)
    assert session.verdicts == ()


def test_rows_that_were_not_measured_again_are_kept_apart(
    tmp_path: Path, header: Header, make_result, validate
) -> None:
    origin = Origin("1f", "2026-01-31T12:00:00.000+01:00", ("blocked",))
    path = tmp_path / "again.jsonl"
    log = SessionLog.create(path)
    log.header(dataclasses.replace(header, origin=origin))
    log.earlier([make_result("dc1"), make_result("dc2", note="old"), make_result("dc3")])
    log.results([make_result("dc3", status=Status.BLOCKED)])
    log.earlier([make_result("dc2", note="as it counts now")])
    log.end(True, {"blocked": 1})
    log.close()
    for line in path.read_bytes().splitlines():
        validate(json.loads(line))
    session = read_session(path)
    assert session.header.origin == origin
    assert session.complete
    assert [(one.job.target.host, one.status) for one in session.results] == [("dc3", "blocked")]
    assert [one.note for one in session.earlier] == ["Answered.", "as it counts now"]
    jobs = [make_result(host).job for host in ("dc1", "dc2", "dc3", "dc4")]
    assert [one.job.target.host for one in unreached(session, jobs)] == ["dc4"]


def test_a_row_of_an_old_log_has_no_interface_and_a_forged_one_none_that_is_no_text(
    write_log: Write, make_result
) -> None:
    record = result_record(make_result(interface="eth0"))
    assert record.pop("interface") == "eth0"
    old = encoded(record | {"key": "windows.ldap|dc1"}).encode()
    path = write_log(make_result(interface="eth0"))
    assert read_session(path).results[0].observation.interface == "eth0"
    session = add(path, old, encoded(record | {"interface": 7}).encode())
    assert session.results[0].observation.interface is None
    assert session.messages == ("Line 4 was skipped: its interface is not text or null.",)
