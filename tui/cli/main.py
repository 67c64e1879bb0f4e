"""The command `auditreach`: reads the command line and starts what was asked for."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import TracebackType

from probes.wire.text import printable
from tui.cli.config_path import default_path, is_there
from tui.cli.exit_codes import Exit
from tui.cli.options import Options, UsageError
from tui.cli.shell_limits import require_limits
from tui.cli.standard_streams import give_up, prepare_streams, say

_LONGEST = 4000
"""Characters of a sentence about the command line."""


class _FaultGuard:
    """Context that ends at any error nobody foresaw; `status` is then that of the program.

    Python would print a traceback and end with 1, which says of a `diff` that something regressed.
    """

    status = Exit.FAULT

    def __enter__(self) -> _FaultGuard:
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        from tui.cli.fault import report_fault

        self.status = report_fault(error)
        return True


def main(argv: Sequence[str] | None = None) -> int:
    """Run one invocation and return its exit status."""
    prepare_streams()
    with _FaultGuard() as guard:
        return _run(argv)
    return guard.status


def _run(argv: Sequence[str] | None) -> int:
    try:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            # As tui.start left it; from here on an interrupt is caught.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return _start(_configured(_options(sys.argv[1:] if argv is None else argv)))
        finally:
            # What is left in its buffer fails here, and not when Python exits.
            sys.stdout.flush()
    except UsageError as error:
        say(f"auditreach: {printable(str(error), _LONGEST)}")
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except MemoryError:
        print("auditreach: Cannot go on: this machine has no memory left for it.", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        give_up(sys.stdout)
        return Exit.INTERRUPTED
    except OSError as error:
        give_up(sys.stdout)
        say(f"auditreach: Cannot go on: {(error.strerror or str(error)).lower()}.")
        return Exit.INTERRUPTED


def _options(argv: Sequence[str]) -> Options:
    if not argv:
        # The usual start need not wait for the parser and all it knows.
        return Options("screen")
    from tui.cli.parser import parse_options

    return parse_options(argv)


def _configured(options: Options) -> Options:
    if options.config is None and not is_there(default_path()):
        # Nor for what reads a configuration.
        return options
    from tui.cli.config import with_config

    return with_config(options)


def _start(options: Options) -> int:
    require_limits(options.command)
    match options.command:
        case "run":
            from tui.cli.run import run

            return run(options)
        case "export":
            from tui.cli.export import export

            return export(options)
        case "diff":
            from tui.cli.diff import diff

            return diff(options)
        case "verify":
            from tui.cli.verify import verify_log

            return verify_log(options)
        case "checks":
            from tui.cli.checks import checks

            return checks(options)
        case "config":
            from tui.cli.config import template

            print("\n".join(template()))
            return Exit.READY
        case _:
            from tui.cli.screen import launch

            return launch(options)
