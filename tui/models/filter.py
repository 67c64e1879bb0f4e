"""Filters of the table and the rows that match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from probes.model import FAILURES, Job, Result, Status
from tui.models.conditions import Passes, Text, Value, glob
from tui.models.query import FIELDS, Term, parse


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are visible: all conditions must hold, an empty one always does.

    `category`, `role` and `check` are ids, `host` is a target's label. `text` is a query in the
    language of tui.models.query; what is wrong in it hides nothing. `keys` are those of rows.
    """

    category: str = ""
    role: str = ""
    check: str = ""
    host: str = ""
    failures: bool = False
    text: str = ""
    keys: frozenset[str] | None = None

    @property
    def changeable(self) -> bool:
        """Whether a result can make a row visible or hide it."""
        return self.failures or bool(self.text.strip())


EVERYTHING = Filter()
"""The filter that hides nothing."""


def passing(wanted: Filter) -> Callable[[Job, Status, Result | None], bool]:
    """A function that says of one row whether it is visible; its result is None while it runs."""
    conditions = _conditions(wanted.text)
    if replace(wanted, text="") != EVERYTHING:
        conditions.insert(0, _narrowed(wanted))
    # Asked of every row of tens of thousands, so the usual single condition has nothing around it.
    if len(conditions) == 1:
        return conditions[0]
    return lambda job, status, result: all(holds(job, status, result) for holds in conditions)


def _narrowed(wanted: Filter) -> Callable[[Job, Status, Result | None], bool]:
    """Every condition but the text."""
    keys, failures, category = wanted.keys, wanted.failures, wanted.category
    role, id, host = wanted.role, wanted.check, wanted.host

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        return not (
            (keys is not None and job.key not in keys)
            or (failures and status not in FAILURES)
            or (category and job.check.category != category)
            or (role and job.target.role != role)
            or (id and job.check.id != id)
            or (host and job.target.label != host)
        )

    return passes


def _conditions(text: str) -> list[Callable[[Job, Status, Result | None], bool]]:
    if not text.strip():
        return []
    return compiled(parse(text).terms)


def compiled(terms: Sequence[Term]) -> list[Passes]:
    """A function for each condition, the cheap ones first; all must hold."""
    words = [term for term in terms if not term.field]
    named = [(FIELDS[term.field], term) for term in terms if term.field]
    named.sort(key=lambda pair: pair[0].slow)
    found = [_inverted(field.passes(term.values), term.inverse) for field, term in named]
    return [*found, _words(words)] if words else found


def _inverted(passes: Passes, inverse: bool) -> Passes:
    if not inverse:
        return passes
    return lambda job, status, result: not passes(job, status, result)


def _words(terms: Sequence[Term]) -> Passes:
    """All words, in any column; a row's text is put together once for all of them."""
    wanted = [(_in_lines(term.values[0]), term.inverse) for term in terms]
    named: dict[tuple[str, int | None], str] = {}
    others = [field.word for field in FIELDS.values() if field.word is not None]

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        check = job.check
        name = named.get((check.id, job.port))
        if name is None:
            name = named[check.id, job.port] = f"{job.check_text} {check.id}"
        text = f"{job.target.label}\n{name}\n{status}"
        if result is not None:
            text = f"{text}\n{result.note}\n{result.observation.address}"
            if others:
                text = "\n".join((text, *(word(result) for word in others)))
        text = text.casefold()
        return all(matches(text) is not inverse for matches, inverse in wanted)

    return passes


def _in_lines(value: Value) -> Text:
    matches = glob(value, whole=False)
    if value.literal or "*" not in value.text:
        return matches
    # Most rows fail already where * may go on into the next column.
    return lambda text: matches(text) and any(map(matches, text.split("\n")))
