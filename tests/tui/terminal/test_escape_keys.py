"""Input that a terminal sends in one piece, and the keys that come of it."""

from __future__ import annotations

import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste

from tui.terminal.key_decoder import KeyDecoder, split_alt


def read(*pieces: bytes) -> list[Key | Paste]:
    """The events of what is read in these pieces, the last of which nothing follows."""
    decoder, parser = KeyDecoder(), XTermParser()
    # Nothing is the end of all input for the parser; a half character is nothing yet.
    texts = filter(None, [decoder.decode(piece) for piece in pieces])
    found = [event for text in (*texts, "") for event in parser.feed(text)]
    return [
        one
        for event in found
        if isinstance(event, Key | Paste)
        for one in (split_alt(event) if isinstance(event, Key) else (event,))
    ]


def pressed(*pieces: str) -> list[str]:
    return [
        event.key for event in read(*(one.encode() for one in pieces)) if isinstance(event, Key)
    ]


def cut(text: str, places: list[int]) -> list[bytes]:
    """A text as bytes, read in pieces that end anywhere."""
    data = text.encode()
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(ends)]


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
        (["\x1b1"], ["escape", "1"]),
        (["\x1bO"], ["escape", "O"]),
        (["\x1bO\x1bm"], ["escape", "O", "escape", "m"]),
        (["\x1b[\x1bm"], ["escape", "left_square_bracket", "escape", "m"]),
    ],
)
def test_escape_and_what_is_pressed_after_it_are_two_keys(sent, keys):
    assert pressed(*sent) == keys


PRINTABLE = string.digits + string.ascii_letters + string.punctuation + " "
OF_A_SEQUENCE = "[bf"
"""Characters left out: Escape before them has other tests, and after `O` a sequence may go on."""


@pytest.mark.parametrize("character", sorted(set(PRINTABLE) - set(OF_A_SEQUENCE)))
def test_each_printable_character_behind_escape_is_what_it_is_alone(character):
    (alone,) = read(character.encode())
    escape, behind = read(b"\x1b" + character.encode())
    assert (escape.key, escape.character) == ("escape", "\x1b")
    assert (behind.key, behind.character) == (alone.key, alone.character)


typed = st.text(st.sampled_from("\x1bqG1?-/ é漢\r"), max_size=12)


@given(typed, st.lists(st.integers(0, 40), max_size=6))
def test_keys_are_those_that_were_pressed_however_they_are_read(text, places):
    alone = [event.key for character in text for event in read(character.encode())]
    assert [event.key for event in read(*cut(text, places))] == alone


@given(typed, st.text(st.sampled_from("ab\n[O?é"), min_size=1, max_size=9), st.lists(st.integers()))
def test_a_paste_is_what_was_pasted_and_keys_around_it_are_keys(text, pasted, places):
    sent = f"{text}\x1b[200~{pasted}\x1b[201~{text}"
    alone: list[str] = [event.key for character in text for event in read(character.encode())]
    events = read(*cut(sent, places))
    found = [event.text if isinstance(event, Paste) else event.key for event in events]
    assert found == [*alone, pasted, *alone]


def test_escape_within_a_paste_gets_nothing_put_behind_it():
    decoder = KeyDecoder()
    sent = [b"\x1bq\x1b[20", b"0~ a\x1b", b"qb\x1b[201", b"~\x1b", b"q"]
    text = "".join(decoder.decode(one) for one in sent)
    head, _, rest = text.partition("\x1b[200~")
    pasted, _, tail = rest.partition("\x1b[201~")
    assert pasted == " a\x1bqb"
    assert head == tail != "\x1bq"


def test_bytes_that_are_no_utf_8_are_replaced():
    assert KeyDecoder().decode(b"caf\xe9 \xff") == "caf\ufffd \ufffd"


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("\x1b[A", "up"),
        ("\x1bOA", "up"),
        ("\x1bOP", "f1"),
        ("\x1b[3~", "delete"),
        ("\x1b[120;3u", "alt+x"),
        ("\x1b[111;4u", "alt+shift+o"),
        ("\x1bf", "ctrl+right"),
        ("\x1bb", "ctrl+left"),
        ("\x1b\x7f", "ctrl+w"),
        ("\x1b\t", "shift+tab"),
    ],
)
def test_a_key_that_terminals_send_behind_escape_is_one(sent, key):
    assert pressed(sent) == [key]


def test_a_sequence_that_is_read_in_two_pieces_is_one_key():
    assert pressed("\x1b", "[A") == ["up"]
    assert pressed("\x1b[", "3~") == ["delete"]
    assert pressed("\x1bO", "P") == ["f1"]
