"""Name resolution of this machine: hosts file first, then its DNS servers."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from probes.model import Resolution
from probes.vantage.error_mapping import errno_text
from probes.vantage.local.background import run_in_thread
from probes.vantage.local.dns_servers import DnsAnswer, Nameservers
from probes.wire.address import unusable_address

_MAX_HOSTS_FILE = 1024 * 1024

Lookup = Callable[..., list[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or something that answers like it."""

_MAX_LOOKUPS = 64
_MAX_ADDRESSES = 64
_MAX_NAME_LENGTH = 253
_ATTRIBUTION_TIMEOUT = 0.5
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z", re.IGNORECASE)

_MAX_LABEL = 63
_BAD_LABEL = "the name has a part that DNS cannot hold (empty, or longer than 63 characters)"
_GAI_TEXT = {
    socket.EAI_NONAME: "no such name",
    socket.EAI_AGAIN: "that it fails for now: its DNS servers give no usable answer",
    socket.EAI_FAIL: "that its DNS servers fail for good",
    socket.EAI_MEMORY: "that this machine has no memory left for it",
    socket.EAI_FAMILY: "that it has no address of a version of IP that this machine speaks",
    **{
        getattr(socket, name): "that the name has no address"
        for name in ("EAI_NODATA", "EAI_ADDRFAMILY")
        if hasattr(socket, name)
    },
}
"""Clauses for the errors of getaddrinfo (RFC 3493 6.1)."""
_DNS_FAILS = (_GAI_TEXT[socket.EAI_AGAIN], _GAI_TEXT[socket.EAI_FAIL])
_MAX_NAMED = 3
"""Addresses that a clause names."""
_NOT_A_NAME = "it is neither an address nor a host name"


class Resolver:
    """Resolver of names for one event loop; concurrent requests for a name share its look-up.

    Results are not cached: a name is looked up again on each request, since DNS may have been
    changed in between.
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
        self._slots = asyncio.Semaphore(_MAX_LOOKUPS)
        self._lookups: dict[tuple[str, str], asyncio.Task[Resolution]] = {}

    async def resolve(self, name: str) -> Resolution:
        """Every address of a name, in the order a client tries them (RFC 6724); never raises.

        An address resolves to itself. `ms` is what the client would have waited.
        """
        literal = _literal(name)
        if literal:
            return Resolution(name, (literal,))
        problem = _syntax_problem(name) or (
            _NUMBER.match(name.rstrip(".").rpartition(".")[2]) and _NOT_A_NAME
        )
        if problem:
            return Resolution(name, (), problem=problem)
        return await self._shared("address", name, self._look_up)

    async def srv(self, name: str) -> Resolution:
        """The targets of SRV records by priority, then weight (RFC 2782); never raises."""
        problem = _syntax_problem(name)
        if problem:
            return Resolution(name, (), problem=problem)
        return await self._shared("srv", name, partial(self._look_up_records, "SRV"))

    async def reverse(self, address: str) -> Resolution:
        """The names of PTR records of an address (RFC 1035 3.3.12, RFC 3596 2.5); never raises."""
        try:
            name = ipaddress.ip_address(address.partition("%")[0]).reverse_pointer
        except ValueError:
            return Resolution(address, (), problem="it is no address")
        return await self._shared("reverse", name, partial(self._look_up_records, "PTR"))

    def close(self) -> None:
        """Give up the look-ups under way."""
        for task in self._lookups.values():
            task.cancel()
        self._lookups.clear()

    async def _shared(
        self, kind: str, name: str, ask: Callable[[str], Awaitable[Resolution]]
    ) -> Resolution:
        task = self._lookups.get((kind, name))
        if task is None:
            task = asyncio.ensure_future(self._with_slot(name, ask))
            self._lookups[kind, name] = task
            task.add_done_callback(lambda _: self._lookups.pop((kind, name), None))
        # A cancelled waiter does not end the look-up the others wait for.
        return await asyncio.shield(task)

    async def _with_slot(
        self, name: str, ask: Callable[[str], Awaitable[Resolution]]
    ) -> Resolution:
        async with self._slots:
            return await ask(name)

    async def _look_up(self, name: str) -> Resolution:
        in_hosts_file = hosts_file_addresses(name, self._hosts)
        attribution: asyncio.Task[DnsAnswer] | None = None
        if not in_hosts_file:
            # Side by side with the look-up itself, only to learn which server says what.
            attribution = asyncio.ensure_future(
                self._nameservers.query(name, ("A", "AAAA"), self._timeout, search=True)
            )
        try:
            started = time.monotonic()
            addresses, problem = await self._system_lookup(name)
            ms = (time.monotonic() - started) * 1000
            usable = tuple(one for one in addresses if not unusable_address(one))
            if in_hosts_file.intersection(addresses):
                problem = "" if usable else _unusable_text(addresses)
                return Resolution(name, usable, ms, "hosts file", problem)
            answer = await _wait_for(
                attribution, _ATTRIBUTION_TIMEOUT if addresses else self._timeout + 1
            )
        finally:
            if attribution is not None:
                attribution.cancel()
        if addresses:
            server = "" if answer.problem else answer.server
            problem = "" if usable else _unusable_text(addresses)
            return Resolution(name, usable, ms, server, problem)
        return Resolution(name, (), ms, answer.server, *_failure(problem, answer))

    async def _system_lookup(self, name: str) -> tuple[tuple[str, ...], str]:
        try:
            async with asyncio.timeout(self._timeout):
                return await run_in_thread(lambda: _addresses(self._lookup, name))
        except TimeoutError:
            return (), f"the look-up did not answer in {self._timeout:g} s"
        except RuntimeError:
            return (), "the look-up could not be made: this process has too many threads"

    async def _look_up_records(self, kind: str, name: str) -> Resolution:
        started = time.monotonic()
        answer = await self._nameservers.query(name, (kind,), self._timeout, search=False)
        ms = (time.monotonic() - started) * 1000
        return Resolution(name, answer.records, ms, answer.server, answer.problem)


def hosts_file_addresses(name: str, path: Path) -> frozenset[str]:
    """The addresses a hosts file gives for a name, of its first MiB; empty if it has none.

    Never raises: a file that cannot be read lists nothing.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_HOSTS_FILE).decode("utf-8", "replace").lower()
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


def hosts_path() -> Path:
    """Path of this platform's hosts file."""
    if sys.platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return Path(root) / "System32" / "drivers" / "etc" / "hosts"
    return Path("/etc/hosts")


def _literal(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return ""


def _syntax_problem(name: str) -> str:
    """Reason why a text is no name at all, or empty; all else is left to the resolver."""
    if not name.strip("."):
        return "the name is empty"
    if len(name) > _MAX_NAME_LENGTH + name.endswith("."):
        return f"the name has more than {_MAX_NAME_LENGTH} characters"
    if not name.isprintable() or " " in name:
        return "a name has no spaces or control characters"
    labels = (name[:-1] if name.endswith(".") else name).split(".")
    if not all(labels) or any(label.isascii() and len(label) > _MAX_LABEL for label in labels):
        return _BAD_LABEL
    return ""


def _addresses(lookup: Lookup, name: str) -> tuple[tuple[str, ...], str]:
    try:
        found = lookup(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return (), f"this machine's resolver says {_GAI_TEXT.get(error.errno, 'that it failed')}"
    except UnicodeError:
        return (), _BAD_LABEL
    except OSError as error:
        return (), f"the look-up failed: {errno_text(error.errno or 0)}"
    except ValueError:
        return (), "the look-up failed: the name is none that this machine can look up"
    # Without SOCK_STREAM each address would come once for every kind of socket.
    addresses = dict.fromkeys(_address_text(entry[4]) for entry in found[:_MAX_ADDRESSES])
    return tuple(addresses), "" if addresses else "the look-up gave no address"


def _address_text(where: tuple[Any, ...]) -> str:
    host = str(where[0])
    if len(where) < 4 or not where[3] or "%" in host:
        return host
    try:
        return f"{host}%{socket.if_indextoname(where[3])}"
    except OSError:
        return f"{host}%{where[3]}"


def _unusable_text(addresses: Sequence[str]) -> str:
    """Clause about a name none of whose addresses is that of a host."""
    text = "it is given no host's address: " + ", and ".join(
        map(unusable_address, addresses[:_MAX_NAMED])
    )
    if any(one in ("0.0.0.0", "::") for one in addresses):
        text += " (DNS filters answer so for names they block)"
    return text


async def _wait_for(attribution: asyncio.Task[DnsAnswer] | None, seconds: float) -> DnsAnswer:
    if attribution is None:
        return DnsAnswer()
    done, _ = await asyncio.wait({attribution}, timeout=seconds)
    return attribution.result() if done else DnsAnswer()


def _failure(problem: str, answer: DnsAnswer) -> tuple[str, str]:
    """Reason why a name has no address, and the change where it is not the name that is wrong."""
    if answer.records:
        return (
            f"{problem}, though {answer.server} knows the name",
            f"Check why this machine's own look-up does not find what {answer.server} knows.",
        )
    timed_out = "did not answer" in problem
    if not answer.problem:
        is_dns = timed_out or problem.endswith(_DNS_FAILS)
        fix = "Check why the DNS servers of this machine give no answer."
        return problem, fix if is_dns else ""
    return (f"{problem}: {answer.problem}" if timed_out else answer.problem), answer.fix
