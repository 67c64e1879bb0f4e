"""Screen diff: the shortest output that turns what a terminal shows into the next frame.

Textual sends every line it touches whole. Over SSH that is many times what changed, so cells are
compared here. Textual's compositor updates are no public interface: pyproject.toml bounds the
version, and `tests/tui/terminal/test_output.py` replays them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

Cell = tuple[str, str]
"""The characters in one cell and their SGR parameters; the right half of a wide one is empty."""

_BLANK: Cell = (" ", "")
_WIDE: Cell = ("", "")
_MAX_GAP = 6
"""Unchanged cells that cost no more bytes to write again than to move the cursor over."""
_VISIBLE_ON_SPACE = frozenset({"4", "7", "9", "21", "53"})
"""SGR attributes visible on a space: underline, reverse, strike, double underline, overline."""


class ScreenDiff:
    """Grids of cells: the frame that is wanted, and the one that the terminal shows."""

    def __init__(self, color_system: str | None) -> None:
        """`color_system` as Rich names it; None where there are no colours."""
        self._colours = COLOR_SYSTEMS[color_system or "truecolor"]
        self._wanted: list[list[Cell]] = []
        self._shown: list[list[Cell]] = []
        self._touched: set[int] = set()
        self._width = 0
        self._sgr_of: dict[Style, tuple[str, str]] = {}
        self._invisible_on_space: set[str] = {""}
        """SGR parameters that are invisible on a space."""
        self._in_sync = False
        self.sent = False
        """True after the first difference was taken."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(self.difference())

    def invalidate(self) -> None:
        """Make the next difference a full redraw: the terminal may show anything now."""
        self._in_sync = False

    def apply(self, update: LayoutUpdate | ChopsUpdate, width: int, height: int) -> None:
        """Write an update of Textual's compositor into the wanted frame of this size."""
        if (width, height) != (self._width, len(self._wanted)):
            self._width = width
            self._wanted = [[_BLANK] * width for _ in range(height)]
            self._in_sync = False
        if isinstance(update, LayoutUpdate):
            for y, strips in enumerate(update.strips, update.region.y):
                self._write_strips(y, update.region.x, strips, width)
            return
        for y, first, last in update.spans:
            ends = update.chop_ends[y]
            for end, (x, strip) in zip(ends, update.chops[y].items(), strict=False):
                if strip is not None and x <= last and end > first:
                    self._write_strips(y, x, (strip,), min(end, width))

    def difference(self) -> str:
        """Return the output that makes the terminal show the wanted frame; empty if it does."""
        out: list[str] = []
        self.sent = True
        if not self._in_sync:
            self._in_sync = True
            out.append("\x1b[m\x1b[H\x1b[2J")
            self._shown = [[_BLANK] * self._width for _ in self._wanted]
            self._touched = set(range(len(self._wanted)))
        code = ""
        for y in sorted(self._touched):
            if y < len(self._wanted):
                code = self._line_difference(y, out, code)
        self._touched.clear()
        if code:
            out.append("\x1b[m")
        return "".join(out)

    def _write_strips(self, y: int, x: int, strips: Iterable[Strip], limit: int) -> None:
        """Write strips into a line of the wanted frame, up to the column `limit`."""
        if not 0 <= y < len(self._wanted):
            return
        line = self._wanted[y]
        for strip in strips:
            for segment in strip:
                if segment.control:
                    continue
                code, on_space = self._sgr(segment.style)
                space = (" ", on_space)
                text = segment.text
                if text.isascii() and text.isprintable() and x + len(text) <= limit:
                    line[x : x + len(text)] = [
                        space if char == " " else (char, code) for char in text
                    ]
                    x += len(text)
                    continue
                for char in text:
                    cells = 1 if char < "\x7f" else cell_len(char)
                    if not cells:
                        if 0 < x <= limit:
                            line[x - 1] = (line[x - 1][0] + char, line[x - 1][1])
                        continue
                    if x + cells <= limit:
                        line[x] = space if char == " " else (char, code)
                        if cells == 2:
                            line[x + 1] = _WIDE
                    x += cells
        self._touched.add(y)

    def _line_difference(self, y: int, out: list[str], code: str) -> str:
        """Append the difference of a line; `code` is the style in force, and the one returned."""
        wanted, shown = self._wanted[y], self._shown[y]
        if wanted == shown:
            return code
        blank_from = self._width
        while blank_from and wanted[blank_from - 1] == _BLANK:
            blank_from -= 1
        at = -1
        for x in range(self._width):
            if wanted[x] == shown[x] or x < at:
                continue
            if x >= blank_from and self._width - x > 3:
                out.append(_cursor_move(y, x, at))
                out.append("\x1b[m\x1b[K" if code else "\x1b[K")
                code = ""
                break
            # Half of a wide character cannot be written.
            start = x - 1 if x and wanted[x] == _WIDE else x
            if at < 0 or start - at > _MAX_GAP:
                out.append(_cursor_move(y, start, at))
            else:
                start = at
            for char, sgr in wanted[start : x + 1]:
                invisible = char == " " and not sgr and code in self._invisible_on_space
                if char and sgr != code and not invisible:
                    out.append(f"\x1b[0;{sgr}m" if sgr else "\x1b[m")
                    code = sgr
                out.append(char)
            at = x + 1
            if at < self._width and wanted[at] == _WIDE:
                at += 1
        self._shown[y] = list(wanted)
        return code

    def _sgr(self, style: Style | None) -> tuple[str, str]:
        """Return the SGR parameters of a style, and those of them that are visible on a space."""
        if style is None:
            return "", ""
        known = self._sgr_of.get(style)
        if known is None:
            if len(self._sgr_of) > 4096:
                self._sgr_of.clear()
            known = self._sgr_of[style] = _parameters(style, self._colours)
            if not known[1]:
                self._invisible_on_space.add(known[0])
        return known


def _parameters(style: Style, colours: ColorSystem) -> tuple[str, str]:
    # The default colours need no words, since every change of style begins with a reset.
    ansi = Strip.render_ansi(style, colours)
    parts = [part for part in ansi.split(";") if part not in ("", "39", "49")]
    code = ";".join(parts)
    background = style.bgcolor is not None and not style.bgcolor.is_default
    seen = background or not _VISIBLE_ON_SPACE.isdisjoint(_attributes(parts))
    return code, code if seen else ""


def _attributes(parts: list[str]) -> list[str]:
    """Return the SGR parameters that are no part of an extended colour."""
    found: list[str] = []
    skip = 0
    for place, part in enumerate(parts):
        if skip:
            skip -= 1
        elif part in ("38", "48"):
            skip = 2 if parts[place + 1 : place + 2] == ["5"] else 4
        else:
            found.append(part)
    return found


def _cursor_move(y: int, x: int, at: int) -> str:
    """Return the move of the cursor to a cell, from column `at` of its line if not negative."""
    if at == x:
        return ""
    if 0 <= at < x:
        return f"\x1b[{x - at}C"
    return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
