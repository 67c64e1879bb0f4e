"""Vantage: the only door to the network, as a protocol, and the outcome of each way through."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from probes.model import Icmp, Reason, Resolution, State, VantageInfo


class NotOffered(Exception):
    """This vantage cannot do what was asked; the row reads `not run`."""


class Pipe(Protocol):
    """An open TCP connection that nobody speaks on yet; what carries it is the vantage's matter.

    Whoever has it opens it once or closes it.
    """

    async def open(self, factory: Callable[[], asyncio.Protocol]) -> asyncio.Transport:
        """Speak on it with a protocol, as with `loop.create_connection`; raises OSError.

        From here on the transport closes the connection. Where this fails or is cancelled, nothing
        is left open. An OSError too where it was closed, or opened before.
        """

    def close(self) -> object:
        """Close the connection; does nothing once it was opened."""


@dataclass(slots=True)
class Outcome:
    """How one attempt ended on the transport: a connect, a datagram exchange or an echo."""

    state: State
    reason: Reason
    address: str
    source: str | None = None
    icmp: Icmp | None = None
    errno: int | None = None
    latency_ms: float | None = None
    latency_source: str | None = None
    elapsed_ms: float = 0.0
    pipe: Pipe | None = None
    """The TCP connection, when the state is open and it was to be kept."""
    data: bytes = b""
    """The datagram that answered."""
    mac: str = ""
    """The MAC address the echo was sent to, where that is the host's own: on our segment."""
    no_arp_reply: bool = False
    """Nobody on our segment has answered for the address of a silent echo, which is theirs."""
    problem: str = ""
    """For local errors: what to do, as a sentence."""


Done = Callable[[Outcome], None]
Accept = Callable[[bytes], bool]


class Cancel(Protocol):
    """Ends an attempt early; its callback is then not called."""

    def __call__(self) -> object:
        """End it; does nothing when it has ended."""


class Vantage(Protocol):
    """A place to measure from. Deadlines are in seconds from the call."""

    @property
    def info(self) -> VantageInfo:
        """Where this is."""

    @property
    def descriptors(self) -> int:
        """How many sockets may be open at once here."""

    def interface(self, source: str) -> str | None:
        """The interface that has a source address; None where that is not known."""

    def unanswered(self, address: str) -> str | None:
        """Who has not answered where this machine itself says that a host is unreachable.

        The address itself or the next router on the way to it; empty where it is neither, so that
        a rule of this machine's must have said so; None where that cannot be told.
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
        """Send one datagram and wait for the first acceptable answer, an error or silence."""

    async def ping(self, address: str, timeout: float) -> Outcome:
        """Send one ICMP echo request and wait for its reply from that address.

        Of a host on the segment of this place the outcome tells the MAC address, or that there
        was no ARP reply, where that can be known.
        """

    async def close(self) -> None:
        """Give back what is shared between attempts."""
