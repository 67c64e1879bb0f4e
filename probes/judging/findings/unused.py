"""Addresses of named networks and ranges that nobody uses, a finding a network. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from probes.judging.change import port_of
from probes.judging.findings.hosts import ClassifiedResults
from probes.judging.networks import NamedNetwork, networks_of
from probes.judging.text import count, count_of, ports_text, some
from probes.model import Confidence, Finding, FindingKind, Observation, Reason
from probes.wire.address import same_address


def unused_addresses(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about the networks with addresses that nobody uses, whatever the role."""
    by_name: dict[str, list[NamedNetwork]] = defaultdict(list)
    for network in networks_of(results.rows):
        by_name[network.target.network].append(network)
    for name, networks in by_name.items():
        yield _finding(name, networks)


def _finding(name: str, networks: Sequence[NamedNetwork]) -> Finding:
    rows = [row for network in networks for row in network.rows]
    hosts = {host for network in networks for host in network.hosts}
    unused = {host for network in networks for host in network.unused}
    keys = tuple(sorted(row.job.key for row in rows))
    told = _told(networks)
    if all(network.silent for network in networks):
        asked = ports_text(port_of(row.job) for row in rows)
        refusing = sorted(
            {
                row.observation.icmp.offender
                for network in networks
                for row in network.refused
                if row.observation.icmp is not None
            }
        )
        refused = (
            f"; ICMP errors about others of its addresses came from {some(refusing)}, and such "
            "errors are limited to a few a second"
            if refusing
            else ""
        )
        return Finding(
            FindingKind.NETWORK,
            f"Nothing has come from {name}: {count(len(unused), 'address', 'addresses')} without "
            f"an answer on {asked}",
            Confidence.LIKELY,
            "nobody uses these addresses, or something on the way to or from them drops "
            f"everything{told}{refused}",
            keys,
            "If hosts are there, check the routers and firewalls on the way for what drops packets "
            "to {name}, then retest.",
        )
    return Finding(
        FindingKind.NETWORK,
        f"Nobody uses {count_of(len(unused), len(hosts), 'address', 'addresses')} of {name}: "
        "nothing has come from them",
        Confidence.LIKELY,
        f"a host that drops or ignores everything looks the same{told}",
        keys,
    )


def _told(networks: Sequence[NamedNetwork]) -> str:
    """Clause about who says of some of the addresses that nobody is there; empty without one."""
    hosts: dict[str, set[str]] = defaultdict(set)
    for network in networks:
        for row in network.rows:
            if reporter := _reporter(row.observation):
                hosts[reporter].add(row.job.target.host)
    return "".join(
        f"; {reporter} says of {len(about):,} of them that nobody is there"
        for reporter, about in sorted(hosts.items())
    )


def _reporter(seen: Observation) -> str:
    if seen.reason is not Reason.HOST_UNREACH or seen.icmp is None:
        return ""
    if same_address(seen.icmp.offender, seen.source):
        return "their own segment (no neighbour reply)"
    return seen.icmp.offender
