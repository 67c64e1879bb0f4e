"""Results, verdicts, findings, remarks and the end as records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from probes.engine.findings import Finding
from probes.engine.model import Icmp, Result, Ruling, Target, Verdict
from probes.engine.session.header import now
from probes.engine.session.line import BadLine
from probes.engine.session.typed import integer, text, texts

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
        finding.sure,
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
