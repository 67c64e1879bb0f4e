"""A row as one line of text for a ticket: what was measured, by whom, and the evidence."""

from __future__ import annotations

from probes.model import Result
from probes.wire.text import printable
from tui.filter import port_text
from tui.story import exchange_text

_LONG = 600


def ticket(result: Result) -> str:
    """One harmless line: time, status, path, state and reason, the note, then every exchange."""
    job, seen = result.job, result.observation
    host = printable(job.target.label)
    path = seen.address or ""
    if path == job.target.host:
        path = ""
    to = f"{host} ({printable(path)})" if path else host
    source = f" from {printable(seen.source)}" if seen.source else ""
    parts = [
        f"{seen.started or 'not measured'}: {result.status}",
        f"{job.check.title} {port_text(job)} to {to}{source}",
        f"{seen.state}, {seen.reason}; service {seen.service}",
        printable(result.note, _LONG),
    ]
    parts += [
        f"exchange {number}: {exchange_text(evidence)}"
        for number, evidence in enumerate(seen.evidence, 1)
    ]
    return " | ".join(part for part in parts if part)
