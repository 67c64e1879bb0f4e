"""Report model: sections and parts that every format renders."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from probes.judging.findings import rows_in_no_finding
from probes.judging.host_states import HostStates
from probes.model import MISSING, Observation, Result, Ruling, Status, Target
from probes.remediation import Remedy, remedy
from probes.session import SIMULATED_REMARK, Remark, Session, VerdictRecord
from probes.wire.text import printable
from profiles.model import Profile
from tui.models.columns import COLUMNS, RowData
from tui.models.loaded_session import (
    profile_file_text,
    read_whole_session,
    removed_hosts_text,
    with_earlier_results,
    with_findings,
    with_verdicts,
)
from tui.models.same_cause import SameCause
from tui.text.findings import in_no_finding_text
from tui.text.row_parts import (
    Part,
    attempts_text,
    means_text,
    rest_of_note,
    same_text,
    seen_text,
)
from tui.text.status import in_order

WORST_FIRST = in_order(lambda ranks: ranks.report)

MAX_TEXT = 4000
"""Characters of one text; a forged log may hold a million."""
_PSEUDONYMS = (
    "Names and addresses in this report are aliases. Times of day, and whatever is not known to "
    "be harmless, are left out; hosts are in no order."
)


@dataclass(frozen=True, slots=True)
class Report:
    """A session, its profile, and what a reader must know about both."""

    session: Session
    """With a row for everything planned, its verdicts and its findings."""
    profile: Profile
    notices: tuple[str, ...]
    """Sentences about what could not be read or may be misleading."""
    pseudonymised: bool = False
    hosts: HostStates = field(default_factory=HostStates, compare=False)
    """States of the hosts, also by rows that this report does not hold."""

    @property
    def counts(self) -> dict[Status, int]:
        """Rows by status, worst first; only statuses that occur."""
        found = dict.fromkeys(WORST_FIRST, 0)
        for result in self.session.results:
            found[result.status] += 1
        return {status: number for status, number in found.items() if number}


def load_report(path: Path, profile: Profile) -> Report:
    """The report of a session log; raises SessionError with one sentence."""
    session = with_earlier_results(read_whole_session(path, profile))
    session = with_findings(with_verdicts(session, profile))
    hosts = HostStates(session.results)
    return Report(session, profile, tuple(_notices(session, profile)), hosts=hosts)


def line(text: object, most: int = MAX_TEXT) -> str:
    """Text of the log as one harmless line of at most `most` characters."""
    return printable(str(text), most)


def worst_first(report: Report) -> list[Result]:
    """The rows, worst first, in the order of the log within a status."""
    rank = {status: number for number, status in enumerate(WORST_FIRST)}
    return sorted(report.session.results, key=lambda result: rank[result.status])


def verdicts(report: Report) -> list[VerdictRecord]:
    """The verdicts, worst first."""
    rank = {str(ruling): number for number, ruling in enumerate(Ruling)}
    return sorted(report.session.verdicts, key=lambda one: rank.get(one.verdict, -1))


def verdict_host(verdict: VerdictRecord) -> str:
    """HOST or HOST:PORT of a verdict, as the rows have it."""
    return Target(verdict.role, verdict.host, verdict.port).label


ROW_COLUMNS = tuple(column for column in COLUMNS if column.report is not None)
"""The columns of a list of rows; the first is the status."""


def row_texts(result: Result) -> list[str]:
    """Texts of these columns for one row."""
    cells = RowData(result.status, result.job, result)
    return [column.text(cells) for column in ROW_COLUMNS]


VERDICT_HEADINGS = ("Verdict", "Host", "For", "Because", "To change")


def verdict_cells(report: Report) -> Iterator[tuple[str, ...]]:
    """The verdicts under their headings, worst first."""
    titles = role_titles(report) | {one.id: one.title for one in report.profile.capabilities}
    for one in verdicts(report):
        title = titles.get(one.capability, one.capability)
        yield one.verdict, verdict_host(one), title, one.text, " ".join(one.fix)


FINDING_HEADINGS = ("Sure", "Finding", "Because", "Rows", "To change")


def finding_cells(report: Report) -> Iterator[tuple[str, ...]]:
    """The findings under their headings."""
    for one in report.session.findings:
        yield one.sure, f"{one.text}.", one.why, f"{one.rows:,}", one.fix


def unexplained(report: Report) -> tuple[str, ...]:
    """Keys of the rows to change that are behind no finding."""
    return rows_in_no_finding(report.session.results, report.session.findings)


def unexplained_text(report: Report) -> str:
    """Sentence about the rows to change that are behind no finding; empty without any."""
    return in_no_finding_text(len(unexplained(report)))


class _Results(NamedTuple):
    """Latest results of the rows of a report."""

    by_key: Mapping[str, Result]

    @property
    def results(self) -> Iterator[tuple[object, Result]]:
        """Every row's job and result."""
        return ((one.job, one) for one in self.by_key.values())

    def result(self, key: str) -> Result | None:
        """The result under a key."""
        return self.by_key.get(key)


def causes_of(report: Report) -> SameCause:
    """Rows of a report that share a cause, by its findings."""
    causes = SameCause(_Results({one.job.key: one for one in report.session.results}))
    causes.clear(report.session.findings)
    return causes


def first_parts(report: Report, causes: SameCause, result: Result) -> Iterator[tuple[str, str]]:
    """Heading and text of the first parts of a row to change; commands are left to the format."""
    shared = causes.of(result)
    yield Part.SEEN.heading, seen_text(result)
    yield Part.MEANS.heading, means_text(result)
    yield Part.CHANGE.heading, fix_text(report, result)
    yield f"{Part.CHANGE.heading} by", who_text(report, result)
    yield Part.SAME.heading, same_text(result, shared)
    yield "Note", rest_of_note(result)
    if shared is not None and shared.finding:
        yield "Cause", f"{shared.finding}."


def path_text(observation: Observation) -> str:
    """Source, destination and interface; empty where no address was asked."""
    if not observation.address:
        return ""
    via = f" ({observation.interface})" if observation.interface else ""
    return f"{observation.source or 'unknown source'}{via} to {observation.address}"


def resolved_text(observation: Observation) -> str:
    """Resolved addresses and the resolver; empty for a target named by address."""
    resolved = observation.facts.get("resolved")
    addresses = resolved.get("addresses") if isinstance(resolved, Mapping) else None
    if not isinstance(addresses, (list, tuple)) or not isinstance(resolved, Mapping):
        return ""
    server = resolved.get("server")
    return f"{', '.join(map(str, addresses))}{f' by {server}' if server else ''}"


def times_text(observation: Observation) -> str:
    """The latency with its clock, then what each phase took, in milliseconds."""
    parts = [f"{name} {ms:.2f} ms" for name, ms in observation.timings_ms.items()]
    if observation.latency_ms is not None:
        bound = "≤ " if observation.latency_at_most else ""
        value = f"{bound}{observation.latency_ms:.2f} ms"
        parts.insert(0, f"latency {value} ({observation.latency_source})")
    return ", ".join(parts)


def row_remedy(report: Report, result: Result) -> Remedy | None:
    """Change of a row; None where nothing has to change."""
    return remedy(result, report.hosts.of(result))


def fix_text(report: Report, result: Result) -> str:
    """Sentence about the change of a row; empty where nothing has to change."""
    fix = row_remedy(report, result)
    return "" if fix is None else line(fix.change)


def who_text(report: Report, result: Result) -> str:
    """Party that has to make the change of a row; empty where nothing has to change."""
    fix = row_remedy(report, result)
    return "" if fix is None else line(fix.who)


def lost_text(result: Result) -> str:
    """Sentence on what is lost while a row is blocked or degraded; empty for any other."""
    return line(result.job.check.consequence) if result.status in MISSING else ""


LOSS_HEADINGS = ("Check", "Rows", "Lost without it")


def loss_cells(report: Report) -> list[tuple[str, str, str]]:
    """Under these headings the checks that are blocked or degraded, each once, the worst first."""
    rows: dict[tuple[str, str], int] = {}
    for result in worst_first(report):
        if lost := lost_text(result):
            check = (result.job.check_text, lost)
            rows[check] = rows.get(check, 0) + 1
    return [(check, f"{number:,}", lost) for (check, lost), number in rows.items()]


def measured_text(observation: Observation) -> str:
    """Time of the first attempt, where it is told, and their number; empty without any."""
    if not observation.attempts:
        return ""
    return ", ".join(filter(None, (observation.started, attempts_text(observation.attempts))))


def remark_text(remark: Remark) -> str:
    """A remark with its time, where that is told."""
    return f"{remark.at}: {remark.text}" if remark.at else remark.text


def header_lines(report: Report) -> Iterator[tuple[str, str]]:
    """Label and text of what stands at the head of a report."""
    session, header = report.session, report.session.header
    vantage = header.vantage
    who = f"{vantage.user}@{vantage.host}" if vantage.user else vantage.host
    addresses = f" ({', '.join(vantage.addresses)})" if vantage.addresses else ""
    yield "Tested from", line(f"{who}{addresses}, {vantage.kind}, {vantage.os}")
    if vantage.resolvers:
        yield "DNS servers", line(", ".join(vantage.resolvers))
    if not report.pseudonymised:
        yield "Started", line(header.started)
        ended = session.ended or "no end in the log"
        yield "Ended", line(ended if session.complete else f"{ended}, not complete")
    used = header.profile
    hashed = f" (SHA-256 {used.sha256[:16]})" if used.sha256 else ""
    yield "Profile", line(f"{used.id} {used.version}: {used.source}{hashed}")
    yield "Answers", line(", ".join(f"{name}={said}" for name, said in header.answers.items()))
    settings = header.settings
    yield (
        "Timeouts",
        f"{settings.timeout:g} s an attempt, {settings.retries} more after silence; "
        f"{settings.answer_timeout:g} s for the service behind an open port",
    )
    yield "Made by", line(f"{header.tool.name} {header.tool.version}, session {header.id}")
    # The demo's own is a notice, above everything else.
    if header.remark and header.remark != SIMULATED_REMARK:
        yield "Remark", line(header.remark)
    yield "Rows", ", ".join(f"{number} {status}" for status, number in report.counts.items())


def role_titles(report: Report) -> dict[str, str]:
    """The profile's title of every role, by id."""
    return {role.id: role.title for role in report.profile.roles}


def listed(rows: Iterable[Result]) -> tuple[list[Result], str]:
    """Rows to list for a reader, and a sentence about those without a host; empty if none is."""
    fixed = [*rows]
    shown = [row for row in fixed if row.status is not Status.NO_HOST]
    number = len(fixed) - len(shown)
    if not number:
        return shown, ""
    what = "row is of an address" if number == 1 else "rows are of addresses"
    return shown, f"{number:,} more {what} that nobody uses; CSV and JSON have them."


def by_role(report: Report) -> dict[str, list[Result]]:
    """The rows by the id of their role, those of one host together."""
    hosts: dict[Target, list[Result]] = {}
    for result in report.session.results:
        hosts.setdefault(result.job.target, []).append(result)
    roles: dict[str, list[Result]] = {}
    for target, rows in hosts.items():
        roles.setdefault(target.role, []).extend(rows)
    return roles


def notices(report: Report) -> Iterator[str]:
    """Sentences for the head of a report."""
    if report.pseudonymised:
        yield _PSEUDONYMS
    for notice in report.notices:
        yield line(notice)


def _notices(session: Session, profile: Profile) -> Iterator[str]:
    used = session.header.profile
    if session.header.vantage.simulated:
        yield SIMULATED_REMARK
    if (used.id, used.version) != (profile.id, profile.version):
        yield (
            f"It was tested with profile {used.id} {used.version}; the sentences on purposes "
            f"and changes are those of {profile.id} {profile.version}."
        )
    elif text := profile_file_text(session, profile):
        yield text
    if session.earlier:
        yield (
            f"{len(session.earlier):,} of its rows were not tested in this session; they are "
            "as they were before it, and their notes say since when."
        )
    if session.altered:
        yield f"The session log is not as it was written. {session.altered}"
    if not session.complete:
        yield (
            "The session is not complete: what is missing here was not tested, or could not be "
            "written to its log."
        )
    if removed := removed_hosts_text(session):
        yield removed
    yield from session.messages


def select_rows(report: Report, keys: frozenset[str], which: str) -> Report:
    """The report with these rows only, the verdicts of their targets and the causes behind them.

    `which` says what they are for the notice at its head, such as `the marked ones`. Verdicts and
    causes stay what they were: they rest on rows that the report no longer holds.
    """
    session = report.session
    rows = tuple(result for result in session.results if result.job.key in keys)
    targets = {(one.job.target.role, one.job.target.host, one.job.target.port) for one in rows}
    notice = (
        f"This report holds {len(rows):,} of the session's {len(session.results):,} rows, {which}; "
        "verdicts and causes rest on all of them."
    )
    return dataclasses.replace(
        report,
        session=dataclasses.replace(
            session,
            results=rows,
            verdicts=tuple(
                one for one in session.verdicts if (one.role, one.host, one.port) in targets
            ),
            findings=tuple(one for one in session.findings if keys.intersection(one.keys)),
        ),
        notices=(notice, *report.notices),
    )
