"""End of a run: its exit status, and the log it leaves."""

import json
import signal
import stat
import subprocess
from collections.abc import Callable

import pytest

from tests.tui.cli.run.process import ROOT, Command, Run, rows


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (["ready"], 0),
        (["blocked"], 3),
        (["degraded"], 4),
        (["untested"], 5),
        (["ready", "degraded"], 4),
        (["untested", "blocked"], 3),
    ],
)
def test_the_exit_status_says_how_it_went(run: Run, roles: list[str], status: int) -> None:
    ran = run(*(f"{role}=127.0.0.1" for role in roles))
    assert ran.returncode == status, ran.stdout + ran.stderr


def test_thousands_of_endpoints_are_measured_after_a_yes(run: Run) -> None:
    ran = run("blocked=127.0.0.0/21", "--yes")
    assert ran.returncode == 3
    assert len(rows(ran.stdout)) == 2046
    assert "\n2046 rows in " in ran.stdout


def test_what_can_be_measured_is_and_the_mistake_decides_the_status(run: Run) -> None:
    ran = run("ready=127.0.0.1,127.0.0.2:port")
    assert ran.returncode == 2
    assert len(rows(ran.stdout)) == 1
    assert "127.0.0.2" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_log_stands_in_the_state_directory_for_its_owner_alone(
    command: Callable[..., Command], run: Run
) -> None:
    ran = run("ready=127.0.0.1")
    (log,) = command().logs
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert ran.stderr == f"auditreach: the session log is {log}\n"


def test_a_run_that_cannot_be_saved_says_so_and_goes_on(run: Run) -> None:
    ran = run("ready=127.0.0.1", XDG_STATE_HOME="/dev/null/state")
    assert ran.returncode == 0
    assert "this session is not being saved" in ran.stderr
    assert len(rows(ran.stdout)) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_a_log_that_ends(
    command: Callable[..., Command], number: signal.Signals
) -> None:
    one = command("slow=127.0.0.1", "--timeout", "300")
    with subprocess.Popen(
        one.words,
        cwd=ROOT,
        env=one.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell lets what it starts in the background ignore Ctrl-C, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert first.startswith("ok")
    assert process.returncode == 130
    assert err.splitlines()[-1] == (
        "auditreach: interrupted; the session log holds every result so far."
    )
    assert "Traceback" not in out + err
    (log,) = one.logs
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [record["type"] for record in records] == ["session", "result", "end"]
    assert records[-1]["complete"] is False


def test_without_an_output_the_log_is_still_whole(command: Callable[..., Command]) -> None:
    one = command("ready=127.0.0.1")
    script = 'exec "$@" >&- 2>&-'
    ran = subprocess.run(
        ["sh", "-c", script, "sh", *one.words],
        cwd=ROOT,
        env=one.environment,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0
    (log,) = one.logs
    kinds = [json.loads(line)["type"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert kinds == ["session", "result", "verdict", "end"]
