"""Targets of the site, and the truth that every row of it must say."""

from __future__ import annotations

from typing import NamedTuple


class Icmp(NamedTuple):
    type: int
    code: int
    sender: str


class Row(NamedTuple):
    """Truth of a row; `note` is its beginning."""

    key: str
    state: str
    reason: str
    icmp: Icmp | None
    status: str
    note: str
    service: str = "not asked"
    address: str | None = None


ROUTER, OURS = "10.1.1.1", "10.1.1.9"


OPEN = "WinRM (WS-Management 3.0) by Microsoft Corporation; login by Negotiate, Kerberos."


REFUSED = "Refused with a TCP reset: nothing listens on"


SILENT = "No answer in 5 s, asked twice: dropped on the way or the host is down."


SILENT_UDP = "No answer in 8 s, asked twice: dropped on the way, the host is down, or the service"


OWN = "Rejected by the host's firewall, or by a device before it that uses its address:"


PATH = f"{ROUTER} (a device on the path)"


PROHIBITED = f"{PATH} rejected it: administratively prohibited."


NOT_THERE = f"{PATH} cannot deliver it: host unreachable, it is likely down or does not exist."


NO_ARP = "No ARP reply: the host is down or its address is not in use."


NOBODY_LISTENS = "Refused with a port unreachable from the host itself: nothing listens on UDP"


WINRM = [
    ("10.1.2.10", "open", "syn-ack", None, "ok", OPEN, "confirmed"),
    ("10.1.2.11", "closed", "conn-refused", None, "blocked", f"{REFUSED} 5985,"),
    ("10.1.2.12", "filtered", "no-response", None, "blocked", SILENT),
    (
        *("10.1.2.13", "filtered", "port-unreach", Icmp(3, 3, "10.1.2.13"), "blocked"),
        f"{OWN} port unreachable.",
    ),
    (
        *("10.1.2.14", "filtered", "admin-prohibited", Icmp(3, 13, "10.1.2.14"), "blocked"),
        f"{OWN} administratively prohibited.",
    ),
    (
        *("10.1.2.15", "filtered", "admin-prohibited", Icmp(3, 13, ROUTER), "blocked"),
        PROHIBITED,
    ),
    (
        *("10.1.2.16", "filtered", "port-unreach", Icmp(3, 3, ROUTER), "blocked"),
        f"{PATH} rejected it: port unreachable.",
    ),
    ("10.1.2.17", "unreachable", "host-unreach", Icmp(3, 1, ROUTER), "blocked", NOT_THERE),
    (
        *("10.1.2.18", "unreachable", "net-unreach", Icmp(3, 0, ROUTER), "blocked"),
        f"{PATH} cannot deliver it: network unreachable, no route to it.",
    ),
    (
        *("10.1.2.19", "filtered", "admin-prohibited", Icmp(3, 10, ROUTER), "blocked"),
        f"{PATH} rejected it: host administratively prohibited.",
    ),
    (
        *("10.1.2.20", "filtered", "admin-prohibited", Icmp(3, 9, ROUTER), "blocked"),
        f"{PATH} rejected it: network administratively prohibited.",
    ),
    ("10.1.2.99", "unreachable", "host-unreach", Icmp(3, 1, ROUTER), "blocked", NOT_THERE),
    ("10.1.1.77", "unreachable", "host-unreach", Icmp(3, 1, OURS), "blocked", NO_ARP),
    (
        *("10.1.3.1", "unreachable", "time-exceeded", Icmp(11, 0, "10.1.2.2"), "blocked"),
        "10.1.2.2 (a device on the path) cannot deliver it: time exceeded on the way",
    ),
    (
        *("10.9.9.9", "unreachable", "net-unreach", Icmp(3, 0, ROUTER), "blocked"),
        f"{PATH} cannot deliver it: network unreachable, no route to it.",
    ),
    ("fd00:1:2::10", "open", "syn-ack", None, "ok", OPEN, "confirmed"),
    ("fd00:1:2::11", "closed", "conn-refused", None, "blocked", f"{REFUSED} 5985,"),
    ("fd00:1:2::12", "filtered", "no-response", None, "blocked", SILENT),
    (
        *("fd00:1:2::13", "filtered", "port-unreach", Icmp(1, 4, "fd00:1:2::13"), "blocked"),
        f"{OWN} port unreachable.",
    ),
    (
        *("fd00:1:2::15", "filtered", "admin-prohibited", Icmp(1, 1, "fd00:1:1::1"), "blocked"),
        "fd00:1:1::1 (a device on the path) rejected it: administratively prohibited.",
    ),
    (
        *("fd00:1:2::16", "filtered", "port-unreach", Icmp(1, 4, "fd00:1:1::1"), "blocked"),
        "fd00:1:1::1 (a device on the path) rejected it: port unreachable.",
    ),
    (
        *("fd00:1:2::99", "unreachable", "host-unreach", Icmp(1, 3, "fd00:1:1::1"), "blocked"),
        "fd00:1:1::1 (a device on the path) cannot deliver it: host unreachable",
    ),
    (
        *("fd00:1:1::77", "unreachable", "host-unreach", Icmp(1, 3, "fd00:1:1::9"), "blocked"),
        "No neighbour reply: the host is down or its address is not in use.",
    ),
    (
        *("fd99::1", "unreachable", "net-unreach", None, "blocked"),
        "No route from this machine to fd99::1.",
    ),
]


NAMED = [
    Row(
        *("hyperv.winrm|open.site.test", "open", "syn-ack", None, "ok", OPEN, "confirmed"),
        address="10.1.2.10",
    ),
    Row(
        *("hyperv.winrm|v6only.site.test", "open", "syn-ack", None, "ok", OPEN, "confirmed"),
        address="fd00:1:2::10",
    ),
    # A client that tries IPv6 first falls back within a quarter of a second: so do we.
    Row(
        *("hyperv.winrm|both.site.test", "open", "syn-ack", None, "ok"),
        *(f"{OPEN[:-1]}; but fd00:1:2::12 had not answered by then.", "confirmed"),
        address="10.1.2.10",
    ),
    Row(
        *("hyperv.winrm|nowhere.site.test", "error", "name-not-resolved", None, "error"),
        "Not tested: the name does not resolve: 10.1.2.53 says no such name.",
    ),
    Row(
        *("windows.kerberos|refused.site.test", "closed", "conn-refused", None, "blocked"),
        f"{REFUSED} 88,",
        address="10.1.2.11",
    ),
    Row(
        *("windows.ldap|refused.site.test", "closed", "conn-refused", None, "degraded"),
        f"{REFUSED} 389, or a firewall sent the reset.",
        address="10.1.2.11",
    ),
]


SERVICES = [
    Row("unix.ssh|10.1.2.22", "open", "syn-ack", None, "ok", "OpenSSH ", "confirmed"),
    Row(
        *("unix.ssh|10.1.2.22:2201", "open", "syn-ack", None, "blocked"),
        *("Open, but the service did not answer in 15 s.", "silent"),
    ),
    Row(
        *("unix.ssh|10.1.2.22:2202", "open", "syn-ack", None, "blocked"),
        *("Open, but the wrong service answers: HTTP/1.1 400 Bad Request.", "unexpected"),
    ),
    Row("unix.ssh|10.1.2.11", "closed", "conn-refused", None, "blocked", f"{REFUSED} 22,"),
    Row(
        *("snmp.snmp|10.1.2.61", "open", "udp-response", None, "ok"),
        *("SNMPv2c agent: switch, Linux", "confirmed"),
    ),
    Row(
        *("snmp.snmp|10.1.2.11", "closed", "port-unreach", Icmp(3, 3, "10.1.2.11"), "blocked"),
        f"{NOBODY_LISTENS} 161,",
    ),
    Row(
        *("snmp.snmp|10.1.2.35", "open|filtered", "no-response", None, "blocked"),
        "No answer in 8 s, asked 4 times: ",
    ),
    Row(
        *("discovery.dns|10.1.2.53", "open", "udp-response", None, "ok"),
        *("DNS answers: 53.2.1.10.in-addr.arpa PTR is ns.site.test.", "confirmed"),
    ),
    Row(
        *("discovery.dns|10.1.2.11", "closed", "port-unreach", Icmp(3, 3, "10.1.2.11"), "blocked"),
        f"{NOBODY_LISTENS} 53,",
    ),
    Row(
        *("discovery.dns|10.1.2.15", "filtered", "admin-prohibited", Icmp(3, 13, ROUTER)),
        *("blocked", PROHIBITED),
    ),
    Row(
        *("discovery.dns|10.1.2.16", "filtered", "port-unreach", Icmp(3, 3, ROUTER), "blocked"),
        f"{PATH} rejected it: port unreachable.",
    ),
    Row("discovery.dns|10.1.2.34", "open|filtered", "no-response", None, "blocked", SILENT_UDP),
    Row(
        *("discovery.dns|10.1.2.36", "open", "udp-response", None, "blocked"),
        *("Open, but the wrong service answers: 22 bytes came", "unexpected"),
    ),
    Row(
        *("discovery.dns|10.1.2.99", "unreachable", "host-unreach", Icmp(3, 1, ROUTER)),
        *("blocked", NOT_THERE),
    ),
]


PINGED = [
    Row(
        *("discovery.ping|10.1.2.31", "filtered", "no-response", None, "degraded"),
        "No answer in 4 s, asked twice: dropped on the way or the host is down.",
    ),
    *(
        Row(
            *(f"discovery.ping|10.1.2.{last}", "open", "echo-reply", None, "ok"),
            *("Answers the ping.", "confirmed"),
        )
        for last in (32, 33)
    ),
    Row(
        *("discovery.ping|10.1.2.13", "filtered", "port-unreach", Icmp(3, 3, "10.1.2.13")),
        *("degraded", f"{OWN} port unreachable."),
    ),
    Row("discovery.nbns|10.1.2.32", "open|filtered", "no-response", None, "blocked", SILENT_UDP),
    # Nothing answers on UDP 138 by nature: silence is neither a pass nor a failure.
    Row(
        *("discovery.nbdgm|10.1.2.33", "open|filtered", "no-response", None, "unverifiable"),
        "No answer in 4 s, asked twice. A service on UDP 138 need not reply to a probe",
    ),
    # A host that answers the ping and says that nobody listens there speaks no NetBIOS.
    *(
        Row(
            *(f"discovery.nbns|{host}", "closed", "port-unreach", Icmp(3, 3, host), status),
            f"{NOBODY_LISTENS} 137,",
        )
        for host, status in (
            ("10.1.2.13", "blocked"),
            ("10.1.2.31", "blocked"),
            ("10.1.2.33", "unverifiable"),
        )
    ),
    # That nobody listens on UDP 138 is as normal as that nobody answers there.
    *(
        Row(
            *(f"discovery.nbdgm|{host}", "closed", "port-unreach", Icmp(3, 3, host)),
            *(
                "unverifiable",
                f"{NOBODY_LISTENS} 138, or the host's firewall rejects it. This alone",
            ),
        )
        for host in ("10.1.2.13", "10.1.2.31", "10.1.2.32")
    ),
    *(
        Row(f"discovery.{name}|{host}", state, reason, icmp, status, note)
        for name, status in (("ping", "degraded"), ("nbns", "blocked"), ("nbdgm", "blocked"))
        for host, state, reason, icmp, note in (
            ("10.1.2.15", "filtered", "admin-prohibited", Icmp(3, 13, ROUTER), PROHIBITED),
            ("10.1.1.78", "unreachable", "host-unreach", Icmp(3, 1, OURS), NO_ARP),
        )
    ),
]


UNNEEDED = [
    Row(
        *(f"enable.{name}|10.1.2.10", "not run", "not-needed", None, "not needed"),
        "Not needed while WinRM (TCP 5985) answers.",
    )
    for name in ("rpc", "smb", "netbios", "rpc_dynamic", "udp135", "udp139")
]


TRUTH = [Row(f"hyperv.winrm|{host}", *rest) for host, *rest in WINRM]
TRUTH += [Row("windows.winrm|10.1.2.10", "open", "syn-ack", None, "ok", OPEN, "confirmed")]
TRUTH += [*NAMED, *SERVICES, *PINGED, *UNNEEDED]


ASKED = [
    *(f"hyperv.host={host}" for host, *_ in WINRM),
    "hyperv.host=open.site.test,v6only.site.test,both.site.test,nowhere.site.test",
    "windows.dc=domain:corp.test",
    "windows.target=10.1.2.10",
    "unix.target=10.1.2.22,10.1.2.22:2201,10.1.2.22:2202,10.1.2.11",
    "snmp.device=10.1.2.61,10.1.2.11,10.1.2.35",
    *(f"dns.server=10.1.2.{last}" for last in (53, 11, 15, 16, 34, 36, 99)),
    *(f"discovery.host=10.1.2.{last}" for last in (31, 32, 33, 13, 15)),
    "discovery.host=10.1.1.78",
]
