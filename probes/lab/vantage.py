"""LabVantage: the lab as a vantage. Names and ports are mapped, nothing else.

Sockets, latencies and errors are the kernel's: LocalVantage measures.
"""

from __future__ import annotations

import dataclasses
from functools import partial

from probes.lab import site
from probes.lab.address_map import AddressMap
from probes.model import SIMULATED, Reason, Resolution, State, VantageInfo
from probes.vantage import Accept, Cancel, Done, Outcome
from probes.vantage.local.vantage import LocalVantage

SOURCE = "127.0.0.1"
"""Source address of connections to loopback."""
NAME_TABLE = "the demo's table of names"
NOT_IN_LAB = "the demo reaches only its own hosts"


class LabVantage:
    """This machine's loopback, with the names of the site; made on the loop it is used on."""

    def __init__(self, address_map: AddressMap) -> None:
        self._local = LocalVantage()
        self._address_map = address_map

    @property
    def info(self) -> VantageInfo:
        """This host, said to be a lab, with the site's DNS servers."""
        return dataclasses.replace(
            self._local.info, kind=SIMULATED, addresses=(SOURCE,), resolvers=site.resolvers()
        )

    @property
    def descriptors(self) -> int:
        """The number of sockets that the descriptor limit leaves for probing."""
        return self._local.descriptors

    def unresolved_neighbour(self, address: str) -> str | None:
        """None: loopback has no neighbours."""
        return None

    def neighbour_mac(self, address: str) -> str:
        """Empty: loopback has no neighbours."""
        return ""

    def interface(self, source: str) -> str | None:
        """The interface of loopback, from which everything here is sent."""
        return self._local.interface(source)

    async def resolve(self, name: str) -> Resolution:
        """Look a name up in the site's table."""
        known = site.addresses().get(_normalized(name))
        if known is None:
            return Resolution(name, (), problem=f"{NAME_TABLE} has no such name")
        return Resolution(name, (known,), server=NAME_TABLE)

    async def srv(self, name: str) -> Resolution:
        """Look SRV records up in the site's table."""
        hosts = site.SERVICES.get(_normalized(name), ())
        return Resolution(name, hosts, problem="" if hosts else f"{NAME_TABLE} has no such record")

    async def reverse(self, address: str) -> Resolution:
        """Look an address up in the site's table."""
        names = tuple(name for name, one in site.addresses().items() if one == address)
        return Resolution(
            address, names, problem="" if names else f"{NAME_TABLE} has no such address"
        )

    def connect(self, address: str, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        """Open one TCP connection to what stands behind a port; see Vantage.connect."""
        endpoint = self._address_map.endpoint("tcp", address, port)
        if endpoint is None:
            done(_not_in_lab(address))
            return _no_cancel
        return self._local.connect(*endpoint, timeout, partial(_report, done, address), keep=keep)

    async def exchange(
        self, address: str, port: int, payload: bytes, timeout: float, accept: Accept
    ) -> Outcome:
        """Send one datagram to what stands behind a port; see Vantage.exchange."""
        endpoint = self._address_map.endpoint("udp", address, port)
        if endpoint is None:
            return _not_in_lab(address)
        return _with_address(
            await self._local.exchange(*endpoint, payload, timeout, accept), address
        )

    async def ping(self, address: str, timeout: float) -> Outcome:
        """Send one ICMP echo request to a host's loopback address; see Vantage.ping."""
        host = self._address_map.loopback_address(address)
        if host is None:
            return _not_in_lab(address)
        return _with_address(await self._local.ping(host, timeout), address)

    async def close(self) -> None:
        """Close the shared sockets."""
        await self._local.close()


def _report(done: Done, address: str, outcome: Outcome) -> None:
    done(_with_address(outcome, address))


def _with_address(outcome: Outcome, address: str) -> Outcome:
    """The outcome under the host's own address, where the system has but one for all of them."""
    if outcome.icmp is not None and outcome.icmp.offender == outcome.address:
        outcome.icmp = dataclasses.replace(outcome.icmp, offender=address)
    outcome.address = address
    return outcome


def _not_in_lab(address: str) -> Outcome:
    return Outcome(State.ERROR, Reason.LOCAL_ERROR, address, problem=NOT_IN_LAB)


def _no_cancel() -> None:
    """There is nothing to cancel."""


def _normalized(name: str) -> str:
    return name.rstrip(".").casefold()
