"""The findings of what was measured so far, cause by cause, and the rows behind each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from probes.judging.findings import Finding, diagnose, rows_in_no_finding
from tui.models.filter import Filter
from tui.screens.dialogs import Dialog
from tui.text.findings import in_no_finding_text, sentence
from tui.text.status import Glyphs

if TYPE_CHECKING:
    from tui.screens.context import Context

MAX_FINDINGS = 500
"""Findings that are listed."""
_LONGEST = 2000
"""Characters of one."""
MANY = 5000
"""Results whose findings one waits for."""


Chosen = Finding | tuple[str, ...]
"""A finding, or the keys of the rows that are in none."""


class DiagnosisDialog(Dialog[Chosen]):
    """A list of findings, and the rows in none as its last line; Enter chooses one, Escape none."""

    def __init__(
        self, findings: Sequence[Finding], glyphs: Glyphs, alone: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self._findings = findings
        self._alone = alone
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """The count, the list, and the keys."""
        shown = self._findings[:MAX_FINDINGS]
        count = len(self._findings)
        title = f"Causes: {count:,} {'finding' if count == 1 else 'findings'}"
        if count > MAX_FINDINGS:
            title += f", the first {MAX_FINDINGS}"
        with Vertical():
            yield Static(title, classes="title", markup=False)
            lines = [_line(one, self._glyphs) for one in shown]
            if self._alone:
                lines.append(Content(in_no_finding_text(len(self._alone))))
            yield OptionList(*lines, markup=False)
            yield Static("Enter shows its rows   Escape goes back", classes="keys", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the finding that was chosen, or with the rows in none."""
        shown = self._findings[:MAX_FINDINGS]
        at = event.option_index
        self.dismiss(shown[at] if at < len(shown) else self._alone)


async def show_diagnosis(context: Context) -> str:
    """Show what is behind the rows and filter the table to those of one; returns what to say."""
    panes, session = context.panes, context.controller or context.recorded
    answers = {} if session is None else session.answers
    rows = panes.table.rows
    results = [result for key in panes.keys if (result := rows.result(key)) is not None]
    # Of a large session it takes a second.
    if len(results) > MANY:
        context.say("Looking for the causes of the failures.")
    findings = await asyncio.to_thread(diagnose, results, answers)
    alone = rows_in_no_finding(results, findings)
    if not findings and not alone:
        return "Nothing was found, and no row has to change."
    chosen = await context.push(DiagnosisDialog(findings, context.glyphs, alone))
    if chosen is None:
        return ""
    keys = chosen if isinstance(chosen, tuple) else chosen.keys
    panes.show_only(Filter(keys=frozenset(keys)))
    panes.table.focus()
    if isinstance(chosen, tuple):
        return "These are the rows to change that are in no finding; Escape shows the others again."
    return f"{chosen.text}. These are its rows; Escape shows the others again."


def _line(finding: Finding, glyphs: Glyphs) -> Content:
    """The finding stands out, so that one is told from the next without colours."""
    what, text = (
        f"{finding.confidence}: {finding.text}",
        f"{finding.confidence}: {sentence(finding)}",
    )
    bold = len(glyphs.clean(what, _LONGEST))
    return Content(glyphs.clean(text, _LONGEST)).stylize("bold", 0, bold)
