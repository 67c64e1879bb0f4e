"""Cases of everything that is no Windows: computers, hypervisors, devices, scans and AlloyScan."""

from __future__ import annotations

from probes.judging.change import Change
from probes.judging.check_outcome import VerdictRow
from probes.judging.party import Party
from probes.model import Ruling, Status
from tests.probes.judging.verdict_reference.case import (
    BAD,
    LESS,
    MUTE,
    NO_RIGHT,
    OK,
    SPARED,
    WARNED,
    Case,
)

RAW_FIX = (
    "Allow inbound TCP 9100 on the printer from the Audit Service host. Many printers serve one "
    "client at a time and refuse others while they print, so retest after a refusal."
)


PRINTER = (
    "Printer audit data is collected through SNMP on UDP 161. TCP 9100 is used only for printer "
    "recognition when required."
)


ASK = Change(Party.PROXY, "proxy.test:3128", "Ask the proxy's administrator.")


OTHERS = [
    # Linux and macOS computers, hypervisors
    Case(
        "SSH access for agentless audit. Use the port configured in the Linux and macOS credential "
        "if the target uses a non-standard SSH port.",
        "unix.target",
        {"unix.ssh": OK},
        Ruling.READY,
        "The computer can be audited without an agent.",
        because=("unix.ssh",),
    ),
    Case(
        "SSH access for agentless audit. Use the port configured in the Linux and macOS credential "
        "if the target uses a non-standard SSH port.",
        "unix.target",
        {"unix.ssh": BAD},
        Ruling.BLOCKED,
        "The computer cannot be audited without an agent: SSH (TCP 2222) is not available.",
        (
            "Allow inbound TCP 2222, or the SSH port of the credential, on the Linux or macOS "
            "target from the Audit Service host.",
        ),
        port=2222,
    ),
    Case(
        "22 by default",
        "unix.target",
        {"unix.ssh": NO_RIGHT},
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited without an agent: SSH (TCP 22) could "
        "not be tested.",
        because=("unix.ssh",),
    ),
    Case(
        "WinRM for Hyper-V host management and audit.",
        "hyperv.host",
        {"hyperv.winrm": BAD},
        Ruling.BLOCKED,
        "The Hyper-V host cannot be managed or audited: WinRM (TCP 5985) is not available.",
        (
            "Enable PowerShell Remoting on the Hyper-V host and allow inbound TCP 5985 from the "
            "Audit Service host.",
        ),
    ),
    Case(
        "ESXi recognition.",
        "esxi.host",
        {"esxi.https": OK, "esxi.authd": BAD, "esxi.http": OK},
        Ruling.BLOCKED,
        "The ESXi host cannot be recognized and audited: ESXi authd (TCP 902) is not available.",
        ("Allow inbound TCP 902 on the ESXi host from the Audit Service host.",),
    ),
    Case(
        "HTTP communication.",
        "esxi.host",
        {"esxi.https": OK, "esxi.authd": OK, "esxi.http": BAD},
        Ruling.BLOCKED,
        "The ESXi host cannot be recognized and audited: HTTP (TCP 80) is not available.",
        ("Allow inbound TCP 80 on the ESXi host from the Audit Service host.",),
    ),
    Case(
        "HTTPS communication.",
        "esxi.host",
        {"esxi.https": WARNED, "esxi.authd": OK, "esxi.http": OK},
        Ruling.READY,
        "The ESXi host can be recognized and audited; HTTPS (TCP 443) has a warning.",
    ),
    Case(
        "SSH access. Use the port configured in the Hypervisor credential if the host uses a "
        "non-standard SSH port.",
        "xen.host",
        {"xen.ssh": BAD},
        Ruling.BLOCKED,
        "The Xen or Citrix Hypervisor host cannot be audited: SSH (TCP 2200) is not available.",
        (
            "Allow inbound TCP 2200, or the SSH port of the credential, on the Xen or Citrix "
            "Hypervisor host from the Audit Service host.",
        ),
        port=2200,
    ),
    # Network devices
    Case(
        "SNMPv1, SNMPv2c, or SNMPv3 data collection.",
        "snmp.device",
        {"snmp.snmp": BAD},
        Ruling.BLOCKED,
        "No data can be collected from the device: SNMP (UDP 161) is not available.",
        (
            "Allow inbound UDP 161 on the device from the Audit Service host and accept its SNMP "
            "credentials.",
        ),
    ),
    Case(
        PRINTER,
        "printer",
        {"printer.snmp": OK, "printer.raw": SPARED},
        Ruling.READY,
        "The printer can be recognized and audited.",
        because=("printer.snmp",),
    ),
    Case(
        PRINTER,
        "printer",
        {"printer.snmp": BAD, "printer.raw": OK},
        Ruling.BLOCKED,
        "The printer cannot be recognized and audited: SNMP (UDP 161) is not available.",
        (
            "Allow inbound UDP 161 on the printer from the Audit Service host and accept its SNMP "
            "credentials.",
        ),
    ),
    Case(
        "Printer recognition in environments where SNMP alone does not identify the device.",
        "printer",
        {"printer.snmp": OK, "printer.raw": BAD},
        Ruling.BLOCKED,
        "The printer cannot be recognized and audited: Raw printing (TCP 9100) is not available.",
        (RAW_FIX,),
    ),
    Case(
        # Had SNMP been tested, it might have identified the printer.
        "Printer recognition in environments where SNMP alone does not identify the device.",
        "printer",
        {"printer.snmp": NO_RIGHT, "printer.raw": BAD},
        Ruling.UNKNOWN,
        "It is not known whether the printer can be recognized and audited: Raw printing (TCP "
        "9100) is not available, and SNMP (UDP 161) could not be tested.",
    ),
    Case(
        "NAS recognition.",
        "nas",
        {"nas.netbios": BAD},
        Ruling.BLOCKED,
        "The device cannot be recognized as a NAS: NetBIOS (TCP 139) is not available.",
        ("Allow inbound TCP 139 on the NAS device from the Audit Service host.",),
    ),
    # Network scanning
    Case(
        "DNS resolution.",
        "dns.server",
        {"discovery.dns": BAD},
        Ruling.BLOCKED,
        "Names cannot be resolved during a network scan: DNS (UDP 53) is not available.",
        ("Allow inbound UDP 53 on the DNS server from the Audit Service host.",),
    ),
    Case(
        "DNS resolution.",
        "dns.server",
        {
            "discovery.dns": VerdictRow(
                Status.WARNING, shortfall="it refuses to look names up for this machine (REFUSED)"
            )
        },
        Ruling.UNKNOWN,
        "DNS (UDP 53) answers, but it refuses to look names up for this machine (REFUSED).",
        because=("discovery.dns",),
    ),
    Case(
        "DNS resolution.",
        "dns.server",
        {"discovery.dns": WARNED},
        Ruling.READY,
        "Names can be resolved during a network scan; DNS (UDP 53) has a warning.",
    ),
    Case(
        "Reachability checks such as ping. Recommended for optimal discovery.",
        "discovery.host",
        {"discovery.ping": LESS, "discovery.nbns": OK, "discovery.nbdgm": MUTE},
        Ruling.DEGRADED,
        "The host can be discovered, but discovery is not optimal, because Ping (ICMP) is not "
        "available; NetBIOS dgm (UDP 138) cannot be verified from outside.",
        ("Allow inbound ICMPv4 echo requests on the host from the Audit Service host.",),
    ),
    Case(
        "NetBIOS name resolution.",
        "discovery.host",
        {"discovery.ping": OK, "discovery.nbns": BAD, "discovery.nbdgm": MUTE},
        Ruling.BLOCKED,
        "The host cannot be fully discovered: NetBIOS name (UDP 137) is not available.",
        ("Allow inbound UDP 137 on the host from the Audit Service host.",),
    ),
    Case(
        "NetBIOS communication.",
        "discovery.host",
        {"discovery.ping": OK, "discovery.nbns": OK, "discovery.nbdgm": MUTE},
        Ruling.READY,
        "The host can be discovered; NetBIOS dgm (UDP 138) cannot be verified from outside.",
    ),
    Case(
        "NetBIOS communication.",
        "discovery.host",
        {"discovery.ping": OK, "discovery.nbns": OK, "discovery.nbdgm": BAD},
        Ruling.BLOCKED,
        "The host cannot be fully discovered: NetBIOS dgm (UDP 138) is not available.",
        ("Allow inbound UDP 138 on the host from the Audit Service host.",),
    ),
    # AlloyScan connectivity
    Case(
        "Unless stated otherwise, connections are initiated by the Audit Service host.",
        "alloyscan.instance",
        {"alloyscan.https": BAD},
        Ruling.BLOCKED,
        "The Audit Service cannot register, take tasks or upload audit data: HTTPS (TCP 443) is "
        "not available.",
        ("Allow outbound TCP 443 from the Audit Service host to the AlloyScan instance.",),
    ),
    Case(
        "Service registration, task communication, and audit data upload over HTTPS.",
        "alloyscan.instance",
        {"alloyscan.https": OK},
        Ruling.READY,
        "The Audit Service can register, take tasks and upload audit data.",
    ),
    *(
        Case(
            "Cloud resource scan and audit over provider APIs.",
            f"cloud.{cloud}",
            {f"cloud.{cloud}": VerdictRow(Status.BLOCKED, None, ASK)},
            Ruling.BLOCKED,
            f"{name} resources behind this API endpoint cannot be scanned or audited: {title} API "
            "(TCP 443) is not available.",
            ("Ask the proxy's administrator.",),
        )
        for cloud, name, title in (
            ("aws", "AWS", "AWS"),
            ("azure", "Azure", "Azure"),
            ("google", "Google Cloud", "Google"),
        )
    ),
]
