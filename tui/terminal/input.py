"""Serialised input: each key is handled where the one before it has led to."""

from __future__ import annotations

import codecs
import functools
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.dom import DOMNode
from textual.events import Key, Paste
from textual.worker import Worker

LONGEST = 0.5
"""Seconds after which the next key no longer waits for the one before it."""
OFTEN = 0.01
"""Seconds between two looks at work that a key has begun."""
PASSES = 3
"""A key becomes a message, that another one, and that changes the focus: each goes up once."""

STAYING = frozenset(("up", "down", "left", "right", "pageup", "pagedown", "home", "end"))
"""Keys that lead nowhere else: a held one need not wait for itself. Backspace and Delete do: in
the table they take hosts away.
"""

Typed = Key | Paste


class Turns:
    """Lets typed events into an application, one at a time and in their order."""

    def __init__(self, app: App[Any], dispatch: Callable[[Typed], Awaitable[None]]) -> None:
        self._app = app
        self._dispatch = dispatch
        self._waiting: deque[Typed] = deque()
        self._turn: object = None
        """What stands for the event that is being worked on; None while there is none."""
        self._work: Worker[Any] | None = None
        self._early = False
        self._stays = False

    @property
    def idle(self) -> bool:
        """Whether every event that came is done with."""
        return self._turn is None

    def hold(self) -> None:
        """Take nothing until `go_on`: there is no place yet that a key could go to."""
        self._turn = object()
        self._early = True

    def go_on(self) -> None:
        """Take what waits since `hold`, and from now on what comes."""
        if self._early:
            self._early = False
            self._app.call_later(self._end, self._turn)

    def last_until(self, work: Worker[Any]) -> None:
        """What the present event has begun is over, or has opened a screen, before the next one."""
        self._work = work

    async def take(self, event: Typed) -> None:
        """Dispatch an event now, or after those that came before it."""
        if self._turn is None:
            await self._begin(event)
            return
        if self._stays and not self._waiting and _stays(event):
            await self._dispatch(event)
            return
        self._waiting.append(event)
        if len(self._waiting) == 1 and not self._early:
            self._limit()

    async def _begin(self, event: Typed) -> None:
        if self._over:
            return
        self._turn = turn = object()
        self._stays = _stays(event)
        screen = self._app.screen
        target = self._app.focused or screen
        await self._dispatch(event)

        def settle() -> None:
            if self._over:
                return
            if self._app.screen is not screen:
                self._app.screen.call_after_refresh(self._app.call_later, self._end, turn)
            elif self._work is not None and not self._work.is_finished:
                self._app.set_timer(OFTEN, settle)
            else:
                self._app.call_later(self._end, turn)

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

        follow([], PASSES)

    async def _end(self, turn: object) -> None:
        if turn is not self._turn:
            return
        self._turn = self._work = None
        if self._waiting:
            await self._begin(self._waiting.popleft())
            while self._stays and self._waiting and _stays(self._waiting[0]):
                await self._dispatch(self._waiting.popleft())
            if self._waiting:
                self._limit()

    @property
    def _over(self) -> bool:
        """Whether the application has ended: what is still to come finds no screen."""
        return not self._app.screen_stack

    def _limit(self) -> None:
        """End this turn in any case: a widget that is gone by then does not say that it is done."""
        turn = self._turn
        self._app.set_timer(LONGEST, lambda: self._end(turn))


def _stays(event: Typed) -> bool:
    return isinstance(event, Key) and event.key in STAYING


_ESCAPE = "\x1b"
_BEGIN = "[O"
"""What stands behind Escape at the beginning of a longer sequence."""

_known = XTermParser._sequence_to_key_events


def two_keys(self: XTermParser, sequence: str, alt: bool = False) -> Iterable[Key]:
    """The keys of what a terminal sent; Textual makes Alt of Escape, or `^` when more follows,
    and no command is on Alt.
    """
    keys = list(_known(self, sequence))
    behind = sequence[1:]
    if not keys and len(behind) == 1 and sequence[0] == _ESCAPE and behind not in _BEGIN:
        keys, alt = list(_known(self, behind)), True
    if alt and keys:
        yield Key("escape", _ESCAPE)
    yield from keys


def _forgiving(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    return functools.partial(codecs.getincrementaldecoder(encoding), errors="replace")


def forgive() -> None:
    """Read every byte from now on: a Latin-1 terminal and a pasted file have others than UTF-8.

    Textual decodes strictly, and its thread that reads, and with it the program, ends over one.
    """
    from textual.drivers import linux_driver

    linux_driver.getincrementaldecoder = _forgiving  # type: ignore[attr-defined, assignment]
