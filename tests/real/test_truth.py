"""The truth on the wire: one run over a network where everything happens that can to a row."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from probes.session import read_session
from tests.real.truth import ASKED, TRUTH, Icmp, Row

ROOT = Path(__file__).parent.parent.parent


WITHIN = 120


class Ran(NamedTuple):
    status: int
    complaints: str
    rows: dict[str, dict[str, Any]]
    log: Path
    printed: list[str]


@pytest.fixture(scope="module")
def runs(site: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """The same run twice: as root, and as nobody, who may send no raw packet.

    One after the other: a router that gives a neighbour up tells the first who waits for it, and
    drops what is left in its queue as soon as somebody asks again (neigh_invalidate, Linux).
    """
    folder = tmp_path_factory.mktemp("logs")

    def measured(user: str) -> Ran:
        log = folder / user / "run.jsonl"
        log.parent.mkdir()
        uid = pwd.getpwnam(user).pw_uid
        os.chown(log.parent, uid, uid)
        command = [sys.executable, "-B", "-m", "tui", "run", *ASKED, "--json", "--log", log]
        done = subprocess.run(
            site.command(*command, nobody=user == "nobody"),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
        printed = done.stdout.splitlines()
        records = [json.loads(line) for line in printed]
        rows = {record["key"]: record for record in records if record["type"] == "result"}
        return Ran(done.returncode, done.stderr, rows, log, printed)

    # pytest keeps its folders to their owner, and nobody must get through to its own.
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    return {user: measured(user) for user in ("root", "nobody")}


@pytest.fixture(params=["root", "nobody"])
def ran(runs: dict[str, Ran], request: pytest.FixtureRequest) -> Ran:
    return runs[request.param]


@pytest.mark.parametrize("row", TRUTH, ids=lambda row: row.key)
def test_a_row_says_what_is_on_the_wire_and_who_said_no(ran: Ran, row: Row) -> None:
    seen = ran.rows[row.key]
    icmp = seen["icmp"] and Icmp(seen["icmp"]["type"], seen["icmp"]["code"], seen["icmp"]["from"])
    assert (seen["state"], seen["reason"], icmp) == (row.state, row.reason, row.icmp)
    assert (seen["service"], seen["status"]) == (row.service, row.status)
    assert seen["note"].startswith(row.note)
    if row.address:
        assert seen["address"] == row.address


def test_a_run_with_blocked_rows_ends_with_3(ran: Ran) -> None:
    assert ran.status == 3, ran.complaints


def test_every_row_of_the_run_has_its_truth_here(ran: Ran) -> None:
    assert ran.rows.keys() == {row.key for row in TRUTH}


def test_a_complete_run_complains_of_nothing(ran: Ran) -> None:
    assert ran.complaints == f"auditreach: the session log is {ran.log}\n"


def test_the_log_holds_what_was_printed_and_reads_back_complete(ran: Ran) -> None:
    # The last line of each says when it was ended.
    assert ran.log.read_text().splitlines()[:-1] == ran.printed[:-1]
    session = read_session(ran.log)
    assert session.complete and not session.messages
    assert {result.job.key for result in session.results} == ran.rows.keys()


def test_the_log_is_for_its_owner_only(ran: Ran) -> None:
    assert ran.log.stat().st_mode & 0o777 == 0o600


def test_an_open_ports_latency_is_the_kernels(ran: Ran) -> None:
    opened = [row for row in ran.rows.values() if row["reason"] == "syn-ack"]
    assert opened
    assert {row["latency_source"] for row in opened} == {"kernel"}


def test_privileges_change_no_row(runs: dict[str, Ran]) -> None:
    def said(row: dict[str, Any]) -> tuple[object, ...]:
        return tuple(row[key] for key in ("state", "reason", "icmp", "service", "status", "note"))

    root, nobody = runs["root"].rows, runs["nobody"].rows
    assert {key: said(row) for key, row in root.items()} == {
        key: said(row) for key, row in nobody.items()
    }


def test_a_name_says_which_server_gave_its_address(ran: Ran) -> None:
    def resolved(key: str) -> Any:
        return ran.rows[key]["facts"]["resolved"]

    assert resolved("hyperv.winrm|open.site.test")["server"] == "10.1.2.53"
    both = resolved("hyperv.winrm|both.site.test")["addresses"]
    assert sorted(both) == ["10.1.2.10", "fd00:1:2::12"]
