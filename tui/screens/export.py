"""Writing a report of the session, or of some of its rows, from the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from probes.session import SessionError
from profiles.errors import printable_path
from profiles.model import Profile
from tui.reports import FORMATS
from tui.reports.model import load_report, select_rows
from tui.screens.dialogs import ChoiceDialog, PromptDialog
from tui.screens.prompts import confirmed, typed_path
from tui.storage.files import DestinationExists, SaveError, save

if TYPE_CHECKING:
    from tui.screens.context import Context

_BY_LETTER = {
    format.letter: (name, format)
    for name, format in sorted(FORMATS.items(), key=lambda item: item[1].rank)
}


async def write_report(context: Context) -> str:
    """Ask which rows, which format and which file; returns what to say."""
    log, profile = context.log_path, context.profile
    if not log:
        return "There is no session log yet to make a report of."
    which = await _rows(context)
    if which is None:
        return ""
    keys, words = which
    letter = await context.push(
        ChoiceDialog("Export as", {one: format.about for one, (_, format) in _BY_LETTER.items()})
    )
    if letter is None:
        return ""
    name, format = _BY_LETTER[letter]
    where = await context.push(
        PromptDialog("Write the report to", f"{Path(log).stem}{format.ending}")
    )
    if not where or not where.strip():
        return ""
    to = typed_path(where)
    try:
        try:
            await asyncio.to_thread(_write, log, profile, name, keys, words, to, force=False)
        except DestinationExists:
            if not await confirmed(context, f"{to} exists. Overwrite it?"):
                return "Nothing was written."
            await asyncio.to_thread(_write, log, profile, name, keys, words, to, force=True)
    except (SessionError, SaveError) as error:
        return str(error)
    count = "all rows" if keys is None else f"{len(keys):,} rows, {words}"
    return f"Wrote {count} to {printable_path(to)} ({format.about.partition(',')[0]})."


async def _rows(context: Context) -> tuple[frozenset[str] | None, str] | None:
    """The rows that are meant, None for all of them, and which they are in words."""
    panes = context.panes
    total = len(panes.table.rows)
    marked, visible = panes.marked, panes.visible
    options = {"a": f"All {total:,} rows"}
    if marked:
        options["m"] = f"The marked rows, {len(marked):,}"
    if len(visible) < total:
        options["v"] = f"The visible rows, {len(visible):,}"
    letter = "a"
    if len(options) > 1:
        said = await context.push(ChoiceDialog("Export which rows?", options))
        if said is None:
            return None
        letter = said
    chosen: Mapping[str, tuple[Sequence[str], str]] = {
        "m": (marked, "the marked ones"),
        "v": (visible, "those that a filter showed"),
    }
    if letter not in chosen:
        return None, ""
    keys, words = chosen[letter]
    return frozenset(keys), words


def _write(
    log: str,
    profile: Profile,
    format: str,
    keys: frozenset[str] | None,
    words: str,
    to: Path,
    *,
    force: bool,
) -> None:
    report = load_report(Path(log), profile)
    if keys is not None:
        report = select_rows(report, keys, words)
    save(FORMATS[format].render(report), to, force=force, never=(Path(log),))
