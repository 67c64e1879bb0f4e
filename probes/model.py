"""Data passed between the stages: targets, jobs, observations, results, verdicts, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from profiles.model import Check


class State(StrEnum):
    """State of a port or host, in nmap's words."""

    OPEN = "open"
    CLOSED = "closed"
    FILTERED = "filtered"
    OPEN_FILTERED = "open|filtered"
    UNREACHABLE = "unreachable"
    ERROR = "error"
    NOT_RUN = "not run"


class Reason(StrEnum):
    """Reason of a state, in nmap's words."""

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
    """Knowledge of the service behind an open port."""

    CONFIRMED = "confirmed"
    UNEXPECTED = "unexpected"
    SILENT = "silent"
    NOT_ASKED = "not asked"


class Meaning(Enum):
    """Meaning of a status for the path that its row asks for."""

    AVAILABLE = auto()
    MISSING = auto()
    UNVERIFIABLE = auto()
    """It cannot be told from outside."""
    NOT_NEEDED = auto()
    UNTESTED = auto()
    """The row is finished and says nothing about the path."""
    ABSENT = auto()
    """Nobody uses the address, so nobody needs the path."""
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
    NO_HOST = "no host", Meaning.ABSENT, False
    QUEUED = "queued", Meaning.UNFINISHED, False
    RUNNING = "running", Meaning.UNFINISHED, False
    CANCELLED = "cancelled", Meaning.UNTESTED, False

    # Enum.__hash__ is Python code; it is called for tens of thousands of rows.
    __hash__ = str.__hash__

    def __new__(cls, word: str, meaning: Meaning, failure: bool) -> Status:
        """Make a member from a line of the table above."""
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
"""Statuses of rows that need a change by somebody."""
FINE = _statuses(Meaning.AVAILABLE, Meaning.NOT_NEEDED, Meaning.ABSENT) - FAILURES
BEST_FIRST = (Status.OK, Status.WARNING, Status.DEGRADED, Status.BLOCKED)
"""Statuses in order, for comparing paths that are available or missing."""


class Ruling(StrEnum):
    """Readiness of a target for a capability, the worst first."""

    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    READY_AFTER = "ready after enabling remoting"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Target:
    """Host as the operator named it, in one role; `port` only where HOST:PORT was given."""

    role: str
    host: str
    port: int | None = None
    friendly_name: str = field(default="", compare=False)
    """Name from a comment in a host file, shown beside the host's name and never instead of it."""
    network: str = field(default="", compare=False)
    """Network or range the address was taken from, as it was written; empty if named singly."""

    @property
    def label(self) -> str:
        """HOST or HOST:PORT as shown and as part of keys, IPv6 in brackets before a port."""
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def whole(self) -> Target:
        """Target that stands for everything in its network or range; itself if named singly."""
        if not self.network or self.network == self.host:
            return self
        return Target(self.role, self.network, self.port, network=self.network)


@dataclass(frozen=True, slots=True)
class Job:
    """One check of one target: a row. `port` is the one to use; None for ICMP."""

    key: str
    check: Check
    target: Target
    port: int | None
    via: tuple[str, int] | None = None
    """Host and port of the proxy to connect to instead of the target."""

    @property
    def port_text(self) -> str:
        """Transport and port as a person writes them: `TCP 5985`, `ICMP`."""
        check = self.check
        if check.ports or self.port is None or self.port == check.port:
            return check.port_text
        return f"{check.transport.upper()} {self.port}"

    @property
    def check_text(self) -> str:
        """Title of the check and its port: `WinRM TCP 5985`."""
        return f"{self.check.title} {self.port_text}".rstrip()

    @property
    def name(self) -> str:
        """Title of the check and its port as a sentence has them: `WinRM (TCP 5985)`."""
        return f"{self.check.title} ({self.port_text})" if self.port_text else self.check.title

    @property
    def endpoint(self) -> tuple[str, int | None]:
        """Host and port that the engine connects to: the proxy's where there is one."""
        return self.via or (self.target.host, self.port)

    @property
    def proxy(self) -> str:
        """Proxy as HOST:PORT; empty without one."""
        return "" if self.via is None else Target("", *self.via).label


@dataclass(frozen=True, slots=True)
class Icmp:
    """ICMP error: type, code (RFC 792, RFC 4443 when `version` is 6) and address of its sender."""

    type: int
    code: int
    offender: str
    version: int = 4


@dataclass(frozen=True, slots=True)
class Resolution:
    """Addresses of a name in the order a client would try them; none with a `problem`."""

    name: str
    addresses: tuple[str, ...]
    ms: float = 0.0
    server: str = ""
    """DNS server that answered, `hosts file`, or empty where it cannot be told."""
    problem: str = ""
    """Reason for having no address, as the end of a sentence: `10.0.0.53 says no such name`."""
    fix: str = ""
    """Change to make where it is not the name that is wrong, but DNS, as a sentence."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange: data sent and received as short text or hex, with address, end and begin."""

    address: str
    sent: str = ""
    received: str = ""
    state: str = ""
    reason: str = ""
    at_ms: float | None = 0.0
    """Milliseconds from the start of the row to the beginning of this exchange.

    None where it was made for several rows, beside them or after them.
    """
    icmp: Icmp | None = None
    errno: int | None = None


ACCEPTS_EVERYTHING = "accepts_everything"
"""Fact of an observation: something on the path accepts every connection to its address."""

WRONG_PRODUCT = "wrong_product"
"""Fact of an observation: the right protocol of another product, as a clause for the verdict."""

NOT_SENT = "not_sent"
"""Fact of an observation: the SYN of a silent connect did not leave the measuring machine."""

SYN_RESENT = "syn_resent"
"""Fact of an observation: a SYN was sent again before the answer, whose latency is not known."""

MEASURED_AS = "measured_as"
"""Fact of an observation: the role, and the name where it is another, as which the port answered
while the row's own attempts got no answer.
"""

IPV4_ONLY = "ipv4_only"
"""Fact of an observation: the IPv6 addresses of which a protocol of IPv4 was not asked."""

ANSWERED_AFTER = "answered_after_s"
"""Fact of an observation: seconds that a slow service let us wait for its answer."""

SILENCE = "silence"
"""Timing of an observation: milliseconds from the first attempt until no answer counted."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Facts that one job found out, without judgement."""

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
    """Interface that has the source address; None where it is not known."""
    latency_at_most: bool = False
    """The latency is an upper bound: it may hold the lag of the program that measured it."""
    took_ms: float | None = None
    """Milliseconds from `started` until its end was known; None where nothing was measured."""
    last_ms: int = 0
    """Milliseconds from `started` until its last exchange began."""


REASON_CELLS = 36
"""Cells of the longest short reason."""


@dataclass(frozen=True, slots=True)
class Result:
    """Observation of a job with its status and note: one row, one log line."""

    job: Job
    status: Status
    note: str
    observation: Observation
    why: str = ""
    """Short reason of the status, beside the full note; at most REASON_CELLS cells."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Event: the ruling on a target and capability, once every row of the target has its result.

    The last one of a target and capability counts.
    """

    target: Target
    capability: str
    """Id of the capability in the profile."""
    ruling: Ruling
    because: tuple[str, ...]
    """Ids of the checks that decided it."""
    fix: tuple[str, ...]
    """Smallest set of changes that makes it ready, a sentence each; empty if none is needed."""
    text: str
    """One sentence that does not name the host."""


class FindingKind(StrEnum):
    """Subject of a finding; findings are shown in this order."""

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
    """Confidence in a finding: certain where the party itself says so, likely where concluded."""

    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause behind rows; a row that is blocked, degraded or not tested has at most one."""

    kind: FindingKind
    text: str
    """One sentence without its full stop, harmless to show."""
    confidence: Confidence
    why: str
    """Grounds for certainty, or other explanations; without a full stop."""
    keys: tuple[str, ...]
    """Keys of the rows behind it, sorted."""
    fix: str = ""
    """Change to make, as a sentence, where it is a single one."""

    @property
    def rows(self) -> int:
        """Number of rows behind the finding."""
        return len(self.keys)


SIMULATED = "lab"
"""Kind of a vantage whose network is made up: loopback servers of the demo."""
DEMO = "demo: simulated services on loopback"
"""Label of such a vantage, in place of the name of the measuring host."""


@dataclass(frozen=True, slots=True)
class VantageInfo:
    """Description of the place that is measured from."""

    kind: str
    host: str
    user: str = ""
    os: str = ""
    addresses: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """True for the demo, which measures no network."""
        return self.kind == SIMULATED

    @property
    def label(self) -> str:
        """Name and first address of the measuring host."""
        if self.simulated:
            return DEMO
        return f"{self.host} ({self.addresses[0]})" if self.addresses else self.host


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """Event: a row of an earlier session that is not measured again, as it counts now."""

    result: Result


@dataclass(frozen=True, slots=True)
class Started:
    """Event: these rows are being measured."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Queued:
    """Event: these rows wait to be measured (again)."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Event: a sentence for the operator, such as a lowered limit or a failing log."""

    text: str
    severity: str = "warning"


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """Event: causes behind the rows after everything was measured; the last event counts."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """Event: what answers decided the role of a host without one; these are its rows."""

    target: Target
    """The host in that role."""
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """Event: the operator removed these targets; their rows are not measured and not counted."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """Event: removed targets are back, with the results they had."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """Event: nothing is queued or in flight; `complete` is false after a stop."""

    complete: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    """Number of rows by status."""


Event = (
    Result
    | EarlierResult
    | Started
    | Queued
    | Message
    | Verdict
    | Diagnosed
    | Recognised
    | Removed
    | Restored
    | Finished
)
"""Anything that a run reports."""


def version() -> str:
    """Version of the installed program; `unknown` where it is not installed."""
    # Imported only here: it loads the package `email`.
    import importlib.metadata

    try:
        return importlib.metadata.version("auditreach")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
