"""Registry of probes: one row each, with all data that belongs to a probe's name.

Data only; a probe's module is loaded with its first job. Adding a probe is a row here and a file.
"""

from __future__ import annotations

from collections.abc import Mapping

from probes.registry import commands
from probes.registry.probe import Platform, Probe
from probes.registry.shell import Snippet
from profiles.model import Check, Transport
from profiles.recognition import AUTO

__all__ = ["PROBES", "TRANSPORT_PROBES", "Platform", "Probe", "probe_of"]


def _powershell(*lines: str) -> tuple[Snippet, ...]:
    return (Snippet("PowerShell, as administrator on {host}", lines),)


_SNMPD = "net-snmp, in snmpd.conf on {host}; then restart snmpd"
_SSHD = Snippet("shell, as root on {host}", ("systemctl enable --now sshd",))

PROBES: Mapping[str, Probe] = {
    "tcp": Probe(
        transport="tcp",
        module="",
        nmap=(),
        confirm=None,
        platform=Platform.ANY,
        start={},
    ),
    "ping": Probe(
        transport="icmp",
        module="",
        nmap=(),
        confirm=commands.ping,
        platform=Platform.ANY,
        start={},
    ),
    # The engine asks the questions of other checks for it (engine/detection.py).
    AUTO: Probe(
        transport="tcp",
        module="",
        nmap=(),
        confirm=None,
        platform=Platform.ANY,
        start={},
    ),
    "udp": Probe(
        transport="udp",
        module="probes.udp",
        nmap=(),
        nmap_by_port={137: ("--script", "nbstat")},
        # NetBIOS over TCP/IP knows addresses of 32 bits only (RFC 1001 4, RFC 1002 4.2.1.3).
        ipv4_only_ports=frozenset({137, 138}),
        confirm=commands.node_status,
        platform=Platform.ANY,
        start={},
    ),
    "ssh": Probe(
        transport="tcp",
        module="probes.ssh.probe",
        nmap=("--script", "+ssh-hostkey"),
        confirm=commands.ssh,
        platform=Platform.UNIX,
        start={
            Platform.WINDOWS: _powershell(
                "Set-Service sshd -StartupType Automatic", "Start-Service sshd"
            ),
            Platform.UNIX: (
                _SSHD,
                Snippet("or on Debian and Ubuntu", ("systemctl enable --now ssh",)),
                Snippet("or on macOS", ("sudo systemsetup -setremotelogin on",)),
            ),
            Platform.XEN: (_SSHD,),
        },
    ),
    "dns": Probe(
        transport="udp",
        module="probes.dns",
        nmap=("--script", "+dns-nsid"),
        confirm=commands.dns,
        platform=Platform.ANY,
        start={
            Platform.WINDOWS: _powershell(
                "Set-Service DNS -StartupType Automatic", "Start-Service DNS"
            )
        },
    ),
    "snmp": Probe(
        transport="udp",
        module="probes.snmp.probe",
        nmap=("--script", "+snmp-info"),
        confirm=commands.snmp,
        platform=Platform.DEVICE,
        start={},
        access={
            4: (
                Snippet(_SNMPD, ("agentAddress udp:{ports}", "rocommunity COMMUNITY {source}")),
                Snippet(
                    "or Cisco IOS",
                    (
                        "access-list 99 permit host {source}",
                        "snmp-server community COMMUNITY RO 99",
                    ),
                ),
            ),
            6: (Snippet(_SNMPD, ("agentAddress udp6:{ports}", "rocommunity6 COMMUNITY {source}")),),
        },
    ),
    "https": Probe(
        transport="tcp",
        module="probes.https",
        nmap=("--script", "+ssl-cert"),
        confirm=commands.https,
        platform=Platform.ANY,
        start={},
        proxied=True,
    ),
    "kerberos": Probe(
        transport="tcp",
        module="probes.kerberos",
        nmap=("-sV",),
        confirm=None,
        platform=Platform.ANY,
        start={
            Platform.WINDOWS: _powershell(
                "Set-Service Kdc -StartupType Automatic", "Start-Service Kdc"
            )
        },
        domain_controller=True,
    ),
    "ldap": Probe(
        transport="tcp",
        module="probes.ldap",
        nmap=("--script", "+ldap-rootdse"),
        confirm=commands.ldap,
        platform=Platform.ANY,
        start={Platform.WINDOWS: _powershell("Get-Service NTDS", "dcdiag /test:Services")},
        domain_controller=True,
    ),
    "rpc": Probe(
        transport="tcp",
        module="probes.rpc",
        nmap=("-sV",),
        confirm=commands.rpc,
        platform=Platform.WINDOWS,
        start={Platform.WINDOWS: _powershell("Get-Service RpcSs, RpcEptMapper")},
    ),
    "rpc_dynamic": Probe(
        transport="tcp",
        module="probes.rpc_dynamic",
        nmap=(),
        confirm=None,
        platform=Platform.WINDOWS,
        start={},
    ),
    "smb": Probe(
        transport="tcp",
        module="probes.smb",
        nmap=("--script", "smb-protocols"),
        confirm=commands.smb,
        platform=Platform.ANY,
        start={
            Platform.WINDOWS: _powershell(
                "Set-Service LanmanServer -StartupType Automatic", "Start-Service LanmanServer"
            )
        },
    ),
    "netbios": Probe(
        transport="tcp",
        module="probes.netbios",
        ipv4_only=True,
        nmap=("--script", "smb-protocols"),
        confirm=commands.smb,
        platform=Platform.ANY,
        start={
            Platform.WINDOWS: _powershell(
                "Get-CimInstance Win32_NetworkAdapterConfiguration -Filter 'IPEnabled=TRUE' | "
                "Invoke-CimMethod -MethodName SetTcpipNetbios "
                "-Arguments @{TcpipNetbiosOptions=[uint32]1}",
                "Start-Service LanmanServer",
            )
        },
    ),
    "winrm": Probe(
        transport="tcp",
        module="probes.winrm",
        nmap=("--script", "+http-ntlm-info", "--script-args", "http-ntlm-info.root=/wsman"),
        confirm=commands.winrm,
        platform=Platform.WINDOWS,
        # PowerShell Remoting: service, listener and firewall exception.
        start={Platform.WINDOWS: _powershell("Enable-PSRemoting -Force")},
        policy=(
            "Administrative Templates > Windows Components > Windows Remote Management (WinRM) > "
            "WinRM Service > Allow remote server management through WinRM: enabled, IPv4 filter *",
            "Windows Settings > Security Settings > System Services > "
            "Windows Remote Management (WS-Management): automatic",
        ),
        opens_port=True,
        domain_login=True,
    ),
    "vsphere": Probe(
        transport="tcp",
        module="probes.vsphere",
        nmap=("--script", "+vmware-version"),
        confirm=commands.vsphere,
        platform=Platform.ESXI,
        start={},
    ),
    "http_redirect": Probe(
        transport="tcp",
        module="probes.http_redirect",
        nmap=("--script", "+http-headers"),
        confirm=commands.http_redirect,
        platform=Platform.ANY,
        start={},
    ),
    "authd": Probe(
        transport="tcp",
        module="probes.authd",
        nmap=("--script", "+banner"),
        confirm=None,
        platform=Platform.ESXI,
        start={},
    ),
    "printer": Probe(
        transport="tcp",
        module="probes.printer",
        # No script: what it sends to 9100 is printed.
        nmap=(),
        confirm=None,
        platform=Platform.DEVICE,
        start={},
        one_client=True,
    ),
}

TRANSPORT_PROBES: Mapping[Transport, str] = {"tcp": "tcp", "udp": "udp", "icmp": "ping"}
"""The probe of each transport that expects no protocol, for a check that no profile describes."""


def probe_of(check: Check) -> Probe:
    """The row of a check's probe; that of its transport where the name is not known."""
    return PROBES.get(check.probe) or PROBES[TRANSPORT_PROBES[check.transport]]
