"""What has to change where the profile's own words would name the wrong thing. Pure."""

from __future__ import annotations

from probes.engine.model import Job, Observation, Reason, Service, State


def another_service(job: Job, seen: Observation) -> str:
    """The change where a port is open and the service behind it is not the right one.

    Empty for any other row, and where the right service has a fault or a port behind this one
    decides. A rule that lets the connection through is there already.
    """
    if seen.state is not State.OPEN or job.check.ports or "unproven" in seen.facts:
        return ""
    where = f"{job.check.transport.upper()} {job.port}" if job.port else job.check.port_text
    if seen.service is Service.UNEXPECTED:
        return (
            f"Correct the address, or have {job.check.title} listen on {where}: "
            "the path is open, but something else answers."
        )
    if seen.service is Service.SILENT:
        return (
            f"See on the host, or on what takes its connections, why {job.check.title} says "
            f"nothing useful on {where}: the connection is accepted."
        )
    return ""


def nothing_listens(job: Job) -> str:
    """The change where a port is refused in the host's own name.

    Empty where the service answers nobody, serves one client at a time or is behind another port.
    """
    check = job.check
    if not check.answers or check.probe == "printer" or check.ports:
        return ""
    where = f"{check.transport.upper()} {job.port}" if job.port else check.port_text
    return (
        f"Start {check.title} on the host or correct the port: nothing listens on {where}, "
        "unless a firewall refuses it in the host's name."
    )


def mend(job: Job, seen: Observation) -> str:
    """The change a verdict names for a row; empty where the profile knows best.

    It names no host, so that targets with the same rows have the same verdict.
    """
    if seen.state is State.UNREACHABLE:
        match seen.reason:
            case Reason.HOST_UNREACH if "unanswered" not in seen.facts or seen.facts["unanswered"]:
                return "Start the host or correct its address, if no rule on the way says so."
            case Reason.NET_UNREACH:
                return "Correct the routes on the way, or the address."
            case Reason.TIME_EXCEEDED:
                return "Mend the routing loop on the way."
    # What the profile says of WinRM starts it, and opens its port.
    if seen.state is State.CLOSED and job.check.probe != "winrm":
        return nothing_listens(job)
    return another_service(job, seen)
