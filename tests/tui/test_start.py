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
