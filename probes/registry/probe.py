"""Probe as a row of the registry: its module, commands and the data about its service."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from probes.registry.commands import CommandTarget
from probes.registry.shell import Command, Snippet
from profiles.model import Transport

Confirm = Callable[[CommandTarget], tuple[Command, ...]]
"""Function that gives the commands for the same request as a probe's."""


class Platform(Enum):
    """A kind of system, by how its firewall and its services are changed."""

    WINDOWS = auto()
    UNIX = auto()
    XEN = auto()
    ESXI = auto()
    DEVICE = auto()
    """A printer, a switch, a NAS: each has a way of its own."""
    PUBLIC = auto()
    """Operated by another party: a cloud, the instance of the product."""
    ANY = auto()
    """Not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One protocol. A field without a default is said for every probe, "nothing" as well.

    In the lines to paste, `{host}`, `{ports}` and `{source}` stand for those of the row.
    """

    transport: Transport
    """The transport that the engine opens for it."""
    module: str
    """The module of its `ask`, imported with its first job, so that protocol libraries cost
    nothing at start; empty where the transport's own answer is all that is asked.
    """
    nmap: tuple[str, ...]
    """Options of nmap besides the port. A `+` runs a script on a port where nmap does not expect
    its protocol.
    """
    confirm: Confirm | None
    """The other commands for the same request, besides those for any port."""
    platform: Platform
    """The system of its hosts, where their role does not tell."""
    start: Mapping[Platform, tuple[Snippet, ...]]
    """Snippets that start its service."""

    nmap_by_port: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """In place of `nmap` on these ports, where the port's number decides what is asked."""
    access: Mapping[int, tuple[Snippet, ...]] = field(default_factory=dict)
    """Snippets by IP version that make the service answer the source; for one that is silent to
    unknown clients. In place of `start`.
    """
    policy: tuple[str, ...] = ()
    """Policies that start it, under Computer Configuration > Policies."""
    opens_port: bool = False
    """Starting it opens its port, too: the profile's words stand where nothing listens."""
    one_client: bool = False
    """It serves one client at a time: a refusal does not tell that nothing listens."""
    proxied: bool = False
    """It goes through the HTTP proxy, where there is one."""
    domain_controller: bool = False
    """The SRV records of a host's domain should name it."""
    domain_login: bool = False
    """It takes domain credentials, for which a host needs a name."""
    ipv4_only: bool = False
    """Its protocol does not exist over IPv6: there it is not asked."""
    ipv4_only_ports: frozenset[int] = frozenset()
    """In place of `ipv4_only`, where the port's number decides what is asked."""

    def is_ipv4_only(self, port: int | None) -> bool:
        """True if the protocol that it asks for on this port does not exist over IPv6."""
        return self.ipv4_only or port in self.ipv4_only_ports

    def load(self) -> Callable[..., Any] | None:
        """The coroutine of this probe, or None where the transport is everything."""
        if not self.module:
            return None
        ask: Callable[..., Any] = importlib.import_module(self.module).ask
        return ask
