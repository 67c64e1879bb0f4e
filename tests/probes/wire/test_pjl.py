from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.pjl import INFO_ID, MAX_ANSWER, UEL, NotPjl, encode_answer, identity
from probes.wire.text import printable


def test_the_question_begins_and_ends_outside_of_every_page() -> None:
    assert INFO_ID.startswith(UEL + b"@PJL")
    assert INFO_ID.endswith(b"\r\n" + UEL)


@pytest.mark.parametrize(
    "answer",
    [
        b'@PJL INFO ID\r\n"HP LaserJet 4250"\r\n\x0c',
        b"@PJL INFO ID\r\nHP LaserJet 4250\r\n\x0c",
        b'@PJL INFO ID\n"HP LaserJet 4250"\n',
        b'\0\r\n@PJL INFO ID \r\n"HP LaserJet 4250"\x0c',
    ],
)
def test_the_name_is_read_as_printers_write_it(answer: bytes) -> None:
    assert identity(answer) == "HP LaserJet 4250"


@pytest.mark.parametrize("end", range(len(b'@PJL INFO ID\r\n"HP"') + 1))
def test_an_unfinished_answer_is_waited_for(end: int) -> None:
    assert identity(encode_answer("HP")[:end]) is None


def test_an_answer_that_ends_with_the_connection_counts() -> None:
    assert identity(b'@PJL INFO ID\r\n"HP"', ended=True) == "HP"


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400", INFO_ID, b'@PJL INFO ID\r\n""\r\n', b"\0" * (MAX_ANSWER + 1)],
)
def test_anything_else_is_refused(said: bytes) -> None:
    with pytest.raises(NotPjl):
        identity(said)


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_any_bytes_give_a_name_or_its_own_error(data: bytes, begins: bool, ended: bool) -> None:
    try:
        name = identity((b"@PJL INFO ID\r\n" if begins else b"") + data, ended=ended)
    except NotPjl as error:
        assert str(error).isprintable()
    else:
        assert name is None or (name.isprintable() and len(name) <= 120)


@given(
    st.text(
        st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters='"'),
        min_size=1,
        max_size=40,
    )
    .map(lambda text: printable(text, 120))
    .filter(bool)
)
def test_a_name_comes_back_as_it_was_written(name: str) -> None:
    assert identity(encode_answer(name)) == name
