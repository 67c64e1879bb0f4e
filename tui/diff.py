"""`auditreach diff`: two sessions side by side, what changed first."""

from __future__ import annotations

from collections.abc import Iterator

from probes.engine.session import Session, SessionError
from probes.engine.session.compare import Change, Comparison, Kind, compare
from tui import prepare
from tui.exit import Exit
from tui.filter import port_text
from tui.options import Options, UsageError
from tui.reports.report import TO_CHANGE, line
from tui.whole import whole_session

_TOLD = (Kind.REGRESSED, Kind.FIXED, Kind.NEW, Kind.GONE)


def diff(options: Options) -> int:
    """Print what became of every row; raises UsageError where a session cannot be read."""
    assert options.session is not None
    assert options.after is not None
    profile = prepare.load(options)
    try:
        before = whole_session(options.session, profile)
        after = whole_session(options.after, profile)
    except SessionError as error:
        raise UsageError(str(error)) from None
    compared = compare(before, after)
    for text in _text(before, after, compared):
        print(text)
    return Exit.DIFFERS if compared.of(Kind.REGRESSED) else Exit.READY


def _text(before: Session, after: Session, compared: Comparison) -> Iterator[str]:
    yield f"before  {_session(before)}"
    yield f"after   {_session(after)}"
    for remark in compared.remarks:
        yield f"note    {line(remark)}"
    for kind in _TOLD:
        yield from _group(kind, compared.of(kind))
    yield from _incomparable(compared.of(Kind.NOT_COMPARABLE))
    still = [change for change in compared.of(Kind.UNCHANGED) if change.result.status in TO_CHANGE]
    yield from _group("unchanged, and still to change", still)
    counts = ", ".join(
        f"{number} {kind}"
        for kind in Kind
        if (number := len(compared.of(kind))) or kind is not Kind.NOT_AGAIN
    )
    yield f"\n{len(compared.changes)} rows: {counts}"


def _session(session: Session) -> str:
    header = session.header
    return line(f"{header.started} from {header.vantage.label}, {len(session.results)} rows")


def _group(title: str, changes: tuple[Change, ...] | list[Change]) -> Iterator[str]:
    if not changes:
        return
    yield f"\n{title} ({len(changes)})"
    for change in changes:
        yield f"  {_row(change)}"


def _incomparable(changes: tuple[Change, ...]) -> Iterator[str]:
    """Rows by the reason why they are not comparable, each reason said once."""
    if not changes:
        return
    yield f"\nnot comparable ({len(changes)})"
    reasons: dict[str, list[Change]] = {}
    for change in changes:
        reasons.setdefault(change.why, []).append(change)
    for why, rows in reasons.items():
        yield f"  {line(why)}"
        for change in rows:
            yield f"    {_name(change)}: {_statuses(change)}"


def _row(change: Change) -> str:
    why = f" {line(change.why)}" if change.why else ""
    return f"{_name(change)}: {_statuses(change)}.{why} {line(change.result.note)}"


def _name(change: Change) -> str:
    job = change.result.job
    return line(f"{job.target.label} {job.check.title} {port_text(job)}")


def _statuses(change: Change) -> str:
    seen = [str(result.status) for result in (change.before, change.after) if result is not None]
    return seen[0] if len(set(seen)) == 1 else " -> ".join(seen)
