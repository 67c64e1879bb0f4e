"""Ctrl+Z under a real shell, and where no shell could resume the program."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.real.terminal.program import running, until_gone, whole

SHELL = "PS1='shell> ' bash --norc -i"


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("around", ["", "sh -c "], ids=["shell", "script in a shell"])
def test_a_shell_suspends_and_resumes_it(terminal, program, closed, tmp_path, around) -> None:
    log = tmp_path / "session.jsonl"
    command = f"{program} --run unix.target=127.0.0.1:{closed} --log {log}"
    if around:
        command = f"sh -c {shlex.quote(f'{command}; true')}"
    terminal.start(SHELL)
    terminal.until(lambda text: "shell>" in text)
    terminal.press("-l", command)
    terminal.press("Enter")
    terminal.until(lambda text: "1/1" in text and "saved" in text)
    (pid,) = running("-m tui", str(log))
    terminal.press("C-z")
    text = terminal.until(lambda text: "Stopped" in text)
    assert state(pid) == "T"
    assert "refused: not listening" not in text
    assert terminal.modes() == "0 0 1"
    terminal.press("-l", "stty -a; echo")
    terminal.press("Enter")
    assert " icanon" in terminal.until(lambda text: "icanon" in text)
    terminal.press("-l", "fg")
    terminal.press("Enter")
    text = terminal.until(lambda text: "1/1" in text and "saved" in text)
    assert "refused: not listening" in text
    assert "Help" in text.splitlines()[-1]
    terminal.press("q")
    text = terminal.until(lambda text: "shell>" in text)
    assert terminal.modes() == "0 0 1"
    assert whole(log).complete


def test_rows_that_are_in_flight_are_measured_when_it_is_resumed(
    terminal, program, mute, tmp_path
) -> None:
    log = tmp_path / "session.jsonl"
    terminal.start(SHELL)
    terminal.until(lambda text: "shell>" in text)
    terminal.press("-l", f"{program} --run unix.target=127.0.0.1:{mute} --timeout 3 --log {log}")
    terminal.press("Enter")
    terminal.until(lambda text: "testing" in text or "at the latest" in text)
    terminal.press("C-z")
    terminal.until(lambda text: "Stopped" in text)
    (pid,) = running("-m tui", str(log))
    assert state(pid) == "T"
    assert b'"type":"result"' not in log.read_bytes()
    terminal.press("-l", "fg")
    terminal.press("Enter")
    terminal.until(lambda text: "1/1" in text and "saved" in text)
    terminal.press("q")
    terminal.until(lambda text: "shell>" in text)
    assert terminal.modes() == "0 0 1"
    assert whole(log).complete


def test_it_is_not_suspended_where_no_shell_could_resume_it(terminal, program, closed) -> None:
    terminal.start(f"exec {program} --run unix.target=127.0.0.1:{closed}")
    terminal.until(lambda text: "1/1" in text and "saved" in text)
    terminal.press("C-z")
    terminal.until(lambda text: "Cannot suspend: there is no shell" in text)


def test_a_shell_that_ends_takes_the_suspended_program_along(
    terminal, program, closed, tmp_path
) -> None:
    log = tmp_path / "session.jsonl"
    terminal.start(SHELL)
    terminal.until(lambda text: "shell>" in text)
    terminal.press("-l", f"{program} --run unix.target=127.0.0.1:{closed} --log {log}")
    terminal.press("Enter")
    terminal.until(lambda text: "1/1" in text and "saved" in text)
    terminal.press("C-z")
    terminal.until(lambda text: "Stopped" in text)
    terminal.tmux("kill-server")
    until_gone(str(log))
    assert whole(log).complete
