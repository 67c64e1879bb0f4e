"""A Textual application that sends a terminal few bytes, and none it cannot take."""

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
from textual.events import Event, Key, Paste
from textual.messages import TerminalSupportsSynchronizedOutput
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from tui.terminal import gc_control
from tui.terminal.driver import OutputQueue, TerminalDriver, terminal_output
from tui.terminal.input import Turns, without_alt
from tui.terminal.output import Frame
from tui.themes import THEMES


class _WholeCells(ScrollBarRender):
    """A bar without half cells, for whose signs not every font has a glyph."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


ScrollBar.renderer = _WholeCells

_WIDTHS = [(0, "-narrow"), (60, "-usual"), (100, "-roomy"), (140, "-wide"), (180, "-beside")]
_HEIGHTS = [(0, "-short"), (16, "-tall")]
"""From how many cells on a screen has which class."""
_RETRY = 0.05
"""Seconds until a terminal that was busy is asked again."""
_HANDED_OVER = 0.001
"""Seconds in which the first frame is handed over."""
_WAITING = 1
"""Writes that may wait in the output queue before a frame is skipped."""


class LeanApp(App[int]):
    """Draws in the terminal's own colours, sends only cells that changed, and skips frames while
    the terminal is busy, so that a stalled connection never blocks the screen's loop.
    """

    def __init__(self, theme: str = "") -> None:
        self.output = OutputQueue(terminal_output())
        super().__init__(driver_class=TerminalDriver, ansi_color=True)
        for name in self.available_themes:
            self.unregister_theme(name)
        for one in THEMES:
            self.register_theme(one)
        self.theme = theme if theme in self.available_themes else THEMES[0].name
        self._styled_with = self.get_css_variables()
        self.stylesheet.set_variables(self._styled_with)
        self.HORIZONTAL_BREAKPOINTS = _WIDTHS
        self.VERTICAL_BREAKPOINTS = _HEIGHTS
        self.animation_level = "none"
        self._frame = Frame(self.console.color_system)
        self._waiting = False
        self.turns = Turns(self, super().on_event)
        self.pressed = -math.inf
        """When the last key was pressed, in seconds of `time.monotonic`."""

    def get_css_variables(self) -> dict[str, str]:
        """The colours of the theme by the names that style sheets use."""
        # Before there is a style sheet, Textual asks for those of a theme that is none of ours.
        return super().get_css_variables() if hasattr(self, "stylesheet") else {}

    def breakpoints(self) -> dict[str, bool]:
        """The classes that a screen of the present size has, and those it has not."""
        classes: dict[str, bool] = {}
        for cells, names in zip(self.size, (_WIDTHS, _HEIGHTS), strict=True):
            fitting = max(least for least, _ in names if least <= cells)
            classes |= {name: least == fitting for least, name in names}
        return classes

    def redraw(self) -> None:
        """Draw everything again, after something else wrote on this terminal."""
        self._frame.forget()
        self.refresh(layout=True)

    def stop_for_a_while(self) -> None:
        """Leave the terminal and stop, with a script around this one, until SIGCONT."""
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
            from tui.terminal.clipboard import past_tmux

            coded = base64.b64encode(text.encode()).decode()
            self.output.write(past_tmux(f"\x1b]52;c;{coded}\a"))

    async def on_event(self, event: Event) -> None:
        """Note when keys are pressed, and take them one after another."""
        if isinstance(event, Key):
            self.pressed = time.monotonic()
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            for one in without_alt(event) if isinstance(event, Key) else (event,):
                await self.turns.take(one)
        else:
            await super().on_event(event)

    def on_mount(self) -> None:
        """After a suspension the terminal shows something else."""
        self.call_after_refresh(gc_control.begin)
        self.app_resume_signal.subscribe(self, lambda _: self.redraw())

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the style sheet again; it is parsed again only when that gives something else."""
        variables = self.get_css_variables()
        if variables != self._styled_with:
            self._styled_with = variables
            super().refresh_css(animate)
        else:
            self.stylesheet.update(self, animate=animate)

    def on_terminal_supports_synchronized_output(
        self, message: TerminalSupportsSynchronizedOutput
    ) -> None:
        """Do without it: a frame is one write of few bytes, and this would be 16 more for each."""
        message.prevent_default()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self.output.running and isinstance(renderable, (LayoutUpdate, ChopsUpdate)):
            self._frame.apply(renderable, *self.size)
            self._send(screen)
        else:
            super()._display(screen, renderable)

    def _send(self, screen: Screen[object]) -> None:
        """Send the difference now, or a little later if the terminal has not taken the last."""
        # What waits before the first frame is the start of the screen, which is never long.
        first = not self._frame.sent
        if not first and self.output.pending > _WAITING:
            if not self._waiting:
                self._waiting = True
                self.set_timer(_RETRY, partial(self._send_late, screen))
            return
        super()._display(screen, self._frame)
        if first and self._frame.sent:
            # The thread that writes would wait for 5 ms of what is done after the first frame.
            time.sleep(_HANDED_OVER)

    def _send_late(self, screen: Screen[object]) -> None:
        self._waiting = False
        self._send(screen)
