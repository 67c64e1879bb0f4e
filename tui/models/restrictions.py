"""Restrictions: the conditions of a filter one by one, and which of them hide rows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import starmap
from typing import NamedTuple

from probes.model import Job, Result, Status, Target
from probes.wire.text import printable
from profiles.model import Profile
from profiles.ports import checks_at
from tui.models.filter import EVERYTHING, Filter, compile_terms, row_predicate
from tui.models.query import Term, parse

_OF_JOB = frozenset({"host", "check", "port", "role"})
"""Fields that no result changes."""


def hiding(
    filter: Filter, rows: Collection[tuple[Job, Status, Result | None]]
) -> tuple[Filter, ...]:
    """The conditions of a filter that hide one of these rows as it is, each as a filter."""
    return tuple(one for one in _conditions(filter) if not all(starmap(row_predicate(one), rows)))


def hiding_new(filter: Filter, jobs: Collection[Job]) -> tuple[Filter, ...]:
    """The conditions that hide a new row of these jobs, or may once it has its result."""
    return tuple(one for one in _conditions(filter) if _may_hide(one, jobs))


class LeftOut(NamedTuple):
    """Number of the targets of which something is measured, and a sentence about the others."""

    measured: int
    text: str


def left_out_text(
    targets: Sequence[Target], profile: Profile, included: Collection[str]
) -> LeftOut:
    """Sentence about targets of which nothing is measured, as every check of them was left out."""
    roles = {role.id: role.title for role in profile.roles}
    left = [
        target
        for target in targets
        if not any(check.id in included for check in checks_at(profile, target.role, target.port))
    ]
    if not left:
        return LeftOut(len(targets), "")
    named = ", ".join(dict.fromkeys(roles[target.role] for target in left))
    one = printable(left[0].label) if len(left) == 1 else f"{len(left):,} of the hosts"
    text = f"Nothing of {one} is tested: {named} is left out in the tree, where Space takes it in."
    return LeftOut(len(targets) - len(left), text)


def taken_away_text(names: Sequence[str], hidden: int, total: int, what: str) -> str:
    """Sentence about filters that were taken away, of which `hidden` rows are seen again.

    `what` says of all the `total` rows why they are to be seen: new, retested.
    """
    it, was, plural = ("they", "were", "s") if len(names) > 1 else ("it", "was", "")
    said = f"The filter{plural} {' and '.join(names)} {was} taken away"
    rows = f"{what} row" if total == 1 else f"{total:,} {what} rows"
    if not hidden:
        return f"{said}: {it} would hide {what} rows."
    return f"{said}: {it} hid {'' if hidden == total else f'{hidden:,} of '}the {rows}."


def _conditions(filter: Filter) -> Iterator[Filter]:
    """Place, failures and text, as far as they are conditions, each as a filter of its own.

    Rows without a host stay with any of them: that they are hidden is no choice of somebody's.
    """
    place = replace(filter, failures=False, text="", absent=False)
    if place != EVERYTHING:
        yield replace(place, absent=True)
    if filter.failures:
        yield Filter(failures=True, absent=True)
    if filter.text.strip():
        yield Filter(text=filter.text, absent=True)


def _may_hide(one: Filter, jobs: Collection[Job]) -> bool:
    if one.failures:
        return bool(jobs)
    if not one.text:
        passes = row_predicate(one)
        return not all(passes(job, Status.QUEUED, None) for job in jobs)
    terms = parse(one.text).terms
    if jobs and any(map(_depends_on_result, terms)):
        return True
    conditions = compile_terms(terms)
    of_status = any(term.field in ("", "status") for term in terms)
    statuses = tuple(Status) if of_status else (Status.QUEUED,)
    return not all(
        holds(job, status, None) for job in jobs for status in statuses for holds in conditions
    )


def _depends_on_result(term: Term) -> bool:
    """True if a result may make an inverse term hide a row that it shows while it is queued.

    One that is not inverse and passes without a result passes with any: it only finds more.
    """
    return term.inverse and term.field not in _OF_JOB | {"status"}
