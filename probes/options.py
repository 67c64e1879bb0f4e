"""Options of probes beyond the targets: credentials, trust, a proxy. Never in a log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from profiles.files import FileKind

DEFAULT_COMMUNITY = "public"
"""The community devices are delivered with, and so no secret."""
KEY_FILE = FileKind("a private key in OpenSSH's form", 64 * 1024)


@dataclass(frozen=True, slots=True)
class SnmpCredential:
    """Credential for an SNMP agent; `version` is 1, 2c or 3, protocols as `SHA-256`, `AES`."""

    version: str
    community: str = field(default="", repr=False)
    user: str = ""
    auth: str = ""
    auth_key: str = field(default="", repr=False)
    priv: str = ""
    priv_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SshCredential:
    """SSH login to test: a key file, a password or the agent."""

    user: str
    key: str = ""
    password: str = field(default="", repr=False)
    agent: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """Options that probes may use; none of them is ever logged or shown."""

    snmp: tuple[SnmpCredential, ...] = ()
    """Tried in this order, one device at a time; empty means v2c `public` and v3 discovery."""
    ssh: SshCredential | None = None
    """None for no login."""
    ca_file: str = ""
    """PEM file of certificates to trust beside those of the system."""
    proxy: str = field(default="", repr=False)
    """HTTP proxy of HTTPS checks, http://[user:password@]host[:port]; empty for none."""
    no_proxy: str = ""
    """Hosts that are reached without the proxy, as in the environment variable NO_PROXY."""
    dns_name: str = ""
    """Name to ask DNS servers for; empty for the PTR of their own address."""
    pjl: bool = False
    """Ask printers for their identity over PJL on 9100; otherwise nothing is sent there."""

    @property
    def for_unknown(self) -> Options:
        """Options for a host whose role is not known: no login, and nothing sent to a printer."""
        return replace(self, ssh=None, pjl=False)

    def asks_more(self, probe: str) -> bool:
        """True if a probe asks more of a host whose role is known."""
        return (probe == "ssh" and self.ssh is not None) or (probe == "printer" and self.pjl)


NO_OPTIONS = Options()
"""Default options: no credentials, no proxy."""
