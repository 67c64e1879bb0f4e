"""Site of the demo: a small company with every category of the reference and its faults.

Data only; `services` has a factory for each kind, docs/demo.md describes the same site.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DOMAIN = "corp.example"
TIMEOUT = 1.5
"""Seconds an attempt may take here, where nothing is far; what drops is known to drop."""
DYNAMIC = (49664, 49665, 49666)
"""TCP ports that the RPC mapper of every Windows host names."""


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of service and the arguments of its factory in `services`."""

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Host:
    """One host: what answers on which port of the reference, and as what it is measured."""

    name: str
    address: str
    roles: tuple[str, ...]
    """`role`, or `role:port` where it is to be measured on another port."""
    description: str
    """The result to be seen on it, in words."""
    tcp: Mapping[int, Service] = field(default_factory=dict)
    udp: Mapping[int, Service] = field(default_factory=dict)
    default_ports: Mapping[str, str] = field(
        default_factory=lambda: {"tcp": "refused", "udp": "refused"}
    )
    """Kind of service on all other ports, by transport."""


def _service(kind: str, /, **arguments: Any) -> Service:
    return Service(kind, arguments)


def _remoting_ports(**arguments: Any) -> dict[int, Service]:
    """Services with which PowerShell Remoting can be enabled remotely on a Windows host."""
    return {
        135: _service("rpc mapper"),
        139: _service("netbios session", **arguments),
        445: _service("smb", **arguments),
        **{port: _service("rpc", number=number) for number, port in enumerate(DYNAMIC)},
    }


_FILTERED = {"tcp": "silent", "udp": "silent"}
_UNKNOWN_NAME = "pc-099.corp.example"
"""A name that does not resolve."""

HOSTS = (
    # AlloyScan connectivity
    Host(
        "alloyscan.corp.example",
        "127.10.0.10",
        ("alloyscan.instance",),
        "HTTPS with a certificate of the company's own authority.",
        {443: _service("https", issuer="Corp Example")},
    ),
    Host(
        "alloyscan-old.corp.example",
        "127.10.0.11",
        ("alloyscan.instance",),
        "HTTPS whose certificate has expired.",
        {443: _service("https", issuer="Corp Example", days=-12)},
    ),
    Host(
        "sts.amazonaws.com",
        "127.10.9.10",
        ("cloud.aws",),
        "A proxy of the company opens and re-signs TLS: its certificate is not Amazon's.",
        {443: _service("https", issuer="Corp Example TLS Inspection")},
    ),
    Host(
        "login.microsoftonline.com",
        "127.10.9.20",
        ("cloud.azure",),
        "As it should be, a little slow.",
        {443: _service("https", issuer="Microsoft Corporation (simulated)", delay=0.3)},
    ),
    Host(
        "management.azure.com",
        "127.10.9.21",
        ("cloud.azure",),
        "The certificate is for another name.",
        {
            443: _service(
                "https", issuer="Microsoft Corporation (simulated)", name="portal.azure.example"
            )
        },
    ),
    Host(
        "oauth2.googleapis.com",
        "127.10.9.30",
        ("cloud.google",),
        "The certificate expires in five days.",
        {443: _service("https", issuer="Google Trust Services (simulated)", days=5.5)},
    ),
    # Windows computers
    Host(
        "dc1.corp.example",
        "127.10.1.10",
        ("windows.dc",),
        "A healthy domain controller, found by DNS.",
        {88: _service("kdc"), 389: _service("ldap")},
    ),
    Host(
        "dc2.corp.example",
        "127.10.1.11",
        ("windows.dc",),
        "Its clock is seven minutes fast, and LDAP is dropped.",
        {88: _service("kdc", clock_offset=420), 389: _service("silent")},
    ),
    Host(
        "pc-014.corp.example",
        "127.10.2.14",
        ("windows.target", "discovery.host"),
        "PowerShell Remoting is enabled: nothing else is needed.",
        {5985: _service("winrm"), **_remoting_ports()},
        {137: _service("netbios node", mac="02005e00000e")},
    ),
    Host(
        "pc-015.corp.example",
        "127.10.2.15",
        ("windows.target",),
        "No WinRM, and every port with which it can be enabled remotely.",
        _remoting_ports(signs=True),
    ),
    Host(
        "pc-016.corp.example",
        "127.10.2.16",
        ("windows.target",),
        "A firewall drops everything.",
        default_ports=_FILTERED,
    ),
    Host(
        "pc-017.corp.example",
        "127.10.2.17",
        ("windows.target",),
        "A web server sits on 5985; 135 is allowed, the RPC traffic behind it is dropped.",
        {
            5985: _service("web", server="Jetty(9.4.51)"),
            **_remoting_ports(),
            **dict.fromkeys(DYNAMIC, _service("silent")),
        },
    ),
    Host(
        "pc-018.corp.example",
        "127.10.2.18",
        ("windows.target",),
        "No WinRM, and a file service that speaks only SMB1.",
        _remoting_ports(smb1=True),
    ),
    Host(
        "pc-019.corp.example",
        "127.10.2.19",
        ("windows.target",),
        "WinRM that takes most of a second to answer.",
        {5985: _service("slow winrm", seconds=0.4)},
    ),
    # Linux and macOS computers
    Host(
        "web1.corp.example",
        "127.10.4.10",
        ("unix.target",),
        "OpenSSH.",
        {22: _service("ssh")},
    ),
    Host(
        "web2.corp.example",
        "127.10.4.11",
        ("unix.target:2222",),
        "SSH on the port of its credential, 2222.",
        {2222: _service("ssh", software="OpenSSH_8.9p1 Ubuntu-3ubuntu0.10")},
    ),
    Host(
        "db1.corp.example",
        "127.10.4.12",
        ("unix.target",),
        "No SSH server: the host itself refuses.",
    ),
    Host(
        "mac-03.corp.example",
        "127.10.4.13",
        ("unix.target",),
        "SSH that hangs up: not for this address.",
        {22: _service("hang up")},
    ),
    Host(
        "mirror.corp.example",
        "127.10.4.66",
        ("unix.target", "printer"),
        "A tarpit: every port accepts and says nothing.",
        default_ports={"tcp": "mute", "udp": "silent"},
    ),
    # Hypervisors
    Host(
        "hv1.corp.example",
        "127.10.5.10",
        ("hyperv.host",),
        "WinRM with CredSSP.",
        {5985: _service("winrm", credssp=True)},
    ),
    Host(
        "esx1.corp.example",
        "127.10.5.20",
        ("esxi.host",),
        "ESXi on all three ports.",
        {80: _service("esxi redirect"), 443: _service("esxi api"), 902: _service("esxi authd")},
    ),
    Host(
        "esx2.corp.example",
        "127.10.5.21",
        ("esxi.host",),
        "902 is dropped, and 80 is another web server.",
        {80: _service("web", server="nginx"), 443: _service("esxi api"), 902: _service("silent")},
    ),
    Host(
        "xen1.corp.example",
        "127.10.5.30",
        ("xen.host",),
        "OpenSSH of a Citrix Hypervisor.",
        {22: _service("ssh", software="OpenSSH_7.4")},
    ),
    # Network devices
    Host(
        "sw-core.corp.example",
        "127.10.3.1",
        ("snmp.device",),
        "SNMPv2c with the community public.",
        udp={
            161: _service(
                "snmp agent",
                descr="Cisco IOS Software, C3750E Software, Version 15.2(4)E10",
                kind="1.3.6.1.4.1.9.1.516",
            )
        },
    ),
    Host(
        "sw-edge.corp.example",
        "127.10.3.2",
        ("snmp.device",),
        "SNMPv3 only: it is there, and wants a user.",
        udp={161: _service("snmp agent", descr="", kind="1.3.6.1.4.1.9.1.516", v3_only=True)},
    ),
    Host(
        "ups1.corp.example",
        "127.10.3.3",
        ("snmp.device",),
        "Silent on 161: down, dropped, or another community.",
        udp={161: _service("silent")},
    ),
    Host(
        "prn-2f.corp.example",
        "127.10.3.20",
        ("printer",),
        "SNMP says that it is a printer: 9100 is not needed.",
        {9100: _service("mute")},
        {
            161: _service(
                "snmp printer",
                model="HP LaserJet 600 M602",
                kind="1.3.6.1.4.1.11.2.3.9.1",
            )
        },
    ),
    Host(
        "prn-3f.corp.example",
        "127.10.3.21",
        ("printer",),
        "Its SNMP does not tell what it is; 9100 accepts.",
        {9100: _service("mute")},
        {161: _service("snmp agent", descr="embedded agent 1.0", kind="1.3.6.1.4.1.8072.3.2.10")},
    ),
    Host(
        "nas1.corp.example",
        "127.10.3.30",
        ("nas",),
        "A NAS with SMB 3.1.1.",
        {139: _service("netbios session", build=0)},
    ),
    Host(
        "nas-old.corp.example",
        "127.10.3.31",
        ("nas",),
        "A NAS that speaks only SMB1.",
        {139: _service("netbios session", smb1=True)},
    ),
    # Network scanning
    Host(
        "scan-2.corp.example",
        "127.10.3.40",
        ("discovery.host",),
        "It answers the ping; NetBIOS names are dropped.",
        udp={137: _service("silent"), 138: _service("silent")},
    ),
    Host(
        "ns1.corp.example",
        "127.10.1.53",
        ("dns.server",),
        "It answers.",
        udp={53: _service("dns")},
    ),
    Host(
        "ns2.corp.example",
        "127.10.1.54",
        ("dns.server",),
        "Nothing listens on 53: the host says so.",
    ),
)

SERVICES: Mapping[str, tuple[str, ...]] = {
    f"{service}.{DOMAIN}": tuple(host.name for host in HOSTS if "windows.dc" in host.roles)
    for service in ("_ldap._tcp.dc._msdcs", "_kerberos._tcp")
}
"""SRV records, by which the domain's controllers are found."""


@functools.cache
def addresses() -> Mapping[str, str]:
    """The address of every name of the site."""
    return {host.name: host.address for host in HOSTS}


def resolvers() -> tuple[str, ...]:
    """The addresses of its DNS servers."""
    return tuple(host.address for host in HOSTS if "dns.server" in host.roles)


def target_arguments() -> tuple[str, ...]:
    """The whole site as ROLE=HOST,…, as it would be typed."""
    hosts: dict[str, list[str]] = {}
    for host in HOSTS:
        for role in host.roles:
            kind, _, port = role.partition(":")
            hosts.setdefault(kind, []).append(f"{host.name}:{port}" if port else host.name)
    hosts["windows.dc"] = [f"domain:{DOMAIN}"]
    hosts["windows.target"].append(_UNKNOWN_NAME)
    return tuple(f"{role}={','.join(names)}" for role, names in hosts.items())
