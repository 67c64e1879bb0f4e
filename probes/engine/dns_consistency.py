"""DNS consistency of named hosts: reverse records (FCrDNS) and SRV records of controllers.

Looked up beside the rows and never before one: a few queries at a time, each question once, to this
machine's own resolvers. A resolver that does not answer adds no facts, and the end of a run waits
DRAIN_TIMEOUT for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from probes.call import LoadableProbe
from probes.engine.pacing import Work
from probes.model import Observation, Resolution, Result
from probes.vantage import NotOffered, Vantage

MAX_CONCURRENT_LOOKUPS = 4
"""Hosts looked up at the same time."""
MAX_HOSTS = 512
"""Hosts looked up in one run; a site of thousands would be a burden on its resolver."""
DRAIN_TIMEOUT = 3.0
"""Seconds that the end of a run waits for answers."""
MAX_NAMES = 4
"""Names of one address that are looked up themselves."""

_SRV = "_ldap._tcp.dc._msdcs"
_HOSTS_FILE = "hosts file"

Facts = dict[str, object]


class DnsConsistency:
    """Look-ups of one run beside its rows; `excluded` hosts are not looked up."""

    def __init__(
        self, vantage: Vantage, probes: Mapping[str, LoadableProbe], excluded: Collection[str] = ()
    ) -> None:
        self._vantage = vantage
        self._probes = probes
        self._excluded = frozenset(host.casefold() for host in excluded)
        self._rows: dict[str, dict[str, None]] = {}
        self._found: dict[str, Facts] = {}
        self._queue: deque[tuple[Resolution, str]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._queries: dict[tuple[str, str], asyncio.Future[Resolution]] = {}
        self._draining: asyncio.Task[None] | None = None

    def enqueue(self, works: Sequence[Work]) -> None:
        """Queue the hosts of rows that have just got their addresses; the rows do not wait."""
        for work in works:
            job, resolution = work.job, work.resolution
            host = job.target.host
            if job.via is not None or resolution is None or not resolution.addresses:
                continue
            # DNS need not know the names of this machine's hosts file, and each of many addresses
            # may have a name of its own.
            if resolution.server == _HOSTS_FILE or len(resolution.addresses) > 2:
                continue
            if host.casefold() in self._excluded:
                continue
            if host not in self._rows:
                if len(self._rows) >= MAX_HOSTS:
                    continue
                self._rows[host] = {}
                named = self._probes[job.check.probe].domain_controller
                domain = host.partition(".")[2] if named else ""
                self._queue.append((resolution, domain.rstrip(".")))
                self._start_worker()
            self._rows[host][job.key] = None

    def invalidate(self, hosts: Iterable[str]) -> None:
        """Look these hosts up again when they are next queued."""
        for host in hosts:
            if host in self._found:
                del self._rows[host], self._found[host]
        self._queries.clear()

    def when_idle(self, done: Callable[[], object]) -> None:
        """Call `done` once every look-up has ended, at once if none is running."""
        if not self._tasks:
            done()
        elif self._draining is None:
            self._draining = asyncio.ensure_future(self._drain(done))

    def stop(self) -> None:
        """Cancel all look-ups and the call of `when_idle`."""
        if self._draining is not None:
            self._draining.cancel()
            self._draining = None
        self._abort()

    def updates(self, results: Mapping[str, Result]) -> Iterator[tuple[str, Observation]]:
        """Observations extended by the facts found, one row a host, where no row has them yet."""
        for host, facts in self._found.items():
            rows = [results[key] for key in self._rows[host] if key in results]
            resolved = [row for row in rows if _resolved_facts(row)]
            if facts and resolved and not any(_has_facts(row, facts) for row in resolved):
                row = resolved[0]
                updated = {**row.observation.facts, "resolved": {**_resolved_facts(row), **facts}}
                yield row.job.key, replace(row.observation, facts=updated)

    def _start_worker(self) -> None:
        if len(self._tasks) < MAX_CONCURRENT_LOOKUPS:
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while self._queue:
            resolution, domain = self._queue.popleft()
            facts = await self._reverse_names(resolution)
            if domain:
                facts |= await self._controllers(domain)
            self._found[resolution.name] = facts

    async def _reverse_names(self, resolution: Resolution) -> Facts:
        """Names of a host's first address (PTR), each with its own addresses."""
        address = resolution.addresses[0]
        found = await self._query_once("reverse", address, self._vantage.reverse)
        if not found.addresses:
            return {}
        names = []
        for name in found.addresses[:MAX_NAMES]:
            if name.casefold() == resolution.name.casefold():
                forward = resolution
            else:
                forward = await self._query_once("address", name, self._vantage.resolve)
            names.append({"name": name, "addresses": list(forward.addresses)})
        return {"reverse": {"address": address, "names": names}}

    async def _controllers(self, domain: str) -> Facts:
        """Domain controllers that DNS names for a domain (SRV)."""
        found = await self._query_once("srv", f"{_SRV}.{domain}", self._vantage.srv)
        if not found.addresses:
            return {}
        return {"controllers": {"domain": domain, "names": list(found.addresses)}}

    async def _query_once(
        self, kind: str, name: str, query: Callable[[str], Awaitable[Resolution]]
    ) -> Resolution:
        key = kind, name.casefold()
        if key not in self._queries:
            self._queries[key] = asyncio.ensure_future(_query(name, query))
        return await asyncio.shield(self._queries[key])

    async def _drain(self, done: Callable[[], object]) -> None:
        # The last look-up may have ended since this task was made.
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_TIMEOUT)
        self._draining = None
        self._abort()
        done()

    def _abort(self) -> None:
        for task in self._tasks:
            task.cancel()
        for question in self._queries.values():
            question.cancel()
        self._tasks = set()
        self._queries.clear()
        for resolution, _ in self._queue:
            self._rows.pop(resolution.name, None)
        self._queue.clear()


async def _query(name: str, query: Callable[[str], Awaitable[Resolution]]) -> Resolution:
    try:
        return await query(name)
    except (NotOffered, OSError, TimeoutError):
        return Resolution(name, ())


def _resolved_facts(row: Result) -> Mapping[str, object]:
    resolved = row.observation.facts.get("resolved")
    return resolved if isinstance(resolved, Mapping) else {}


def _has_facts(row: Result, facts: Facts) -> bool:
    return all(_resolved_facts(row).get(name) == value for name, value in facts.items())
