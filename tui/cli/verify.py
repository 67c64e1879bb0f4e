"""`auditreach verify`: integrity check of a session log."""

from __future__ import annotations

from probes.session import SessionError, verify
from tui.cli.exit_codes import Exit
from tui.cli.options import Options, UsageError


def verify_log(options: Options) -> int:
    """Print the result of the hash check of a log; raises UsageError where there is no log."""
    assert options.session is not None
    try:
        found = verify(options.session)
    except SessionError as error:
        raise UsageError(str(error)) from None
    print(found.text)
    if found.intact and not found.complete:
        print(
            "The run it records was stopped before everything was tested, or its log could not "
            "be written in full."
        )
    return Exit.READY if found.intact else Exit.DIFFERS
