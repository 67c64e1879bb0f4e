"""Columns of a row: display, sorting, filters, reports.

A new one is a row of COLUMNS; the table, sorting, filters, `run` and the reports follow.
"""

from __future__ import annotations

import math
import re
import socket
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from probes.model import (
    REASON_CELLS,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
)
from tui.models import conditions
from tui.models.conditions import RowPredicate, Value
from tui.text.status import Glyphs


@dataclass(frozen=True, slots=True)
class RowData:
    """Data of one row that columns read; texts come from the network and may hold anything.

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
    def observation(self) -> Observation | None:
        """The observation."""
        return None if self.result is None else self.result.observation

    @property
    def latency(self) -> float | None:
        """Milliseconds; an upper bound where the observation says so."""
        return None if self.result is None else self.result.observation.latency_ms

    @property
    def latency_text(self) -> str:
        """The latency in words, empty without one."""
        return "" if self.result is None else latency_of(self.result.observation)

    @property
    def note(self) -> str:
        """The note."""
        return "" if self.result is None else self.result.note

    @property
    def why(self) -> str:
        """The short reason of the status."""
        return "" if self.result is None else self.result.why


class ContentWidths(NamedTuple):
    """Greatest widths of a host and of a check with its port, in full and shortened.

    What tells a host from the others is a whole address, or of a name what is before its domain.
    A check is shortened to its title and port, and then to the port.
    """

    host: int = 0
    host_short: int = 0
    check: int = 0
    check_short: int = 0
    check_port: int = 0
    address: int = 0
    """Of the hosts that are addresses."""
    check_udp: int = 0
    """Of the checks over UDP, in full."""


LOSSES = ("unit", "transport", "latency", "title")
"""Parts of a row that a narrow table does without, in the order in which they go."""


class TableWidth(NamedTuple):
    """Width of the table in cells, and how many of LOSSES it has taken."""

    width: int
    losses: int = 0
    short_udp: bool = False
    """UDP is written `U:` although the transport is still shown."""

    @property
    def gap(self) -> int:
        """Cells between two columns."""
        return 2 if self.wide else 1

    @property
    def wide(self) -> bool:
        """True if nothing has to be written close together."""
        return self.width >= 100

    @property
    def half(self) -> int:
        """Half of the table, rounded up."""
        return -(-self.width // 2)

    @property
    def rest(self) -> int:
        """Cells wanted for the column that takes the rest, the short reason.

        Half of a wide table; all that it can say where the others leave that; less in a narrow one.
        """
        if self.wide:
            return self.half
        if self.losses == len(LOSSES):
            return self.width // 3
        return min(REASON_CELLS, max(self.width * 2 // 5, self.width - REASON_CELLS))

    def has(self, part: str) -> bool:
        """True if one of LOSSES is still shown."""
        return LOSSES.index(part) >= self.losses


class TableColumn(NamedTuple):
    """A column of the table on the screen."""

    text: Callable[[RowData, Glyphs, TableWidth], tuple[str, str]]
    """The text of a cell; where it is cut its second part stays whole."""
    least: Callable[[TableWidth, ContentWidths], int] | None = None
    """Wanted width, 0 for none; None for the one column that takes the rest."""
    full: Callable[[TableWidth, ContentWidths], int] | None = None
    """Cells of its longest text, for one that grows where there is room."""
    heading: Callable[[TableWidth], str] | None = None
    """Its heading there, if that is not the column's."""
    gap: int | None = None
    """Cells behind it, if not as many as behind the others."""


class Sort(NamedTuple):
    """A way to sort: by something of a job, a target or a result; by the status with none."""

    letter: str
    """Chooses it in the dialog."""
    label: str = ""
    """Its label in the dialog, if that is not the heading."""
    job: Callable[[Job], Hashable] | None = None
    target: Callable[[Target], Hashable] | None = None
    key: Callable[[Any], Any] = lambda part: part
    """Orders what `job` or `target` returns; it is worked out once for each value."""
    result: Callable[[Result], str | float | None] | None = None
    """None and empty texts come last in both directions."""

    @property
    def depends_on_result(self) -> bool:
        """True if a result can move a row."""
        return self.job is None and self.target is None


class Field(NamedTuple):
    """A field of the query language, `id:value`."""

    example: str
    predicate: Callable[[Sequence[Value]], RowPredicate]
    """Predicate of a row for these values, any of which may match."""
    error: Callable[[str, Value], str] | None = None
    """Error sentence for an invalid value, given the field's name; empty for a valid one."""
    values: tuple[str, ...] = ()
    """Every value, where they are known."""
    slow: bool = False
    """Asked after the other conditions."""
    searched_text: Callable[[Result], str] | None = None
    """Text in which a bare word is searched, besides host, check, status, note and address."""


class ReportColumn(NamedTuple):
    """A column of the rows in a Markdown or HTML report."""

    width: str = ""
    """Of the column in HTML; without one it takes the rest."""
    wrap: bool = True


class RunColumn(NamedTuple):
    """A column of the lines of `run`; the last one is as long as its text."""

    cells: int = 0
    """Its width; 0 for that of the widest job."""
    max_cells: int = 200
    """Cells of the widest."""
    max_length: int = 200
    """Characters of a text before it is cut."""


class CsvColumn(NamedTuple):
    """A column of the CSV report."""

    number: int
    """Its place, from 1. Scripts rely on it: a new one takes the next number."""
    heading: str
    text: Callable[[RowData], str] | None = None
    """The text of a cell, if that is not the column's."""


class Column(NamedTuple):
    """One column and where it is; None where it is not."""

    id: str
    heading: str
    text: Callable[[RowData], str]
    right: bool = False
    """Aligned at the right."""
    table: TableColumn | None = None
    sort: Sort | None = None
    field: Field | None = None
    report: ReportColumn | None = None
    run: RunColumn | None = None
    csv: CsvColumn | None = None


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


def bound_text(ms: float) -> str:
    """Upper bound of a latency in at most 8 cells, rounded up: `≤ 4.3 ms`, `≤ 19 ms`, `≤ 2.2 s`."""
    # What is a hair above its own rounding is not rounded up: 4.3 has no exact binary form.
    tenths = math.ceil(round(ms * 10, 6))
    if tenths < 100:
        return f"≤ {tenths / 10:.1f} ms"
    whole = math.ceil(round(ms, 6))
    return f"≤ {whole} ms" if whole < 1000 else f"≤ {math.ceil(whole / 100) / 10:.1f} s"


def latency_of(observation: Observation) -> str:
    """Latency of an observation as it is shown everywhere, a bound as what it is."""
    ms = observation.latency_ms
    return bound_text(ms) if ms is not None and observation.latency_at_most else latency_text(ms)


_DIGITS = re.compile("([0-9]+)")


def natural_key(text: str) -> tuple[tuple[int, str], ...]:
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
        return (9, natural_key(name), port)
    return (version, value, port)


def target_key(target: Target) -> tuple[object, ...]:
    """A sort key for targets: their hosts, one in several roles by these."""
    return (*host_key((target.host, target.port or 0)), target.role)


def _check_key(check: tuple[str, str, int]) -> tuple[object, ...]:
    title, transport, port = check
    return natural_key(title), transport, port


STATUS_CELLS = max(map(len, Status))
"""Letters of the longest status."""


def _sign(row: RowData, glyphs: Glyphs, table: TableWidth) -> tuple[str, str]:
    return glyphs.status[row.status], ""


def port_suffix(port: str, *, compact: bool) -> str:
    """A port as it stands behind a title, in short as nmap's -p takes it: ` 5985`, ` U:161`.

    A range is left away in short: "RPC dynamic" says it.
    """
    if compact:
        transport, _, port = port.rpartition(" ")
        port = "" if "-" in port else f"U:{port}" if transport == "UDP" else port
    return f" {port}" if port else ""


def check_parts(title: str, port: str, table: TableWidth) -> tuple[str, str]:
    """A check's title and its port (`TCP 5985`) as the table writes them: `WinRM`, ` 5985`.

    TCP goes without saying. In a narrow table the port is short, and at last the title goes where
    there is a port.
    """
    if table.has("transport"):
        port = port.removeprefix("TCP ")
        port = port.replace("UDP ", "U:", 1) if table.short_udp else port
        return title, port_suffix(port, compact=False)
    suffix = port_suffix(port, compact=True)
    if table.has("title") or not suffix or " " not in port:
        return title, suffix
    return "", suffix.lstrip()


def _check_least(table: TableWidth, content: ContentWidths) -> int:
    if not table.has("title"):
        most, wanted = 7, content.check_port
    elif not table.has("transport"):
        most, wanted = 14 if table.width >= 50 else 11, content.check_short
    else:
        # UDP is two cells longer than U:.
        most, wanted = 18, min(content.check, content.check_short + 2)
    # The heading has an arrow beside it.
    return max(min(wanted, most), len("Check") + 1)


def check_full(table: TableWidth, content: ContentWidths) -> int:
    """Cells of the longest check as this table writes it."""
    if not table.has("title"):
        return content.check_port
    return content.check if table.has("transport") else content.check_short


def _host_least(table: TableWidth, content: ContentWidths) -> int:
    if table.wide:
        least, most = 12, max(20, table.width // 5)
    elif table.width >= 72:
        least, most = 10, 20
    elif table.width >= 50:
        least, most = 8, 15
    else:
        # A name is known by its first letters, an address by its last.
        least, most = 8, max(9, min(content.address, 15))
    return max(min(content.host, max(content.host_short, least), most), len("Host") + 1)


def _latency_least(table: TableWidth, content: ContentWidths) -> int:
    if not table.has("latency"):
        return 0
    if not table.has("unit"):
        return 5
    return 8 if table.wide else 7


def _latency_cell(row: RowData, glyphs: Glyphs, table: TableWidth) -> tuple[str, str]:
    seen = row.observation
    if seen is None or seen.latency_ms is None:
        return "", ""
    if not table.has("unit"):
        return glyphs.clean(_unitless(seen.latency_ms, bound=seen.latency_at_most)), ""
    text = glyphs.clean(row.latency_text)
    if len(text) > _latency_least(table, ContentWidths()):
        # The sign of a bound takes two cells in ASCII.
        text = text.replace(" ", "", 1)
    return text if table.wide else text.replace(" ", ""), ""


def _unitless(ms: float, *, bound: bool) -> str:
    """Latency in at most 5 cells, also in ASCII: milliseconds without a unit, `2.1s`, `≤3s`."""
    text = (bound_text(ms) if bound else latency_text(ms)).replace(" ", "")
    if text.endswith("ms"):
        return text.removesuffix("ms")
    if bound:
        return f"≤{math.ceil(round(ms / 1000, 9))}s"
    return text if len(text) <= 5 else f"{ms / 1000:.0f}s"


def _searched_latency(observation: Observation) -> str:
    """A latency in the forms in which the table shows it."""
    text = latency_of(observation)
    return f"{text}\n{text.replace(' ', '', 1)}\n{text.replace(' ', '')}"


COLUMNS: tuple[Column, ...] = (
    Column(
        "status",
        "Status",
        lambda cells: cells.status.value,
        # The cell behind it is for the mark.
        table=TableColumn(_sign, lambda table, content: 1, heading=lambda table: "", gap=1),
        sort=Sort("s", "Status, what needs attention first"),
        field=Field("blocked", conditions.status, values=tuple(Status)),
        report=ReportColumn("13%", wrap=False),
        run=RunColumn(STATUS_CELLS),
        csv=CsvColumn(1, "status"),
    ),
    Column(
        "host",
        "Host",
        lambda cells: cells.host,
        table=TableColumn(
            lambda cells, glyphs, table: (cells.host, ""),
            _host_least,
            lambda table, content: content.host,
        ),
        sort=Sort("h", target=lambda target: target, key=target_key),
        field=Field("dc*", conditions.host, conditions.network_error),
        report=ReportColumn("15%"),
        run=RunColumn(max_cells=40),
        csv=CsvColumn(2, "host"),
    ),
    Column(
        "check",
        "Check",
        lambda cells: cells.job.check_text,
        table=TableColumn(
            lambda cells, glyphs, table: check_parts(cells.title, cells.port, table),
            _check_least,
            check_full,
        ),
        sort=Sort(
            "c",
            job=lambda job: (job.check.title, job.check.transport, job.port or 0),
            key=_check_key,
        ),
        field=Field("winrm", conditions.check),
        report=ReportColumn("13%"),
        run=RunColumn(),
        csv=CsvColumn(4, "check", lambda cells: cells.job.check.id),
    ),
    Column(
        "address",
        "Address",
        lambda cells: (cells.observation and cells.observation.address) or "",
        field=Field("10.2.*", conditions.address, conditions.network_error),
        report=ReportColumn("12%"),
        csv=CsvColumn(8, "address"),
    ),
    Column(
        "latency",
        "Latency",
        lambda cells: cells.latency_text,
        right=True,
        table=TableColumn(
            _latency_cell,
            _latency_least,
            heading=lambda table: "Latency" if table.has("unit") else "ms",
        ),
        sort=Sort("l", result=lambda result: result.observation.latency_ms),
        field=Field(
            ">100",
            conditions.latency,
            conditions.limit_error,
            searched_text=lambda result: _searched_latency(result.observation),
        ),
        report=ReportColumn("9%", wrap=False),
        run=RunColumn(8),
        csv=CsvColumn(
            16,
            "latency ms",
            lambda cells: "" if cells.latency is None else f"{cells.latency:.3f}",
        ),
    ),
    Column(
        "why",
        "Why",
        lambda cells: cells.why,
        table=TableColumn(lambda cells, glyphs, table: (cells.why, "")),
        sort=Sort("w", result=lambda result: result.why.casefold()),
        field=Field("dropped", conditions.why, slow=True),
        report=ReportColumn("16%"),
        run=RunColumn(REASON_CELLS),
        csv=CsvColumn(25, "why"),
    ),
    Column(
        "note",
        "Note",
        lambda cells: cells.note,
        sort=Sort("n", result=lambda result: result.note.casefold()),
        field=Field('"timed out"', conditions.note, slow=True),
        report=ReportColumn(),
        run=RunColumn(max_length=2000),
        csv=CsvColumn(14, "note"),
    ),
    Column(
        "port",
        "Port",
        lambda cells: "" if cells.job.port is None else str(cells.job.port),
        field=Field("5985", conditions.port, conditions.port_error),
        csv=CsvColumn(7, "port"),
    ),
    Column(
        "role",
        "Role",
        lambda cells: cells.job.target.role,
        field=Field("windows.dc", conditions.role),
        csv=CsvColumn(3, "role"),
    ),
    Column(
        "reason",
        "Reason",
        lambda cells: cells.observation.reason if cells.observation else "",
        field=Field("no-response", conditions.observed("reason"), values=tuple(Reason)),
        csv=CsvColumn(12, "reason"),
    ),
    Column(
        "service",
        "Service",
        lambda cells: cells.observation.service if cells.observation else "",
        field=Field("unexpected", conditions.observed("service"), values=tuple(Service)),
        csv=CsvColumn(13, "service"),
    ),
    Column(
        "state",
        "State",
        lambda cells: cells.observation.state if cells.observation else "",
        field=Field("filtered", conditions.observed("state"), values=tuple(State)),
        csv=CsvColumn(11, "state"),
    ),
)
"""Every column, in the order of the table, the reports and what a typed field may become."""

COLUMN: Mapping[str, Column] = {column.id: column for column in COLUMNS}
