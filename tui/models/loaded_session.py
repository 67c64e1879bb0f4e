"""Loaded session: a log with verdicts and findings, as the screen shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from probes.engine.plan import plan
from probes.engine.verdict_tracker import verdicts_of
from probes.judging.findings import diagnose
from probes.judging.networks import silent_networks
from probes.model import Job, Result, Status, Target, Verdict
from probes.session import FindingRecord, Session, profile_ref, read_session, unreached_rows
from probes.session.records import to_finding_record, to_verdict_record
from probes.wire.text import printable
from profiles.model import Profile


def read_whole_session(path: Path, profile: Profile) -> Session:
    """A session with its unreached rows as cancelled ones; raises SessionError."""
    session = read_session(path, profile)
    header = session.header
    planned = plan(profile, header.targets, only=frozenset(header.only) or None)
    rows = (*session.results, *unreached_rows(session, planned))
    return dataclasses.replace(session, results=rows)


NOT_MEASURED_AGAIN = "Not retested since"
"""Beginning of the note of a row of an earlier session."""


def with_earlier_results(session: Session) -> Session:
    """The same with the rows that were not measured again, whose notes say so, behind the others.

    `earlier` stays, by which they are told from those that were measured.
    """
    annotated = map(earlier_row, session.earlier)
    return dataclasses.replace(session, results=(*session.results, *annotated))


def earlier_row(result: Result) -> Result:
    """The result of an earlier session, whose note says that it was not measured again."""
    since = result.observation.started
    if not since:
        return result
    return dataclasses.replace(result, note=f"{NOT_MEASURED_AGAIN} {since}: {result.note}")


def removed_hosts_text(session: Session) -> str:
    """A sentence about hosts that the operator took out, without their names; empty if none."""
    count = len(session.removed)
    if not count:
        return ""
    hosts, have = ("host was", "its") if count == 1 else ("hosts were", "their")
    return f"{count:,} {hosts} removed during the run; only the log has {have} results."


def with_verdicts(session: Session, profile: Profile) -> Session:
    """The same with a verdict for each target; what the log says in known words stands."""
    void = _is_void(session.results)
    recorded_verdicts = {
        one: event
        for one in session.verdicts
        if (event := one.event) is not None and not void(event.target)
    }
    known = {event.target for event in recorded_verdicts.values()}
    earlier = frozenset(result.job.key for result in session.earlier)
    computed = verdicts_of(profile, session.header.answers, session.results, earlier)
    missing = [to_verdict_record(event) for event in computed if event.target not in known]
    return dataclasses.replace(session, verdicts=(*recorded_verdicts, *missing))


def _is_void(results: Iterable[Result]) -> Callable[[Target], bool]:
    """Predicate of targets whose recorded verdict is void: a later row told otherwise.

    They are those without a host, and networks from which something came after all.
    """
    rows = [*results]
    absent = {one.job.target for one in rows if one.status is Status.NO_HOST}
    networks = {one.job.target.whole for one in rows if one.job.target.network}
    networks -= {network.target for network in silent_networks(rows)}
    return lambda target: target in absent or target in networks


def with_findings(session: Session) -> Session:
    """The same with its findings: those of the log, or what its rows lead to where it has none.

    It has none if it is older than they are, or was killed or stopped, and only some of them if
    rows of an earlier session count in it. Of a finding with very many rows it has only some keys.
    """
    complete = all(one.rows <= len(one.keys) for one in session.findings)
    if session.findings and complete and not session.earlier:
        return session
    computed = diagnose(session.results, session.header.answers)
    return dataclasses.replace(session, findings=tuple(map(to_finding_record, computed)))


_LONGEST = 300


@dataclass(frozen=True, slots=True)
class LoadedSession:
    """A session as the screen shows it."""

    path: Path
    vantage: str
    description: str
    """The session in one line."""
    measured_by: str
    """The program and the profile, each with its version."""
    jobs: tuple[Job, ...]
    results: tuple[Result, ...]
    verdicts: tuple[Verdict, ...]
    messages: tuple[str, ...]
    answers: Mapping[str, str]
    """Answers to the profile's questions."""
    findings: tuple[FindingRecord, ...]
    """Findings of the log; none of a session that is older than they are, or was stopped."""
    simulated: bool
    """True for a session of the demo."""


def load_session(path: Path, profile: Profile) -> LoadedSession:
    """Read a session log; raises SessionError with one sentence."""
    session = with_verdicts(with_earlier_results(read_whole_session(path, profile)), profile)
    header, rows = session.header, session.results
    return LoadedSession(
        path=path,
        vantage=header.vantage.label,
        description=_description(session),
        measured_by=_measured_by(session),
        jobs=tuple(result.job for result in rows),
        results=rows,
        verdicts=tuple(verdict for one in session.verdicts if (verdict := one.event) is not None),
        messages=(
            *filter(None, (session.altered,)),
            *_other_profile(session, profile),
            *filter(None, (removed_hosts_text(session),)),
            *session.messages,
        ),
        answers=header.answers,
        findings=() if session.earlier else session.findings,
        simulated=header.vantage.simulated,
    )


def _description(session: Session) -> str:
    ended = "" if session.complete else ", not complete"
    altered = ", ALTERED" if session.altered else ""
    return f"session of {session.header.started}{ended}{altered}"


def _measured_by(session: Session) -> str:
    tool, used = session.header.tool, session.header.profile
    text = f"{tool.name} {tool.version} (Python {tool.python}), profile {used.id} {used.version}"
    return printable(f"{text}, {used.source}", _LONGEST)


def _other_profile(session: Session, profile: Profile) -> tuple[str, ...]:
    used = session.header.profile
    if (used.id, used.version) != (profile.id, profile.version):
        text = (
            f"It was tested with profile {used.id} {used.version}, not with "
            f"{profile.id} {profile.version}; texts may differ."
        )
        return (printable(text, _LONGEST),)
    return tuple(filter(None, (profile_file_text(session, profile),)))


def profile_file_text(session: Session, profile: Profile) -> str:
    """Sentence on a profile of the same version whose file is another one; empty otherwise."""
    if session.header.profile.sha256 == profile_ref(profile).sha256:
        return ""
    return "The profile's file has changed since this session; texts may differ."
