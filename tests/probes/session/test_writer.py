"""Session log on the disk: its mode, its lines, and a full disk."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from probes.judging.findings import Confidence, Finding, FindingKind
from probes.model import Result, Ruling, Target, Verdict
from probes.session import (
    Header,
    LogError,
    SessionLog,
    default_path,
    read_session,
    writer,
)
from probes.session.paths import sessions_folder

Make = Callable[..., Result]
resource = pytest.importorskip("resource")


@contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    """The kernel cuts a write that crosses `size` short and refuses the next one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_log_is_private_in_private_directories(
    tmp_path: Path, header: Header, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = default_path(header)
    log = SessionLog.create(path)
    log.write_header(header)
    log.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["nope/x.jsonl", "nope/nope/x.jsonl", "nope/../x/x.jsonl"])
def test_a_mistyped_path_makes_no_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(LogError, match="no such file or directory"):
        SessionLog.create(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_leads_nowhere_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(LogError, match="link is a symbolic link that leads nowhere; name another"):
        SessionLog.create(tmp_path / "link")


@pytest.mark.parametrize("place", ["auditreach", "auditreach/sessions"])
def test_a_default_directory_that_is_a_link_to_nowhere_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    link = tmp_path / place
    link.parent.mkdir(exist_ok=True, mode=0o700)
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(LogError, match=rf"{link} is a symbolic link that leads nowhere"):
        SessionLog.create(sessions_folder() / "new.jsonl")


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o702])
def test_a_default_directory_that_others_can_write_is_refused_in_a_sentence(
    tmp_path: Path, header: Header, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = default_path(header)
    path.parent.mkdir(parents=True)
    for folder in (path.parent, path.parent.parent):
        folder.chmod(mode)
        with pytest.raises(LogError) as caught:
            SessionLog.create(path)
        assert str(caught.value) == (
            f"Cannot create the session log {path}: others can write to {folder} "
            "(chmod go-w ends that)."
        )
        folder.chmod(0o700)
    SessionLog.create(path).close()


def test_an_existing_file_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    with pytest.raises(LogError, match=r"mine\.txt exists already"):
        SessionLog.create(path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("there", [True, False])
def test_a_symbolic_link_is_never_followed(
    tmp_path: Path, write_log: Callable[..., Path], there: bool
) -> None:
    target = write_log() if there else tmp_path / "elsewhere"
    link = tmp_path / "link"
    link.symlink_to(target)
    for opener in (SessionLog.create, SessionLog.append):
        with pytest.raises(LogError):
            opener(link)
    assert target.exists() == there


@pytest.mark.parametrize("name", ["file/x", "nul\0", "."])
def test_a_place_where_no_file_can_be_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogError) as caught:
        SessionLog.create(f"{tmp_path}/{name}")
    assert str(caught.value).endswith(".")
    assert str(caught.value).isprintable()


def test_every_line_the_writer_makes_fits_the_schema(
    tmp_path: Path, header: Header, make_result: Make, validate: Callable[[object], None]
) -> None:
    log = SessionLog.create(tmp_path / "all.jsonl")
    log.write_header(header)
    log.write_results([make_result("a"), make_result("b\x1b[2J\x7f\x9b\u202e")])
    dc = Target("windows.dc", "a")
    log.write_verdicts([Verdict(dc, "inventory", Ruling.DEGRADED, (), (), "Works.")])
    log.write_findings(
        [Finding(FindingKind.HOST, "b is down", Confidence.LIKELY, "silence", ("windows.ldap|b",))]
    )
    log.write_remark("opened 389\nand 636")
    log.write_end(True, {"ok": 2})
    log.close()
    data = (tmp_path / "all.jsonl").read_bytes()
    assert data.endswith(b"\n")
    assert all(byte == 10 or 32 <= byte < 127 for byte in data)
    records = [json.loads(line) for line in data.splitlines()]
    for record in records:
        validate(record)
    kinds = [record["type"] for record in records]
    assert kinds == ["session", "result", "result", "verdict", "finding", "remark", "end"]


def test_a_batch_is_one_system_call(
    tmp_path: Path, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = os.write

    def counted(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        return real(descriptor, data)

    log = SessionLog.create(tmp_path / "one.jsonl")
    monkeypatch.setattr(writer.os, "write", counted)
    log.write_results([make_result(f"host{number}") for number in range(50)])
    assert calls == [(tmp_path / "one.jsonl").stat().st_size]
    log.close()


def test_results_are_on_the_disk_before_the_log_is_closed(
    tmp_path: Path, header: Header, make_result: Make
) -> None:
    path = tmp_path / "killed.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    log.write_results([make_result("a")])
    session = read_session(path)
    assert [row.job.target.host for row in session.results] == ["a"]
    assert not session.complete
    log.close()


@pytest.mark.parametrize("room", range(0, 2000, 61))
def test_a_disk_that_was_full_leaves_no_torn_line_and_loses_nothing(
    tmp_path: Path, header: Header, make_result: Make, room: int
) -> None:
    path = tmp_path / "full.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    said = []
    with disk_full_at(path.stat().st_size + room):
        for number in range(4):
            try:
                log.write_results([make_result(f"host{number}")])
            except LogError as error:
                said.append(str(error))
    assert set(said) == {f"Cannot write the session log {path}: file too large."}
    log.write_results([make_result("host4")])
    log.write_end(True, {"ok": 5})
    log.close()
    session = read_session(path)
    assert [row.job.target.host for row in session.results] == [f"host{n}" for n in range(5)]
    assert session.messages == ()
    assert session.complete


def test_a_log_that_could_not_be_finished_says_so_when_it_is_closed(
    tmp_path: Path, header: Header, make_result: Make
) -> None:
    log = SessionLog.create(tmp_path / "closed.jsonl")
    with disk_full_at(0):
        with pytest.raises(LogError):
            log.write_header(header)
        with pytest.raises(LogError):
            log.close()
    log.close()
    with pytest.raises(LogError, match="is closed"):
        log.write_results([make_result()])


def test_standard_output_is_written_and_left_open(header: Header, make_result: Make) -> None:
    reading, writing = os.pipe()
    log = SessionLog.stream(writing, "standard output")
    log.write_header(header)
    log.write_end(False, {})
    log.close()
    os.write(writing, b"still open\n")
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.read().splitlines()
    assert [json.loads(line)["type"] for line in lines[:-1]] == ["session", "end"]
    assert lines[-1] == b"still open"


def test_a_reader_that_has_gone_is_one_sentence(header: Header) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = SessionLog.stream(writing, "standard output")
    with pytest.raises(LogError, match="standard output: broken pipe"):
        log.write_header(header)
    os.close(writing)


def test_a_rerun_is_appended_and_the_last_result_stands(
    write_log: Callable[..., Path], make_result: Make
) -> None:
    path = write_log(make_result("a"), make_result("b"))
    log = SessionLog.append(path)
    log.write_results([make_result("a", note="Again.")])
    log.close()
    session = read_session(path)
    assert [(row.job.target.host, row.note) for row in session.results] == [
        ("a", "Again."),
        ("b", "Answered."),
    ]
    assert not session.complete


def test_appending_after_a_torn_line_does_not_spoil_the_first_new_one(
    write_log: Callable[..., Path], make_result: Make
) -> None:
    path = write_log(make_result("a"), make_result("b"), end=False)
    os.truncate(path, path.stat().st_size - 40)
    log = SessionLog.append(path)
    log.write_results([make_result("c")])
    log.close()
    session = read_session(path)
    assert [row.job.target.host for row in session.results] == ["a", "c"]
    assert session.messages == ("Line 3 was skipped: it is not JSON.",)


def test_only_a_session_log_is_appended_to(tmp_path: Path) -> None:
    for name, text in (("passwd", "root:x:0:0\n"), ("empty", "")):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(LogError, match="is not a session log"):
            SessionLog.append(path)
        assert path.read_text() == text
    with pytest.raises(LogError, match="no such file"):
        SessionLog.append(tmp_path / "absent")


def test_a_refused_file_is_not_left_open(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with pytest.raises(LogError):
        SessionLog.append(path)
    opened = os.open(path, os.O_RDONLY)
    os.close(opened)
    for _ in range(3):
        with pytest.raises(LogError):
            SessionLog.append(path)
    again = os.open(path, os.O_RDONLY)
    os.close(again)
    assert again == opened


def test_remarks_from_another_thread_do_not_cut_results(
    tmp_path: Path, header: Header, make_result: Make
) -> None:
    path = tmp_path / "threads.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    threads = [
        threading.Thread(target=lambda: [log.write_remark("x" * 500) for _ in range(200)]),
        threading.Thread(target=lambda: [log.write_results([make_result()]) for _ in range(200)]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    session = read_session(path)
    assert len(session.remarks) == 200
    assert session.messages == ()


def test_the_default_place_is_the_state_directory(
    tmp_path: Path, header: Header, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = default_path(header)
    started = datetime.fromisoformat(header.started)
    assert path.name == f"{started:%Y%m%d-%H%M%S}-{header.id[:8]}.jsonl"
    assert tmp_path in path.parents
    assert path.parent.name == "sessions"
