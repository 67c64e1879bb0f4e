"""What is typed after `/`: words and `field:value` terms. Pure; wrong input is a sentence.

filter = [ term *( space term ) ]
term   = [ "!" ] ( word | field ":" value *( "," value ) )
value  = a quoted phrase, taken literally, or characters without spaces, with * and ?
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from probes.model import Reason, Service, State, Status

MOST = 1000
"""Characters of a filter."""

FIELDS: Mapping[str, str] = {
    "status": "blocked",
    "host": "dc*",
    "address": "10.2.*",
    "port": "5985",
    "check": "winrm",
    "role": "windows.dc",
    "note": '"timed out"',
    "latency": ">100",
    "reason": "no-response",
    "service": "unexpected",
    "state": "filtered",
}
"""Every field, with a value as an example."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "status": tuple(Status),
    "reason": tuple(Reason),
    "service": tuple(Service),
    "state": tuple(State),
}
"""Fields whose values are known, and those values."""

_FIELD = re.compile("([A-Za-z]+):")
_HEXADECIMAL = frozenset("abcdef")
_BARE = re.compile(r"[^\s,]*")
_WORD = re.compile(r"\S*")
_SPACE = re.compile(r"\s*")
_BOUND = re.compile(r"(<=|>=|<|>)(\d{1,9}(?:\.\d{1,9})?)(ms|s|)")
_RANGE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)-(\d{1,9}(?:\.\d{1,9})?)(ms|s|)")


@dataclass(frozen=True, slots=True)
class Value:
    """One value; `literal` if it was quoted, so that * and ? mean themselves."""

    text: str
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: any of the values, or with `inverse` none; `field` is empty for a word."""

    field: str
    values: tuple[Value, ...]
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """The terms that are right, as text too, and a sentence about the first that is not, if any."""

    terms: tuple[Term, ...] = ()
    text: str = ""
    mistake: str = ""


def parse(text: str, *, typing: bool = False) -> Query:
    """The query in a text. A term with a mistake is left out, so that it hides nothing.

    While somebody is `typing`, a last word that may become a field is not a condition yet.
    """
    if len(text) > MOST:
        return Query(mistake=f"A filter has at most {MOST:,} characters.")
    terms: list[Term] = []
    right: list[str] = []
    mistake = ""
    at = _after(_SPACE, text, 0)
    while at < len(text):
        begin = at
        term, wrong, at = _term(text, at)
        unfinished = typing and at == len(text) and may_become(text[begin:])
        if wrong:
            mistake = mistake or wrong
        elif not unfinished:
            terms.append(term)
            right.append(text[begin:at])
        at = _after(_SPACE, text, at)
    return Query(tuple(terms), " ".join(right), mistake)


def may_become(word: str) -> tuple[str, ...]:
    """The fields a word may be the beginning of; a `!` before it does not matter."""
    begin = word.removeprefix("!").casefold()
    return tuple(field for field in FIELDS if begin and field.startswith(begin))


def completions(text: str) -> tuple[str, ...]:
    """How the last word of a text may go on: fields with their colon, or values of a field."""
    name, colon, values = text.rpartition(" ")[2].removeprefix("!").rpartition(":")
    if not colon:
        return tuple(f"{field}:" for field in may_become(values))
    begin = values.rpartition(",")[2].casefold()
    known = map(_written, WORDS.get(name.casefold(), ()))
    return tuple(value for value in known if value.startswith(begin) and value != begin)


def completed(text: str) -> str | None:
    """The text with its last word completed; None where there is nothing to complete."""
    found = completions(text)
    if not found:
        return None
    word = text.rpartition(" ")[2]
    begin = word.rpartition(":")[2].rpartition(",")[2] if ":" in word else word.removeprefix("!")
    return text + found[0][len(begin) :]


def hint(text: str) -> tuple[str, bool]:
    """What to read while a text is typed, if anything, and whether it is about a mistake."""
    found = completions(text)
    mistake = parse(text).mistake
    if found and not (mistake and parse(text.rpartition(" ")[0]).mistake):
        return " ".join(found), False
    return mistake, bool(mistake)


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


def spaced(word: str) -> str:
    """A word of two parts as it is compared: `not-needed` is `not needed`."""
    return word.casefold().replace("-", " ").replace("_", " ")


def _written(value: str) -> str:
    return value.replace(" ", "-")


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _term(text: str, at: int) -> tuple[Term, str, int]:
    """The term at a place, what is wrong with it, and the place after it."""
    inverse = text[at] == "!"
    at += inverse
    named = _FIELD.match(text, at)
    # dead:beef::1 is an address, and no field is spelled with these letters only.
    if named is None or set(named[1].casefold()) <= _HEXADECIMAL:
        value, wrong, at = _value(text, at, _WORD)
        if not wrong and not value.text:
            wrong = "After ! comes what a row must not have: !dc1 or !status:ok."
        return Term("", (value,), inverse), wrong, at
    name, at = named[1].casefold(), named.end()
    values: list[Value] = []
    wrong = "" if name in FIELDS else _no_such_field(name)
    while True:
        value, bad, at = _value(text, at, _BARE)
        values.append(value)
        wrong = wrong or bad or _bad_value(name, value)
        if at == len(text) or text[at] != ",":
            return Term(name, tuple(values), inverse), wrong, at
        at += 1


def _value(text: str, at: int, bare: re.Pattern[str]) -> tuple[Value, str, int]:
    if at < len(text) and text[at] == '"':
        end = text.find('"', at + 1)
        if end < 0:
            return Value(""), 'The phrase that begins with " has no " at its end.', len(text)
        wrong = "" if end > at + 1 else 'There is nothing between "".'
        return Value(text[at + 1 : end], True), wrong, end + 1
    end = _after(bare, text, at)
    return Value(text[at:end]), "", end


def _no_such_field(name: str) -> str:
    near = _nearest(name, FIELDS)
    if near:
        return f"There is no field {name}: did you mean {near}: ?"
    return f'There is no field {name}: put "{name}:…" in quotes to find it as text.'


def _bad_value(field: str, value: Value) -> str:
    text = value.text
    if not text:
        return f"{field}: wants a value, such as {field}:{FIELDS[field]}."
    if field == "latency" and interval(text) is None:
        return f"latency:{text} is no limit in milliseconds, such as >100, <=2s or 10-50."
    if field == "port" and not _is_port(value):
        return f"port:{text} is no port: 5985, 135-139, >1023, tcp, udp, icmp or udp/53 are."
    if field in ("address", "host") and "/" in text and not value.literal:
        return _bad_network(field, text)
    known = WORDS.get(field, ())
    if not known or (not value.literal and set(text) & set("*?")):
        return ""
    if spaced(text) in map(spaced, known):
        return ""
    near = _nearest(text.casefold(), map(_written, known))
    if near:
        return f"{field}: has no {text}; did you mean {field}:{near}?"
    return f"{field}: has no {text}; it is one of {len(known)}, such as {FIELDS[field]}."


def _is_port(value: Value) -> bool:
    text = value.text.casefold()
    named = text.partition("/")[0] in ("tcp", "udp", "icmp") or text[:2] in ("t:", "u:")
    return named or text.isdecimal() or interval(text) is not None or bool(set(text) & set("*?"))


def _bad_network(field: str, text: str) -> str:
    import ipaddress

    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"{field}:{text} is no network, such as 10.2.0.0/16."
    return ""


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(word[:40], list(known), 1, 0.6)), "")
