"""Commands that start the service of a row, and that list the listeners of a port."""

from __future__ import annotations

from probes.model import Job
from probes.registry import Platform, probe_of
from probes.registry.shell import Snippet
from probes.remediation.model import Flow


def start_snippets(job: Job, flow: Flow, kind: Platform, where: str) -> tuple[Snippet, ...]:
    """Snippets that start the service of a row; none where they are not known."""
    probe = probe_of(job.check)
    if probe.access:
        return access_snippets(job, flow, where)
    return fill_placeholders(probe.start.get(kind, ()), flow, where)


def access_snippets(job: Job, flow: Flow, where: str) -> tuple[Snippet, ...]:
    """Lines by which a service listens and answers this source; COMMUNITY is a placeholder.

    None for a printer, whose agent has a page of its own.
    """
    if job.target.role == "printer":
        return ()
    return fill_placeholders(probe_of(job.check).access.get(flow.version, ()), flow, where)


def fill_placeholders(snippets: tuple[Snippet, ...], flow: Flow, where: str) -> tuple[Snippet, ...]:
    """A probe's lines with this row's host, ports and source."""
    values = {"{host}": where, "{ports}": flow.ports, "{source}": flow.source}

    def fill(text: str) -> str:
        for mark, value in values.items():
            text = text.replace(mark, value)
        return text

    return tuple(Snippet(fill(one.where), tuple(map(fill, one.lines))) for one in snippets)


def powershell_listeners(flow: Flow, where: str) -> Snippet:
    """Command that names the listener of the port on Windows."""
    cmdlet = (
        "Get-NetUDPEndpoint" if flow.transport == "udp" else "Get-NetTCPConnection -State Listen"
    )
    owner = f"Get-Process -Id ({cmdlet} -LocalPort {flow.ports}).OwningProcess"
    return Snippet(f"PowerShell, as administrator on {where}: what listens there", (owner,))


def shell_listeners(flow: Flow, where: str) -> Snippet:
    """Command that names the listener of the port on Linux."""
    ss = f"ss -lnp{flow.transport[0]} 'sport = :{flow.ports}'"
    return Snippet(f"shell, as root on {where}: what listens there", (ss,))
