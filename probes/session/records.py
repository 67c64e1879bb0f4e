"""Records of a session log, from and to results, verdicts, findings and remarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter, itemgetter
from typing import Any

from probes.judging.findings import Finding
from probes.judging.short_reason import short_reason
from probes.model import (
    REASON_CELLS,
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
from probes.session.header import timestamp
from probes.session.json_line import BadLine, get_integer, get_text, get_texts, is_finite_number
from probes.wire.cells import cut
from probes.wire.text import printable
from profiles.model import Check, Profile, Transport
from profiles.ports import beside, with_port

_RULINGS = {str(ruling): ruling for ruling in Ruling}

_STATES = {str(state): state for state in State}
_REASONS = {str(reason): reason for reason in Reason}
_SERVICES = {str(service): service for service in Service}
_STATUSES = {str(status): status for status in Status}
_TRANSPORTS: Mapping[str, Transport] = {"tcp": "tcp", "udp": "udp", "icmp": "icmp"}

# Taking all values at once and comparing types in a chain halves the time of opening a log.
_enum_values = itemgetter("state", "reason", "service", "status", "transport")
_text_values = itemgetter("key", "check", "role", "host", "note", "started")
_nullable_text_values = itemgetter("address", "source", "latency_source")
_other_values = itemgetter(
    "port", "icmp", "latency_ms", "timings_ms", "attempts", "facts", "evidence"
)
_evidence_values = itemgetter(
    "address", "sent", "received", "state", "reason", "at_ms", "icmp", "errno"
)


@dataclass(frozen=True, slots=True)
class Remark:
    """Sentence by the operator or by the program; `at` is RFC 3339."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """Verdict on a target and capability, with the keys of the log in their order."""

    host: str
    port: int | None = field(default=None, kw_only=True)
    """Only where HOST:PORT was given."""
    role: str
    capability: str
    verdict: str
    because: tuple[str, ...]
    """Ids of the checks that decided it."""
    fix: tuple[str, ...]
    text: str

    @property
    def event(self) -> Verdict | None:
        """Verdict as a run reported it; None for a word that this version does not know."""
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
    """Finding with the keys of the log in their order."""

    kind: str
    text: str
    """One sentence without its full stop."""
    sure: str
    why: str
    rows: int
    """Number of rows behind it."""
    keys: tuple[str, ...]
    """Keys of those rows; only the first ones where a line cannot hold all."""
    fix: str


def result_record(result: Result) -> dict[str, object]:
    """`result` record of one row."""
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
        "why": result.why,
        "latency_ms": seen.latency_ms,
        "latency_source": seen.latency_source,
        **_at_most(seen),
        "timings_ms": dict(seen.timings_ms),
        "took_ms": seen.took_ms,
        "source": seen.source,
        "interface": seen.interface,
        "started": seen.started,
        "last_ms": seen.last_ms,
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


def _at_most(seen: Observation) -> dict[str, object]:
    """The key that says that the latency is an upper bound; empty where it is none."""
    return {"latency_at_most": True} if seen.latency_at_most else {}


_MAX_MILLISECONDS = 10**12
_MAX_FACTS = 1000
"""Facts of one row that grow from line to line."""
_SAME = attrgetter(
    *("state", "reason", "service", "icmp", "address", "source", "interface", "attempts"),
    "latency_source",
)


def unchanged_record(result: Result, before: Result) -> dict[str, object] | None:
    """`unchanged` record of a row that was measured again and is as it was `before`.

    None if anything but its times, facts, exchanges and short reason is another; facts that are
    gone are null. It has the reason only where that is another: one row may tell more of others.
    """
    seen, was = result.observation, before.observation
    if (result.status, result.note, _SAME(seen)) != (before.status, before.note, _SAME(was)):
        return None
    facts: dict[str, object] = dict.fromkeys(was.facts.keys() - seen.facts.keys())
    facts |= {key: value for key, value in seen.facts.items() if was.facts.get(key) != value}
    record: dict[str, object] = {
        "type": "unchanged",
        "key": result.job.key,
        "started": seen.started,
        "latency_ms": seen.latency_ms,
        **_at_most(seen),
        "timings_ms": dict(seen.timings_ms),
        "took_ms": seen.took_ms,
    }
    if seen.last_ms:
        record["last_ms"] = seen.last_ms
    if result.why != before.why:
        record["why"] = result.why
    return {**record, "facts": facts} if facts else record


def parse_unchanged(record: Mapping[str, Any], before: Result) -> Result:
    """Result of a row from its `unchanged` record and its result `before`; raises BadLine."""
    latency, facts = record.get("latency_ms"), record.get("facts", {})
    if type(facts) is not dict:
        raise BadLine("its facts is not an object")
    was = before.observation
    merged = {key: value for key, value in {**was.facts, **facts}.items() if value is not None}
    if len(merged) > _MAX_FACTS:
        raise BadLine(f"its row has more than {_MAX_FACTS} facts")
    seen = replace(
        was,
        started=get_text(record, "started"),
        latency_ms=None if latency is None else _parse_milliseconds(latency),
        timings_ms=_parse_timings(record.get("timings_ms", {})),
        facts=merged,
        latency_at_most=_parse_flag(record.get("latency_at_most", False)),
        took_ms=_parse_duration(record.get("took_ms")),
        last_ms=get_integer(record, "last_ms", 0, most=_MAX_MILLISECONDS),
    )
    why = _parse_reason(record["why"]) if "why" in record else before.why
    return replace(before, observation=seen, why=why)


def earlier_record(result: Result) -> dict[str, object]:
    """`earlier` record of a row that is not measured again."""
    return {**result_record(result), "type": "earlier"}


def icmp_record(icmp: Icmp) -> dict[str, object]:
    """Object of an ICMP error; `version` only where it is 6."""
    record: dict[str, object] = {"type": icmp.type, "code": icmp.code, "from": icmp.offender}
    if icmp.version != 4:
        record["version"] = icmp.version
    return record


def to_verdict_record(verdict: Verdict) -> VerdictRecord:
    """Verdict with the keys of the log."""
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
    """`verdict` record of one target and capability."""
    return _typed_record("verdict", verdict)


def parse_verdict(record: Mapping[str, object]) -> VerdictRecord:
    """Verdict from a `verdict` record; raises BadLine."""
    port = get_integer(record, "port", 0, most=65535)
    verdict = VerdictRecord(
        get_text(record, "host"),
        get_text(record, "role"),
        get_text(record, "capability"),
        get_text(record, "verdict"),
        get_texts(record, "because"),
        get_texts(record, "fix"),
        get_text(record, "text"),
        port=port or None,
    )
    if not (verdict.host and verdict.role and verdict.verdict):
        raise BadLine("its host, role or verdict is empty")
    return verdict


def to_finding_record(finding: Finding) -> FindingRecord:
    """Finding with the keys of the log."""
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
    """`finding` record of one cause."""
    return _typed_record("finding", finding)


def parse_finding(record: Mapping[str, object]) -> FindingRecord:
    """Finding from a `finding` record; raises BadLine."""
    keys = get_texts(record, "keys")
    finding = FindingRecord(
        get_text(record, "kind"),
        get_text(record, "text"),
        get_text(record, "sure"),
        get_text(record, "why"),
        get_integer(record, "rows", len(keys), least=len(keys)),
        keys,
        get_text(record, "fix"),
    )
    if not (finding.text and finding.sure):
        raise BadLine("its text or sure is empty")
    return finding


def remark_record(remark: str) -> dict[str, object]:
    """`remark` record of the current time."""
    return {"type": "remark", "at": timestamp(), "text": remark}


def end_record(
    ended: str, complete: bool, counts: Mapping[str, int], sha256: str
) -> dict[str, object]:
    """`end` record.

    `counts` is the number of rows by status, `sha256` the hash of every byte before the record.
    """
    return {
        "type": "end",
        "ended": ended,
        "complete": complete,
        "counts": dict(counts),
        "sha256": sha256,
    }


class RowParser:
    """Parser of result records; checks are the profile's, targets the header's."""

    def __init__(self, profile: Profile | None, targets: Iterable[Target]) -> None:
        self._profile_checks = {check.id: check for check in profile.checks} if profile else {}
        self._checks: dict[tuple[str, str, Transport, int | None], Check] = {}
        self._custom = {one.role: one for one in self._profile_checks.values() if one.custom_port}
        self._asked: dict[tuple[str, int | None, int | None], Check] = {}
        self._targets: dict[tuple[str, str], Target] = {}
        self._targets_with_port: dict[tuple[str, str, int], Target] = {}
        self.lacks_reasons = False
        """A row had no short reason, and has the one that it has without the others by now."""
        self.add_targets(targets)

    def add_targets(self, targets: Iterable[Target]) -> None:
        """Add targets whose rows may follow; their rows get their friendly names."""
        for target in targets:
            known = self._targets.setdefault((target.role, target.host), target)
            if known.network and not target.network:
                # What was added later names the host singly.
                self._targets[target.role, target.host] = target
            if target.port is not None:
                self._targets_with_port.setdefault((target.role, target.host, target.port), target)

    def parse(self, record: Mapping[str, Any]) -> Result:
        """Result from a `result` record; raises BadLine saying what is wrong with it."""
        try:
            state, reason, service, status, transport = words = _enum_values(record)
            key, id, role, host, note, started = strings = _text_values(record)
            address, source, latency_source = maybe = _nullable_text_values(record)
            port, icmp, latency, timings, attempts, facts, evidence = _other_values(record)
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
            known_transport = _TRANSPORTS[transport]
            known_status = _STATUSES[status]
            exchanges = _parse_evidence(evidence) if evidence else ()
            seen = Observation(
                _STATES[state],
                _REASONS[reason],
                _SERVICES[service],
                address,
                source,
                None if icmp is None else _parse_icmp(icmp),
                None if latency is None else _parse_milliseconds(latency),
                latency_source,
                _parse_timings(timings),
                started,
                attempts,
                facts,
                exchanges,
                # These are absent in logs of older versions.
                _parse_interface(record.get("interface")),
                _parse_flag(record.get("latency_at_most", False)),
                _parse_duration(record.get("took_ms")),
                _parse_last(record, exchanges),
            )
        except KeyError:
            raise BadLine("it has a word that this version does not know") from None
        target = self._target(key, id, role, host, port)
        check = self._check(id, target, known_transport, port)
        job = Job(key, check, target, port)
        why = _parse_reason(record["why"]) if "why" in record else ""
        if not why:
            # Older versions had none.
            self.lacks_reasons = True
            why = short_reason(job, known_status, seen, note=note)
        return Result(job, known_status, note, seen, why)

    def _check(self, id: str, target: Target, transport: Transport, port: int | None) -> Check:
        known, role = self._profile_checks.get(id), target.role
        if known is not None and known.role == role and known.transport == transport:
            if port == known.port and target.port is None:
                return known
            return self._check_at(known, port, target.port)
        identity = (id, role, transport, port)
        if identity not in self._checks:
            self._checks[identity] = _check_from_record(id, role, transport, port)
        return self._checks[identity]

    def _check_at(self, known: Check, port: int | None, own: int | None) -> Check:
        """Check of the profile as it was asked, of a target with this port of its own."""
        identity = (known.id, port, own)
        asked = self._asked.get(identity)
        if asked is None:
            custom = self._custom.get(known.role)
            if port != known.port:
                asked = with_port(known, port)
            elif custom is not None and own is not None:
                asked = beside(known, custom, own)
            else:
                asked = known
            self._asked[identity] = asked
        return asked

    def _target(self, key: str, id: str, role: str, host: str, port: int | None) -> Target:
        """Target of a row; HOST:PORT has no key of its own, it is the end of the row's key."""
        end = key[len(id) + 1 :]
        if port is not None and end != host:
            own = self._targets_with_port.get((role, host, port)) or Target(role, host, port)
            if end == own.label:
                self._targets_with_port[role, host, port] = own
                return own
        target = self._targets.get((role, host))
        if target is None:
            target = self._targets[role, host] = Target(role, host)
        return target


def _typed_record(name: str, one: VerdictRecord | FindingRecord) -> dict[str, object]:
    """Record of this type with the fields in their order, without those that are None."""
    record: dict[str, object] = {"type": name}
    for each in fields(one):
        value = getattr(one, each.name)
        if value is not None:
            record[each.name] = list(value) if isinstance(value, tuple) else value
    return record


def _check_from_record(id: str, role: str, transport: Transport, port: int | None) -> Check:
    """Check that the profile no longer has, so that an old session can be opened."""
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


def _parse_icmp(value: Any) -> Icmp:
    if type(value) is not dict:
        raise BadLine("its icmp is not an object or null")
    return Icmp(
        get_integer(value, "type", -1, most=255),
        get_integer(value, "code", -1, most=255),
        get_text(value, "from"),
        get_integer(value, "version", 4, least=4, most=6),
    )


def _parse_reason(value: object) -> str:
    """Short reason, harmless and no longer than one is."""
    if type(value) is not str:
        raise BadLine("its why is not text")
    if len(value) <= REASON_CELLS and value.isascii() and value.isprintable():
        return value.strip()
    return cut(printable(value), REASON_CELLS)


def _parse_interface(value: object) -> str | None:
    if value is not None and type(value) is not str:
        raise BadLine("its interface is not text or null")
    return value


def _parse_flag(value: object) -> bool:
    if type(value) is not bool:
        raise BadLine("its latency_at_most is not true or false")
    return value


def _parse_duration(value: object) -> float | None:
    return None if value is None else _parse_milliseconds(value)


def _parse_last(record: Mapping[str, Any], exchanges: tuple[Evidence, ...]) -> int:
    if "last_ms" in record:
        return get_integer(record, "last_ms", 0, most=_MAX_MILLISECONDS)
    latest = max((one.at_ms for one in exchanges if one.at_ms is not None), default=0.0)
    return int(min(max(latest, 0.0), _MAX_MILLISECONDS))


def _parse_milliseconds(value: object) -> float:
    if not is_finite_number(value):
        raise BadLine("one of its times is not a number or null")
    return value


def _parse_timings(value: Any) -> Mapping[str, float]:
    if type(value) is not dict:
        raise BadLine("its timings_ms is not an object")
    for time in value.values():
        if time is None:
            return _parse_timings({key: item for key, item in value.items() if item is not None})
        _parse_milliseconds(time)
    times: dict[str, float] = value
    return times


def _parse_evidence(value: Any) -> tuple[Evidence, ...]:
    if type(value) is not list:
        raise BadLine("its evidence is not a list")
    return tuple([_parse_exchange(item) for item in value])


def _parse_exchange(item: Any) -> Evidence:
    if type(item) is not dict:
        raise BadLine("its evidence has something that is not an object")
    try:
        address, sent, received, state, reason, at, icmp, errno = _evidence_values(item)
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
        # One shared object each saves memory with a hundred thousand rows.
        _STATES.get(state, state),
        _REASONS.get(reason, reason),
        _parse_duration(at),
        None if icmp is None else _parse_icmp(icmp),
        errno,
    )
