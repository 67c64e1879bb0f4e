"""Firewall request: flows to allow, with reasons, as Markdown and as CSV."""

from __future__ import annotations

from collections.abc import Iterator

import tui.reports.csv as csv
import tui.reports.markdown as markdown
from probes.judging.findings.hosts import classify
from probes.judging.findings.outages import searched_in_vain
from probes.model import Result
from tui.reports.flows import Flow, Request, request
from tui.reports.model import Report, line, notices

HEADINGS = (
    "Source",
    "Destination",
    "Protocol",
    "Port",
    "Direction",
    "Needed",
    "Purpose",
    "Required when",
    "Without it",
    "Hosts",
    "Evidence",
    "To change by",
)

_MAX_NAMED_HOSTS = 20
"""Hosts that are named in one line before they are only counted."""
_ALL = 2**31


def render(report: Report) -> Iterator[str]:
    """The request as Markdown."""
    request = _request(report)
    vantage = report.session.header.vantage
    where = f"{vantage.host} ({', '.join(vantage.addresses) or 'address unknown'})"
    yield f"# Firewall request: {markdown.text(report.profile.name)}\n\n"
    for notice in notices(report):
        yield f"> {markdown.line_start(notice)}\n\n"
    begun = report.session.header.started
    yield (
        f"Tested from {markdown.text(f'{where}, {begun}' if begun else where)}. "
        "If the Audit Service runs on another host, that host's address is the source.\n\n"
        f"Reference: {markdown.text(report.profile.source)}, {markdown.text(report.profile.url)}\n"
    )
    if request.flows:
        yield f"\n## To allow ({len(request.flows)})\n\n"
        # A destination that is cut would be a rule that is missing.
        rows = (_cells(flow, _MAX_NAMED_HOSTS) for flow in request.flows)
        yield from markdown.table(HEADINGS, rows, most=_ALL)
    else:
        yield "\nNo flow is missing of which it is known that a rule would let it through.\n"
    yield from _left_out(request)


def render_csv(report: Report) -> Iterator[str]:
    """The request as CSV, a line a flow; several destinations are separated by spaces."""
    flows = _request(report).flows
    yield from csv.table(HEADINGS, (_cells(flow, len(flow.hosts)) for flow in flows))


def _request(report: Report) -> Request:
    session = report.session
    addresses = session.header.vantage.addresses
    down = searched_in_vain(classify(session.results))
    source = addresses[0] if len(addresses) == 1 else ""
    return request(session.results, source, down, report.hosts)


def _cells(flow: Flow, most: int) -> tuple[str, ...]:
    hosts = " ".join(flow.hosts[:most])
    if len(flow.hosts) > most:
        hosts = f"{hosts} and {len(flow.hosts) - most} more"
    return (
        flow.source or "Audit Service host",
        " ".join(flow.destinations),
        flow.protocol,
        flow.port or "not applicable",
        "from source to destination",
        "recommended" if flow.recommended else "required",
        flow.check.purpose,
        flow.check.required_when,
        flow.check.consequence,
        hosts,
        flow.evidence,
        flow.who,
    )


def _left_out(request: Request) -> Iterator[str]:
    if not request.left_out:
        return
    yield "\n## Left out\n\nThese are missing too, but this request does not fix them.\n"
    for why, rows in request.left_out:
        yield f"\n{markdown.text(why)}\n\n"
        yield from markdown.table(
            ("Host", "Check", "Note"), (_row(result) for result in rows[:_MAX_NAMED_HOSTS])
        )
        if len(rows) > _MAX_NAMED_HOSTS:
            yield f"\nAnd {len(rows) - _MAX_NAMED_HOSTS} more.\n"


def _row(result: Result) -> tuple[str, str, str]:
    job = result.job
    return job.target.label, job.check_text, line(result.note)
