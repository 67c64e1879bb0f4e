"""Text of several lines: the lines under one role, and those of a list with a host a line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from probes.targets.formats import ONE_A_LINE, is_section
from probes.targets.table import headed_lines, is_heading, is_rule
from probes.targets.tokens import Line, tokenize

HEADING_TAKEN = "the first line is taken for a heading, not for a host"


def blocks(lines: Sequence[Line], begins_role: Callable[[Line], bool]) -> Iterator[Sequence[Line]]:
    """Lines in groups, each with the line that begins its role as the first, if there is one."""
    begins = [begins_role(line) for line in lines]
    # A setting of an inventory or a cell of a table may begin as a role does.
    if any(map(is_section, lines)):
        begins[1:] = [False] * len(begins[1:])
    elif any(begins[1:]):
        inside = headed_lines([*below_role(lines[:1], begins[0]), *lines[1:]])
        begins = [at and line.number not in inside for at, line in zip(begins, lines, strict=True)]
    starts = [at for at, begins_here in enumerate(begins) if at and begins_here]
    edges = [0, *starts, len(lines)]
    for start, end in pairwise(edges):
        if start < end:
            yield lines[start:end]


def below_role(lines: Sequence[Line], begins_role: bool) -> list[Line]:
    """Lines without the `ROLE=` that the first begins with, or without the role alone."""
    if not begins_role:
        return list(lines)
    rest = tokenize(lines[0].raw.partition("=")[2])
    return [*(replace(line, number=lines[0].number) for line in rest), *lines[1:]]


def plain_lines(
    lines: Sequence[Line], *, wrapped: bool, behind_role: bool
) -> tuple[str, list[Line], list[tuple[int, str]]]:
    """Heading, lines and refused lines (number, clause) of a list with a host a line.

    A list that was `wrapped` at its commas may have several hosts a line, all divided by commas,
    and so may its first line if it stood `behind_role`.
    """
    lines = [line for line in lines if not is_rule(line.raw)]
    heading = lines[0].text.strip() if len(lines) > 1 and is_heading(lines[0]) else ""
    continued = False
    plain: list[Line] = []
    refused: list[tuple[int, str]] = []
    for line in lines[1:] if heading else lines:
        divided = all(word.after_comma for word in line.words[1:])
        is_wrapped = wrapped and (line.is_continued or continued)
        is_list = divided and (is_wrapped or (behind_role and line is lines[0]))
        if len(line.words) == 1 or is_list or "=" in line.words[0].text:
            plain.append(line)
        else:
            refused.append((line.number, f"it has several words, and {ONE_A_LINE}"))
        continued = line.is_continued and divided
    if len(refused) > len(plain):
        number, reason = refused[0]
        reason = f"no host is taken from this list: {reason}; # begins a comment"
        return heading, [], [(number, reason)]
    return heading, plain, refused
