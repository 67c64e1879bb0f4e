"""The few bytes a terminal needs: what it shows is what was wanted, whatever it showed before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.tui.emulator import Emulator
from tui.terminal.output import ScreenDiff

WIDTH, HEIGHT = 12, 3


class Screen(Emulator):
    def __init__(self) -> None:
        super().__init__(WIDTH, HEIGHT)

    def seen(self) -> list[list[tuple[str, str]]]:
        """Cells as the eye sees them: the colour of an empty cell does not count."""
        return [
            [(char, "" if char == " " and code in ("31", "1") else code) for char, code in line]
            for line in self.cells
        ]


STYLES = [
    None,
    Style.parse("red"),
    Style.parse("bold"),
    Style.parse("on blue"),
    Style.parse("reverse"),
]
pieces = st.lists(st.tuples(st.text("ab 日é", max_size=6), st.sampled_from(STYLES)), max_size=5)


def strip(parts) -> Strip:
    made = Strip([Segment(text, style) for text, style in parts])
    return made.adjust_cell_length(WIDTH)


def layout(lines) -> LayoutUpdate:
    return LayoutUpdate([[strip(parts)] for parts in lines], Region(0, 0, WIDTH, HEIGHT))


frames = st.lists(pieces, min_size=HEIGHT, max_size=HEIGHT)


@settings(max_examples=300)
@given(st.lists(frames, min_size=1, max_size=4))
def test_what_the_terminal_shows_is_what_was_wanted(wanted) -> None:
    diff, screen = ScreenDiff("standard"), Screen()
    for lines in wanted:
        diff.apply(layout(lines), WIDTH, HEIGHT)
        screen.feed(diff.difference())
        fresh, whole = ScreenDiff("standard"), Screen()
        fresh.apply(layout(lines), WIDTH, HEIGHT)
        whole.feed(fresh.difference())
        assert screen.seen() == whole.seen()
        text = ["".join(char for char, _ in line) for line in screen.seen()]
        assert text == [strip(parts).text for parts in lines]


def test_an_unchanged_frame_sends_nothing() -> None:
    diff = ScreenDiff("standard")
    lines = [[("abc", None)], [("x", STYLES[1])], []]
    diff.apply(layout(lines), WIDTH, HEIGHT)
    diff.difference()
    diff.apply(layout(lines), WIDTH, HEIGHT)
    assert diff.difference() == ""


def test_one_changed_letter_sends_a_move_and_a_letter() -> None:
    diff = ScreenDiff("standard")
    diff.apply(layout([[], [("abcdef", None)], []]), WIDTH, HEIGHT)
    diff.difference()
    diff.apply(layout([[], [("abcdeX", None)], []]), WIDTH, HEIGHT)
    assert diff.difference() == "\x1b[2;6HX"


def test_a_partial_update_changes_only_its_span() -> None:
    diff, screen = ScreenDiff("standard"), Screen()
    diff.apply(layout([[("aaaaaaaaaaaa", None)]] * 3), WIDTH, HEIGHT)
    screen.feed(diff.difference())
    chops = [{}, {0: None, 4: Strip([Segment("BB")]), 6: None}, {}]
    diff.apply(ChopsUpdate(chops, [(1, 4, 6)], [[], [4, 6, 12], []]), WIDTH, HEIGHT)
    screen.feed(diff.difference())
    assert "".join(char for char, _ in screen.cells[1]) == "aaaaBBaaaaaa"


def test_a_forgotten_or_resized_screen_is_sent_whole() -> None:
    diff = ScreenDiff("standard")
    diff.apply(layout([[("abc", None)]] * 3), WIDTH, HEIGHT)
    first = diff.difference()
    diff.invalidate()
    assert diff.difference() == first
    diff.apply(layout([[("abc", None)]] * 3), WIDTH + 1, HEIGHT)
    assert diff.difference().startswith("\x1b[m\x1b[H\x1b[2J")


def test_the_default_colours_of_a_terminal_cost_no_bytes() -> None:
    diff = ScreenDiff("standard")
    plain = Style.parse("default on default")
    diff.apply(layout([[("abc", plain)], [("   ", STYLES[1])], []]), WIDTH, HEIGHT)
    assert diff.difference() == "\x1b[m\x1b[H\x1b[2J\x1b[1Habc"
