"""Networks and ranges that were named as a whole, with their addresses that nobody uses. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from probes.judging.presence import Sign, shows_host, sign_of
from probes.model import Result, Status, Target
from profiles.model import Capability


@dataclass(slots=True)
class NamedNetwork:
    """Network or range in one role, with what its rows tell; `target` stands for all of it."""

    target: Target
    hosts: dict[str, None] = field(default_factory=dict)
    """Its addresses, as far as there are rows of them."""
    unused: dict[str, None] = field(default_factory=dict)
    """Those of its addresses that count as used by nobody."""
    rows: list[Result] = field(default_factory=list)
    """Rows of these."""
    refused: list[Result] = field(default_factory=list)
    """Rows that were kept from asking its hosts."""
    silent: bool = True
    """Nothing at all has come from any of its addresses."""


def networks_of(results: Iterable[Result]) -> list[NamedNetwork]:
    """Networks with an address that nobody uses, in the order of their first row."""
    rows = [*results]
    if not any(result.status is Status.NO_HOST for result in rows):
        return []
    found: dict[tuple[str, str, int | None], NamedNetwork] = {}
    alive: set[str] = set()
    for result in rows:
        target, seen = result.job.target, result.observation
        if shows_host(result):
            alive.add(target.host if target.network else seen.address or "")
        if not target.network:
            continue
        key = (target.role, target.network, target.port)
        network = found.get(key)
        if network is None:
            network = found[key] = NamedNetwork(target.whole)
        network.hosts[target.host] = None
        if result.status is Status.NO_HOST:
            network.unused[target.host] = None
            network.rows.append(result)
        elif sign_of(result.job, seen) is Sign.REFUSAL:
            network.refused.append(result)
    for network in found.values():
        network.silent = alive.isdisjoint(network.hosts)
    return [network for network in found.values() if network.unused]


def silent_networks(results: Iterable[Result]) -> list[NamedNetwork]:
    """Networks from which nothing at all has come."""
    return [network for network in networks_of(results) if network.silent]


def silent_keys(results: Iterable[Result]) -> frozenset[str]:
    """Keys of the rows of these networks."""
    return frozenset(row.job.key for one in silent_networks(results) for row in one.rows)


def silent_network_sentence(capability: Capability, network: NamedNetwork) -> str:
    """Sentence of the verdict on a network from which nothing has come."""
    return (
        f"It is not known whether {capability.can}: nothing has come from any of the "
        f"{len(network.unused):,} addresses that were asked; nobody uses them, or something on the "
        "way drops all packets."
    )
