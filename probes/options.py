"""What the operator gave beyond the targets: credentials, trust, a proxy. Never in a log."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SnmpCredential:
    """One way to ask an SNMP agent; `version` is 1, 2c or 3, protocols as `SHA-256`, `AES`."""

    version: str
    community: str = field(default="", repr=False)
    user: str = ""
    auth: str = ""
    auth_key: str = field(default="", repr=False)
    priv: str = ""
    priv_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SshCredential:
    """A login to be tested: a key file, a password or the agent."""

    user: str
    key: str = ""
    password: str = field(default="", repr=False)
    agent: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """What probes may use; nothing here is ever written to the log or shown."""

    snmp: tuple[SnmpCredential, ...] = ()
    """Tried in this order, one device at a time; empty means v2c `public` and v3 discovery."""
    ssh: SshCredential | None = None
    """None means that no login is attempted."""
    ca_file: str = ""
    """A PEM file of certificates to trust beside the system's."""
    proxy: str = field(default="", repr=False)
    """The HTTP proxy for HTTPS checks, http://[user:password@]host[:port]; empty means none."""
    no_proxy: str = ""
    """Hosts that are reached without the proxy, as in the environment variable NO_PROXY."""
    dns_name: str = ""
    """What DNS servers are asked for; empty means the PTR of their own address."""
    pjl: bool = False
    """Ask printers for their identity over PJL on 9100; nothing is sent there otherwise."""


NO_OPTIONS = Options()
"""Nothing but what every check does by itself."""
