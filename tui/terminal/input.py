"""Terminal input: dispatch of keys and pastes one after another."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

from textual.app import App
from textual.dom import DOMNode
from textual.events import Key, Paste
from textual.widgets import Input
from textual.worker import Worker

from tui.terminal.burst import Burst, as_keys, one_line, pasted_text
from tui.terminal.key_decoder import split_alt
from tui.terminal.reader import TerminalRead, keys_of

TIMEOUT = 0.5
"""Seconds after which the next event no longer waits for the one before it."""
WORK_TIMEOUT = 3.0
"""The same for one that began some work: what it opens is what the next event is meant for."""
POLL_INTERVAL = 0.01
"""Seconds between two checks of the work that a key has begun."""
BUBBLE_PASSES = 3
"""A key becomes a message, that another one, and that changes the focus: each bubbles once."""
PASTE_GOES_ON = 1.0
"""Seconds in which text with an Enter is the rest of a paste that a slow link has split, unless a
key was pressed meanwhile.
"""
MOST_KEYS = 32
"""Characters of a line that are typed one by one; longer text is put into it at once."""

NAVIGATION_KEYS = frozenset(("up", "down", "left", "right", "pageup", "pagedown", "home", "end"))
"""Keys that leave the focus where it is: a held one need not wait for itself. Backspace and Delete
do: in the table they remove hosts.
"""


class LongText(Paste):
    """Text of one line that is put into it as it is, like so many keys."""


class BurstPaste(Paste):
    """A paste without brackets; its first characters may stand in the line as `typed` keys.

    `continues` is true for the rest of a paste that a slow link has split anywhere.
    """

    def __init__(self, text: str, typed: str, *, continues: bool) -> None:
        super().__init__(text)
        self.typed = typed
        self.continues = continues


InputEvent = Key | Paste


@runtime_checkable
class Question(Protocol):
    """Screen that a key may be too early for."""

    def is_early(self, event: Key) -> bool:
        """True for a key that was pressed before the screen could be seen, and must not count."""
        raise NotImplementedError


class PasteTarget(Protocol):
    """Object that takes pastes that no line has asked for."""

    def take_paste(self, text: str, *, continues: bool) -> None:
        """Put a paste, or the rest of one, where it does no harm."""
        raise NotImplementedError

    def opens_line(self, text: str) -> bool:
        """True if the first character of a burst is surely the key of a line for the others."""
        raise NotImplementedError


class InputDispatcher:
    """Serialised dispatch of keys and pastes: each goes where the one before it has led to.

    Text that arrives at once is a burst: it is decided where it would go, and that it is keys or a
    paste, when everything before it has been handled.
    """

    def __init__(
        self,
        app: App[Any],
        deliver: Callable[[InputEvent], Awaitable[None]],
        pastes: PasteTarget,
    ) -> None:
        self._app = app
        self._deliver = deliver
        self._pastes = pastes
        self._waiting: deque[InputEvent | Burst] = deque()
        self._open: Burst | None = None
        """The last burst, while nothing else has come after it."""
        self._holding = False
        """True while a burst waits for what may still belong to it."""
        self._pasted_at = -math.inf
        self._current: object = None
        """Token of the event that is being handled; None while there is none."""
        self._work: Worker[Any] | None = None
        self._paused = False
        self._navigates = False

    @property
    def idle(self) -> bool:
        """True when every event that came has been handled."""
        return self._current is None

    def pause(self) -> None:
        """Queue events until `resume`: there is no widget yet that a key could go to."""
        self._current = object()
        self._paused = True

    def resume(self) -> None:
        """Dispatch what was queued since `pause`, and from now on what comes."""
        if self._paused:
            self._paused = False
            self._app.call_later(self._finish, self._current)

    def wait_for(self, work: Worker[Any]) -> None:
        """Dispatch the next event when work that this one began ends or has opened a screen."""
        self._work = work

    async def take(self, read: TerminalRead) -> None:
        """Dispatch what one read of the terminal held."""
        silence = read.silence
        for part in read.parts:
            if isinstance(part, str):
                await self._take_text(part, silence, read.time)
                silence = 0.0
            else:
                for one in split_alt(part) if isinstance(part, Key) else (part,):
                    await self.dispatch(one)

    async def dispatch(self, event: InputEvent) -> None:
        """Deliver an event now, or after those that came before it."""
        self._open, self._pasted_at = None, -math.inf
        if self._current is None:
            await self._start(event)
            return
        if self._navigates and not self._waiting and _navigates(event):
            await self._deliver(event)
            return
        await self._enqueue(event)

    async def _take_text(self, text: str, silence: float, at: float) -> None:
        burst = self._open
        if burst is not None and silence <= burst.patience_for(text):
            waits = bool(burst.pending)
            burst.extend(text, at)
            if waits:
                return
        else:
            goes_on = at - self._pasted_at < PASTE_GOES_ON
            burst = self._open = Burst(text, at, continues_paste=goes_on)
        await self._enqueue(burst)

    async def _enqueue(self, event: InputEvent | Burst) -> None:
        self._waiting.append(event)
        if self._current is None:
            await self._advance()
        elif self._holding:
            # What is behind a burst does not belong to it.
            await self._finish(self._current)
        elif len(self._waiting) == 1 and not self._paused:
            self._set_timeout()

    async def _advance(self) -> None:
        """Start the first of the events that wait."""
        while self._waiting:
            first = self._waiting[0]
            if not isinstance(first, Burst):
                self._waiting.popleft()
                await self._start(first)
                break
            if not self._decide(first):
                return
        while self._navigates and self._waiting:
            first = self._waiting[0]
            if isinstance(first, Burst) or not _navigates(first):
                break
            self._waiting.popleft()
            await self._deliver(first)
        if self._waiting:
            self._set_timeout()

    def _decide(self, burst: Burst) -> bool:
        """Put what a burst is in its place; False if it is too early to tell."""
        in_line = isinstance(self._app.focused, Input)
        left = burst.at + burst.hold(in_line=in_line) - time.monotonic()
        if left > 0 and len(self._waiting) == 1:
            self._current = token = object()
            self._holding, self._navigates = True, False
            self._app.set_timer(left, lambda: self._finish(token))
            return False
        self._waiting.popleft()
        self._waiting.extendleft(reversed(self._decided(burst, in_line)))
        return True

    def _decided(self, burst: Burst, in_line: bool) -> list[InputEvent | Burst]:
        pending, at = burst.pending, burst.at
        if not in_line and not burst.typed and self._pastes.opens_line(pending):
            rest = Burst(pending[1:], at)
            if burst is self._open:
                self._open = rest
            return [*keys_of(pending[:1], at), rest]
        if burst.is_paste(in_line=in_line):
            self._pasted_at, self._open = time.monotonic(), None
            text = pasted_text(burst.typed + pending)
            return [BurstPaste(text, burst.typed, continues=burst.continues_paste)]
        self._pasted_at = -math.inf
        # The LF of a CRLF whose CR came in a read of its own is no second Enter.
        keys = as_keys(pending[1:] if burst.typed[-1:] + pending[:1] == "\r\n" else pending)
        # What Enter has taken out of the line belongs to no paste any more.
        burst.typed = "\r" if keys[-1:] == "\r" else burst.typed + pending
        burst.pending, line = "", keys.rstrip("\r")
        if in_line and len(line) > MOST_KEYS and line.isprintable():
            return [LongText(line), *keys_of(keys[len(line) :], at)]
        return [*keys_of(keys, at)]

    async def _start(self, event: InputEvent) -> None:
        if self._app_closed:
            return
        self._current = token = object()
        self._navigates = _navigates(event)
        screen = self._app.screen
        target = self._app.focused or screen
        await self._hand_over(event)

        def settle() -> None:
            if self._app_closed:
                return
            if self._app.screen is not screen:
                self._app.screen.call_after_refresh(self._app.call_later, self._finish, token)
            elif self._work is not None and not self._work.is_finished:
                self._app.set_timer(POLL_INTERVAL, settle)
            else:
                self._app.call_later(self._finish, token)

        def follow(above: list[DOMNode], passes: int) -> None:
            # From the widget up to the application, behind the key in the queue of each.
            while above:
                node = above.pop()
                if node.call_later(follow, above, passes):
                    return
            if passes:
                follow(target.ancestors_with_self[::-1], passes - 1)
            else:
                settle()

        follow([], BUBBLE_PASSES)

    async def _finish(self, token: object) -> None:
        if token is not self._current:
            return
        self._current = self._work = None
        self._holding = False
        await self._advance()

    async def _hand_over(self, event: InputEvent) -> None:
        """Deliver an event, if it is meant for what is there now."""
        line, screen = self._app.focused, self._app.screen
        if isinstance(event, Key) and isinstance(screen, Question) and screen.is_early(event):
            return
        if isinstance(event, Paste):
            if not isinstance(line, Input):
                continues = isinstance(event, BurstPaste) and event.continues
                self._pastes.take_paste(event.text, continues=continues)
                return
            if isinstance(event, LongText):
                line.replace(event.text, *line.selection)
                return
            if isinstance(event, BurstPaste):
                event = Paste(_retracted(line, event))
            if not getattr(line, "takes_lists", False):
                event = Paste(one_line(event.text))
        await self._deliver(event)

    @property
    def _app_closed(self) -> bool:
        """True when the application has ended: what is still to come finds no screen."""
        return not self._app.screen_stack

    def _set_timeout(self) -> None:
        """Give the next event its turn in any case: a removed widget never says that it is done."""
        token, screen, latest = self._current, self._app.screen, time.monotonic() + WORK_TIMEOUT

        async def give_up() -> None:
            work = self._work
            working = work is not None and not work.is_finished and self._app.screen is screen
            if token is self._current and working and time.monotonic() < latest:
                self._app.set_timer(TIMEOUT, give_up)
            else:
                await self._finish(token)

        self._app.set_timer(TIMEOUT, give_up)


def _navigates(event: InputEvent) -> bool:
    return isinstance(event, Key) and event.key in NAVIGATION_KEYS


def _retracted(line: Input, paste: BurstPaste) -> str:
    """Take the characters of a paste that were typed out of a line; return what to paste then."""
    end = line.cursor_position
    start = end - len(paste.typed)
    if start < 0 or line.value[start:end] != paste.typed:
        return paste.text[len(paste.typed) :]
    line.delete(start, end)
    return paste.text
