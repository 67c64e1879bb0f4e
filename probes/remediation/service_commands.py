"""How the service of a row is started, and how one sees what listens in its place."""

from __future__ import annotations

from probes.model import Job
from probes.registry.shell import Paste
from probes.remediation.model import Flow, Platform

_REMOTING = "Enable-PSRemoting -Force"
_NETBIOS = (
    "Get-CimInstance Win32_NetworkAdapterConfiguration -Filter 'IPEnabled=TRUE' | "
    "Invoke-CimMethod -MethodName SetTcpipNetbios -Arguments @{TcpipNetbiosOptions=[uint32]1}"
)
_WINDOWS = {
    "winrm": (_REMOTING,),
    "rpc": ("Get-Service RpcSs, RpcEptMapper",),
    "smb": ("Set-Service LanmanServer -StartupType Automatic", "Start-Service LanmanServer"),
    "netbios": (_NETBIOS, "Start-Service LanmanServer"),
    "kerberos": ("Set-Service Kdc -StartupType Automatic", "Start-Service Kdc"),
    "ldap": ("Get-Service NTDS", "dcdiag /test:Services"),
    "dns": ("Set-Service DNS -StartupType Automatic", "Start-Service DNS"),
    "ssh": ("Set-Service sshd -StartupType Automatic", "Start-Service sshd"),
}


def remoting(where: str) -> Paste:
    """PowerShell Remoting switched on by hand: service, listener and firewall exception."""
    return Paste(f"PowerShell, as administrator on {where}", (_REMOTING,))


def start(job: Job, flow: Flow, kind: Platform, where: str) -> tuple[Paste, ...]:
    """How to start what a row asks for; nothing where that is not known."""
    probe = job.check.probe
    if probe == "snmp":
        return agent(job, flow, where)
    if kind is Platform.WINDOWS and probe in _WINDOWS:
        return (Paste(f"PowerShell, as administrator on {where}", _WINDOWS[probe]),)
    if probe == "ssh" and kind in (Platform.UNIX, Platform.XEN):
        return _sshd(kind, where)
    return ()


def _sshd(kind: Platform, where: str) -> tuple[Paste, ...]:
    unit = Paste(f"shell, as root on {where}", ("systemctl enable --now sshd",))
    if kind is Platform.XEN:
        return (unit,)
    return (
        unit,
        Paste("or on Debian and Ubuntu", ("systemctl enable --now ssh",)),
        Paste("or on macOS", ("sudo systemsetup -setremotelogin on",)),
    )


def agent(job: Job, flow: Flow, where: str) -> tuple[Paste, ...]:
    """Lines by which an SNMP agent listens and answers this source; COMMUNITY is a placeholder.

    None for a printer, whose agent has a page of its own.
    """
    if job.target.role == "printer":
        return ()
    listens = f"agentAddress {'udp6:' if flow.version == 6 else 'udp:'}{flow.ports}"
    allows = f"{'rocommunity6' if flow.version == 6 else 'rocommunity'} COMMUNITY {flow.source}"
    pastes = [Paste(f"net-snmp, in snmpd.conf on {where}; then restart snmpd", (listens, allows))]
    if flow.version == 4:
        pastes.append(
            Paste(
                "or Cisco IOS",
                (
                    f"access-list 99 permit host {flow.source}",
                    "snmp-server community COMMUNITY RO 99",
                ),
            )
        )
    return tuple(pastes)


def listeners(flow: Flow, kind: Platform, where: str) -> tuple[Paste, ...]:
    """What shows which program listens on the port instead."""
    transport = flow.transport
    if not flow.ports.isdigit() or kind in (Platform.DEVICE, Platform.PUBLIC, Platform.ESXI):
        return ()
    ss = f"ss -lnp{transport[0]} 'sport = :{flow.ports}'"
    cmdlet = "Get-NetUDPEndpoint" if transport == "udp" else "Get-NetTCPConnection -State Listen"
    owner = f"Get-Process -Id ({cmdlet} -LocalPort {flow.ports}).OwningProcess"
    sh = Paste(f"shell, as root on {where}: what listens there", (ss,))
    ps = Paste(f"PowerShell, as administrator on {where}: what listens there", (owner,))
    if kind is Platform.WINDOWS:
        return (ps,)
    return (ps, sh) if kind is Platform.ANY else (sh,)
