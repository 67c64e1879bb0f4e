"""One row, the header or the hint as a strip of exactly the width; nothing is parsed as markup."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from probes.model import Status
from tui.models.rows import Cells, Column
from tui.text.result_line import latency_text
from tui.text.status import Signs
from tui.widgets.table_layout import Layout

HEADINGS: Mapping[Column, str] = {
    "status": "Status",
    "host": "Host",
    "check": "Check",
    "latency": "Latency",
    "note": "Note",
}

SHORT: Mapping[Status, str] = {
    Status.UNVERIFIABLE: "unverif.",
    Status.NOT_NEEDED: "unneeded",
    Status.CANCELLED: "stopped",
}
"""Status words of at most eight letters, for narrow tables."""

SHORTEST = 6
"""Cells below which a title says nothing, and its port gives way."""

QUIET = frozenset({Status.NOT_NEEDED, Status.QUEUED, Status.CANCELLED})
"""Rows that ask for no attention."""


def fit(text: str, width: int, signs: Signs, *, right: bool = False) -> str:
    """Clean text in exactly `width` cells, cut with an ellipsis or filled with spaces."""
    text = signs.clean(text)
    cells = cell_len(text)
    if cells > width:
        mark = signs.ellipsis if width > 2 * len(signs.ellipsis) else ""
        return set_cell_size(set_cell_size(text, width - len(mark)).rstrip() + mark, width)
    fill = " " * (width - cells)
    return fill + text if right else text + fill


def check_text(title: str, port: str, *, compact: bool) -> str:
    """A check with its port, in short as nmap's -p takes it: `WinRM 5985`, `SNMP U:161`.

    A range is left away in short: "RPC dynamic" says it.
    """
    if compact:
        transport, _, port = port.rpartition(" ")
        port = "" if "-" in port else f"U:{port}" if transport == "UDP" else port
    return f"{title} {port}".rstrip()


def row_strip(
    cells: Cells,
    layout: Layout,
    width: int,
    signs: Signs,
    styles: tuple[Style, Style],
    marked: bool,
) -> Strip:
    """One row; the first style is that of the sign and word, the second of all after them.

    The sign of a marked row stands in the gap before the host.
    """
    word = SHORT.get(cells.status, cells.status.value) if layout.compact else cells.status.value
    latency = latency_text(cells.latency)
    texts: dict[Column, str] = {
        "status": f"{signs.status[cells.status]} {word}",
        "host": cells.host,
        "check": _check(cells, layout, signs),
        "latency": latency.replace(" ", "") if layout.compact else latency,
        "note": cells.note,
    }
    line = _line(texts, layout, width, signs)
    if marked and len(layout.spans) > 1:
        at = layout.spans[1].start
        line = f"{line[: at - 1]}{signs.mark}{line[at:]}"
    first = layout.spans[0].width if layout.spans else 0
    # The columns are padded by cells, and the status holds single-cell characters only.
    return Strip([Segment(line[:first], styles[0]), Segment(line[first:], styles[1])], width)


def header_strip(
    layout: Layout, width: int, order: tuple[Column, bool] | None, signs: Signs, style: Style
) -> Strip:
    """The headings, with an arrow at the column that sorts."""
    texts = dict(HEADINGS)
    if order is not None:
        column, reverse = order
        arrow = signs.down if reverse else signs.up
        span = next((span for span in layout.spans if span.column == column), None)
        # A narrow column cuts its name, not the arrow.
        most = len(texts[column]) if span is None else span.width - cell_len(arrow)
        texts[column] = texts[column][:most] + arrow
    return Strip([Segment(_line(texts, layout, width, signs), style)], width)


def hint_strips(hint: str, size: Size, signs: Signs, style: Style) -> list[Strip]:
    """A text wrapped and centred in `size`."""
    lines = [
        signs.clean(line)
        for paragraph in hint.splitlines()
        for line in textwrap.wrap(paragraph, max(1, size.width - 4)) or [""]
    ]
    blank = Strip([Segment(" " * size.width, style)], size.width)
    strips = [blank] * max(0, (size.height - len(lines)) // 2)
    for line in lines:
        text = fit(" " * ((size.width - cell_len(line)) // 2) + line, size.width, signs)
        strips.append(Strip([Segment(text, style)], size.width))
    return [*strips, *[blank] * (size.height - len(strips))][: size.height]


def _check(cells: Cells, layout: Layout, signs: Signs) -> str:
    """The check with its port; where both do not fit the title is cut, not the port."""
    title = signs.clean(cells.title)
    if not layout.ports:
        return title
    text = check_text(title, cells.port, compact=layout.compact)
    width = next((span.width for span in layout.spans if span.column == "check"), 0)
    port = text[len(title) :]
    room = width - cell_len(port)
    if cell_len(text) <= width or room < SHORTEST:
        return text
    return fit(title, room, signs).rstrip() + port


def _line(texts: Mapping[Column, str], layout: Layout, width: int, signs: Signs) -> str:
    line = ""
    at = 0
    for span in layout.spans:
        line += " " * (span.start - at)
        line += fit(texts[span.column], span.width, signs, right=span.column == "latency")
        at = span.start + span.width
    return line + " " * (width - at)
