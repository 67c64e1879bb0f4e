"""Terminal input: dispatch of keys and pastes one after another."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Key, Paste
from textual.worker import Worker

TIMEOUT = 0.5
"""Seconds after which the next event no longer waits for the one before it."""
POLL_INTERVAL = 0.01
"""Seconds between two checks of the work that a key has begun."""
BUBBLE_PASSES = 3
"""A key becomes a message, that another one, and that changes the focus: each bubbles once."""

NAVIGATION_KEYS = frozenset(("up", "down", "left", "right", "pageup", "pagedown", "home", "end"))
"""Keys that leave the focus where it is: a held one need not wait for itself. Backspace and Delete
do: in the table they remove hosts.
"""

InputEvent = Key | Paste


class InputDispatcher:
    """Serialised dispatch of keys and pastes: each goes where the one before it has led to."""

    def __init__(self, app: App[Any], deliver: Callable[[InputEvent], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: deque[InputEvent] = deque()
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

    async def dispatch(self, event: InputEvent) -> None:
        """Deliver an event now, or after those that came before it."""
        if self._current is None:
            await self._start(event)
            return
        if self._navigates and not self._waiting and _navigates(event):
            await self._deliver(event)
            return
        self._waiting.append(event)
        if len(self._waiting) == 1 and not self._paused:
            self._set_timeout()

    async def _start(self, event: InputEvent) -> None:
        if self._app_closed:
            return
        self._current = token = object()
        self._navigates = _navigates(event)
        screen = self._app.screen
        target = self._app.focused or screen
        await self._deliver(event)

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
        if self._waiting:
            await self._start(self._waiting.popleft())
            while self._navigates and self._waiting and _navigates(self._waiting[0]):
                await self._deliver(self._waiting.popleft())
            if self._waiting:
                self._set_timeout()

    @property
    def _app_closed(self) -> bool:
        """True when the application has ended: what is still to come finds no screen."""
        return not self._app.screen_stack

    def _set_timeout(self) -> None:
        """Give the next event its turn in any case: a removed widget never says that it is done."""
        token = self._current
        self._app.set_timer(TIMEOUT, lambda: self._finish(token))


def _navigates(event: InputEvent) -> bool:
    return isinstance(event, Key) and event.key in NAVIGATION_KEYS
