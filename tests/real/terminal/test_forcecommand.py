"""The sshd set-up of docs/forcecommand.md, with a real sshd: the screen, and nothing else."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys

import pytest

from tests.real.terminal.program import ROOT, WITHIN


@pytest.fixture
def kiosk(sshd, tmp_path):
    """An sshd with the documented settings, for root; only the program's place is another."""
    text = (ROOT / "docs" / "forcecommand.md").read_text(encoding="utf-8")
    snippet = re.search(r"```\n(# /etc/ssh.*?)```", text, re.S)
    assert snippet is not None
    environ = f"PYTHONPATH={ROOT} XDG_STATE_HOME={tmp_path}/state"
    here = f"/usr/bin/env {environ} {sys.executable} -m tui --kiosk"
    settings = snippet[1].replace("/opt/auditreach/bin/auditreach --kiosk", here)
    settings = settings.replace("Match Group auditreach", "Match User root")
    settings = settings.replace("/etc/ssh/auditreach_keys/%u", f"{tmp_path}/authorized")
    assert here in settings and "Match User root" in settings
    return sshd(settings)


def ran(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=WITHIN, stdin=subprocess.DEVNULL
    )


def test_logging_in_gives_the_screen_and_quitting_ends_the_session(kiosk, terminal, closed) -> None:
    terminal.start(shlex.join(kiosk.ssh("root@127.0.0.1")))
    terminal.until(lambda text: "AlloyScan" in text and socket.gethostname() in text)
    terminal.press("-l", f"unix.target=127.0.0.1:{closed}")
    terminal.press("Enter")
    terminal.until(lambda text: "1/1" in text and "saved" in text)
    terminal.press("C-z")
    terminal.until(lambda text: "Suspend is switched off here" in text)
    terminal.press("s")
    terminal.until(lambda text: "Save is switched off here" in text)
    terminal.press("i")
    terminal.press("-l", "unix.target=@/etc/passwd")
    terminal.press("Enter")
    text = terminal.until(lambda text: "switched off here; type the hosts" in text)
    assert "root:" not in text
    terminal.press("Escape")
    terminal.until(lambda text: "q Quit" in text)
    terminal.press("q")
    text = terminal.until(lambda text: "ended with 0" in text)
    assert "AlloyScan" not in text
    assert len(terminal.logs()) == 1


def test_a_command_is_not_run_but_the_screen_started(kiosk, terminal, tmp_path) -> None:
    done = ran(kiosk.ssh("root@127.0.0.1", "id; touch", str(tmp_path / "made")))
    assert done.returncode == 2
    assert "uid=" not in done.stdout and "The screen needs a terminal" in done.stderr
    terminal.start(shlex.join(kiosk.ssh("-tt", "root@127.0.0.1", "id; touch", f"{tmp_path}/made")))
    text = terminal.until(lambda text: "AlloyScan" in text and "Hosts" in text)
    assert "uid=" not in text
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("program", [["scp"], ["scp", "-O"], ["sftp"]])
def test_files_can_be_neither_fetched_nor_put(kiosk, tmp_path, program) -> None:
    words = [*program, *kiosk.options(), "root@127.0.0.1:/etc/hostname", str(tmp_path / "got")]
    assert ran(words).returncode != 0
    assert not (tmp_path / "got").exists()


def test_nothing_is_forwarded(kiosk, mute) -> None:
    straight = ran(kiosk.ssh("-W", f"127.0.0.1:{mute}", "root@127.0.0.1"))
    assert straight.returncode != 0
    assert "prohibited" in straight.stderr or "stdio forwarding failed" in straight.stderr
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    back = kiosk.ssh("-N", "-o", "ExitOnForwardFailure=yes", "-R", f"{port}:127.0.0.1:{mute}")
    refused = ran([*back, "root@127.0.0.1"])
    assert refused.returncode != 0
    assert "remote port forwarding failed" in refused.stderr
