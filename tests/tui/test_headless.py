"""`auditreach run` as a script sees it: real processes, real sockets on loopback."""

import json
import os
import pty
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parent.parent.parent
SCHEMA = ROOT / "probes/engine/session/schema.json"

HEAD = """
id = "own"
name = "Own"
version = "1"
source = "Our ports"
url = "https://intra.example/ports"
[[category]]
id = "all"
title = "All"
"""
ROLE = """
[[role]]
id = "{role}"
title = "Host"
category = "all"
"""
CHECK = """
[[check]]
id = "all.{id}"
category = "all"
role = "{role}"
title = "{id}"
probe = "{transport}"
transport = "{transport}"
port = {port}
loss = "{loss}"
needs = "{needs}"
purpose = "It is asked."
consequence = "Something is lost."
fix = "Allow it."
"""


@dataclass(frozen=True)
class Ports:
    """Ports of every address of loopback."""

    open: int
    closed: int
    mute: int
    """UDP: takes everything and never answers."""


@pytest.fixture(scope="module")
def ports() -> Iterator[Ports]:
    with ExitStack() as stack:

        def bound(kind: socket.SocketKind) -> socket.socket:
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            sock.bind(("", 0))
            return sock

        listening = bound(socket.SOCK_STREAM)
        listening.listen()
        # Bound and not listening: refused, and no other process can begin to listen there.
        numbers = [
            sock.getsockname()[1]
            for sock in (listening, bound(socket.SOCK_STREAM), bound(socket.SOCK_DGRAM))
        ]
        yield Ports(*numbers)


@pytest.fixture
def profile(tmp_path: Path, ports: Ports) -> Path:
    """Every role is a way for a run to end."""
    checks = [
        ("ready", "open", "tcp", ports.open, "blocked", ""),
        ("blocked", "closed", "tcp", ports.closed, "blocked", ""),
        ("mixed", "mixopen", "tcp", ports.open, "blocked", ""),
        ("mixed", "mixclosed", "tcp", ports.closed, "blocked", ""),
        ("degraded", "optional", "tcp", ports.closed, "degraded", ""),
        ("untested", "first", "tcp", ports.closed, "degraded", ""),
        ("untested", "second", "tcp", ports.open, "blocked", "all.first"),
        ("slow", "quick", "tcp", ports.open, "blocked", ""),
        ("slow", "mute", "udp", ports.mute, "blocked", ""),
    ]
    text = HEAD
    for role in dict.fromkeys(check[0] for check in checks):
        text += ROLE.format(role=role)
    for role, id, transport, port, loss, needs in checks:
        text += CHECK.format(
            role=role, id=id, transport=transport, port=port, loss=loss, needs=needs
        )
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Command:
    """The words and surroundings of a run that keeps its log below `state`."""

    words: list[str]
    environment: dict[str, str]
    state: Path

    @property
    def logs(self) -> list[Path]:
        return sorted(self.state.rglob("*.jsonl"))


@pytest.fixture
def command(profile: Path, tmp_path: Path) -> Callable[..., Command]:
    def make(*words: str) -> Command:
        state = tmp_path / "state"
        environment = {**os.environ, "XDG_STATE_HOME": str(state), "TERM": "xterm"}
        environment.pop("NO_COLOR", None)
        start = [sys.executable, "-m", "tui", "run", "--profile", str(profile)]
        return Command([*start, *words], environment, state)

    return make


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(command: Callable[..., Command]) -> Run:
    """A whole run with its output in pipes."""

    def finish(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        one = command(*words)
        return subprocess.run(
            one.words,
            cwd=ROOT,
            env={**one.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return finish


def verdicts(output: str) -> list[str]:
    """The lines under their heading, which are the last ones."""
    return output.partition("\n\nVerdicts\n")[2].splitlines()


def rows(output: str) -> list[str]:
    """The lines before the summary."""
    return output.partition("\n\n")[0].splitlines()


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


def test_in_a_pipe_there_are_only_plain_aligned_lines(run: Run) -> None:
    ran = run("mixed=127.0.0.1,127.0.0.111")
    lines = rows(ran.stdout)
    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)
    assert {line.index("127.0.0.1") for line in lines} == {14}
    assert {line.index(" TCP ") - line.index("mix") for line in lines} == {7, 9}
    assert len({line.index("mix") for line in lines}) == 1
    assert len({line.index(" ms  ") for line in lines}) == 1


def test_every_row_is_printed_once_and_the_summary_counts_them(run: Run, ports: Ports) -> None:
    ran = run("mixed=127.0.0.1", "ready=127.0.0.2")
    lines = rows(ran.stdout)
    assert sorted(line.split()[0] for line in lines) == ["blocked", "ok", "ok"]
    (refused,) = (line for line in lines if line.startswith("blocked"))
    assert f"mixclosed TCP {ports.closed}" in refused
    assert "Refused with a TCP reset" in refused
    (summary,) = (line for line in ran.stdout.splitlines() if line.startswith("3 rows in "))
    assert summary.endswith(": 2 ok, 1 blocked")


def test_the_verdicts_come_last_one_a_target_the_worst_first(run: Run, ports: Ports) -> None:
    hosts = "ready=127.0.0.1", "degraded=127.0.0.22", "untested=127.0.0.1", "mixed=127.0.0.1"
    change = (
        "To change: Start {} on the host or correct the port: "
        f"nothing listens on TCP {ports.closed}, unless a firewall refuses it in the host's name."
    )
    blocked = f"mixclosed (TCP {ports.closed}) is not available. {change.format('mixclosed')}"
    assert verdicts(run(*hosts).stdout) == [
        f"blocked   127.0.0.1   Not everything that is required here is available: {blocked}",
        "unknown   127.0.0.1   It is not known whether everything that is required here is "
        f"available: second (TCP {ports.open}) could not be tested. " + change.format("first"),
        "degraded  127.0.0.22  Everything that is required here is available, but something is "
        f"lost, because optional (TCP {ports.closed}) is not available. "
        + change.format("optional"),
        "ready     127.0.0.1   Everything that is required here is available.",
    ]


def test_in_a_pipe_no_progress_is_written(run: Run) -> None:
    ran = run("ready=127.0.0.1")
    assert ran.stderr.splitlines() == [ran.stderr.strip()]
    assert "the session log is" in ran.stderr
    assert "\r" not in ran.stderr


def test_after_many_rows_the_failures_are_said_again(run: Run) -> None:
    ran = run("ready=127.0.0.1-30", "blocked=127.0.0.7")
    assert ran.stdout.count("blocked       127.0.0.7") == 2
    after = ran.stdout.split("\n\n")[1].splitlines()
    assert after[-1].startswith("blocked       127.0.0.7")


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


def test_json_lines_are_the_log_and_hold_against_the_schema(
    run: Run, tmp_path: Path, ports: Ports
) -> None:
    path = tmp_path / "session.jsonl"
    ran = run("mixed=127.0.0.1", "untested=127.0.0.1", "--json", "--log", str(path))
    printed = [json.loads(line) for line in ran.stdout.splitlines()]
    logged = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for record in printed:
        validator.validate(record)
    kinds = [record["type"] for record in printed]
    assert sorted(kinds[1:-1]) == ["result"] * 4 + ["verdict"] * 2
    assert (kinds[0], kinds[-1]) == ("session", "end")
    verdicts = {one["role"]: one["verdict"] for one in printed if one["type"] == "verdict"}
    assert verdicts == {"mixed": "blocked", "untested": "unknown"}
    # Each has its own last moment.
    for end in (printed[-1], logged[-1]):
        assert end.pop("ended")
        assert end.pop("seal")
    assert printed == logged
    assert printed[-1].pop("sha256")
    results = [record for record in printed if record["type"] == "result"]
    mixed = [record for record in results if record["role"] == "mixed"]
    assert {(record["port"], record["state"]) for record in mixed} == {
        (ports.open, "open"),
        (ports.closed, "closed"),
    }
    assert printed[-1] == {
        "type": "end",
        "complete": True,
        "counts": {"ok": 1, "blocked": 1, "degraded": 1, "error": 1},
    }


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


def test_a_reader_who_goes_away_ends_the_run_without_a_word(
    command: Callable[..., Command],
) -> None:
    one = command("mixed=127.0.0.1")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(
            one.words,
            cwd=ROOT,
            env=one.environment,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert ran.returncode == 130
    assert ran.stderr.startswith("auditreach: the session log is ")
    assert ran.stderr.count("\n") == 1


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


def on_a_terminal(one: Command, **environment: str) -> str:
    """What a run writes to a terminal."""
    master, terminal = pty.openpty()
    with subprocess.Popen(
        one.words,
        cwd=ROOT,
        env={**one.environment, **environment},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ) as process:
        os.close(terminal)
        said = b""
        try:
            while data := os.read(master, 65536):
                said += data
        except OSError:
            # Linux reports the end of a terminal as an error.
            assert said
        finally:
            os.close(master)
        process.wait(timeout=60)
    return said.decode()


def test_a_terminal_gets_colours(command: Callable[..., Command]) -> None:
    said = on_a_terminal(command("ready=127.0.0.1"))
    assert "\x1b[32mok" in said


@pytest.mark.parametrize("wish", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_none_gets_no_colours(
    command: Callable[..., Command], wish: dict[str, str]
) -> None:
    said = on_a_terminal(command("ready=127.0.0.1"), **wish)
    assert "ok            127.0.0.1" in said
    assert "\x1b[32m" not in said


def test_findings_follow_the_rows_and_not_in_json(run: Run, ports: Ports) -> None:
    hosts = "blocked=127.0.0.1,127.0.0.2"
    lines = run(hosts).stdout.splitlines()
    lines = lines[: lines.index("Verdicts") - 1]
    assert lines[-2] == "Findings"
    assert lines[-1].startswith(
        f"likely   Nothing listens on TCP {ports.closed} on any of 2 hosts in 127.0.0.0/24 (2 rows;"
    )
    assert "Findings" not in run(hosts, "--json").stdout


def test_where_nothing_is_found_no_findings_are_announced(run: Run) -> None:
    assert "Findings" not in run("ready=127.0.0.1").stdout
