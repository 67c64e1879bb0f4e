"""Vantage: the only access to the network, as a protocol, and the outcome of each attempt."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from probes.model import Icmp, Reason, Resolution, State, VantageInfo


class NotOffered(Exception):
    """This vantage cannot do what was asked; the row reads `not run`."""


class Pipe(Protocol):
    """An open TCP connection without a protocol yet; its carrier depends on the vantage.

    The owner opens it once or closes it.
    """

    async def open(self, factory: Callable[[], asyncio.Protocol]) -> asyncio.Transport:
        """Attach a protocol to it, as `loop.create_connection` does; raises OSError.

        From here on the transport closes the connection. Where this fails or is cancelled, nothing
        is left open. An OSError too where it was closed, or opened before.
        """

    def close(self) -> object:
        """Close the connection; does nothing once it was opened."""


@dataclass(frozen=True, slots=True)
class ForeignDatagram:
    """Datagram to the port that asked, from another address or port than the one asked."""

    address: str
    port: int
    data: bytes


@dataclass(slots=True)
class Outcome:
    """Outcome of one attempt on the transport: a connect, a datagram exchange or an echo."""

    state: State
    reason: Reason
    address: str
    source: str | None = None
    icmp: Icmp | None = None
    errno: int | None = None
    latency_ms: float | None = None
    latency_source: str | None = None
    latency_at_most: bool = False
    """The latency is an upper bound: it holds the lag of this program too."""
    elapsed_ms: float = 0.0
    ended: float | None = None
    """Loop time of its end, where several are told when the last one has ended."""
    pipe: Pipe | None = None
    """The TCP connection, when the state is open and `keep` was given."""
    data: bytes = b""
    """The datagram that answered."""
    mac: str = ""
    """The MAC address the echo was sent to, where that is the host's own: on our segment."""
    no_arp_reply: bool = False
    """The address of a silent echo is on our segment, and no ARP reply has come for it."""
    not_sent: bool = False
    """A silent connect's SYN did not leave this machine: its own firewall drops it, as a rule."""
    syn_resent: bool = False
    """An answered connect's SYN was sent again, so that it is not known which one was answered."""
    problem: str = ""
    """For local errors: what to do, as a sentence."""
    foreign: tuple[ForeignDatagram, ...] = ()
    """Datagrams from elsewhere to the asking port, where what was asked stayed silent."""
    answered_from: str = ""
    """Address, or port of the same address, that answered in place of what was asked."""


Done = Callable[[Outcome], None]
Accept = Callable[[bytes], bool]


class Cancel(Protocol):
    """Cancellation of an attempt; its callback is then not called."""

    def __call__(self) -> object:
        """End it; does nothing when it has ended."""


class Vantage(Protocol):
    """A host to measure from. Timeouts are in seconds from the call."""

    @property
    def info(self) -> VantageInfo:
        """The host, user, addresses and resolvers of this vantage."""

    @property
    def descriptors(self) -> int:
        """The number of sockets that may be open at once here."""

    def interface(self, source: str) -> str | None:
        """The interface that has a source address; None where that is not known."""

    def unresolved_neighbour(self, address: str) -> str | None:
        """The next hop without a link-layer answer, where this machine reports host unreachable.

        The address itself or the next router on the way to it; empty where it is neither, so that
        a rule of this machine's must have said so; None where that cannot be told.
        """

    def neighbour_mac(self, address: str) -> str:
        """The MAC address from which an IPv4 host on a segment of ours has answered ARP.

        Empty for a host elsewhere or without an answer, and where that cannot be told.
        """

    async def resolve(self, name: str) -> Resolution:
        """Look a name up once, with its time, server and every address; never raises."""

    async def srv(self, name: str) -> Resolution:
        """Look up SRV records (RFC 2782); the addresses are host names, best first."""

    async def reverse(self, address: str) -> Resolution:
        """Look up the names an address leads back to (PTR, RFC 1035 3.3.12)."""

    def connect(self, address: str, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        """Open one TCP connection; `done` gets the outcome, with the connection when `keep`.

        The callback may run before this returns. Raises OSError with EMFILE or ENFILE, and
        nothing else, when no descriptor is left: the caller waits for one.
        """

    async def exchange(
        self, address: str, port: int, payload: bytes, timeout: float, accept: Accept
    ) -> Outcome:
        """Send one datagram and wait for the first acceptable answer, an error or silence.

        `accept` is asked only about what comes from the address and port that were asked; after
        silence the outcome has what came from elsewhere.
        """

    async def ping(self, address: str, timeout: float) -> Outcome:
        """Send one ICMP echo request and wait for its reply from that address.

        Of a host on the segment of this place the outcome tells the MAC address, or that there
        was no ARP reply, where that can be known.
        """

    async def close(self) -> None:
        """Release the resources that attempts share."""
