"""Differences between two sessions: fixed, regressed and not comparable rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from probes.judging.changed_reason import changed_reason_text, obstacle_of
from probes.model import AVAILABLE, BEST_FIRST, UNTESTED, Result, Status
from probes.session.header import Header
from probes.session.reader import Session
from probes.wire.address import same_address
from profiles.model import Check


class ChangeKind(StrEnum):
    """Kind of change of a row between two sessions."""

    REGRESSED = "regressed"
    FIXED = "fixed"
    NOT_COMPARABLE = "not comparable"
    NEW = "new"
    GONE = "gone"
    NOT_REMEASURED = "not retested"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Change:
    """Row before and after; at most one of the two is missing."""

    key: str
    kind: ChangeKind
    before: Result | None
    after: Result | None
    why: str = ""
    """Explanation that the two rows do not give, a sentence; it may hold text of the log."""

    @property
    def result(self) -> Result:
        """Later one of the two rows."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of two sessions, row by row."""

    changes: tuple[Change, ...]
    """In the order of the later session, then rows that are gone, in that of the earlier one."""
    remarks: tuple[str, ...]
    """Differences between the two sessions as a whole, a sentence each."""

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        """Changes of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)


_RANK: Mapping[Status, int] = {status: rank for rank, status in enumerate(BEST_FIRST)}
"""Rank from better to worse of the statuses that can be compared."""


def compare(before: Session, after: Session) -> Comparison:
    """Compare every row of either session by its key.

    A row is compared only where both sessions measured the same: from the same place, under the
    same profile and answers. Rows whose requirement came or went are new or gone. The checks of
    `after` say which answers a row depends on.
    """
    not_comparable = why_not_comparable(before.header, after.header)
    answers = _answer_differences(before.header.answers, after.header.answers)
    earlier = {result.job.key: result for result in (*before.earlier, *before.results)}
    later = {row.job.key: row for row in (*after.earlier, *after.results)}
    moved = _moved(earlier, later)
    changes = []
    for row in after.results:
        earlier_row = earlier.pop(moved.get(row.job.key, row.job.key), None)
        if earlier_row is None:
            changes.append(Change(row.job.key, ChangeKind.NEW, None, row))
        elif (
            why := not_comparable
            or _path_difference(earlier_row, row)
            or _requirement_difference(row.job.check, answers)
        ):
            changes.append(Change(row.job.key, ChangeKind.NOT_COMPARABLE, earlier_row, row, why))
        else:
            kind, why = _classify(earlier_row, row)
            changes.append(Change(row.job.key, kind, earlier_row, row, why))
    carried_over = {result.job.key for result in after.earlier}
    for key, earlier_row in earlier.items():
        changes.append(
            Change(
                key,
                ChangeKind.NOT_REMEASURED if key in carried_over else ChangeKind.GONE,
                earlier_row,
                None,
            )
        )
    remarks = (not_comparable, *answers.values(), *_remarks(before, after))
    return Comparison(tuple(changes), tuple(text for text in remarks if text))


def _moved(before: Mapping[str, Result], after: Mapping[str, Result]) -> dict[str, str]:
    """Earlier keys by later ones of rows whose target has another port, where one is meant."""
    gone = _by_host(row for key, row in before.items() if key not in after)
    new = _by_host(row for key, row in after.items() if key not in before)
    return {
        rows[0].job.key: gone[host][0].job.key
        for host, rows in new.items()
        if len(rows) == len(gone.get(host, ())) == 1
    }


def _by_host(rows: Iterable[Result]) -> dict[tuple[str, str, str], list[Result]]:
    found: dict[tuple[str, str, str], list[Result]] = {}
    for row in rows:
        job = row.job
        found.setdefault((job.check.id, job.target.role, job.target.host), []).append(row)
    return found


def why_not_comparable(before: Header, after: Header) -> str:
    """Reason why no rows of two sessions are comparable, a sentence; empty if some are."""
    return _profile_difference(before, after) or _vantage_difference(before, after)


def profile_file_difference(before: Header, after: Header) -> str:
    """Sentence for a profile whose file changed and whose version did not; empty otherwise.

    Which checks have another definition, the log of the earlier session does not hold.
    """
    one, other = before.profile, after.profile
    if (one.id, one.version) != (other.id, other.version) or one.sha256 == other.sha256:
        return ""
    return "The profile has the same version, but its file is not the same."


def _classify(before: Result, after: Result) -> tuple[ChangeKind, str]:
    """Kind of change of a row that was measured in the same way twice, and an explanation."""
    if after.status is before.status:
        return ChangeKind.UNCHANGED, _reason_change(before, after)
    if Status.NO_HOST in (before.status, after.status):
        return _host_change(before, after)
    if before.status is Status.NOT_NEEDED:
        return ChangeKind.NEW, "It was not needed before."
    if after.status is Status.NOT_NEEDED:
        return ChangeKind.GONE, "It is not needed any more."
    rank_after, rank_before = _RANK.get(after.status), _RANK.get(before.status)
    if rank_after is None or rank_before is None:
        return (
            ChangeKind.NOT_COMPARABLE,
            f"{_status_clause(before, 'before')} and {_status_clause(after, 'after')}.",
        )
    return (
        ChangeKind.FIXED if rank_after < rank_before else ChangeKind.REGRESSED
    ), _address_change(before, after)


def _host_change(before: Result, after: Result) -> tuple[ChangeKind, str]:
    """Kind of change where a host came to an address of a network, or left it.

    A path that was available is lost with its host: from here nobody can tell a host that was
    switched off from one that is dropped entirely.
    """
    there, gone = (
        "A host is there now, none was before.",
        "Nothing comes from its address any more.",
    )
    other = after if before.status is Status.NO_HOST else before
    if other.status in UNTESTED:
        return (
            ChangeKind.NOT_COMPARABLE,
            f"{_status_clause(before, 'before')} and {_status_clause(after, 'after')}.",
        )
    if other is after:
        return ChangeKind.NEW, there
    lost = before.status in AVAILABLE
    return (ChangeKind.REGRESSED, gone) if lost else (ChangeKind.GONE, gone)


def _address_change(before: Result, after: Result) -> str:
    """Sentence for a name that led to another address: the change may be of the host."""
    one, other = before.observation.address, after.observation.address
    if not one or not other or same_address(one, other):
        return ""
    return f"Tested on {one} before and on {other} after."


def _reason_change(before: Result, after: Result) -> str:
    """Sentence for a row that still fails for another reason: one of two causes may be fixed."""
    was, now = obstacle_of(before), obstacle_of(after)
    if was is None or now is None or was.identity == now.identity:
        return ""
    text = changed_reason_text(was, now)
    return f"{text[0].upper()}{text[1:]}."


def _status_clause(result: Result, when: str) -> str:
    """Clause with the status of a row, where it may be no measurement."""
    begin = "It" if when == "before" else "it"
    if result.status is Status.UNVERIFIABLE:
        return f"{begin} could not be told {when}"
    if result.status in UNTESTED:
        return f"{begin} was not tested {when}"
    if result.status is Status.NO_HOST:
        return f"{begin} had no host {when}"
    return f"{begin} was {result.status} {when}"


def _profile_difference(before: Header, after: Header) -> str:
    one, other = before.profile, after.profile
    if (one.id, one.version) == (other.id, other.version):
        return ""
    return (
        f"Tested with profile {one.id} {one.version} before and with "
        f"{other.id} {other.version} after."
    )


def _vantage_difference(before: Header, after: Header) -> str:
    one, other = before.vantage, after.vantage
    if (one.kind, one.host) == (other.kind, other.host):
        return ""
    return f"Tested from {one.host} ({one.kind}) before and from {other.host} ({other.kind}) after."


def _path_difference(earlier_row: Result, row: Result) -> str:
    """Sentence for another source address of the same IP version, or for another port."""
    one, other = earlier_row.observation.source, row.observation.source
    if one and other and (":" in one) == (":" in other) and not same_address(one, other):
        return f"Sent from {one} before and from {other} after."
    before, after = (result.job.check.transport for result in (earlier_row, row))
    if before != after or (earlier_row.job.port != row.job.port and not row.job.check.ports):
        return (
            f"Asked on {before.upper()} {earlier_row.job.port or ''} before and on "
            f"{after.upper()} {row.job.port or ''} after."
        ).replace("  ", " ")
    return ""


def _answer_differences(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Sentence for each question that was answered differently, by its id."""
    return {
        name: f"{name} was answered {before.get(name, 'not at all')} before and "
        f"{after.get(name, 'not at all')} after."
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    }


def _requirement_difference(check: Check, answers: Mapping[str, str]) -> str:
    """Answer that changed a requirement; a check unknown to the profile may depend on any."""
    if not check.purpose:
        return next(iter(answers.values()), "")
    questions = [when.question for when in check.when]
    questions += [unless.question for unless in check.unless]
    return next((answers[name] for name in questions if name in answers), "")


def _remarks(before: Session, after: Session) -> Iterator[str]:
    one, other = before.header, after.header
    if one.id == other.id:
        yield "Both are the same session."
    if other.origin is not None and other.origin.only:
        yield (
            f"The later session retested what was {', '.join(other.origin.only)} in the "
            f"session of {other.origin.started}, and what belongs to it."
        )
    if changed := profile_file_difference(one, other):
        yield changed
    for name, was, now in (
        ("timeout", one.settings.timeout, other.settings.timeout),
        ("answer timeout", one.settings.answer_timeout, other.settings.answer_timeout),
    ):
        if was != now:
            yield (
                f"The {name} was {was:g} s before and {now:g} s after: a slow answer may be "
                "silence in one of them."
            )
    for session, position in ((before, "earlier"), (after, "later")):
        if session.altered:
            yield f"The {position} session is not as it was written. {session.altered}"
        if not session.complete:
            yield f"The {position} session is not complete."
