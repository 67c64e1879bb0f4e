"""Jobs and results that nobody measured, for what only shows them."""

from probes.model import Job, Observation, Reason, Result, State, Status, Target
from profiles.model import Check


def a_check(id: str = "windows.winrm", title: str = "WinRM", port: int | None = 5985) -> Check:
    return Check(
        id=id,
        category=id.split(".")[0],
        role="windows.target",
        title=title,
        probe="tcp",
        transport="tcp" if port else "icmp",
        purpose="",
        consequence="",
        fix="",
        port=port,
    )


def a_job(host: str, check: Check | None = None, role: str = "windows.target") -> Job:
    check = check or a_check()
    target = Target(role, host)
    return Job(f"{check.id}|{target.label}", check, target, check.port)


def a_result(
    job: Job,
    status: Status = Status.OK,
    note: str = "",
    latency: float | None = None,
    why: str = "",
) -> Result:
    seen = Observation(State.OPEN, Reason.SYN_ACK, address="192.0.2.7", latency_ms=latency)
    return Result(job, status, note, seen, why or note.rstrip("."))
