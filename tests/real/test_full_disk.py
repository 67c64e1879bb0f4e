"""Session log on a small file system of its own: full, freed again, gone."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from probes.session import SessionError, read_session, verify
from tests.real import test_kill
from tests.real.test_kill import WITHIN, Start, first_lines, keys, mute, start

__all__ = ["mute", "start"]

PATIENCE = "--answer-timeout=5"
"""As long lasts a run with the mute host."""
HOSTS = "hyperv.host=127.77.0.0/24"
ROWS = 254
"""Lines that a pipe takes while only standard error is read."""

Small = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def small(start: Start, need: Callable[..., None], tmp_path: Path) -> Small:
    """Starts a run beside a file system of 1 MiB, of which so many KiB are free."""
    need("unshare", "mount")
    folder = tmp_path / "small"
    folder.mkdir()
    script = """
        mount -t tmpfs -o size=1m none "$0" || exit 99
        head -c "${1}k" /dev/zero > "$0/filler"; shift
        exec "$@"
    """

    def begin(free: int, *words: str | Path) -> subprocess.Popen[str]:
        before = ("unshare", "--mount", "sh", "-c", script, str(folder), str(1024 - free))
        return start(*words, before=before)

    return begin


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "small" / "run.jsonl"


def shown(text: str) -> set[str]:
    """Keys of the refused rows in what was printed."""
    return {key for key in test_kill.shown(text) if key.startswith("hyperv.winrm|127.77.")}


def seen(process: subprocess.Popen[str], path: Path) -> Path:
    """The path as the process sees it, for as long as it runs."""
    return Path(f"/proc/{process.pid}/root{path}")


def until_said(process: subprocess.Popen[str], words: str) -> str:
    """Everything on standard error up to a line with these words."""
    assert process.stderr is not None
    lines = []
    while not lines or words not in lines[-1]:
        lines.append(process.stderr.readline())
        assert lines[-1], lines
    return "".join(lines)


def test_a_disk_that_is_full_for_a_while_costs_no_record(
    small: Small, mute: str, log: Path, tmp_path: Path
) -> None:
    process = small(64, HOSTS, mute, PATIENCE, "--log", log)
    complaints = until_said(process, "not being saved")
    with log.with_name("copy").open("wb") as copy, seen(process, log).open("rb") as file:
        seen(process, log.with_name("filler")).unlink()
        complaints += until_said(process, "being saved again")
        printed, rest = process.communicate(timeout=WITHIN)
        copy.write(file.read())
    assert process.returncode == 3
    assert "no space left on device" in complaints
    assert "not whole" not in rest
    session = read_session(log.with_name("copy"))
    assert len(shown(printed)) == ROWS
    assert len(session.results) == ROWS + 1
    assert len(session.verdicts) == ROWS + 1
    assert session.complete
    assert not session.messages
    assert verify(log.with_name("copy")).intact


def test_a_log_that_stays_on_a_full_disk_has_a_status_of_its_own_and_the_last_word(
    small: Small, mute: str, log: Path
) -> None:
    process = small(64, HOSTS, mute, PATIENCE, "--log", log)
    first_lines(process, 1)
    with log.with_name("copy").open("wb") as copy, seen(process, log).open("rb") as file:
        _, complaints = process.communicate(timeout=WITHIN)
        copy.write(file.read())
    assert process.returncode == 6
    assert complaints.count("not being saved") == 1
    assert complaints.splitlines()[-1] == (
        f"auditreach: the session log is not whole: Cannot write the session log {log}: "
        "no space left on device."
    )
    session = read_session(log.with_name("copy"))
    assert 0 < len(session.results) < ROWS
    assert not session.complete
    assert not session.messages
    assert not verify(log.with_name("copy")).complete


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_on_a_full_disk_promises_nothing(
    small: Small, mute: str, log: Path, number: int
) -> None:
    process = small(64, HOSTS, mute, PATIENCE, "--log", log)
    until_said(process, "not being saved")
    process.send_signal(number)
    _, complaints = process.communicate(timeout=WITHIN)
    assert process.returncode == 130
    assert "holds every result" not in complaints
    assert "interrupted." in complaints
    assert "not whole" in complaints.splitlines()[-1]
    assert "Traceback" not in complaints


def test_a_run_killed_after_its_disk_was_freed_has_lost_nothing_it_showed(
    small: Small, mute: str, log: Path
) -> None:
    process = small(64, HOSTS, mute, PATIENCE, "--log", log)
    until_said(process, "not being saved")
    with log.with_name("copy").open("wb") as copy, seen(process, log).open("rb") as file:
        seen(process, log.with_name("filler")).unlink()
        until_said(process, "being saved again")
        process.kill()
        printed, _ = process.communicate(timeout=WITHIN)
        copy.write(file.read())
    assert shown(printed) <= keys(read_session(log.with_name("copy")))


def test_a_log_that_is_named_on_a_full_disk_stops_a_run_before_it_starts(
    small: Small, log: Path
) -> None:
    process = small(0, HOSTS, "--log", log)
    printed, complaints = process.communicate(timeout=WITHIN)
    assert (process.returncode, printed) == (2, "")
    assert complaints.count("\n") == 1
    assert "no space left on device" in complaints


@pytest.mark.parametrize("freed", [True, False])
def test_a_log_in_its_usual_place_is_waited_for_on_a_full_disk(
    small: Small,
    mute: str,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    freed: bool,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(log.parent))
    process = small(0, HOSTS, mute, PATIENCE)
    complaints = until_said(process, "not being saved")
    if freed:
        seen(process, log.with_name("filler")).unlink()
        complaints += until_said(process, "being saved again")
    printed, rest = process.communicate(timeout=WITHIN)
    assert process.returncode == (3 if freed else 6), complaints + rest
    assert ("not whole" in rest) is not freed
    assert freed or "not whole" in rest.splitlines()[-1]
    assert len(shown(printed)) == ROWS


def test_the_largest_file_allowed_is_as_good_as_a_full_disk(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    before = ("sh", "-c", 'ulimit -f 128; exec "$@"', "sh")
    process = start(HOSTS, "--log", log, before=before)
    _, complaints = process.communicate(timeout=WITHIN)
    assert process.returncode == 6
    assert complaints.splitlines()[-1].endswith("file too large.")
    assert not read_session(log).messages
    assert not read_session(log).complete


def test_standard_output_on_a_full_disk_is_no_whole_log_either(
    start: Start, tmp_path: Path
) -> None:
    before = ("sh", "-c", 'exec "$@" > /dev/full', "sh")
    process = start(HOSTS, "--json", "--log", tmp_path / "run.jsonl", before=before)
    _, complaints = process.communicate(timeout=WITHIN)
    assert process.returncode == 130
    assert "no space left on device" in complaints


@pytest.mark.parametrize(
    ("lose", "said"),
    [
        (Path.unlink, "was deleted"),
        (lambda path: path.rename(path.with_name("run.jsonl.1")), "was renamed"),
        (lambda path: path.write_bytes(b""), "was cut short"),
    ],
    ids=["deleted", "renamed", "truncated"],
)
def test_a_log_that_is_lost_while_it_is_written_is_written_anew(
    start: Start, mute: str, tmp_path: Path, lose: Callable[[Path], object], said: str
) -> None:
    log, anew = tmp_path / "run.jsonl", tmp_path / "run-2.jsonl"
    process = start(HOSTS, mute, PATIENCE, "--log", log)
    printed = first_lines(process, 100)
    lose(log)
    rest, complaints = process.communicate(timeout=WITHIN)
    assert process.returncode == 3
    assert f"auditreach: The session log {log} {said} while it was written." in complaints
    session = read_session(anew)
    assert shown(printed + rest) <= keys(session)
    assert len(session.verdicts) == ROWS + 1
    assert session.complete
    assert verify(anew).intact


def test_nothing_is_left_of_a_log_without_its_first_line(small: Small, log: Path) -> None:
    process = small(0, HOSTS, "--log", log)
    process.communicate(timeout=WITHIN)
    with pytest.raises(SessionError):
        read_session(log)
