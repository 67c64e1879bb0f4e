"""Content of a session while it is measured, from which a lost log is written anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from probes.judging.findings import Finding
from probes.model import Removed, Restored, Result, Target, Verdict
from probes.session.header import removal_records, targets_records
from probes.session.json_line import encode_record
from probes.session.lines import (
    earlier_line,
    finding_line,
    remark_line,
    result_line,
    verdict_line,
)
from probes.session.records import to_finding_record

MAX_REMARKS = 1000
"""Remarks that are held, the last ones."""


class SessionContent:
    """Latest state of everything in a session log.

    It holds what the session holds anyway: the first line, the targets, the last result of each
    row, the last verdict on each target and capability, the last findings; and remarks.
    """

    def __init__(self) -> None:
        self.header = ""
        """First line of the log, without its newline."""
        self.results: dict[str, Result] = {}
        self.end: tuple[bool, Mapping[str, int]] | None = None
        """Arguments of the `end` record, where nothing was measured after it."""
        self._targets: list[Target] = []
        self._earlier: dict[str, Result] = {}
        self._verdicts: dict[tuple[Target, str], Verdict] = {}
        self._removed: dict[Target, None] = {}
        self._findings: tuple[Finding, ...] = ()
        self._remarks: deque[str] = deque(maxlen=MAX_REMARKS)

    def add_targets(self, targets: Sequence[Target]) -> None:
        """Add hosts; a removed one that is named again counts again."""
        self._targets += targets
        self._discard_removed(targets)

    def apply_removal(self, event: Removed | Restored) -> None:
        """Take hosts out of the session, or in again."""
        if isinstance(event, Removed):
            self._removed.update(dict.fromkeys(event.targets))
        else:
            self._discard_removed(event.targets)
        self._findings = ()

    def add_result(self, result: Result) -> None:
        """Add the result of a row, which makes findings and end void."""
        self.results[result.job.key] = result
        self._findings, self.end = (), None

    def add_earlier(self, result: Result) -> None:
        """Add the row of an earlier session."""
        self._earlier[result.job.key] = result

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict on a target and capability."""
        self._verdicts[verdict.target, verdict.capability] = verdict

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Set the findings of the whole session."""
        self._findings = tuple(findings)

    def add_remark(self, line: str) -> None:
        """Add the line of a remark."""
        self._remarks.append(line)

    def lines(self, remark: str) -> Iterator[str]:
        """Lines of a log that holds this content, without its `end`; a `remark` comes first."""
        yield self.header
        if remark:
            yield remark_line(remark)
        yield from map(encode_record, targets_records(self._targets))
        yield from map(earlier_line, self._earlier.values())
        yield from map(result_line, self.results.values())
        yield from map(verdict_line, self._verdicts.values())
        if self._removed:
            yield from map(encode_record, removal_records(Removed(tuple(self._removed))))
        yield from self._remarks
        for finding in self._findings:
            yield finding_line(to_finding_record(finding))

    def _discard_removed(self, targets: Iterable[Target]) -> None:
        for target in targets:
            self._removed.pop(target, None)
