"""Faults: errors in the program itself end it with a sentence and an exit status of their own."""

from __future__ import annotations

import traceback

from probes.session.paths import error_text
from probes.state_directory import state_directory
from profiles.errors import printable_path
from tui.cli.exit_codes import Exit
from tui.cli.standard_streams import say
from tui.storage.files import write_private

_MAX_LENGTH = 200_000
"""Characters of a traceback that are kept, the last ones."""


def report_fault(error: Exception) -> Exit:
    """Say that the program failed, and keep the traceback in a file; returns the exit status.

    The sentence has no words of the error, and the file no local variables: they may be secrets.
    """
    # Textual wraps an error of a worker into one without a traceback.
    cause = getattr(error, "error", None)
    fault = cause if isinstance(cause, Exception) else error
    path = state_directory() / "fault.txt"
    text = "".join(traceback.format_exception(fault))[-_MAX_LENGTH:]
    try:
        write_private(path, text)
        kept = f"is in {printable_path(path)}; please report it"
    except OSError as failure:
        kept = f"could not be written to {printable_path(path)} ({error_text(failure)})"
    name = type(fault).__name__
    say(f"auditreach: A fault in this program ({name}) ended it. The traceback {kept}.")
    return Exit.FAULT
