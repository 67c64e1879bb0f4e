"""Pictures of the screen over a recorded session, as a terminal shows them: text, and below it the
style of every cell as a letter. `python -m tests.tui.pictures` makes those in `snapshots` anew;
look at what has changed with `git diff` before it is committed.
"""

from __future__ import annotations

import asyncio
import os
import string
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

from tests.tui.emulator import Emulator
from tui.app import AuditReach
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.terminal.capabilities import normalize_environment
from tui.terminal.output import ScreenDiff

SNAPSHOTS = Path(__file__).parent / "snapshots"
SITE = Path(__file__).parent.parent / "sessions" / "site.jsonl"

VIEWS: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "colour": ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ()),
    "16-colours": ({"TERM": "screen"}, ()),
    "no-colour": ({"TERM": "xterm-256color", "NO_COLOR": "1"}, ()),
    "ascii": ({"TERM": "linux"}, ()),
    "contrast": (
        {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        ("--theme", "contrast-dark"),
    ),
    "contrast-16-colours": ({"TERM": "screen"}, ("--theme", "contrast-dark")),
    "blue-orange-16-colours": ({"TERM": "screen"}, ("--theme", "blue-orange-light")),
}
"""Environment of the terminal, and the options."""

SCENES: Mapping[str, tuple[str, ...]] = {
    "first": ("down",),
    "table": ("f", "o", "down"),
    "tree": ("1", "down", "down", "down", "down", "right", "down"),
    "details": ("f", "3", "pagedown"),
    "verdicts": ("v", "down"),
}
"""The keys that lead to each."""

SIZES: Mapping[tuple[int, int], tuple[str, ...]] = {
    (40, 12): tuple(SCENES),
    (80, 24): tuple(SCENES),
    (120, 40): ("first",),
    (200, 50): ("first",),
}


def names() -> Iterator[tuple[str, tuple[int, int]]]:
    """Every view in every size; the themes of their own in the usual one."""
    for view, (_, options) in VIEWS.items():
        for size in SIZES:
            if not options or size == (80, 24):
                yield view, size


def path_of(view: str, size: tuple[int, int]) -> Path:
    return SNAPSHOTS / f"{size[0]}x{size[1]}-{view}.txt"


def drawn(app: AuditReach) -> Emulator:
    """Text on a terminal after everything was sent to it."""
    width, height = app.size
    diff, terminal = ScreenDiff(app.console.color_system), Emulator(width, height)
    update = app.screen._compositor.render_update(full=True)
    diff.apply(update, width, height)
    terminal.feed(diff.difference())
    return terminal


def told(terminal: Emulator) -> str:
    """Its text, the style of each cell and what the letters mean."""
    letters: dict[str, str] = {"": "."}
    styles = []
    for line in terminal.cells:
        for _, code in line:
            letters.setdefault(code, string.ascii_letters[len(letters) - 1])
        styles.append("".join(letters[code] for _, code in line))
    text = "\n".join(line.rstrip() for line in terminal.lines)
    marks = "\n".join(line.rstrip(".") for line in styles)
    meaning = "\n".join(f"{letter} {code}" for code, letter in letters.items() if code)
    return f"{text}\n\n{marks}\n\n{meaning}\n"


def pictures(view: str, size: tuple[int, int]) -> str:
    """Every scene of a view in a size."""
    environ, options = VIEWS[view]
    with tempfile.TemporaryDirectory() as state, patch.dict(os.environ):
        for name in ("COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "TERM_PROGRAM"):
            os.environ.pop(name, None)
        os.environ.update(environ, LANG="C.UTF-8", XDG_STATE_HOME=state)
        normalize_environment(os.environ)
        found = [asyncio.run(_scene(scene, options, size)) for scene in SIZES[size]]
    heads = (f"{scene}: {' '.join(SCENES[scene])}" for scene in SIZES[size])
    return "\n".join(f"== {head}\n{text}" for head, text in zip(heads, found, strict=True))


async def _scene(scene: str, options: tuple[str, ...], size: tuple[int, int]) -> str:
    app = build(parse_options(("open", str(SITE), *options)))
    async with app.run_test(size=size) as pilot:
        await pilot.press("escape")
        for key in SCENES[scene]:
            await pilot.press(key)
            await pilot.pause()
        app.screen.refresh(layout=True)
        await pilot.pause()
        return told(drawn(app))


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for old in SNAPSHOTS.glob("*.txt"):
        old.unlink()
    for view, size in names():
        path_of(view, size).write_text(pictures(view, size), encoding="utf-8")
    # It uses what is above.
    from tests.tui import key_states

    key_states.KEYS.write_text(key_states.table(key_states.columns()), encoding="utf-8")
