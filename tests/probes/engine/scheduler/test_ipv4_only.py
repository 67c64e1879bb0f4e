"""Rows of a protocol that exists over IPv4 only, of hosts with addresses of either version."""

from __future__ import annotations

import pytest

from probes.engine.plan import plan
from probes.model import Diagnosed, Reason, Resolution, Ruling, State, Status, Target, Verdict
from probes.registry import PROBES
from probes.vantage import Outcome
from profiles.loader import load_profile

CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
V6 = ("2001:db8::5", "fd00::5", "fe80::5%eth0", "::1", "64:ff9b::a00:1", "::ffff:0:10.0.0.5")
V4 = ("10.0.0.5", "::ffff:10.0.0.5")
ROLES = ("nas", "windows.target", "discovery.host")
NETBIOS = {139, 137, 138}


@pytest.fixture
def measured(kit):
    """Measure a host in a role; gives the session and where NetBIOS was sent to."""

    async def measure(role, host, *addresses, lost=(), forced=False):
        sent = []

        class Vantage(kit.Scripted):
            def connect(self, address, port, timeout, done, *, keep):
                if port in NETBIOS:
                    sent.append(address)
                self.script[address, port] = kit.CLOSED if port in lost else kit.OPEN
                return super().connect(address, port, timeout, done, keep=keep)

            async def exchange(self, address, port, payload, timeout, accept):
                if port in NETBIOS - {139}:
                    sent.append(address)
                return Outcome(State.CLOSED, Reason.PORT_UNREACH, address)

        vantage = Vantage()
        vantage.names[host] = Resolution(host, addresses)
        session = kit.Session(vantage, CATALOG, dict(PROBES))
        jobs = plan(CATALOG, [Target(role, host)])
        await session.measure(*jobs)
        if forced:
            session.scheduler.rerun([job.key for job in jobs], forced=True)
            await session.idle()
        return session, sent

    return measure


def netbios_rows(session):
    rows = session.latest.values()
    # UDP 139 is where an Audit Agent is looked for, and no service of NetBIOS.
    return [one for one in rows if one.job.port in NETBIOS and one.job.check.id != "enable.udp139"]


def verdict_of(session):
    return [one for one in session.events if isinstance(one, Verdict)][-1]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("address", V6)
@pytest.mark.parametrize("forced", [False, True])
async def test_netbios_of_an_ipv6_address_is_not_needed_and_nothing_is_sent(
    measured, role, address, forced
):
    session, sent = await measured(role, address, lost={5985}, forced=forced)
    rows = netbios_rows(session)
    assert rows
    assert sent == []
    assert {row.status for row in rows} == {Status.NOT_NEEDED}
    assert {row.observation.state for row in rows} == {State.NOT_RUN}
    for row in rows:
        title = f"{row.job.check.title} ({row.job.port_text})"
        assert row.note == (
            f"Not needed: {title} exists over IPv4 only, and {address} is an IPv6 address, so "
            "nothing was sent. Name the host's IPv4 address to have it tested."
        )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("address", V4)
async def test_netbios_of_an_ipv4_address_is_asked_also_of_a_mapped_one(measured, role, address):
    session, sent = await measured(role, address, lost={5985})
    assert Status.NOT_NEEDED not in {row.status for row in netbios_rows(session)}
    assert set(sent) == {address}


@pytest.mark.parametrize(
    "addresses",
    [
        ("2001:db8::5", "10.0.0.5"),
        ("10.0.0.5", "fd00::5"),
        (*(f"2001:db8::{number}" for number in range(1, 20)), "10.0.0.5"),
    ],
)
@pytest.mark.parametrize("role", ROLES)
async def test_netbios_of_a_name_with_both_kinds_of_address_is_asked_over_ipv4(
    measured, role, addresses
):
    session, sent = await measured(role, "dual.test", *addresses, lost={5985})
    assert {row.observation.address for row in netbios_rows(session)} == {"10.0.0.5"}
    assert set(sent) == {"10.0.0.5"}


@pytest.mark.parametrize("role", ROLES)
async def test_netbios_of_a_name_with_ipv6_addresses_only_is_not_needed(measured, role):
    session, sent = await measured(role, "six.test", "2001:db8::5", "fd00::5", lost={5985})
    assert sent == []
    for row in netbios_rows(session):
        assert row.status is Status.NOT_NEEDED
        assert "the name led to IPv6 addresses only (2001:db8::5 and fd00::5)" in row.note


async def test_netbios_that_cannot_be_asked_blocks_no_verdict_and_is_in_no_finding(measured):
    session, _ = await measured("discovery.host", "fd00::5")
    assert verdict_of(session).ruling is Ruling.READY
    assert verdict_of(session).text == (
        "The host can be discovered; NetBIOS name (UDP 137) and NetBIOS dgm (UDP 138) exist over "
        "IPv4 only, of which no address is known here."
    )
    (diagnosed,) = [one for one in session.events if isinstance(one, Diagnosed)]
    assert diagnosed.findings == ()


async def test_a_nas_of_which_nothing_could_be_asked_is_neither_blocked_nor_ready(measured):
    session, _ = await measured("nas", "fd00::5")
    verdict = verdict_of(session)
    assert verdict.ruling is Ruling.UNKNOWN
    assert verdict.because == ("nas.netbios",)
    assert verdict.fix == ()
    assert verdict.text == (
        "It is not known whether the device can be recognized as a NAS: NetBIOS (TCP 139) exists "
        "over IPv4 only, of which no address is known here."
    )


async def test_remoting_may_be_enabled_over_ipv6_though_netbios_is_not_there(measured):
    session, _ = await measured("windows.target", "fd00::5", lost={5985})
    verdict = verdict_of(session)
    assert "enable.netbios" not in verdict.because
    assert "NetBIOS (TCP 139) is not available" not in verdict.text
    assert all("139" not in fix for fix in verdict.fix)


async def test_what_is_lost_beside_netbios_over_ipv6_still_blocks(measured):
    session, _ = await measured("windows.target", "fd00::5", lost={5985, 445})
    verdict = verdict_of(session)
    assert verdict.ruling is Ruling.BLOCKED
    assert set(verdict.because) == {"windows.winrm", "enable.smb"}


async def test_the_audit_agent_on_udp_139_and_all_else_is_asked_over_ipv6(measured):
    session, _ = await measured("windows.target", "fd00::5", lost={5985})
    asked = {
        row.job.check.id for row in session.latest.values() if row.observation.address == "fd00::5"
    }
    assert {"windows.winrm", "enable.smb", "enable.rpc", "enable.udp135", "enable.udp139"} <= asked
