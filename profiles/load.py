"""A profile file to the model: bounded reading, TOML, keys, then the rules between them."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from profiles.build import build
from profiles.mistake import Mistake, harmless
from profiles.model import Profile
from profiles.rules import RULES

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
