"""Reader of session logs. The file is hostile: bounded lines, checked types, no tracebacks."""

from __future__ import annotations

import dataclasses
import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from probes.judging.host_rows import with_reasons
from probes.judging.recognised_role import recognised_role
from probes.judging.short_reason import short_reason
from probes.model import Job, Observation, Reason, Result, State, Status, Target
from probes.session.header import SCHEMA, Header, parse_header, parse_targets
from probes.session.integrity import verify_log
from probes.session.json_line import MAX_HEADER, MAX_LINE, BadLine, decode_record, get_text
from probes.session.log_encoding import LogFile, open_log
from probes.session.paths import SessionError
from probes.session.records import (
    FindingRecord,
    Remark,
    RowParser,
    VerdictRecord,
    parse_finding,
    parse_unchanged,
    parse_verdict,
)
from profiles.errors import printable_path
from profiles.model import Profile
from profiles.recognition import AUTO

MAX_ROWS = 1_000_000
"""Rows, verdicts, findings or remarks of one session, each."""
MAX_MESSAGES = 20
"""Skipped lines that are named one by one; further ones are counted."""


@dataclass(frozen=True, slots=True)
class Session:
    """Session as it was recorded.

    Texts are those of the file, control characters included: make them harmless before showing
    them.
    """

    header: Header
    results: tuple[Result, ...]
    """One for each key, the last that was recorded, in the order of the first."""
    remarks: tuple[Remark, ...]
    complete: bool
    """The log ends with `end`, which says that everything was measured."""
    ended: str
    """RFC 3339, empty if the log has no end."""
    messages: tuple[str, ...]
    """Lines that could not be read, a sentence each."""
    verdicts: tuple[VerdictRecord, ...] = ()
    """One for each target and capability, the last that was recorded, in the order of the first."""
    findings: tuple[FindingRecord, ...] = ()
    """Last group of findings, unless a later row makes them doubtful."""
    earlier: tuple[Result, ...] = ()
    """Rows of the session this one began from, which were not measured again."""
    removed: tuple[Target, ...] = ()
    """Targets that the operator removed: their rows are in the log only, not in this object."""
    altered: str = ""
    """Sentence about a log that is not as it was written; empty for any other."""


def read_session(path: str | os.PathLike[str], profile: Profile | None = None) -> Session:
    """Read a session, with the checks of the profile for its rows where it has them.

    A check that the profile does not have is made from the record. Raises SessionError.
    """
    with open_log(path) as log:
        collecting = gc.isenabled()
        try:
            # Rows hold no cycles, but their number makes the collector walk all of them over and
            # over: with it, opening takes twice as long.
            gc.disable()
            return _read(log, path, profile)
        finally:
            if collecting:
                gc.enable()


def unreached_rows(session: Session, jobs: Iterable[Job]) -> tuple[Result, ...]:
    """Results for planned jobs that have none: a killed run did not reach them."""
    seen = Observation(State.NOT_RUN, Reason.CANCELLED)
    note = "Not reached before the session ended."
    known = {result.job.key for result in (*session.results, *session.earlier)}
    return tuple(
        Result(job, Status.CANCELLED, note, seen, short_reason(job, Status.CANCELLED, seen))
        for job in jobs
        if job.key not in known
    )


def read_records(
    file: BinaryIO, path: str | os.PathLike[str]
) -> tuple[Header, Iterator[Mapping[str, object]]]:
    """Header of an open log and an iterator over all records after it that can be read.

    Raises SessionError for a file that is no session.
    """

    def readable() -> Iterator[Mapping[str, object]]:
        for _, line in _lines(file):
            try:
                yield decode_record(line)
            except BadLine:
                continue

    return read_header(file.readline(MAX_HEADER), path), readable()


def read_header(line: bytes, path: str | os.PathLike[str]) -> Header:
    """Header from the first line of a log; raises SessionError."""
    if not line:
        raise SessionError(f"{printable_path(path)} is empty.")
    try:
        record = decode_record(line)
    except BadLine as error:
        if line.startswith(b'{"type":"session"'):
            raise SessionError(
                f"The first line of {printable_path(path)} is damaged: {error}."
            ) from None
        raise SessionError(f"{printable_path(path)} is not a session log.") from None
    schema = record.get("schema")
    if record.get("type") != "session" or not isinstance(schema, str):
        raise SessionError(f"{printable_path(path)} is not a session log.")
    if schema != SCHEMA:
        format = printable_path(schema[:64])
        raise SessionError(
            f"{printable_path(path)} has the format {format}; this version reads {SCHEMA}."
        )
    try:
        return parse_header(record)
    except BadLine as error:
        raise SessionError(
            f"The first line of {printable_path(path)} is damaged: {error}."
        ) from None


def _read(log: LogFile, path: str | os.PathLike[str], profile: Profile | None) -> Session:
    header = read_header(log.file.readline(MAX_HEADER), path)
    verification = verify_log(log)
    content = _SessionBuilder(header, profile)
    if verification.altered:
        content.altered = verification.text
    log.file.readline(MAX_HEADER)
    for number, line in _lines(log.file):
        try:
            if line == b"\n":
                raise BadLine(f"it is longer than {MAX_LINE} bytes")
            content.add(decode_record(line), number)
        except BadLine as error:
            content.messages.add(
                f"Line {number} was skipped: {error}."
                if line.endswith(b"\n")
                else f"The last line, {number}, was cut off and is left out."
            )
    return content.build()


class _SessionBuilder:
    """Builder of a session from its records, of which a later one replaces an earlier one."""

    def __init__(self, header: Header, profile: Profile | None) -> None:
        self.messages = _Messages()
        self.altered = ""
        self._header = header
        self._rows = RowParser(profile, header.targets)
        self._results: dict[str, Result] = {}
        self._earlier: dict[str, Result] = {}
        self._verdicts: dict[tuple[str, ...], VerdictRecord] = {}
        self._findings = _Findings()
        self._remarks: list[Remark] = []
        self._added: list[Target] = []
        self._removed: dict[Target, None] = {}
        self._complete, self._ended, self._has_new_results = False, "", False

    def add(self, record: Mapping[str, Any], number: int) -> None:
        """Add the record of one line; unknown types are ignored. Raises BadLine."""
        match record.get("type"):
            case "result":
                self._add_row(self._results, record, number)
                self._begin_anew()
            case "unchanged":
                self._repeat_row(record)
            case "earlier":
                self._add_row(self._earlier, record, number)
            case "verdict" if len(self._verdicts) < MAX_ROWS:
                verdict = parse_verdict(record)
                verdict_key = (verdict.role, verdict.host, str(verdict.port), verdict.capability)
                self._verdicts[verdict_key] = verdict
            case "finding":
                self._findings.add(parse_finding(record))
            case "targets" if len(self._added) < MAX_ROWS:
                self._add_targets(parse_targets(record))
            case "removed" if len(self._removed) < MAX_ROWS:
                self._removed.update(dict.fromkeys(parse_targets(record)))
                self._findings.clear()
            case "restored":
                _discard_targets(self._removed, parse_targets(record))
                self._findings.clear()
            case "remark" if len(self._remarks) < MAX_ROWS:
                self._remarks.append(Remark(get_text(record, "at"), get_text(record, "text")))
            case "end":
                self._set_end(record)

    def build(self) -> Session:
        """Session of all records, without the targets that were removed at the end."""
        header = self._header
        if self._added:
            everything: dict[Target, Target] = {}
            for target in (*header.targets, *self._added[:MAX_ROWS]):
                known = everything.setdefault(target, target)
                if known.network and not target.network:
                    everything[known] = target
            header = dataclasses.replace(header, targets=tuple(everything.values()))
        earlier = [one for key, one in self._earlier.items() if key not in self._results]
        results = [*self._results.values()]
        if self._rows.lacks_reasons:
            both = with_reasons([*results, *earlier])
            results, earlier = both[: len(results)], both[len(results) :]
        session = Session(
            header,
            tuple(results),
            tuple(self._remarks),
            self._complete,
            self._ended,
            self.messages.all(),
            tuple(self._standing_verdicts()),
            self._findings.all(),
            tuple(earlier),
            altered=self.altered,
        )
        return _without_targets(session, tuple(self._removed)) if self._removed else session

    def _standing_verdicts(self) -> Iterator[VerdictRecord]:
        """Verdicts without those on hosts without a role whose role was found after them."""
        rows = (*self._earlier.values(), *self._results.values())
        found = {row.job.target.host for row in rows if recognised_role(row)}
        for one in self._verdicts.values():
            if one.role != AUTO or one.host not in found:
                yield one

    def _add_row(self, kept: dict[str, Result], record: Mapping[str, Any], number: int) -> None:
        result = self._rows.parse(record)
        if len(kept) < MAX_ROWS or result.job.key in kept:
            kept[result.job.key] = result
        else:
            self.messages.add(f"Line {number} was skipped: more than {MAX_ROWS} rows.")

    def _repeat_row(self, record: Mapping[str, Any]) -> None:
        before = self._results.get(get_text(record, "key"))
        if before is None:
            raise BadLine("no result of this row precedes it")
        self._results[before.job.key] = parse_unchanged(record, before)
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Take back what was said at the end of the rows so far."""
        self._complete, self._has_new_results = False, True
        self._findings.clear()

    def _add_targets(self, targets: Sequence[Target]) -> None:
        self._added.extend(targets)
        self._rows.add_targets(targets)
        _discard_targets(self._removed, targets)

    def _set_end(self, record: Mapping[str, Any]) -> None:
        if self._has_new_results or not self._ended:
            # A remark that is added later has an end record of its own; the run ended before.
            self._ended, self._has_new_results = get_text(record, "ended"), False
        self._complete = record.get("complete") is True
        self._findings.complete()


def _discard_targets(removed: dict[Target, None], targets: Iterable[Target]) -> None:
    for target in targets:
        removed.pop(target, None)


def _without_targets(session: Session, removed: tuple[Target, ...]) -> Session:
    """Session without these targets and all that is about them."""
    removed_targets = frozenset(removed)
    header = dataclasses.replace(
        session.header,
        targets=tuple(one for one in session.header.targets if one not in removed_targets),
    )
    return dataclasses.replace(
        session,
        header=header,
        results=tuple(one for one in session.results if one.job.target not in removed_targets),
        earlier=tuple(one for one in session.earlier if one.job.target not in removed_targets),
        verdicts=tuple(
            one
            for one in session.verdicts
            if Target(one.role, one.host, one.port) not in removed_targets
        ),
        removed=removed,
    )


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines after the first, without empty ones; a line that is too long comes empty."""
    number = 1
    while line := file.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, b"\n"
        elif line != b"\n":
            yield number, line


class _Findings:
    """Findings of the last run: a result after them makes them outdated, an end completes them."""

    def __init__(self) -> None:
        self._found: list[FindingRecord] = []
        self._complete = False

    def add(self, finding: FindingRecord) -> None:
        if self._complete:
            self.clear()
        if len(self._found) < MAX_ROWS:
            self._found.append(finding)

    def clear(self) -> None:
        self._found.clear()
        self._complete = False

    def complete(self) -> None:
        self._complete = True

    def all(self) -> tuple[FindingRecord, ...]:
        return tuple(self._found)


class _Messages:
    """Sentences about lines, the first ones in full and the others counted."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._omitted = 0

    def add(self, message: str) -> None:
        if len(self._first) < MAX_MESSAGES:
            self._first.append(message)
        else:
            self._omitted += 1

    def all(self) -> tuple[str, ...]:
        if not self._omitted:
            return tuple(self._first)
        return (*self._first, f"{self._omitted} more lines were skipped.")
