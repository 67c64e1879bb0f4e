"""`auditreach run` with hosts without a role: what answers decides, and it is said."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.cli.run.process import Ports
from tests.tui.own_profile import HEAD, check, role
from tui.cli.main import main

GREETING = (
    b"220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP\r\n"
)
RECOGNITION = """
[[recognition]]
id = "greets"
role = "greeter"
any = [{ check = "all.greets" }]
"""
HERE, THERE = "127.0.0.1", "127.0.0.78"

Command = Callable[..., tuple[int, str, str]]


class Greeter(socketserver.ThreadingTCPServer):
    """A server that greets, and counts who was accepted."""

    accepted = 0
    daemon_threads = True

    def finish_request(self, request, client_address):
        self.accepted += 1
        request.sendall(GREETING)


@pytest.fixture
def greeter() -> Iterator[Greeter]:
    with Greeter((HERE, 0), None) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def command(
    tmp_path: Path,
    ports: Ports,
    greeter: Greeter,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Command:
    """The program with a profile whose one role is told by who greets on a port."""
    greets = check("greeter", "greets", "tcp", greeter.server_address[1])
    text = HEAD + role("greeter") + greets.replace('probe = "tcp"', 'probe = "authd"')
    text += check("greeter", "other", "tcp", ports.open) + RECOGNITION
    (tmp_path / "own.toml").write_text(text)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = main(words)
        return status, *capfd.readouterr()

    return run


RUN = ("run", "--profile", "own.toml", "--log", "log.jsonl")


def test_a_host_that_greets_has_its_role_and_is_connected_to_once(command, greeter, tmp_path):
    (tmp_path / "hosts").write_text(f"{HERE} # the greeter\n")
    status, out, err = command(*RUN, "@hosts")
    assert status == 0
    assert f"{HERE}: no role is said, so what answers decides (auto); ROLE=HOST names one." in err
    found, *rows = out.partition("\n\n")[0].splitlines()
    assert "Host, by what answers: VMware Authentication Daemon 1.10" in found
    assert len(rows) == 2 and all(row.startswith("ok ") for row in rows)
    assert out.partition("\n\nVerdicts\n")[2].splitlines() == [
        f"ready  {HERE}  Everything that is required here is available."
    ]
    assert greeter.accepted == 1


def test_where_nobody_greets_the_role_is_not_known_and_the_end_is_untested(command, greeter):
    status, out, _ = command(*RUN, THERE)
    assert status == 5
    (row,) = out.partition("\n\n")[0].splitlines()
    assert row.startswith("error ") and "Nothing decided its role: refused: TCP" in row
    assert row.endswith(f"Write ROLE={THERE}.")
    assert out.partition("\n\nVerdicts\n")[2].startswith(f"unknown  {THERE}  ")
    assert greeter.accepted == 0


def test_json_has_what_was_typed_the_decision_and_the_host_in_its_role(command):
    status, out, _ = command(*RUN, "--json", f"AUTO={HERE}", f"Greet={THERE}")
    records = [json.loads(line) for line in out.splitlines()]
    assert records[0]["targets"] == [
        {"role": "auto", "name": HERE},
        {"role": "greeter", "name": THERE},
    ]
    (added,) = [one["targets"] for one in records if one["type"] == "targets"]
    assert added == [{"role": "greeter", "name": HERE}]
    (found,) = [one for one in records if one.get("check") == "auto" and one["type"] == "result"]
    assert found["facts"]["recognised"] == "greeter" and found["facts"]["rule"] == "greets"
    assert found["facts"]["because"] == ["all.greets"]
    assert status == 3


def test_a_session_is_measured_again_in_the_roles_that_were_found(command, greeter):
    command(*RUN, HERE, THERE)
    assert greeter.accepted == 1
    status, out, _ = command(
        *("run", "--profile", "own.toml", "--from", "log.jsonl", "--log", "again.jsonl")
    )
    assert status == 5
    assert greeter.accepted == 2
    assert [line.split()[:2] for line in out.partition("\n\n")[0].splitlines()].count(
        ["error", THERE]
    ) == 1
    status, out, _ = command("diff", "log.jsonl", "again.jsonl")
    assert "0 regressed, 0 fixed, 0 not comparable, 0 new, 0 gone, 1 not retested" in out
    for format in ("markdown", "csv", "html", "junit", "json", "firewall"):
        assert command("export", "again.jsonl", "--format", format)[0] == 0


def test_more_than_a_few_hosts_without_a_role_are_asked_about_first(command):
    status, _, err = command(*RUN, "127.1.0.0/22")
    assert status == 2
    assert "This would ask up to 2,044 endpoints" in err


def test_the_list_of_checks_says_what_a_host_without_a_role_is_asked(command, greeter):
    _, out, _ = command("checks", "--profile", "own.toml")
    port = greeter.server_address[1]
    assert f"Finds the role of a host that was named without one. Asks TCP {port}." in out
