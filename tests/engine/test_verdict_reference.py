"""Every condition and consequence the reference states, beside the verdicts that follow from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from probes import PROBES
from probes.engine.model import Reason, Ruling, Status
from probes.engine.standing import Row
from probes.engine.verdict import judged
from profiles.load import load_profile

REFERENCE = Path(__file__).parents[3] / "shared" / "required-ports-reference.md"

OK, BAD, LESS = Row(Status.OK), Row(Status.BLOCKED), Row(Status.DEGRADED)
SPARED, MUTE, WARNED = Row(Status.NOT_NEEDED), Row(Status.UNVERIFIABLE), Row(Status.WARNING)
NO_NAME = Row(Status.ERROR, Reason.NAME_NOT_RESOLVED)
WAITING = Row(Status.ERROR, Reason.DEPENDENCY)
NO_RIGHT = Row(Status.ERROR, Reason.PERMISSION_DENIED)
WAITED = Row(Status.ERROR, Reason.DEPENDENCY)

ENABLING = ("rpc", "smb", "netbios", "rpc_dynamic", "udp135", "udp139")
DC = {"windows.kerberos": OK, "windows.ldap": OK}
NO_DC = "no domain controller was checked for Kerberos (TCP 88) and LDAP (TCP 389)"
MUTE_PORTS = "Remoting (UDP 135) and Audit Agent (UDP 139) cannot be verified from outside"
READY_AFTER = (
    "The computer can be audited once the Audit Service has enabled PowerShell Remoting, for which "
    "the way is open"
)
WINRM_FIX = (
    "Enable PowerShell Remoting on the Windows target and allow inbound TCP 5985 from the Audit "
    "Service host."
)
KERBEROS_FIX = "Allow inbound TCP 88 on the domain controller from the Audit Service host."
LDAP_FIX = "Allow inbound TCP 389 on the domain controller from the Audit Service host."
SMB_FIX = "Allow inbound TCP 445 on the Windows target from the Audit Service host."
RAW_FIX = (
    "Allow inbound TCP 9100 on the printer from the Audit Service host. Many printers serve one "
    "client at a time and refuse others while they print, so measure a refusal again."
)


def windows(winrm: Row, **enabling: Row) -> dict[str, Row]:
    """WinRM, and the enabling ports: unnecessary beside it, else there as far as can be seen."""
    rows = {"windows.winrm": winrm}
    for name in ENABLING:
        usual = SPARED if winrm in (OK, WARNED) else MUTE if name.startswith("udp") else OK
        rows[f"enable.{name}"] = enabling.get(name, usual)
    return rows


@dataclass(frozen=True)
class Case:
    says: str
    """The words of the reference."""
    role: str
    own: dict[str, Row]
    ruling: Ruling
    text: str
    fix: tuple[str, ...] = ()
    because: tuple[str, ...] | None = None
    elsewhere: dict[str, Row] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    port: int | None = None


ONLY_PORT = (
    "When PowerShell Remoting is already enabled on the target, TCP 5985 is the only target port "
    "required for scan and audit."
)
KERBEROS = "Kerberos authentication. Domain authentication fails if this port is unavailable."
LDAP = (
    "LDAP queries. Audit can continue without this port, but current-user information is not "
    "collected."
)
ENABLE = (
    "The following ports are needed only when PowerShell Remoting is not enabled and the Audit "
    "Service must recognize the Windows target and enable remoting remotely."
)
RPC = (
    "The firewall must also allow RPC traffic used for Windows recognition, device identification, "
    "and remote PowerShell Remoting setup."
)
PRINTER = (
    "Printer audit data is collected through SNMP on UDP 161. TCP 9100 is used only for printer "
    "recognition when required."
)

CASES = [
    # Windows computers
    Case(
        ONLY_PORT,
        "windows.target",
        windows(OK),
        Ruling.READY,
        "The computer can be audited.",
        because=("windows.winrm", "windows.kerberos", "windows.ldap"),
        elsewhere=DC,
    ),
    Case(
        "PowerShell Remoting is enabled",
        "windows.target",
        windows(OK),
        Ruling.READY,
        f"The computer can be audited; {NO_DC}.",
        because=("windows.winrm",),
    ),
    Case(
        "WinRM over HTTP for Windows recognition, device identification, and audit.",
        "windows.target",
        windows(BAD, **dict.fromkeys(ENABLING, SPARED)),
        Ruling.BLOCKED,
        "The computer cannot be audited: WinRM (TCP 5985) is not available.",
        (WINRM_FIX,),
        ("windows.winrm",),
        DC,
        {"enable_remoting": "no"},
    ),
    Case(
        "PowerShell Remoting is enabled",
        "windows.target",
        windows(NO_NAME, **dict.fromkeys(ENABLING, NO_NAME)),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: the name does not resolve.",
        elsewhere=DC,
    ),
    Case(
        "PowerShell Remoting is enabled",
        "windows.target",
        windows(NO_NAME, **{**dict.fromkeys(ENABLING, NO_NAME), "rpc_dynamic": WAITING}),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: the name does not resolve.",
        elsewhere=DC,
    ),
    Case(
        "Domain credentials are used",
        "windows.target",
        windows(OK),
        Ruling.READY,
        "The computer can be audited; no domain controller was checked for LDAP (TCP 389).",
        answers={"domain_credentials": "no"},
    ),
    Case(
        KERBEROS,
        "windows.target",
        windows(OK),
        Ruling.BLOCKED,
        "The computer cannot be audited: domain authentication fails, because Kerberos (TCP 88) "
        "is not available on any domain controller checked.",
        (KERBEROS_FIX,),
        ("windows.kerberos",),
        {"windows.kerberos": BAD, "windows.ldap": OK},
    ),
    Case(
        KERBEROS,
        "windows.target",
        windows(OK),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: Kerberos (TCP 88) could not be "
        "tested on any domain controller.",
        elsewhere={"windows.kerberos": NO_NAME, "windows.ldap": OK},
    ),
    Case(
        KERBEROS,
        "windows.target",
        windows(OK),
        Ruling.READY,
        "The computer can be audited.",
        answers={"domain_credentials": "no"},
        elsewhere={"windows.kerberos": SPARED, "windows.ldap": OK},
    ),
    Case(
        KERBEROS,
        "windows.dc",
        {"windows.kerberos": BAD, "windows.ldap": OK},
        Ruling.BLOCKED,
        "Domain authentication fails with this domain controller: Kerberos (TCP 88) is not "
        "available.",
        (KERBEROS_FIX,),
        ("windows.kerberos",),
    ),
    Case(
        "Domain credentials are used",
        "windows.dc",
        {"windows.kerberos": SPARED, "windows.ldap": SPARED},
        Ruling.READY,
        "Nothing is required here under the answers that were given.",
        because=(),
        answers={"domain_credentials": "no", "current_user": "no"},
    ),
    Case(
        LDAP,
        "windows.target",
        windows(OK),
        Ruling.DEGRADED,
        "The computer can be audited, but current-user information is not collected, because LDAP "
        "(TCP 389) is not available on any domain controller checked.",
        (LDAP_FIX,),
        ("windows.ldap",),
        {"windows.kerberos": OK, "windows.ldap": LESS},
    ),
    Case(
        LDAP,
        "windows.dc",
        {"windows.kerberos": OK, "windows.ldap": LESS},
        Ruling.DEGRADED,
        "The audit can use this domain controller, but current-user information is not collected, "
        "because LDAP (TCP 389) is not available.",
        (LDAP_FIX,),
        ("windows.ldap",),
    ),
    Case(
        "Current-user information is collected from Active Directory",
        "windows.dc",
        {"windows.kerberos": OK, "windows.ldap": SPARED},
        Ruling.READY,
        "The audit can use this domain controller.",
        answers={"current_user": "no"},
    ),
    Case(
        "Current-user information is collected from Active Directory",
        "windows.dc",
        {"windows.kerberos": BAD, "windows.ldap": LESS},
        Ruling.BLOCKED,
        "Domain authentication fails with this domain controller: Kerberos (TCP 88) is not "
        "available.",
        (KERBEROS_FIX, LDAP_FIX),
    ),
    # Enabling PowerShell Remoting remotely
    Case(
        ENABLE,
        "windows.target",
        windows(BAD),
        Ruling.READY_AFTER,
        f"{READY_AFTER}; {MUTE_PORTS}.",
        (),
        (
            "windows.winrm",
            "enable.rpc",
            "enable.smb",
            "enable.netbios",
            "enable.rpc_dynamic",
            "windows.kerberos",
            "windows.ldap",
        ),
        DC,
    ),
    Case(
        ENABLE,
        "windows.target",
        windows(BAD),
        Ruling.DEGRADED,
        f"{READY_AFTER}, but current-user information is not collected, because LDAP (TCP 389) is "
        f"not available on any domain controller checked; {MUTE_PORTS}.",
        (LDAP_FIX,),
        elsewhere={"windows.kerberos": OK, "windows.ldap": LESS},
    ),
    Case(
        # The answer yes makes them required beside WinRM too; then SMB alone is enough.
        ENABLE,
        "windows.target",
        windows(BAD, smb=BAD),
        Ruling.BLOCKED,
        "The computer cannot be audited: WinRM (TCP 5985) and SMB (TCP 445) are not available.",
        (SMB_FIX,),
        elsewhere=DC,
        answers={"enable_remoting": "yes"},
    ),
    Case(
        ENABLE,
        "windows.target",
        windows(OK, **{**dict.fromkeys(ENABLING, OK), "smb": BAD}),
        Ruling.BLOCKED,
        "The computer cannot be audited: SMB (TCP 445) is not available.",
        (SMB_FIX,),
        elsewhere=DC,
        answers={"enable_remoting": "yes"},
    ),
    Case(
        ENABLE,
        "windows.target",
        windows(BAD, smb=NO_RIGHT),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: WinRM (TCP 5985) is not available, "
        "and SMB (TCP 445) could not be tested.",
        (WINRM_FIX,),
        ("windows.winrm", "enable.smb"),
        DC,
    ),
    Case(
        # Were WinRM there, SMB would not matter.
        ENABLE,
        "windows.target",
        windows(NO_RIGHT, smb=BAD),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: SMB (TCP 445) is not available, and "
        "WinRM (TCP 5985) could not be tested.",
        elsewhere=DC,
    ),
    Case(
        RPC,
        "windows.target",
        windows(BAD, rpc_dynamic=BAD),
        Ruling.BLOCKED,
        "The computer cannot be audited: WinRM (TCP 5985) and RPC dynamic (TCP 49152-65535) are "
        "not available.",
        (WINRM_FIX,),
        elsewhere=DC,
    ),
    *(
        Case(
            says,
            "windows.target",
            windows(BAD, **{name: BAD, "rpc_dynamic": WAITED if name == "rpc" else OK}),
            Ruling.BLOCKED,
            f"The computer cannot be audited: WinRM (TCP 5985) and {title} are not available.",
            (WINRM_FIX,),
            ("windows.winrm", f"enable.{name}"),
            DC,
        )
        for says, name, title in (
            ("RPC endpoint mapping", "rpc", "RPC mapper (TCP 135)"),
            ("Windows recognition", "netbios", "NetBIOS (TCP 139)"),
            ("SMB communication", "smb", "SMB (TCP 445)"),
            # Rejected by a device on the path: silence there would tell nothing.
            ("Enable PowerShell Remoting remotely", "udp135", "Remoting (UDP 135)"),
            ("Detect a remote Audit Agent", "udp139", "Audit Agent (UDP 139)"),
        )
    ),
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
            "Allow inbound TCP 22, or the SSH port of the credential, on the Linux or macOS target "
            "from the Audit Service host.",
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
            "Allow inbound TCP 22, or the SSH port of the credential, on the Xen or Citrix "
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
            {f"cloud.{cloud}": Row(Status.BLOCKED, None, "Ask the proxy's administrator.")},
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


@pytest.fixture(scope="module")
def catalog():
    return load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.role}: {case.says[:50]}")
def test_what_the_reference_says_decides_the_verdict(catalog, case):
    (capability,) = (one for one in catalog.capabilities if one.role == case.role)
    answers = {**catalog.default_answers, **case.answers}
    found = judged(catalog, capability, answers, case.own, case.elsewhere, case.port)
    assert (found.ruling, found.text) == (case.ruling, case.text)
    assert found.fix == case.fix
    if case.because is not None:
        assert found.because == case.because


NOT_ABOUT_A_VERDICT = {
    "This reference lists the network paths used by an Audit Service.",
    # That it does is what the case of its only port says; these only lead there or elsewhere.
    "Windows audit uses PowerShell Remoting over WinRM.",
    "For Windows domain constraints, see Supported Targets.",
}
STATING = {"Purpose", "Required when"}
"""Columns of the tables that say what a port is for and when it is needed."""


def statements(text: str) -> Iterator[str]:
    """Every sentence of the prose, every cell that states something, and every port with words."""
    columns: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            columns = []
            # Headings have no full stop.
            yield from re.split(r"(?<=\.) (?=[A-Z])", line) if line.endswith(".") else ()
        elif not columns:
            columns = cells
        elif not set(line) <= set("|-"):
            named = dict(zip(columns, cells, strict=True))
            yield from (cell for name, cell in named.items() if name in STATING)
            if re.search("[a-z]", named["Port"]) and named["Port"] != "Not applicable":
                yield named["Port"]


def test_every_statement_of_the_reference_has_a_case_that_quotes_it():
    if not REFERENCE.exists():
        pytest.skip(f"the reference is not beside the checkout: {REFERENCE}")
    text = REFERENCE.read_text(encoding="utf-8")
    stated = set(statements(text))
    assert len(stated) > 30
    assert stated >= NOT_ABOUT_A_VERDICT
    # Some cases quote two sentences that only together say something.
    quoted = {case.says for case in CASES}
    quoted |= {part for says in quoted for part in re.split(r"(?<=\.) (?=[A-Z])", says)}
    assert stated - quoted == NOT_ABOUT_A_VERDICT
    assert [says for says in quoted if says not in text] == []


def test_every_role_of_the_catalog_has_a_case_that_blocks_it(catalog):
    blocked = {case.role for case in CASES if case.ruling is Ruling.BLOCKED}
    assert blocked == {role.id for role in catalog.roles}
