"""The reader of every file that a user names: what it reads, and that it holds for any bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.errors import Mistake
from profiles.files import (
    MARKS,
    FileError,
    FileKind,
    decode,
    open_file,
    plain_bytes,
    read_bytes,
    read_text,
)
from profiles.toml import parse_toml

KIND = FileKind("a list", 1000)
ENCODINGS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"\xff\xfe\0\0": "utf-32-le",
    b"\0\0\xfe\xff": "utf-32-be",
}
# Marks and NULs are taken off or refused, and other line ends become LF.
plain_text = st.text(
    st.characters(exclude_characters="\0\r\ufeff", exclude_categories=["Cs"]), min_size=1
)


def test_every_byte_order_mark_is_tried() -> None:
    assert {mark for mark, *_ in MARKS} == set(ENCODINGS)


@given(text=plain_text, mark=st.sampled_from(sorted(ENCODINGS)))
def test_any_text_behind_a_mark_is_read_as_it_was_written(text: str, mark: bytes) -> None:
    data = mark + text.encode(ENCODINGS[mark])
    assert decode(data, KIND) == text
    assert plain_bytes(data, KIND) == text.encode()


@given(data=st.binary(max_size=200) | st.binary(max_size=40).map(lambda tail: b"\xff\xfe" + tail))
def test_any_bytes_are_a_text_or_one_harmless_clause(data: bytes) -> None:
    try:
        text = decode(data, KIND)
    except FileError as error:
        assert str(error).isprintable()
        assert "; " in str(error)
    else:
        assert text
        assert "\0" not in text
        assert "\r" not in text


@given(text=plain_text, ends=st.sampled_from(["\r\n", "\r", "\n"]))
def test_a_wrong_byte_is_told_with_the_line_that_an_editor_shows(text: str, ends: str) -> None:
    data = text.replace("\n", ends).encode() + b"\xff"
    with pytest.raises(FileError) as caught:
        decode(data, KIND)
    if "without a byte order mark" not in str(caught.value):
        line = text.replace("\n", ends).count(ends) + 1
        assert str(caught.value) == f"line {line}: byte 0xff is not UTF-8; save it as UTF-8"


def test_a_mark_where_a_line_begins_is_taken_off_and_one_within_stays() -> None:
    twice = "\ufeff\ufeffa\n\ufeffb\nc\ufeffd\n"
    assert decode(twice.encode(), KIND) == "a\nb\nc\ufeffd\n"


def test_bytes_that_are_no_text_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "der"
    path.write_bytes(b"\x30\x82\xff\r\n\0")
    assert read_bytes(path, KIND) == b"\x30\x82\xff\r\n\0"


def test_a_file_of_as_many_bytes_as_are_read_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"a" * 1000)
    assert read_text(path, KIND) == "a" * 1000
    path.write_bytes(b"a" * 1001)
    with pytest.raises(FileError, match="it is larger than 1,000 bytes; name a list"):
        read_text(path, KIND)


def test_a_home_is_found_and_a_name_that_only_looks_so_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list").write_text("a")
    (tmp_path / "~nobody-of-this-name").write_text("b")
    assert read_text("~/list", KIND) == "a"
    assert read_text("~nobody-of-this-name", KIND) == "b"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_who_writes_to_a_pipe_is_not_disturbed(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileError), open_file(pipe, KIND):
        pass
    # Had it been opened for a moment, a writer that waits would have been let in.
    with pytest.raises(OSError, match="No such device"):
        os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_file_that_became_a_pipe_meanwhile_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(path)
    file.write_text("a")
    about = file.stat()
    monkeypatch.setattr(Path, "stat", lambda self, **_: about)
    with pytest.raises(FileError, match="this is a pipe"):
        read_text(path, KIND)


def test_an_error_of_the_disk_is_told_in_words_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list"
    path.write_text("a")

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "read", fail)
    with pytest.raises(FileError) as caught:
        read_text(path, KIND)
    assert str(caught.value) == "it cannot be read, its device reports an error; name a list"


@pytest.mark.parametrize("join", [".", " . ", "\t.\t"])
def test_a_key_of_many_parts_costs_no_memory(join: str) -> None:
    with pytest.raises(Mistake, match="line 2: has a name of more than 32 dotted parts"):
        parse_toml(f"a = 1\n{join.join('b' * 30_000)} = 1\n")
