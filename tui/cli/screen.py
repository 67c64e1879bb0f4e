"""Starts the screen where there is a terminal for it, and leaves that terminal clean."""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from probes.model import DEMO
from probes.wire.text import printable
from tui.cli.exit_codes import Exit
from tui.cli.options import Options, UsageError
from tui.cli.standard_streams import say
from tui.terminal.capabilities import NoTerminal, normalize_environment, require_terminal
from tui.terminal.shutdown import ShutdownHandler
from tui.terminal.splash import Splash

if TYPE_CHECKING:
    from probes.options import Options as Given
    from tui.app import AuditReach


def launch(options: Options) -> int:
    """Show the screen until the operator leaves; raises UsageError where it cannot be shown."""
    try:
        require_terminal()
    except NoTerminal as error:
        raise UsageError(str(error)) from None
    normalize_environment(os.environ, kiosk=options.kiosk)
    # Nothing made while it starts is garbage, and looking for some costs a tenth of the start.
    gc.disable()
    with Splash(_activity(options), hosts=options.command == "screen"):
        app = build(options)
    runner = app.controller
    shutdown = ShutdownHandler(app, runner.close if runner is not None else lambda: None)
    try:
        result = app.run(mouse=options.mouse and not options.slow_link)
    finally:
        shutdown.complete()
    if runner is not None:
        # After a hang-up there is nobody to tell.
        with suppress(OSError):
            if runner.log_path:
                print(f"The session log is {runner.log_path}", flush=True)
            if runner.log_error:
                say(runner.log_error)
    if app.fault is not None:
        from tui.cli.fault import report_fault

        return report_fault(app.fault)
    return Exit.READY if result is None else result


def _activity(options: Options) -> str:
    match options.command:
        case "open":
            return f"reading {printable(str(options.session), 60)}"
        case "demo":
            return DEMO
        case _:
            return "starting"


def build(options: Options) -> AuditReach:
    """The application for these options; raises UsageError."""
    if options.command == "demo":
        _forget_credentials()
    # Only now: the first lines stand before Textual is loaded.
    match options.command:
        case "open":
            from tui.cli.open_session import old_session_app

            return old_session_app(options, _probe_options(options))
        case "demo":
            from tui.cli.start_screen import demo_app

            return demo_app(options)
        case _:
            from tui.cli.start_screen import measuring_app

            return measuring_app(options, _probe_options(options))


def _forget_credentials() -> None:
    """Take the variables out of the environment where nothing logs in: no program need see them."""
    for name in [name for name in os.environ if name.startswith("AUDITREACH_")]:
        del os.environ[name]


def _probe_options(options: Options) -> Given | None:
    """Credentials and trust for the probes; None, and nothing is loaded, where there are none."""
    told = (options.ca_file, options.proxy, options.dns_name, options.pjl, options.credentials)
    named = any(
        name.startswith("AUDITREACH_") or name.lower() == "https_proxy" for name in os.environ
    )
    if not named and not any(told):
        return None
    from tui.cli.credentials import with_credentials
    from tui.cli.trust import trust

    given = replace(trust(options, os.environ), dns_name=options.dns_name, pjl=options.pjl)
    return with_credentials(given, options.credentials, os.environ)
