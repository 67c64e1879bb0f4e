"""TOML of a file that a user wrote: bounded, and its mistakes as sentences."""

from __future__ import annotations

import re
import tomllib

from profiles.errors import Mistake, harmless

# tomllib needs memory in the square of a dotted key's parts: 100,000 of them exhaust a machine.
_LONG_KEY = r"""(?<![\w-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}"""


def parse_toml(text: str) -> dict[str, object]:
    """The tables of a TOML text; raises Mistake, whose text may show a part of it."""
    if found := re.search(_LONG_KEY, text):
        line = text.count("\n", 0, found.start()) + 1
        raise Mistake(f"line {line}", "has a name of more than 32 dotted parts; keys here have one")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Mistake("", "is nested too deeply; keys here are in plain tables") from None
    except tomllib.TOMLDecodeError as error:
        what, place = str(error), ""
        if at := re.search(r" \(at (line \d+, column \d+|end of document)\)$", what):
            what, place = what[: at.start()], at[1]
        raise Mistake(place, f"is not valid TOML: {harmless(what, 160)}") from None
    except ValueError:
        # Python converts no integer of more than 4300 digits.
        raise Mistake("", "has a number with thousands of digits; write a shorter one") from None
