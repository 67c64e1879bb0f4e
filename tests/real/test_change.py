"""Twelve hosts behind a router, before and after its rules are changed: what diff says of it, and
what the firewall request that was made before is worth."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
WITHIN = 120
ROLES = {
    "windows.target": range(101, 105),
    "hyperv.host": (105,),
    "esxi.host": (106, 107),
    "xen.host": (108,),
    "unix.target": (109, 110),
    "snmp.device": (111,),
    "printer": (112,),
}
ENABLING = {"TCP 135", "TCP 139", "TCP 445", "TCP 49152-65535", "UDP 135", "UDP 139"}
"""Checks of a Windows computer that are needed only while its WinRM does not answer."""

Row = tuple[str, str]
"""Host and port, as they are told."""

REFUSED: dict[Row, str] = {
    ("10.1.2.102", "TCP 5985"): "drop",
    ("10.1.2.103", "TCP 5985"): "reject with icmp admin-prohibited",
    ("10.1.2.104", "TCP 5985"): "reject with icmp admin-prohibited",
    ("10.1.2.106", "TCP 902"): "drop",
    ("10.1.2.107", "TCP 80"): "reject with icmp host-prohibited",
    ("10.1.2.110", "TCP 22"): "reject with icmp port-unreachable",
    ("10.1.2.111", "UDP 161"): "drop",
}
"""Rules of the router for packets that it does not let through."""
MENDED = {("10.1.2.103", "TCP 5985"), ("10.1.2.110", "TCP 22")}
"""Rows that the change lets through."""
NOT_NEEDED = {("10.1.2.103", port) for port in ENABLING}
"""Rows that follow from it."""
ALL = 41
"""Rows of a run."""


GROUP = re.compile(r"([a-z, ]+) \([0-9]+\)")
ROW = re.compile(r"  (\S+) .*?((?:TCP|UDP) [0-9-]+|ICMP): ")


class Run(NamedTuple):
    """A run of the program on the client."""

    status: int
    log: Path
    records: list[dict[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.records if record["type"] == kind]


class Told(NamedTuple):
    """Changes between two runs, by diff."""

    status: int
    rows: dict[str, set[Row]]
    """By what became of them."""
    counts: dict[str, int]


class Site(NamedTuple):
    """The runs, one under each set of rules."""

    before: Run
    after: Run
    requested: Run
    """With the rules of before, and what the request of before asks for."""
    request: list[dict[str, str]]


@pytest.fixture(scope="module")
def runs(site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("change")
    router = ["ip", "netns", "exec", site.router, "nft", "-f", "-"]

    def rules(*lines: str) -> None:
        chain = "chain c {\n type filter hook forward priority filter - 1\n"
        text = f"table ip change\ndelete table ip change\ntable ip change {{\n{chain}"
        text += "".join(f"{line}\n" for line in lines) + "}\n}\n"
        subprocess.run(router, input=text, text=True, check=True, timeout=30)

    def run(name: str) -> Run:
        log = folder / f"{name}.jsonl"
        hosts = (f"{role}=10.1.2.{last}" for role, lasts in ROLES.items() for last in lasts)
        done = subprocess.run(
            site.command(
                *("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tui", "run", *hosts),
                *("--timeout", "2", "--log", log),
            ),
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
        lines = log.read_text(encoding="ascii").splitlines()
        return Run(done.returncode, log, [json.loads(line) for line in lines])

    refused = {
        (host, port): f"ip daddr {host} {port.lower().replace(' ', ' dport ')} {how}"
        for (host, port), how in REFUSED.items()
    }
    rules(*refused.values())
    before = run("before")
    rules(*(rule for row, rule in refused.items() if row not in MENDED))
    after = run("after")
    asked = ours("export", before.log, "--format", "firewall-csv")
    request = list(csv.DictReader(asked.stdout.splitlines()))
    rules(*map(allowed, request), *refused.values())
    yield Site(before, after, run("requested"), request)
    subprocess.run(router, input="delete table ip change\n", text=True, check=True, timeout=30)


def ours(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """A command of the program that touches no network."""
    return subprocess.run(
        [sys.executable, "-m", "tui", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )


def allowed(flow: dict[str, str]) -> str:
    """A line of the request as the rule that a firewall's administrator makes of it."""
    where = f"ip saddr {flow['Source']} ip daddr {{ {', '.join(flow['Destination'].split())} }}"
    if flow["Protocol"] == "ICMP":
        return f"{where} icmp type echo-request accept"
    return f"{where} {flow['Protocol'].lower()} dport {flow['Port']} accept"


def diff(before: Run, after: Run) -> Told:
    """Output of diff, taken apart again."""
    done = ours("diff", before.log, after.log)
    rows: dict[str, set[Row]] = defaultdict(set)
    title = ""
    for line in done.stdout.splitlines():
        if group := GROUP.fullmatch(line):
            title = group[1]
        elif row := ROW.match(line):
            rows[title].add((row[1], row[2]))
    counts = done.stdout.splitlines()[-1].partition(": ")[2]
    numbers = (one.partition(" ") for one in counts.split(", "))
    return Told(done.returncode, rows, {kind: int(number) for number, _, kind in numbers})


def test_the_run_before_is_blocked_by_the_router_and_says_so(runs: Site) -> None:
    assert runs.before.status == 3
    found = {
        (row["host"], f"{row['transport'].upper()} {row['port']}"): row["reason"]
        for row in runs.before.of("result")
        if row["status"] == "blocked" and row["reason"] != "conn-refused"
    }
    assert found.keys() == REFUSED.keys()
    assert all((found[row] == "no-response") == (how == "drop") for row, how in REFUSED.items())


def test_diff_says_fixed_for_exactly_what_was_changed(runs: Site) -> None:
    told = diff(runs.before, runs.after)
    assert told.status == 0
    assert told.rows["fixed"] == MENDED
    assert told.rows["gone"] == NOT_NEEDED
    assert told.counts == {
        "regressed": 0,
        "fixed": len(MENDED),
        "not comparable": 0,
        "new": 0,
        "gone": len(NOT_NEEDED),
        "unchanged": ALL - len(MENDED) - len(NOT_NEEDED),
    }


def test_the_change_taken_back_is_a_regression(runs: Site) -> None:
    told = diff(runs.after, runs.before)
    assert told.status == 1
    assert told.rows["regressed"] == MENDED
    assert told.rows["new"] == NOT_NEEDED
    assert told.counts["fixed"] == told.counts["not comparable"] == told.counts["gone"] == 0


def test_nothing_has_changed_where_nothing_was_changed(runs: Site) -> None:
    told = diff(runs.before, runs.before)
    assert told.status == 0
    assert told.counts["unchanged"] == ALL


def test_the_request_asks_for_what_is_refused_and_for_nothing_else(runs: Site) -> None:
    asked = [
        (str(host), f"{flow['Protocol']} {flow['Port']}")
        for flow in runs.request
        for destination in flow["Destination"].split()
        for host in ip_network(destination)
    ]
    assert sorted(asked) == sorted(REFUSED)
    assert {flow["Source"] for flow in runs.request} == {"10.1.1.9"}
    assert {flow["Needed"] for flow in runs.request} == {"required"}


def test_with_what_the_request_asks_for_everything_is_ready(runs: Site) -> None:
    assert runs.requested.status == 0
    assert {verdict["verdict"] for verdict in runs.requested.of("verdict")} == {"ready"}
    assert len(runs.requested.of("verdict")) == sum(map(len, ROLES.values()))
    assert diff(runs.before, runs.requested).rows["fixed"] == set(REFUSED)
