"""The program in tmux: detached it goes on, and without the server it ends."""

from __future__ import annotations

import os
import shlex
import signal

import pytest

from tests.real.terminal.program import MANY, running, spins, until_gone, until_results, whole
from tests.real.terminal.tmux import Tmux


@pytest.fixture
def measuring(terminal, program, mute, tmp_path):
    """The log of a session in tmux that measures for some seconds."""
    log = tmp_path / "session.jsonl"
    words = f"--run {MANY} unix.target=127.0.0.1:{mute} --timeout 6 --log {log}"
    terminal.start(f"{program} {words}")
    terminal.until(lambda text: "/255" in text)
    return log


def test_detached_it_goes_on_and_is_all_there_when_it_is_attached_again(
    terminal, measuring, tmp_path
) -> None:
    outside = Tmux(tmp_path, terminal.state)
    try:
        outside.start(f"TMUX= {shlex.join(terminal.attach())}")
        outside.until(lambda text: "/255" in text)
        terminal.tmux("detach-client", "-s", "screen")
        outside.until(lambda text: "ended with 0" in text)
        until_results(measuring, 255)
        (pid,) = running("-m tui", str(measuring))
        assert not spins(pid)
        outside.tmux("kill-server")
        outside.start(f"TMUX= {shlex.join(terminal.attach())}")
        outside.until(lambda text: "255/255" in text and "saved" in text)
        outside.press("q")
        outside.until(lambda text: "ended with 0" in text and "AlloyScan" not in text)
    finally:
        outside.tmux("kill-server")
    assert whole(measuring).complete


@pytest.mark.parametrize("how", ["kill-pane", "kill-server"])
def test_without_its_window_it_is_gone_and_its_log_is_whole(terminal, measuring, how) -> None:
    until_results(measuring, 254)
    terminal.tmux(how)
    until_gone(str(measuring))
    session = whole(measuring)
    assert not session.complete
    assert len(session.results) == 254


def test_a_tmux_server_that_is_killed_takes_it_along(terminal, measuring) -> None:
    until_results(measuring, 254)
    os.kill(int(terminal.tmux("display", "-p", "#{pid}")), signal.SIGKILL)
    until_gone(str(measuring))
    assert len(whole(measuring).results) == 254
