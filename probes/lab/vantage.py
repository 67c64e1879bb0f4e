"""LabVantage: measures the lab as if it were a network. Names and ports are mapped, nothing else.

Sockets, latencies and errors are the kernel's: LocalVantage does the measuring.
"""

from __future__ import annotations

import dataclasses
from functools import partial

from probes.lab import site
from probes.lab.address_map import Directory
from probes.model import SIMULATED, Reason, Resolution, State, VantageInfo
from probes.vantage import Accept, Cancel, Done, Outcome
from probes.vantage.local.vantage import LocalVantage

SOURCE = "127.0.0.1"
"""The address that loopback is spoken to from."""
TABLE = "the demo's table of names"
ELSEWHERE = "the demo reaches only its own hosts"


class LabVantage:
    """This machine's loopback, with the names of the site; made on the loop it is used on."""

    def __init__(self, directory: Directory) -> None:
        self._local = LocalVantage()
        self._directory = directory

    @property
    def info(self) -> VantageInfo:
        """This host, said to be a lab, with the site's DNS servers."""
        return dataclasses.replace(
            self._local.info, kind=SIMULATED, addresses=(SOURCE,), resolvers=site.resolvers()
        )

    @property
    def descriptors(self) -> int:
        """How many sockets the descriptor limit leaves for probing."""
        return self._local.descriptors

    def unresolved_neighbour(self, address: str) -> str | None:
        """Nothing here is out of reach for want of a neighbour."""
        return None

    def interface(self, source: str) -> str | None:
        """The interface of loopback, from which everything here is sent."""
        return self._local.interface(source)

    async def resolve(self, name: str) -> Resolution:
        """Look a name up in the site's table."""
        known = site.addresses().get(_plain(name))
        if known is None:
            return Resolution(name, (), problem=f"{TABLE} has no such name")
        return Resolution(name, (known,), server=TABLE)

    async def srv(self, name: str) -> Resolution:
        """Look SRV records up in the site's table."""
        hosts = site.SERVICES.get(_plain(name), ())
        return Resolution(name, hosts, problem="" if hosts else f"{TABLE} has no such record")

    async def reverse(self, address: str) -> Resolution:
        """Look an address up in the site's table."""
        names = tuple(name for name, one in site.addresses().items() if one == address)
        return Resolution(address, names, problem="" if names else f"{TABLE} has no such address")

    def connect(self, address: str, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        """Open one TCP connection to what stands behind a port; see Vantage.connect."""
        where = self._directory.where("tcp", address, port)
        if where is None:
            done(_elsewhere(address))
            return _nothing
        return self._local.connect(*where, timeout, partial(_seen, done, address), keep=keep)

    async def exchange(
        self, address: str, port: int, payload: bytes, timeout: float, accept: Accept
    ) -> Outcome:
        """Send one datagram to what stands behind a port; see Vantage.exchange."""
        where = self._directory.where("udp", address, port)
        if where is None:
            return _elsewhere(address)
        return _named(await self._local.exchange(*where, payload, timeout, accept), address)

    async def ping(self, address: str, timeout: float) -> Outcome:
        """Send one ICMP echo request to a host's loopback address; see Vantage.ping."""
        host = self._directory.host(address)
        if host is None:
            return _elsewhere(address)
        return _named(await self._local.ping(host, timeout), address)

    async def close(self) -> None:
        """Close the shared sockets."""
        await self._local.close()


def _seen(done: Done, address: str, outcome: Outcome) -> None:
    done(_named(outcome, address))


def _named(outcome: Outcome, address: str) -> Outcome:
    """The outcome under the host's own address, where the system has but one for all of them."""
    if outcome.icmp is not None and outcome.icmp.offender == outcome.address:
        outcome.icmp = dataclasses.replace(outcome.icmp, offender=address)
    outcome.address = address
    return outcome


def _elsewhere(address: str) -> Outcome:
    return Outcome(State.ERROR, Reason.LOCAL_ERROR, address, problem=ELSEWHERE)


def _nothing() -> None:
    """There is nothing to cancel."""


def _plain(name: str) -> str:
    return name.rstrip(".").casefold()
