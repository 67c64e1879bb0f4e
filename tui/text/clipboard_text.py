"""Rows, fixes and commands as text for the clipboard."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from probes.judging.host_states import HostStates
from probes.judging.party import UNHEARD, HostState
from probes.model import Result
from probes.remediation import commands, remedy
from probes.wire.text import printable
from tui.text.detail import exchange_text
from tui.text.row_parts import Part, means_text, rest_of_note, seen_text


def row_text(result: Result, host: HostState = UNHEARD) -> str:
    """A row as one line: time, status, path, the first parts of its details, every exchange.

    `host` is the state of the row's host.
    """
    job, seen = result.job, result.observation
    called = printable(job.target.label)
    path = seen.address or ""
    if path == job.target.host:
        path = ""
    to = f"{called} ({printable(path)})" if path else called
    source = f" from {printable(seen.source)}" if seen.source else ""
    parts = [
        f"{seen.started or 'not tested'}: {result.status}",
        f"{job.check_text} to {to}{source}",
        f"{seen.state}, {seen.reason}; service {seen.service}",
    ]
    fix = remedy(result, host)
    words = (
        (Part.SEEN, seen_text(result)),
        (Part.MEANS, means_text(result)),
        (Part.CHANGE, fix.change if fix else ""),
        ("note", rest_of_note(result)),
    )
    parts += [f"{label}: {text}" for label, text in words if text]
    parts += [
        f"exchange {number}: {exchange_text(evidence)}"
        for number, evidence in enumerate(seen.evidence, 1)
    ]
    return " | ".join(part for part in parts if part)


Copied = tuple[str, str]
"""The text, empty where there is nothing to copy, and a sentence or its subject."""


def commands_text(rows: Sequence[Result]) -> Copied:
    """Every command that confirms one of the rows, below a comment that names the row."""
    windows = sys.platform == "win32"
    found = {
        f"# {_row_name(one)}": [each.text for each in commands(one, windows=windows)]
        for one in rows
    }
    return _blocks(found, "command")


def changes_text(rows: Sequence[Result], hosts: HostStates) -> Copied:
    """Text to paste for the changes of the rows, once, below the place where it belongs."""
    found: dict[str, list[str]] = {}
    for one in rows:
        fix = remedy(one, hosts.of(one))
        for paste in fix.snippets if fix else ():
            texts = found.setdefault(f"# {printable(paste.where)}", [])
            if paste.text not in texts:
                texts.append(paste.text)
    return _blocks(found, "block")


def rows_text(rows: Sequence[Result], hosts: HostStates) -> Copied:
    """The rows as text for a ticket, a line each with its evidence."""
    if not rows:
        return "", "Only a row that was tested has something to copy."
    text = "\n".join(row_text(one, hosts.of(one)) for one in rows)
    return text, text if len(rows) == 1 else f"{len(rows):,} rows, a line each"


def _blocks(found: Mapping[str, Sequence[str]], noun: str) -> Copied:
    blocks = {head: texts for head, texts in found.items() if texts}
    count = sum(map(len, blocks.values()))
    if not count:
        return "", f"None of the marked rows has a {noun} to copy."
    text = "\n\n".join("\n".join([head, *texts]) for head, texts in blocks.items())
    return text, f"{count:,} {noun if count == 1 else f'{noun}s'} for the marked rows"


def _row_name(result: Result) -> str:
    job = result.job
    return f"{job.check_text} to {printable(job.target.label)}: {result.status}"
