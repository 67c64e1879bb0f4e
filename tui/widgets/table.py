"""The table of results on Textual's line API: only visible lines are rendered and refreshed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from probes.model import Job, Result
from tui.models.chunked_work import ChunkedWork
from tui.models.columns import COLUMN
from tui.models.filter import Filter
from tui.models.marks import Marks
from tui.models.rows import Rows
from tui.text.status import ASCII, UNICODE, component_classes, component_styles
from tui.widgets.table_rendering import LineRenderer


class ResultTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a fixed header and a cursor that stays on its key while rows come and change.

    `hint` is shown, centred, while no row is visible. `ascii` limits everything to ASCII.
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

    def __init__(
        self,
        rows: Rows | None = None,
        *,
        hint: str = "",
        ascii: bool = False,
    ) -> None:
        super().__init__()
        self.rows = Rows() if rows is None else rows
        self._hint = hint
        self._work = ChunkedWork(self.set_timer)
        self.marks = Marks()
        """Keys of marked rows, hidden ones included."""
        self._cursor = 0
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
        """The line of the view under the cursor; 0 while there is none."""
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
        """Append a queued row per job."""
        jobs = tuple(jobs)
        self.rows.add(jobs)
        self._renderer.measure(jobs)
        self._restore_cursor()

    def clear(self) -> None:
        """Forget every row."""
        self._work.cancel()
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
        changed = self.rows.apply(events)
        new = (self.rows.job(row) for row in range(known, len(self.rows)))
        if self._renderer.measure(new) or len(self.rows.view) != visible:
            self._restore_cursor()
        else:
            self._refresh_rows(changed)

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

    def resort(self) -> None:
        """Apply filter and order to what has arrived since, if that changes anything."""
        self.finish_pending()
        if self.rows.stale:
            self.rows.resort()
            self._restore_cursor()

    def select(self, key: str) -> bool:
        """Move the cursor to a key; false if that is not visible."""
        line = self.rows.line(key)
        if line is None:
            return False
        self._move_to(line)
        return True

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self._move_to(self._cursor + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is visible at once."""
        self._move_to(self._cursor + pages * self._page)

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
        if at.y == 0:
            column = self._renderer.layout.column_at(at.x)
            if column is not None and COLUMN[column].sort is not None:
                self.sort(column, reverse=self.rows.order == (column, False))
            return
        line = at.y - 1 + self.scroll_offset.y
        if line < len(self.rows.view):
            self._move_to(line)
            self.action_select()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.size.width, len(self.rows.view) + 1)
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
        view = self.rows.view
        if y == 0 and len(self.rows):
            return self._renderer.header(self.rows.order)
        if not view:
            return self._renderer.hint(self._hint, y)
        line = y - 1 + self.scroll_offset.y
        if line < len(view):
            row = view[line]
            marked = len(self.marks) > 0 and self.rows.job(row).key in self.marks
            return self._renderer.row(self.rows, row, line == self._cursor, marked)
        return self._renderer.blank()

    def _restore_cursor(self) -> None:
        """Put the cursor back on its key and screen line after a change of the view."""
        if not self.is_mounted:
            return
        above = self._cursor - self.scroll_offset.y
        in_sight = 0 <= above < self._page
        line = None if self._key is None else self.rows.line(self._key)
        last = len(self.rows.view) - 1
        self._cursor = max(0, min(self._cursor, last)) if line is None else line
        self.virtual_size = Size(self.size.width, last + 2)
        if in_sight:
            self.scroll_to(y=self._cursor - above, animate=False, force=True)
            self._keep_in_sight()
        self.refresh()
        self._post_highlighted()

    def _move_to(self, line: int) -> None:
        line = max(0, min(line, len(self.rows.view) - 1))
        if line != self._cursor:
            self._refresh_lines({self._cursor, line})
            self._cursor = line
        self._keep_in_sight()
        self._post_highlighted()

    def _post_highlighted(self) -> None:
        key = self.rows.key(self._cursor) if self.rows.view else None
        if key != self._key:
            self._key = key
            self.post_message(self.RowHighlighted(self, key))

    @property
    def _page(self) -> int:
        """Number of rows that fit under the header."""
        return max(1, self.size.height - 1)

    def _keep_in_sight(self) -> None:
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + self._page:
            self.scroll_to(y=self._cursor - self._page + 1, animate=False, force=True)

    def _refresh_rows(self, changed: Collection[int]) -> None:
        """Refresh the visible lines among changed rows."""
        view, top = self.rows.view, self.scroll_offset.y
        lines = range(top, min(top + self._page, len(view)))
        self._refresh_lines({line for line in lines if view[line] in changed})

    def _refresh_lines(self, lines: Collection[int]) -> None:
        top = self.scroll_offset.y
        regions = [
            Region(0, line - top + 1, self.size.width, 1)
            for line in sorted(lines)
            if 0 <= line - top < self._page
        ]
        if regions:
            self.refresh(*regions)
