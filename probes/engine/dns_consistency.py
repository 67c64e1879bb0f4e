"""What DNS says of named hosts beside their addresses: do reverse and SRV records agree?

Asked beside the rows and never before one: a few queries at a time, each question once, to this
machine's own resolvers. Who does not answer says nothing, and the end of a run waits PATIENCE.
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

AT_ONCE = 4
"""Hosts that are looked up at the same time."""
MOST = 512
"""Hosts of one run that are; a site of thousands would be a burden on its resolver."""
PATIENCE = 3.0
"""Seconds the end of a run waits for answers."""
MOST_NAMES = 4
"""Names an address leads back to that are looked up themselves."""

_SRV = "_ldap._tcp.dc._msdcs"
_HOSTS_FILE = "hosts file"

Facts = dict[str, object]


class Agreement:
    """Looks hosts up beside their rows; one for each run. `usual` hosts are left alone."""

    def __init__(
        self, vantage: Vantage, probes: Mapping[str, LoadableProbe], usual: Collection[str] = ()
    ) -> None:
        self._vantage = vantage
        self._probes = probes
        self._usual = frozenset(host.casefold() for host in usual)
        self._rows: dict[str, dict[str, None]] = {}
        self._found: dict[str, Facts] = {}
        self._queue: deque[tuple[Resolution, str]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked: dict[tuple[str, str], asyncio.Future[Resolution]] = {}
        self._waiting: asyncio.Task[None] | None = None

    def look(self, works: Sequence[Work]) -> None:
        """Take rows whose name has just got its addresses; they do not wait."""
        for work in works:
            job, resolution = work.job, work.resolution
            host = job.target.host
            if job.via is not None or resolution is None or not resolution.addresses:
                continue
            # What is written on this machine DNS need not know; and of many addresses each may
            # lead to a machine with a name of its own.
            if resolution.server == _HOSTS_FILE or len(resolution.addresses) > 2:
                continue
            if host.casefold() in self._usual:
                continue
            if host not in self._rows:
                if len(self._rows) >= MOST:
                    continue
                self._rows[host] = {}
                named = self._probes[job.check.probe].domain_controller
                domain = host.partition(".")[2] if named else ""
                self._queue.append((resolution, domain.rstrip(".")))
                self._begin()
            self._rows[host][job.key] = None

    def forget(self, hosts: Iterable[str]) -> None:
        """Look these hosts up again when they are next named."""
        for host in hosts:
            if host in self._found:
                del self._rows[host], self._found[host]
        self._asked.clear()

    def when_quiet(self, done: Callable[[], object]) -> None:
        """Call back once every look-up has ended, at once if none is under way."""
        if not self._tasks:
            done()
        elif self._waiting is None:
            self._waiting = asyncio.ensure_future(self._wait(done))

    def stop(self) -> None:
        """Give up what is under way, and whoever waits for it."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._give_up()

    def amended(self, results: Mapping[str, Result]) -> Iterator[tuple[str, Observation]]:
        """Rows that tell what was found, where no row of their host does yet."""
        for host, facts in self._found.items():
            rows = [results[key] for key in self._rows[host] if key in results]
            telling = [row for row in rows if _resolved(row)]
            if facts and telling and not any(_tells(row, facts) for row in telling):
                row = telling[0]
                known = {**row.observation.facts, "resolved": {**_resolved(row), **facts}}
                yield row.job.key, replace(row.observation, facts=known)

    def _begin(self) -> None:
        if len(self._tasks) < AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while self._queue:
            resolution, domain = self._queue.popleft()
            facts = await self._reverse(resolution)
            if domain:
                facts |= await self._controllers(domain)
            self._found[resolution.name] = facts

    async def _reverse(self, resolution: Resolution) -> Facts:
        """The names a host's address leads back to, and the addresses those lead to."""
        address = resolution.addresses[0]
        found = await self._once("reverse", address, self._vantage.reverse)
        if not found.addresses:
            return {}
        names = []
        for name in found.addresses[:MOST_NAMES]:
            if name.casefold() == resolution.name.casefold():
                there = resolution
            else:
                there = await self._once("address", name, self._vantage.resolve)
            names.append({"name": name, "addresses": list(there.addresses)})
        return {"reverse": {"address": address, "names": names}}

    async def _controllers(self, domain: str) -> Facts:
        """The domain controllers that DNS names for a domain."""
        found = await self._once("srv", f"{_SRV}.{domain}", self._vantage.srv)
        if not found.addresses:
            return {}
        return {"controllers": {"domain": domain, "names": list(found.addresses)}}

    async def _once(
        self, kind: str, name: str, ask: Callable[[str], Awaitable[Resolution]]
    ) -> Resolution:
        key = kind, name.casefold()
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(_answer(name, ask))
        return await asyncio.shield(self._asked[key])

    async def _wait(self, done: Callable[[], object]) -> None:
        await asyncio.wait(self._tasks, timeout=PATIENCE)
        self._waiting = None
        self._give_up()
        done()

    def _give_up(self) -> None:
        for task in self._tasks:
            task.cancel()
        for question in self._asked.values():
            question.cancel()
        self._tasks = set()
        self._asked.clear()
        for resolution, _ in self._queue:
            self._rows.pop(resolution.name, None)
        self._queue.clear()


async def _answer(name: str, ask: Callable[[str], Awaitable[Resolution]]) -> Resolution:
    try:
        return await ask(name)
    except (NotOffered, OSError, TimeoutError):
        return Resolution(name, ())


def _resolved(row: Result) -> Mapping[str, object]:
    resolved = row.observation.facts.get("resolved")
    return resolved if isinstance(resolved, Mapping) else {}


def _tells(row: Result, facts: Facts) -> bool:
    return all(_resolved(row).get(name) == value for name, value in facts.items())
