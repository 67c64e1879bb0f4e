"""Columns: what can be shown, sorted, filtered and reported of a row, and how.

A new one is a row of COLUMNS; the table, sorting, filters, `run` and the reports follow.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from probes.model import Job, Observation, Reason, Result, Service, State, Status
from tui.models import conditions
from tui.models.conditions import Passes, Value
from tui.text.status import STATUS, Signs


@dataclass(frozen=True, slots=True)
class Cells:
    """One row as columns read it; texts are as they came and may hold anything.

    A row that waits or runs has no result.
    """

    status: Status
    job: Job
    result: Result | None

    @property
    def host(self) -> str:
        """The host as it was named."""
        return self.job.target.label

    @property
    def title(self) -> str:
        """The title of the check."""
        return self.job.check.title

    @property
    def port(self) -> str:
        """The port that is asked, in words."""
        return self.job.port_text

    @property
    def seen(self) -> Observation | None:
        """The observation."""
        return None if self.result is None else self.result.observation

    @property
    def latency(self) -> float | None:
        """Milliseconds."""
        return None if self.result is None else self.result.observation.latency_ms

    @property
    def note(self) -> str:
        """The note."""
        return "" if self.result is None else self.result.note


class Longest(NamedTuple):
    """The most cells that a host and a check with its port have, in full and cut short.

    What tells a host from the others is a whole address, or of a name what is before its domain.
    """

    host: int = 0
    host_short: int = 0
    check: int = 0
    check_short: int = 0


class Space(NamedTuple):
    """The width of the table, in cells, and what follows from it."""

    width: int

    @property
    def gap(self) -> int:
        """Cells between two columns."""
        return 2 if self.width >= 100 else 1

    @property
    def ports(self) -> bool:
        """Checks have their ports beside them."""
        return self.width >= 46

    @property
    def compact(self) -> bool:
        """Words, ports and latencies are written short."""
        return self.width < 76


class InTable(NamedTuple):
    """A column of the table on the screen."""

    fit: Literal["always", "room", "rest"]
    """Shown always, or where there is room for it; one column takes the rest of that room."""
    cells: Callable[[Space, Longest], int]
    """How many it wants, 0 for none at this width; of the one that takes the rest, the fewest."""
    text: Callable[[Cells, Signs, Space], tuple[str, str]]
    """The text of a cell; where it is cut its second part stays whole."""
    whole: Callable[[Longest], int] | None = None
    """Cells of its longest text, for the one column that gives way and takes what others leave."""


class Sort(NamedTuple):
    """A way to sort: by something of a job, or of a result; by the status with neither."""

    letter: str
    """Chooses it in the dialog."""
    words: str = ""
    """What the dialog says, if that is not the heading."""
    job: Callable[[Job], Hashable] | None = None
    key: Callable[[Any], Any] = lambda part: part
    """Orders what `job` returns; it is worked out once for each value."""
    result: Callable[[Result], str | float | None] | None = None
    """None and empty texts come last in both directions."""

    @property
    def changes(self) -> bool:
        """A result can move a row."""
        return self.job is None


class Field(NamedTuple):
    """A field of the query language, `id:value`."""

    example: str
    passes: Callable[[Sequence[Value]], Passes]
    """The condition that any of the values makes."""
    wrong: Callable[[str, Value], str] | None = None
    """A sentence about a value that is none, given the field's name; empty for a right one."""
    values: tuple[str, ...] = ()
    """Every value, where they are known."""
    slow: bool = False
    """Asked after the other conditions."""
    word: Callable[[Result], str] | None = None
    """Where a bare word is looked for, beside host, check, status, note and address."""


class InReport(NamedTuple):
    """A column of the rows in a Markdown or HTML report."""

    width: str = ""
    """Of the column in HTML; without one it takes the rest."""
    wrap: bool = True


class InRun(NamedTuple):
    """A column of the lines of `run`; the last one is as long as its text."""

    cells: int = 0
    """Its width; 0 for that of the widest job."""
    most: int = 200
    """Cells of the widest."""
    length: int = 200
    """Characters of a text before it is cut."""


class InCsv(NamedTuple):
    """A column of the CSV report."""

    number: int
    """Its place, from 1. Scripts rely on it: a new one takes the next number."""
    heading: str
    text: Callable[[Cells], str] | None = None
    """The text of a cell, if that is not the column's."""


class Column(NamedTuple):
    """One column and where it is; None where it is not."""

    id: str
    heading: str
    text: Callable[[Cells], str]
    right: bool = False
    """Aligned at the right."""
    table: InTable | None = None
    sort: Sort | None = None
    field: Field | None = None
    report: InReport | None = None
    run: InRun | None = None
    csv: InCsv | None = None


def latency_text(ms: float | None) -> str:
    """Milliseconds in at most 8 cells, with about three digits: `0.42 ms`, `38.1 ms`, `2.1 s`."""
    if ms is None:
        return ""
    if ms < 0.01:
        return "<0.01 ms"
    if ms < 9.995:
        return f"{ms:.2f} ms"
    if ms < 99.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s"


_DIGITS = re.compile("([0-9]+)")


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key that ignores case and compares runs of digits by value, however long."""
    return tuple(
        (len(digits := part.lstrip("0")), digits) if place % 2 else (0, part)
        for place, part in enumerate(_DIGITS.split(text.casefold()))
    )


def host_key(host: tuple[str, int]) -> tuple[object, ...]:
    """A sort key for (host, port): IPv4 by value, then IPv6, then names naturally."""
    name, port = host
    version = 6 if ":" in name else 4
    try:
        value = socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, name)
    except (OSError, ValueError):
        return (9, natural(name), port)
    return (version, value, port)


def _check_key(check: tuple[str, str, int]) -> tuple[object, ...]:
    title, transport, port = check
    return natural(title), transport, port


WORD = max(map(len, Status))
"""Letters of the longest status."""
_SHORT_WORD = max(len(info.short) for info in STATUS.values())


def _status_text(cells: Cells, signs: Signs, space: Space) -> tuple[str, str]:
    info = STATUS[cells.status]
    return f"{signs.status[cells.status]} {info.short if space.compact else info.status}", ""


def port_beside(port: str, *, compact: bool) -> str:
    """A port as it stands behind a title, in short as nmap's -p takes it: ` 5985`, ` U:161`.

    A range is left away in short: "RPC dynamic" says it.
    """
    if compact:
        transport, _, port = port.rpartition(" ")
        port = "" if "-" in port else f"U:{port}" if transport == "UDP" else port
    return f" {port}" if port else ""


def _check_text(cells: Cells, signs: Signs, space: Space) -> tuple[str, str]:
    port = port_beside(cells.port, compact=space.compact) if space.ports else ""
    return cells.title, port


def _check_cells(space: Space, longest: Longest) -> int:
    if not space.ports:
        # A title has at most as many, by the profile's own limit.
        most = 12
    elif space.compact:
        most = 14
    else:
        most = 28 if space.width >= 100 else 22 if space.width >= 90 else 20
    # The heading has an arrow beside it.
    return max(min(longest.check_short if space.compact else longest.check, most), len("Check") + 1)


def _host_whole(longest: Longest) -> int:
    return max(longest.host, len("Host") + 1)


def _host_cells(space: Space, longest: Longest) -> int:
    if space.compact:
        most = max(12, min(longest.host_short, 15))
    else:
        most = 40 if space.width >= 140 else max(20, space.width // 4)
    return min(_host_whole(longest), most)


def _latency_cells(space: Space, longest: Longest) -> int:
    return 9 if space.width >= 100 else 7 if space.compact else 8


def _latency_short(cells: Cells, signs: Signs, space: Space) -> tuple[str, str]:
    text = latency_text(cells.latency)
    return text.replace(" ", "") if space.compact else text, ""


COLUMNS: tuple[Column, ...] = (
    Column(
        "status",
        "Status",
        lambda cells: cells.status.value,
        table=InTable(
            "always",
            # The sign and a space stand before it.
            lambda space, longest: 2 + (_SHORT_WORD if space.compact else WORD),
            _status_text,
        ),
        sort=Sort("s", "Status, what needs attention first"),
        field=Field("blocked", conditions.status, values=tuple(Status)),
        report=InReport("13%", wrap=False),
        run=InRun(WORD),
        csv=InCsv(1, "status"),
    ),
    Column(
        "host",
        "Host",
        lambda cells: cells.host,
        table=InTable(
            "always", _host_cells, lambda cells, signs, space: (cells.host, ""), _host_whole
        ),
        sort=Sort("h", job=lambda job: (job.target.host, job.target.port or 0), key=host_key),
        field=Field("dc*", conditions.host, conditions.bad_network),
        report=InReport("17%"),
        run=InRun(most=40),
        csv=InCsv(2, "host"),
    ),
    Column(
        "check",
        "Check",
        lambda cells: cells.job.check_text,
        table=InTable("always", _check_cells, _check_text),
        sort=Sort(
            "c",
            job=lambda job: (job.check.title, job.check.transport, job.port or 0),
            key=_check_key,
        ),
        field=Field("winrm", conditions.check),
        report=InReport("15%"),
        run=InRun(),
        csv=InCsv(4, "check", lambda cells: cells.job.check.id),
    ),
    Column(
        "address",
        "Address",
        lambda cells: (cells.seen and cells.seen.address) or "",
        field=Field("10.2.*", conditions.address, conditions.bad_network),
        report=InReport("13%"),
        csv=InCsv(8, "address"),
    ),
    Column(
        "latency",
        "Latency",
        lambda cells: latency_text(cells.latency),
        right=True,
        table=InTable("room", _latency_cells, _latency_short),
        sort=Sort("l", result=lambda result: result.observation.latency_ms),
        field=Field(">100", conditions.latency, conditions.bad_limit),
        report=InReport("9%", wrap=False),
        run=InRun(8),
        csv=InCsv(
            16,
            "latency ms",
            lambda cells: "" if cells.latency is None else f"{cells.latency:.3f}",
        ),
    ),
    Column(
        "note",
        "Note",
        lambda cells: cells.note,
        table=InTable(
            "rest",
            # The fewest in which it says something: `Refused`, `No ans…`, `TLS 1.3`.
            lambda space, longest: 7,
            lambda cells, signs, space: (cells.note, ""),
        ),
        sort=Sort("n", result=lambda result: result.note.casefold()),
        field=Field('"timed out"', conditions.note, slow=True),
        report=InReport(),
        run=InRun(length=2000),
        csv=InCsv(14, "note"),
    ),
    Column(
        "port",
        "Port",
        lambda cells: "" if cells.job.port is None else str(cells.job.port),
        field=Field("5985", conditions.port, conditions.bad_port),
        csv=InCsv(7, "port"),
    ),
    Column(
        "role",
        "Role",
        lambda cells: cells.job.target.role,
        field=Field("windows.dc", conditions.role),
        csv=InCsv(3, "role"),
    ),
    Column(
        "reason",
        "Reason",
        lambda cells: cells.seen.reason if cells.seen else "",
        field=Field("no-response", conditions.seen("reason"), values=tuple(Reason)),
        csv=InCsv(12, "reason"),
    ),
    Column(
        "service",
        "Service",
        lambda cells: cells.seen.service if cells.seen else "",
        field=Field("unexpected", conditions.seen("service"), values=tuple(Service)),
        csv=InCsv(13, "service"),
    ),
    Column(
        "state",
        "State",
        lambda cells: cells.seen.state if cells.seen else "",
        field=Field("filtered", conditions.seen("state"), values=tuple(State)),
        csv=InCsv(11, "state"),
    ),
)
"""Every column, in the order of the table, the reports and what a typed field may become."""

COLUMN: Mapping[str, Column] = {column.id: column for column in COLUMNS}
