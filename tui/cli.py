"""The command `auditreach`: reads the command line and starts what was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tui.exit import Exit
from tui.options import Options, UsageError, parse_options


def main(argv: Sequence[str] | None = None) -> int:
    """Run one invocation and return its exit status."""
    try:
        options = parse_options(sys.argv[1:] if argv is None else argv)
        return _start(options)
    except UsageError as error:
        print(f"auditreach: {error}", file=sys.stderr)
        return Exit.USAGE
    except BrokenPipeError:
        # The reader went away; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.INTERRUPTED


def _start(options: Options) -> int:
    match options.command:
        case "run":
            from tui.headless import run

            return run(options)
        case "checks":
            from tui.listing import checks

            return checks(options)
        case _:
            from tui.launch import launch

            return launch(options)
