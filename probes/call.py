"""Interface between the engine and a probe: Call and Answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from probes.model import Evidence, Job, Reason, Service, State
from probes.options import NO_OPTIONS, Options
from probes.vantage import Accept, Outcome, Vantage
from probes.vantage.datagram_pacing import DatagramPacer
from probes.vantage.repeated_datagram import RepeatedDatagram, side_by_side, until_late
from probes.vantage.stream import MAX_RECORDED, Stream, connect, open_stream
from probes.wire.address import same_address
from probes.wire.masking import byte_count, dump

MAX_UNEXPECTED = 4
"""Datagrams kept that answer something else."""

_MAX_SHOWN = 24
"""Bytes of a foreign datagram in a note."""

Mask = Callable[[bytes], bytes]
"""Function that removes from a datagram, before it is recorded, what tells of a secret."""


class Elsewhere(Enum):
    """Treatment of an acceptable answer from another address or port, after silence.

    Other than IGNORED only where `accept` recognises a number that nobody else can know.
    """

    IGNORED = auto()
    NOTED = auto()
    """Clients of this protocol drop it: what was asked stays silent, and the sender is named."""
    COUNTED = auto()
    """It is the answer, and the sender is named."""


class NoAnswer(Exception):
    """No answer on the transport; `outcome` says how it ended."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.state} {outcome.reason}")
        self.outcome = outcome


class Unexpected(Exception):
    """An answer in another protocol than the one asked for; the message says in which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Facts that a probe learned from a service it reached.

    `facts["summary"]` is one short sentence for the row's note; all other facts are for the detail
    and the log, in JSON types.
    """

    service: Service
    facts: Mapping[str, object] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    outcome: Outcome | None = None
    """Connect that decides the row's state instead of the engine's own.

    When it did not open, the note begins with `facts["summary"]`.
    """


class ProbeFunction(Protocol):
    """Probe: a coroutine that asks one service over the transport of its call.

    Raises Unexpected for another protocol; NoAnswer, TimeoutError, EOFError and OSError are left to
    the engine, which makes observations of them.
    """

    async def __call__(self, call: Call) -> Answer:
        """Ask the service and return the facts it told."""


@dataclass(slots=True)
class Call:
    """One job at one address, with everything a probe may use.

    For TCP the engine has connected already: `stream()` is that connection. For UDP `exchange()`
    sends with retries. Both record data sent and received as evidence.
    """

    vantage: Vantage
    job: Job
    address: str
    timeout: float
    """Seconds for one attempt on the transport."""
    retries: int
    start_time: float
    """`loop.time()` at the start of the row, for the offsets in the evidence."""
    options: Options = NO_OPTIONS
    answer_timeout: float = 0.0
    outcome: Outcome | None = None
    """Outcome of the connect of a TCP job, later of the last exchange of a UDP one."""
    attempts: int = 0
    evidence: list[Evidence] = field(default_factory=list)
    listened: list[tuple[float, float]] = field(default_factory=list)
    """Loop times between which each exchange or connect was listened for."""
    pacer: DatagramPacer | None = None
    """Rate limiter shared by all rows of the host; without it datagrams are sent at once."""
    _streams: list[Stream] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Port of the job; a job without one has no probe."""
        assert self.job.port is not None
        return self.job.port

    @property
    def patience(self) -> float:
        """Seconds for the whole conversation with a service that is reached, all connections."""
        return max(self.timeout, self.answer_timeout)

    @property
    def waited(self) -> float:
        """Seconds that the service let us wait on the slowest of its connections."""
        return max((stream.waited for stream in self._streams), default=0.0)

    @property
    def has_received(self) -> bool:
        """True once the service has sent anything on a connection of this call."""
        return any(stream.received for stream in self._streams)

    async def stream(self) -> Stream:
        """Open the TCP connection that the engine made, as a bounded stream."""
        assert self.outcome is not None and self.outcome.pipe is not None
        stream = await open_stream(self.outcome.pipe)
        self.outcome.pipe = None
        self._streams.append(stream)
        return stream

    async def connect(self, port: int | None = None, timeout: float | None = None) -> Stream:
        """Open another TCP connection to the same address, by default to the same port.

        Raises NoAnswer if it does not open, and ConnectionResetError where it is accepted and reset
        at once.
        """
        outcome = await self.try_connect(
            port or self.job.endpoint[1] or self.port, keep=True, timeout=timeout
        )
        if outcome.pipe is None:
            if outcome.state is State.OPEN:
                raise ConnectionResetError("accepted and reset at once")
            raise NoAnswer(outcome)
        stream = await open_stream(outcome.pipe)
        self._streams.append(stream)
        return stream

    async def try_connect(
        self, port: int, *, keep: bool = False, timeout: float | None = None
    ) -> Outcome:
        """Connect once to a port of the same address, without a retry; return the outcome.

        `timeout` is in seconds; without it the one of an attempt.
        """
        limit = timeout or self.timeout
        outcome = await connect(self.vantage, self.address, port, limit, keep=keep)
        self.record(outcome, sent=f"TCP connect to port {port}")
        return outcome

    async def exchange(
        self,
        payload: bytes,
        accept: Accept,
        retries: int | None = None,
        *,
        timeout: float | None = None,
        mask: Mask = bytes,
        elsewhere: Elsewhere = Elsewhere.IGNORED,
    ) -> bytes:
        """Send a datagram, again after silence, and return the answer.

        An answer to any of them counts until the last has had its time. `mask` is applied
        to everything that is recorded. Raises NoAnswer; Unexpected where `accept` refused every
        datagram that came from the address and port asked: the path is open and the service is
        another.
        """
        unexpected: list[bytes] = []

        def is_answer(data: bytes) -> bool:
            if accept(data):
                return True
            if len(unexpected) < MAX_UNEXPECTED:
                unexpected.append(mask(data))
            return False

        async def send(listen: float) -> Outcome:
            self.attempts += 1
            sent = await self.vantage.exchange(self.address, self.port, payload, listen, is_answer)
            return _with_foreign_answer(sent, self.port, accept, elsewhere)

        def record(outcome: Outcome) -> None:
            self.record(outcome, sent=_hex(mask(payload)), received=_hex(mask(outcome.data)))

        wait, count = timeout or self.timeout, 1 + (self.retries if retries is None else retries)
        patience = until_late if self.job.check.answers else side_by_side
        has_answered = self.outcome is not None and self.outcome.state is State.OPEN
        question = RepeatedDatagram(self.address, send, record)
        outcome = self.outcome = await question.run(
            patience(wait, count), self.pacer, self.job, after_answer=has_answered
        )
        if unexpected and outcome.reason == "no-response":
            outcome.state, outcome.reason = State.OPEN, Reason.UDP_RESPONSE
            self.record(outcome, sent="", received=_hex(unexpected[0]))
            raise Unexpected(_foreign_datagram_text(unexpected[0]))
        if outcome.state is not State.OPEN:
            raise NoAnswer(outcome)
        return outcome.data

    def record(self, outcome: Outcome, sent: str, received: str = "") -> None:
        """Record one exchange as evidence."""
        now = asyncio.get_running_loop().time()
        self.listened.append((now - outcome.elapsed_ms / 1000, now))
        self.evidence.append(
            Evidence(
                address=outcome.address,
                sent=sent,
                received=received,
                state=outcome.state,
                reason=outcome.reason,
                at_ms=began_ms(outcome, (now - self.start_time) * 1000),
                icmp=outcome.icmp,
                errno=outcome.errno,
            )
        )

    def at_ms(self, moment: float) -> float:
        """Milliseconds from the start of the row to a loop time, as evidence has them."""
        return round(max(0.0, moment - self.start_time) * 1000, 3)

    def close_unused(self, _: object = None) -> None:
        """Close the connection that the engine made, if no probe has taken it.

        A probe that is cancelled before its first step never takes it.
        """
        if self.outcome is not None and self.outcome.pipe is not None:
            self.outcome.pipe.close()
            self.outcome.pipe = None

    async def close(self) -> None:
        """Close every connection of this call and keep the data exchanged as evidence."""
        self.close_unused()
        for stream in self._streams:
            if stream.sent or stream.received:
                self.evidence.append(
                    Evidence(
                        address=self.address,
                        sent=stream.sent.hex(),
                        received=stream.received.hex(),
                        at_ms=self.at_ms(stream.began),
                    )
                )
            await stream.close()


class LoadableProbe(Protocol):
    """Probe that is imported when its first job comes (see probes.registry)."""

    @property
    def domain_controller(self) -> bool:
        """True if the SRV records of the host's domain should name the host."""

    def is_ipv4_only(self, port: int | None) -> bool:
        """True if the protocol that it asks for on this port does not exist over IPv6."""

    def load(self) -> ProbeFunction | None:
        """Import the probe; None where the transport's own answer is enough."""


class ProbeLoader:
    """Loader of probe functions by name, each imported once."""

    def __init__(self, probes: Mapping[str, LoadableProbe]) -> None:
        self._probes = probes
        self._loaded: dict[str, ProbeFunction | None] = {}

    def load(self, name: str) -> None:
        """Import a probe; a failing import affects only the rows of that probe."""
        if name in self._loaded:
            return
        try:
            self._loaded[name] = self._probes[name].load()
        except ImportError as error:
            self._loaded[name] = _failing_probe(error)

    def is_ipv4_only(self, name: str, port: int | None) -> bool:
        """True if the protocol that a probe asks for on this port does not exist over IPv6."""
        return self._probes[name].is_ipv4_only(port)

    def __getitem__(self, name: str) -> ProbeFunction | None:
        return self._loaded[name]


def _failing_probe(error: ImportError) -> ProbeFunction:
    """Probe in place of one that cannot be imported: its rows show the error."""

    async def ask(call: Call) -> Answer:
        raise ImportError(str(error))

    return ask


def began_ms(outcome: Outcome, ended_ms: float) -> float:
    """Beginning of an attempt that ended at a time, both in milliseconds since one start."""
    return round(max(0.0, ended_ms - outcome.elapsed_ms), 3)


def _with_foreign_answer(
    outcome: Outcome, port: int, accept: Accept, elsewhere: Elsewhere
) -> Outcome:
    """Outcome with the sender of an answer that came from elsewhere, if one did."""
    if elsewhere is Elsewhere.IGNORED or outcome.reason is not Reason.NO_RESPONSE:
        return outcome
    answer = next((one for one in outcome.foreign if accept(one.data)), None)
    if answer is None:
        return outcome
    where = [] if same_address(answer.address, outcome.address) else [answer.address]
    where += [] if answer.port == port else [f"port {answer.port}"]
    outcome.answered_from = " ".join(where) or answer.address
    if elsewhere is Elsewhere.COUNTED:
        outcome.state, outcome.reason, outcome.data = State.OPEN, Reason.UDP_RESPONSE, answer.data
    return outcome


def _hex(data: bytes) -> str:
    """A datagram in hex without secrets, shortened to a length that fits a report."""
    return dump(data, MAX_RECORDED)


def _foreign_datagram_text(data: bytes) -> str:
    if not data:
        return "an empty datagram came, which does not answer what was asked"
    size = "1 byte came that does" if len(data) == 1 else f"{byte_count(data)} came that do"
    return f"{size} not answer what was asked: {dump(data, _MAX_SHOWN, ' ').removesuffix(' …')}"
