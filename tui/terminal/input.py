"""Serialised input: each key is handled where the one before it has led to."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Key, Paste
from textual.worker import Worker

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

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
_PASTE = re.compile(r"\x1b\[20[01]~")
"""Where a paste begins and ends (bracketed paste)."""
_PASTE_BEGINS = "\x1b[200~"
_NOTHING = "\x1b[?0;0$y"
"""A report about terminal mode 0, which there is not: the parser takes it for nothing."""
_BEHIND_ESCAPE = re.compile(r"(?<=\x1b)(?=[^\x1b\[Obf\x7f\t]|[\[O]\x1b)")
"""Between Escape and another key. `[` and `O` begin the sequence of a key; terminals send the
others that are missing here behind Escape for Ctrl+Left, Ctrl+Right, Ctrl+W and Shift+Tab.
"""


class KeyDecoder(codecs.IncrementalDecoder):
    """Decoder of what a terminal sends, in which Escape stands apart from the key after it.

    A byte that is no UTF-8 is replaced: a Latin-1 terminal and a pasted file have some, and over
    one Textual's thread that reads would end, and with it the program.

    Of Escape and a key in one read Textual makes Alt, another character or `^`, or it drops the
    Escape. The two cannot be told from other keys afterwards, so they are parted before.
    """

    def __init__(self, errors: str = "replace") -> None:
        super().__init__(errors)
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._tail = ""
        """The end of what was decoded before, one character short of a paste's mark."""
        self._pasting = False

    def decode(self, input: Buffer, final: bool = False) -> str:
        """Decode the next bytes."""
        text = self._utf8.decode(input, final)
        known, seen = len(self._tail), self._tail + text
        self._tail = seen[1 - len(_PASTE_BEGINS) :]
        if _ESCAPE not in seen:
            return text
        parts = []
        for mark in (*_PASTE.finditer(seen), None):
            end = mark.end() if mark else len(seen)
            parts.append(seen[known:end] if self._pasting else _parted(seen, known, end))
            if mark:
                self._pasting = mark[0] == _PASTE_BEGINS
            known = end
        return "".join(parts)


def _parted(text: str, start: int, end: int) -> str:
    """A part of a text, with what parts Escape and the key after it; may begin with that."""
    before = min(start, 1)
    return _BEHIND_ESCAPE.sub(_NOTHING, text[start - before : end])[before:]


def without_alt(event: Key) -> tuple[Key, ...]:
    """Escape and the key after it where Textual took the two for Alt, else the key.

    It does so of `O` when nothing follows, and on Windows. Alt itself comes without a character.
    """
    if event.key.startswith("alt+") and event.character is not None:
        return Key("escape", _ESCAPE), Key(event.character, event.character)
    return (event,)
