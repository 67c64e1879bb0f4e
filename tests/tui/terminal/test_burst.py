"""Text that arrives at once: keys or a paste, however it is split into reads."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.burst import MAX_KEPT, Burst, as_keys, one_line, pasted_text
from tui.terminal.reader import TerminalReader, keys_of


def burst(text: str, typed: str = "", **more: bool) -> Burst:
    return Burst(text, 0.0, typed, **more)


PASTED_ANYWHERE = [
    "web1\rwatch1\rquery1\r",
    "web1\nwatch1\nquery1\n",
    "web1\r\nquery1",
    "\rq",
    "q\rs\rw",
    "a\ra\ra\r",
    "Name,IP\rPC1,10.0.0.1\r",
    "- web1\r\n\r\n- web2",
    "é\rq\r",
]
"""Several lines: no key in a line nor elsewhere."""
PASTED_ELSEWHERE = ["web1\r", "web1", "query1\n", "10.0.0.1-9", "q\r", "s\n", "wq\r\n", "pc1\t\r"]
"""One line: keys where the host line has the focus, and no commands elsewhere."""
KEYS = ["r", "q", "rf", "dd", "eeee", "jjjj", "jjkkj", "jjj\r", "\r", "\r\r", "j\rj", "  ", "\t\t"]
KEYS += ["\x11", "\x15", "\x7f\x7f\x7f", "r\x0c", " j j", "hljk\r"]


@pytest.mark.parametrize("text", PASTED_ANYWHERE)
def test_several_lines_are_a_paste_wherever_they_go(text):
    assert burst(text).is_paste(in_line=True)
    assert burst(text).is_paste(in_line=False)
    assert burst(text).hold(in_line=True) > 0 < burst(text).hold(in_line=False)


@pytest.mark.parametrize("text", PASTED_ELSEWHERE)
def test_one_line_is_typed_into_a_line_and_is_no_command_elsewhere(text):
    assert not burst(text).is_paste(in_line=True)
    assert burst(text).is_paste(in_line=False)
    assert burst(text, continues_paste=True).is_paste(in_line=True) == (as_keys(text)[-1] == "\r")


@pytest.mark.parametrize("text", ["y", "jj", "\r", "\n", "l1"])
def test_the_rest_of_a_paste_that_no_line_took_is_no_key_however_short_it_is(text):
    assert burst(text, continues_paste=True).is_paste(in_line=False)
    assert not burst("\x03", continues_paste=True).is_paste(in_line=False)


@pytest.mark.parametrize("text", KEYS)
def test_keys_typed_ahead_are_keys(text):
    assert not burst(text).is_paste(in_line=False)


@pytest.mark.parametrize("text", ["j", "jjjj", "\r", "\t", "\x11", "\x1f", "hl"])
def test_what_moves_only_and_what_is_no_text_waits_for_nothing(text):
    assert burst(text).hold(in_line=False) == 0


@pytest.mark.parametrize("text", ["q", "web1", "é", "\r", "\x15", "\t", "a\x7f", " "])
def test_what_is_typed_into_a_line_is_shown_at_once(text):
    assert burst(text).hold(in_line=True) == 0


@pytest.mark.parametrize("typed", ["", "w", "web1"])
def test_enter_or_tab_right_behind_text_waits_for_more_of_a_paste(typed):
    for end in "\r", "\n", "\t":
        pending = "web1"[len(typed) :] + end
        assert burst(pending, typed).hold(in_line=True) == burst(pending, typed).patience


def test_an_enter_sooner_than_anybody_presses_it_belongs_to_the_text_before_it():
    one = burst("1")
    assert one.patience_for("\r") == one.patience_for("\nw") > one.patience_for("w") == one.patience


words = st.text(st.sampled_from("wq1é漢.\u00a0"), min_size=1, max_size=6).filter(str.strip)
lines = st.lists(words, min_size=2)


@given(lines, st.sampled_from(["\r", "\n", "\r\n"]), st.booleans(), st.lists(st.integers(0, 200)))
def test_a_paste_is_the_same_however_its_bytes_are_split_into_reads(parts, end, ended, places):
    text = end.join(parts) + end * ended
    data = text.encode()
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    reader, one = TerminalReader(), burst("")
    for start, stop in pairwise(ends):
        for part in reader.read(data[start:stop]):
            assert isinstance(part, str)
            one.extend(part, 0.0)
    assert one.text == text
    assert one.is_paste(in_line=False)
    assert one.is_paste(in_line=True)
    assert pasted_text(text) == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_no_character_of_a_typed_text_is_lost(text):
    assert "".join(key.character or "" for key in keys_of(text, 5.0)) == text
    assert all(key.time == 5.0 for key in keys_of(text, 5.0))


@given(st.text(), st.text())
def test_any_text_is_decided(typed, pending):
    one = burst(pending, typed)
    for in_line in True, False:
        assert one.is_paste(in_line=in_line) in (True, False)
        assert 0 <= one.hold(in_line=in_line) <= one.patience
    assert "\n" not in as_keys(pending)
    assert "\x11" not in pasted_text(pending)
    assert len(one_line(pending).splitlines()) <= 1


def test_an_end_of_a_line_is_one_enter_however_it_came():
    assert [as_keys(text) for text in ("a\r", "a\n", "a\r\n", "a\r\r\n\n")] == ["a\r"] * 4
    assert [as_keys(text) for text in ("\r", "\n", "\r\n")] == ["\r"] * 3
    assert as_keys("\r\r") == "\r\r"


def test_a_burst_without_end_is_bounded():
    one = burst("")
    for _ in range(3):
        one.extend("x" * MAX_KEPT, 0.0)
    assert len(one.text) == MAX_KEPT


def test_a_key_with_a_sequence_is_no_text_and_text_around_it_is_kept_whole():
    def parts(*pieces: bytes) -> list[object]:
        reader = TerminalReader()
        found = [one for piece in pieces for one in reader.read(piece)]
        return [one if isinstance(one, str) else getattr(one, "key", "paste") for one in found]

    assert parts(b"web1\x1b[Aweb2") == ["web1", "up", "web2"]
    assert parts(b"we", b"b1\x1b", b"[A", b"w") == ["we", "b1", "up", "w"]
    assert parts(b"\x1b[200~a\rb", b"c\x1b[20", b"1~q") == ["paste", "q"]
    # What a terminal with the kitty protocol reports was pressed, whatever comes at once.
    assert parts(b"\x1b[113;;113u\x1b[13u") == ["q", "enter"]
