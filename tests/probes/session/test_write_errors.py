"""Writing that fails for a while, or for good: nothing is lost unsaid, and no line is torn."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.judging.findings import Confidence, Finding, FindingKind
from probes.model import Removed, Restored, Result, Ruling, Target, Verdict
from probes.session import (
    Header,
    LogError,
    SessionError,
    SessionLog,
    annotate,
    read_session,
    sessions_folder,
    verify,
    writer,
)

Make = Callable[..., Result]
Step = Callable[[SessionLog], None]

HOST = Target("windows.dc", "dc1")
OTHER = Target("windows.dc", "dc2")
FINDING = Finding(
    FindingKind.HOST, "dc2 is down", Confidence.LIKELY, "silence", ("windows.ldap|dc2",)
)
ALWAYS = 1000
"""More calls than any session here makes."""


class FailingCalls:
    """`os.write`, of which some calls fail, before them one that writes only a part."""

    def __init__(self, first: int, count: int, number: int, part: float) -> None:
        self._failing = range(first, first + count)
        self._cut_short = first - 1
        self._number = number
        self._part = part
        self.calls = 0

    def __call__(self, descriptor: int, data: bytearray) -> int:
        self.calls += 1
        if self.calls in self._failing:
            raise OSError(self._number, os.strerror(self._number))
        if self.calls == self._cut_short:
            data = data[: int(len(data) * self._part) + 1]
        return real_write(descriptor, data)


real_write = os.write


@contextmanager
def failing(
    monkeypatch: pytest.MonkeyPatch,
    first: int,
    count: int,
    number: int = errno.ENOSPC,
    part: float = 1.0,
) -> Iterator[FailingCalls]:
    calls = FailingCalls(first, count, number, part)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", calls)
        yield calls


@pytest.fixture
def steps(header: Header, make_result: Make) -> list[Step]:
    """Every kind of record, in the order of a session."""
    first, second, third = (make_result(host) for host in ("dc1", "dc2", "dc3"))
    later = replace(first.observation, started="2026-01-31T12:00:09.123+01:00")
    verdicts = [Verdict(one, "inventory", Ruling.READY, (), (), "Works.") for one in (HOST, OTHER)]
    return [
        lambda log: log.write_header(header),
        lambda log: log.write_earlier([make_result("dc0")]),
        lambda log: log.write_results([first, second]),
        lambda log: log.write_verdicts(verdicts),
        lambda log: log.write_targets([Target("windows.dc", "dc3")]),
        lambda log: log.write_results([third]),
        lambda log: log.write_removal(Removed((OTHER,))),
        lambda log: log.write_removal(Restored((OTHER,))),
        lambda log: log.write_remark("opened 389"),
        lambda log: log.write_results([replace(first, observation=later)]),
        lambda log: log.write_verdicts(verdicts[:1]),
        lambda log: log.write_findings([FINDING]),
        lambda log: log.write_end(True, {"ok": 3}),
    ]


KINDS = [
    *("session", "earlier", "result", "result", "verdict", "verdict", "targets", "result"),
    *("removed", "restored", "remark", "unchanged", "verdict", "finding", "end"),
]


def write(path: Path, steps: list[Step]) -> SessionLog:
    """A log of these steps, each of which may fail."""
    log = SessionLog.create(path)
    for step in steps:
        with suppress(LogError):
            step(log)
    with suppress(LogError):
        log.close()
    return log


def records(path: Path) -> list[dict[str, object]]:
    """Records without what changes from one log to another; every line has to be whole."""
    data = path.read_bytes()
    assert data.endswith(b"\n") or not data
    changing = ("at", "ended", "sha256", "seal")
    return [
        {key: value for key, value in json.loads(line).items() if key not in changing}
        for line in data.splitlines()
    ]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_wherever_and_however_long_writing_fails_the_log_catches_up_or_says_it_is_not_whole(
    tmp_path: Path,
    steps: list[Step],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    part: float,
) -> None:
    with failing(monkeypatch, 0, 0) as healthy:
        write(tmp_path / "whole.jsonl", steps)
    whole = records(tmp_path / "whole.jsonl")
    assert [record["type"] for record in whole] == KINDS
    caught_up = 0
    for first in range(1, healthy.calls + 1):
        for count in (1, 2, 3, 5, 8, ALWAYS):
            path = tmp_path / f"{first}-{count}.jsonl"
            with failing(monkeypatch, first, count, number, part):
                log = write(path, steps)
            found = records(path)
            if not log.loss:
                caught_up += 1
                assert found == whole
                assert verify(path).intact
                assert read_session(path).complete
                continue
            if found and found[-1]["type"] == "end":
                assert found.pop()["complete"] is False
                assert verify(path).intact
            assert found == whole[: len(found)]
            if found:
                assert not read_session(path).complete
    assert caught_up >= 4 * healthy.calls - 16


@given(
    st.lists(st.sampled_from(("whole", "part", "fail")), max_size=40),
    st.integers(0, 4000),
)
def test_any_sequence_of_errors_leaves_a_log_that_is_whole_or_says_that_it_is_not(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[Step],
    calls: list[str],
    limit: int,
) -> None:
    folder = tmp_path_factory.mktemp("log")
    whole_log = write(folder / "whole.jsonl", steps)
    whole = records(folder / "whole.jsonl")
    left = iter(calls)

    def scripted(descriptor: int, data: bytearray) -> int:
        kind = next(left, "whole")
        if kind == "fail":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, data if kind == "whole" else data[: len(data) // 2 + 1])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "write", scripted)
        patched.setattr(writer, "MAX_PENDING", limit)
        log = write(folder / "log.jsonl", steps)
    assert not whole_log.loss
    found = records(folder / "log.jsonl")
    complete = bool(found) and found[-1].get("complete") is True
    assert complete is (not log.loss)
    if complete:
        assert found == whole
        assert verify(folder / "log.jsonl").intact


def test_what_a_failing_log_was_given_is_there_as_soon_as_it_can_be(
    tmp_path: Path, steps: list[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    log = SessionLog.create(path)
    with failing(monkeypatch, 1, ALWAYS):
        for step in steps:
            with pytest.raises(LogError):
                step(log)
        assert log.trouble == f"Cannot write the session log {path}: no space left on device."
    assert path.read_bytes() == b""
    log.flush()
    assert not log.trouble
    assert [record["type"] for record in records(path)] == KINDS
    assert verify(path).intact
    log.close()


@pytest.mark.parametrize("limit", [0, 1000, 4000])
def test_records_beyond_the_limit_of_memory_are_caught_up_too(
    tmp_path: Path, steps: list[Step], monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(writer, "MAX_PENDING", limit)
    monkeypatch.setattr(writer, "_PIECE", 2)
    with failing(monkeypatch, 1, len(steps) - 2):
        log = write(tmp_path / "log.jsonl", steps[:9] + steps[11:])
    kinds = [record["type"] for record in records(tmp_path / "log.jsonl")]
    assert kinds == [*KINDS[:11], *KINDS[13:]]
    assert not log.loss
    assert verify(tmp_path / "log.jsonl").intact
    assert read_session(tmp_path / "log.jsonl").complete


def test_a_row_measured_again_beyond_the_limit_is_counted_and_the_session_is_not_complete(
    tmp_path: Path, header: Header, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_PENDING", 0)
    path = tmp_path / "log.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    with failing(monkeypatch, 1, ALWAYS):
        for note in ("pending", "first", "second", "third"):
            with pytest.raises(LogError):
                log.write_results([make_result(note=note)])
    log.write_end(True, {"ok": 1})
    log.close()
    session = read_session(path)
    assert [one["note"] for one in records(path) if one["type"] == "result"] == ["pending", "third"]
    assert [remark.text for remark in session.remarks] == ["2 records could not be written here."]
    assert not session.complete
    assert verify(path).intact
    assert log.loss == f"2 records could not be written to {path}."


def test_a_write_that_takes_nothing_is_an_error_and_no_endless_loop(
    tmp_path: Path, header: Header, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SessionLog.create(tmp_path / "log.jsonl")
    monkeypatch.setattr(os, "write", lambda *_: 0)
    with pytest.raises(LogError, match="input/output error"):
        log.write_header(header)


@pytest.mark.parametrize("name", ["fsync", "close"])
def test_an_error_of_the_last_calls_is_no_traceback(
    tmp_path: Path, steps: list[Step], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "log.jsonl"

    def fails(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(os, name, fails)
        log = write(path, steps)
    assert bool(log.loss) is (name == "fsync")
    assert read_session(path).complete


def test_a_log_that_the_kernel_could_not_write_back_is_written_anew(
    tmp_path: Path, steps: list[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed fsync the kernel forgets, so that a second one tells nothing (fsync(2))."""
    errors = iter([errno.EIO])
    real = os.fsync

    def fails_once(descriptor: int) -> None:
        number = next(errors, 0)
        if number:
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fails_once)
    log = write(tmp_path / "log.jsonl", steps)
    assert not log.loss
    (notice,) = log.take_notices()
    assert "did not reach the disk (input/output error)" in notice
    assert verify(tmp_path / "log-2.jsonl").intact


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_fsync_is_no_trouble(
    tmp_path: Path, steps: list[Step], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def offers_none(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", offers_none)
    log = write(tmp_path / "log.jsonl", steps)
    assert not log.loss
    assert log.take_notices() == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE])
def test_a_patient_log_is_made_as_soon_as_it_can_be(
    tmp_path: Path, steps: list[Step], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = sessions_folder() / "log.jsonl"

    def fails(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", fails)
        with pytest.raises(LogError):
            SessionLog.create(path)
        log = SessionLog.create(path, patient=True)
        for step in steps[:4]:
            with pytest.raises(LogError):
                step(log)
        assert log.path == ""
        assert log.trouble.startswith(f"Cannot create the session log {path}: ")
    for step in steps[4:]:
        with suppress(LogError):
            step(log)
    log.close()
    assert log.path == str(path)
    assert not log.loss
    assert log.take_notices() == []
    session = read_session(path)
    assert session.complete
    assert len(session.results) == 3
    assert len(session.verdicts) == 2
    assert verify(path).intact


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG])
def test_what_does_not_pass_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fails(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fails)
    with pytest.raises(LogError, match="Cannot create the session log"):
        SessionLog.create(tmp_path / "log.jsonl", patient=True)


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_remark_that_cannot_be_added_leaves_the_old_log_as_it_was(
    tmp_path: Path, steps: list[Step], monkeypatch: pytest.MonkeyPatch, first: int, part: float
) -> None:
    path = tmp_path / "log.jsonl"
    write(path, steps)
    before = path.read_bytes()
    with failing(monkeypatch, first, ALWAYS, part=part) as calls, suppress(SessionError):
        annotate(path, "opened 389")
    if calls.calls >= first:
        assert path.read_bytes() == before
    else:
        assert read_session(path).remarks[-1].text == "opened 389"
    assert verify(path).intact
    assert read_session(path).complete


def test_a_log_without_a_single_whole_line_is_no_session(
    tmp_path: Path, steps: list[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    with failing(monkeypatch, 2, ALWAYS, part=0.5):
        log = write(path, steps)
    assert log.loss
    with pytest.raises(SessionError, match="is empty"):
        read_session(path)
