"""The real program in a real terminal: tmux at 80x24, and a line that is a pseudo-terminal."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.terminal.program import SITE

ROOT = Path(__file__).parents[3]


def keys_in(log: Path) -> set[str]:
    """Keys of the results in a log, a torn last line left out."""
    whole = log.read_bytes().rpartition(b"\n")[0].splitlines()
    records = (json.loads(line) for line in whole)
    return {record["key"] for record in records if record["type"] == "result"}


def test_hosts_are_typed_and_results_seen_at_80x24(terminal, program, closed) -> None:
    terminal.start(program)
    terminal.until(lambda text: "AlloyScan" in text and socket.gethostname() in text)
    terminal.press("-l", f"unix.target=127.0.0.1:{closed}")
    terminal.press("Enter")
    text = terminal.until(lambda text: "1/1" in text and "blocked" in text)
    for part in ("Hosts", "SSH", "127.0.0.1", "refused: not listening", "q Quit"):
        assert part in text
    assert max(len(line) for line in text.splitlines()) <= 80
    terminal.press("q")
    text = terminal.until(lambda text: "ended with 0" in text)
    assert "The session log is" in text
    assert "AlloyScan" not in text, "the terminal was not left clean"


def test_a_killed_process_loses_nothing_that_was_on_the_screen(terminal, program, closed) -> None:
    terminal.start(f"{program} --run unix.target=127.77.0.1-120:{closed}", 120, 50)
    terminal.until(lambda text: "127.77.0.20" in text and "120/120" in text)
    shown = {
        word
        for line in terminal.seen().splitlines()
        if "refused: not listening" in line
        for word in line.split()
        if word.startswith("127.77.0.")
    }
    (pid,) = terminal.pids()
    os.kill(pid, signal.SIGKILL)
    terminal.until(lambda text: "ended with 137" in text)
    (log,) = terminal.logs()
    assert len(shown) >= 20
    logged = {key.partition("|")[2].rpartition(":")[0] for key in keys_in(log)}
    # The table may have cut the port off the host.
    assert all(
        any(host.startswith(one.partition(":")[0].rstrip("…")) for host in logged) for one in shown
    )

    terminal.tmux("kill-server")
    terminal.start(f"{program} open {shlex.quote(str(log))}", 120, 50)
    text = terminal.until(lambda text: "120/120" in text)
    assert "old session" in text
    assert "127.77.0.1" in text


def test_bytes_that_are_no_utf_8_are_typed_as_a_sign_of_their_own(terminal, program) -> None:
    latin = [f"{byte:02x}" for byte in b"caf\xe9.e\x80\xff"]
    terminal.start(program)
    terminal.until(lambda text: "Hosts > type ROLE=HOST" in text)
    terminal.tmux("send-keys", "-t", "screen", "-H", *latin)
    text = terminal.until(lambda text: "caf" in text)
    terminal.press("-l", "xample")
    text = terminal.until(lambda text: "xample" in text)
    assert "Hosts caf\ufffd.e\ufffd\ufffdxample" in text


def test_a_full_disk_is_said_and_quitting_over_it_is_no_traceback(
    terminal, program, closed
) -> None:
    limited = f"ulimit -f 16; exec {program} --run unix.target=127.77.0.1-60:{closed}"
    terminal.start(f"sh -c {shlex.quote(limited)}")
    terminal.until(lambda text: "60/60" in text and "NOT SAVED" in text)
    terminal.press("q")
    text = terminal.until(lambda text: "ended with 0" in text)
    assert "The session log is not whole: Cannot write the session log" in " ".join(text.split())
    assert "Traceback" not in text


def test_the_screen_refuses_a_pipe_and_a_dumb_terminal_in_one_sentence(
    terminal, program, need
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "auditreach run" in done.stderr
    assert done.stderr.count("\n") == 1
    terminal.start(f"TERM=dumb {program}")
    text = terminal.until(lambda text: "ended with 2" in text)
    assert "auditreach run" in " ".join(text.split())


@pytest.mark.parametrize("words", [(), ("open", str(SITE))], ids=["screen", "open"])
@pytest.mark.parametrize("option", [(), ("--no-mouse",)], ids=["mouse", "no mouse"])
def test_no_mouse_leaves_the_mouse_to_the_terminal(line, words, option) -> None:
    one = line(*words, *option)
    one.until("Help")
    one.terminal.type(b"\x11")
    one.gone(0)
    assert one.leftover() == []
    assert (b"\x1b[?1003h" in one.terminal.output) is (not option)


def test_stale_sizes_in_the_environment_are_not_believed(terminal, program) -> None:
    terminal.start(f"COLUMNS=40 LINES=10 {program}", 80, 24)
    text = terminal.until(lambda text: "F1 Help" in text)
    last = text.splitlines()[-1]
    assert "F1 Help" in last and len(last) > 40
    assert len(text.splitlines()) == 24


@pytest.mark.parametrize(
    ("locale", "plain"), [("LANG=C", True), ("LC_ALL=POSIX", True), ("LANG=xx_YY.UTF-8", False)]
)
def test_a_locale_without_utf_8_gets_ascii_signs(terminal, program, closed, locale, plain) -> None:
    unset = "env -u LANG -u LC_ALL -u LC_CTYPE"
    terminal.start(f"{unset} {locale} {program} --run unix.target=127.0.0.1:{closed}")
    text = terminal.until(lambda text: "1/1" in text and "blocked" in text)
    assert ("x blocked" in text, "✗ blocked" in text) == (plain, not plain)


def test_a_kiosk_is_not_told_by_variables_to_write_files_load_code_or_press_keys(
    terminal, program, tmp_path
) -> None:
    (tmp_path / "driven.py").write_text(f"open({str(tmp_path / 'loaded')!r}, 'w')\n")
    variables = {
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
        "TEXTUAL_DRIVER": "driven:Driver",
        "TEXTUAL_LOG": str(tmp_path / "log"),
        "TEXTUAL_SCREENSHOT": "0",
        "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path),
        "TEXTUAL_SCREENSHOT_FILENAME": "shot.svg",
        "TEXTUAL_PRESS": "Z",
    }
    told = " ".join(f"{name}={value}" for name, value in variables.items())
    terminal.start(f"env {told} {program} --kiosk")
    assert "Z" not in terminal.until(lambda text: "Hosts > type" in text).splitlines()[2]
    terminal.press("C-q")
    terminal.until(lambda text: "ended with 0" in text)
    made = {one.name for one in tmp_path.iterdir()}
    assert made.isdisjoint({"loaded", "log", "shot.svg"})
