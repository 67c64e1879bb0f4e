"""A probe as a row of the registry: how it asks, and what is known of the service it asks."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from probes.registry.commands import CommandTarget
from probes.registry.shell import Command, Paste
from profiles.model import Transport

Confirm = Callable[[CommandTarget], tuple[Command, ...]]
"""The commands by which somebody else asks the same as a probe."""


class Platform(Enum):
    """A kind of system, by how its firewall and its services are changed."""

    WINDOWS = auto()
    UNIX = auto()
    XEN = auto()
    ESXI = auto()
    DEVICE = auto()
    """A printer, a switch, a NAS: each has a way of its own."""
    PUBLIC = auto()
    """Somebody else's: a cloud, the instance of the product."""
    ANY = auto()
    """Not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One protocol. A field without a default is said for every probe, "nothing" as well.

    In the lines to paste, `{host}`, `{ports}` and `{source}` stand for those of the row.
    """

    transport: Transport
    """What the engine opens for it."""
    module: str
    """Where its `ask` is, imported when the first job needs it, so that protocol libraries cost
    nothing at start; empty where the transport's own answer is all that is asked.
    """
    nmap: tuple[str, ...]
    """What nmap is told beside the port. A `+` runs a script on a port where nmap does not expect
    its protocol.
    """
    confirm: Confirm | None
    """The other commands that ask the same, apart from those that any port is asked with."""
    platform: Platform
    """The system of its hosts, where their role does not tell."""
    start: Mapping[Platform, tuple[Paste, ...]]
    """How its service is started."""

    nmap_on: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """In place of `nmap` on these ports, where the port's number decides what is asked."""
    access: Mapping[int, tuple[Paste, ...]] = field(default_factory=dict)
    """By version of IP, how the service is told to answer the source; for one that is silent to
    whom it does not know. In place of `start`.
    """
    policy: tuple[str, ...] = ()
    """How Group Policy starts it, under Computer Configuration > Policies."""
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

    def load(self) -> Callable[..., Any] | None:
        """The coroutine of this probe, or None where the transport is everything."""
        if not self.module:
            return None
        ask: Callable[..., Any] = importlib.import_module(self.module).ask
        return ask
