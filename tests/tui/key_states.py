"""Every key of a command in every state of the screen, and what comes of it: `snapshots/keys.md`.

`python -m tests.tui.pictures` makes the table anew. A key that changes nothing and says nothing is
SILENT there, which the test does not allow.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from unittest.mock import patch

from textual.pilot import Pilot

from tests.tui.driving import notice, until
from tests.tui.pictures import SITE, SNAPSHOTS, drawn
from tui.app import AuditReach
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.commands import COMMANDS

KEYS = SNAPSHOTS / "keys.md"
SILENT = "SILENT"
_MAX_SENTENCE = 70
"""Characters of a sentence that are compared: evidence behind them differs from run to run."""

Steps = Callable[[Pilot[int], AuditReach], Awaitable[None]]


@dataclass(frozen=True)
class State:
    """A state of the screen: how it is begun, and how it is come back to after a key."""

    words: tuple[str, ...]
    enter: Steps
    again: Steps


async def _nothing(pilot: Pilot[int], app: AuditReach) -> None:
    pass


async def _started(pilot: Pilot[int], app: AuditReach) -> None:
    await until(pilot, app.main.engine_started.is_set)


async def _measured(pilot: Pilot[int], app: AuditReach) -> None:
    await _started(pilot, app)
    app.main.put_hosts(f"unix.target=127.0.0.1:{os.environ['CLOSED_PORT']}")
    await pilot.press("enter")
    await until(pilot, lambda: app.main.panes.keys and not app.main.measuring)


async def _removed(pilot: Pilot[int], app: AuditReach) -> None:
    if app.main.panes.keys:
        app.main.panes.table.focus()
        await pilot.press("asterisk", "delete")
        await until(pilot, lambda: not app.main.panes.keys)


async def _all_removed(pilot: Pilot[int], app: AuditReach) -> None:
    await _measured(pilot, app)
    await _removed(pilot, app)


async def _frozen(pilot: Pilot[int], app: AuditReach) -> None:
    await until(pilot, lambda: not app.main.measuring)
    if not app.main.watcher.frozen:
        app.main.panes.table.focus()
        await pilot.press("p")


async def _frozen_without_rows(pilot: Pilot[int], app: AuditReach) -> None:
    await _started(pilot, app)
    await _frozen(pilot, app)


async def _frozen_with_rows(pilot: Pilot[int], app: AuditReach) -> None:
    await _measured(pilot, app)
    await _frozen(pilot, app)


async def _in_flight(pilot: Pilot[int], app: AuditReach) -> None:
    app.main.panes.table.focus()
    if not app.main.panes.keys:
        await pilot.press("u")
    if not app.main.measuring:
        await pilot.press("g")
    await until(pilot, lambda: app.main.measuring)


async def _measuring(pilot: Pilot[int], app: AuditReach) -> None:
    await _started(pilot, app)
    app.main.put_hosts(f"unix.target=127.0.0.1:{os.environ['MUTE_PORT']}")
    await pilot.press("enter")
    await until(pilot, lambda: app.main.measuring)


async def _finished(pilot: Pilot[int], app: AuditReach) -> None:
    app.main.panes.table.focus()
    if not app.main.panes.keys:
        await pilot.press("u")
    await until(pilot, lambda: not app.main.measuring)


async def _hidden(pilot: Pilot[int], app: AuditReach) -> None:
    app.main.panes.set_query("no-such-word")
    await until(pilot, lambda: not app.main.panes.visible)


_OLD = ("open", str(SITE))
_DONE = {1: "ends", 2: "suspends", 3: "draws again"}
STATES: Mapping[str, State] = {
    "no hosts": State((), _started, _nothing),
    "all removed": State((), _all_removed, _removed),
    "frozen, no hosts": State((), _frozen_without_rows, _frozen),
    "frozen": State((), _frozen_with_rows, _frozen),
    "measuring": State(("--timeout", "300", "--answer-timeout", "300"), _measuring, _in_flight),
    "finished": State((), _measured, _finished),
    "old session": State(_OLD, _nothing, _nothing),
    "filter hides all": State(_OLD, _hidden, _hidden),
    "old session, kiosk": State((*_OLD, "--kiosk"), _nothing, _nothing),
}


async def _settle(pilot: Pilot[int], app: AuditReach, state: State) -> None:
    """Close what a key has opened, and come back to the state."""
    main = app.main
    await pilot.pause()
    while app.screen is not main:
        await pilot.press("escape")
        await pilot.pause()
    line = main.panes.status_line
    if line.filter_line.shown:
        line.close_filter(forget=True)
    if main.watcher.frozen:
        main.show_events(main.watcher.thaw()[0])
    if main.panes.layout.alone:
        main.panes.layout.toggle()
    main.panes.show_all()
    main.panes.mark(tuple(main.panes.table.marks), on=False)
    if main.panes.layout.pane != "table" or app.focused is not main.panes.table:
        main.panes.table.focus()
    await state.again(pilot, app)
    app.main.panes.table.action_edge(-1)
    main.say("")
    await pilot.pause()


def _seen(app: AuditReach) -> object:
    # The first line may have a clock while rows are measured.
    return drawn(app).cells[app.main.measuring :], app.focused, app.main.watcher.frozen


async def _outcome(pilot: Pilot[int], app: AuditReach, key: str, ended: list[int]) -> str:
    """Outcome of a key, as it is seen or said, without anything that differs from run to run."""
    ended.clear()
    before, measuring = _seen(app), app.main.measuring
    await pilot.press(key)
    await pilot.pause()
    if ended:
        return _DONE[ended[0]]
    if app.screen is not app.main:
        return f"opens {type(app.screen).__name__.removesuffix('Screen').removesuffix('Dialog')}"
    if said := notice(app):
        if said.startswith("Stopped"):
            await until(pilot, lambda: not app.main.measuring)
        return re.sub(r"[0-9][0-9.,:]*", "#", said[:_MAX_SENTENCE])
    if app.main.measuring and not measuring:
        return "measures"
    return "changes" if _seen(app) != before else SILENT


async def _column(state: State) -> dict[tuple[str, str], str]:
    """Outcome of each key in a state."""
    app = build(parse_options(state.words))
    ended: list[int] = []
    found = {}
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            with patch.multiple(
                app,
                exit=lambda *_, **__: ended.append(1),
                suspend_to_shell=lambda: ended.append(2),
                redraw=lambda: ended.append(3),
            ):
                await pilot.press("escape")
                await state.enter(pilot, app)
                for command in COMMANDS:
                    keys = command.keys.split(",")
                    # Each key of the one that may end the program; else they are aliases.
                    for key in keys if command.id == "quit" else keys[:1]:
                        await _settle(pilot, app, state)
                        found[command.id, key] = await _outcome(pilot, app, key, ended)
    finally:
        if app.controller is not None:
            await asyncio.to_thread(app.controller.close)
    return found


def columns() -> dict[str, dict[tuple[str, str], str]]:
    """Outcome of each key in each state."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(os.environ),
        patch("tui.terminal.suspend.resumable", lambda: True),
        socket.socket() as closed,
        socket.create_server(("127.0.0.1", 0)) as mute,
    ):
        closed.bind(("127.0.0.1", 0))
        os.environ.update(
            TERM="xterm-256color",
            XDG_STATE_HOME=folder,
            CLOSED_PORT=str(closed.getsockname()[1]),
            MUTE_PORT=str(mute.getsockname()[1]),
        )
        for name in ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "VTE_VERSION"):
            os.environ.pop(name, None)
        return {name: asyncio.run(_column(state)) for name, state in STATES.items()}


def table(found: Mapping[str, Mapping[tuple[str, str], str]]) -> str:
    """The table as Markdown: a number stands for a sentence below it."""
    sentences: dict[str, int] = {}

    def cell(text: str) -> str:
        if text in (*_DONE.values(), "changes", "measures", SILENT) or text.startswith("opens "):
            return text
        return f"says {sentences.setdefault(text, len(sentences) + 1)}"

    lines = [
        "# Keys in every state",
        "",
        "Made by `python -m tests.tui.pictures`: each key of a command is pressed with the cursor "
        "in the table.",
        "",
        f"| key | command | {' | '.join(found)} |",
        "|---|---|" + "---|" * len(found),
    ]
    for id, key in next(iter(found.values())):
        cells = " | ".join(cell(column[id, key]) for column in found.values())
        lines.append(f"| `{key}` | {id} | {cells} |")
    said = [f"{number}. {text}" for text, number in sentences.items()]
    return "\n".join([*lines, "", "What is said:", "", *said, ""])
