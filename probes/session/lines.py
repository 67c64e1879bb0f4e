"""Lines of records, without their newlines, shortened to what a reader accepts."""

from __future__ import annotations

from dataclasses import replace

from probes.model import Result, Verdict
from probes.session.json_line import MAX_LINE, encode_record
from probes.session.records import (
    FindingRecord,
    earlier_record,
    finding_record,
    remark_record,
    result_record,
    to_verdict_record,
    verdict_record,
)


def result_line(result: Result) -> str:
    """Line of a `result` record."""
    return _shortened(result_record(result))


def earlier_line(result: Result) -> str:
    """Line of an `earlier` record."""
    return _shortened(earlier_record(result))


def verdict_line(verdict: Verdict) -> str:
    """Line of a `verdict` record."""
    return encode_record(verdict_record(to_verdict_record(verdict)))


def finding_line(finding: FindingRecord) -> str:
    """Line of a `finding` record, with as many keys as a reader accepts."""
    line = encode_record(finding_record(finding))
    while len(line) >= MAX_LINE and finding.keys:
        finding = replace(finding, keys=finding.keys[: len(finding.keys) // 2])
        line = encode_record(finding_record(finding))
    return line


def remark_line(text: str) -> str:
    """Line of a `remark` record, at the current time."""
    return encode_record(remark_record(text[: MAX_LINE // 16]))


def _shortened(record: dict[str, object]) -> str:
    line = encode_record(record)
    if len(line) < MAX_LINE:
        return line
    note = str(record["note"])[:4096]
    return encode_record({**record, "note": note, "facts": {"shortened": True}, "evidence": []})
