"""Results of every ending, for the profile that is delivered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from probes.judging.status import judge
from probes.model import Icmp, Job, Observation, Reason, Result, Service, State, Target
from probes.registry import PROBES
from profiles.loader import load_profile
from profiles.model import Profile

MakeResult = Callable[..., Result]


@pytest.fixture(scope="session")
def profile() -> Profile:
    return load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


@pytest.fixture(scope="session")
def row(profile: Profile) -> MakeResult:
    """A judged row of a check; what is not said is a silent host at 10.2.0.14."""

    def make(
        check: str,
        host: str = "pc1.corp.test",
        state: State = State.FILTERED,
        reason: Reason = Reason.NO_RESPONSE,
        *,
        service: Service = Service.NOT_ASKED,
        address: str | None = "10.2.0.14",
        source: str | None = "10.1.0.9",
        icmp: str | None = None,
        facts: Mapping[str, object] | None = None,
        port: int | None = None,
        via: tuple[str, int] | None = None,
    ) -> Result:
        known = profile.check(check)
        job = Job(f"{check}|{host}", known, Target(known.role, host), port or known.port, via)
        sender = None if icmp is None else Icmp(3, 13, icmp)
        seen = Observation(
            state, reason, service, address, source, sender, started="2026-01-01", facts=facts or {}
        )
        return judge(job, seen)

    return make
