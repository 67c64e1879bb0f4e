"""`auditreach run --from SESSION`: measure, mend, measure again what was blocked, compare."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.own_profile import HEAD, check, role
from tui.cli.main import main

QUESTION = """
[[question]]
id = "wanted"
text = "Is it wanted?"
answers = ["yes", "no"]
default = "yes"
"""
WHEN = """
[[check.when]]
question = "wanted"
answers = ["yes"]
"""
ADDRESS = "127.0.0.77"

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def first() -> Iterator[socket.socket]:
    """A port that refuses until somebody listens on it."""
    with socket.socket() as sock:
        sock.bind((ADDRESS, 0))
        yield sock


@pytest.fixture
def second() -> Iterator[socket.socket]:
    with socket.socket() as sock:
        sock.bind((ADDRESS, 0))
        yield sock


@pytest.fixture
def command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    first: socket.socket,
    second: socket.socket,
) -> Command:
    """Runs auditreach with a profile of two ports; returns its status and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    text = HEAD + role("host") + QUESTION
    text += check("host", "first", "tcp", first.getsockname()[1])
    text += check("host", "second", "tcp", second.getsockname()[1]) + WHEN
    Path("own.toml").write_text(text, encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        status = main([words[0], "--profile", "own.toml", *words[1:]])
        out, err = capfd.readouterr()
        return status, out, err

    return run


def records(name: str, kind: str) -> list[dict[str, object]]:
    lines = Path(name).read_text(encoding="utf-8").splitlines()
    return [record for line in lines if (record := json.loads(line))["type"] == kind]


def test_what_was_blocked_is_measured_again_and_compared(
    command: Command, first: socket.socket, second: socket.socket
) -> None:
    second.listen()
    assert command("run", f"host={ADDRESS}", "--log", "before.jsonl")[0] == 3
    first.listen()
    second.close()  # The rest is as it was: nobody looks.
    status, out, _ = command(
        "run", "--from", "before.jsonl", "--only", "blocked", "--log", "after.jsonl"
    )
    assert status == 0
    assert "\n1 row in " in out
    assert "Not retested: second (since 2" in out
    assert [one["check"] for one in records("after.jsonl", "result")] == ["all.first"]
    assert [one["check"] for one in records("after.jsonl", "earlier")] == ["all.second"]
    (header,) = records("after.jsonl", "session")
    (before,) = records("before.jsonl", "session")
    assert header["from"] == {
        "id": before["id"],
        "started": before["started"],
        "only": ["blocked"],
    }
    status, out, _ = command("diff", "before.jsonl", "after.jsonl")
    assert status == 0
    assert out.splitlines()[-1] == (
        "2 rows: 0 regressed, 1 fixed, 0 not comparable, 0 new, 0 gone, 1 not retested, 0 unchanged"
    )
    status, out, _ = command("run", "--from", "after.jsonl", "--log", "all.jsonl")
    assert status == 3
    _, out, _ = command("diff", "after.jsonl", "all.jsonl")
    assert "1 regressed" in out


def test_a_report_has_the_rows_that_were_not_measured_again_and_says_since_when(
    command: Command, second: socket.socket
) -> None:
    second.listen()
    command("run", f"host={ADDRESS}", "--log", "before.jsonl")
    command("run", "--from", "before.jsonl", "--only", "blocked", "--log", "after.jsonl")
    status, out, err = command("export", "after.jsonl", "--format", "csv")
    assert status == 0
    assert len(out.splitlines()) == 3
    assert out.count("Not retested since 2") == 1
    assert "1 of its rows were not tested in this session" in err


def test_where_nothing_was_blocked_nothing_is_measured_and_nothing_is_written(
    command: Command, first: socket.socket, second: socket.socket
) -> None:
    first.listen()
    second.listen()
    command("run", f"host={ADDRESS}", "--log", "before.jsonl")
    again = "run", "--from", "before.jsonl", "--only", "blocked,error", "--log", "after.jsonl"
    assert command(*again) == (
        0,
        "",
        "auditreach: No row of before.jsonl is blocked or error: there is nothing to retest.\n",
    )
    assert not os.path.lexists("after.jsonl")


def test_ports_answers_and_patience_are_those_of_the_session(command: Command) -> None:
    words = "--answer", "wanted=no", "--timeout", "7", "--answer-timeout", "20"
    command("run", f"host={ADDRESS}", *words, "--log", "before.jsonl")
    command("run", "--from", "before.jsonl", "--log", "same.jsonl")
    (same,) = records("same.jsonl", "session")
    (before,) = records("before.jsonl", "session")
    assert (same["answers"], same["settings"]) == (before["answers"], before["settings"])
    assert {one["status"] for one in records("same.jsonl", "result")} == {"blocked", "not needed"}
    otherwise = "--only", "blocked", "--answer", "wanted=yes", "--log", "yes.jsonl"
    command("run", "--from", "before.jsonl", *otherwise)
    # The other answer makes a row necessary that nobody measured.
    assert {one["status"] for one in records("yes.jsonl", "result")} == {"blocked"}
    assert len(records("yes.jsonl", "result")) == 2


def test_rows_of_a_profile_whose_file_changed_are_no_rows_of_the_new_one(
    command: Command, second: socket.socket
) -> None:
    second.listen()
    command("run", f"host={ADDRESS}", "--log", "before.jsonl")
    text = Path("own.toml").read_text(encoding="utf-8")
    Path("own.toml").write_text(text.replace(str(second.getsockname()[1]), "443"), "utf-8")
    again = "run", "--from", "before.jsonl", "--only", "blocked", "--log", "after.jsonl"
    status, _, err = command(*again)
    assert "The profile has the same version, but its file is not the same." in err
    assert "Rows that are not retested count as not tested." in err
    assert [row["status"] for row in records("after.jsonl", "earlier")] == ["cancelled"]
    assert status == 3


def test_rows_measured_elsewhere_promise_nothing(command: Command, second: socket.socket) -> None:
    second.listen()
    command("run", f"host={ADDRESS}", "--log", "before.jsonl")
    text = Path("before.jsonl").read_text(encoding="utf-8")
    host = socket.gethostname()
    assert text.count(f'"host":"{host}"') == 1
    Path("before.jsonl").write_text(
        text.replace(f'"host":"{host}"', '"host":"elsewhere"'), encoding="utf-8"
    )
    again = "run", "--from", "before.jsonl", "--only", "blocked", "--log", "after.jsonl"
    _, _, err = command(*again)
    assert "Rows that are not retested count as not tested." in err
    (earlier,) = records("after.jsonl", "earlier")
    assert (earlier["status"], earlier["state"]) == ("cancelled", "not run")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "before.jsonl", "host=127.0.0.1"), "leave ROLE=HOST out"),
        (("--from", "gone.jsonl"), "gone.jsonl: there is no such file"),
        (("--from", "before.jsonl", "--only", "bad"), "'bad' is none of ok, degraded"),
        (("--only", "blocked", "host=127.0.0.1"), "--only goes with --from SESSION"),
        (("--from", "before.jsonl", "--answer", "wanted=maybe"), "wanted takes yes or no"),
    ],
)
def test_a_mistake_is_one_sentence(command: Command, words: tuple[str, ...], said: str) -> None:
    command("run", f"host={ADDRESS}", "--log", "before.jsonl")
    status, out, err = command("run", *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_failed_is_everything_that_is_not_well(command: Command, second: socket.socket) -> None:
    second.listen()
    command("run", f"host={ADDRESS}", "--log", "before.jsonl")
    command("run", "--from", "before.jsonl", "--only", "failed", "--log", "after.jsonl")
    assert [one["check"] for one in records("after.jsonl", "result")] == ["all.first"]
