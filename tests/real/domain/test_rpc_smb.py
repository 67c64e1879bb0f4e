"""RPC, SMB and NetBIOS sessions against Samba: a domain controller, and a member of yesterday."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probes import netbios, rpc, rpc_dynamic, smb
from probes.model import Service

ROOT = Path(__file__).parents[3]
RANGE = range(49152, 65536)
DYNAMIC = "tcp dport 49152-65535"
FOLDERS = ("private dir", "lock directory", "state directory", "cache directory")
FOLDERS += ("pid directory", "ncalrpc dir")


def listening(namespace: str) -> set[int]:
    """The TCP ports on which something listens there, as the kernel tells."""
    ss = ["ip", "netns", "exec", namespace, "ss", "-Htln"]
    said = subprocess.run(ss, capture_output=True, text=True, check=True, timeout=10).stdout
    return {int(line.split()[3].rpartition(":")[2]) for line in said.splitlines()}


def test_the_mapper_names_the_dynamic_ports_that_listen(samba_dc) -> None:
    answer, _ = samba_dc.ask(rpc.ask, 135)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["complete"] is True
    ports = set(answer.facts["ports"])
    assert ports
    assert ports == {port for port in listening(samba_dc.namespace) if port in RANGE}
    assert any("net logon" in text for text in answer.facts["endpoints"])


def test_every_dynamic_port_that_is_tried_answers_in_rpc(samba_dc) -> None:
    answer, _ = samba_dc.ask(rpc_dynamic.ask, 135)
    tried = answer.facts["tried"]
    assert answer.service is Service.CONFIRMED
    assert f"{len(tried)} of {len(tried)} dynamic ports answer" in str(answer.facts["summary"])
    assert {one["port"] for one in tried} <= set(answer.facts["ports"])
    assert "warning" not in answer.facts


@pytest.mark.parametrize("probe", [smb, netbios])
def test_a_controller_speaks_smb_3_and_requires_signing(samba_dc, probe) -> None:
    answer, _ = samba_dc.ask(probe.ask, 445 if probe is smb else 139)
    assert answer.service is Service.CONFIRMED
    assert (answer.facts["dialect"], answer.facts["signing"]) == ("3.1.1", "required")
    assert answer.facts["login"] == ["Kerberos", "NTLM"]
    assert (answer.facts["computer"], answer.facts["domain"]) == ("DC1", samba_dc.domain)
    assert answer.facts["dns_computer"] == samba_dc.name
    assert answer.facts["software"] == "Samba"
    # Both clocks are this machine's.
    assert abs(answer.facts["clock_skew_s"]) < 60


@contextmanager
def firewall(namespace: str, rule: str) -> Iterator[None]:
    """A rule for what comes in to a namespace."""
    nft = ["ip", "netns", "exec", namespace, "nft", "-f", "-"]
    table = f"table inet t {{\n chain c {{\n type filter hook input priority 0\n {rule}\n }}\n}}\n"
    subprocess.run(nft, input=table, text=True, check=True, timeout=10)
    try:
        yield
    finally:
        subprocess.run(nft, input="delete table inet t\n", text=True, check=True, timeout=10)


def rows(samba_dc, folder: Path) -> dict[str, dict[str, Any]]:
    """The rows of a run of the program against the controller as a computer without WinRM."""
    program = [sys.executable, "-B", "-m", "tui", "run", f"windows.target={samba_dc.address}"]
    done = subprocess.run(
        samba_dc.command(*program, "--json", "--log", folder / "log"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    found = {record["check"]: record for record in records if record["type"] == "result"}
    assert found, done.stderr
    return found


def test_a_computer_without_a_firewall_is_ready_for_remoting(samba_dc, tmp_path: Path) -> None:
    found = rows(samba_dc, tmp_path)
    for check in ("enable.rpc", "enable.rpc_dynamic", "enable.smb", "enable.netbios"):
        row = found[check]
        assert (row["status"], row["state"], row["service"]) == ("ok", "open", "confirmed"), row


def test_a_reject_of_the_dynamic_range_blocks_it_and_names_the_offender(
    samba_dc, need, tmp_path: Path
) -> None:
    need("nft")
    with firewall(samba_dc.namespace, f"{DYNAMIC} reject with icmpx type admin-prohibited"):
        found = rows(samba_dc, tmp_path)
    row = found["enable.rpc_dynamic"]
    assert found["enable.rpc"]["status"] == "ok"
    assert (row["status"], row["state"], row["reason"]) == (
        "blocked",
        "filtered",
        "admin-prohibited",
    )
    assert row["icmp"] == {"type": 3, "code": 13, "from": samba_dc.address}
    assert "filtered: the firewall lets 135 through but not the RPC traffic" in row["note"]
    assert "Rejected by the host's firewall" in row["note"]
    assert row["facts"]["tried"][0]["port"] in RANGE


def test_a_drop_of_the_dynamic_range_blocks_it_after_a_second_try(
    samba_dc, need, tmp_path: Path
) -> None:
    need("nft")
    with firewall(samba_dc.namespace, f"{DYNAMIC} drop"):
        found = rows(samba_dc, tmp_path)
    row = found["enable.rpc_dynamic"]
    assert (row["status"], row["state"], row["reason"]) == ("blocked", "filtered", "no-response")
    assert "filtered: the firewall lets 135 through" in row["note"]
    (first, *_) = row["facts"]["tried"]
    attempts = [one for one in row["evidence"] if str(first["port"]) in one["sent"]]
    assert len(attempts) == 2


def test_a_drop_of_one_dynamic_port_names_it_and_counts_the_others(
    samba_dc, need, tmp_path: Path
) -> None:
    need("nft")
    answer, _ = samba_dc.ask(rpc_dynamic.ask, 135)
    port = answer.facts["tried"][0]["port"]
    with firewall(samba_dc.namespace, f"tcp dport {port} drop"):
        row = rows(samba_dc, tmp_path)["enable.rpc_dynamic"]
    others = len(answer.facts["tried"]) - 1
    assert row["status"] == "blocked"
    assert row["note"].startswith(f"TCP {port} is filtered: ")
    assert f"{others} of {others + 1} dynamic ports can be reached" in row["note"]


@pytest.fixture(scope="module")
def old_member(samba_dc, need: Callable[..., None], tmp_path_factory) -> Iterator[Any]:
    """A file server that speaks SMB1 and nothing newer, in a namespace of its own."""
    need("smbd", "ip", "ss", "setpriv")
    folder = tmp_path_factory.mktemp("nt1")
    config = folder / "smb.conf"
    lines = ["netbios name = OLDBOX", "workgroup = LABGROUP", "server role = standalone"]
    lines += ["server min protocol = NT1", "server max protocol = NT1"]
    lines += [f"{name} = {folder}" for name in FOLDERS]
    config.write_text("\n".join(("[global]", *lines, "")))
    name = f"nt{os.getpid()}"
    with ExitStack() as down:
        subprocess.run(["ip", "netns", "add", name], check=True, timeout=10)
        down.callback(subprocess.run, ["ip", "netns", "delete", name], check=True, timeout=10)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True, timeout=10)
        process = subprocess.Popen(
            [
                *("ip", "netns", "exec", name, "setpriv", "--pdeathsig", "TERM"),
                *("smbd", "-F", "--no-process-group", "--debug-stdout"),
                *("-s", str(config), "-l", str(folder)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        down.callback(end, name, process)
        assert process.stdout is not None
        assert "started" in process.stdout.readline()
        member = replace(samba_dc, address="127.0.0.1", namespace=name, client=name)
        while not {139, 445} <= listening(name):
            assert process.poll() is None
        yield member


def end(namespace: str, process: subprocess.Popen[str]) -> None:
    """End the server and its children."""
    pids = ["ip", "netns", "pids", namespace]
    while found := subprocess.run(pids, capture_output=True, text=True, check=True).stdout.split():
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(int(pid), 9)
        process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.parametrize("probe", [smb, netbios])
def test_a_member_that_knows_only_smb1_is_a_warning(old_member, probe) -> None:
    answer, _ = old_member.ask(probe.ask, 445 if probe is smb else 139)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True
    assert "SMB1 only (OLDBOX in LABGROUP)" in str(answer.facts["summary"])
