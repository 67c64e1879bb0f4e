"""Advice for a row: its change in words, and text to paste for it."""

from __future__ import annotations

import probes.remediation.firewall_rules as firewall_rules
import probes.remediation.service_commands as service_commands
from probes.judging.change import THE_HOST, Change, required_change
from probes.judging.party import UNHEARD, HostState, Party
from probes.model import TO_CHANGE, Job, Observation, Result, State
from probes.registry import probe_of
from probes.registry.shell import Snippet, address, powershell
from probes.remediation.model import HOST, Remedy, flow_of
from probes.remediation.platforms import PLATFORMS, platform
from probes.wire.address import plain_name

_ADDRESS_PLACEHOLDER = "ADDRESS"


def remedy(result: Result, host: HostState = UNHEARD) -> Remedy | None:
    """The change in words and ready to paste; None for a row that needs none.

    `host` is the state of the row's host.
    """
    to = flow_of(result.job, result.observation).destination
    change = required_change(result, host, to if to != HOST else THE_HOST)
    if change is None:
        return None
    # A warning works: what to paste would change more than it says.
    snippets = (
        _snippets(result.job, result.observation, change) if result.status in TO_CHANGE else ()
    )
    return Remedy(change.text, change.who, snippets)


def _is_other_protocol(job: Job, seen: Observation) -> bool:
    """True if another protocol answers: not the right one with a fault, nor a port behind it."""
    return not job.check.ports and "unproven" not in seen.facts


def _snippets(job: Job, seen: Observation, change: Change) -> tuple[Snippet, ...]:
    flow, kind, probe = flow_of(job, seen), platform(job), probe_of(job.check)
    info = PLATFORMS[kind]
    where = flow.name or (flow.destination if flow.destination != HOST else "the host")
    match change.party:
        case Party.NAME:
            return _name_snippets(job)
        case Party.THIS_MACHINE:
            return (
                firewall_rules.nft(flow, "this machine", outbound=True),
                firewall_rules.iptables(flow, "this machine", outbound=True),
            )
        case Party.DEVICE:
            device = change.name or "the device that rejects it"
            return (firewall_rules.request(flow, device),)
        case Party.PROXY if seen.state is not State.OPEN:
            return (firewall_rules.request(flow, ""),)
        case Party.HOST_FIREWALL:
            return info.rules(flow, job.check.title, probe, where)
        case Party.UNKNOWN:
            return (
                *info.rules(flow, job.check.title, probe, where),
                *service_commands.access_snippets(job, flow, where),
                firewall_rules.request(flow, change.name),
            )
        case Party.HOST if not job.check.ports:
            return service_commands.start_snippets(job, flow, kind, where)
        case Party.SERVICE if _is_other_protocol(job, seen) and not job.via:
            if not flow.ports.isdigit():
                return ()
            return tuple(listeners(flow, where) for listeners in info.listeners)
        case _:
            return ()


def _name_snippets(job: Job) -> tuple[Snippet, ...]:
    """A line for this machine's hosts file and a record for a Windows DNS server."""
    host_name = plain_name(job.endpoint[0])
    if not host_name or address(host_name):
        return ()
    line = f"{_ADDRESS_PLACEHOLDER} {host_name}"
    lines = [
        Snippet(f"hosts file of this machine, with the host's {_ADDRESS_PLACEHOLDER}", (line,))
    ]
    host, dot, zone = host_name.rstrip(".").partition(".")
    if dot and zone:
        record = (
            f"Add-DnsServerResourceRecordA -ZoneName {powershell(zone)} "
            f"-Name {powershell(host)} -IPv4Address {_ADDRESS_PLACEHOLDER}"
        )
        lines.append(Snippet(f"or PowerShell on the DNS server of {zone}", (record,)))
    return tuple(lines)
