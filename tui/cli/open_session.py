"""Application over an old session, for `auditreach open`."""

from __future__ import annotations

from probes.session import SessionError
from tui.app import AuditReach
from tui.cli import prepare
from tui.cli.options import Options, UsageError
from tui.cli.start_screen import make_app
from tui.models.loaded_session import load_session


def old_session_app(options: Options) -> AuditReach:
    """The application over the session that is opened; raises UsageError."""
    assert options.session is not None
    profile = prepare.load(options)
    # It asks nothing, but a mistake in the configuration is one here too.
    prepare.answers(options, profile)
    try:
        recorded = load_session(options.session, profile)
    except SessionError as error:
        raise UsageError(str(error)) from None
    return make_app(options, profile, None, recorded)
