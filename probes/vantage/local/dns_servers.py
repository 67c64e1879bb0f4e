"""DNS servers of this machine, asked in turn, so that each is quoted with its own answer."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.vantage import Vantage
from probes.vantage.error_mapping import file_text
from probes.vantage.local.background import run_in_thread

if TYPE_CHECKING:
    import dns.asyncresolver
    import dns.exception
    import dns.resolver

_SERVER_TIMEOUT = 4.0
_TRY_TIMEOUT = 2.0
_MAX_SERVERS = 4
_MAX_RECORDS = 64


@dataclass(frozen=True, slots=True)
class Configuration:
    """Resolver configuration: servers in order, search list, dots of an absolute name."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1
    port: int = 53


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """DNS answer: the server that gave it and its records as text, or why there is none."""

    server: str = ""
    records: tuple[str, ...] = ()
    problem: str = ""
    fix: str = ""
    """Change that lets DNS answer, as a sentence; empty where it has answered."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """Server without a usable answer: a clause about it, and the change as a sentence."""

    problem: str
    fix: str


_ANOTHER = "or give this machine another DNS server"


def system_configuration() -> Configuration:
    """This machine's configuration (resolv.conf(5), the registry); blocks while dnspython loads."""
    import dns.resolver

    importlib.import_module("dns.asyncresolver")
    try:
        system = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return Configuration()
    search = tuple(name.to_text() for name in system.search)
    servers = tuple(str(server) for server in system.nameservers)
    return Configuration(
        servers[:_MAX_SERVERS], search, 1 if system.ndots is None else system.ndots
    )


class Nameservers:
    """Client of a machine's DNS servers through a vantage on it, for one event loop."""

    def __init__(
        self, vantage: Vantage, configure: Callable[[], Configuration] = system_configuration
    ) -> None:
        self._vantage = vantage
        self._configure = configure
        self._configuration: Configuration | None = None
        self._loading = asyncio.Lock()
        self._responding: set[str] = set()
        """Servers that have responded to a query, about whatever name."""

    async def query(
        self, name: str, kinds: tuple[str, ...], timeout: float, search: bool
    ) -> DnsAnswer:
        """Ask for the first kind of record the name has, at most `timeout` seconds in all.

        Never raises. SRV records come as host names, best first (RFC 2782), PTR records as names.
        """
        deadline = time.monotonic() + timeout
        try:
            configuration = await self._load()
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            why = file_text(error.errno) if isinstance(error, OSError) else type(error).__name__
            return DnsAnswer(
                problem=f"the DNS configuration could not be read: {why}",
                fix="Fix the DNS configuration of this machine.",
            )
        failures: list[_Failure] = []
        for server in configuration.servers:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            server_timeout = min(left, _SERVER_TIMEOUT)
            answer = await _query_server(
                self._vantage,
                server,
                configuration,
                name,
                kinds,
                server_timeout,
                search,
                self._responding,
            )
            if isinstance(answer, DnsAnswer):
                return answer
            failures.append(answer)
        if not failures:
            problem = "no DNS server is configured on this machine"
            return DnsAnswer(problem=problem, fix="Give this machine a DNS server.")
        return DnsAnswer(
            problem="; ".join(one.problem for one in failures),
            fix=" ".join(dict.fromkeys(one.fix for one in failures)),
        )

    async def _load(self) -> Configuration:
        async with self._loading:
            if self._configuration is None:
                self._configuration = await run_in_thread(self._configure)
            return self._configuration


async def _query_server(
    vantage: Vantage,
    server: str,
    configuration: Configuration,
    name: str,
    kinds: tuple[str, ...],
    timeout: float,
    search: bool,
    responding: set[str],
) -> DnsAnswer | _Failure:
    """The definite answer of one server, or why the next one should be asked."""
    import dns.asyncresolver
    import dns.exception
    import dns.flags
    import dns.name
    import dns.resolver

    from probes.vantage.local.dns_query import VantageNameserver

    resolver = dns.asyncresolver.Resolver(configure=False)
    try:
        resolver.nameservers = [
            VantageNameserver(vantage, server, configuration.port, lambda: responding.add(server))
        ]
        resolver.search = [dns.name.from_text(suffix) for suffix in configuration.search]
        resolver.ndots = configuration.ndots
        resolver.timeout = _TRY_TIMEOUT
        for kind in kinds:
            try:
                answer = await resolver.resolve(name, kind, lifetime=timeout, search=search)
            except dns.resolver.NoAnswer as error:
                if error.kwargs["response"].flags & (dns.flags.AA | dns.flags.RA):
                    continue
                # A lame server (RFC 1912 2.8) knows nothing of the name, not that it has no record.
                return _Failure(
                    f"{server} does not know the name and offers no recursion",
                    f"Let the DNS server {server} resolve names for this machine, {_ANOTHER}.",
                )
            return DnsAnswer(server, _records(answer), _no_service_text(server, answer))
    except dns.resolver.NXDOMAIN:
        return DnsAnswer(server, problem=f"{server} says no such name")
    except (dns.resolver.NoNameservers, dns.resolver.LifetimeTimeout) as error:
        return _failure(server, configuration.port, error, responds=server in responding)
    except (dns.exception.DNSException, OSError, ValueError) as error:
        return _Failure(
            f"{server} could not be asked ({type(error).__name__})",
            f"Check why the DNS server {server} cannot be asked, {_ANOTHER}.",
        )
    return DnsAnswer(server, problem=f"{server} has no {' or '.join(kinds)} record for it")


def _failure(
    server: str, port: int, error: dns.exception.DNSException, *, responds: bool
) -> _Failure:
    """Reason why a server gave no usable answer, from the last of dnspython's tries."""
    import dns.message
    import dns.rcode

    from probes.vantage.local.dns_query import CutOff, Garbled, Unasked, failure_text

    tries = error.kwargs.get("errors") or [(server, False, 0, None, None)]
    _, _, _, cause, response = tries[-1]
    if isinstance(cause, dns.message.ChainTooLong):
        return _Failure(
            f"{server} answers with aliases that lead on and on",
            f"Correct the alias records (CNAME) of the name, which {server} gives.",
        )
    if response is not None and response.rcode() != dns.rcode.NOERROR:
        word = dns.rcode.to_text(response.rcode())
        does = f"Check on the DNS server {server} why it answers {word}"
        if response.rcode() == dns.rcode.REFUSED:
            does = f"Let the DNS server {server} answer this machine"
        return _Failure(f"{server} answers {word}", f"{does}, {_ANOTHER}.")
    is_garbled = response is not None or isinstance(cause, Garbled | dns.exception.DNSException)
    # Silence is an exception of dnspython too.
    if is_garbled and not isinstance(cause, dns.exception.Timeout):
        return _Failure(
            f"{server} sends what is no answer to the question",
            f"Check which program answers on UDP {port} of {server}, {_ANOTHER}.",
        )
    if isinstance(cause, CutOff):
        return _Failure(
            f"{server} {cause}",
            f"Allow TCP {port} from this machine to the DNS server {server}, and have it answer "
            "there: answers that UDP cuts off come over TCP.",
        )
    if isinstance(cause, OSError) and not isinstance(cause, TimeoutError) and cause.strerror:
        why = failure_text(cause)
        does = f"Allow UDP {port} from this machine to the DNS server {server}"
        if not (isinstance(cause, Unasked) and cause.rejected):
            does = f"Start the DNS server {server} or correct its address, {_ANOTHER}"
        return _Failure(f"{server} cannot be asked ({why})", f"{does}: {why}.")
    if responds:
        return _Failure(
            f"{server} does not answer for this name, though it has answered other queries",
            f"Check on the DNS server {server} why it gives no answer for this name (perhaps the "
            f"server that it asks in turn is silent), {_ANOTHER}.",
        )
    return _Failure(
        f"{server} does not answer",
        f"Start the DNS server {server}, allow UDP {port} to it, {_ANOTHER}.",
    )


def _records(answer: dns.resolver.Answer) -> tuple[str, ...]:
    if answer.rrset is None:
        return ()
    records = list(answer.rrset)[:_MAX_RECORDS]
    if answer.rdtype.name == "PTR":
        return tuple(record.target.to_text(omit_final_dot=True) for record in records)
    if answer.rdtype.name != "SRV":
        return tuple(record.to_text() for record in records)
    records.sort(key=lambda record: (record.priority, -record.weight, record.target))
    # The target "." says: this service is decidedly not here (RFC 2782).
    names = [record.target.to_text(omit_final_dot=True) for record in records]
    return tuple(dict.fromkeys(name for name in names if name != "."))


def _no_service_text(server: str, answer: dns.resolver.Answer) -> str:
    return "" if _records(answer) else f"{server} says this service is not offered"
