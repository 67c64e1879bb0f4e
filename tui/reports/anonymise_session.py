"""Walk over a session that makes every field of it anew for a pseudonymised report.

A field is a stand-in, words of the program, an id of the profile, a word of an enumeration or a
bounded number. Times of day, interfaces, bytes of exchanges and friendly names are left out.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite

from probes.judging.host_rows import with_reasons
from probes.judging.short_reason import short_reason
from probes.model import (
    Confidence,
    Evidence,
    FindingKind,
    Icmp,
    Observation,
    Result,
    Ruling,
    State,
    Status,
    Target,
    VantageInfo,
)
from probes.session import FindingRecord, Header, ProfileRef, Session, VerdictRecord, profile_ref
from profiles.model import Check, Profile
from tui.reports.anonymise_facts import FactTexts, Kind, foreign_texts, harmless_facts
from tui.reports.anonymise_texts import LEFT_OUT


@dataclass(frozen=True, slots=True)
class Visitor:
    """Functions that make texts of a session harmless, or only learn them."""

    text: Callable[[str, tuple[str, ...]], str]
    """Of a sentence; beside it texts of others that it may repeat."""
    of: Mapping[Kind, Callable[[str], str]]
    """Of texts of one kind as a whole."""
    unknown: Callable[[str, str], str]
    """Of an id that the profile does not have; the first argument says what it is an id of."""
    order: Callable[[str], bytes]
    """Sort key of a text that tells nothing about it."""
    id: str
    """Stands for the session's id."""


@dataclass(frozen=True, slots=True)
class _Walk:
    visitor: Visitor
    profile: Profile
    texts: FactTexts
    roles: frozenset[str]
    checks: frozenset[str]
    capabilities: frozenset[str]

    def sentence(self, raw: str, foreign: tuple[str, ...] = ()) -> str:
        return self.visitor.text(raw, foreign) if raw else ""

    def name(self, raw: str) -> str:
        return self.visitor.of[Kind.HOST](raw) if raw else ""

    def word(self, raw: str) -> str:
        """A text that only the program writes; anything else is left out as a whole."""
        return raw if self.sentence(raw) == raw else LEFT_OUT

    def role(self, raw: str) -> str:
        return raw if raw in self.roles else self.visitor.unknown("role", raw)

    def check_id(self, raw: str) -> str:
        return raw if raw in self.checks else self.visitor.unknown("check", raw)

    def capability(self, raw: str) -> str:
        # A role that has no capabilities is judged by its checks, under its own id.
        known = raw in self.capabilities or raw in self.roles
        return raw if known else self.visitor.unknown("capability", raw)


def visited(session: Session, profile: Profile, visitor: Visitor) -> Session:
    """The session with every field made anew, in an order that tells nothing."""
    texts = FactTexts(
        {**visitor.of, Kind.TEXT: lambda raw: visitor.text(raw, ())}, _day(session.header.started)
    )
    walk = _Walk(
        visitor,
        profile,
        texts,
        frozenset(role.id for role in profile.roles),
        frozenset(check.id for check in profile.checks),
        frozenset(one.id for one in profile.capabilities),
    )
    targets = _shuffled(session.header.targets, walk)
    results = _shuffled_rows(session.results, walk)
    verdicts = sorted(
        (_verdict(verdict, walk) for verdict in session.verdicts),
        key=lambda one: visitor.order(one.host),
    )
    kinds = {str(kind): rank for rank, kind in enumerate(FindingKind)}
    findings = sorted(
        (_finding(finding, walk) for finding in session.findings),
        key=lambda one: (kinds.get(one.kind, len(kinds)), visitor.order(one.text)),
    )
    return Session(
        header=_header(session.header, targets, walk),
        results=results,
        remarks=tuple(
            dataclasses.replace(remark, at="", text=walk.sentence(remark.text))
            for remark in session.remarks
        ),
        complete=session.complete,
        ended="",
        messages=tuple(map(walk.sentence, session.messages)),
        verdicts=tuple(verdicts),
        findings=tuple(findings),
        earlier=_shuffled_rows(session.earlier, walk),
        removed=_shuffled(session.removed, walk),
        altered=walk.sentence(session.altered),
    )


def _day(time: str) -> date | None:
    try:
        return datetime.fromisoformat(time).date()
    except ValueError:
        return None


def _shuffled(targets: Iterable[Target], walk: _Walk) -> tuple[Target, ...]:
    made = [_target(target, walk) for target in targets]
    return tuple(sorted(made, key=lambda target: walk.visitor.order(target.host)))


def _shuffled_rows(results: Iterable[Result], walk: _Walk) -> tuple[Result, ...]:
    """The rows, those of one host together and in their order."""
    made = with_reasons([_result(result, walk) for result in results])
    return tuple(sorted(made, key=lambda one: walk.visitor.order(one.job.target.host)))


def _target(target: Target, walk: _Walk) -> Target:
    return Target(
        walk.role(target.role),
        walk.name(target.host),
        target.port,
        network=walk.name(target.network),
    )


_SYSTEMS = ("Linux", "Windows", "Darwin", "macOS", "FreeBSD", "OpenBSD", "NetBSD", "SunOS", "AIX")
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){1,2}(?:[-.]?(?:a|b|rc|dev)\d{1,3})?")


def _header(header: Header, targets: tuple[Target, ...], walk: _Walk) -> Header:
    questions = {question.id for question in walk.profile.questions}
    origin = header.origin
    statuses = {str(status) for status in Status}
    return Header(
        id=walk.visitor.id,
        started="",
        tool=dataclasses.replace(
            header.tool,
            name=walk.word(header.tool.name),
            version=_version(header.tool.version),
            python=_version(header.tool.python),
        ),
        profile=_profile(header.profile, walk.profile),
        vantage=_vantage(header.vantage, walk),
        settings=header.settings,
        answers={name: said for name, said in header.answers.items() if name in questions},
        targets=targets,
        remark=walk.sentence(header.remark),
        only=tuple(map(walk.check_id, header.only)),
        origin=None
        if origin is None
        else dataclasses.replace(
            origin,
            id="",
            started="",
            only=tuple(status for status in origin.only if status in statuses),
        ),
    )


def _version(text: str) -> str:
    return text if _VERSION.fullmatch(text) else LEFT_OUT


def _profile(used: ProfileRef, profile: Profile) -> ProfileRef:
    """The reference as it is to the profile at hand, and without its hash to any other."""
    same = profile_ref(profile)
    if used == same:
        return used
    return ProfileRef(
        used.id if used.id == same.id else LEFT_OUT,
        _version(used.version),
        used.source if used.source == same.source else LEFT_OUT,
        "",
    )


def _vantage(vantage: VantageInfo, walk: _Walk) -> VantageInfo:
    return VantageInfo(
        kind=walk.word(vantage.kind),
        host=walk.name(vantage.host),
        user=walk.visitor.of[Kind.PERSON](vantage.user) if vantage.user else "",
        os=next((name for name in _SYSTEMS if name in vantage.os), LEFT_OUT if vantage.os else ""),
        addresses=tuple(sorted(map(walk.name, vantage.addresses))),
        resolvers=tuple(sorted(map(walk.name, vantage.resolvers))),
    )


def _check(check: Check, walk: _Walk) -> Check:
    id = walk.check_id(check.id)
    if id == check.id:
        return check
    return dataclasses.replace(
        check, id=id, category="", role=walk.role(check.role), title=LEFT_OUT
    )


def _result(result: Result, walk: _Walk) -> Result:
    target, via = _target(result.job.target, walk), result.job.via
    check = _check(result.job.check, walk)
    job = dataclasses.replace(
        result.job,
        key=f"{check.id}|{target.label}",
        check=check,
        target=target,
        via=None if via is None else (walk.name(via[0]), via[1]),
    )
    foreign = tuple(dict.fromkeys(foreign_texts(result.observation.facts)))
    note = walk.sentence(result.note, foreign)
    seen = _observation(result.observation, walk, foreign)
    # Made of what is harmless already, as it is of what is not.
    return Result(job, result.status, note, seen, short_reason(job, result.status, seen, note=note))


def _observation(seen: Observation, walk: _Walk, foreign: tuple[str, ...]) -> Observation:
    texts = dataclasses.replace(
        walk.texts, of={**walk.texts.of, Kind.TEXT: lambda raw: walk.sentence(raw, foreign)}
    )
    return Observation(
        state=seen.state,
        reason=seen.reason,
        service=seen.service,
        address=None if seen.address is None else walk.name(seen.address),
        source=None if seen.source is None else walk.name(seen.source),
        icmp=_icmp(seen.icmp, walk),
        latency_ms=None if seen.latency_ms is None else _rounded(seen.latency_ms),
        latency_source=None if seen.latency_source is None else walk.word(seen.latency_source),
        latency_at_most=seen.latency_at_most,
        timings_ms={
            name: _rounded(ms) for name, ms in seen.timings_ms.items() if walk.word(name) == name
        },
        attempts=seen.attempts,
        facts=harmless_facts(seen.facts, texts),
        evidence=tuple(_exchange(item, walk) for item in seen.evidence),
    )


def _rounded(ms: float) -> float:
    """Milliseconds as precise as reports show them."""
    return round(ms, 2) if isfinite(ms) else 0.0


def _icmp(icmp: Icmp | None, walk: _Walk) -> Icmp | None:
    return None if icmp is None else dataclasses.replace(icmp, offender=walk.name(icmp.offender))


_LONGEST_WORDS = 100


def _payload(raw: str, walk: _Walk) -> str:
    """Words of the program about an exchange; bytes are left out."""
    return walk.word(raw) if len(raw) <= _LONGEST_WORDS else LEFT_OUT


_STATES = frozenset(map(str, State))
_MOST_ERRNO = 255


def _exchange(item: Evidence, walk: _Walk) -> Evidence:
    errno = item.errno
    return Evidence(
        address=walk.name(item.address),
        # Names are in them as DNS labels, in UTF-16, in base64 and worse.
        sent=_payload(item.sent, walk),
        received=_payload(item.received, walk),
        state=item.state if item.state in _STATES else walk.word(item.state),
        reason=walk.word(item.reason),
        at_ms=None if item.at_ms is None else float(round(_rounded(item.at_ms))),
        icmp=_icmp(item.icmp, walk),
        errno=errno if errno is not None and 0 <= errno <= _MOST_ERRNO else None,
    )


def _verdict(verdict: VerdictRecord, walk: _Walk) -> VerdictRecord:
    return VerdictRecord(
        host=walk.name(verdict.host),
        port=verdict.port,
        role=walk.role(verdict.role),
        capability=walk.capability(verdict.capability),
        verdict=_one_of(Ruling, verdict.verdict),
        because=tuple(map(walk.check_id, verdict.because)),
        fix=tuple(map(walk.sentence, verdict.fix)),
        text=walk.sentence(verdict.text),
    )


def _finding(finding: FindingRecord, walk: _Walk) -> FindingRecord:
    return FindingRecord(
        kind=_one_of(FindingKind, finding.kind),
        text=walk.sentence(finding.text),
        sure=_one_of(Confidence, finding.sure),
        why=walk.sentence(finding.why),
        rows=finding.rows,
        keys=tuple(sorted(_key(key, walk) for key in finding.keys)),
        fix=walk.sentence(finding.fix),
    )


def _one_of(words: Iterable[str], raw: str) -> str:
    return raw if raw in set(map(str, words)) else LEFT_OUT


_PORT = re.compile(r"(.*):(\d{1,5})", re.DOTALL)


def _key(key: str, walk: _Walk) -> str:
    """The key of a row, CHECK|HOST or CHECK|HOST:PORT, with the stand-in of its host."""
    check, _, label = key.partition("|")
    host, port = label, None
    if (found := _PORT.fullmatch(label)) and not _is_ipv6(label):
        host, port = found[1].removeprefix("[").removesuffix("]"), int(found[2])
    return f"{walk.check_id(check)}|{Target('', walk.name(host), port).label}"


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.partition("%")[0]).version == 6
    except ValueError:
        return False
