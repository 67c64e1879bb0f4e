"""Application over an old session, for `auditreach open`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.session import SessionError
from tui.app import AuditReach
from tui.cli import prepare
from tui.cli.options import Options, UsageError
from tui.cli.start_screen import make_app, measuring_controller
from tui.models.loaded_session import load_session

if TYPE_CHECKING:
    from probes.options import Options as Given


def old_session_app(options: Options, given: Given | None) -> AuditReach:
    """The application over the session that is opened; raises UsageError."""
    assert options.session is not None
    profile = prepare.load(options)
    # Made now, started only where the session is measured again.
    runner = measuring_controller(options, profile, given)
    try:
        recorded = load_session(options.session, profile)
    except SessionError as error:
        raise UsageError(str(error)) from None
    return make_app(options, profile, runner, recorded)
