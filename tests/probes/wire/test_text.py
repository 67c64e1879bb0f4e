from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.text import printable

ANYTHING = st.text(st.characters(codec=None)) | st.binary()
SIZES = st.integers(0, 300)


@given(ANYTHING, SIZES)
def test_it_is_never_longer_than_asked(raw: str | bytes, most: int) -> None:
    assert len(printable(raw, most)) <= most


@given(ANYTHING, SIZES)
def test_doing_it_twice_changes_nothing(raw: str | bytes, most: int) -> None:
    once = printable(raw, most)
    assert printable(once, most) == once


@given(ANYTHING)
def test_nothing_a_terminal_obeys_or_hides_is_left(raw: str | bytes) -> None:
    for char in printable(raw):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        assert unicodedata.category(char) != "Zs" or char == " "


BLANKS = [
    *("\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180e", "\u180f", "\u200b"),
    *("\u200d", "\u2060", "\u2065", "\u2800", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\U00013441"),
    *("\U00016fe4", "\U0001d159", "\U0001d173", "\U000e0001", "\U000e01ef"),
]


@pytest.mark.parametrize("char", BLANKS, ids=lambda char: f"U+{ord(char):04X}")
def test_a_character_that_shows_nothing_is_shown_as_its_code_point(char: str) -> None:
    code = f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
    assert printable(f"pc{char}1") == f"pc{code}1"
    assert printable(char) == code


@given(ANYTHING)
def test_the_result_can_be_written_to_a_file(raw: str | bytes) -> None:
    printable(raw).encode("utf-8")


@given(st.text("abc \t\n\u2028\u00a0"))
def test_a_run_of_white_space_is_one_space(raw: str) -> None:
    assert printable(raw, 10_000) == " ".join(raw.split())


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        (b"\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        (b"\xff", "\ufffd"),
        ("naïve 日本", "naïve 日本"),
        ("e" + "\u0301" * 50, "e\u0301\u0301"),
    ],
)
def test_what_is_dangerous_is_shown_as_text(raw: str | bytes, shown: str) -> None:
    assert printable(raw) == shown


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert printable("x" * 300, 10) == "x" * 9 + "…"
    assert printable("x" * 10, 10) == "x" * 10
