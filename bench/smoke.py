"""Runs every bench as small and short as can be, and says which of them no longer work.

`python -m bench.smoke [BENCH ...]`. A bench is each module here that can be run, so none can be
forgotten. One that needs root or a program that is not here is skipped; with CI=true it fails.
Nothing is measured, and what a bench prints is shown only when it fails.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench.command import SKIPPED

FOLDER = Path(__file__).parent
LONGEST = 180
"""Seconds after which a bench is taken to hang."""
_FIGURE = re.compile(r"\b\d+(\.\d+)?\b")


class Run(NamedTuple):
    """One bench that was run."""

    name: str
    status: int
    output: str
    complaints: str
    seconds: float


def benches(folder: Path = FOLDER) -> list[str]:
    """The modules of a folder that can be run as a program, this one left out."""
    return sorted(
        path.stem
        for path in folder.glob("*.py")
        if path != Path(__file__) and any(map(_runs, ast.parse(path.read_bytes()).body))
    )


def _runs(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test)


def run(name: str) -> Run:
    """Run a bench, in a session of its own and with nobody's configuration."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        own = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME"), folder)
        process = subprocess.Popen(
            [sys.executable, "-m", f"bench.{name}", "--smoke"],
            cwd=FOLDER.parent,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            output, complaints = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, complaints = process.communicate()
            complaints += f"It was ended after {LONGEST} s."
    return Run(name, process.returncode, output, complaints, time.monotonic() - began)


def verdict(run: Run, environ: Mapping[str, str]) -> str:
    """Error of a run, a skip in CI included; empty without one."""
    if run.status == SKIPPED:
        return "skipped, and CI must have it" if environ.get("CI") == "true" else ""
    if run.status:
        return f"ended with {run.status}"
    return "" if _FIGURE.search(run.output) else "printed no figure"


def main() -> int:
    """Run the benches, the words of those that fail at the end; 1 if any does."""
    parser = argparse.ArgumentParser(prog="python -m bench.smoke")
    parser.add_argument("benches", nargs="*", metavar="BENCH", help="by default all of them")
    names = parser.parse_args().benches or benches()
    began, failed, skipped = time.monotonic(), 0, 0
    # They mostly wait.
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as threads:
        for one in threads.map(run, names):
            wrong = verdict(one, os.environ)
            left_out = one.status == SKIPPED and not wrong
            print(f"{one.name:<12} {one.seconds:>5.1f} s", end="  ")
            if wrong:
                print(f"FAILED: {wrong}\n{one.output}{one.complaints}", flush=True)
            else:
                print(f"skipped: {one.complaints.strip()}" if left_out else "works", flush=True)
            failed += bool(wrong)
            skipped += left_out
    took = time.monotonic() - began
    print(f"{len(names)} benches, {failed} failed, {skipped} skipped, {took:.0f} s")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
