"""Base of the application: diffed output with back-pressure, serialised input, suspension."""

from __future__ import annotations

import base64
import math
import os
import signal
import time
from functools import partial
from typing import ClassVar

from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.css.query import NoMatches
from textual.events import Event, Key, Paste, Resize
from textual.geometry import Size
from textual.messages import TerminalSupportsSynchronizedOutput
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from tui.terminal import gc_control
from tui.terminal.capabilities import tmux_passthrough
from tui.terminal.driver import OutputQueue, TerminalDriver, terminal_output
from tui.terminal.input import InputDispatcher
from tui.terminal.key_decoder import split_alt
from tui.terminal.output import ScreenDiff
from tui.terminal.reader import TerminalRead
from tui.themes import THEMES


class _FullCellScrollBar(ScrollBarRender):
    """Scroll bar without half cells, for which not every font has a glyph."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


ScrollBar.renderer = _FullCellScrollBar

_WIDTHS = [(0, "-narrow"), (60, "-usual"), (100, "-roomy"), (180, "-beside")]
_HEIGHTS = [(0, "-short"), (16, "-tall")]
"""The class of a screen from so many cells on."""
_LEAST = Size(20, 6)
"""Cells that are always laid out: of a smaller terminal the rest is beyond its edge.

Textual cannot wrap a text into no cells at all, and ends the application in the attempt.
"""
_RETRY = 0.05
"""Seconds until a skipped frame is tried again."""
_HANDOVER = 0.001
"""Seconds for the output thread to take the first frame."""
_MAX_PENDING = 1
"""Writes that may wait in the output queue; with more a frame is skipped."""


class TerminalApp(App[int]):
    """Textual application that sends changed cells only, and skips frames for a busy terminal.

    So a stalled connection never blocks the event loop. It draws in the terminal's own colours.
    """

    def __init__(self, theme: str = "") -> None:
        self.output = OutputQueue(terminal_output())
        super().__init__(driver_class=TerminalDriver, ansi_color=True)
        for name in self.available_themes:
            self.unregister_theme(name)
        for one in THEMES:
            self.register_theme(one)
        self.theme = theme if theme in self.available_themes else THEMES[0].name
        self._parsed_variables = self.get_css_variables()
        self.stylesheet.set_variables(self._parsed_variables)
        self.HORIZONTAL_BREAKPOINTS = _WIDTHS
        self.VERTICAL_BREAKPOINTS = _HEIGHTS
        self.animation_level = "none"
        self._diff = ScreenDiff(self.console.color_system)
        self._retry_scheduled = False
        self._terminal: Size | None = None
        """Cells of the terminal, of which there may be fewer than are laid out; None at first."""
        self._leaving = False
        """True once somebody has left it."""
        self.fault: Exception | None = None
        """First error that nobody handled, which ended the application."""
        self.dispatcher = InputDispatcher(self, super().on_event, self)
        self.last_key_at = -math.inf
        """Time of the last key, in seconds of `time.monotonic`."""

    def get_css_variables(self) -> dict[str, str]:
        """Return the colours of the theme by the names that style sheets use."""
        # Before there is a style sheet, Textual asks for those of a theme that is none of ours.
        return super().get_css_variables() if hasattr(self, "stylesheet") else {}

    @property
    def size(self) -> Size:
        """Cells that are laid out: those of the terminal, but not fewer than a layout needs."""
        return _usable(super().size)

    def breakpoints(self) -> dict[str, bool]:
        """Return for each class of a size if a screen has it at the present one."""
        classes: dict[str, bool] = {}
        for cells, names in zip(self.size, (_WIDTHS, _HEIGHTS), strict=True):
            fitting = max(least for least, _ in names if least <= cells)
            classes |= {name: least == fitting for least, name in names}
        return classes

    @property
    def frame_is_out(self) -> bool:
        """True if the terminal has taken all that was drawn."""
        return not self._retry_scheduled and not self.output.busy

    def redraw(self) -> None:
        """Draw everything again, after something else wrote on this terminal."""
        self._diff.invalidate()
        self.refresh(layout=True)

    def suspend_to_shell(self) -> None:
        """Leave the terminal and stop the process group, scripts included, until SIGCONT."""
        if not self.output.running:
            return
        with self.suspend():
            # Not Textual's handler: it would stop this process a moment after the script, when the
            # shell has the terminal.
            earlier = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.kill(0, signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, earlier)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, inside tmux also to the terminal around it."""
        super().copy_to_clipboard(text)
        if os.environ.get("TMUX"):
            coded = base64.b64encode(text.encode()).decode()
            self.output.write(tmux_passthrough(f"\x1b]52;c;{coded}\a"))

    async def on_event(self, event: Event) -> None:
        """Dispatch keys and pastes one after another; note the time of keys, and the size."""
        if isinstance(event, Resize):
            self._terminal = event.size
            event = Resize.from_dimensions(_usable(event.size), event.pixel_size)
        if isinstance(event, Key | TerminalRead):
            self.last_key_at = time.monotonic()
        if isinstance(event, TerminalRead):
            await self.dispatcher.take(event)
        elif isinstance(event, Key | Paste) and not event.is_forwarded:
            for one in split_alt(event) if isinstance(event, Key) else (event,):
                await self.dispatcher.dispatch(one)
        else:
            await super().on_event(event)

    def take_paste(self, text: str, *, continues: bool) -> None:
        """Take a paste that no line has asked for; here it is nothing."""

    def opens_line(self, text: str) -> bool:
        """True if the first character of a burst is surely the key of a line for the others."""
        return False

    def on_mount(self) -> None:
        """Enable garbage collection after the first frame; redraw after each suspension."""
        self.call_after_refresh(gc_control.enable)
        self.app_resume_signal.subscribe(self, lambda _: self.redraw())

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the style sheet again; parse it again only if the theme has changed."""
        variables = self.get_css_variables()
        if variables != self._parsed_variables:
            self._parsed_variables = variables
            super().refresh_css(animate)
        else:
            self.stylesheet.update(self, animate=animate)

    def on_terminal_supports_synchronized_output(
        self, message: TerminalSupportsSynchronizedOutput
    ) -> None:
        """Ignore it: a frame is one short write, and its marks would be 16 bytes more each time."""
        message.prevent_default()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self.output.running and isinstance(renderable, (LayoutUpdate, ChopsUpdate)):
            self._diff.apply(renderable, *(self._terminal or self.size))
            self._send(screen)
        else:
            super()._display(screen, renderable)

    def exit(
        self,
        result: int | None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """Leave the application; see App.exit."""
        self._leaving = True
        super().exit(result, return_code, message)

    def end_with_fault(self, error: Exception) -> None:
        """Leave the terminal because of an error in a thread of the terminal."""
        self.call_later(self._handle_exception, error)

    def _handle_exception(self, error: Exception) -> None:
        """Keep the first error for whoever started the application, and leave the terminal."""
        if self._leaving and isinstance(error, NoMatches):
            # A part that was still being made looks for what has been taken down already.
            return
        self.fault = self.fault or error
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        """Print none of Textual's tracebacks: they show local variables, which may be secrets."""
        self._exit_renderables.clear()

    def _send(self, screen: Screen[object]) -> None:
        """Send the difference, or try again later if the terminal has not taken the last one."""
        # What waits before the first frame is the start of the screen, which is never long.
        first = not self._diff.sent
        if not first and self.output.pending > _MAX_PENDING:
            if not self._retry_scheduled:
                self._retry_scheduled = True
                self.set_timer(_RETRY, partial(self._retry, screen))
            return
        super()._display(screen, self._diff)
        if first and self._diff.sent:
            # The output thread would get the interpreter only 5 ms later, from what follows.
            time.sleep(_HANDOVER)

    def _retry(self, screen: Screen[object]) -> None:
        self._retry_scheduled = False
        self._send(screen)


def _usable(size: Size) -> Size:
    """The size, or as much more as a layout needs."""
    return Size(max(size.width, _LEAST.width), max(size.height, _LEAST.height))
