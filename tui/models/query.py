"""Filter query, typed after `/`: words and `field:value` terms. Pure; invalid input is a sentence.

filter = [ term *( space term ) ]
term   = [ "!" ] ( word | field ":" value *( "," value ) )
value  = a quoted phrase, taken literally, or characters without spaces, with * and ?
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tui.models.columns import COLUMNS, Field
from tui.models.conditions import Value, with_spaces

MAX_LENGTH = 1000
"""Most characters of a filter."""

FIELDS: Mapping[str, Field] = {column.id: column.field for column in COLUMNS if column.field}
"""Every field by its name."""

_FIELD = re.compile("([A-Za-z]+):")
_HEXADECIMAL = frozenset("abcdef")
_BARE = re.compile(r"[^\s,]*")
_WORD = re.compile(r"\S*")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: any of the values, or with `inverse` none; `field` is empty for a word."""

    field: str
    values: tuple[Value, ...]
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Valid terms, as text too, and a sentence about the first invalid one, if any."""

    terms: tuple[Term, ...] = ()
    text: str = ""
    error: str = ""


def parse(text: str, *, typing: bool = False) -> Query:
    """Parse a query. An invalid term is left out, so that it hides nothing.

    While somebody is `typing`, a last word that may become a field is not a condition yet.
    """
    if len(text) > MAX_LENGTH:
        return Query(error=f"A filter has at most {MAX_LENGTH:,} characters.")
    terms: list[Term] = []
    right: list[str] = []
    error = ""
    at = _after(_SPACE, text, 0)
    while at < len(text):
        begin = at
        term, wrong, at = _term(text, at)
        unfinished = typing and at == len(text) and fields_starting_with(text[begin:])
        if wrong:
            error = error or wrong
        elif not unfinished:
            terms.append(term)
            right.append(text[begin:at])
        at = _after(_SPACE, text, at)
    return Query(tuple(terms), " ".join(right), error)


def fields_starting_with(word: str) -> tuple[str, ...]:
    """Fields whose name begins with a word; a `!` before it does not matter."""
    begin = word.removeprefix("!").casefold()
    return tuple(field for field in FIELDS if begin and field.startswith(begin))


def completions(text: str) -> tuple[str, ...]:
    """Completions of the last word of a text: fields with their colon, or values of a field."""
    name, colon, values = text.rpartition(" ")[2].removeprefix("!").rpartition(":")
    if not colon:
        return tuple(f"{field}:" for field in fields_starting_with(values))
    begin = values.rpartition(",")[2].casefold()
    field = FIELDS.get(name.casefold())
    known = map(_quote, field.values if field else ())
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
    """Hint below a text while it is typed, if any, and True if it is about an error."""
    found = completions(text)
    error = parse(text).error
    if found and not (error and parse(text.rpartition(" ")[0]).error):
        return " ".join(found), False
    return error, bool(error)


def _quote(value: str) -> str:
    return value.replace(" ", "-")


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _term(text: str, at: int) -> tuple[Term, str, int]:
    """The term at an index, an error sentence or none, and the index after it."""
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
        wrong = wrong or bad or _bad_value(name, FIELDS[name], value)
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


def _bad_value(name: str, field: Field, value: Value) -> str:
    text = value.text
    if not text:
        return f"{name}: wants a value, such as {name}:{field.example}."
    if field.error is not None and (wrong := field.error(name, value)):
        return wrong
    known = field.values
    if not known or (not value.literal and set(text) & set("*?")):
        return ""
    if with_spaces(text) in map(with_spaces, known):
        return ""
    near = _nearest(text.casefold(), map(_quote, known))
    if near:
        return f"{name}: has no {text}; did you mean {name}:{near}?"
    return f"{name}: has no {text}; it is one of {len(known)}, such as {field.example}."


def _nearest(word: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(word[:40], list(known), 1, 0.6)), "")
