"""The command with which somebody else confirms a row with a tool of their own. Pure."""

from __future__ import annotations

from probes.engine.model import Job, Observation, Reason, Result, State
from probes.remedy import tools
from probes.remedy.asked import Asked, asked
from probes.remedy.model import Command, System
from probes.remedy.quoting import address, name


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
    return (
        Command(System.UNIX, tools.nmap(what)),
        *(tools.BY_PROBE[what.probe](what) if what.probe in tools.BY_PROBE else ()),
        *tools.windows(what),
    )


def _proxied(job: Job, what: Asked) -> tuple[Command, ...]:
    """The way to the proxy, and the target through it."""
    host, port = job.dialled
    known = address(host, scoped=True) or name(host)
    if not known or port is None:
        return ()
    way = Asked("tcp", "tcp", known, known, port, str(port), "", {})
    return (
        Command(System.UNIX, tools.nmap(way)),
        *tools.https(what),
        *tools.windows(way),
    )


def _name(job: Job) -> tuple[Command, ...]:
    host = name(job.dialled[0])
    if not host:
        return ()
    return (
        Command(System.UNIX, ("getent", "ahosts", host)),
        Command(System.UNIX, ("dig", "+search", host)),
        Command(System.WINDOWS, ("Resolve-DnsName", host)),
        Command(System.WINDOWS, ("nslookup", host)),
    )
