"""Filters of the table and the rows that match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from probes.model import FAILURES, Job, Result, Status
from tui.models.conditions import (
    RowPredicate,
    TextPredicate,
    Value,
    glob,
    status_matches,
)
from tui.models.query import FIELDS, Term, parse


@dataclass(frozen=True, slots=True)
class Filter:
    """Filter of rows: all conditions must hold, an empty one always does.

    `category`, `role` and `check` are ids, `host` is the label of a target or of the network it is
    from. `text` is a query in the language of tui.models.query; what is wrong in it hides nothing.
    `keys` are those of rows. Rows without a host are hidden unless they are asked for: by `absent`,
    by their host or keys, or by a status in the text.
    """

    category: str = ""
    role: str = ""
    check: str = ""
    host: str = ""
    failures: bool = False
    text: str = ""
    keys: frozenset[str] | None = None
    absent: bool = False
    """Rows without a host are shown too."""

    @property
    def shows_absent(self) -> bool:
        """True if rows without a host are not hidden for being that."""
        asked = self.absent or self.keys is not None or bool(self.host)
        return asked or _names_absent(self.text)

    @property
    def depends_on_results(self) -> bool:
        """True if a result can make a row visible or hide it."""
        return self.failures or bool(self.text.strip()) or not self.shows_absent


EVERYTHING = Filter()
"""The filter that hides nothing but rows without a host."""


def row_predicate(filter: Filter) -> Callable[[Job, Status, Result | None], bool]:
    """Predicate of visible rows; the result of a row is None while it runs."""
    conditions = _text_predicates(filter.text)
    if replace(filter, text="") != EVERYTHING:
        conditions.insert(0, _field_predicate(filter))
    if not filter.shows_absent:
        conditions.insert(0, _has_host)
    if not conditions:
        return lambda job, status, result: True
    # Asked of every row of tens of thousands, so the usual single condition has nothing around it.
    if len(conditions) == 1:
        return conditions[0]
    return lambda job, status, result: all(holds(job, status, result) for holds in conditions)


def _field_predicate(filter: Filter) -> Callable[[Job, Status, Result | None], bool]:
    """Predicate for every condition but the text."""
    keys, failures, category = filter.keys, filter.failures, filter.category
    role, id, host = filter.role, filter.check, filter.host

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        return not (
            (keys is not None and job.key not in keys)
            or (failures and status not in FAILURES)
            or (category and job.check.category != category)
            or (role and job.target.role != role)
            or (id and job.check.id != id)
            or (host and host not in (job.target.label, job.target.whole.label))
        )

    return passes


def _has_host(job: Job, status: Status, result: Result | None) -> bool:
    return status is not Status.NO_HOST


def _names_absent(text: str) -> bool:
    """True if a query asks for rows without a host, by `status:no-host` or a pattern for it."""
    if "status:" not in text.casefold():
        return False
    return any(
        term.field == "status" and not term.inverse and status_matches(term.values, Status.NO_HOST)
        for term in parse(text).terms
    )


def _text_predicates(text: str) -> list[Callable[[Job, Status, Result | None], bool]]:
    if not text.strip():
        return []
    return compile_terms(parse(text).terms)


def compile_terms(terms: Sequence[Term]) -> list[RowPredicate]:
    """Predicates of the terms, the cheap ones first; all must hold."""
    words = [term for term in terms if not term.field]
    named = [(FIELDS[term.field], term) for term in terms if term.field]
    named.sort(key=lambda pair: pair[0].slow)
    found = [_inverted(field.predicate(term.values), term.inverse) for field, term in named]
    return [*found, _word_predicate(words)] if words else found


def _inverted(predicate: RowPredicate, inverse: bool) -> RowPredicate:
    if not inverse:
        return predicate
    return lambda job, status, result: not predicate(job, status, result)


def _word_predicate(terms: Sequence[Term]) -> RowPredicate:
    """Predicate for all words, in any column; a row's text is joined once for all of them."""
    wanted = [(_line_predicate(term.values[0]), term.inverse) for term in terms]
    named: dict[tuple[str, int | None], str] = {}
    others = [field.searched_text for field in FIELDS.values() if field.searched_text is not None]

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        check = job.check
        name = named.get((check.id, job.port))
        if name is None:
            name = named[check.id, job.port] = f"{job.check_text} {check.id}"
        text = f"{job.target.label}\n{name}\n{status}"
        if result is not None:
            text = f"{text}\n{result.why}\n{result.note}\n{result.observation.address}"
            if others:
                text = "\n".join((text, *(word(result) for word in others)))
        text = text.casefold()
        return all(matches(text) is not inverse for matches, inverse in wanted)

    return passes


def _line_predicate(value: Value) -> TextPredicate:
    matches = glob(value, whole=False)
    if value.literal or "*" not in value.text:
        return matches
    # Most rows fail already where * may go on into the next column.
    return lambda text: matches(text) and any(map(matches, text.split("\n")))
