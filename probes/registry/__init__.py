"""How it is found out: the probes by name. Adding one is a line here and a file beside."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probes.call import Ask


class Probe(NamedTuple):
    """A way to ask: the transport the engine opens, and the module whose `ask` speaks over it.

    Without a module the transport's own answer is all that is asked. The module is imported when
    the first job needs it, so protocol libraries cost nothing at start.
    """

    transport: str
    module: str = ""
    proxied: bool = False
    """Goes through the HTTP proxy, where there is one."""

    def load(self) -> Ask | None:
        """The coroutine of this probe, or None where the transport is everything."""
        if not self.module:
            return None
        ask: Ask = importlib.import_module(self.module).ask
        return ask


PROBES: Mapping[str, Probe] = {
    "tcp": Probe("tcp"),
    "ping": Probe("icmp"),
    "udp": Probe("udp", "probes.udp"),
    "ssh": Probe("tcp", "probes.ssh.probe"),
    "dns": Probe("udp", "probes.dns"),
    "snmp": Probe("udp", "probes.snmp.probe"),
    "https": Probe("tcp", "probes.https", proxied=True),
    "kerberos": Probe("tcp", "probes.kerberos"),
    "ldap": Probe("tcp", "probes.ldap"),
    "rpc": Probe("tcp", "probes.rpc"),
    "rpc_dynamic": Probe("tcp", "probes.rpc_dynamic"),
    "smb": Probe("tcp", "probes.smb"),
    "netbios": Probe("tcp", "probes.netbios"),
    "winrm": Probe("tcp", "probes.winrm"),
    "vsphere": Probe("tcp", "probes.vsphere"),
    "http_redirect": Probe("tcp", "probes.http_redirect"),
    "authd": Probe("tcp", "probes.authd"),
    "printer": Probe("tcp", "probes.printer"),
}
