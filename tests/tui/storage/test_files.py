"""Files of the program's own: nobody else's file is read, followed or written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from probes.session import SessionError
from probes.state_directory import UnsafeDirectory, check_state_directory, state_directory
from profiles.files import FileError, FileKind
from tui.sessions import target_sets
from tui.storage.files import DestinationExists, SaveError, read_private, save, write_private
from tui.storage.host_history import HostHistory
from tui.storage.preferences import Preferences


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return state_directory()


def write_preferences(folder: Path) -> None:
    Preferences(folder / "screen.json").set("theme", "dark")


def write_history(folder: Path) -> None:
    HostHistory(folder / "history").add("unix.target=web")


WRITERS: dict[str, Callable[[Path], object]] = {
    "screen.json": write_preferences,
    "history": write_history,
    "copied.txt": lambda folder: write_private(folder / "copied.txt", "copied"),
    "targets/site.txt": lambda folder: target_sets.save("site", ()),
}


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_a_file_is_private_in_a_private_directory_and_nothing_stands_beside_it(
    state: Path, name: str, write: Callable[[Path], object]
) -> None:
    write(state)
    write(state)
    path = state / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_no_link_is_followed(
    state: Path, tmp_path: Path, name: str, write: Callable[[Path], object]
) -> None:
    path, theirs = state / name, tmp_path / "theirs"
    path.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    for link in (path, path.with_suffix(".part"), path.with_name(f".{path.name}.part")):
        link.symlink_to(theirs)
    write(state)
    assert theirs.read_text() == "theirs"
    assert not path.is_symlink()


def test_a_link_in_place_of_the_new_file_is_refused(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "urandom", bytes)
    state.mkdir(parents=True)
    (state / ".history.00000000").symlink_to(tmp_path / "theirs")
    with pytest.raises(FileExistsError):
        write_private(state / "history", "mine")
    assert not (tmp_path / "theirs").exists()


def written_by_others(folder: Path) -> None:
    folder.chmod(0o777)


def written_by_the_group(folder: Path) -> None:
    folder.chmod(0o770)


def of_another_user(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives files away")
    os.chown(folder, 1, 1)


def _linked_from(folder: Path) -> Path:
    """Directory of ours beside it, with a link in its place."""
    elsewhere = folder.parent.parent / "elsewhere"
    elsewhere.mkdir()
    folder.rename(elsewhere / "real")
    folder.symlink_to(elsewhere / "real")
    return elsewhere


def led_to_where_others_write(folder: Path) -> None:
    _linked_from(folder).chmod(0o777)


def led_there_by_another_user(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives links away")
    _linked_from(folder)
    os.lchown(folder, 1, 1)


UNSAFE = {
    written_by_others: "others can write to",
    written_by_the_group: "others can write to",
    of_another_user: "belongs to another user",
    led_to_where_others_write: "others can write to",
    led_there_by_another_user: "belongs to another user",
}


@pytest.mark.parametrize(("spoil", "why"), UNSAFE.items())
@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_nothing_is_written_where_another_user_can_put_files(
    state: Path,
    name: str,
    write: Callable[[Path], object],
    spoil: Callable[[Path], None],
    why: str,
) -> None:
    (state / name).parent.mkdir(parents=True, exist_ok=True)
    spoil(state)
    with pytest.raises(UnsafeDirectory, match=why):
        check_state_directory((state / name).parent)
    with suppress(UnsafeDirectory, SessionError):
        write(state)
    assert list((state / name).parent.iterdir()) == []


@pytest.mark.parametrize(("spoil", "why"), UNSAFE.items())
def test_nothing_is_read_there_either_and_that_is_said(
    state: Path, spoil: Callable[[Path], None], why: str
) -> None:
    write_preferences(state)
    write_history(state)
    assert Preferences(state / "screen.json").get("theme") == "dark"
    spoil(state)
    there = Preferences(state / "screen.json")
    assert there.get("theme") == ""
    assert why in there.trouble
    assert str(state) in there.trouble
    assert HostHistory(state / "history").lines == []


def test_a_directory_above_that_anybody_can_rename_in_is_refused(state: Path) -> None:
    write_preferences(state)
    state.parent.chmod(0o777)
    assert f"others can write to {state.parent}." in Preferences(state / "screen.json").trouble
    state.parent.chmod(0o1777)
    assert not Preferences(state / "screen.json").trouble


def test_where_nothing_was_kept_yet_there_is_no_trouble(state: Path) -> None:
    assert Preferences(state / "screen.json").trouble == ""


def test_a_fifo_is_not_waited_for(state: Path) -> None:
    state.mkdir(parents=True)
    os.mkfifo(state / "history")
    with pytest.raises(FileError, match="a pipe, not a regular file"):
        read_private(state / "history", FileKind("a history", 100))
    assert HostHistory(state / "history").lines == []


def test_a_link_is_not_replaced_by_a_report(tmp_path: Path) -> None:
    link, there = tmp_path / "stdout", tmp_path / "there"
    there.write_text("theirs")
    link.symlink_to(there)
    with pytest.raises(SaveError, match="is a symbolic link; name the file it leads to"):
        save(["text"], link, force=True)
    assert link.is_symlink() and there.read_text() == "theirs"


@pytest.mark.parametrize("name", ["nope/x", "nope/nope/x"])
def test_a_mistyped_path_makes_no_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(SaveError, match="no such file or directory"):
        save(["text"], tmp_path / name, force=False)
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_leads_nowhere_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(DestinationExists, match="is a symbolic link that leads nowhere; --force"):
        save(["text"], tmp_path / "link", force=False)
    save(["text"], tmp_path / "link", force=True)
    assert (tmp_path / "link").read_text() == "text"
    assert not (tmp_path / "nowhere").exists()
