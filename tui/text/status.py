"""Statuses and rulings as a person sees them, and text made harmless for a screen.

What a status means is said beside it, in probes.model; what it looks like is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from probes.model import Ruling, Status
from probes.wire.text import INVISIBLE

# The rows of tables are named tuples: made at every start, in a tenth of a dataclass's time.

Colour = Literal["success", "warning", "error", "accent", "muted"]
"""A colour of the theme."""


class Ranks(NamedTuple):
    """Places of a status in five orders, counted in tens so that one fits in between."""

    table: int
    """Sorting by status: what needs attention, what is not known yet, what is well."""
    tree: int
    """Of the rows below a node the first in this order stands for all of them."""
    header: int
    """Counts at the top; the last ones go where it is narrow."""
    report: int
    summary: int
    """Counts at the end of `run`."""


class StatusInfo(NamedTuple):
    """Appearance of a status."""

    status: Status
    sign: str
    ascii: str
    """The sign where there is nothing but ASCII."""
    colour: Colour
    ansi: str
    """Parameters of SGR for `run`; empty for none."""
    css_colour: str
    """A colour of CSS for the HTML report."""
    ranks: Ranks
    junit: Literal["passed", "skipped", "error", "failure"]
    page: str
    """Name of its page in docs/status."""
    about: str
    """A few words for the help; empty for those that every reader knows."""
    shortened: str = ""
    """A word of at most eight letters for narrow tables, where its own is longer."""
    bold: bool = False
    """True if it is bold in the table."""
    muted: bool = False
    """True if its row in the table is muted, as it asks for no attention."""

    @property
    def short(self) -> str:
        """A word of at most eight letters."""
        return self.shortened or self.status.value


STATUS: Mapping[Status, StatusInfo] = {
    info.status: info
    for info in (
        StatusInfo(
            Status.OK,
            sign="✓",
            ascii="+",
            colour="success",
            ansi="32",
            css_colour="#2e7d32",
            ranks=Ranks(table=100, tree=90, header=50, report=70, summary=10),
            junit="passed",
            page="ok",
            about="the path is open and the right service answered",
        ),
        StatusInfo(
            Status.DEGRADED,
            sign="◐",
            ascii="~",
            colour="warning",
            ansi="33",
            css_colour="#b26a00",
            ranks=Ranks(table=40, tree=60, header=30, report=40, summary=30),
            junit="passed",
            page="degraded",
            about="works without it, at the cost the note states",
        ),
        StatusInfo(
            Status.WARNING,
            sign="!",
            ascii="!",
            colour="warning",
            ansi="33",
            css_colour="#b26a00",
            ranks=Ranks(table=30, tree=50, header=40, report=50, summary=40),
            junit="passed",
            page="warning",
            about="works now, but may cause trouble",
        ),
        StatusInfo(
            Status.BLOCKED,
            sign="✗",
            ascii="x",
            colour="error",
            bold=True,
            ansi="31",
            css_colour="#c62828",
            ranks=Ranks(table=10, tree=10, header=10, report=10, summary=20),
            junit="failure",
            page="blocked",
            about="required and not available",
        ),
        StatusInfo(
            Status.UNVERIFIABLE,
            sign="?",
            ascii="?",
            shortened="unverif.",
            colour="muted",
            ansi="36",
            css_colour="#00798c",
            ranks=Ranks(table=50, tree=80, header=60, report=60, summary=60),
            junit="skipped",
            page="unverifiable",
            about="cannot be tested from outside",
        ),
        StatusInfo(
            Status.NOT_NEEDED,
            sign="–",
            ascii="-",
            shortened="unneeded",
            colour="muted",
            muted=True,
            ansi="2",
            css_colour="GrayText",
            ranks=Ranks(table=90, tree=100, header=70, report=80, summary=70),
            junit="skipped",
            page="not-needed",
            about="not required here",
        ),
        StatusInfo(
            Status.ERROR,
            sign="∅",
            ascii="E",
            colour="error",
            ansi="35",
            css_colour="#8e24aa",
            ranks=Ranks(table=20, tree=20, header=20, report=20, summary=50),
            junit="error",
            page="error",
            about="not tested: never a pass, never blocked",
        ),
        StatusInfo(
            Status.NO_HOST,
            sign="○",
            ascii="o",
            colour="muted",
            muted=True,
            ansi="2",
            css_colour="GrayText",
            ranks=Ranks(table=95, tree=105, header=75, report=85, summary=75),
            junit="skipped",
            page="no-host",
            about="nobody uses this address of a network or range",
        ),
        StatusInfo(
            Status.QUEUED,
            sign="·",
            ascii=".",
            colour="muted",
            muted=True,
            ansi="",
            css_colour="GrayText",
            ranks=Ranks(table=70, tree=40, header=90, report=90, summary=90),
            junit="skipped",
            page="unfinished",
            about="",
        ),
        StatusInfo(
            Status.RUNNING,
            sign="›",
            ascii=">",
            colour="accent",
            ansi="",
            css_colour="GrayText",
            ranks=Ranks(table=60, tree=30, header=100, report=100, summary=100),
            junit="skipped",
            page="unfinished",
            about="",
        ),
        StatusInfo(
            Status.CANCELLED,
            sign="/",
            ascii="/",
            shortened="stopped",
            colour="muted",
            muted=True,
            ansi="2",
            css_colour="#8e24aa",
            ranks=Ranks(table=80, tree=70, header=80, report=30, summary=80),
            junit="skipped",
            page="unfinished",
            about="",
        ),
    )
}
"""Every status; a new one is a row here."""
assert STATUS.keys() == set(Status), f"STATUS has no row for {set(Status) - STATUS.keys()}"


def in_order(rank: Callable[[Ranks], int]) -> tuple[Status, ...]:
    """Every status in one of the orders: `in_order(lambda ranks: ranks.table)`."""
    return tuple(sorted(STATUS, key=lambda status: rank(STATUS[status].ranks)))


def component_classes(prefix: str, of: Collection[Status] = tuple(STATUS)) -> set[str]:
    """Names of a widget's component classes for the colours of statuses: `resulttable--error`."""
    return {f"{prefix}--{STATUS[status].colour}" for status in of}


def component_styles(prefix: str, *, muted: bool = False) -> str:
    """Their rules; what is neither good nor bad has the widget's colour unless it is `muted`."""
    return "\n".join(
        f".{prefix}--{colour} {{ color: $text-{colour}; }}"
        for colour in dict.fromkeys(info.colour for info in STATUS.values())
        if muted or colour != "muted"
    )


class RulingInfo(NamedTuple):
    """Appearance of a ruling, or of none yet: it has the sign and colour of a status."""

    ruling: Ruling | None
    status: Status
    ready: bool = False
    """True if nothing has to change."""
    shortened: str = ""
    """For a narrow screen; the sentence says after what."""

    @property
    def word(self) -> str:
        """The ruling in full."""
        return "not yet" if self.ruling is None else self.ruling.value

    @property
    def short(self) -> str:
        """The ruling on a narrow screen."""
        return self.shortened or self.word


RULING: Mapping[Ruling | None, RulingInfo] = {
    info.ruling: info
    for info in (
        RulingInfo(Ruling.BLOCKED, Status.BLOCKED),
        RulingInfo(Ruling.UNKNOWN, Status.ERROR),
        RulingInfo(Ruling.DEGRADED, Status.DEGRADED),
        RulingInfo(Ruling.READY_AFTER, Status.WARNING, ready=True, shortened="ready after"),
        RulingInfo(Ruling.READY, Status.OK, ready=True),
        RulingInfo(None, Status.QUEUED),
    )
}
"""Every ruling, the worst first, and then that there is none."""
assert [*RULING] == [*Ruling, None], "RULING has a row for each ruling, in the order of Ruling"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters one screen uses; every one is a single cell, `ellipsis` may be more."""

    status: dict[Status, str]
    ellipsis: str
    up: str
    down: str
    mark: str
    """Stands behind the sign of a marked row."""
    rule: str
    """Fills the line of a heading."""
    unknown: str
    """Stands for a character that must not or cannot be shown."""
    ascii: bool

    def clean(self, text: str, most: int = 1024) -> str:
        """Text on one line without controls, escapes or invisible characters; cut at `most`."""
        text = text[:most]
        if self.ascii and not text.isascii():
            text = text.translate(_PLAIN)
            text = text.encode("ascii", "replace").decode("ascii")
        if not text.isascii():
            text = INVISIBLE.sub(self.unknown, text)
        if text.isprintable():
            return text
        return "".join(
            mark if mark.isprintable() else " " if mark.isspace() else self.unknown for mark in text
        )


UNICODE = Glyphs(
    status={status: info.sign for status, info in STATUS.items()},
    ellipsis="…",
    up="▲",
    down="▼",
    mark="●",
    rule="─",
    unknown="�",
    ascii=False,
)

ASCII = Glyphs(
    status={status: info.ascii for status, info in STATUS.items()},
    ellipsis="...",
    up="^",
    down="v",
    mark="*",
    rule="-",
    unknown="?",
    ascii=True,
)

_PLAIN = str.maketrans(
    {
        "…": "...",
        "–": "-",
        "—": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "→": "->",
        "·": ".",
        "≤": "<=",
    }
)
