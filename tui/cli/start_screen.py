"""Application for a command line: the screen that measures, the demo, and what every one has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from probes.state_directory import state_directory
from profiles.model import Profile
from tui.app import AuditReach
from tui.cli import prepare
from tui.cli.options import Options
from tui.controller import Controller, Demo
from tui.storage.host_history import HostHistory
from tui.storage.preferences import Preferences
from tui.terminal.capabilities import ascii_only

if TYPE_CHECKING:
    from probes.options import Options as Given
    from tui.models.loaded_session import LoadedSession


def measuring_app(options: Options, given: Given | None) -> AuditReach:
    """The application over this machine's network; raises UsageError."""
    profile = prepare.load(options)
    return make_app(options, profile, measuring_controller(options, profile, given))


def measuring_controller(options: Options, profile: Profile, given: Given | None) -> Controller:
    """The controller of a session over this machine's network; raises UsageError."""
    return Controller(
        profile,
        prepare.answers(options, profile),
        options.settings,
        log=options.log,
        confirmed=options.yes,
        history=HostHistory(_state_path("history")),
        options=given,
        files=not options.kiosk,
    )


def demo_app(options: Options) -> AuditReach:
    """The application over simulated services; raises UsageError.

    Nothing of the operator's: no credentials, no proxy, and no line of the demo's to recall.
    """
    profile = prepare.load(options)
    runner = Controller(
        profile,
        prepare.answers(options, profile),
        options.settings,
        log=options.log,
        demo=Demo(),
        files=not options.kiosk,
    )
    return make_app(options, profile, runner)


def make_app(
    options: Options,
    profile: Profile,
    runner: Controller | None,
    recorded: LoadedSession | None = None,
) -> AuditReach:
    """The application, drawn as the options say."""
    return AuditReach(
        profile,
        runner,
        recorded=recorded,
        entries=options.entries,
        start=options.start,
        ascii=ascii_only() if options.ascii is None else options.ascii,
        slow=options.slow_link,
        theme=options.theme,
        kiosk=options.kiosk,
        keys=options.keys,
        preferences=Preferences(_state_path("screen.json")),
        replay=options.replay,
    )


def _state_path(name: str) -> Path:
    return state_directory() / name
