"""Profile loader: TOML to the model, the built-in reference or a file of one's own."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from profiles.errors import Mistake, at, entry, harmful, harmless, listed, nearest, quoted
from profiles.fields import Key, keys_of
from profiles.files import FileError, FileKind, decode, open_file, read_open
from profiles.model import Profile
from profiles.recognition import with_auto
from profiles.toml import parse_toml
from profiles.validation import RULES

T = TypeVar("T")

_WANTED = {"text": "a text", "flag": "true or false", "number": "a whole number"}


def build(record: type[T], values: Mapping[str, object], place: str, title: str) -> T:
    """The dataclass `record` filled from a TOML table; raises Mistake.

    `place` is where the table stands (empty at the top), `title` what it is called there.
    """
    keys = {key.name: key for key in keys_of(record)}
    for name in values:
        if name not in keys:
            near = nearest(name, keys)
            known = f"the nearest is {quoted(near)}" if near else f"its keys are {listed(keys)}"
            raise Mistake(at(place, name), f"{title} has no such key; {known}")
    for key in keys.values():
        if key.required and key.name not in values:
            raise Mistake(at(place, key.name), f"this key is missing ({key.doc})")
    make: Callable[..., T] = record
    return make(
        **{
            keys[name].attribute: _value(keys[name], value, at(place, name), place)
            for name, value in values.items()
        }
    )


def _value(key: Key, value: object, where: str, place: str) -> Any:
    if not key.many:
        return _single(key, value, where)
    if not isinstance(value, list):
        if key.kind == "table" and not place:
            wanted = f"must be tables, each under [[{key.name}]]"
        elif key.kind == "table":
            wanted = "must be a list of tables such as [{…}]"
        else:
            wanted = 'must be a list of texts such as ["…"]'
        raise Mistake(where, f"{wanted}, not {_type_of(value)}")
    if not value:
        raise Mistake(where, "the list is empty; name at least one or leave the key out")
    if key.kind == "table":
        return tuple(_table(key, one, number, place) for number, one in enumerate(value, 1))
    texts = tuple(_single(key, one, where) for one in value)
    twice = next((text for text, count in Counter(texts).items() if count > 1), None)
    if twice is not None:
        raise Mistake(where, f"{quoted(str(twice))} is there twice; once is enough")
    return texts


def _table(key: Key, value: object, number: int, place: str) -> object:
    named = value.get("id") if isinstance(value, dict) else None
    where = entry(key.name, number, named)
    where = f"{place}, {where}" if place else where
    if not isinstance(value, dict):
        raise Mistake(where, f"must be a table, not {_type_of(value)}")
    assert key.table is not None
    article = "an" if key.name[0] in "aeiou" else "a"
    return build(key.table, value, where, f"{article} {key.name}")


def _single(key: Key, value: object, where: str) -> object:
    # bool is an int to Python, but `port = true` is a slip of the operator.
    if key.kind == "flag" and isinstance(value, bool):
        return value
    if key.kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return _number(key, value, where)
    if key.kind == "text" and isinstance(value, str):
        return _text(key, value, where)
    raise Mistake(where, f"must be {_WANTED[key.kind]}, not {_type_of(value)}")


def _number(key: Key, value: int, where: str) -> int:
    low = value if key.minimum is None else key.minimum
    high = value if key.maximum is None else key.maximum
    if not low <= value <= high:
        # Python refuses to write an integer of many thousand digits.
        shown = str(value) if abs(value) < 10**12 else "this number"
        raise Mistake(where, f"{shown} is out of range; {low} to {high} is allowed")
    return value


def _text(key: Key, value: str, where: str) -> str:
    if char := harmful(value):
        raise Mistake(
            where, f"has the control character U+{ord(char):04X}; only printable text is allowed"
        )
    if key.allowed and value not in key.allowed:
        near = nearest(value, key.allowed)
        hint = f"; the nearest is {quoted(near)}" if near else ""
        raise Mistake(where, f"{quoted(value)} is not one of {listed(key.allowed)}{hint}")
    if not value.strip():
        if key.required or value or key.many:
            raise Mistake(where, f"the text is empty; it should hold {key.doc}")
        return value
    if key.pattern and not re.fullmatch(key.pattern, value):
        raise Mistake(where, f"{quoted(value)} is not allowed; it must be {key.form}")
    if key.max_length is not None and len(value) > key.max_length:
        raise Mistake(
            where,
            f"{quoted(value)} has {len(value)} characters; at most {key.max_length} are allowed",
        )
    return value


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {
        str: "a text",
        int: "a whole number",
        float: "a number with a fraction",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), "a date or time")


MAX_BYTES = 1 << 20
# importlib.resources would find it in a zip file too, and costs the start more than this.
_BUILT_IN = Path(__file__).parent / "catalog" / "alloyscan.toml"

_KIND = FileKind("a profile in TOML", MAX_BYTES, "check the path given with --profile")


class ProfileError(Exception):
    """A profile that cannot be used; its text is one sentence: file, place, mistake, remedy."""


def load_profile(path: Path | None, probes: Mapping[str, str]) -> Profile:
    """The profile in the file, or the built-in one for None; raises ProfileError.

    `probes` has the transport (tcp, udp or icmp) of every probe by its name; the built-in one needs
    it not.
    """
    return _built_in() if path is None else parse_profile(_read(path), str(path), probes)


def parse_profile(data: bytes, file: str, probes: Mapping[str, str]) -> Profile:
    """The profile in these bytes, `file` being its name in errors; raises ProfileError."""
    try:
        values = parse_toml(decode(data, _KIND))
        profile = replace(build(Profile, values, "", "a profile"), file=data)
        for rule in RULES:
            rule(profile, probes)
    except (FileError, Mistake) as error:
        raise _error(file, error) from None
    return with_auto(profile)


def _built_in() -> Profile:
    """The reference; the rules between its keys are checked by tests, not at every start."""
    data = _BUILT_IN.read_bytes()
    profile = build(Profile, tomllib.loads(data.decode()), "", "a profile")
    return with_auto(replace(profile, file=data))


def _read(path: Path) -> bytes:
    try:
        with open_file(path, _KIND) as file:
            return read_open(file, _KIND)
    except FileError as error:
        raise _error(str(path), error) from None


def _error(file: str, error: FileError | Mistake) -> ProfileError:
    return ProfileError(f"{harmless(file, 300)}: {error}.")
