"""Rows through a proxy: it is connected to, resolved and named instead of the target."""

from __future__ import annotations

import dataclasses

import pytest

from probes.engine.plan import plan
from probes.judging.change import required_change
from probes.judging.party import Party
from probes.judging.status import judge
from probes.model import Reason, Resolution, Service, Status, Target

PROXY = ("proxy.test", 3128)


@pytest.fixture
def through(kit):
    def make(check, host: str = "target.test"):
        return dataclasses.replace(kit.job(check, host), via=PROXY)

    return make


@pytest.fixture
def vantage(kit):
    made = kit.Scripted()
    made.names["proxy.test"] = Resolution("proxy.test", ("10.9.9.9",), 1.0, "10.0.0.53")
    return made


async def test_the_proxy_is_resolved_and_connected_to_and_the_target_is_not(kit, vantage, through):
    a = kit.check("a", 443)
    latest = await kit.Session(vantage, kit.profile(a)).measure(through(a))
    assert vantage.looked_up == ["proxy.test"]
    assert vantage.connects == [("10.9.9.9", 3128)]
    seen = latest["a|target.test"].observation
    assert seen.facts["proxy"] == "proxy.test:3128"
    assert seen.address == "10.9.9.9"


async def test_a_proxy_that_refuses_is_named_as_the_proxy(kit, vantage, through):
    a = kit.check("a", 443)
    vantage.script["10.9.9.9"] = kit.CLOSED
    latest = await kit.Session(vantage, kit.profile(a)).measure(through(a))
    assert latest["a|target.test"].status is Status.BLOCKED
    assert latest["a|target.test"].note == (
        "The proxy proxy.test:3128 is not reached: refused with a TCP reset: "
        "nothing listens on 3128, or a firewall sent the reset."
    )


async def test_what_to_change_is_the_way_to_the_proxy(kit, vantage, through):
    a = kit.check("a", 443)
    vantage.script["10.9.9.9"] = kit.SILENT
    latest = await kit.Session(vantage, kit.profile(a)).measure(through(a))
    change = required_change(latest["a|target.test"])
    assert (change.party, change.name) == (Party.PROXY, "proxy.test:3128")
    assert change.text == "Allow this machine to connect to the proxy proxy.test:3128."


async def test_a_proxy_without_an_address_is_named_and_nothing_is_called_blocked(kit, through):
    a = kit.check("a", 443)
    latest = await kit.Session(kit.Scripted(), kit.profile(a)).measure(through(a))
    result = latest["a|target.test"]
    assert result.status is Status.ERROR
    assert result.observation.reason is Reason.NAME_NOT_RESOLVED
    assert result.observation.facts["proxy"] == "proxy.test:3128"
    assert result.note.startswith(
        "Not tested: the name of the proxy proxy.test:3128 does not resolve:"
    )


async def test_a_cancelled_row_does_not_name_the_proxy(kit, vantage, through):
    a = kit.check("a", 443)
    vantage.held = True
    session = kit.Session(vantage, kit.profile(a))
    session.scheduler.add([through(a)])
    await vantage.arrived.wait()
    session.scheduler.stop()
    session.scheduler.flush()
    assert session.latest["a|target.test"].note == "Stopped before it was tested."


async def test_the_name_of_the_proxy_is_looked_up_again_in_a_rerun(kit, vantage, through):
    a = kit.check("a", 443)
    session = kit.Session(vantage, kit.profile(a))
    await session.measure(through(a))
    session.scheduler.rerun(["a|target.test"])
    await session.idle()
    assert vantage.looked_up == ["proxy.test", "proxy.test"]


async def test_a_service_that_is_not_proven_is_blocked_with_the_probes_own_sentence(kit):
    a = kit.check("a", 443)
    result = (await kit.Session(kit.Scripted(), kit.profile(a)).measure(kit.job(a)))["a|10.0.0.1"]
    facts = {"unproven": "certificate", "summary": "Its certificate expired"}
    observation = dataclasses.replace(result.observation, service=Service.UNEXPECTED, facts=facts)
    judged = judge(result.job, observation)
    assert (judged.status, judged.note) == (
        Status.BLOCKED,
        "Its certificate expired.",
    )


def test_the_plan_asks_the_route_for_every_row_with_the_port_that_is_used(kit):
    a, b = kit.check("a", 443, custom_port=True), kit.check("b", 22)
    asked = []

    def route(check, host, port):
        asked.append((check.id, host, port))
        return PROXY if check.id == "a" else None

    jobs = plan(kit.profile(a, b), [Target("r", "h", 8443)], route=route)
    assert asked == [("a", "h", 8443), ("b", "h", 22)]
    assert [job.via for job in jobs] == [PROXY, None]
    assert [job.endpoint for job in jobs] == [PROXY, ("h", 22)]


def test_a_proxy_with_an_ipv6_address_is_shown_in_brackets(kit):
    job = dataclasses.replace(kit.job(kit.check("a")), via=("2001:db8::1", 3128))
    assert job.proxy == "[2001:db8::1]:3128"
