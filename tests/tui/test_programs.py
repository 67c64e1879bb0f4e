"""Programs that this one starts: the system's ping, and itself for the demo. No other, anywhere."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probes.model import UNFINISHED
from probes.registry import PROBES
from tests.test_layout import PACKAGES, name_of, sources, tree_of
from tests.tui.driving import drive, rows, until

ROOT = Path(__file__).parent.parent.parent
MAY_START = {
    "probes/vantage/local/system_ping.py": "the system's ping",
    "probes/lab/process.py": "this program again, with the demo's services",
}
STARTS = ("subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn")
STARTS += ("os.startfile", "os.system", "pty.spawn", "webbrowser.open")
"""Events of CPython's audit table that tell of another program."""
TRAPS = ("ldconfig", "gcc", "cc", "ld", "objdump", "sh", "uname", "ping", "ssh", "getconf", "file")
LOADED = """
import sys
events = []
sys.addaudithook(lambda name, args: name in {starts!r} and events.append((name, args)))
from probes.registry import PROBES
for name in {names!r}:
    PROBES[name].load()
import pysnmp.hlapi.v3arch.asyncio, dns.asyncresolver, tui.app, tui.screens.main, tui.screens.export
assert "asyncssh" in sys.modules
print(events)
"""


class _Recorder:
    """An audit hook of this process, which cannot be taken away again, but told to rest."""

    def __init__(self) -> None:
        self.started: list[str] | None = None
        sys.addaudithook(self._note)

    def _note(self, event: str, args: tuple[object, ...]) -> None:
        if self.started is not None and event in STARTS:
            self.started.append(str(args[0]))


@contextmanager
def programs_started() -> Iterator[list[str]]:
    """Paths of the programs that this process starts meanwhile."""
    recorder, started = _Recorder(), []
    recorder.started = started
    try:
        yield started
    finally:
        recorder.started = None


def test_two_files_start_programs() -> None:
    names = ("subprocess", "_posixsubprocess", "webbrowser", "pty", "multiprocessing")
    starting = {
        name_of(path)
        for path in sources(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {getattr(node, "module", None), *(one.name for one in node.names)} & set(names)
    }
    assert starting == set(MAY_START)


def test_no_program_is_started_when_the_libraries_of_all_probes_are_loaded(tmp_path: Path) -> None:
    told = tmp_path / "told"
    for name in TRAPS:
        trap = tmp_path / name
        trap.write_text(f'#!/bin/sh\necho "{name} $*" >>{told}\nexit 1\n')
        trap.chmod(0o755)
    code = LOADED.format(starts=STARTS, names=[*PROBES])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert not told.exists(), told.read_text()


@pytest.mark.usefixtures("state")
def test_a_session_of_all_roles_starts_nothing_but_itself_for_the_demo() -> None:
    with programs_started() as started:

        @drive("demo", size=(100, 30))
        async def keys(pilot, app):
            await until(pilot, lambda: len(rows(app)) > 80)
            await until(
                pilot,
                lambda: not UNFINISHED & set(rows(app).values()),
            )

        assert set(started) <= {sys.executable}, "the demo never pings"
        assert started, "the demo's services are a process of their own"


@pytest.mark.usefixtures("state")
def test_no_browser_is_started() -> None:
    with programs_started() as started:

        @drive(size=(80, 24))
        async def keys(pilot, app):
            app.open_url("https://example.test")

    assert started == []
