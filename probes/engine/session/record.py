"""Results, remarks, verdicts and the end as records, and results back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

from probes.engine.model import (
    Evidence,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
)
from probes.engine.session.header import now
from probes.engine.session.line import BadLine
from probes.engine.session.typed import finite, integer, text
from profiles.model import Check, Profile, Transport

Word = TypeVar("Word")

_STATES = {str(state): state for state in State}
_REASONS = {str(reason): reason for reason in Reason}
_SERVICES = {str(service): service for service in Service}
_STATUSES = {str(status): status for status in Status}
_TRANSPORTS: Mapping[str, Transport] = {"tcp": "tcp", "udp": "udp", "icmp": "icmp"}
_PROBES: Mapping[Transport, str] = {"tcp": "tcp", "udp": "udp", "icmp": "ping"}

# Types are checked a set at a time: key by key, opening takes a third longer.
_STR = {str}
_STR_OR_NONE = {str, type(None)}
_OBJECT = {dict}
_strings = itemgetter("key", "check", "role", "host", "note", "started")
_maybe_strings = itemgetter("address", "source", "latency_source")
_exchange_strings = itemgetter("address", "sent", "received", "state", "reason")
_KEYS = frozenset(
    (
        "type",
        "key",
        "check",
        "role",
        "host",
        "address",
        "transport",
        "port",
        "state",
        "reason",
        "icmp",
        "service",
        "status",
        "note",
        "latency_ms",
        "latency_source",
        "timings_ms",
        "source",
        "started",
        "attempts",
        "facts",
        "evidence",
    )
)
_EXCHANGE_KEYS = frozenset(
    ("sent", "received", "address", "state", "reason", "at_ms", "icmp", "errno")
)


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence the operator, or the program, left in the log; `at` is RFC 3339."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A judgement of one target and capability, in the words of the log."""

    host: str
    role: str
    capability: str
    verdict: str
    because: tuple[str, ...]
    """Ids of the checks it rests on."""
    fix: tuple[str, ...]
    text: str


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


def icmp_record(icmp: Icmp) -> dict[str, object]:
    """An ICMP error; `version` only where it is 6."""
    record: dict[str, object] = {"type": icmp.type, "code": icmp.code, "from": icmp.offender}
    if icmp.version != 4:
        record["version"] = icmp.version
    return record


def verdict_record(verdict: VerdictRecord) -> dict[str, object]:
    """The `verdict` record of one target and capability."""
    return {
        "type": "verdict",
        "host": verdict.host,
        "role": verdict.role,
        "capability": verdict.capability,
        "verdict": verdict.verdict,
        "because": list(verdict.because),
        "fix": list(verdict.fix),
        "text": verdict.text,
    }


def remark_record(remark: str) -> dict[str, object]:
    """A `remark` record, made now."""
    return {"type": "remark", "at": now(), "text": remark}


def end_record(complete: bool, counts: Mapping[str, int]) -> dict[str, object]:
    """The `end` record, made now; `counts` is rows by status."""
    return {"type": "end", "ended": now(), "complete": complete, "counts": dict(counts)}


class Rows:
    """Records back to results; checks and targets that occur again are shared."""

    def __init__(self, profile: Profile | None) -> None:
        self._known = {check.id: check for check in profile.checks} if profile else {}
        self._checks: dict[tuple[str, str, Transport, int | None], Check] = {}
        self._targets: dict[tuple[str, str, int | None], Target] = {}

    def result(self, record: Mapping[str, Any]) -> Result:
        """The row of one `result` record; raises BadLine saying what is wrong with it."""
        if not record.keys() >= _KEYS:
            raise BadLine(f"it has no {min(_KEYS - record.keys())}")
        key, id, role, host, note, started = strings = _strings(record)
        address, source, latency_source = maybe = _maybe_strings(record)
        if set(map(type, strings)) != _STR or not set(map(type, maybe)) <= _STR_OR_NONE:
            raise BadLine("it holds something else where text belongs")
        if not (key and id and host):
            raise BadLine("it has no key, check or host")
        port = record["port"]
        if port is not None and (type(port) is not int or not 1 <= port <= 65535):
            raise BadLine("its port is not a number from 1 to 65535 or null")
        transport = _word(record, "transport", _TRANSPORTS)
        return Result(
            Job(
                key,
                self._check(id, role, transport, port),
                self._target(key, role, host, port),
                port,
            ),
            _word(record, "status", _STATUSES),
            note,
            Observation(
                _word(record, "state", _STATES),
                _word(record, "reason", _REASONS),
                _word(record, "service", _SERVICES),
                address,
                source,
                _icmp(record["icmp"]),
                _milliseconds(record["latency_ms"]),
                latency_source,
                _timings(record["timings_ms"]),
                started,
                integer(record, "attempts", 1),
                _facts(record["facts"]),
                _evidence(record["evidence"]),
            ),
        )

    def _check(self, id: str, role: str, transport: Transport, port: int | None) -> Check:
        known = self._known.get(id)
        if known is not None and known.role == role and known.transport == transport:
            return known
        identity = (id, role, transport, port)
        if identity not in self._checks:
            self._checks[identity] = _plain_check(id, role, transport, port)
        return self._checks[identity]

    def _target(self, key: str, role: str, host: str, port: int | None) -> Target:
        identity = (role, host, port)
        custom = self._targets.get(identity)
        if custom is None:
            custom = self._targets[identity] = Target(role, host, port)
        # The record has no key of its own for HOST:PORT; the row's key ends with it.
        if port is not None and key.endswith(f"|{custom.label}"):
            return custom
        named = (role, host, None)
        if named not in self._targets:
            self._targets[named] = Target(role, host)
        return self._targets[named]


def _plain_check(id: str, role: str, transport: Transport, port: int | None) -> Check:
    """A check the profile does not have any more, so that an old session still opens."""
    return Check(
        id=id,
        category=id.partition(".")[0],
        role=role,
        title=id.rpartition(".")[2][:12],
        probe=_PROBES[transport],
        transport=transport,
        purpose="",
        consequence="",
        fix="",
        port=port,
    )


def _word(record: Mapping[str, Any], key: str, words: Mapping[str, Word]) -> Word:
    value = record[key]
    word = words.get(value) if type(value) is str else None
    if word is None:
        raise BadLine(f"its {key} is not one this version knows")
    return word


def _icmp(value: Any) -> Icmp | None:
    if value is None:
        return None
    if type(value) is not dict:
        raise BadLine("its icmp is not an object or null")
    return Icmp(
        integer(value, "type", -1, most=255),
        integer(value, "code", -1, most=255),
        text(value, "from"),
        integer(value, "version", 4, least=4, most=6),
    )


def _milliseconds(value: object) -> float | None:
    if value is None:
        return None
    if not finite(value):
        raise BadLine("one of its times is not a number or null")
    return value


def _timings(value: Any) -> Mapping[str, float]:
    if not value and type(value) is dict:
        return {}
    if type(value) is not dict or not all(map(_is_time, value.values())):
        raise BadLine("its timings_ms is not an object of numbers")
    return {key: item for key, item in value.items() if item is not None}


def _is_time(value: object) -> bool:
    return value is None or finite(value)


def _facts(value: Any) -> Mapping[str, object]:
    if type(value) is not dict:
        raise BadLine("its facts is not an object")
    return value


def _evidence(value: Any) -> tuple[Evidence, ...]:
    if type(value) is not list or not set(map(type, value)) <= _OBJECT:
        raise BadLine("its evidence is not a list of objects")
    return tuple(map(_exchange, value))


def _exchange(value: Mapping[str, Any]) -> Evidence:
    if not value.keys() >= _EXCHANGE_KEYS:
        raise BadLine(f"its evidence has no {min(_EXCHANGE_KEYS - value.keys())}")
    address, sent, received, state, reason = strings = _exchange_strings(value)
    if set(map(type, strings)) != _STR:
        raise BadLine("its evidence holds something else where text belongs")
    errno = value["errno"]
    if errno is not None and type(errno) is not int:
        raise BadLine("its errno is not a number or null")
    return Evidence(
        address,
        sent,
        received,
        # Shared, because there is one for every attempt of a hundred thousand rows.
        _STATES.get(state, state),
        _REASONS.get(reason, reason),
        _milliseconds(value["at_ms"]) or 0.0,
        _icmp(value["icmp"]),
        errno,
    )
