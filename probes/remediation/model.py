"""Data of remediation: the flow of a row and the change to make."""

from __future__ import annotations

from dataclasses import dataclass

from probes.model import Job, Observation
from probes.registry.shell import Snippet, address
from probes.wire.address import plain_name
from profiles.model import Transport


@dataclass(frozen=True, slots=True)
class Remedy:
    """The change for one row: a sentence, and snippets to paste; of several, one is enough
    unless each belongs elsewhere.
    """

    change: str
    who: str
    """Party that has to make it."""
    snippets: tuple[Snippet, ...] = ()


SOURCE = "SOURCE-ADDRESS"
"""Stands for an address of this machine that no measurement has shown."""
HOST = "HOST"
"""Stands for a host whose name no shell should see."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow; addresses are valid addresses or the placeholders."""

    source: str
    destination: str
    name: str
    """The destination's name; empty where it is an address only."""
    transport: Transport
    ports: str
    """A port or a range `FIRST-LAST`; empty for ICMP."""

    @property
    def version(self) -> int:
        """The version of IP."""
        return 6 if ":" in self.destination else 4

    @property
    def port_text(self) -> str:
        """Protocol and ports as a person writes them."""
        if self.transport == "icmp":
            return f"ICMPv{self.version} echo requests"
        return f"{self.transport.upper()} {self.ports}"

    @property
    def text(self) -> str:
        """The flow to permit, in the terms of every firewall."""
        named = f" ({self.name})" if self.name else ""
        protocol = self.transport.upper()
        if self.transport == "icmp":
            protocol = f"ICMPv{self.version}, echo request and reply"
        port = f", destination port {self.ports}" if self.ports else ""
        return (
            f"source {self.source}, destination {self.destination}{named}, "
            f"protocol {protocol}{port}, action permit"
        )


def flow_of(job: Job, seen: Observation) -> Flow:
    """The flow of a row; through a proxy the one to the proxy, which is all this machine opens."""
    host, port = job.endpoint
    host_name = plain_name(host)
    known = address(seen.address) or address(host)
    ports = "" if port is None else str(port)
    if job.check.ports and not job.via:
        ports = job.check.ports
    return Flow(
        address(seen.source) or SOURCE,
        known or host_name or HOST,
        host_name if known and not address(host) else "",
        job.check.transport,
        ports,
    )
