"""Goal 9: the proof of every service of a site of twelve hosts, against nmap -sV with its scripts.

`python -m bench.services [ROUNDS] [--write]`, as root. `--write` renews docs/nmap-side-by-side.md.
The peer has two forms: one nmap for all hosts with every port that occurs, as it is typed; and one
for each host with that host's ports only, all at once, which is the least it can be asked.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench import command, servers, site
from bench.known import ComparedFact, compare_facts

GOAL = 0.5
OURS, APART, TOGETHER = (
    "auditreach run",
    "nmap -sV, one a host, all at once",
    "nmap -sV, one for all",
)
SCRIPTS = (
    *("ldap-rootdse", "smb2-security-mode", "smb2-time", "smb-protocols", "smb-os-discovery"),
    *("msrpc-enum", "nbstat", "ssh-hostkey", "ssh-auth-methods", "ssl-cert", "snmp-sysdescr"),
    *("snmp-info", "vmware-version", "dns-nsid", "dns-service-discovery", "http-title"),
    *("http-server-header", "http-auth", "http-ntlm-info", "banner"),
)
# --allports: nmap leaves printers alone without it, as we do without --pjl.
NMAP = ["nmap", "-n", "-PE", "-sV", "--allports", "--script", ",".join(SCRIPTS), "-oX", "-"]
DOCUMENT = servers.ROOT / "docs" / "nmap-side-by-side.md"

FEW = ("linux1", "router")
"""Hosts that nmap is done with in two seconds."""

Records = list[dict[str, Any]]
Ports = Mapping[str, frozenset[tuple[str, int]]]
Words = dict[tuple[str, str, int], str]
"""Output of nmap by host, transport and port; port 0 is the host itself."""


def ours(at: site.Site) -> tuple[float, Records]:
    """Seconds of one run of the program, and its rows."""
    program = [sys.executable, "-m", "tui", "run", "--json", "--pjl"]
    log = at.folder / f"log{time.monotonic_ns()}"
    began = time.monotonic()
    done = subprocess.run(
        at.command(*program, "--log", log, *at.arguments()),
        capture_output=True,
        text=True,
        cwd=servers.ROOT,
        check=False,
    )
    took = time.monotonic() - began
    records = [json.loads(line) for line in done.stdout.splitlines()]
    # Of several records of a row the last one stands.
    rows = [*{one["key"]: one for one in records if one["type"] == "result"}.values()]
    return took, rows or sys.exit(f"auditreach: {done.stderr.strip()}")


def name_of(record: Mapping[str, Any]) -> str:
    """By what nmap is told the same host: its name where TLS needs one."""
    return str(record["host"] if record["host"] in servers.PORTAL_NAMES else record["address"])


def ports(records: Records) -> Ports:
    """Ports measured of each host, for nmap to scan the same."""
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for record in records:
        if record["attempts"] and record["port"]:
            kind = str(record["transport"])
            dynamic = record["check"] == "enable.rpc_dynamic"
            asked = record["facts"].get("ports", []) if dynamic else [record["port"]]
            found[name_of(record)] |= {(kind, port) for port in asked}
    return {name: frozenset(all_of) for name, all_of in found.items()}


def nmap(at: site.Site, asked: Ports) -> list[str]:
    """A command that scans these hosts for all of these ports."""
    every = frozenset().union(*asked.values())
    tcp = sorted(port for kind, port in every if kind == "tcp")
    udp = sorted(port for kind, port in every if kind == "udp")
    words = ["-sS"] * bool(tcp) + ["-sU"] * bool(udp)
    wanted = [f"T:{','.join(map(str, tcp))}"] * bool(tcp)
    wanted += [f"U:{','.join(map(str, udp))}"] * bool(udp)
    return at.command(*NMAP, *words, "-p", ",".join(wanted), *asked)


def scanned(commands: Iterable[list[str]]) -> tuple[float, Words]:
    """Seconds until the last of some commands that are started together has ended."""
    began = time.monotonic()
    running = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for words in commands
    ]
    texts = [process.communicate()[0] for process in running]
    took = time.monotonic() - began
    words: Words = {}
    for text in texts:
        words |= read_nmap_output(text)
    return took, words


def read_nmap_output(text: str) -> Words:
    words: Words = {}
    for host in ET.fromstring(text).iter("host"):
        addresses = {one.get("addrtype"): one.get("addr", "") for one in host.iter("address")}
        named = next((one.get("name") for one in host.iter("hostname")), None)
        name = named or addresses["ipv4"] or ""
        times = host.find("times")
        whole = scripts(host.find("hostscript"))
        rtt = times.get("srtt") if times is not None else ""
        words[name, "icmp", 0] = f"up\nrtt {rtt} us\nmac {addresses.get('mac', '')}"
        for port in host.iter("port"):
            state, service = port.find("state"), port.find("service")
            assert state is not None
            lines = [f"{state.get('state')}, {state.get('reason')}"]
            if service is not None:
                kept = ("product", "version", "extrainfo")
                known = " ".join(service.get(key, "") for key in kept).strip()
                lines += [f"service: {known or service.get('name')}"]
                lines += [f"({service.get('extrainfo')})", f"host {service.get('hostname') or '-'}"]
            key = name, port.get("protocol", ""), int(port.get("portid", 0))
            words[key] = "\n".join((*lines, scripts(port), whole))
    return words


def scripts(part: ET.Element | None) -> str:
    """The output of every script below an element."""
    found = part.iter("script") if part is not None else ()
    return "\n".join(f"{one.get('id')}: {one.get('output', '').strip()}" for one in found)


def main() -> None:
    parser = command.parser("bench.services")
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"renew {DOCUMENT.name}")
    parser.add_argument("--raw", type=Path, help="where to keep all that both said, as JSON")
    options = parser.parse_args()
    took: dict[str, list[float]] = {OURS: [], APART: [], TOGETHER: []}
    hosts = [host for host in site.HOSTS if not options.smoke or host.name in FEW]
    rounds = 1 if options.smoke else options.rounds
    with site.up(hosts) as at:
        _, rows = ours(at)
        asked = ports(rows)
        words: Words = {}
        for number in range(rounds):
            seconds, rows = ours(at)
            took[OURS].append(seconds)
            print(f"round {number + 1}: {seconds:.1f} s", end=" ", file=sys.stderr, flush=True)
            each = [nmap(at, {name: wanted}) for name, wanted in asked.items()]
            for name, commands in ((APART, each), (TOGETHER, [nmap(at, asked)])):
                seconds, heard = scanned(commands)
                took[name].append(seconds)
                # What any form finds counts for nmap.
                words = {
                    key: f"{words.get(key, '') or heard.get(key, '')}\n{heard.get(key, '')}"
                    for key in words.keys() | heard.keys()
                }
                print(f"{seconds:.1f} s", end=" ", file=sys.stderr, flush=True)
            print(file=sys.stderr)
    if options.raw:
        kept = [rows, [[*key, heard] for key, heard in words.items()], took]
        options.raw.write_text(json.dumps(kept, indent=1))
    text = f"{speed(took)}\n{side_by_side(rows, words)}"
    print(text)
    if options.write and not options.smoke:
        DOCUMENT.write_text(PREFACE + text)


PREFACE = """# auditreach beside nmap

Made by `python -m bench.services --write`; do not edit. A site of twelve hosts (`bench/site.py`),
every category of the reference on it, measured from a client on the same switch: Samba as domain
controller and as NAS, OpenSSH, net-snmp, nginx and dnsmasq as they are packaged; responders made
from the standards for WinRM, ESXi and raw printing. `win2` drops everything but ping, `linux2`
rejects it. nmap is asked the same ports, with `-sV` and the scripts that match.

"""


def speed(took: Mapping[str, list[float]]) -> str:
    middle = {name: statistics.median(seconds) for name, seconds in took.items()}
    rounds = len(took[OURS])
    lines = [f"## Wall time, median of {rounds} interleaved round{'s'[: rounds > 1]}", ""]
    lines += ["| what | s | auditreach takes | goal |", "|---|---:|---:|---:|"]
    lines += [f"| {OURS} | {middle[OURS]:.1f} | | |"]
    for name in (APART, TOGETHER):
        ratio = middle[OURS] / middle[name]
        lines.append(f"| {name} | {middle[name]:.1f} | {ratio:.2f}x | <= {GOAL}x |")
    return "\n".join((*lines, ""))


def side_by_side(rows: Records, words: Words) -> str:
    tables = ["## What each found, row by row", ""]
    left: dict[str, str] = {}
    summary = ["| row | host | auditreach | nmap | only nmap |", "|---|---|---:|---:|---|"]
    for row in rows:
        if not row["attempts"]:
            continue
        facts = list(compare_facts(row, words_about(row, words)))
        only = [one.what for one in facts if one.nmap and not one.ours]
        left |= {one.what: one.reason_left for one in facts if one.what in only}
        counts = f"{sum(bool(one.ours) for one in facts)} | {sum(bool(one.nmap) for one in facts)}"
        summary.append(f"| {row['check']} | {row['host']} | {counts} | {', '.join(only)} |")
        tables += [f"### {row['check']} of {row['host']}: {row['status']}", "", *table(facts), ""]
    note = "The counts are facts known; a fact that is told in more words counts once."
    why = ["## What only nmap tells, and why", ""]
    why += [
        f"- **{what}**: {reason or 'no reason; it should be told.'}"
        for what, reason in left.items()
    ]
    return "\n".join(("## Facts known", "", note, "", *summary, "", *why, "", *tables))


def words_about(row: Mapping[str, Any], words: Words) -> str:
    """All that nmap said of what a row asks, of every port where a row asks several."""
    if row["check"] == "enable.rpc_dynamic":
        dynamic = row["facts"].get("ports", [])
        return "\n".join(words.get((name_of(row), "tcp", port), "") for port in dynamic)
    return words.get((name_of(row), row["transport"], row["port"] or 0), "")


def table(facts: Iterable[ComparedFact]) -> list[str]:
    lines = ["| | auditreach | nmap |", "|---|---|---|"]
    for one in facts:
        ours_, theirs = (text.replace("|", "\\|") or "—" for text in (one.ours, one.nmap))
        lines.append(f"| {one.what} | {ours_} | {theirs} |")
    return lines


if __name__ == "__main__":
    os.environ["NO_COLOR"] = "1"
    main()
