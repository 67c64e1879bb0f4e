"""Sentences about a word or an option that is near a known one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from profiles.errors import nearest
from tui.cli.options import quoted

_OTHER_WORDS: Mapping[str, str] = {
    "check": "run or checks",
    "compare": "diff",
    "replay": "open",
    "report": "export",
    "scan": "run",
    "show": "open",
    "start": "run",
    "status": "run or open",
}
"""Words by which other programs call what a command of this one does."""


def command_problem(word: str, commands: Collection[str]) -> str:
    """Sentence about a word that was probably meant as a command; empty for a host.

    No command has a digit, a dot or a hyphen, so `run1` and `demo.corp.example` are hosts.
    """
    if not (word.isascii() and word.isalpha()):
        return ""
    meant = _OTHER_WORDS.get(word.lower()) or nearest(word.lower(), commands)
    if not meant:
        return ""
    return (
        f"There is no command {quoted(word)}; did you mean {meant}? "
        f"A host of this name is given as auto={word}."
    )


def option_problem(typed: str, program: str, options: Mapping[str, Collection[str]]) -> str:
    """Sentence about an option that `program` does not have; `options` are those of each program.

    The programs are `auditreach` and `auditreach COMMAND`.
    """
    name = typed.partition("=")[0]
    begin = f"There is no option {quoted(name)} of `{program}`; "
    if owners := [f"`{other}`" for other, known in options.items() if name in known]:
        return f"{begin}it is one of {' and '.join(owners)}."
    if near := _nearest_option(name, options[program]):
        return f"{begin}did you mean {near}?"
    for other, known in options.items():
        if near := _nearest_option(name, known):
            return f"{begin}did you mean {near} of `{other}`?"
    return f"{begin}{program} --help lists them."


def _nearest_option(name: str, known: Collection[str]) -> str:
    """Option that a name resembles or begins; the dashes, which all have, count for nothing."""
    by_word = {one.lstrip("-"): one for one in known if one.startswith("--")}
    word = name.lstrip("-").lower()
    begun = [one for one in by_word if word and one.startswith(word)]
    return by_word.get(begun[0] if len(begun) == 1 else nearest(word, by_word), "")
