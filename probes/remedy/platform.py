"""What kind of system a row's host is, as far as its role or its service tells."""

from __future__ import annotations

from enum import Enum, auto

from probes.engine.model import Job


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


_BY_ROLE = {
    "windows.target": Platform.WINDOWS,
    "windows.dc": Platform.WINDOWS,
    "hyperv.host": Platform.WINDOWS,
    "unix.target": Platform.UNIX,
    "xen.host": Platform.XEN,
    "esxi.host": Platform.ESXI,
    "snmp.device": Platform.DEVICE,
    "printer": Platform.DEVICE,
    "nas": Platform.DEVICE,
    "alloyscan.instance": Platform.PUBLIC,
    "cloud.aws": Platform.PUBLIC,
    "cloud.azure": Platform.PUBLIC,
    "cloud.google": Platform.PUBLIC,
    "dns.server": Platform.ANY,
    "discovery.host": Platform.ANY,
}
# For the roles of a profile of the operator's own.
_BY_PROBE = {
    "winrm": Platform.WINDOWS,
    "rpc": Platform.WINDOWS,
    "rpc_dynamic": Platform.WINDOWS,
    "ssh": Platform.UNIX,
    "vsphere": Platform.ESXI,
    "authd": Platform.ESXI,
    "printer": Platform.DEVICE,
    "snmp": Platform.DEVICE,
}


def platform(job: Job) -> Platform:
    """The kind of system of the row's host."""
    known = _BY_ROLE.get(job.target.role)
    return known or _BY_PROBE.get(job.check.probe, Platform.ANY)
