"""Networks of hosts without a role: silent addresses are cheap, hidden, and never blocked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.engine.plan import CONFIRM_ABOVE, Planner, endpoint_count, plan
from probes.judging.recognised_role import RECOGNISED
from probes.model import Diagnosed, Job, Reason, Ruling, State, Status, Target, Verdict
from probes.targets import parse
from profiles.loader import load_profile
from profiles.model import Capability, Category, Recognition, Role, Signal
from profiles.recognition import AUTO, detection_checks, with_auto

BUILT_IN = load_profile(None, {})
NETWORK = "10.0.0.0/29"
HOSTS = tuple(f"10.0.0.{number}" for number in range(1, 7))


@pytest.fixture
def profile(kit):
    """Two roles, each told by a port, one of which is asked after the other."""
    ssh, web, kdc = kit.check("ssh", 22), kit.check("web", 443, role="w"), kit.check("kdc", 88)
    checks = (ssh, web, replace(kdc, role="d"), replace(kit.check("ping", None), role="p"))
    roles = tuple(Role(id, id.upper(), "c") for id in "rwdp")
    return with_auto(
        replace(
            kit.profile(*checks),
            categories=(Category("c", "C"),),
            roles=roles,
            capabilities=tuple(
                Capability(one.role, one.role, "A", "it works", "it fails", (one.id,))
                for one in checks
            ),
            recognitions=(
                Recognition("r", "r", any=(Signal("ssh"),)),
                Recognition("w", "w", any=(Signal("web"),)),
                Recognition("d", "d", all=(Signal("kdc"),), after="w"),
            ),
            also_asked=("ping",),
        )
    )


def targets(network=NETWORK, hosts=HOSTS):
    return [Target(AUTO, host, network=network) for host in hosts]


def session_of(kit, profile, script):
    silent = {(host, "ping"): kit.SILENT for host in HOSTS} | dict.fromkeys(HOSTS, kit.SILENT)
    return kit.Session(kit.Scripted(silent | script), profile)


async def test_silent_addresses_are_no_hosts_in_one_row_each_and_asked_little(kit, profile):
    session = session_of(kit, profile, {})
    await session.measure(*plan(profile, targets()))
    assert {key: one.status for key, one in session.latest.items()} == {
        f"{AUTO}|{host}": Status.NO_HOST for host in HOSTS
    }
    asked = {port for _, port in session.vantage.connects}
    assert asked == {22, 443}
    attempts = len(session.vantage.connects) / (len(HOSTS) * len(asked))
    assert attempts == 2
    assert [one.ruling for one in session.events if isinstance(one, Verdict)] == [Ruling.UNKNOWN]
    assert session.finished[-1].counts == {"no host": len(HOSTS)}


async def test_a_host_among_silent_addresses_has_a_row_that_is_seen(kit, profile):
    there = (State.CLOSED, Reason.CONN_REFUSED)
    session = session_of(kit, profile, {(HOSTS[0], 22): there, (HOSTS[1], "ping"): ECHO})
    await session.measure(*plan(profile, targets()))
    statuses = {one.job.target.host: one.status for one in session.latest.values()}
    assert statuses == {
        **dict.fromkeys(HOSTS, Status.NO_HOST),
        HOSTS[0]: Status.ERROR,
        HOSTS[1]: Status.ERROR,
    }
    rulings = {one.target.host: one.ruling for one in session.events if isinstance(one, Verdict)}
    assert rulings == {HOSTS[0]: Ruling.UNKNOWN, HOSTS[1]: Ruling.UNKNOWN}
    (found,) = next(one for one in session.events if isinstance(one, Diagnosed)).findings
    assert found.text.startswith(f"Nobody uses {len(HOSTS) - 2} of {len(HOSTS)} addresses")
    # Who is there may be a role that only the later questions tell.
    assert (HOSTS[0], 88) in session.vantage.connects
    assert (HOSTS[2], 88) not in session.vantage.connects


ECHO = (State.OPEN, Reason.ECHO_REPLY)


async def test_the_same_addresses_named_singly_are_not_known(kit, profile):
    session = session_of(kit, profile, {})
    await session.measure(*plan(profile, targets(network="")))
    assert {one.status for one in session.latest.values()} == {Status.ERROR}
    assert all("no answer: TCP 22, 88, 443, ping" in one.note for one in session.latest.values())


async def test_hosts_that_are_removed_or_stopped_leave_no_question_behind(kit, profile):
    vantage = kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT), held=True)
    session = kit.Session(vantage, profile)
    one, other = targets(network="", hosts=HOSTS[:2])
    session.scheduler.add(plan(profile, (one, other)))
    await vantage.arrived.wait()
    session.scheduler.remove((one,))
    assert {address for address, _, _ in vantage.flying} <= {other.host}
    session.scheduler.stop()
    await session.idle()
    assert {key: found.status for key, found in session.latest.items()} == {
        f"{AUTO}|{other.host}": Status.CANCELLED
    }
    assert vantage.flying == [] and not session.finished[-1].complete


async def test_while_it_is_looked_for_the_row_of_the_host_is_running(kit, profile):
    session = session_of(kit, profile, {})
    await session.measure(*plan(profile, targets(hosts=HOSTS[:1])))
    started = [key for event in session.events for key in getattr(event, "keys", ())]
    assert started.count(f"{AUTO}|{HOSTS[0]}") == 1
    assert not [key for key in started if key.count("|") > 1]


async def test_checks_that_are_left_out_are_not_asked(kit, profile):
    session = session_of(kit, profile, {})
    only = frozenset({AUTO, "web", "ping"})
    session.scheduler.add(
        plan(profile, targets(hosts=HOSTS[:1]), only=only), Planner(profile, only)
    )
    await session.idle()
    assert {port for _, port in session.vantage.connects} == {443}
    (row,) = session.latest.values()
    assert [one["check"] for one in row.observation.facts["asked"]] == ["web", "ping"]
    assert row.observation.facts[RECOGNISED] is None


def test_the_question_before_a_large_network_counts_what_may_be_asked_at_most():
    entered = parse(["10.1.0.0/24"], BUILT_IN, default_role=AUTO).targets
    jobs = plan(BUILT_IN, entered)
    assert len(jobs) == len(entered) == 254
    windows = {("udp", 135), ("udp", 139)}
    each = len(detection_checks(BUILT_IN)) + len(windows)
    assert endpoint_count(BUILT_IN, jobs) == 254 * each > CONFIRM_ABOVE
    some = [*jobs[:2], Job("x", BUILT_IN.check("unix.ssh"), Target("unix.target", "a"), 22)]
    assert endpoint_count(BUILT_IN, some) == 2 * each + 1
