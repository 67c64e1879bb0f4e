"""Sessions read back: complete, killed, extended, measured again."""

from __future__ import annotations

import dataclasses
import gc
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from probes.engine.plan import plan
from probes.model import Result, Ruling, State, Status, Target, Verdict
from probes.session import Header, Origin, SessionError, SessionLog, read_session, unreached_rows
from probes.session.json_line import encode_record
from probes.session.records import result_record, to_verdict_record
from profiles.model import Profile

Make = Callable[..., Result]


Write = Callable[..., Path]


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
    log.write_header(dataclasses.replace(header, targets=named))
    log.write_targets([added])
    ported = make_result("web", "unix.ssh", target_port=2222)
    log.write_results([make_result("dc1"), ported, make_result("dc2"), make_result("dc3")])
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


def test_the_network_of_a_host_is_kept_until_the_host_is_named_singly(
    tmp_path: Path,
    header: Header,
    make_result: Make,
    profile: Profile,
    validate: Callable[[object], None],
) -> None:
    from_network = tuple(
        Target("windows.dc", host, network="10.0.0.0/30") for host in ("10.0.0.1", "10.0.0.2")
    )
    path = tmp_path / "log.jsonl"
    log = SessionLog.create(path)
    log.write_header(dataclasses.replace(header, targets=from_network))
    log.write_targets([Target("windows.dc", "10.0.0.2")])
    log.write_results([make_result("10.0.0.1"), make_result("10.0.0.2")])
    log.close()
    for line in path.read_bytes().splitlines():
        validate(json.loads(line))
    session = read_session(path, profile)
    assert [one.network for one in session.header.targets] == ["10.0.0.0/30", ""]
    assert [one.job.target.network for one in session.results] == ["10.0.0.0/30", ""]


def test_a_remark_that_was_added_later_does_not_move_the_end_of_the_measurement(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("dc1"))
    ended = read_session(path).ended
    end = b'{"type":"end","ended":"2099-01-01T00:00:00.000+00:00","complete":true,"counts":{}}\n'
    path.write_bytes(path.read_bytes() + b'{"type":"remark","at":"2099","text":"Asked."}\n' + end)
    assert read_session(path).ended == ended
    again = make_result("dc1", note="Again.")
    more = encode_record(result_record(again)).encode() + b"\n"
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
    rows = unreached_rows(session, jobs)
    assert [row.job.key for row in rows] == ["unix.ssh|web:2222", "unix.ssh|[fe80::1]:2222"]
    assert {row.status for row in rows} == {Status.CANCELLED}
    assert {row.observation.state for row in rows} == {State.NOT_RUN}


def test_hosts_added_while_a_session_is_under_way_belong_to_it(
    tmp_path: Path, header: Header
) -> None:
    path = tmp_path / "one.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    more = [Target("unix.target", f"host{number}") for number in range(5000)]
    log.write_targets(more)
    log.write_targets(more[:3])
    log.close()
    session = read_session(path)
    assert session.header.targets == (*header.targets, *more)
    assert not session.messages


def test_reading_leaves_the_garbage_collector_as_it_was(write_log: Write, tmp_path: Path) -> None:
    path = write_log()
    read_session(path)
    assert gc.isenabled()
    with pytest.raises(SessionError):
        read_session(tmp_path)
    assert gc.isenabled()


def test_the_last_verdict_of_a_target_and_capability_stands(
    tmp_path: Path, header: Header, make_result: Make
) -> None:
    path = tmp_path / "one.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    told = [
        Verdict(
            Target("windows.dc", "dc1"), "domain", Ruling.BLOCKED, ("k",), ("Mend it.",), "No."
        ),
        Verdict(Target("unix.target", "web", 2222), "audit", Ruling.READY, ("s",), (), "Yes."),
        Verdict(Target("unix.target", "web", 22), "audit", Ruling.DEGRADED, ("s",), (), "Nearly."),
        Verdict(Target("windows.dc", "dc1"), "domain", Ruling.READY_AFTER, (), (), "Soon."),
    ]
    log.write_results([make_result("dc1")])
    log.write_verdicts(told[:3])
    log.write_end(True, {"ok": 1})
    log.write_verdicts([told[3]])
    log.close()
    session = read_session(path)
    assert session.verdicts == tuple(to_verdict_record(told[at]) for at in (3, 1, 2))
    assert session.verdicts[0].verdict == "ready after enabling remoting"
    assert session.complete, "a verdict is no new measurement"
    assert session.messages == ()


def test_rows_that_were_not_measured_again_are_kept_apart(
    tmp_path: Path, header: Header, make_result, validate
) -> None:
    origin = Origin("1f", "2026-01-31T12:00:00.000+01:00", ("blocked",))
    path = tmp_path / "again.jsonl"
    log = SessionLog.create(path)
    log.write_header(dataclasses.replace(header, origin=origin))
    log.write_earlier([make_result("dc1"), make_result("dc2", note="old"), make_result("dc3")])
    log.write_results([make_result("dc3", status=Status.BLOCKED)])
    log.write_earlier([make_result("dc2", note="as it counts now")])
    log.write_end(True, {"blocked": 1})
    log.close()
    for line in path.read_bytes().splitlines():
        validate(json.loads(line))
    session = read_session(path)
    assert session.header.origin == origin
    assert session.complete
    assert [(one.job.target.host, one.status) for one in session.results] == [("dc3", "blocked")]
    assert [one.note for one in session.earlier] == ["Answered.", "as it counts now"]
    jobs = [make_result(host).job for host in ("dc1", "dc2", "dc3", "dc4")]
    assert [one.job.target.host for one in unreached_rows(session, jobs)] == ["dc4"]
