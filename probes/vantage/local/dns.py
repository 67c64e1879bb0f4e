"""Name resolution of this machine: hosts file first, then its DNS servers."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from probes.model import Resolution
from probes.vantage.local.background import in_background
from probes.vantage.local.dns_servers import Answered, Nameservers

_MOST = 1024 * 1024


def hosts_path() -> Path:
    """Where this platform keeps its hosts file."""
    if sys.platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return Path(root) / "System32" / "drivers" / "etc" / "hosts"
    return Path("/etc/hosts")


def listed(name: str, path: Path) -> frozenset[str]:
    """The addresses a hosts file gives for a name, of its first MiB; empty if it has none.

    Never raises: a file that cannot be read lists nothing.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST).decode("utf-8", "replace").lower()
    except OSError:
        return frozenset()
    wanted = name.lower().rstrip(".")
    if wanted not in text:
        return frozenset()
    found = set()
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if wanted in names:
            try:
                found.add(str(ipaddress.ip_address(address)))
            except ValueError:
                continue
    return frozenset(found)


Lookup = Callable[..., list[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or something that answers like it."""

_LOOKUPS = 64
_ADDRESSES = 64
_LONGEST = 253
_ATTRIBUTION = 0.5
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z", re.IGNORECASE)


class Resolver:
    """Looks names up from one event loop; whoever asks for a name meanwhile shares the look-up.

    What came back is the run's to keep: asked again, a name is looked up again, since what was
    changed in between may have been DNS.
    """

    def __init__(
        self,
        nameservers: Nameservers,
        timeout: float = 10.0,
        *,
        lookup: Lookup = socket.getaddrinfo,
        hosts: Path | None = None,
    ) -> None:
        self._timeout = timeout
        self._lookup = lookup
        self._hosts = hosts or hosts_path()
        self._nameservers = nameservers
        self._slots = asyncio.Semaphore(_LOOKUPS)
        self._asked: dict[tuple[str, str], asyncio.Task[Resolution]] = {}

    async def resolve(self, name: str) -> Resolution:
        """Every address of a name, in the order a client tries them (RFC 6724); never raises.

        An address resolves to itself. `ms` is what the client would have waited.
        """
        literal = _literal(name)
        if literal:
            return Resolution(name, (literal,))
        flaw = _flaw(name) or (_NUMBER.match(name.rstrip(".").rpartition(".")[2]) and _NEITHER)
        if flaw:
            return Resolution(name, (), problem=flaw)
        return await self._once("address", name, self._look_up)

    async def srv(self, name: str) -> Resolution:
        """The targets of SRV records by priority, then weight (RFC 2782); never raises."""
        flaw = _flaw(name)
        if flaw:
            return Resolution(name, (), problem=flaw)
        return await self._once("srv", name, partial(self._look_up_records, "SRV"))

    async def reverse(self, address: str) -> Resolution:
        """The names of PTR records of an address (RFC 1035 3.3.12, RFC 3596 2.5); never raises."""
        try:
            name = ipaddress.ip_address(address.partition("%")[0]).reverse_pointer
        except ValueError:
            return Resolution(address, (), problem="it is no address")
        return await self._once("reverse", name, partial(self._look_up_records, "PTR"))

    def close(self) -> None:
        """Give up the look-ups under way."""
        for task in self._asked.values():
            task.cancel()
        self._asked.clear()

    async def _once(
        self, kind: str, name: str, ask: Callable[[str], Awaitable[Resolution]]
    ) -> Resolution:
        task = self._asked.get((kind, name))
        if task is None:
            task = asyncio.ensure_future(self._in_turn(name, ask))
            self._asked[kind, name] = task
            task.add_done_callback(lambda _: self._asked.pop((kind, name), None))
        # Whoever gives up does not end the look-up the others wait for.
        return await asyncio.shield(task)

    async def _in_turn(self, name: str, ask: Callable[[str], Awaitable[Resolution]]) -> Resolution:
        async with self._slots:
            return await ask(name)

    async def _look_up(self, name: str) -> Resolution:
        listed_here = listed(name, self._hosts)
        who: asyncio.Task[Answered] | None = None
        if not listed_here:
            # Side by side with the look-up itself, only to learn which server says what.
            who = asyncio.ensure_future(
                self._nameservers.ask(name, ("A", "AAAA"), self._timeout, search=True)
            )
        try:
            began = time.monotonic()
            addresses, problem = await self._system(name)
            ms = (time.monotonic() - began) * 1000
            if listed_here.intersection(addresses):
                return Resolution(name, addresses, ms, "hosts file")
            said = await _within(who, _ATTRIBUTION if addresses else self._timeout + 1)
        finally:
            if who is not None:
                who.cancel()
        if addresses:
            return Resolution(name, addresses, ms, "" if said.problem else said.server)
        return Resolution(name, (), ms, said.server, _blame(problem, said))

    async def _system(self, name: str) -> tuple[tuple[str, ...], str]:
        try:
            async with asyncio.timeout(self._timeout):
                return await in_background(lambda: _addresses(self._lookup, name))
        except TimeoutError:
            return (), f"the look-up did not answer in {self._timeout:g} s"
        except RuntimeError as error:
            return (), f"the look-up could not be made ({error})"

    async def _look_up_records(self, kind: str, name: str) -> Resolution:
        began = time.monotonic()
        said = await self._nameservers.ask(name, (kind,), self._timeout, search=False)
        ms = (time.monotonic() - began) * 1000
        return Resolution(name, said.records, ms, said.server, said.problem)


_NEITHER = "it is neither an address nor a host name"


def _literal(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return ""


def _flaw(name: str) -> str:
    """What keeps a text from being a name at all; whatever else it is, the resolver says."""
    if not name.strip("."):
        return "the name is empty"
    if len(name) > _LONGEST + name.endswith("."):
        return f"the name has more than {_LONGEST} characters"
    if not name.isprintable() or " " in name:
        return "a name has no spaces or control characters"
    return ""


def _addresses(lookup: Lookup, name: str) -> tuple[tuple[str, ...], str]:
    try:
        found = lookup(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return (), f"this machine's resolver says: {error.strerror}"
    except UnicodeError:
        return (), "the name has a part that DNS cannot hold (empty, or longer than 63 characters)"
    except (OSError, ValueError) as error:
        return (), f"the look-up failed ({error})"
    # Without SOCK_STREAM each address would come once for every kind of socket.
    addresses = dict.fromkeys(_text(entry[4]) for entry in found[:_ADDRESSES])
    return tuple(addresses), "" if addresses else "the look-up gave no address"


def _text(where: tuple[Any, ...]) -> str:
    host = str(where[0])
    if len(where) < 4 or not where[3] or "%" in host:
        return host
    try:
        return f"{host}%{socket.if_indextoname(where[3])}"
    except OSError:
        return f"{host}%{where[3]}"


async def _within(who: asyncio.Task[Answered] | None, seconds: float) -> Answered:
    if who is None:
        return Answered()
    done, _ = await asyncio.wait({who}, timeout=seconds)
    return who.result() if done else Answered()


def _blame(problem: str, said: Answered) -> str:
    if said.records:
        return f"{problem}, though {said.server} knows the name"
    if not said.problem:
        return problem
    return f"{problem}: {said.problem}" if "did not answer" in problem else said.problem
