"""Engine thread: the log comes first, and nobody waits forever."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from probes.engine import thread
from probes.engine.thread import Engine
from probes.model import Diagnosed, Finished, Message, Result, Status, Verdict
from probes.registry import PROBES
from probes.session import LogError, SessionLog, new_header, read_session, verify
from probes.session.records import to_finding_record
from probes.settings import Settings


@pytest.fixture
def engine(kit) -> Iterator[Callable]:
    made: list[Engine] = []

    def make(vantage=kit.Scripted, report=None) -> tuple[Engine, queue.SimpleQueue]:
        events: queue.SimpleQueue = queue.SimpleQueue()
        made.append(Engine(vantage, PROBES, report or events.put))
        return made[-1], events

    yield make
    for one in made:
        one.close()


def until_finished(events: queue.SimpleQueue) -> list:
    seen: list = []
    while not any(isinstance(event, Finished) for event in seen):
        seen += events.get(timeout=20)
    return seen


def test_results_arrive_from_the_engines_thread(engine, kit):
    one, events = engine()
    check = kit.check("a")
    one.begin(kit.profile(check), {}, Settings())
    one.add([kit.job(check)])
    statuses = [event.status for event in until_finished(events) if isinstance(event, Result)]
    assert statuses == [Status.OK]


def test_a_result_is_in_the_log_before_anybody_sees_it(engine, kit, tmp_path: Path):
    path = tmp_path / "one.jsonl"
    check = kit.check("a")
    profile = kit.profile(check)
    logged: queue.SimpleQueue = queue.SimpleQueue()

    def report(batch) -> None:
        for event in batch:
            if isinstance(event, Result):
                logged.put([result.job.key for result in read_session(path).results])

    one, _ = engine(report=report)
    log = SessionLog.create(path)
    log.write_header(new_header(profile, one.info(), Settings(), {}, [kit.job(check).target]))
    one.begin(profile, {}, Settings(), [log])
    one.add([kit.job(check)])
    assert logged.get(timeout=20) == [kit.job(check).key]
    one.close()
    log.close()


def test_a_verdict_is_in_the_log_before_anybody_sees_it(engine, kit, tmp_path: Path):
    path = tmp_path / "one.jsonl"
    check = kit.check("a")
    profile = kit.profile(check)
    logged: queue.SimpleQueue = queue.SimpleQueue()

    def report(batch) -> None:
        for event in batch:
            if isinstance(event, Verdict):
                logged.put([(one.host, one.verdict) for one in read_session(path).verdicts])

    one, _ = engine(report=report)
    log = SessionLog.create(path)
    log.write_header(new_header(profile, one.info(), Settings(), {}, [kit.job(check).target]))
    one.begin(profile, {}, Settings(), [log])
    one.add([kit.job(check)])
    assert logged.get(timeout=20) == [("10.0.0.1", "ready")]
    one.close()
    log.close()


def test_a_bound_is_forgotten_as_soon_as_more_is_to_be_measured(engine, kit):
    check = kit.check("a", 1001)
    one, _ = engine(lambda: kit.Scripted(held=True))
    one.begin(kit.profile(check), {}, Settings())
    one.add([kit.job(check)])
    deadline = time.monotonic() + 20
    while (latest := one.latest_end()) is None:
        assert time.monotonic() < deadline
    assert time.time() < latest < time.time() + 60
    one.add([kit.job(check, "10.0.0.2")])
    assert one._latest_end[1] is not None
    assert one.latest_end() is None
    one.close()


def test_findings_are_in_the_log_before_its_end_and_those_of_a_rerun_stand(
    engine, kit, tmp_path: Path
):
    path = tmp_path / "one.jsonl"
    checks = [kit.check(name, port) for name, port in (("a", 1001), ("b", 1002))]
    script = {("10.0.0.1", 1001): [kit.SILENT, kit.OPEN], ("10.0.0.1", 1002): kit.SILENT}
    one, events = engine(lambda: kit.Scripted(script))
    log = SessionLog.create(path)
    log.write_header(new_header(kit.profile(*checks), one.info(), Settings(), {}, []))
    one.begin(kit.profile(*checks), {}, Settings(retries=0), [log])
    one.add([kit.job(check) for check in checks])
    told = [event.findings for event in until_finished(events) if isinstance(event, Diagnosed)]
    (first,) = read_session(path).findings
    assert [[to_finding_record(finding) for finding in one] for one in told] == [[first]]
    assert first.text.startswith("10.0.0.1 is down, or everything to it is dropped")
    one.rerun([kit.job(checks[0]).key])
    until_finished(events)
    (second,) = read_session(path).findings
    assert second.text.startswith("10.0.0.1: only TCP 1002 is filtered")
    kinds = [json.loads(line)["type"] for line in path.read_text(encoding="ascii").splitlines()]
    assert kinds == [
        # The second silence says more about the first one, and the answer about the second.
        *("session", "result", "result", "unchanged", "verdict", "finding", "end"),
        *("result", "unchanged", "verdict", "finding", "end"),
    ]
    one.close()
    log.close()


def test_a_log_that_fails_is_said_once_and_the_run_goes_on(engine, kit):
    checks = [kit.check(f"c{port}", port) for port in range(1, 6)]
    one, events = engine()
    log = SessionLog.stream(os.open("/dev/full", os.O_WRONLY), "/dev/full")
    one.begin(kit.profile(*checks), {}, Settings(), [log])
    one.add([kit.job(check) for check in checks])
    first = until_finished(events)
    one.rerun([kit.job(check).key for check in checks])
    second = until_finished(events)
    said = [event.text for event in (*first, *second) if isinstance(event, Message)]
    assert len(said) == 1
    assert "not being saved" in said[0]
    assert sum(isinstance(event, Result) for event in first) == 5
    assert sum(isinstance(event, Result) for event in second) == 5
    with contextlib.suppress(LogError):
        log.close()


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    def fails(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("probes.session.log_file.os.write", fails)
        yield


def kinds(path: Path) -> list[str]:
    return [json.loads(line)["type"] for line in path.read_text(encoding="ascii").splitlines()]


def test_a_log_that_failed_for_a_while_has_every_record_of_every_kind(
    engine, kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(thread, "LOG_RETRY_INTERVAL", 0.01)
    path = tmp_path / "one.jsonl"
    checks = [kit.check(name, port) for name, port in (("a", 1001), ("b", 1002))]
    script = {("10.0.0.1", 1001): kit.SILENT, ("10.0.0.1", 1002): kit.SILENT}
    one, events = engine(lambda: kit.Scripted(script))
    log = SessionLog.create(path)
    log.write_header(new_header(kit.profile(*checks), one.info(), Settings(), {}, []))
    one.begin(kit.profile(*checks), {}, Settings(retries=0), [log])
    with full_disk():
        one.add([kit.job(check) for check in checks])
        seen = until_finished(events)
        one.remove([kit.job(checks[0]).target])
        seen += until_finished(events)
        assert kinds(path) == ["session"]
    said = [event for event in seen if isinstance(event, Message)]
    while len(said) < 2:
        # Nothing more is measured: the log catches up by itself.
        said += [event for event in events.get(timeout=20) if isinstance(event, Message)]
    assert [(event.text, event.severity) for event in said] == [
        (
            f"This session is not being saved: Cannot write the session log {path}: "
            "no space left on device.",
            "error",
        ),
        (f"This session is being saved again. Nothing is missing from {path}.", "information"),
    ]
    assert kinds(path) == [
        *("session", "result", "result", "unchanged", "verdict", "finding", "end"),
        *("removed", "end"),
    ]
    assert verify(path).intact
    one.close()
    log.close()


def test_the_log_of_the_session_before_is_closed_and_what_it_lacks_is_said(
    engine, kit, tmp_path: Path
):
    check = kit.check("a")
    one, events = engine()
    logs = [SessionLog.create(tmp_path / name) for name in ("first.jsonl", "second.jsonl")]
    one.begin(kit.profile(check), {}, Settings(), logs[:1])
    with full_disk():
        one.add([kit.job(check)])
        seen = until_finished(events)
        one.begin(kit.profile(check), {}, Settings(), logs[1:])
        while sum(isinstance(event, Message) for event in seen) < 2:
            seen += events.get(timeout=20)
    said = [event.text for event in seen if isinstance(event, Message)]
    assert said[1] == f"The log of the session before is not whole: {logs[0].loss}"
    with pytest.raises(LogError, match="is closed"):
        logs[0].write_remark("late")


def test_a_fault_in_the_engine_ends_the_run_in_a_sentence_and_nobody_waits(engine, kit):
    class Faulty(kit.Scripted):
        def connect(self, *_, **__):
            raise ZeroDivisionError("secret")

    check = kit.check("a")
    one, events = engine(Faulty)
    one.begin(kit.profile(check), {}, Settings())
    one.add([kit.job(check)])
    seen = until_finished(events)
    assert [event.complete for event in seen if isinstance(event, Finished)] == [False]
    (said,) = (event.text for event in seen if isinstance(event, Message))
    assert "ZeroDivisionError" in said
    assert "secret" not in said


def test_close_ends_the_thread_and_the_log_says_the_run_was_not_complete(
    engine, kit, tmp_path: Path
):
    path = tmp_path / "one.jsonl"
    check = kit.check("a")
    one, _ = engine(lambda: kit.Scripted(held=True))
    log = SessionLog.create(path)
    log.write_header(new_header(kit.profile(check), one.info(), Settings(), {}, []))
    one.begin(kit.profile(check), {}, Settings(), [log])
    one.add([kit.job(check)])
    one.close()
    log.close()
    session = read_session(path)
    assert not one._thread.is_alive()
    assert session.ended
    assert not session.complete


def test_a_vantage_that_takes_a_while_to_open_is_waited_for(engine, kit):
    async def opening():
        await asyncio.sleep(0)
        return kit.Scripted()

    check = kit.check("a")
    one, events = engine(opening)
    one.begin(kit.profile(check), {}, Settings())
    one.add([kit.job(check)])
    statuses = [event.status for event in until_finished(events) if isinstance(event, Result)]
    assert statuses == [Status.OK]
    assert one.info() == kit.Scripted.info


def test_whoever_needs_a_vantage_that_cannot_be_opened_is_told_why(engine, kit):
    async def opening():
        await asyncio.sleep(0)
        raise ConnectionRefusedError("audit1")

    async def work(vantage):
        raise AssertionError("there is none")

    one, _ = engine(opening)
    needs = (
        one.info,
        lambda: one.begin(kit.profile(), {}, Settings()),
        lambda: one.run_with_vantage(work),
    )
    for need in needs:
        with pytest.raises(ConnectionRefusedError, match="audit1"):
            need()
    one.close()
    assert not one._thread.is_alive()


def test_closing_ends_the_opening_of_a_vantage_and_whoever_waits_for_it(engine):
    begun, ended = threading.Event(), threading.Event()

    async def opening():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    one, _ = engine(opening)
    assert begun.wait(20)
    one.close()
    assert ended.is_set()
    assert not one._thread.is_alive()
    with pytest.raises(CancelledError):
        one.info()


def test_events_of_two_kinds_are_never_equal():
    from probes.model import Queued, Removed, Restored, Started

    assert Queued(("a",)) != Started(("a",))
    assert Removed(()) != Restored(())
