"""Commands that confirm a row with other tools: nmap, openssl, PortQry and others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from probes.model import Job, Observation, Reason, Result, State
from probes.registry import probe_of
from probes.registry.commands import CommandTarget, https
from probes.registry.shell import Command, System, address, bracketed
from probes.remediation.model import HOST
from probes.wire.address import plain_name
from profiles.recognition import AUTO

_MAX_ASKED = 64
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)


def commands(result: Result, *, windows: bool = False) -> tuple[Command, ...]:
    """Commands that send the same as a row, those of this system first; secrets are placeholders.

    Empty for a row that was not measured: there is nothing to confirm.
    """
    job, seen = result.job, result.observation
    if seen.reason is Reason.NAME_NOT_RESOLVED:
        found = _name_commands(job)
    elif seen.state in (State.ERROR, State.NOT_RUN):
        found = ()
    elif job.check.probe == AUTO:
        found = _detection_commands(job, seen)
    else:
        found = _service_commands(job, seen)
    own = System.WINDOWS if windows else System.UNIX
    # Commands such as ssh-keyscan are the same on both systems: once is enough.
    ordered = sorted(found, key=lambda one: one.system is not own)
    first: dict[str, Command] = {}
    for one in ordered:
        first.setdefault(one.text, one)
    return tuple(first.values())


def command_target(job: Job, seen: Observation) -> CommandTarget:
    """Target of the commands for a row: the measured address, or the name through a proxy."""
    host = job.target.host
    safe = address(host, scoped=True) or plain_name(host) or HOST
    measured_address = safe if job.via else address(seen.address, scoped=True) or safe
    port = job.port or 0
    return CommandTarget(
        job.check.transport,
        measured_address,
        safe,
        port,
        _ports(job, seen) or str(port),
        _proxy(job),
        seen.facts,
    )


def _proxy(job: Job) -> str:
    if job.via is None:
        return ""
    host, port = job.via
    known = address(host, scoped=True) or plain_name(host)
    return f"{bracketed(known)}:{port}" if known else ""


def _ports(job: Job, seen: Observation) -> str:
    """Of a range the ports that were tried, as far as they are known."""
    if not job.check.ports:
        return ""
    tried = seen.facts.get("tried")
    if not isinstance(tried, (list, tuple)):
        return job.check.ports
    numbers = [one.get("port") for one in tried if isinstance(one, Mapping)]
    kept = [str(one) for one in numbers if type(one) is int and 0 < one < 65536]
    return ",".join(kept) or job.check.ports


def _service_commands(job: Job, seen: Observation) -> tuple[Command, ...]:
    target = command_target(job, seen)
    if job.via is not None:
        return _proxy_commands(job, target)
    probe = probe_of(job.check)
    return (
        _nmap(target, probe.nmap_by_port.get(target.port, probe.nmap)),
        *(probe.confirm(target) if probe.confirm is not None else ()),
        *_windows(target),
    )


def _detection_commands(job: Job, seen: Observation) -> tuple[Command, ...]:
    """Commands for the ports that a host without a role was asked, and for a ping."""
    target = command_target(job, seen)
    found: list[Command] = []
    for transport in ("tcp", "udp"):
        if ports := ",".join(_asked_ports(seen, transport)):
            one = replace(target, transport=transport, ports=ports)
            query = ("portqry", "-n", one.address, "-o", ports, "-p", transport)
            found += [_nmap(one), Command(System.WINDOWS, query)]
    ping = replace(target, transport="icmp")
    return (*found, _nmap(ping), *_windows(ping))


def _asked_ports(seen: Observation, transport: str) -> list[str]:
    """Ports in the facts of the row of a host without a role, which a file may have."""
    asked = seen.facts.get("asked")
    if not isinstance(asked, (list, tuple)):
        return []
    texts = [str(one.get("port")) for one in asked[:_MAX_ASKED] if isinstance(one, Mapping)]
    pairs = [text.partition(" ") for text in texts]
    kept = [port for kind, _, port in pairs if kind.lower() == transport and _PORT.fullmatch(port)]
    return list(dict.fromkeys(kept))


def _proxy_commands(job: Job, target: CommandTarget) -> tuple[Command, ...]:
    """Commands for the path to the proxy, and for the target through it."""
    host, port = job.endpoint
    known = address(host, scoped=True) or plain_name(host)
    if not known or port is None:
        return ()
    proxy = CommandTarget("tcp", known, known, port, str(port), "", {})
    return (_nmap(proxy), *https(target), *_windows(proxy))


def _nmap(target: CommandTarget, scripts: tuple[str, ...] = ()) -> Command:
    """The port with its reason, and the service where a script asks for it."""
    ipv6 = ("-6",) if target.version == 6 else ()
    if target.transport == "icmp":
        words: tuple[str, ...] = (
            "sudo",
            "nmap",
            *ipv6,
            "-n",
            "-sn",
            "-PE",
            "--reason",
            target.address,
        )
        return Command(System.UNIX, words)
    root = ("sudo",) if target.transport == "udp" else ()
    scan = "-sU" if target.transport == "udp" else "-sT"
    options = ("-n", "-Pn", scan, "-p", target.ports, "--reason", *scripts)
    return Command(System.UNIX, (*root, "nmap", *ipv6, *options, target.address))


def _windows(target: CommandTarget) -> tuple[Command, ...]:
    """Commands of Windows itself, and PortQry for what they do not cover."""
    if target.transport == "icmp":
        return (
            Command(System.WINDOWS, ("Test-NetConnection", target.address)),
            Command(System.WINDOWS, ("ping", "-n", "1", target.address)),
        )
    port = target.ports.partition("-")[0].partition(",")[0]
    query = ("portqry", "-n", target.address, "-e", port, "-p", target.transport)
    if target.transport == "udp":
        return (Command(System.WINDOWS, query),)
    test = ("Test-NetConnection", target.address, "-Port", port)
    return (Command(System.WINDOWS, test), Command(System.WINDOWS, query))


def _name_commands(job: Job) -> tuple[Command, ...]:
    host = plain_name(job.endpoint[0])
    if not host:
        return ()
    return (
        Command(System.UNIX, ("getent", "ahosts", host)),
        Command(System.UNIX, ("dig", "+search", host)),
        Command(System.WINDOWS, ("Resolve-DnsName", host)),
        Command(System.WINDOWS, ("nslookup", host)),
    )
