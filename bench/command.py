"""The command line that every bench has, and what it needs of the machine."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys

SKIPPED = 77
"""The exit status of a bench that this machine cannot run, as Automake's tests have it."""
_INSIDE = "AUDITREACH_BENCH"


def parser(module: str) -> argparse.ArgumentParser:
    """A parser with the option that every bench has."""
    made = argparse.ArgumentParser(prog=f"python -m {module}")
    made.add_argument(
        "--smoke",
        action="store_true",
        help="as small and short as can be: shows that the bench works, and measures nothing",
    )
    return made


def require(*programs: str) -> None:
    """End with a sentence and `SKIPPED` unless this is root and these programs are here."""
    missing = [program for program in programs if shutil.which(program) is None]
    if os.geteuid() != 0:
        missing.insert(0, "root")
    if missing:
        print(f"This bench needs {', '.join(missing)}.", file=sys.stderr)
        sys.exit(SKIPPED)


def enter(module: str, *programs: str) -> None:
    """Start a bench again in a network namespace of its own, unless it is there already."""
    if os.environ.get(_INSIDE) == module:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    require("unshare", "ip", *programs)
    again = ["unshare", "--net", "--", sys.executable, "-m", module, *sys.argv[1:]]
    sys.exit(subprocess.call(again, env={**os.environ, _INSIDE: module}))
