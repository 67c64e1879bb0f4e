"""LocalVantage: measures from this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from probes.model import Reason, Resolution, State, VantageInfo
from probes.vantage import Accept, Cancel, Done, Outcome
from probes.vantage.local.dns import Resolver
from probes.vantage.local.dns_servers import Nameservers
from probes.vantage.local.host_info import local_info
from probes.vantage.local.icmp import EchoClient
from probes.vantage.local.netlink import NeighbourCache, interface_of, interfaces, next_hop
from probes.vantage.local.tcp import Connector, descriptor_limit
from probes.vantage.local.udp import exchange

_RESERVED_DESCRIPTORS = 64
"""Descriptors left for the log, the terminal, the resolver and the interpreter."""


class LocalVantage:
    """This machine's own sockets, on the loop it is made in."""

    def __init__(self) -> None:
        self._connector = Connector(asyncio.get_running_loop())
        self._echo = EchoClient()
        self._neighbour_cache = NeighbourCache()
        self._resolver = Resolver(Nameservers(self))
        self._descriptors = descriptor_limit() - _RESERVED_DESCRIPTORS
        self._info = local_info()
        self._interfaces: Mapping[str, str] | None = None

    @property
    def info(self) -> VantageInfo:
        """This host, its addresses and resolvers."""
        return self._info

    @property
    def descriptors(self) -> int:
        """The number of sockets that the descriptor limit leaves for probing."""
        return self._descriptors

    def interface(self, source: str) -> str | None:
        """The interface that has an address, as it was when this vantage was first asked."""
        if self._interfaces is None:
            self._interfaces = interfaces()
        return interface_of(source, self._interfaces)

    def unresolved_neighbour(self, address: str) -> str | None:
        """The next hop without an ARP reply; see Vantage.unresolved_neighbour."""
        return self._neighbour_cache.unresolved(address, next_hop(address))

    def neighbour_mac(self, address: str) -> str:
        """The MAC address of a host on our segment; see Vantage.neighbour_mac."""
        return self._neighbour_cache.mac(address)

    async def resolve(self, name: str) -> Resolution:
        """Look a name up as a client on this machine would."""
        return await self._resolver.resolve(name)

    async def srv(self, name: str) -> Resolution:
        """Look up SRV records with this machine's resolvers."""
        return await self._resolver.srv(name)

    async def reverse(self, address: str) -> Resolution:
        """Look up PTR records with this machine's resolvers."""
        return await self._resolver.reverse(address)

    def connect(self, address: str, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        """Open one TCP connection; see Vantage.connect."""
        return self._connector.connect(address, port, timeout, done, keep=keep)

    async def exchange(
        self, address: str, port: int, payload: bytes, timeout: float, accept: Accept
    ) -> Outcome:
        """Send one datagram and wait; see Vantage.exchange."""
        return await exchange(address, port, payload, timeout, accept)

    async def ping(self, address: str, timeout: float) -> Outcome:
        """Send one ICMP echo request and wait; see Vantage.ping."""
        outcome = await self._echo.ping(address, timeout)
        if outcome.state is State.OPEN:
            outcome.mac = self._neighbour_cache.mac(address)
        elif outcome.reason is Reason.NO_RESPONSE:
            outcome.no_arp_reply = self._neighbour_cache.has_no_reply(address)
        return outcome

    async def close(self) -> None:
        """Close the shared sockets."""
        self._connector.close()
        self._resolver.close()
        self._echo.close()
