"""Starts the screen where there is a terminal for it, and leaves that terminal clean."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from probes.model import DEMO
from probes.wire.text import printable
from tui.cli.exit_codes import Exit
from tui.cli.options import Options, UsageError
from tui.storage.preferences import Remembered
from tui.terminal.capabilities import ascii_only, normalize_environment, require_terminal
from tui.terminal.shutdown import ShutdownHandler
from tui.terminal.splash import Splash

if TYPE_CHECKING:
    from probes.options import Options as Given
    from profiles.model import Profile
    from tui.app import AuditReach
    from tui.controller import Runner


def launch(options: Options) -> int:
    """Show the screen until the operator leaves; raises UsageError where it cannot be shown."""
    require_terminal()
    normalize_environment(os.environ)
    # Nothing made while it starts is garbage, and looking for some costs a tenth of the start.
    gc.disable()
    with Splash(_doing(options), hosts=options.command == "screen"):
        app = build(options)
    runner = app.runner
    shutdown = ShutdownHandler(app, runner.close if runner is not None else lambda: None)
    result = app.run(mouse=options.mouse and not options.slow_link)
    shutdown.complete()
    if runner is not None and runner.log_path:
        # After a hang-up there is nobody to tell.
        with suppress(OSError):
            print(f"The session log is {runner.log_path}", flush=True)
            if runner.lost:
                print(f"It is not complete: {runner.lost}", file=sys.stderr, flush=True)
    return Exit.READY if result is None else result


def _doing(options: Options) -> str:
    match options.command:
        case "open":
            return f"reading {printable(str(options.session), 60)}"
        case "demo":
            return DEMO
        case _:
            return "starting"


def build(options: Options) -> AuditReach:
    """The application for these options; raises UsageError."""
    from tui.cli import prepare

    profile = prepare.load(options)
    answered = prepare.answers(options, profile)
    ascii = ascii_only() if options.ascii is None else options.ascii
    remembered = Remembered(_state_path("screen.json"))
    if options.command == "open":
        from probes.session import SessionError
        from tui.app import AuditReach
        from tui.models.loaded_session import open_recorded

        assert options.session is not None
        try:
            recorded = open_recorded(options.session, profile)
        except SessionError as error:
            raise UsageError(str(error)) from None
        return AuditReach(
            profile,
            None,
            recorded=recorded,
            ascii=ascii,
            slow=options.slow_link,
            theme=options.theme,
            kiosk=options.kiosk,
            keys=options.keys,
            remembered=remembered,
            replay=options.replay,
        )
    from tui.app import AuditReach

    runner = (_demo if options.command == "demo" else _runner)(options, profile, answered)
    return AuditReach(
        profile,
        runner,
        entries=options.entries,
        start=options.start,
        ascii=ascii,
        slow=options.slow_link,
        theme=options.theme,
        kiosk=options.kiosk,
        keys=options.keys,
        remembered=remembered,
    )


def _runner(options: Options, profile: Profile, answered: dict[str, str]) -> Runner:
    from tui.controller import Runner
    from tui.storage.host_history import History

    return Runner(
        profile,
        answered,
        options.settings,
        log=options.log,
        unasked=options.yes,
        history=History(_state_path("history")),
        given=_given(options),
        files=not options.kiosk,
    )


def _given(options: Options) -> Given | None:
    """Credentials and trust for the probes; None, and nothing is loaded, where there are none."""
    told = (options.ca_file, options.proxy, options.dns_name, options.pjl, options.credentials)
    named = any(
        name.startswith("AUDITREACH_") or name.lower() == "https_proxy" for name in os.environ
    )
    if not named and not any(told):
        return None
    from tui.cli.trust import trust

    given = replace(trust(options, os.environ), dns_name=options.dns_name, pjl=options.pjl)
    if options.credentials or any(name.startswith("AUDITREACH_") for name in os.environ):
        from tui.cli.credentials import with_credentials

        given = with_credentials(given, options.credentials, os.environ)
    return given


def _demo(options: Options, profile: Profile, answered: dict[str, str]) -> Runner:
    """Nothing of the operator's: no credentials, no proxy, and no line of the demo's to recall."""
    from tui.controller import Demo, Runner

    return Runner(
        profile, answered, options.settings, log=options.log, demo=Demo(), files=not options.kiosk
    )


def _state_path(name: str) -> Path:
    import platformdirs

    return platformdirs.user_state_path("auditreach") / name
