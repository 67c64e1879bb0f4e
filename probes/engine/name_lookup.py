"""The names of a run, each looked up once."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from probes.engine.pacing import Work
from probes.model import Resolution
from probes.vantage import Vantage

AT_ONCE = 16
"""Look-ups in flight."""
MOST_ADDRESSES = 8
"""Addresses of one name that are tried."""


class Names:
    """Finds the addresses of hosts and hands their rows back together, once they are known."""

    def __init__(self, vantage: Vantage, named: Callable[[Sequence[Work]], None]) -> None:
        self._vantage = vantage
        self._named = named
        self._known: dict[str, Resolution] = {}
        self._numeric: set[str] = set()
        self._waiting: dict[str, list[Work]] = {}
        self._queue: deque[str] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, work: Work) -> None:
        """Give a row its addresses, now or as soon as its name is looked up."""
        host, _ = work.job.endpoint
        if host in self._numeric or is_address(host):
            self._numeric.add(host)
            work.addresses = (host,)
            self._named([work])
        elif host in self._known:
            self._give(self._known[host], [work])
        elif host in self._waiting:
            self._waiting[host].append(work)
        else:
            self._waiting[host] = [work]
            self._queue.append(host)
            if len(self._tasks) < AT_ONCE:
                task = asyncio.get_running_loop().create_task(self._look_up())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def again(self, work: Work) -> None:
        """Look this row's name up once more: what is known of it may not be true."""
        self.forget([work.job.endpoint[0]])
        self.find(work)

    def forget(self, hosts: Iterable[str]) -> None:
        """Look these names up again when they are next needed."""
        for host in hosts:
            self._known.pop(host, None)

    def stop(self) -> None:
        """Drop every look-up that has not ended."""
        for task in self._tasks:
            task.cancel()
        self._tasks = set()
        self._queue.clear()
        self._waiting.clear()

    async def _look_up(self) -> None:
        while self._queue:
            host = self._queue.popleft()
            resolution = await self._vantage.resolve(host)
            self._known[host] = resolution
            self._give(resolution, self._waiting.pop(host, []))

    def _give(self, resolution: Resolution, works: Sequence[Work]) -> None:
        for work in works:
            work.resolution = resolution
            work.addresses = resolution.addresses[:MOST_ADDRESSES]
        if works:
            self._named(works)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, with or without a scope, rather than a name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
