"""Data that the stages pass on: targets, jobs, observations, results, verdicts, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from profiles.model import Check


class State(StrEnum):
    """What was seen on the path, in nmap's words."""

    OPEN = "open"
    CLOSED = "closed"
    FILTERED = "filtered"
    OPEN_FILTERED = "open|filtered"
    UNREACHABLE = "unreachable"
    ERROR = "error"
    NOT_RUN = "not run"


class Reason(StrEnum):
    """Why the state is what it is, in nmap's words."""

    SYN_ACK = "syn-ack"
    UDP_RESPONSE = "udp-response"
    ECHO_REPLY = "echo-reply"
    CONN_REFUSED = "conn-refused"
    PORT_UNREACH = "port-unreach"
    PROTO_UNREACH = "proto-unreach"
    ADMIN_PROHIBITED = "admin-prohibited"
    HOST_UNREACH = "host-unreach"
    NET_UNREACH = "net-unreach"
    TIME_EXCEEDED = "time-exceeded"
    NO_RESPONSE = "no-response"
    NAME_NOT_RESOLVED = "name-not-resolved"
    PERMISSION_DENIED = "permission-denied"
    LOCAL_ERROR = "local-error"
    NOT_OFFERED = "not-offered"
    NOT_NEEDED = "not-needed"
    DEPENDENCY = "dependency-missing"
    CANCELLED = "cancelled"


class Service(StrEnum):
    """What is known of the service behind the port."""

    CONFIRMED = "confirmed"
    UNEXPECTED = "unexpected"
    SILENT = "silent"
    NOT_ASKED = "not asked"


class Meaning(Enum):
    """Meaning of a status for the path that its row asks for."""

    AVAILABLE = auto()
    MISSING = auto()
    UNVERIFIABLE = auto()
    """Neither can be told from outside."""
    NOT_NEEDED = auto()
    UNTESTED = auto()
    """The row is over and says nothing."""
    UNFINISHED = auto()


class Status(StrEnum):
    """Status of a row: the word an operator reads, its meaning, and if somebody has to look."""

    meaning: Meaning
    failure: bool
    """Somebody has to look at the row."""

    OK = "ok", Meaning.AVAILABLE, False
    DEGRADED = "degraded", Meaning.MISSING, True
    WARNING = "warning", Meaning.AVAILABLE, True
    BLOCKED = "blocked", Meaning.MISSING, True
    UNVERIFIABLE = "unverifiable", Meaning.UNVERIFIABLE, False
    NOT_NEEDED = "not needed", Meaning.NOT_NEEDED, False
    ERROR = "error", Meaning.UNTESTED, True
    QUEUED = "queued", Meaning.UNFINISHED, False
    RUNNING = "running", Meaning.UNFINISHED, False
    CANCELLED = "cancelled", Meaning.UNTESTED, False

    # That of an enum is worked out in Python, and rows are tens of thousands.
    __hash__ = str.__hash__

    def __new__(cls, word: str, meaning: Meaning, failure: bool) -> Status:
        """A member of the table above; each row has all three."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        member.failure = failure
        return member


def _statuses(*meanings: Meaning) -> frozenset[Status]:
    return frozenset(status for status in Status if status.meaning in meanings)


AVAILABLE = _statuses(Meaning.AVAILABLE)
MISSING = _statuses(Meaning.MISSING)
UNFINISHED = _statuses(Meaning.UNFINISHED)
UNTESTED = _statuses(Meaning.UNTESTED, Meaning.UNFINISHED)
"""Statuses of rows that say nothing about the path."""
MEASURED = _statuses(Meaning.AVAILABLE, Meaning.MISSING, Meaning.UNVERIFIABLE)
"""Statuses of rows that say something about the path."""
FAILURES = frozenset(status for status in Status if status.failure)
TO_CHANGE = FAILURES - AVAILABLE
"""Statuses of rows that somebody must change something for."""
FINE = _statuses(Meaning.AVAILABLE, Meaning.NOT_NEEDED) - FAILURES
BEST_FIRST = (Status.OK, Status.WARNING, Status.DEGRADED, Status.BLOCKED)
"""Statuses of which one is better than another: those of paths that are available or missing."""


class Ruling(StrEnum):
    """What the rows of a target mean for a capability, the worst first."""

    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    READY_AFTER = "ready after enabling remoting"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Icmp:
    """An ICMP error: type and code (RFC 792, RFC 4443 when `version` is 6) and who sent it."""

    type: int
    code: int
    offender: str
    version: int = 4


@dataclass(frozen=True, slots=True)
class Target:
    """One host as the operator named it, in one role; `port` only where HOST:PORT was given."""

    role: str
    host: str
    port: int | None = None
    friendly_name: str = field(default="", compare=False)
    """What a comment in a list of hosts calls it, beside its name and never instead of it."""

    @property
    def label(self) -> str:
        """HOST or HOST:PORT as it is shown and keyed, IPv6 in brackets before a port."""
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Job:
    """One check towards one target: a row. `port` is the one to use; None for ICMP."""

    key: str
    check: Check
    target: Target
    port: int | None
    via: tuple[str, int] | None = None
    """Host and port of the proxy that is connected to instead of the target."""

    @property
    def port_text(self) -> str:
        """The port it is asked on, as a person writes it: `TCP 5985`, `ICMP`."""
        check = self.check
        if check.ports or self.port is None or self.port == check.port:
            return check.port_text
        return f"{check.transport.upper()} {self.port}"

    @property
    def check_text(self) -> str:
        """The title of its check and the port: `WinRM TCP 5985`."""
        return f"{self.check.title} {self.port_text}"

    @property
    def endpoint(self) -> tuple[str, int | None]:
        """The host and port that the engine itself connects to."""
        return self.via or (self.target.host, self.port)

    @property
    def proxy(self) -> str:
        """The proxy as HOST:PORT; empty without one."""
        return "" if self.via is None else Target("", *self.via).label


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name resolved to, in the order a client would try; empty with a `problem`."""

    name: str
    addresses: tuple[str, ...]
    ms: float = 0.0
    server: str = ""
    """The DNS server that answered, `hosts file`, or empty where it cannot be told."""
    problem: str = ""
    """Why there is no address, as the end of a sentence: `10.0.0.53 says no such name`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange: what was sent and received, as short text or hex, and where and when."""

    address: str
    sent: str = ""
    received: str = ""
    state: str = ""
    reason: str = ""
    at_ms: float = 0.0
    """Milliseconds since the row began."""
    icmp: Icmp | None = None
    errno: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything one job found out, as facts; no judgement."""

    state: State
    reason: Reason
    service: Service = Service.NOT_ASKED
    address: str | None = None
    source: str | None = None
    icmp: Icmp | None = None
    latency_ms: float | None = None
    latency_source: str | None = None
    """`kernel` (TCP_INFO), `kernel-timestamp` (SO_TIMESTAMPNS) or `monotonic`."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    started: str = ""
    """RFC 3339 with the offset."""
    attempts: int = 1
    facts: Mapping[str, object] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    interface: str | None = None
    """The interface that has the source address; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Result:
    """A job's observation and its judgement: one row, one log line."""

    job: Job
    status: Status
    note: str
    observation: Observation


@dataclass(frozen=True, slots=True)
class Settings:
    """How patiently and how widely to measure."""

    timeout: float = 4.0
    """Seconds one attempt may take; also the deadline of a whole protocol exchange."""
    retries: int = 1
    """Further attempts after silence."""
    concurrency: int = 1000
    """Attempts in flight; lowered to what the descriptor limit allows."""
    per_host: int = 3
    """TCP attempts in flight towards one host; UDP and ICMP wait for each other (DatagramPacer)."""


SIMULATED = "lab"
"""The kind of a vantage whose network is made up: loopback servers of the demo."""
DEMO = "demo: simulated services on loopback"
"""What is said of it wherever the name of a host that measures would stand."""


@dataclass(frozen=True, slots=True)
class VantageInfo:
    """Where the measurement is made from."""

    kind: str
    host: str
    user: str = ""
    os: str = ""
    addresses: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether what was measured is the demo and no network."""
        return self.kind == SIMULATED

    @property
    def label(self) -> str:
        """This host and its address, in a few words."""
        if self.simulated:
            return DEMO
        return f"{self.host} ({self.addresses[0]})" if self.addresses else self.host


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """Event: a row of an earlier session that is not measured again, as it counts now."""

    result: Result


@dataclass(frozen=True, slots=True)
class Started:
    """Event: these rows are being measured now."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Queued:
    """Event: these rows wait to be measured (again)."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Event: one sentence for the operator, such as a lowered limit or a log that failed."""

    text: str
    severity: str = "warning"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Event: every row of a target has its result, and this is what they mean together.

    The last one of a target and capability stands.
    """

    target: Target
    capability: str
    """Id of the capability in the profile."""
    ruling: Ruling
    because: tuple[str, ...]
    """Ids of the checks it rests on."""
    fix: tuple[str, ...]
    """The fewest changes that make it ready, a sentence each; empty if there are none to make."""
    text: str
    """One sentence that does not name the host."""


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """Event: everything is measured, and this is what is behind the rows; the last one stands."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """Event: the operator took these out; their rows are not measured and count no more."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """Event: what was removed is back, with the results it had."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """Event: nothing is queued or in flight any more; `complete` is false after a stop."""

    complete: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    """Rows by status."""


Event = (
    Result
    | EarlierResult
    | Started
    | Queued
    | Message
    | Verdict
    | Diagnosed
    | Removed
    | Restored
    | Finished
)
"""What a run reports."""


def version() -> str:
    """As it was installed; `unknown` where it was not."""
    # It brings a parser of mail with it.
    import importlib.metadata

    try:
        return importlib.metadata.version("auditreach")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


class FindingKind(StrEnum):
    """What a finding is about; the order is that in which they are told."""

    LOCAL = "this machine"
    NAME = "name"
    PROXY = "proxy"
    NETWORK = "network"
    HOST = "host"
    FILTER = "filter"
    SERVICE = "service"
    ACCEPTS = "accepts everything"
    CERTIFICATE = "certificate"
    IDENTITY = "identity"
    TIME = "time"


class Confidence(StrEnum):
    """How sure a finding is: told by somebody who must know, or concluded."""

    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause. A row that is lost (blocked, degraded, not tested) is behind at most one."""

    kind: FindingKind
    text: str
    """One sentence without its full stop, harmless to show."""
    confidence: Confidence
    why: str
    """What makes it certain, or what else it could be; without a full stop."""
    keys: tuple[str, ...]
    """Keys of the rows behind it, sorted."""
    fix: str = ""
    """What to change, as a sentence, where that is one thing."""

    @property
    def rows(self) -> int:
        """How many rows are behind it."""
        return len(self.keys)
