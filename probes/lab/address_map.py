"""Address map of the lab: the loopback port behind each port of its hosts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Endpoint = tuple[str, int]
"""An address of loopback and a port that was free."""


@dataclass(frozen=True, slots=True)
class AddressMap:
    """Loopback ports by transport, address and the profile's port; `ca_file` has the lab's CAs."""

    ca_file: str = ""
    ports: Mapping[tuple[str, str, int], Endpoint] = field(default_factory=dict)
    default_ports: Mapping[tuple[str, str], Endpoint] = field(default_factory=dict)
    """The port behind all other ports of a host: closed, filtered, or one that accepts all."""

    def endpoint(self, transport: str, address: str, port: int) -> Endpoint | None:
        """The loopback port behind a host's; None for a host that is not of the lab."""
        return self.ports.get((transport, address, port)) or self.default_ports.get(
            (transport, address)
        )

    def loopback_address(self, address: str) -> str | None:
        """The address of loopback that a host has; None for one that is not of the lab."""
        other = self.default_ports.get(("tcp", address))
        return None if other is None else other[0]

    def to_json(self) -> str:
        """The address map as a line of JSON."""
        return json.dumps(
            {
                "ca_file": self.ca_file,
                "ports": [[*key, *where] for key, where in self.ports.items()],
                "others": [[*key, *where] for key, where in self.default_ports.items()],
            }
        )


def from_json(line: str) -> AddressMap:
    """Parse the line of `to_json`; raises ValueError and KeyError for another text."""
    found = json.loads(line)
    return AddressMap(
        found["ca_file"],
        {
            (transport, address, port): (host, number)
            for transport, address, port, host, number in found["ports"]
        },
        {
            (transport, address): (host, number)
            for transport, address, host, number in found["others"]
        },
    )
