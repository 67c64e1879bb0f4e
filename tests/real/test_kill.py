"""Results kept whatever ends a run: kill, interrupt, a full disk, a reader gone."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from probes.session import Session, read_session

ROOT = Path(__file__).parent.parent.parent
WITHIN = 60
ROWS = 4094
MANY = "hyperv.host=127.77.0.0/20"
"""Loopback hosts that refuse at once."""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def mute() -> Iterator[str]:
    """A host whose SSH port accepts and stays silent, so that a run lasts until its deadline."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"unix.target=127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `auditreach run` with pipes; ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str | Path, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*before, sys.executable, "-B", "-m", "tui", "run", "--yes", *map(str, words)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        process.wait(WITHIN)


def first_lines(process: subprocess.Popen[str], count: int) -> str:
    assert process.stdout is not None
    return "".join(process.stdout.readline() for _ in range(count))


def shown(text: str) -> set[str]:
    """The keys of the rows in what was printed; a line without its end was not shown."""
    lines = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return {f"hyperv.winrm|{line.split()[1]}" for line in lines if line.startswith("blocked ")}


def keys(session: Session) -> set[str]:
    return {result.job.key for result in session.results}


@pytest.mark.parametrize("lines", [1, 40, 1500])
def test_a_killed_run_has_lost_nothing_it_showed(
    start: Start, mute: str, tmp_path: Path, lines: int
) -> None:
    log = tmp_path / "run.jsonl"
    process = start(MANY, mute, "--log", log)
    printed = first_lines(process, lines)
    process.kill()
    printed += process.communicate(timeout=WITHIN)[0]
    session = read_session(log)
    assert process.returncode == -signal.SIGKILL
    assert not session.complete and not session.ended
    assert len(shown(printed)) >= lines
    assert shown(printed) <= keys(session)
    assert [message for message in session.messages if "cut off" not in message] == []


def test_a_line_torn_by_the_kill_is_dropped_with_a_message(
    start: Start, mute: str, tmp_path: Path
) -> None:
    log = tmp_path / "run.jsonl"
    process = start(MANY, mute, "--log", log)
    first_lines(process, 40)
    process.kill()
    process.communicate(timeout=WITHIN)
    whole = log.read_bytes()
    whole = whole[: whole.rindex(b"\n") + 1]
    log.write_bytes(whole[:-20])
    session = read_session(log)
    assert len(session.results) + len(session.verdicts) == whole.count(b"\n") - 2
    assert len(session.messages) == 1 and "was cut off" in session.messages[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_ends_its_log_and_says_so(
    start: Start, mute: str, tmp_path: Path, number: int
) -> None:
    log = tmp_path / "run.jsonl"
    process = start(MANY, mute, "--log", log)
    printed = first_lines(process, 40)
    process.send_signal(number)
    rest, complaints = process.communicate(timeout=WITHIN)
    session = read_session(log)
    assert process.returncode == 130
    assert "interrupted" in complaints and "Traceback" not in complaints
    assert shown(printed + rest) <= keys(session)
    last = json.loads(log.read_text().splitlines()[-1])
    assert (last["type"], last["complete"]) == ("end", False)
    assert sum(last["counts"].values()) == ROWS + 1
    assert session.ended and not session.complete and not session.messages


def test_an_interrupt_while_nobody_reads_ends_the_run(
    start: Start, mute: str, tmp_path: Path
) -> None:
    log = tmp_path / "run.jsonl"
    process = start(MANY, mute, "--log", log)
    first_lines(process, 1)
    # The pipe is full by now or soon, and nobody empties it.
    process.terminate()
    assert process.wait(WITHIN) == 130
    assert read_session(log).ended


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["lines", "json"])
def test_a_reader_that_leaves_gets_no_traceback(
    start: Start, tmp_path: Path, form: tuple[str, ...]
) -> None:
    log = tmp_path / "run.jsonl"
    process = start(MANY, "--log", log, *form)
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    complaints = process.stderr.read()
    assert process.wait(WITHIN) in (3, 130)
    assert "Traceback" not in complaints and "Exception" not in complaints
    assert len(complaints.splitlines()) <= 2
    assert read_session(log).ended


def test_a_log_that_cannot_be_made_stops_a_run_before_it_starts(
    start: Start, tmp_path: Path
) -> None:
    taken = tmp_path / "taken.jsonl"
    taken.write_text("not ours")
    process = start(MANY, "--log", taken)
    printed, complaints = process.communicate(timeout=WITHIN)
    assert (process.returncode, printed) == (2, "")
    assert complaints.count("\n") == 1 and "exists already" in complaints
    assert taken.read_text() == "not ours"
    assert list(tmp_path.iterdir()) == [taken]
