"""Comparison of two sessions in words, changes first, for `diff` and for the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.model import TO_CHANGE
from probes.session import Session
from probes.session.diff import Change, ChangeKind, Comparison
from tui.reports.model import line

_CHANGED_KINDS = (ChangeKind.REGRESSED, ChangeKind.FIXED, ChangeKind.NEW, ChangeKind.GONE)


def groups(compared: Comparison) -> Iterator[tuple[str, Sequence[Change]]]:
    """Changes under their headings, the most urgent first; no empty ones."""
    for kind in (*_CHANGED_KINDS, ChangeKind.NOT_COMPARABLE):
        if found := compared.of(kind):
            yield kind, found
    still = [
        change for change in compared.of(ChangeKind.UNCHANGED) if change.result.status in TO_CHANGE
    ]
    if still:
        yield "unchanged, and still to change", still


def counts(compared: Comparison) -> str:
    """Number of rows by kind of change, in one line."""
    found = ", ".join(
        f"{number} {kind}"
        for kind in ChangeKind
        if (number := len(compared.of(kind))) or kind is not ChangeKind.NOT_REMEASURED
    )
    return f"{len(compared.changes)} rows: {found}"


def session_text(session: Session) -> str:
    """Start, host and number of rows of a session."""
    header = session.header
    return line(f"{header.started} from {header.vantage.label}, {len(session.results)} rows")


def row_text(change: Change) -> str:
    """A row, its change, the reason, and its note."""
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
