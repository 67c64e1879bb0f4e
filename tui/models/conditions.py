"""Conditions of a filter: what a value of each field may be, and which rows it describes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from probes.model import Job, Result, Status

RowPredicate = Callable[[Job, Status, Result | None], bool]
"""Predicate of a row: True if it is visible; its result is None while it waits or runs."""

TextPredicate = Callable[[str], bool]
"""Predicate of a casefolded text."""

_BOUND = re.compile(r"(<=|>=|<|>)(\d{1,9}(?:\.\d{1,9})?)(ms|s|)")
_RANGE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)-(\d{1,9}(?:\.\d{1,9})?)(ms|s|)")
_PORT_LIMITS = re.compile(r"\d{1,5}-\d{1,5}|[<>]=?\d{1,5}", re.ASCII)
_MAX_PORT = 65535
_TRANSPORTS = {"t": "tcp", "u": "udp", "i": "icmp"}
_TRANSPORT_PREFIX = re.compile("(?:tcp|udp)/|[tu]:")


@dataclass(frozen=True, slots=True)
class Value:
    """One value; `literal` if it was quoted, so that * and ? mean themselves."""

    text: str
    literal: bool = False


def interval(text: str) -> tuple[float, float] | None:
    """The milliseconds or ports in `>100`, `<=1s` or `100-200`; None for another text."""
    if match := _RANGE.fullmatch(text):
        low, high, unit = match.groups()
        times = 1000 if unit == "s" else 1
        ends = sorted((float(low) * times, float(high) * times))
        return ends[0], ends[1]
    if match := _BOUND.fullmatch(text):
        sign, number, unit = match.groups()
        value = float(number) * (1000 if unit == "s" else 1)
        least = 1e-9 * max(1.0, value)
        if sign.startswith(">"):
            return value + (0 if sign == ">=" else least), float("inf")
        return 0.0, value - (0 if sign == "<=" else least)
    return None


def with_spaces(word: str) -> str:
    """A word of two parts as it is compared, with spaces: `not-needed` is `not needed`."""
    return word.casefold().replace("-", " ").replace("_", " ")


def glob(value: Value, *, whole: bool) -> TextPredicate:
    """Predicate of casefolded texts that equal a pattern, or with `whole` false contain it.

    Takes time in proportion to the lengths of both, whatever is typed.
    """
    text = value.text.casefold()
    if value.literal or not set(text) & set("*?"):
        return text.__eq__ if whole else lambda line: text in line
    first, *others = (text if whole else f"*{text}*").split("*")
    if "?" not in text:
        return _pieces_predicate(first, others)
    start_pattern = _piece_pattern(first)
    if not others:
        return lambda line: start_pattern.fullmatch(line) is not None
    searches = [_piece_pattern(piece).search for piece in others[:-1] if piece]
    last = others[-1]
    end = _piece_pattern(last)

    def matches(line: str) -> bool:
        found = start_pattern.match(line)
        for search in searches:
            if found is None:
                return False
            found = search(line, found.end())
        start = len(line) - len(last)
        return found is not None and found.end() <= start and end.match(line, start) is not None

    return matches


def _pieces_predicate(first: str, others: Sequence[str]) -> TextPredicate:
    """Predicate of texts with these pieces in this order and anything between them."""
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


def _piece_pattern(text: str) -> re.Pattern[str]:
    """Pattern of characters in which ? stands for any; nothing in it repeats."""
    return re.compile("".join("." if mark == "?" else re.escape(mark) for mark in text), re.DOTALL)


def _any(values: Sequence[Value], *, whole: bool = True) -> TextPredicate:
    """Predicate of texts that match one of the values; of no text without values."""
    tests = [glob(value, whole=whole) for value in values]
    return tests[0] if len(tests) == 1 else lambda text: any(test(text) for test in tests)


def status(values: Sequence[Value]) -> RowPredicate:
    """Rows with one of these statuses."""
    shown = frozenset(status for status in Status if status_matches(values, status))
    return lambda job, status, result: status in shown


def status_matches(values: Sequence[Value], status: Status) -> bool:
    """True if one of the values is this status or a pattern for it."""
    matches = _any([Value(with_spaces(value.text), value.literal) for value in values])
    return matches(with_spaces(status))


def observed(name: str) -> Callable[[Sequence[Value]], RowPredicate]:
    """Rows by a field of the observation that holds one of a few words."""

    def field(values: Sequence[Value]) -> RowPredicate:
        matches = _any([Value(with_spaces(value.text), value.literal) for value in values])
        known: dict[str, bool] = {}

        def passes(job: Job, status: Status, result: Result | None) -> bool:
            if result is None:
                return False
            word: str = getattr(result.observation, name)
            if word not in known:
                known[word] = matches(with_spaces(word))
            return known[word]

        return passes

    return field


def check(values: Sequence[Value]) -> RowPredicate:
    """Rows of a check with this title, id or part of the id."""
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


def role(values: Sequence[Value]) -> RowPredicate:
    """Rows of a role with this id or part of it."""
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


def host(values: Sequence[Value]) -> RowPredicate:
    """Rows of a host with this name or address, or in this network."""
    matches, inside = _any(_without_networks(values)), _in_networks(values)
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


def address(values: Sequence[Value]) -> RowPredicate:
    """Rows for which this address, or one in this network, was asked."""
    matches, inside = _any(_without_networks(values)), _in_networks(values)
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


def _without_networks(values: Sequence[Value]) -> list[Value]:
    return [value for value in values if not _network(value)]


def _network(value: Value) -> bool:
    return "/" in value.text and not value.literal


def _in_networks(values: Sequence[Value]) -> TextPredicate:
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


def port(values: Sequence[Value]) -> RowPredicate:
    """Rows with one of these ports and transports; a row of a range has every port of it."""
    wanted = [one for value in values if (one := _wanted_port(value)) is not None]
    known: dict[tuple[str, int | None], bool] = {}

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        key = (job.check.id, job.port)
        found = known.get(key)
        if found is None:
            port = job.port_text.partition(" ")[2]
            found = known[key] = any(_has_port(job.check.transport, port, one) for one in wanted)
        return found

    return passes


@dataclass(frozen=True, slots=True)
class _WantedPort:
    """Value of a port condition: all that is set must hold."""

    transport: str = ""
    span: tuple[float, float] | None = None
    names: TextPredicate | None = None
    """Predicate of a port, a transport, or both as in `udp/53` and `u:53`."""


def _wanted_port(value: Value) -> _WantedPort | None:
    """The meaning of `53`, `135-139`, `>1023`, `udp`, `udp/53`, `u:>1023` or a pattern, if any."""
    text = value.text.casefold()
    if value.literal or set(text) & set("*?"):
        return _WantedPort(names=glob(value, whole=True))
    if text in _TRANSPORTS.values():
        return _WantedPort(text)
    prefix = _TRANSPORT_PREFIX.match(text)
    number = text[prefix.end() :] if prefix else text
    span = _port_span(number)
    if span is None:
        return None
    return _WantedPort(_TRANSPORTS[prefix[0][0]] if prefix else "", span)


def _has_port(transport: str, port: str, wanted: _WantedPort) -> bool:
    if wanted.names is not None:
        return any(
            map(wanted.names, (transport, port, f"{transport}/{port}", f"{transport[0]}:{port}"))
        )
    if wanted.transport not in ("", transport):
        return False
    if wanted.span is None:
        return True
    own = _port_span(port)
    return own is not None and wanted.span[0] <= own[1] and own[0] <= wanted.span[1]


def _port_span(text: str) -> tuple[float, float] | None:
    """First and last port of `53`, `135-139` or `>1023`; None for another text."""
    if text.isdecimal():
        text = f"{text}-{text}"
    span = interval(text) if _PORT_LIMITS.fullmatch(text) else None
    return None if span is None or span[0] > _MAX_PORT else span


def note(values: Sequence[Value]) -> RowPredicate:
    """Rows whose note holds this anywhere."""
    matches = _any(values, whole=False)
    return lambda job, status, result: result is not None and matches(result.note.casefold())


def why(values: Sequence[Value]) -> RowPredicate:
    """Rows whose short reason holds this anywhere."""
    matches = _any(values, whole=False)
    return lambda job, status, result: result is not None and matches(result.why.casefold())


def latency(values: Sequence[Value]) -> RowPredicate:
    """Rows whose latency is within one of these limits, a bound only with all it may stand for."""
    spans = [span for value in values if (span := interval(value.text)) is not None]

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        if result is None or (ms := result.observation.latency_ms) is None:
            return False
        least = 0.0 if result.observation.latency_at_most else ms
        return any(low <= least and ms <= high for low, high in spans)

    return passes


def limit_error(field: str, value: Value) -> str:
    """Error sentence for an invalid latency limit; empty for a valid one."""
    if interval(value.text) is not None:
        return ""
    return f"{field}:{value.text} is no limit in milliseconds, such as >100, <=2s or 10-50."


def port_error(field: str, value: Value) -> str:
    """Error sentence for an invalid port; empty for a valid one."""
    if _wanted_port(value) is not None:
        return ""
    return f"{field}:{value.text} is no port: 5985, 135-139, >1023, tcp, udp, icmp or udp/53 are."


def network_error(field: str, value: Value) -> str:
    """Error sentence for an invalid network; empty for other values."""
    if not _network(value):
        return ""
    try:
        ipaddress.ip_network(value.text, strict=False)
    except ValueError:
        return f"{field}:{value.text} is no network, such as 10.2.0.0/16."
    return ""
