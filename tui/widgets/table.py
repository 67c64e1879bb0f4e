"""The table of results on Textual's line API: only visible lines are rendered and refreshed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from probes.model import Job, Result, Target, Verdict
from tui.models.chunked_work import ChunkedWork
from tui.models.columns import COLUMN
from tui.models.filter import Filter
from tui.models.marks import Marks
from tui.models.rows import SEVERITY, Rows
from tui.models.sections import Section, Sections
from tui.models.verdicts import Verdicts
from tui.text.status import ASCII, RULING, UNICODE, component_classes, component_styles
from tui.widgets.table_rendering import LineRenderer

SETTLE_SECONDS = 1.0
"""Least seconds between two times at which results move rows."""
SETTLE_SHARE = 20
"""As many times as long as that took is waited at least, for tables of very many rows."""
QUIET_SECONDS = 2.0
"""Seconds without a key before results move rows: nothing moves under busy fingers."""
MAX_UNSETTLED_SECONDS = 6.0
"""Seconds after which they move all the same, or a heading would be wrong for too long."""
_NARROW = 46
"""Cells below which every line is a row of its own: no headings of columns or statuses."""
_MAX_COUNTED = 200
"""Rows of a target that its heading counts."""


class ResultTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a fixed header and a cursor that stays on its key while rows come and change.

    Sorted by status or host, rows stand below headings, on which the cursor never is. Results move
    rows once a second, and not while keys are pressed; the cursor then stays on its row and its
    line of the screen. Before it was moved it stays at the top instead.

    `hint` is shown, centred, while no row is visible. `ascii` limits everything to ASCII. `roles`
    are titles by id, `last_key` returns the time.monotonic() of the latest key of the whole screen.
    """

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, tooltip="goes to the row above"),
        Binding("down,j", "move(1)", "Down", show=False, tooltip="goes to the row below"),
        Binding("pageup", "page(-1)", "Page up", show=False, tooltip="goes a page up"),
        Binding("pagedown", "page(1)", "Page down", show=False, tooltip="goes a page down"),
        Binding("home", "edge(-1)", "First row", show=False, tooltip="goes to the first row"),
        Binding("end", "edge(1)", "Last row", show=False, tooltip="goes to the last row"),
        Binding("enter", "select", "Details", show=False, tooltip="goes to the details of the row"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "resulttable--header",
        "resulttable--cursor",
        "resulttable--hint",
        "resulttable--row",
        "resulttable--quiet",
        *component_classes("resulttable"),
    }

    DEFAULT_CSS = f"""
    ResultTable {{
        background: $surface;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }}
    .resulttable--header {{ text-style: bold; background: $panel; }}
    .resulttable--hint, .resulttable--quiet {{ color: $text-muted; }}
    .resulttable--cursor {{
        text-style: bold underline;
        background: $block-cursor-blurred-background;
    }}
    ResultTable:focus .resulttable--cursor {{ text-style: bold reverse; background: $surface; }}
    {component_styles("resulttable", muted=True)}
    """

    class RowHighlighted(Message):
        """The cursor stands on another row; `key` is None when none is visible."""

        def __init__(self, table: ResultTable, key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> ResultTable:
            """The table it happened in."""
            return self.table

    class Sorted(Message):
        """The rows have another order."""

    class RowSelected(Message):
        """A row was chosen with Enter or a click."""

        def __init__(self, table: ResultTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> ResultTable:
            """The table it happened in."""
            return self.table

    class Settled(Message):
        """Rows have moved by what has arrived; the cursor is on the row it was on, or the first."""

        def __init__(self, table: ResultTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> ResultTable:
            """The table it happened in."""
            return self.table

    def __init__(
        self,
        rows: Rows | None = None,
        *,
        hint: str = "",
        ascii: bool = False,
        verdicts: Verdicts | None = None,
        roles: Mapping[str, str] | None = None,
        last_key: Callable[[], float] = lambda: float("-inf"),
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        super().__init__()
        self.rows = Rows() if rows is None else rows
        self._hint = hint
        self._work = ChunkedWork(self.set_timer)
        self.marks = Marks()
        """Keys of marked rows, hidden ones included."""
        self.verdicts = Verdicts() if verdicts is None else verdicts
        self._roles = roles or {}
        self._last_key = last_key
        self._settle_seconds = settle_seconds
        self._settled_at = self._unsettled_since = float("-inf")
        self._settling: Timer | None = None
        self._moved_at = float("-inf")
        self._pinned = False
        """True once the cursor was moved: then it stays on its row, not at the top."""
        self._cursor = 0
        self._line = 0
        """Line of the cursor, headings counted."""
        self._key: str | None = None
        self._renderer = LineRenderer(
            ASCII if ascii else UNICODE,
            lambda part: self.get_component_rich_style(f"resulttable--{part}"),
        )
        self._renderer.measure(self.rows.job(row) for row in range(len(self.rows)))

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor, or None while no row is visible."""
        return self._key

    @property
    def cursor_line(self) -> int:
        """The row of the view under the cursor; 0 while there is none."""
        return self._cursor

    @property
    def hint(self) -> str:
        """Text shown while no row is visible."""
        return self._hint

    @hint.setter
    def hint(self, text: str) -> None:
        if text != self._hint:
            self._hint = text
            if not self.rows.view:
                self.refresh()

    def on_mount(self) -> None:
        """Show the rows that the model had before it was mounted."""
        self._restore_cursor()

    def add(self, jobs: Iterable[Job]) -> None:
        """Add a queued row per job."""
        jobs = tuple(jobs)
        self.rows.add(jobs)
        self._renderer.measure(jobs)
        self._reorder()

    def clear(self) -> None:
        """Forget every row."""
        self._work.cancel()
        self._pinned = False
        self.replace(())

    def replace(self, rows: Iterable[tuple[Job, Result | None]]) -> None:
        """Hold these rows instead; cursor, marks and place on the screen stay where they can."""
        self.finish_pending()
        self.rows.replace(rows)
        self.marks.discard([key for key in self.marks if key not in self.rows])
        self._renderer.forget_rows()
        self._renderer.measure(self.rows.job(row) for row in range(len(self.rows)))
        self._restore_cursor()

    def apply(self, events: Iterable[object]) -> None:
        """Apply events of the engine and refresh the visible lines that changed.

        Call it at most a few times a second, with everything since the last time.
        """
        known, visible = len(self.rows), len(self.rows.view)
        events = tuple(events)
        changed = self.rows.apply(events)
        new = (self.rows.job(row) for row in range(known, len(self.rows)))
        if self._renderer.measure(new) or len(self.rows.view) != visible:
            self._restore_cursor()
        else:
            judged = {event.target for event in events if isinstance(event, Verdict)}
            self._refresh_rows(changed, judged)
        if self.rows.disordered and self._settling is None:
            self._unsettled_since = time.monotonic()
            self.settle()

    def settle(self) -> None:
        """Put rows in order by what has arrived; later if they just were, or a key was pressed."""
        self._settling = None
        if not self.rows.disordered:
            return
        now = time.monotonic()
        pressed = max(self._moved_at, self._last_key())
        wait = max(
            self._settled_at + self._settle_seconds,
            min(pressed + QUIET_SECONDS, self._unsettled_since + MAX_UNSETTLED_SECONDS),
        )
        if now < wait:
            self._settling = self.set_timer(wait - now, self.settle)
            return
        self._reorder()
        took = time.monotonic() - now
        self._settled_at = now + took * SETTLE_SHARE
        self.post_message(self.Settled(self))

    def pin(self) -> None:
        """Keep the cursor on its row: somebody reads it."""
        self._pinned = self._key is not None

    def mark(self, keys: Iterable[str], *, on: bool) -> None:
        """Mark rows or take their marks away."""
        (self.marks.add if on else self.marks.discard)(keys)
        self.refresh()

    def show(self, filter: Filter) -> None:
        """Hide what a filter does not pass; the cursor stays on its row if that is visible."""
        self._work.cancel()
        self.rows.show(filter)
        self._restore_cursor()

    def show_in_chunks(self, filter: Filter, done: Callable[[], None]) -> None:
        """Like `show`, but keys are answered meanwhile, and the old rows stay until it is done.

        What is shown or forgotten before that takes its place; then `done` is never called.
        """

        def placed() -> None:
            self._restore_cursor()
            done()

        self._work.start(self.rows.resort_in_chunks(filter), placed)

    def finish_pending(self) -> None:
        """Finish a pending `show_in_chunks`."""
        self._work.finish()

    def sort(self, column: str | None, reverse: bool = False) -> None:
        """Order by a column, or as added; the cursor stays on its row."""
        self.finish_pending()
        self.rows.sort(column, reverse)
        self._restore_cursor()
        self.post_message(self.Sorted())

    def resort(self) -> None:
        """Apply filter and order to what has arrived since, if that changes anything."""
        self.finish_pending()
        if self.rows.stale:
            self.rows.resort()
            self._restore_cursor()

    def select(self, key: str) -> bool:
        """Move the cursor to a key; false if that is not visible."""
        place = self.rows.line(key)
        if place is None:
            return False
        self._move_to(place)
        return True

    def action_move(self, lines: int) -> None:
        """Move the cursor by rows."""
        self._move_to(self._cursor + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is visible at once."""
        self._move_to(self._sections.nearest_place(self._line + pages * self._page, pages))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or last row."""
        self._move_to(0 if direction < 0 else len(self.rows.view) - 1)

    def action_select(self) -> None:
        """Choose the row under the cursor."""
        if self._key is not None:
            self.post_message(self.RowSelected(self, self._key))

    def on_click(self, event: events.Click) -> None:
        """Sort by the header that was clicked, or choose the row."""
        at = event.get_content_offset(self)
        if at is None or not len(self.rows):
            return
        event.stop()
        if at.y < self._head:
            column = self._renderer.layout.column_at(at.x)
            if column is not None and COLUMN[column].sort is not None:
                self.sort(column, reverse=self.rows.order == (column, False))
            return
        place = self._sections.place(at.y - self._head + self.scroll_offset.y)
        if place is not None:
            self._move_to(place)
            self.action_select()

    def on_mouse_scroll_down(self) -> None:
        """Somebody looks for something: rows stay for a while."""
        self._moved_at = time.monotonic()

    on_mouse_scroll_up = on_mouse_scroll_down

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._place_cursor(self._cursor)
        self._keep_in_sight()

    def notify_style_update(self) -> None:
        """Forget every colour when the theme, the focus or the style sheet changes."""
        super().notify_style_update()
        self._renderer.forget_styles()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the widget, for the size that it has now: its Resize may still be waiting."""
        # The scroll bar's column stays free, so that nothing moves when it appears.
        bar = self.styles.scrollbar_size_vertical
        self._renderer.resize(Size(max(1, self.size.width - bar), self.size.height))
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of the widget, header included."""
        if y < self._head and len(self.rows):
            return self._renderer.header(self.rows.order)
        if not self.rows.view:
            return self._renderer.hint(self._hint, y)
        sections = self._sections
        line = y - self._head + self.scroll_offset.y
        if line >= sections.lines:
            return self._renderer.blank()
        section, place = sections.at_line(line), sections.place(line)
        if place is None:
            return self._heading(section)
        row = self.rows.view[place]
        # The first line says its host where the heading has gone out of sight.
        named = section.headed and y > self._head and self.rows.grouped_by_host
        return self._renderer.row(
            self.rows,
            row,
            under_cursor=place == self._cursor,
            marked=len(self.marks) > 0 and self.rows.job(row).key in self.marks,
            below_heading=named,
        )

    def _heading(self, section: Section) -> Strip:
        of = self.rows.heading(section)
        if not isinstance(of, Target):
            assert of is not None, "rows that are not grouped have no heading"
            return self._renderer.status_heading(of, section.size)
        verdict = self.verdicts.worst_line(of)
        if verdict is None:
            ruling, text = None, self._progress(section)
        else:
            ruling, text = verdict.ruling, verdict.summary
        role = self._roles.get(of.role, of.role)
        return self._renderer.target_heading(of, role, RULING[ruling].status, text)

    def _progress(self, section: Section) -> str:
        """Statuses of a target's rows, while there is no verdict on it: `2 blocked, 5 queued`."""
        rows = self.rows.view[section.first : section.first + section.size]
        counts = Counter(self.rows.status(row) for row in islice(rows, _MAX_COUNTED))
        return ", ".join(f"{counts[status]} {status}" for status in SEVERITY if counts[status])

    @property
    def _sections(self) -> Sections:
        """Sections as they are shown: a narrow table has no headings of statuses."""
        rows = self.rows
        if rows.grouped_by_host or self.size.width >= _NARROW or not len(rows.sections):
            return rows.sections
        flat = Sections()
        flat.append(0, len(rows.view))
        return flat

    @property
    def _head(self) -> int:
        """Lines of the headings of columns."""
        return 1 if self.size.width >= _NARROW else 0

    def _reorder(self) -> None:
        """Put the visible rows in order, if that has changed; a pending filter goes on."""
        if self.rows.disordered:
            self.rows.reorder()
        self._restore_cursor()

    def _restore_cursor(self) -> None:
        """Put the cursor back on its key and screen line after a change of the view."""
        if not self.is_mounted:
            return
        above = self._line - self.scroll_offset.y
        in_sight = 0 <= above < self._page
        place = None if self._key is None else self.rows.line(self._key)
        at_top = not self._pinned and self.scroll_offset.y == 0
        if at_top:
            place = 0
        self._place_cursor(self._cursor if place is None else place)
        if in_sight and not at_top:
            self.scroll_to(y=self._line - above, animate=False, force=True)
            self._keep_in_sight()
        self.refresh()
        self._post_highlighted()

    def _place_cursor(self, place: int) -> None:
        sections = self._sections
        self._cursor = max(0, min(place, sections.rows - 1))
        self._line = sections.line(self._cursor) if sections.rows else 0
        self.virtual_size = Size(self.size.width, sections.lines + self._head)

    def _move_to(self, place: int) -> None:
        self._pinned = True
        self._moved_at = time.monotonic()
        place = max(0, min(place, len(self.rows.view) - 1))
        if place != self._cursor:
            before = self._line
            self._place_cursor(place)
            self._refresh_lines({before, self._line})
        self._keep_in_sight()
        self._post_highlighted()

    def _post_highlighted(self) -> None:
        key = self.rows.key(self._cursor) if self.rows.view else None
        if key != self._key:
            self._key = key
            self.post_message(self.RowHighlighted(self, key))

    @property
    def _page(self) -> int:
        """Number of lines that fit under the header."""
        return max(1, self.size.height - self._head)

    def _keep_in_sight(self) -> None:
        top = self.scroll_offset.y
        # A heading directly above the row is seen with it.
        first = self._line
        if first and self._page > 1 and self._sections.place(first - 1) is None:
            first -= 1
        if first < top:
            self.scroll_to(y=first, animate=False, force=True)
        elif self._line >= top + self._page:
            self.scroll_to(y=self._line - self._page + 1, animate=False, force=True)

    def _refresh_rows(self, changed: Collection[int], judged: Collection[Target]) -> None:
        """Refresh the lines in sight of changed rows and of the headings of their targets."""
        sections, view, top = self._sections, self.rows.view, self.scroll_offset.y
        lines: set[int] = set()
        for line in range(top, min(top + self._page, sections.lines)):
            place = sections.place(line)
            if place is not None:
                if view[place] in changed:
                    lines.add(line)
            elif self.rows.grouped_by_host:
                section = sections.at_line(line)
                rows = view[section.first : section.first + section.size]
                target = self.rows.job(rows[0]).target
                if target in judged or any(row in changed for row in islice(rows, _MAX_COUNTED)):
                    lines.add(line)
        self._refresh_lines(lines)

    def _refresh_lines(self, lines: Collection[int]) -> None:
        top = self.scroll_offset.y
        regions = [
            Region(0, line - top + self._head, self.size.width, 1)
            for line in sorted(lines)
            if 0 <= line - top < self._page
        ]
        if regions:
            self.refresh(*regions)
