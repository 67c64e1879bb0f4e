"""An interrupt at any moment of the start ends the program without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

# Ignored where these tests run in the background of a shell.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["auditreach", "checks"]
runpy.run_module("tui", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("module", "status"),
    [
        ("tui.cli.main", -signal.SIGINT),
        ("tui.cli.exit_codes", -signal.SIGINT),
        ("tui.cli.parser", 130),
        ("tui.cli.checks", 130),
    ],
)
def test_an_interrupt_while_the_program_is_loaded_is_no_traceback(module, status, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(module=module)],
        cwd=ROOT,
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


IMPORTING = """
import sys, threading
from types import SimpleNamespace
from tui import screens
from tui.controller import Controller

module, name = sys.argv[1:]
failed = []
threading.excepthook = lambda hook: failed.append(repr(hook.exc_value))
other = threading.Thread(target=lambda: getattr(screens, name))
held = threading.Event()

class Between:
    def find_spec(self, wanted, path=None, target=None):
        if wanted == module and threading.current_thread() is other:
            held.set()
        if wanted == "probes.targets" and other.ident is None:
            other.start()
            # Not for ever: it may wait for the engine, as it should.
            held.wait(0.2)

sys.meta_path.insert(0, Between())
without = SimpleNamespace(_options=None, _demo=SimpleNamespace(start=lambda _: sys.exit()))
try:
    Controller._make_engine(without)
except SystemExit:
    pass
other.join()
sys.exit(str(failed) if failed else 0)
"""


@pytest.mark.parametrize(
    ("module", "name"),
    [("probes.targets.blocks", "measure_line"), ("probes.targets.pasted", "pasted_line")],
)
def test_what_a_key_needs_is_imported_beside_the_engine(module, name):
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTING, module, name],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
