"""`auditreach export`: an old session in another format, to standard output or into a file."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

from probes.session import SessionError
from tui.cli import prepare
from tui.cli.exit_codes import Exit
from tui.cli.options import Options, UsageError
from tui.cli.standard_streams import say
from tui.reports import FORMATS
from tui.reports.anonymise import pseudonymised
from tui.reports.model import load_report, notices
from tui.storage.files import SaveError, save


def export(options: Options) -> int:
    """Write the session in its new format; raises UsageError with one sentence."""
    assert options.session is not None
    profile = prepare.load(options)
    try:
        report = load_report(options.session, profile)
    except SessionError as error:
        raise UsageError(str(error)) from None
    if options.pseudonymise:
        report = pseudonymised(report)
    pieces = FORMATS[options.format].render(report)
    if options.output is None:
        _print(pieces)
    else:
        try:
            save(pieces, options.output, force=options.force, never=(options.session,))
        except SaveError as error:
            raise UsageError(str(error)) from None
    for notice in notices(report):
        say(f"auditreach: {notice}")
    return Exit.READY


def _print(pieces: Iterator[str]) -> None:
    # HTML and XML say that they are UTF-8, whatever the locale is.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()
