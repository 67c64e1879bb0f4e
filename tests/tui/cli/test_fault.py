"""A fault in the program: its own exit status, a whole log, one sentence and no traceback."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from probes.session import read_session, verify
from tui.cli.exit_codes import Exit
from tui.cli.main import main

ROOT = Path(__file__).parents[3]
LEAVING = """
from textual.css.query import NoMatches
from tui.screens.main import SessionScreen as owner

def look(self):
    self.host.exit(0)
    raise NoMatches("what has been taken down")

name, ready = "_begin", lambda self: self.call_later(look, self) is None
"""
RENDER = """
from tui.widgets.table import ResultTable as owner
name, ready = "render_line", lambda self: len(self.rows)
"""
HANDLER = """
from tui.screens.main import SessionScreen as owner
name, ready = "on_result_table_row_highlighted", lambda self: True
"""
WORKER = """
from tui.screens.main import SessionScreen as owner
name, ready = "show_state", lambda self: self.measuring
"""
READER = """
from pathlib import Path
from tui.terminal.reader import TerminalReader as owner
log = Path(sys.argv[-1])
name, ready = "tick", lambda self: log.exists() and '"type":"end"' in log.read_text()
"""
INJECTED = """
import sys
from tui.cli.main import main
{where}
whole = getattr(owner, name)

def failing(self, *args):
    password = "secret-of-the-house"
    if ready(self):
        raise RuntimeError("from here")
    return whole(self, *args)

setattr(owner, name, failing)
sys.exit(main(sys.argv[1:]))
"""


def on_a_terminal(code: str, *words: str) -> tuple[int, str]:
    """Exit status and output of a program on a pseudo-terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):
            while part := os.read(ours, 65536):
                shown += part
    os.close(ours)
    return process.returncode, shown.decode(errors="replace")


@pytest.mark.parametrize(
    "where",
    [RENDER, HANDLER, WORKER, READER],
    ids=["render", "handler", "worker", "thread that reads"],
)
def test_a_fault_of_the_screen_has_its_own_status_and_a_whole_log(where, state, closed, tmp_path):
    log = tmp_path / "fault.jsonl"
    code = INJECTED.format(where=where)
    host = f"unix.target=127.0.0.1:{closed}"
    status, shown = on_a_terminal(code, host, "--run", "--log", str(log))
    assert status == Exit.FAULT
    assert verify(log).intact
    session = read_session(log)
    assert session.ended and not session.messages
    after = shown.rpartition("\x1b[?1049l")[2]
    assert "A fault in this program (RuntimeError) ended it." in after, "the terminal is left first"
    assert "Traceback (most" not in shown
    kept = (state / "fault.txt").read_text()
    assert "RuntimeError: from here" in kept
    assert "secret-of-the-house" not in shown + kept
    assert (state / "fault.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("state")
def test_a_fault_of_another_command_is_told_from_a_difference(monkeypatch, capsys):
    def failing(options):
        raise ZeroDivisionError("from here")

    monkeypatch.setattr("tui.cli.checks.checks", failing)
    assert main(["checks"]) == Exit.FAULT
    assert "A fault in this program (ZeroDivisionError)" in capsys.readouterr().err


def test_what_is_looked_for_while_the_screen_is_taken_down_is_no_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    status, said = on_a_terminal(INJECTED.format(where=LEAVING))
    assert status == 0
    assert "A fault in" not in said
    assert not (tmp_path / "auditreach" / "fault.txt").exists()
