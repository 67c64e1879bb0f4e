"""Profile loader: TOML to the model, the built-in reference or a file of one's own."""

from __future__ import annotations

import re
import stat
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from profiles.errors import Mistake, at, entry, harmful, harmless, listed, nearest, quoted
from profiles.fields import Key, keys_of
from profiles.model import Profile
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
        raise Mistake(where, f"{quoted(str(twice))} stands there twice; once is enough")
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

# tomllib needs memory in the square of a dotted key's parts: 100,000 of them exhaust a machine.
_LONG_KEY = r"""(?<![\w-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}"""


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
        if len(data) > MAX_BYTES:
            raise Mistake("", "is bigger than 1 MiB; a profile is a few dozen KiB of TOML")
        profile = replace(build(Profile, _toml(data), "", "a profile"), file=data)
        for rule in RULES:
            rule(profile, probes)
    except Mistake as mistake:
        raise _error(file, mistake) from None
    return profile


def _built_in() -> Profile:
    """The reference; the rules between its keys are checked by tests, not at every start."""
    data = _BUILT_IN.read_bytes()
    return replace(build(Profile, tomllib.loads(data.decode()), "", "a profile"), file=data)


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise Mistake("", "is a directory; name a TOML file in it")
        if not stat.S_ISREG(mode):
            # Opening a named pipe would wait for its writer for ever.
            raise Mistake("", "is not a regular file; name a TOML file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        mistake = Mistake("", "there is no such file; check the path given with --profile")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        mistake = Mistake("", f"cannot be read ({harmless(why)}); name a readable TOML file")
    except Mistake as found:
        mistake = found
    raise _error(str(path), mistake)


def _toml(data: bytes) -> dict[str, object]:
    try:
        # Windows editors put a byte order mark in front of UTF-8.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise Mistake(f"line {line}", f"byte 0x{byte:02x} is not UTF-8; save it as UTF-8") from None
    if found := re.search(_LONG_KEY, text):
        line = text.count("\n", 0, found.start()) + 1
        raise Mistake(f"line {line}", "has a name of more than 32 dotted parts; keys here have one")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Mistake("", "is nested too deeply; a profile has lists of plain tables") from None
    except tomllib.TOMLDecodeError as error:
        what, place = str(error), ""
        if at := re.search(r" \(at (line \d+, column \d+|end of document)\)$", what):
            what, place = what[: at.start()], at[1]
        raise Mistake(place, f"is not valid TOML: {harmless(what, 160)}") from None
    except ValueError:
        # Python converts no integer of more than 4300 digits.
        raise Mistake("", "has a number with thousands of digits; ports end at 65535") from None


def _error(file: str, mistake: Mistake) -> ProfileError:
    place = f"{mistake.place}: " if mistake.place else ""
    return ProfileError(f"{harmless(file, 300)}: {place}{mistake.text}.")
