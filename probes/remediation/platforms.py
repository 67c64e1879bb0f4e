"""Table of platforms: the roles that have them, their firewalls and their listeners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import probes.remediation.firewall_rules as firewall_rules
import probes.remediation.service_commands as service_commands
from probes.model import Job
from probes.registry import Platform, Probe, probe_of
from probes.registry.shell import Snippet
from probes.remediation.model import Flow


@dataclass(frozen=True, slots=True)
class PlatformInfo:
    """A platform: the rules of its firewall, and the commands that list its listeners."""

    roles: tuple[str, ...]
    rules: Callable[[Flow, str, Probe, str], tuple[Snippet, ...]]
    """The host's own firewall in every syntax it may understand: of the flow, the title of the
    check, its probe and the name of the host.
    """
    listeners: tuple[Callable[[Flow, str], Snippet], ...]


def platform(job: Job) -> Platform:
    """The kind of system of the row's host, as far as its role or its service tells."""
    return _BY_ROLE.get(job.target.role) or probe_of(job.check).platform


def _windows(flow: Flow, title: str, probe: Probe, where: str) -> tuple[Snippet, ...]:
    rule = firewall_rules.windows(flow, title, where)
    if probe.opens_port:
        # One block: the listener is of no use without the rule for this source.
        started = service_commands.fill_placeholders(
            probe.start.get(Platform.WINDOWS, ()), flow, where
        )
        lines = (line for snippet in started for line in snippet.lines)
        rule = Snippet(rule.where, (*lines, *rule.lines))
    return (rule, firewall_rules.policy(flow, probe.policy))


def _unix(flow: Flow, title: str, probe: Probe, where: str) -> tuple[Snippet, ...]:
    return (
        firewall_rules.nft(flow, where),
        firewall_rules.iptables(flow, where),
        firewall_rules.firewalld(flow, where),
    )


def _xen(flow: Flow, title: str, probe: Probe, where: str) -> tuple[Snippet, ...]:
    plain = firewall_rules.iptables(flow, where)
    return (Snippet(plain.where.removeprefix("or "), plain.lines),)


def _esxi(flow: Flow, title: str, probe: Probe, where: str) -> tuple[Snippet, ...]:
    return firewall_rules.esxi(flow, where)


def _any(flow: Flow, title: str, probe: Probe, where: str) -> tuple[Snippet, ...]:
    return (firewall_rules.windows(flow, title, where), *_unix(flow, title, probe, where))


def _none(flow: Flow, title: str, probe: Probe, where: str) -> tuple[Snippet, ...]:
    return ()


PLATFORMS: Mapping[Platform, PlatformInfo] = {
    Platform.WINDOWS: PlatformInfo(
        roles=("windows.target", "windows.dc", "hyperv.host"),
        rules=_windows,
        listeners=(service_commands.powershell_listeners,),
    ),
    Platform.UNIX: PlatformInfo(
        roles=("unix.target",),
        rules=_unix,
        listeners=(service_commands.shell_listeners,),
    ),
    Platform.XEN: PlatformInfo(
        roles=("xen.host",),
        rules=_xen,
        listeners=(service_commands.shell_listeners,),
    ),
    Platform.ESXI: PlatformInfo(
        roles=("esxi.host",),
        rules=_esxi,
        listeners=(),
    ),
    Platform.DEVICE: PlatformInfo(
        roles=("snmp.device", "printer", "nas"),
        rules=_none,
        listeners=(),
    ),
    Platform.PUBLIC: PlatformInfo(
        roles=("alloyscan.instance", "cloud.aws", "cloud.azure", "cloud.google"),
        rules=_none,
        listeners=(),
    ),
    Platform.ANY: PlatformInfo(
        roles=("dns.server", "discovery.host"),
        rules=_any,
        listeners=(service_commands.powershell_listeners, service_commands.shell_listeners),
    ),
}


_BY_ROLE = {role: kind for kind, info in PLATFORMS.items() for role in info.roles}
