"""Output that cannot be written: one sentence or none, and one exit status for every command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.own_profile import HEAD, check, role
from tui.cli.parser import COMMANDS

ROOT = Path(__file__).parents[3]
EXAMPLE = str(ROOT / "docs" / "example.jsonl")
OWN = "OWN"
PRINTING = {
    "run": ("--profile", OWN, "host=127.0.0.1"),
    "export": (EXAMPLE, "--format", "csv"),
    "diff": (EXAMPLE, EXAMPLE),
    "verify": (EXAMPLE,),
    "config": (),
    "checks": (),
}
ON_THE_SCREEN = {"demo", "open"}
INVOCATIONS = [
    ("--help",),
    ("--version",),
    *((command, "--help") for command in COMMANDS),
    *((command, *words) for command, words in PRINTING.items()),
    ("run", "--json", *PRINTING["run"]),
    ("export", EXAMPLE, "--format", "html"),
]
MISTAKES = [("run", "--timeout", "x"), ("open",), ("verify", "/nowhere")]

Ran = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no /dev/full"
)


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """The program with its output to one place, its errors in a pipe or to another place."""
    own = tmp_path / "own.toml"
    own.write_text(HEAD + role("host") + check("host", "first", "tcp", 9), encoding="utf-8")

    def run(words: tuple[str, ...], out: int, err: int = subprocess.PIPE, **extra: str):
        environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), **extra}
        if not extra:
            environment.pop("PYTHONUNBUFFERED", None)
        given = [str(own) if word == OWN else word for word in words]
        return subprocess.run(
            [sys.executable, "-m", "tui", *given],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def _words(words: tuple[str, ...]) -> str:
    return " ".join(word.rpartition("/")[2] for word in words)


def _besides_the_log(text: str) -> str:
    """Standard error without the place of the session log."""
    return "".join(
        line
        for line in text.splitlines(keepends=True)
        if not line.startswith("auditreach: the session log is ")
    )


def test_every_command_is_tried() -> None:
    assert {*COMMANDS} == {*PRINTING, *ON_THE_SCREEN}


@pytest.mark.parametrize("words", INVOCATIONS, ids=_words)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_takes_nothing_more_is_one_sentence(
    ran: Ran, words: tuple[str, ...], unbuffered: str
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as output:
        extra = {"PYTHONUNBUFFERED": unbuffered} if unbuffered else {}
        done = ran(words, output.fileno(), **extra)
    assert done.returncode == 130
    said = _besides_the_log(done.stderr)
    assert said == "auditreach: Cannot go on: no space left on device.\n"


@pytest.mark.parametrize("words", INVOCATIONS, ids=_words)
def test_an_output_that_nobody_reads_ends_it_without_a_word(
    ran: Ran, words: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = ran(words, writing)
    finally:
        os.close(writing)
    assert done.returncode == 130
    assert _besides_the_log(done.stderr) == ""


@pytest.mark.parametrize("words", MISTAKES, ids=_words)
def test_a_mistake_has_its_status_where_it_cannot_be_said(ran: Ran, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as errors:
        assert ran(words, subprocess.PIPE, errors.fileno()).returncode == 2


@pytest.mark.parametrize("words", [("run", *PRINTING["run"]), ("export", *PRINTING["export"])])
def test_what_is_printed_is_whole_where_the_errors_cannot_be_written(
    ran: Ran, words: tuple[str, ...]
) -> None:
    usual = ran(words, subprocess.PIPE)
    with Path("/dev/full").open("w", encoding="utf-8") as errors:
        done = ran(words, subprocess.PIPE, errors.fileno())
    assert done.returncode == usual.returncode != 130
    assert len(done.stdout.splitlines()) == len(usual.stdout.splitlines()) > 2
