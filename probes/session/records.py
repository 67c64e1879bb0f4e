"""Records of the session log from the model: results, verdicts, findings, targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from operator import itemgetter
from typing import Any

from probes.judging.findings import Finding
from probes.model import (
    Evidence,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Ruling,
    Service,
    State,
    Status,
    Target,
    Verdict,
)
from probes.registry import TRANSPORT_PROBES
from probes.session.header import now
from probes.session.json_line import BadLine, finite, integer, text, texts
from profiles.model import Check, Profile, Transport

_RULINGS = {str(ruling): ruling for ruling in Ruling}


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence the operator, or the program, left in the log; `at` is RFC 3339."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A judgement of one target and capability, in the words and the order of the log."""

    host: str
    port: int | None = field(default=None, kw_only=True)
    """Only where HOST:PORT was given."""
    role: str
    capability: str
    verdict: str
    because: tuple[str, ...]
    """Ids of the checks it rests on."""
    fix: tuple[str, ...]
    text: str

    @property
    def event(self) -> Verdict | None:
        """The verdict as a run reported it; None for a word that this version does not know."""
        if self.verdict not in _RULINGS:
            return None
        return Verdict(
            Target(self.role, self.host, self.port),
            self.capability,
            _RULINGS[self.verdict],
            self.because,
            self.fix,
            self.text,
        )


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """One cause behind rows, in the words and the order of the log."""

    kind: str
    text: str
    """One sentence without its full stop."""
    sure: str
    why: str
    rows: int
    """How many rows are behind it."""
    keys: tuple[str, ...]
    """Keys of those rows; only the first ones where a line cannot hold all."""
    fix: str


def result_record(result: Result) -> dict[str, object]:
    """The `result` record of one row."""
    job, seen = result.job, result.observation
    check, target = job.check, job.target
    return {
        "type": "result",
        "key": job.key,
        "check": check.id,
        "role": target.role,
        "host": target.host,
        "address": seen.address,
        "transport": check.transport,
        "port": job.port,
        "state": seen.state,
        "reason": seen.reason,
        "icmp": None if seen.icmp is None else icmp_record(seen.icmp),
        "service": seen.service,
        "status": result.status,
        "note": result.note,
        "latency_ms": seen.latency_ms,
        "latency_source": seen.latency_source,
        "timings_ms": dict(seen.timings_ms),
        "source": seen.source,
        "interface": seen.interface,
        "started": seen.started,
        "attempts": seen.attempts,
        "facts": dict(seen.facts),
        "evidence": [
            {
                "sent": item.sent,
                "received": item.received,
                "address": item.address,
                "state": item.state,
                "reason": item.reason,
                "at_ms": item.at_ms,
                "icmp": None if item.icmp is None else icmp_record(item.icmp),
                "errno": item.errno,
            }
            for item in seen.evidence
        ],
    }


def earlier_record(result: Result) -> dict[str, object]:
    """The `earlier` record of a row that is not measured again."""
    return {**result_record(result), "type": "earlier"}


def icmp_record(icmp: Icmp) -> dict[str, object]:
    """An ICMP error; `version` only where it is 6."""
    record: dict[str, object] = {"type": icmp.type, "code": icmp.code, "from": icmp.offender}
    if icmp.version != 4:
        record["version"] = icmp.version
    return record


def recorded(verdict: Verdict) -> VerdictRecord:
    """A verdict in the words of the log."""
    target = verdict.target
    return VerdictRecord(
        target.host,
        target.role,
        verdict.capability,
        verdict.ruling,
        verdict.because,
        verdict.fix,
        verdict.text,
        port=target.port,
    )


def verdict_record(verdict: VerdictRecord) -> dict[str, object]:
    """The `verdict` record of one target and capability."""
    return _of_type("verdict", verdict)


def verdict_of(record: Mapping[str, object]) -> VerdictRecord:
    """The verdict in a `verdict` record of a file; raises BadLine."""
    port = integer(record, "port", 0, most=65535)
    verdict = VerdictRecord(
        text(record, "host"),
        text(record, "role"),
        text(record, "capability"),
        text(record, "verdict"),
        texts(record, "because"),
        texts(record, "fix"),
        text(record, "text"),
        port=port or None,
    )
    if not (verdict.host and verdict.role and verdict.verdict):
        raise BadLine("its host, role or verdict is empty")
    return verdict


def found(finding: Finding) -> FindingRecord:
    """A finding in the words of the log."""
    return FindingRecord(
        finding.kind,
        finding.text,
        finding.confidence,
        finding.why,
        finding.rows,
        finding.keys,
        finding.fix,
    )


def finding_record(finding: FindingRecord) -> dict[str, object]:
    """The `finding` record of one cause."""
    return _of_type("finding", finding)


def _of_type(name: str, one: VerdictRecord | FindingRecord) -> dict[str, object]:
    """Its type and then its fields in their order, but for those that are None."""
    record: dict[str, object] = {"type": name}
    for each in fields(one):
        value = getattr(one, each.name)
        if value is not None:
            record[each.name] = list(value) if isinstance(value, tuple) else value
    return record


def finding_of(record: Mapping[str, object]) -> FindingRecord:
    """The finding in a `finding` record of a file; raises BadLine."""
    keys = texts(record, "keys")
    finding = FindingRecord(
        text(record, "kind"),
        text(record, "text"),
        text(record, "sure"),
        text(record, "why"),
        integer(record, "rows", len(keys), least=len(keys)),
        keys,
        text(record, "fix"),
    )
    if not (finding.text and finding.sure):
        raise BadLine("its text or sure is empty")
    return finding


def remark_record(remark: str) -> dict[str, object]:
    """A `remark` record, made now."""
    return {"type": "remark", "at": now(), "text": remark}


def end_record(complete: bool, counts: Mapping[str, int], sha256: str) -> dict[str, object]:
    """The `end` record, made now; `counts` is rows by status, `sha256` of every byte before it."""
    return {
        "type": "end",
        "ended": now(),
        "complete": complete,
        "counts": dict(counts),
        "sha256": sha256,
    }


_STATES = {str(state): state for state in State}
_REASONS = {str(reason): reason for reason in Reason}
_SERVICES = {str(service): service for service in Service}
_STATUSES = {str(status): status for status in Status}
_TRANSPORTS: Mapping[str, Transport] = {"tcp": "tcp", "udp": "udp", "icmp": "icmp"}

# Taking all values at once and comparing types in a chain halves the time of opening a log.
_words = itemgetter("state", "reason", "service", "status", "transport")
_strings = itemgetter("key", "check", "role", "host", "note", "started")
_maybe_strings = itemgetter("address", "source", "latency_source")
_others = itemgetter("port", "icmp", "latency_ms", "timings_ms", "attempts", "facts", "evidence")
_exchange = itemgetter("address", "sent", "received", "state", "reason", "at_ms", "icmp", "errno")


class Rows:
    """Makes rows of records; the checks are the profile's, the targets the header's."""

    def __init__(self, profile: Profile | None, targets: Iterable[Target]) -> None:
        self._known = {check.id: check for check in profile.checks} if profile else {}
        self._checks: dict[tuple[str, str, Transport, int | None], Check] = {}
        self._targets: dict[tuple[str, str], Target] = {}
        self._ported: dict[tuple[str, str, int], Target] = {}
        self.know(targets)

    def know(self, targets: Iterable[Target]) -> None:
        """Rows of these are theirs: they have their friendly names."""
        for target in targets:
            self._targets.setdefault((target.role, target.host), target)
            if target.port is not None:
                self._ported.setdefault((target.role, target.host, target.port), target)

    def result(self, record: Mapping[str, Any]) -> Result:
        """The row of one `result` record; raises BadLine saying what is wrong with it."""
        try:
            state, reason, service, status, transport = words = _words(record)
            key, id, role, host, note, started = strings = _strings(record)
            address, source, latency_source = maybe = _maybe_strings(record)
            port, icmp, latency, timings, attempts, facts, evidence = _others(record)
        except KeyError as error:
            raise BadLine(f"it has no {error.args[0]}") from None
        for value in words + strings:
            if type(value) is not str:
                raise BadLine("it has something else where text belongs")
        for value in maybe:
            if value is not None and type(value) is not str:
                raise BadLine("it has something else where text or null belongs")
        if not (key and id and host):
            raise BadLine("its key, check or host is empty")
        if port is not None and (type(port) is not int or not 1 <= port <= 65535):
            raise BadLine("its port is not a number from 1 to 65535 or null")
        if type(attempts) is not int or not 0 <= attempts < 2**31:
            raise BadLine("its attempts is not a number of at least 0")
        if type(facts) is not dict:
            raise BadLine("its facts is not an object")
        try:
            way = _TRANSPORTS[transport]
            judged = _STATUSES[status]
            seen = Observation(
                _STATES[state],
                _REASONS[reason],
                _SERVICES[service],
                address,
                source,
                None if icmp is None else _icmp(icmp),
                None if latency is None else _time(latency),
                latency_source,
                _times(timings),
                started,
                attempts,
                facts,
                _evidence(evidence) if evidence else (),
                # Logs of old have none.
                _interface(record.get("interface")),
            )
        except KeyError:
            raise BadLine("it has a word that this version does not know") from None
        check = self._check(id, role, way, port)
        return Result(
            Job(key, check, self._target(key, id, role, host, port), port), judged, note, seen
        )

    def _check(self, id: str, role: str, transport: Transport, port: int | None) -> Check:
        known = self._known.get(id)
        if known is not None and known.role == role and known.transport == transport:
            return known
        identity = (id, role, transport, port)
        if identity not in self._checks:
            self._checks[identity] = _plain_check(id, role, transport, port)
        return self._checks[identity]

    def _target(self, key: str, id: str, role: str, host: str, port: int | None) -> Target:
        """The record has no key of its own for HOST:PORT; the row's key ends with it."""
        end = key[len(id) + 1 :]
        if port is not None and end != host:
            own = self._ported.get((role, host, port)) or Target(role, host, port)
            if end == own.label:
                self._ported[role, host, port] = own
                return own
        target = self._targets.get((role, host))
        if target is None:
            target = self._targets[role, host] = Target(role, host)
        return target


def _plain_check(id: str, role: str, transport: Transport, port: int | None) -> Check:
    """A check the profile does not have any more, so that an old session still opens."""
    return Check(
        id=id,
        category=id.partition(".")[0],
        role=role,
        title=id.rpartition(".")[2][:12],
        probe=TRANSPORT_PROBES[transport],
        transport=transport,
        purpose="",
        consequence="",
        fix="",
        port=port,
    )


def _icmp(value: Any) -> Icmp:
    if type(value) is not dict:
        raise BadLine("its icmp is not an object or null")
    return Icmp(
        integer(value, "type", -1, most=255),
        integer(value, "code", -1, most=255),
        text(value, "from"),
        integer(value, "version", 4, least=4, most=6),
    )


def _interface(value: object) -> str | None:
    if value is not None and type(value) is not str:
        raise BadLine("its interface is not text or null")
    return value


def _time(value: object) -> float:
    if not finite(value):
        raise BadLine("one of its times is not a number or null")
    return value


def _times(value: Any) -> Mapping[str, float]:
    if type(value) is not dict:
        raise BadLine("its timings_ms is not an object")
    for time in value.values():
        if time is None:
            return _times({key: item for key, item in value.items() if item is not None})
        _time(time)
    times: dict[str, float] = value
    return times


def _evidence(value: Any) -> tuple[Evidence, ...]:
    if type(value) is not list:
        raise BadLine("its evidence is not a list")
    return tuple([_one_exchange(item) for item in value])


def _one_exchange(item: Any) -> Evidence:
    if type(item) is not dict:
        raise BadLine("its evidence has something that is not an object")
    try:
        address, sent, received, state, reason, at, icmp, errno = _exchange(item)
    except KeyError as error:
        raise BadLine(f"its evidence has no {error.args[0]}") from None
    if not (str is type(address) is type(sent) is type(received) is type(state) is type(reason)):
        raise BadLine("its evidence has something else where text belongs")
    if errno is not None and type(errno) is not int:
        raise BadLine("its errno is not a number or null")
    return Evidence(
        address,
        sent,
        received,
        # One object each for the attempts of a hundred thousand rows.
        _STATES.get(state, state),
        _REASONS.get(reason, reason),
        0.0 if at is None else _time(at),
        None if icmp is None else _icmp(icmp),
        errno,
    )
