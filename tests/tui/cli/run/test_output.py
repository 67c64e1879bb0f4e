"""Output of a run: rows, findings and verdicts in a pipe, JSON, colours on a terminal."""

import json
import os
import pty
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from probes.model import Job, Observation, Reason, Result, State, Status, Target
from profiles.model import Check
from tests.tui.cli.run.process import ROOT, Command, Ports, Run, rows, verdicts
from tui.cli.run import Output
from tui.text.result_line import ResultFormatter

SCHEMA = ROOT / "probes/session/schema.json"


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
        f"nothing listens on TCP {ports.closed}, or a firewall refuses it."
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


def test_a_row_is_printed_again_only_when_its_status_or_note_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    check = Check("t.ssh", "t", "r", "SSH", "tcp", "tcp", "", "", "", port=22)
    job = Job("t.ssh|pc1", check, Target("r", "pc1"), 22)
    seen = Observation(State.OPEN, Reason.SYN_ACK)
    first = Result(job, Status.OK, "Answers.", seen)
    named = replace(first, observation=replace(seen, facts={"reverse_name": "pc1.corp.example"}))
    changed = replace(first, status=Status.WARNING, note="Answers late.")
    output = Output([job], as_json=False)
    output.add([first, named])
    output.add([named, changed, changed])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(" Answers.")
    assert lines[1].endswith(" Again: Answers late.")


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


def on_a_terminal(one: Command, **environment: str) -> str:
    """Output of a run on a terminal."""
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


def test_a_row_to_change_that_is_in_no_finding_is_counted(run: Run) -> None:
    lines = run("blocked=127.0.0.1").stdout.splitlines()
    lines = lines[: lines.index("Verdicts") - 1]
    assert lines[-2:] == [
        "Findings",
        "1 row to change is in no finding: it is a cause of its own.",
    ]


def test_where_nothing_is_found_no_findings_are_announced(run: Run) -> None:
    assert "Findings" not in run("ready=127.0.0.1").stdout


def test_a_reason_alone_is_printed_again_for_no_row_and_the_last_one_of_a_batch_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    check = Check("t.ssh", "t", "r", "SSH", "tcp", "tcp", "", "", "", port=22)
    job = Job("t.ssh|pc1", check, Target("r", "pc1"), 22)
    seen = Observation(State.FILTERED, Reason.NO_RESPONSE)
    first = Result(job, Status.BLOCKED, "No answer in 4 s.", seen, "no answer")
    refined = replace(first, why="no answer, nor any other port")
    output = Output([job], as_json=False)
    output.add([first, refined])
    output.add([replace(first, why="dropped: 88 answers")])
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("  no answer, nor any other port         No answer in 4 s.")


@pytest.mark.parametrize("note", ["Answers the ping.", "answers the ping"])
def test_a_note_that_says_no_more_than_the_reason_is_left_out(note: str) -> None:
    check = Check("t.ping", "t", "r", "Ping", "ping", "icmp", "", "", "")
    job = Job("t.ping|pc1", check, Target("r", "pc1"), None)
    seen = Observation(State.OPEN, Reason.ECHO_REPLY)
    shown = ResultFormatter([job], colour=False)
    assert shown.format(Result(job, Status.OK, note, seen, "Answers the ping")).endswith(
        "  Answers the ping"
    )
