"""Look-up of the host names of a run, once each."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from probes.engine.pacing import Work
from probes.model import Resolution
from probes.vantage import Vantage
from probes.wire.address import is_ipv4

MAX_CONCURRENT_LOOKUPS = 16
"""Look-ups in flight."""
MAX_ADDRESSES = 8
"""Addresses tried of one name."""


class NameLookup:
    """Resolver of the hosts of rows, with a cache; `on_resolved` gets the rows of a host."""

    def __init__(self, vantage: Vantage, on_resolved: Callable[[Sequence[Work]], None]) -> None:
        self._vantage = vantage
        self._on_resolved = on_resolved
        self._cache: dict[str, Resolution] = {}
        self._numeric: set[str] = set()
        self._waiting: dict[str, list[Work]] = {}
        self._queue: deque[str] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def has_names(self) -> bool:
        """True if a name was looked up, or is to be."""
        return bool(self._cache or self._waiting)

    def known(self, host: str) -> tuple[str, ...] | None:
        """Addresses of a host, none if it has none; None while they are not known."""
        if host in self._numeric:
            return (host,)
        resolution = self._cache.get(host)
        return None if resolution is None else resolution.addresses[:MAX_ADDRESSES]

    def resolve(self, work: Work) -> None:
        """Give a row its addresses, now or as soon as its name is looked up."""
        host, _ = work.job.endpoint
        if host in self._numeric or is_address(host):
            self._numeric.add(host)
            work.addresses = (host,)
            self._on_resolved([work])
        elif host in self._cache:
            self._deliver(self._cache[host], [work])
        elif host in self._waiting:
            self._waiting[host].append(work)
        else:
            self._waiting[host] = [work]
            self._queue.append(host)
            if len(self._tasks) < MAX_CONCURRENT_LOOKUPS:
                task = asyncio.get_running_loop().create_task(self._work())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def resolve_again(self, work: Work) -> None:
        """Look up the name of this row once more, past the cache."""
        self.invalidate([work.job.endpoint[0]])
        self.resolve(work)

    def invalidate(self, hosts: Iterable[str]) -> None:
        """Remove names from the cache."""
        for host in hosts:
            self._cache.pop(host, None)

    def stop(self) -> None:
        """Cancel every look-up."""
        for task in self._tasks:
            task.cancel()
        self._tasks = set()
        self._queue.clear()
        self._waiting.clear()

    async def _work(self) -> None:
        while self._queue:
            host = self._queue.popleft()
            resolution = await self._vantage.resolve(host)
            self._cache[host] = resolution
            self._deliver(resolution, self._waiting.pop(host, []))

    def _deliver(self, resolution: Resolution, works: Sequence[Work]) -> None:
        for work in works:
            work.resolution = resolution
            work.addresses = resolution.addresses[:MAX_ADDRESSES]
        if works:
            self._on_resolved(works)


def only_ipv4(addresses: Sequence[str]) -> tuple[str, ...]:
    """Those of some addresses that packets reach over IPv4, as many as are tried of one name."""
    return tuple(one for one in addresses if is_ipv4(one))[:MAX_ADDRESSES]


def is_address(host: str) -> bool:
    """True for an IP address, with or without a scope; false for a name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
