"""The program at the far end of a real SSH connection that drops, stalls or changes its size."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.terminal import fill
from tests.real.terminal.program import (
    MANY,
    ROOT,
    running,
    spins,
    until_gone,
    until_results,
    whole,
)


@pytest.fixture
def far(terminal, sshd, program, mute, tmp_path) -> Callable[..., tuple[int, int, Path]]:
    """Starts the program over SSH in tmux: its process, that of ssh, and its log.

    254 of its 255 rows are finished soon, the last one after `timeout` seconds.
    """

    def start(timeout: int = 20) -> tuple[int, int, Path]:
        log = tmp_path / "far.jsonl"
        words = f"--run {MANY} unix.target=127.0.0.1:{mute} --timeout {timeout} --log {log}"
        command = f"cd {shlex.quote(str(ROOT))} && exec {program} {words}"
        terminal.start(shlex.join(sshd().ssh("-tt", "root@127.0.0.1", command)))
        terminal.until(lambda text: "/255" in text)
        (pid,) = running("-m tui", str(log))
        (ssh,) = terminal.pids()
        return pid, ssh, log

    return start


def test_it_is_gone_soon_after_the_connection_drops(far) -> None:
    _, ssh, log = far()
    until_results(log, 254)
    os.kill(ssh, signal.SIGKILL)
    until_gone(str(log))
    session = whole(log)
    assert not session.complete
    assert len(session.results) == 254


def test_a_stalled_client_delays_no_row_and_sees_all_when_it_goes_on(far, terminal) -> None:
    pid, ssh, log = far(timeout=3)
    os.kill(ssh, signal.SIGSTOP)
    fill(f"/proc/{pid}/fd/0")
    until_results(log, 255)
    assert not spins(pid)
    os.kill(ssh, signal.SIGCONT)
    terminal.until(lambda text: "255/255" in text and "saved" in text)
    terminal.press("q")
    text = terminal.until(lambda text: "ended with 0" in text)
    assert "AlloyScan" not in text
    assert whole(log).complete


def test_a_stall_and_then_a_drop_end_it(far) -> None:
    pid, ssh, log = far()
    os.kill(ssh, signal.SIGSTOP)
    fill(f"/proc/{pid}/fd/0")
    until_results(log, 254)
    os.kill(ssh, signal.SIGKILL)
    until_gone(str(log))
    assert len(whole(log).results) == 254


def test_sigterm_while_the_client_is_stalled_ends_it_and_leaves_the_terminal_clean(
    far, terminal
) -> None:
    pid, ssh, log = far()
    os.kill(ssh, signal.SIGSTOP)
    fill(f"/proc/{pid}/fd/0")
    until_results(log, 254)
    os.kill(pid, signal.SIGTERM)
    until_gone(str(log))
    assert len(whole(log).results) == 254
    os.kill(ssh, signal.SIGCONT)
    text = terminal.until(lambda text: f"ended with {128 + signal.SIGTERM}" in text)
    assert "AlloyScan" not in text
    assert terminal.modes() == "0 0 1"


def test_another_size_of_the_window_reaches_it(far, terminal) -> None:
    far()
    terminal.tmux("resize-window", "-t", "screen", "-x", "120", "-y", "40")
    terminal.until(lambda text: len(lines := text.splitlines()) == 40 and "Help" in lines[-1])
    terminal.until(lambda text: max(map(len, text.splitlines())) > 80)
