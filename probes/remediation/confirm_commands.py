"""Commands by which somebody else confirms a row: nmap, openssl, PortQry and others."""

from __future__ import annotations

from collections.abc import Mapping

from probes.model import Job, Observation, Reason, Result, State
from probes.registry import probe_of
from probes.registry.commands import CommandTarget, https
from probes.registry.shell import Command, System, address, bracketed, name
from probes.remediation.model import HOST


def asked(job: Job, seen: Observation) -> CommandTarget:
    """The row to ask again; through a proxy that was not reached it is the proxy that is asked."""
    host = job.target.host
    safe = address(host, scoped=True) or name(host) or HOST
    at = safe if job.via else address(seen.address, scoped=True) or safe
    port = job.port or 0
    return CommandTarget(
        job.check.transport,
        at,
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
    known = address(host, scoped=True) or name(host)
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


def commands(result: Result, *, windows: bool = False) -> tuple[Command, ...]:
    """Commands that ask the same as a row, those of this system first; secrets are placeholders.

    Empty for a row that was not asked: there is nothing to confirm.
    """
    job, seen = result.job, result.observation
    if seen.reason is Reason.NAME_NOT_RESOLVED:
        found = _name(job)
    elif seen.state in (State.ERROR, State.NOT_RUN):
        found = ()
    else:
        found = _measured(job, seen)
    own = System.WINDOWS if windows else System.UNIX
    # ssh-keyscan and its like are the same on both: once is enough.
    ordered = sorted(found, key=lambda one: one.system is not own)
    first: dict[str, Command] = {}
    for one in ordered:
        first.setdefault(one.text, one)
    return tuple(first.values())


def _measured(job: Job, seen: Observation) -> tuple[Command, ...]:
    what = asked(job, seen)
    if job.via is not None:
        return _proxied(job, what)
    probe = probe_of(job.check)
    return (
        _nmap(what, probe.nmap_on.get(what.port, probe.nmap)),
        *(probe.confirm(what) if probe.confirm is not None else ()),
        *_windows(what),
    )


def _proxied(job: Job, what: CommandTarget) -> tuple[Command, ...]:
    """The way to the proxy, and the target through it."""
    host, port = job.endpoint
    known = address(host, scoped=True) or name(host)
    if not known or port is None:
        return ()
    way = CommandTarget("tcp", known, known, port, str(port), "", {})
    return (_nmap(way), *https(what), *_windows(way))


def _nmap(what: CommandTarget, scripts: tuple[str, ...] = ()) -> Command:
    """The port with its reason, and the service where a script asks for it."""
    six = ("-6",) if what.version == 6 else ()
    if what.transport == "icmp":
        words: tuple[str, ...] = ("sudo", "nmap", *six, "-n", "-sn", "-PE", "--reason", what.at)
        return Command(System.UNIX, words)
    root = ("sudo",) if what.transport == "udp" else ()
    how = "-sU" if what.transport == "udp" else "-sT"
    asks = ("-n", "-Pn", how, "-p", what.ports, "--reason", *scripts)
    return Command(System.UNIX, (*root, "nmap", *six, *asks, what.at))


def _windows(what: CommandTarget) -> tuple[Command, ...]:
    """Windows' own means, and PortQry for what those cannot ask."""
    if what.transport == "icmp":
        return (
            Command(System.WINDOWS, ("Test-NetConnection", what.at)),
            Command(System.WINDOWS, ("ping", "-n", "1", what.at)),
        )
    port = what.ports.partition("-")[0].partition(",")[0]
    query = ("portqry", "-n", what.at, "-e", port, "-p", what.transport)
    if what.transport == "udp":
        return (Command(System.WINDOWS, query),)
    test = ("Test-NetConnection", what.at, "-Port", port)
    return (Command(System.WINDOWS, test), Command(System.WINDOWS, query))


def _name(job: Job) -> tuple[Command, ...]:
    host = name(job.endpoint[0])
    if not host:
        return ()
    return (
        Command(System.UNIX, ("getent", "ahosts", host)),
        Command(System.UNIX, ("dig", "+search", host)),
        Command(System.WINDOWS, ("Resolve-DnsName", host)),
        Command(System.WINDOWS, ("nslookup", host)),
    )
