"""Two sessions side by side in words: what changed first, for `diff` and for the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.model import TO_CHANGE
from probes.session import Session
from probes.session.diff import Change, ChangeKind, Comparison
from tui.reports.model import line

_TOLD = (ChangeKind.REGRESSED, ChangeKind.FIXED, ChangeKind.NEW, ChangeKind.GONE)


def groups(compared: Comparison) -> Iterator[tuple[str, Sequence[Change]]]:
    """What a reader looks for, under its heading, the most urgent first; no empty ones."""
    for kind in (*_TOLD, ChangeKind.NOT_COMPARABLE):
        if found := compared.of(kind):
            yield kind, found
    still = [
        change for change in compared.of(ChangeKind.UNCHANGED) if change.result.status in TO_CHANGE
    ]
    if still:
        yield "unchanged, and still to change", still


def counts(compared: Comparison) -> str:
    """How many rows became what, in one line."""
    found = ", ".join(
        f"{number} {kind}"
        for kind in ChangeKind
        if (number := len(compared.of(kind))) or kind is not ChangeKind.NOT_REMEASURED
    )
    return f"{len(compared.changes)} rows: {found}"


def session_text(session: Session) -> str:
    """When and where a session was measured, and how many rows it has."""
    header = session.header
    return line(f"{header.started} from {header.vantage.label}, {len(session.results)} rows")


def row_text(change: Change) -> str:
    """A row, what became of it, why, and what it says now."""
    why = f" {line(change.why)}" if change.why else ""
    return f"{name_text(change)}: {statuses_text(change)}.{why} {line(change.result.note)}"


def name_text(change: Change) -> str:
    """Host, check and port."""
    job = change.result.job
    return line(f"{job.target.label} {job.check_text}")


def statuses_text(change: Change) -> str:
    """The status before and after; one word if it is the same."""
    seen = [str(result.status) for result in (change.before, change.after) if result is not None]
    return seen[0] if len(set(seen)) == 1 else " -> ".join(seen)
