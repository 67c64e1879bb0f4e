"""How the service of a row is started, and how one sees what listens in its place."""

from __future__ import annotations

from probes.model import Job
from probes.registry import Platform, probe_of
from probes.registry.shell import Paste
from probes.remediation.model import Flow


def start(job: Job, flow: Flow, kind: Platform, where: str) -> tuple[Paste, ...]:
    """How to start what a row asks for; nothing where that is not known."""
    probe = probe_of(job.check)
    if probe.access:
        return access(job, flow, where)
    return filled(probe.start.get(kind, ()), flow, where)


def access(job: Job, flow: Flow, where: str) -> tuple[Paste, ...]:
    """Lines by which a service listens and answers this source; COMMUNITY is a placeholder.

    None for a printer, whose agent has a page of its own.
    """
    if job.target.role == "printer":
        return ()
    return filled(probe_of(job.check).access.get(flow.version, ()), flow, where)


def filled(pastes: tuple[Paste, ...], flow: Flow, where: str) -> tuple[Paste, ...]:
    """A probe's lines with this row's host, ports and source."""
    values = {"{host}": where, "{ports}": flow.ports, "{source}": flow.source}

    def fill(text: str) -> str:
        for mark, value in values.items():
            text = text.replace(mark, value)
        return text

    return tuple(Paste(fill(one.where), tuple(map(fill, one.lines))) for one in pastes)


def powershell_listeners(flow: Flow, where: str) -> Paste:
    """Which program of Windows listens on the port."""
    cmdlet = (
        "Get-NetUDPEndpoint" if flow.transport == "udp" else "Get-NetTCPConnection -State Listen"
    )
    owner = f"Get-Process -Id ({cmdlet} -LocalPort {flow.ports}).OwningProcess"
    return Paste(f"PowerShell, as administrator on {where}: what listens there", (owner,))


def shell_listeners(flow: Flow, where: str) -> Paste:
    """Which program of Linux listens on the port."""
    ss = f"ss -lnp{flow.transport[0]} 'sport = :{flow.ports}'"
    return Paste(f"shell, as root on {where}: what listens there", (ss,))
