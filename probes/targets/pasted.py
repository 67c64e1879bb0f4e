"""Pasted text as a line of hosts, and lines without the passwords that URLs may have. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from probes.targets.blocks import HEADING_TAKEN, below_role, blocks, plain_lines
from probes.targets.formats import read_listing
from probes.targets.host_part import without_password
from probes.targets.roles import ROLE, Roles
from probes.targets.table import UndecidedList
from probes.targets.tokens import Line, joined, single_line, tokenize
from profiles.errors import harmless
from profiles.model import Profile

_NO_HOST = re.compile(r"^@|[\s,;=]")
MAX_PASTED = 64 * 1024
"""Characters of a pasted text."""


@dataclass(frozen=True, slots=True)
class PastedLine:
    """Hosts of a pasted text as one line, and sentences about what is not in it."""

    text: str
    notices: tuple[str, ...] = ()


def pasted_line(text: str, profile: Profile) -> PastedLine:
    """Text of many lines as one line of the same hosts, by the rules of a list in a file."""
    if len(text) > MAX_PASTED:
        return PastedLine(
            "", (f"{len(text):,} characters are too many for a line; put them in a file, @FILE.",)
        )
    roles = Roles(profile)
    lines = list(tokenize(roles.with_ids(text)[0]))
    is_one_line = len(text.strip().splitlines()) < 2
    if is_one_line or not lines:
        # The path of a file may have spaces and commas.
        is_reference = is_one_line and re.match(r"\s*(?:[\w.-]+=)?@", text)
        return PastedLine(
            line_without_passwords(text.strip() if is_reference else single_line(text))
        )
    prefixes = roles.are_all_keys(text)

    def begins_role(line: Line) -> bool:
        return roles.begins(line.words[0].text, prefixes, len(line.words) == 1)

    parts: list[str] = []
    notices: list[str] = []
    for block in blocks(lines, begins_role):
        part, said = _block_line(block, begins_role(block[0]))
        parts += [part] if part else []
        notices += said
    return PastedLine(" ".join(parts), tuple(notices))


def _block_line(block: Sequence[Line], begins_role: bool) -> tuple[str, list[str]]:
    """Line of one block, and sentences about it."""
    role, inner, candidate = "", list[Line](), list(block)
    if begins_role:
        key, equals, _ = block[0].words[0].text.partition("=")
        # A role alone and its hosts are two words.
        role = key + (equals or " ")
        inner = below_role(block[:1], True)
        candidate = [*inner, *block[1:]] if len(block) > 1 else []
    try:
        listing = read_listing(candidate, how="copy the hosts alone, one a line")
    except UndecidedList as wrong:
        return "", [f"Nothing is taken of what was pasted: line {wrong.line}: {wrong.reason}."]
    if listing is not None:
        # A word that the line would read otherwise is no host of a table either.
        hosts = [row.host for row in listing.rows if not _NO_HOST.search(row.host)]
        said = [f"Of what was pasted {listing.about}."] if listing.about else []
        said += [_left_out(listing.refused)] if listing.refused else []
        return line_without_passwords(role + ", ".join(hosts)), said
    if not candidate:
        return line_without_passwords(joined(block)), []
    heading, plain, refused = plain_lines(candidate, wrapped=True, behind_role=bool(inner))
    said = [f"{harmless(heading)}: {HEADING_TAKEN}."] if heading else []
    said += [_left_out(refused)] if refused else []
    return line_without_passwords(role + joined(plain)), said


def _left_out(refused: Sequence[tuple[int, str]]) -> str:
    (line, reason), count = refused[0], len(refused)
    more = f", and {count - 1:,} more" if count > 1 else ""
    return f"Line {line}{more} of what was pasted is left out: {reason}."


def line_without_passwords(text: str) -> str:
    """A line of hosts without logins that may hold a password."""
    return re.sub(r"[^\s,;]+", lambda match: _word_without_password(match[0]), text)


def _word_without_password(word: str) -> str:
    key, equals, rest = word.partition("=")
    if not equals or not ROLE.fullmatch(key):
        key, equals, rest = "", "", word
    return word if rest.startswith("@") else key + equals + without_password(rest)
