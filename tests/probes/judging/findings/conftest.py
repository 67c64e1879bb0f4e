"""Rows as the engine would report them, and what is found in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from probes.judging.findings import Finding, diagnose
from probes.judging.status import judge
from probes.model import Icmp, Job, Observation, Reason, Result, Service, State, Target
from profiles.model import Check

HERE = "10.0.0.9"

STATES = {
    "open": (State.OPEN, Reason.SYN_ACK),
    "refused": (State.CLOSED, Reason.CONN_REFUSED),
    "silent": (State.FILTERED, Reason.NO_RESPONSE),
    "rejected": (State.FILTERED, Reason.ADMIN_PROHIBITED),
    "down": (State.UNREACHABLE, Reason.HOST_UNREACH),
    "no route": (State.UNREACHABLE, Reason.NET_UNREACH),
    "loop": (State.UNREACHABLE, Reason.TIME_EXCEEDED),
    "unresolved": (State.ERROR, Reason.NAME_NOT_RESOLVED),
    "forbidden": (State.ERROR, Reason.PERMISSION_DENIED),
    "waits": (State.NOT_RUN, Reason.DEPENDENCY),
}


class Make:
    """Makes one row; every argument has a plain default."""

    def __call__(
        self,
        host: str,
        port: int,
        what: str = "open",
        *,
        by: str = "",
        address: str | None = "",
        transport: str = "tcp",
        title: str = "",
        needs: str = "",
        probe: str = "",
        loss: str = "blocked",
        talks: bool = True,
        service: Service = Service.NOT_ASKED,
        started: str = "2026-11-23T12:00:00.000+00:00",
        role: str = "r",
        took: float | None = None,
        **facts: object,
    ) -> Result:
        state, reason = STATES[what]
        if what == "silent" and transport == "udp":
            state = State.OPEN_FILTERED
        id = f"{role}.{transport}{port or ''}"
        check = Check(
            id,
            "c",
            role,
            title or f"T{port}",
            probe or transport,
            transport,
            "p",
            "Lost.",
            "Start it.",
            port=port or None,
            needs=needs,
            loss=loss,
            answers=talks,
        )
        job = Job(f"{id}|{host}", check, Target(role, host), port or None)
        untested = state in (State.ERROR, State.NOT_RUN)
        if address == "":
            address = None if untested else host
        if address is not None and address != host:
            facts.setdefault("resolved", {"addresses": [address]})
        icmp = Icmp(3, 13, by) if by else None
        seen = Observation(
            state, reason, service, address, HERE, icmp, took, started=started, facts=facts
        )
        return judge(job, seen)


@pytest.fixture
def row() -> Make:
    return Make()


@pytest.fixture
def found() -> Callable[..., tuple[Finding, ...]]:
    def diagnosed(rows: Iterable[Result], **answers: str) -> tuple[Finding, ...]:
        return diagnose(rows, answers)

    return diagnosed


@pytest.fixture
def only(found) -> Callable[..., Finding]:
    def diagnosed(rows: Iterable[Result], **answers: str) -> Finding:
        findings = found(rows, **answers)
        assert len(findings) == 1, [finding.text for finding in findings]
        return findings[0]

    return diagnosed
