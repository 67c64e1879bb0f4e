"""Filters of the table and the rows that match."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from probes.model import FAILURES, Job, Result, Status
from tui.models.query import Term, Value, interval, spaced


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
    # Not needed for the first paint.
    from tui.models.query import parse

    return compiled(parse(text).terms)


Passes = Callable[[Job, Status, Result | None], bool]
"""Whether a row is visible; its result is None while it waits or runs."""

_Text = Callable[[str], bool]


def compiled(terms: Sequence[Term]) -> list[Passes]:
    """A function for each condition, the cheap ones first; all must hold."""
    words = [term for term in terms if not term.field]
    fields = sorted((term for term in terms if term.field), key=lambda term: term.field == "note")
    found = [_inverted(_FIELDS[term.field](term.values), term.inverse) for term in fields]
    return [*found, _words(words)] if words else found


def glob(value: Value, *, whole: bool) -> _Text:
    """Whether a casefolded text is, or with `whole` false contains, what a value says.

    Takes time in proportion to the lengths of both, whatever is typed.
    """
    text = value.text.casefold()
    if value.literal or not set(text) & set("*?"):
        return text.__eq__ if whole else lambda line: text in line
    first, *others = (text if whole else f"*{text}*").split("*")
    if "?" not in text:
        return _between(first, others)
    begin = _piece(first)
    if not others:
        return lambda line: begin.fullmatch(line) is not None
    searches = [_piece(piece).search for piece in others[:-1] if piece]
    last = others[-1]
    end = _piece(last)

    def matches(line: str) -> bool:
        found = begin.match(line)
        for search in searches:
            if found is None:
                return False
            found = search(line, found.end())
        start = len(line) - len(last)
        return found is not None and found.end() <= start and end.match(line, start) is not None

    return matches


def _between(first: str, others: Sequence[str]) -> _Text:
    """Pieces of text in this order, with anything between them."""
    *middle, last = others

    def matches(line: str) -> bool:
        at = len(first)
        if not line.startswith(first):
            return False
        for piece in middle:
            found = line.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return line.endswith(last) and len(line) - len(last) >= at

    return matches


def _piece(text: str) -> re.Pattern[str]:
    """Characters one after the other, ? being any: nothing in it repeats."""
    return re.compile("".join("." if mark == "?" else re.escape(mark) for mark in text), re.DOTALL)


def _inverted(passes: Passes, inverse: bool) -> Passes:
    if not inverse:
        return passes
    return lambda job, status, result: not passes(job, status, result)


def _words(terms: Sequence[Term]) -> Passes:
    """All words, in any column; a row's text is put together once for all of them."""
    wanted = [(_in_lines(term.values[0]), term.inverse) for term in terms]
    named: dict[tuple[str, int | None], str] = {}

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        check = job.check
        name = named.get((check.id, job.port))
        if name is None:
            name = named[check.id, job.port] = f"{job.check_text} {check.id}"
        text = f"{job.target.label}\n{name}\n{status}"
        if result is not None:
            text = f"{text}\n{result.note}\n{result.observation.address}"
        text = text.casefold()
        return all(matches(text) is not inverse for matches, inverse in wanted)

    return passes


def _in_lines(value: Value) -> _Text:
    matches = glob(value, whole=False)
    if value.literal or "*" not in value.text:
        return matches
    # Most rows fail already where * may go on into the next column.
    return lambda text: matches(text) and any(map(matches, text.split("\n")))


def _any(values: Sequence[Value], *, whole: bool = True) -> _Text:
    tests = [glob(value, whole=whole) for value in values]
    return tests[0] if len(tests) == 1 else lambda text: any(test(text) for test in tests)


def _status(values: Sequence[Value]) -> Passes:
    matches = _any([Value(spaced(value.text), value.literal) for value in values])
    shown = frozenset(status for status in Status if matches(spaced(status)))
    return lambda job, status, result: status in shown


def _seen(name: str) -> Callable[[Sequence[Value]], Passes]:
    """A field of what was observed, of a few known words."""

    def field(values: Sequence[Value]) -> Passes:
        matches = _any([Value(spaced(value.text), value.literal) for value in values])
        known: dict[str, bool] = {}

        def passes(job: Job, status: Status, result: Result | None) -> bool:
            if result is None:
                return False
            word: str = getattr(result.observation, name)
            if word not in known:
                known[word] = matches(spaced(word))
            return known[word]

        return passes

    return field


def _check(values: Sequence[Value]) -> Passes:
    matches = _any(values)
    known: dict[tuple[str, str], bool] = {}

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        check = job.check
        found = known.get((check.id, check.title))
        if found is None:
            names = (check.title, *_parts(check.id))
            found = known[check.id, check.title] = any(matches(one.casefold()) for one in names)
        return found

    return passes


def _role(values: Sequence[Value]) -> Passes:
    matches = _any(values)
    known: dict[str, bool] = {}

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        role = job.target.role
        if role not in known:
            known[role] = any(matches(part.casefold()) for part in _parts(role))
        return known[role]

    return passes


def _parts(id: str) -> tuple[str, ...]:
    return (id, *id.split("."))


def _host(values: Sequence[Value]) -> Passes:
    matches, inside = _any(_plain(values)), _inside(values)
    known: dict[tuple[str, int | None], bool] = {}

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        target = job.target
        key = (target.host, target.port)
        found = known.get(key)
        if found is None:
            host = target.host.casefold()
            names = {host, target.label.casefold()}
            if not _is_address(host):
                names.add(host.partition(".")[0])
            found = known[key] = any(map(matches, names)) or inside(host)
        return found

    return passes


def _address(values: Sequence[Value]) -> Passes:
    matches, inside = _any(_plain(values)), _inside(values)
    known: dict[str, bool] = {}

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        address = job.target.host if result is None else result.observation.address
        if address is None:
            return False
        found = known.get(address)
        if found is None:
            text = address.casefold()
            found = known[address] = _is_address(text) and (matches(text) or inside(text))
        return found

    return passes


def _plain(values: Sequence[Value]) -> list[Value]:
    """Values that are no network; one that matches nothing if there are none."""
    return [value for value in values if not _network(value)] or [Value("", True)]


def _network(value: Value) -> bool:
    return "/" in value.text and not value.literal


def _inside(values: Sequence[Value]) -> _Text:
    networks = [ipaddress.ip_network(one.text, strict=False) for one in values if _network(one)]
    if not networks:
        return lambda text: False

    def inside(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in networks)

    return inside


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _port(values: Sequence[Value]) -> Passes:
    """Numbers, ranges, a transport, `udp/53` or `u:53`; a row of a range has every port of it."""
    spans = [span for value in values if (span := _span(value.text)) is not None]
    matches = _any([value for value in values if _span(value.text) is None] or [Value("", True)])
    known: dict[tuple[str, int | None], bool] = {}

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        key = (job.check.id, job.port)
        found = known.get(key)
        if found is None:
            way = job.check.transport
            port = job.port_text.partition(" ")[2]
            names = (way, port, f"{way}/{port}", f"{way[0]}:{port}")
            own = _span(port)
            found = any(map(matches, names)) or (
                own is not None and any(low <= own[1] and own[0] <= high for low, high in spans)
            )
            known[key] = found
        return found

    return passes


def _span(text: str) -> tuple[float, float] | None:
    return (float(text), float(text)) if text.isdecimal() else interval(text)


def _note(values: Sequence[Value]) -> Passes:
    matches = _any(values, whole=False)
    return lambda job, status, result: result is not None and matches(result.note.casefold())


def _latency(values: Sequence[Value]) -> Passes:
    spans = [span for value in values if (span := interval(value.text)) is not None]

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        ms = None if result is None else result.observation.latency_ms
        return ms is not None and any(low <= ms <= high for low, high in spans)

    return passes


_FIELDS: dict[str, Callable[[Sequence[Value]], Passes]] = {
    "status": _status,
    "host": _host,
    "address": _address,
    "port": _port,
    "check": _check,
    "role": _role,
    "note": _note,
    "latency": _latency,
    "reason": _seen("reason"),
    "service": _seen("service"),
    "state": _seen("state"),
}
