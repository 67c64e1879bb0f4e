"""Copies of session logs: complete or absent, never over another file unasked."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from probes.session import SessionError, SessionExists, copy_session

Write = Callable[..., Path]


def test_a_copy_is_the_same_and_private(write_log: Write, tmp_path: Path) -> None:
    path, to = write_log(), tmp_path / "kept" / "copy.jsonl"
    to.parent.mkdir()
    copy_session(path, to)
    assert to.read_bytes() == path.read_bytes()
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert [file.name for file in to.parent.iterdir()] == ["copy.jsonl"]


def test_an_existing_file_is_replaced_only_on_request(write_log: Write, tmp_path: Path) -> None:
    path, to = write_log(), tmp_path / "mine"
    to.write_text("mine")
    with pytest.raises(SessionExists, match="mine exists already"):
        copy_session(path, to)
    assert to.read_text() == "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine", "session.jsonl"]
    copy_session(path, to, overwrite=True)
    assert to.read_bytes() == path.read_bytes()
    assert stat.S_IMODE(to.stat().st_mode) == 0o600


def test_a_link_is_replaced_and_not_followed(write_log: Write, tmp_path: Path) -> None:
    path, link, target = write_log(), tmp_path / "link", tmp_path / "target"
    target.write_text("mine")
    link.symlink_to(target)
    with pytest.raises(SessionExists):
        copy_session(path, link)
    copy_session(path, link, overwrite=True)
    assert target.read_text() == "mine"
    assert not link.is_symlink()


def test_a_mistyped_path_makes_no_directory(write_log: Write, tmp_path: Path) -> None:
    path = write_log()
    with pytest.raises(SessionError, match="no such file or directory"):
        copy_session(path, tmp_path / "nope" / "copy.jsonl")
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_leads_nowhere_is_called_that(write_log: Write, tmp_path: Path) -> None:
    path, link = write_log(), tmp_path / "link"
    link.symlink_to("nowhere")
    with pytest.raises(SessionExists, match="is a symbolic link that leads nowhere"):
        copy_session(path, link)
    copy_session(path, link, overwrite=True)
    assert link.read_bytes() == path.read_bytes()


def test_a_log_is_not_copied_onto_itself(write_log: Write, tmp_path: Path) -> None:
    path = write_log()
    (tmp_path / "alias").symlink_to(path)
    for to in (path, tmp_path / "alias"):
        with pytest.raises(SessionError, match="is the session log itself"):
            copy_session(path, to, overwrite=True)


@pytest.mark.parametrize(
    ("name", "why"),
    [(".", "is a directory"), ("file/x", "not a directory"), ("nul\0", "cannot be a file name")],
)
def test_a_place_that_takes_no_file_is_one_sentence(
    write_log: Write, tmp_path: Path, name: str, why: str
) -> None:
    path = write_log()
    (tmp_path / "file").touch()
    with pytest.raises(SessionError, match=why):
        copy_session(path, f"{tmp_path}/{name}")


def test_a_copy_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="no such file"):
        copy_session(tmp_path / "absent", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []
