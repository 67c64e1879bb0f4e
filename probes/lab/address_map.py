"""Where the lab serves: which loopback port stands behind a host's port of the reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Where = tuple[str, int]
"""An address of loopback and a port that was free."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Ports by transport, address and the reference's number; `ca_file` trusts the lab's CAs."""

    ca_file: str = ""
    ports: Mapping[tuple[str, str, int], Where] = field(default_factory=dict)
    others: Mapping[tuple[str, str], Where] = field(default_factory=dict)
    """What all other ports of a host are: refused, silent, or whatever takes everything."""

    def where(self, transport: str, address: str, port: int) -> Where | None:
        """The loopback port behind a host's; None for a host that is not of the lab."""
        return self.ports.get((transport, address, port)) or self.others.get((transport, address))

    def host(self, address: str) -> str | None:
        """The address of loopback that a host has; None for one that is not of the lab."""
        other = self.others.get(("tcp", address))
        return None if other is None else other[0]

    def written(self) -> str:
        """The directory as a line of JSON."""
        return json.dumps(
            {
                "ca_file": self.ca_file,
                "ports": [[*key, *where] for key, where in self.ports.items()],
                "others": [[*key, *where] for key, where in self.others.items()],
            }
        )


def read(line: str) -> Directory:
    """The directory back from its line; raises ValueError and KeyError for another text."""
    found = json.loads(line)
    return Directory(
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
