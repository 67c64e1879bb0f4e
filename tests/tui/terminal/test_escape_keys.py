"""What a terminal sends in one piece, and the keys that were pressed."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from tui.terminal import app_base


def pressed(*pieces: str) -> list[str]:
    parser = XTermParser()
    events = [event for piece in (*pieces, "") for event in parser.feed(piece)]
    return [event.key for event in events if isinstance(event, Key)]


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        (["\x1bm"], ["escape", "m"]),
        (["\x1b?"], ["escape", "question_mark"]),
        (["\x1b", "q"], ["escape", "q"]),
        (["\x1b?\x1bS"], ["escape", "question_mark", "escape", "S"]),
        (["\x1b\x1b/dc1\r"], ["escape", "escape", "slash", "d", "c", "1", "enter"]),
        (["\x1b" + "x" * 40], ["escape", *"x" * 40]),
        (["\x1b "], ["escape", "space"]),
        (["\x1b\r"], ["escape", "enter"]),
    ],
)
def test_escape_and_what_is_pressed_after_it_are_two_keys(sent, keys):
    assert pressed(*sent) == keys


def test_the_program_reads_keys_in_this_way():
    assert XTermParser._sequence_to_key_events is app_base.two_keys


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("\x1b[A", "up"),
        ("\x1bOA", "up"),
        ("\x1bOP", "f1"),
        ("\x1b[3~", "delete"),
        ("\x1b[120;3u", "alt+x"),
        ("\x1bf", "ctrl+right"),
    ],
)
def test_a_key_that_terminals_send_behind_escape_is_one(sent, key):
    assert pressed(sent) == [key]
