"""The detail pane has what a network team asks for as evidence."""

from __future__ import annotations

import pytest

from probes.model import Evidence, Icmp, Job, Observation, Reason, Result, State, Status, Target
from profiles.model import Profile
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.text.detail import detail_lines


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load(Options("screen"))


@pytest.fixture
def told(profile: Profile) -> dict[str, str]:
    check = profile.check("windows.winrm")
    job = Job("windows.winrm|pc1", check, Target(check.role, "pc1"), 5985)
    refused = Icmp(3, 13, "10.1.1.1")
    exchange = Evidence(
        "10.0.0.14", "TCP connect", "", State.FILTERED, Reason.ADMIN_PROHIBITED, 2.0, refused, 113
    )
    seen = Observation(
        State.FILTERED,
        Reason.ADMIN_PROHIBITED,
        address="10.0.0.14",
        source="10.0.0.9",
        interface="eth0",
        icmp=refused,
        latency_ms=1.5,
        latency_source="kernel",
        timings_ms={"resolve": 3.0, "connect": 1.5},
        started="2026-01-31T12:00:00.000+01:00",
        attempts=2,
        facts={"resolved": {"addresses": ["10.0.0.14"], "server": "10.0.0.53", "of": ""}},
        evidence=(exchange,),
    )
    return dict(detail_lines(job, Result(job, Status.BLOCKED, "No.", seen), profile))


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("path", "10.0.0.14 from 10.0.0.9 (eth0)"),
        ("resolved", "addresses 10.0.0.14, server 10.0.0.53"),
        ("said no", "10.1.1.1, ICMP type 3 code 13"),
        ("time", "latency 1.50 ms (kernel); resolve 3.00 ms, connect 1.50 ms"),
        ("when", "2026-01-31T12:00:00.000+01:00, 2 attempts"),
        (
            "exchange 1",
            "at 2 ms to 10.0.0.14, sent TCP connect, filtered (admin-prohibited), "
            "10.1.1.1, ICMP type 3 code 13, errno 113",
        ),
    ],
)
def test_the_evidence_is_all_there(told: dict[str, str], label: str, text: str) -> None:
    assert told[label] == text


def test_a_host_is_told_by_its_friendly_name_too(profile: Profile) -> None:
    check = profile.check("windows.winrm")
    target = Target(check.role, "pc1", friendly_name="Reception\x1b[m")
    lines = [*detail_lines(Job("windows.winrm|pc1", check, target, 5985), None, profile)]
    assert lines[0][1].endswith("to pc1")
    assert dict(lines)["known as"].startswith("Reception")
    assert dict(lines)["known as"].isprintable()
    assert "known as" not in dict(
        detail_lines(
            Job("windows.winrm|pc1", check, Target(check.role, "pc1"), 5985), None, profile
        )
    )
