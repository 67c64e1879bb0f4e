"""Pictures of a recorded session in every size and every kind of terminal, kept in `snapshots`.

`python -m tests.tui.pictures` makes them anew.
"""

from __future__ import annotations

import re

import pytest

from tests.tui.pictures import SIZES, SNAPSHOTS, names, path_of, pictures

MARKS = re.compile(r"[.a-zA-Z]*")
MEANING = re.compile(r"[a-zA-Z] [0-9;]+")


def kept(view: str, size: tuple[int, int]) -> str:
    return path_of(view, size).read_text(encoding="utf-8")


def codes(picture: str) -> set[str]:
    """The SGR parameters in a picture."""
    lines = (line for line in picture.splitlines() if MEANING.fullmatch(line))
    return {part for line in lines for part in line.split()[1].split(";")}


def text(picture: str) -> list[str]:
    """The lines that are neither styles nor their meaning."""
    return [
        line
        for line in picture.splitlines()
        if not MARKS.fullmatch(line) and not MEANING.fullmatch(line)
    ]


@pytest.mark.parametrize(("view", "size"), list(names()))
def test_the_terminal_shows_what_the_picture_holds(view, size):
    assert pictures(view, size).splitlines() == kept(view, size).splitlines()


def test_there_is_no_picture_of_what_is_not_looked_at():
    assert {path_of(view, size) for view, size in names()} == set(SNAPSHOTS.glob("*.txt"))


@pytest.mark.parametrize("size", [*SIZES])
def test_the_usual_theme_needs_no_more_than_16_colours(size):
    assert kept("16-colours", size) == kept("colour", size)


@pytest.mark.parametrize(
    "view", ["colour", "16-colours", "contrast-16-colours", "blue-orange-16-colours"]
)
def test_16_colours_are_16_colours(view):
    allowed = {"1", "2", "4", "7", *map(str, [*range(30, 38), *range(40, 48)])}
    bright = set(map(str, [*range(90, 98), *range(100, 108)]))
    assert codes(kept(view, (80, 24))) <= allowed | bright


@pytest.mark.parametrize("size", [*SIZES])
def test_without_colour_there_are_bold_underline_and_reverse_and_the_same_text(size):
    assert codes(kept("no-colour", size)) == {"1", "4", "7"} - (
        {"4"} if size == (40, 12) else set()
    )
    assert text(kept("no-colour", size)) == text(kept("colour", size))


@pytest.mark.parametrize("size", [*SIZES])
def test_ascii_is_ascii_to_the_last_cell(size):
    assert kept("ascii", size).isascii()
    assert not kept("colour", size).isascii()
