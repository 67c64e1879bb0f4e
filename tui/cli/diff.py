"""`auditreach diff`: two sessions side by side, what changed first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.session import Session, SessionError
from probes.session.diff import Change, ChangeKind, Comparison, compare
from tui.cli import prepare
from tui.cli.exit_codes import Exit
from tui.cli.options import Options, UsageError
from tui.models.loaded_session import read_whole_session
from tui.reports.model import line
from tui.text.comparison import counts, groups, name_text, row_text, session_text, statuses_text


def diff(options: Options) -> int:
    """Print what became of every row; raises UsageError where a session cannot be read."""
    assert options.session is not None
    assert options.after is not None
    profile = prepare.load(options)
    try:
        before = read_whole_session(options.session, profile)
        after = read_whole_session(options.after, profile)
    except SessionError as error:
        raise UsageError(str(error)) from None
    compared = compare(before, after)
    for text in _text(before, after, compared):
        print(text)
    return Exit.DIFFERS if compared.of(ChangeKind.REGRESSED) else Exit.READY


def _text(before: Session, after: Session, compared: Comparison) -> Iterator[str]:
    yield f"before  {session_text(before)}"
    yield f"after   {session_text(after)}"
    for remark in compared.remarks:
        yield f"note    {line(remark)}"
    for title, changes in groups(compared):
        yield f"\n{title} ({len(changes)})"
        if title == ChangeKind.NOT_COMPARABLE:
            yield from _incomparable(changes)
        else:
            yield from (f"  {row_text(change)}" for change in changes)
    yield f"\n{counts(compared)}"


def _incomparable(changes: Sequence[Change]) -> Iterator[str]:
    """Rows by the reason why they are not comparable, each reason said once."""
    reasons: dict[str, list[Change]] = {}
    for change in changes:
        reasons.setdefault(change.why, []).append(change)
    for why, rows in reasons.items():
        yield f"  {line(why)}"
        for change in rows:
            yield f"    {name_text(change)}: {statuses_text(change)}"
