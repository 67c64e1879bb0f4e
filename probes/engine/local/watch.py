"""Tells which connecting sockets have an answer: one epoll for all of them where there is one."""

from __future__ import annotations

import asyncio
import select
import sys
from collections.abc import Callable
from typing import Protocol

Ready = Callable[[bool], None]
"""Called when a connect has ended; True if it is known to have failed."""

_PER_TURN = 64


class Watch(Protocol):
    """Calls back when a socket, by its descriptor, becomes writable."""

    def add(self, descriptor: int, ready: Ready) -> None:
        """Watch a socket until it is dropped; `ready` may be called more than once."""

    def drop(self, descriptor: int, *, kept: bool) -> None:
        """Watch it no longer; `kept` if it stays open."""

    def close(self) -> None:
        """Watch nothing any more."""


def watch(loop: asyncio.AbstractEventLoop) -> Watch:
    """The cheapest watch of this platform."""
    return _Epoll(loop) if sys.platform == "linux" else _Writers(loop)


class _Writers:
    """The loop's own writers, which cost a handle and two system calls a socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def add(self, descriptor: int, ready: Ready) -> None:
        self._loop.add_writer(descriptor, ready, False)

    def drop(self, descriptor: int, *, kept: bool) -> None:
        self._loop.remove_writer(descriptor)

    def close(self) -> None:
        """Nothing is shared here."""


if sys.platform == "linux":

    class _Epoll:
        """An epoll of our own, itself watched by the loop; a closed socket leaves it by itself."""

        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self._loop = loop
            self._epoll = select.epoll()
            self._ready: dict[int, Ready] = {}
            loop.add_reader(self._epoll.fileno(), self._look)

        def add(self, descriptor: int, ready: Ready) -> None:
            self._ready[descriptor] = ready
            self._epoll.register(descriptor, select.EPOLLOUT)

        def drop(self, descriptor: int, *, kept: bool) -> None:
            if self._ready.pop(descriptor, None) is not None and kept:
                self._epoll.unregister(descriptor)

        def close(self) -> None:
            if not self._epoll.closed:
                self._loop.remove_reader(self._epoll.fileno())
                self._epoll.close()
            self._ready.clear()

        def _look(self) -> None:
            for descriptor, events in self._epoll.poll(0, _PER_TURN):
                ready = self._ready.get(descriptor)
                if ready is not None:
                    ready(bool(events & select.EPOLLERR))
