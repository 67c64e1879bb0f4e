"""Every file that a user names: the same encodings are read, and the same sentence refuses one."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import asyncssh
import pytest

from probes.clients.tls import check_ca_file
from probes.options import NO_OPTIONS
from probes.session import read_session
from profiles.loader import load_profile
from tests.probes.targets.parsing import hosts
from tests.tui.cli.run.process import ROOT
from tests.tui.own_profile import HEAD, check, role
from tui.cli.config import load_config
from tui.cli.credentials import with_credentials
from tui.cli.main import main

SITE = ROOT / "tests" / "sessions" / "site.jsonl"
LEAST = 2_000_000
"""Bytes that are more than is read of any of these files but a list, a log and certificates."""

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="special files are POSIX")
root = pytest.mark.skipif(getattr(os, "geteuid", int)() != 0, reason="only root may open it")


@dataclass(frozen=True)
class Kind:
    """Files of one purpose: a right one, how it is read, and the command line that names one."""

    text: str
    meaning: Callable[[Path], object]
    words: tuple[str, ...]
    """`{}` is the path."""
    may_be_empty: bool = False
    is_bounded: bool = True
    """More than LEAST is too much."""
    is_text: bool = True
    """Its bytes are those of text all over."""


def _profile() -> str:
    return HEAD + role("all") + check("all", "one", "tcp", 443)


def _key_table(path: Path, folder: Path) -> Path:
    table = folder / "key.toml"
    table.write_text(f"[ssh]\nuser = 'audit'\nkey = '{path}'\n", encoding="utf-8")
    table.chmod(0o600)
    return table


def _ask_credentials(path: Path) -> object:
    return with_credentials(NO_OPTIONS, path, {})


def _read_log(path: Path) -> object:
    session = read_session(path)
    return session.header.id, len(session.results), session.complete, session.messages


@pytest.fixture(scope="module")
def kinds(ca_file: str) -> dict[str, Kind]:
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    pem = Path(ca_file).read_text(encoding="utf-8")
    log = Kind(SITE.read_text(encoding="utf-8"), _read_log, ("verify", "{}"), is_bounded=False)
    return {
        "list": Kind(
            "web1\nweb2\n",
            lambda path: hosts(f"unix.target=@{path}", base=path.parent),
            ("run", "unix.target=@{}"),
            is_bounded=False,
        ),
        "configuration": Kind(
            '[screen]\ntheme = "light"\n',
            load_config,
            ("run", "unix.target=127.0.0.1", "--config", "{}"),
            may_be_empty=True,
        ),
        "credentials": Kind(
            '[[snmp]]\nversion = "2c"\ncommunity = "né"\n',
            _ask_credentials,
            ("run", "unix.target=127.0.0.1", "--credentials", "{}"),
            may_be_empty=True,
        ),
        "profile": Kind(
            _profile(),
            lambda path: load_profile(path, {"tcp": "tcp"}).checks,
            ("run", "unix.target=127.0.0.1", "--profile", "{}"),
        ),
        "key": Kind(
            key,
            lambda path: _ask_credentials(_key_table(path, path.parent)),
            ("run", "unix.target=127.0.0.1", "--credentials", "{key}"),
            is_text=False,
        ),
        "certificates": Kind(
            f"# the authority\n{pem}",
            lambda path: check_ca_file(str(path)),
            ("run", "unix.target=127.0.0.1", "--ca-file", "{}"),
            is_bounded=False,
            is_text=False,
        ),
        "log": log,
        "log of a rerun": Kind(log.text, _read_log, ("run", "--from", "{}"), is_bounded=False),
        "log to export": Kind(
            log.text, _read_log, ("export", "--format", "csv", "{}"), is_bounded=False
        ),
        "log to compare": Kind(log.text, _read_log, ("diff", "{}", "{}"), is_bounded=False),
    }


NAMES = (
    "list",
    "configuration",
    "credentials",
    "profile",
    "key",
    "certificates",
    "log",
    "log of a rerun",
    "log to export",
    "log to compare",
)


@pytest.fixture(params=NAMES)
def kind(request: pytest.FixtureRequest, kinds: dict[str, Kind]) -> Kind:
    return kinds[request.param]


def test_every_kind_is_tried(kinds: dict[str, Kind]) -> None:
    assert tuple(kinds) == NAMES


def words(kind: Kind, path: Path, folder: Path) -> list[str]:
    key = str(_key_table(path, folder)) if "{key}" in kind.words else ""
    return [word.format(path, key=key) for word in kind.words]


def written(tmp_path: Path, data: bytes, name: str = "named") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    path.chmod(0o600)
    return path


@pytest.fixture
def refusal(
    kind: Kind, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Path], str]:
    """Refuse a file on the command line, with the status for mistakes; returns the line it says."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))

    def refuse(path: Path) -> str:
        assert main(words(kind, path, tmp_path)) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        (line,) = printed.err.splitlines()
        assert line.endswith(".")
        # A list is named with at most so many characters.
        assert path.name[:30] in line or "\0" in path.name or "…" in line
        return line

    return refuse


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xff\xfe\0\0", "utf-32-le"),
        (b"\0\0\xfe\xff", "utf-32-be"),
    ],
)
def test_what_a_byte_order_mark_says_is_read_with_any_line_ends(
    tmp_path: Path, kind: Kind, mark: bytes, encoding: str, ends: str
) -> None:
    path = written(tmp_path, kind.text.encode())
    plain = kind.meaning(path)
    path.write_bytes(mark + kind.text.replace("\n", ends).encode(encoding))
    assert kind.meaning(path) == plain


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("utf-16-le", "looks like UTF-16 without a byte order mark; save it as "),
        ("utf-16-be", "looks like UTF-16 without a byte order mark; save it as "),
        ("utf-32-le", "looks like UTF-32 without a byte order mark; save it as "),
        ("utf-32-be", "looks like UTF-32 without a byte order mark; save it as "),
    ],
)
def test_what_has_no_byte_order_mark_is_not_guessed(
    tmp_path: Path, kind: Kind, refusal, encoding: str, sentence: str
) -> None:
    assert sentence in refusal(written(tmp_path, kind.text.encode(encoding)))


@pytest.mark.parametrize("kinds_name", ["list", "configuration", "credentials", "profile"])
@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        ("# café\n".encode("latin-1"), "line {}: byte 0xe9 is not UTF-8; save it as "),
        ("# 5 € each\n".encode("cp1252"), "line {}: byte 0x80 is not UTF-8; save it as "),
        (b"# a\0b\n", "line {}: a NUL byte is in no text; save it as "),
        (b"# \xed\xa0\x80\n", "line {}: byte 0xed is not UTF-8; save it as "),
        ("# 日本\n".encode("shift_jis"), "line {}: byte 0x93 is not UTF-8; save it as "),
    ],
)
@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
def test_bytes_of_another_encoding_are_refused_with_their_line(
    tmp_path: Path,
    kinds: dict[str, Kind],
    kinds_name: str,
    capsys: pytest.CaptureFixture[str],
    after: bytes,
    sentence: str,
    ends: bytes,
) -> None:
    kind = kinds[kinds_name]
    path = written(tmp_path, (kind.text.encode() + after).replace(b"\n", ends))
    assert main(words(kind, path, tmp_path)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence.format(kind.text.count("\n") + 1) in line


def test_a_broken_text_behind_its_mark_is_refused_with_its_line(
    tmp_path: Path, kinds: dict[str, Kind], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("list", "configuration", "credentials", "profile"):
        data = b"\xff\xfe" + kinds[name].text.encode("utf-16-le") + b"\0\xd8a\0"
        path = written(tmp_path, data)
        assert main(words(kinds[name], path, tmp_path)) == 2
        number = kinds[name].text.count("\n") + 1
        assert f"line {number}: the UTF-16 text is broken here" in capsys.readouterr().err


def test_an_empty_file_says_so_where_it_must_hold_something(
    tmp_path: Path, kind: Kind, refusal
) -> None:
    nothing = written(tmp_path, b"")
    if kind.may_be_empty:
        kind.meaning(nothing)
    else:
        assert "it is empty; name " in refusal(nothing)
        assert "it is empty; name " in refusal(Path(os.devnull))


def test_the_null_device_is_an_empty_configuration(tmp_path: Path) -> None:
    assert load_config(Path(os.devnull)) == load_config(written(tmp_path, b""))


def test_a_file_that_is_too_large_says_how_much_is_read(
    tmp_path: Path, kind: Kind, refusal
) -> None:
    if kind.is_bounded:
        path = written(tmp_path, kind.text.encode() + b"\n" * LEAST)
        found = re.search("it is larger than ([0-9]+ [KM]iB); name ", refusal(path))
        assert found
        assert found[1] in (ROOT / "docs" / "files.md").read_text(encoding="utf-8")


@pytest.fixture
def special(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A path at which something is that is no file, by its name."""
    with closing(socket.socket(socket.AF_UNIX)) as listener:

        def make(name: str) -> Path:
            path = tmp_path / name
            match name:
                case "directory":
                    path.mkdir()
                case "pipe":
                    os.mkfifo(path, 0o600)
                case "linked":
                    os.mkfifo(tmp_path / "its pipe", 0o600)
                    path.symlink_to("its pipe")
                case "socket":
                    listener.bind(str(path))
                case "loop":
                    path.symlink_to("loop")
                case "dangling":
                    path.symlink_to("nowhere")
                case "below":
                    written(tmp_path, b"a\n")
                    path = tmp_path / "named" / "below"
                case "long":
                    path = tmp_path / ("x" * 300)
                case "nul":
                    path = tmp_path / "a\0b"
                case _:
                    path = Path("/dev") / name
            return path

        yield make


@posix
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("directory", "this is a directory, not a regular file; name "),
        ("pipe", "this is a pipe, not a regular file; name "),
        ("linked", "this is a pipe, not a regular file; name "),
        ("socket", "this is a socket, not a regular file; name "),
        ("zero", "this is a device, not a regular file; name "),
        ("full", "this is a device, not a regular file; name "),
        ("tty", "this is a device, not a regular file; name "),
        ("loop", "its symbolic links lead in a circle; name the file itself"),
        ("absent", "there is no such file; "),
        ("dangling", "there is no such file; "),
        ("below", "a part of its path is no directory; check its path"),
        ("long", "this cannot be the name of a file; name "),
    ],
)
def test_what_is_no_file_is_refused_and_not_waited_for(
    kind: Kind, refusal, special, name: str, sentence: str
) -> None:
    assert sentence in refusal(special(name))


@posix
def test_a_name_with_nul_is_refused(kind: Kind, refusal, special) -> None:
    if "{key}" not in kind.words:
        assert "this cannot be the name of a file; name " in refusal(special("nul"))


def command(*words: str, stdin: int | IO[bytes] | None = None) -> subprocess.CompletedProcess[str]:
    """The program as a process, which is killed where it waits."""
    start = [sys.executable, "-m", "tui", *words]
    return subprocess.run(
        start, cwd=ROOT, stdin=stdin, capture_output=True, text=True, timeout=30, check=False
    )


@posix
def test_a_pipe_that_never_ends_is_not_waited_for(tmp_path: Path, kind: Kind) -> None:
    reading, writing = os.pipe()
    try:
        ended = command(*words(kind, Path("/dev/stdin"), tmp_path), stdin=reading)
    finally:
        os.close(reading)
        os.close(writing)
    assert ended.returncode == 2
    assert "this is a pipe, not a regular file; name " in ended.stderr
    assert ended.stderr.count("\n") == 1


@posix
def test_a_file_on_standard_input_is_read(tmp_path: Path) -> None:
    with SITE.open("rb") as file:
        ended = command("verify", "/dev/stdin", stdin=file)
    assert (ended.returncode, ended.stdout[:8]) == (0, "Intact: ")


@root
@pytest.mark.skipif(not Path("/proc/kmsg").exists(), reason="no log of the kernel here")
def test_the_log_of_the_kernel_is_not_waited_for(tmp_path: Path, kind: Kind) -> None:
    ended = command(*words(kind, Path("/proc/kmsg"), tmp_path))
    assert ended.returncode == 2
    assert "/proc/kmsg" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_file_that_one_may_not_read_says_so(
    tmp_path: Path, kind: Kind, refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, kind.text.encode())
    opened = os.open

    def forbidden(place: str | os.PathLike[str], *flags: int, **more: int) -> int:
        if Path(place) == path:
            raise PermissionError(13, "Permission denied")
        return opened(place, *flags, **more)

    # Root may read any file.
    monkeypatch.setattr(os, "open", forbidden)
    sentence = "your account may not read it; make it readable for your account"
    assert sentence in refusal(path)
