"""A report of some of a session's rows."""

from __future__ import annotations

import dataclasses

from tui.reports.report import Report


def part_of(report: Report, keys: frozenset[str], which: str) -> Report:
    """The report with these rows only, the verdicts of their targets and the causes behind them.

    `which` says what they are for the notice at its head, such as `the marked ones`. Verdicts and
    causes stay what they were: they rest on rows that the report no longer holds.
    """
    session = report.session
    rows = tuple(result for result in session.results if result.job.key in keys)
    targets = {(one.job.target.role, one.job.target.host, one.job.target.port) for one in rows}
    notice = (
        f"This report holds {len(rows):,} of the session's {len(session.results):,} rows, {which}; "
        "verdicts and causes rest on all of them."
    )
    return dataclasses.replace(
        report,
        session=dataclasses.replace(
            session,
            results=rows,
            verdicts=tuple(
                one for one in session.verdicts if (one.role, one.host, one.port) in targets
            ),
            findings=tuple(one for one in session.findings if keys.intersection(one.keys)),
        ),
        notices=(notice, *report.notices),
    )
