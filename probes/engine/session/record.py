"""Results, verdicts, remarks and the end as records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.engine.model import Icmp, Result
from probes.engine.session.header import now


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


def end_record(complete: bool, counts: Mapping[str, int], sha256: str) -> dict[str, object]:
    """The `end` record, made now; `counts` is rows by status, `sha256` of every byte before it."""
    return {
        "type": "end",
        "ended": now(),
        "complete": complete,
        "counts": dict(counts),
        "sha256": sha256,
    }
