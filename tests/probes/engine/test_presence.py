"""An address of a network or range that nobody uses is not blocked."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest

from probes.model import (
    Diagnosed,
    EarlierResult,
    Icmp,
    Job,
    Reason,
    Resolution,
    Ruling,
    State,
    Status,
    Target,
    Verdict,
)
from probes.vantage import NotOffered, Outcome
from probes.vantage.error_mapping import of_icmp
from profiles.model import Capability, Category, Elsewhere, Role, Unless

NETWORK = "10.0.0.0/29"
ROUTER = "10.9.9.1"
HERE = "192.0.2.9"
HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
OK, BLOCKED, NO_HOST, ERROR = Status.OK, Status.BLOCKED, Status.NO_HOST, Status.ERROR


def profile_of(kit, *checks):
    """A profile with a verdict on the first check of each role."""
    firsts = {check.role: check for check in reversed(checks)}
    return replace(
        kit.profile(*checks),
        categories=(Category("c", "C"),),
        roles=tuple(Role(role, role, "c") for role in firsts),
        capabilities=tuple(
            Capability(f"audit-{role}", role, "Audit", "it works", "it fails", (check.id,))
            for role, check in firsts.items()
        ),
    )


def rows(*checks, hosts=HOSTS, network=NETWORK):
    return [
        Job(f"{check.id}|{host}", check, Target(check.role, host, network=network), check.port)
        for check in checks
        for host in hosts
    ]


def told(address, type=3, code=1, by=ROUTER, version=4):
    icmp = Icmp(type, code, by, version)
    return Outcome(*of_icmp(icmp), address, source=HERE, icmp=icmp)


def statuses(session):
    return {key: result.status for key, result in session.latest.items()}


def verdicts(session):
    return {one.target.host: one.ruling for one in session.events if isinstance(one, Verdict)}


def findings(session):
    return [
        one for event in session.events if isinstance(event, Diagnosed) for one in event.findings
    ]


@pytest.fixture
def ssh(kit):
    return kit.check("ssh", 22)


async def test_silent_addresses_beside_a_host_have_no_verdict_and_one_finding(kit, ssh):
    vantage = kit.Scripted({"10.0.0.2": kit.SILENT, "10.0.0.3": kit.SILENT})
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh))
    assert statuses(session) == {
        "ssh|10.0.0.1": OK,
        "ssh|10.0.0.2": NO_HOST,
        "ssh|10.0.0.3": NO_HOST,
    }
    assert verdicts(session) == {"10.0.0.1": Ruling.READY}
    assert session.finished[-1].counts == {"ok": 1, "no host": 2}
    (found,) = findings(session)
    assert found.text == ("Nobody uses 2 of 3 addresses of 10.0.0.0/29: nothing has come from them")
    assert found.keys == ("ssh|10.0.0.2", "ssh|10.0.0.3")
    note = session.latest["ssh|10.0.0.2"].note
    assert note.startswith("No answer in ")
    assert "counts as one that nobody uses" in note


async def test_the_same_addresses_named_singly_are_blocked(kit, ssh):
    vantage = kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT))
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh, network=""))
    assert set(statuses(session).values()) == {BLOCKED}
    assert set(verdicts(session).values()) == {Ruling.BLOCKED}


@pytest.mark.parametrize("singly_first", [True, False])
async def test_named_singly_in_another_role_as_well_there_is_a_host(kit, ssh, singly_first):
    web = kit.check("web", 443, role="w")
    vantage = kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT))
    session = kit.Session(vantage, profile_of(kit, ssh, web))
    single = rows(web, hosts=HOSTS[:1], network="")
    groups = [single, rows(ssh)] if singly_first else [rows(ssh), single]
    for group in groups:
        await session.measure(*group)
    assert statuses(session)["ssh|10.0.0.1"] is BLOCKED
    assert statuses(session)["ssh|10.0.0.2"] is NO_HOST
    assert verdicts(session)["10.0.0.1"] is Ruling.BLOCKED


async def test_a_host_named_singly_later_is_judged_again(kit, ssh):
    vantage = kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT))
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh))
    assert statuses(session)["ssh|10.0.0.1"] is NO_HOST
    session.scheduler.add(rows(ssh, hosts=HOSTS[:1], network=""))
    session.scheduler.flush()
    assert statuses(session)["ssh|10.0.0.1"] is BLOCKED
    assert session.latest["ssh|10.0.0.1"].job.target.network == ""
    assert verdicts(session)["10.0.0.1"] is Ruling.BLOCKED


@pytest.mark.parametrize("answer", ["open", "closed", "echo"])
async def test_a_sign_of_life_in_any_role_judges_the_earlier_rows_again(kit, ssh, answer):
    other = kit.check("ping", None, role="w") if answer == "echo" else kit.check("x", 81, role="w")
    said = {"open": kit.OPEN, "closed": kit.CLOSED, "echo": kit.SILENT}[answer]
    script = {"10.0.0.1": kit.SILENT, ("10.0.0.1", 81): said}
    session = kit.Session(kit.Scripted(script), profile_of(kit, ssh, other))
    await session.measure(*rows(ssh, hosts=HOSTS[:1]))
    assert statuses(session) == {"ssh|10.0.0.1": NO_HOST}
    assert verdicts(session) == {NETWORK: Ruling.UNKNOWN}
    await session.measure(*rows(other, hosts=HOSTS[:1]))
    assert statuses(session)["ssh|10.0.0.1"] is BLOCKED
    blocked = [one for one in session.events if isinstance(one, Verdict) and one.target.role == "r"]
    # It may be told once more, when it is known that the host is up.
    assert [ruling for ruling, _ in groupby(one.ruling for one in blocked)] == [
        Ruling.UNKNOWN,
        Ruling.BLOCKED,
    ]
    assert "nobody uses" not in session.latest["ssh|10.0.0.1"].note


@pytest.mark.parametrize("answer", ["OPEN", "SILENT"])
async def test_a_host_whose_name_leads_to_the_address_is_named_singly(kit, ssh, answer):
    web = kit.check("web", 443, role="w")
    script = {("10.0.0.1", 22): kit.SILENT, ("10.0.0.1", 443): getattr(kit, answer)}
    vantage = kit.Scripted(script)
    vantage.names["pc1"] = Resolution("pc1", ("10.0.0.1",))
    session = kit.Session(vantage, profile_of(kit, ssh, web))
    await session.measure(*rows(ssh, hosts=HOSTS[:1]), *rows(web, hosts=("pc1",), network=""))
    assert statuses(session)["ssh|10.0.0.1"] is BLOCKED
    assert verdicts(session)["10.0.0.1"] is Ruling.BLOCKED


@pytest.mark.parametrize(
    "outcome",
    [
        told("10.0.0.1", code=1),
        told("10.0.0.1", code=7),
        told("10.0.0.1", code=1, by=HERE),
        told("10.0.0.1", type=1, code=3, by="2001:db8::1", version=6),
        Outcome(State.UNREACHABLE, Reason.HOST_UNREACH, "10.0.0.1", source=HERE),
        Outcome(State.FILTERED, Reason.NO_RESPONSE, "10.0.0.1", source=HERE),
        Outcome(State.FILTERED, Reason.NO_RESPONSE, "10.0.0.1"),
    ],
    ids=["3/1", "3/7", "no-arp", "1/3", "no-icmp", "silent", "silent-no-source"],
)
async def test_silence_and_the_word_that_nobody_is_there_are_no_host(kit, ssh, outcome):
    session = kit.Session(kit.Scripted({"10.0.0.1": outcome}), profile_of(kit, ssh))
    await session.measure(*rows(ssh, hosts=HOSTS[:1]))
    assert statuses(session) == {"ssh|10.0.0.1": NO_HOST}


@pytest.mark.parametrize(
    ("type", "code", "version", "by"),
    [
        *((3, code, 4, ROUTER) for code in (0, 2, 3, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15)),
        *((1, code, 6, ROUTER) for code in (0, 1, 2, 4, 5, 6)),
        (11, 0, 4, ROUTER),
        (3, 0, 6, ROUTER),
        *((3, code, 4, "10.0.0.1") for code in (1, 3, 7, 10, 13)),
        *((3, code, 4, HERE) for code in (0, 9, 13)),
    ],
)
async def test_a_refusal_and_a_fault_of_routing_stay_what_they_are(
    kit, ssh, type, code, version, by
):
    outcome = told("10.0.0.1", type, code, by, version)
    session = kit.Session(kit.Scripted({"10.0.0.1": outcome}), profile_of(kit, ssh))
    await session.measure(*rows(ssh, hosts=HOSTS[:1]))
    assert statuses(session) == {"ssh|10.0.0.1": BLOCKED}
    assert verdicts(session) == {"10.0.0.1": Ruling.BLOCKED}


async def test_a_host_that_answers_arp_and_nothing_else_is_there(kit, ssh):
    vantage = kit.Scripted({"10.0.0.1": kit.SILENT, "10.0.0.2": kit.SILENT})
    vantage.macs["10.0.0.1"] = "02:00:00:00:00:01"
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh, hosts=HOSTS[:2]))
    assert statuses(session) == {"ssh|10.0.0.1": BLOCKED, "ssh|10.0.0.2": NO_HOST}


async def test_an_arp_reply_that_many_get_is_of_a_device_that_answers_for_them(kit, ssh):
    vantage = kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT))
    vantage.macs = dict.fromkeys(HOSTS, "12:34:56:78:9a:bc")
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh))
    assert set(statuses(session).values()) == {NO_HOST}
    assert verdicts(session)[NETWORK] is Ruling.UNKNOWN
    assert "get the same ARP reply" in session.latest["ssh|10.0.0.1"].note


async def test_the_silent_next_router_is_no_word_about_the_hosts_behind_it(kit, ssh):
    vantage = kit.Scripted({"10.0.0.1": told("10.0.0.1", by=HERE)})
    vantage.unresolved_neighbour = lambda address: "192.0.2.1"
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh, hosts=HOSTS[:1]))
    assert statuses(session) == {"ssh|10.0.0.1": BLOCKED}


async def test_a_refusal_of_one_port_keeps_the_other_rows_of_the_target_blocked(kit, ssh):
    web = kit.check("web", 443)
    vantage = kit.Scripted({"10.0.0.1": kit.SILENT, ("10.0.0.1", 443): told("10.0.0.1", code=13)})
    session = kit.Session(vantage, profile_of(kit, ssh, web))
    await session.measure(*rows(ssh, web, hosts=HOSTS[:1]))
    assert statuses(session) == {"ssh|10.0.0.1": BLOCKED, "web|10.0.0.1": BLOCKED}
    assert verdicts(session) == {"10.0.0.1": Ruling.BLOCKED}


async def test_rows_that_wait_for_a_row_without_a_host_are_without_one_too(kit):
    mapper = kit.check("rpc", 135)
    dynamic = kit.check("dyn", 49664, needs="rpc")
    vantage = kit.Scripted({"10.0.0.1": kit.SILENT, "10.0.0.2": kit.CLOSED})
    session = kit.Session(vantage, profile_of(kit, mapper, dynamic))
    await session.measure(*rows(mapper, dynamic, hosts=HOSTS[:2]))
    assert statuses(session) == {
        "rpc|10.0.0.1": NO_HOST,
        "dyn|10.0.0.1": NO_HOST,
        "rpc|10.0.0.2": BLOCKED,
        "dyn|10.0.0.2": ERROR,
    }
    session.vantage.script["10.0.0.1"] = kit.OPEN
    session.scheduler.rerun(["rpc|10.0.0.1"])
    await session.idle()
    assert statuses(session)["rpc|10.0.0.1"] is OK
    assert statuses(session)["dyn|10.0.0.1"] is OK


async def test_a_row_that_waits_is_an_error_again_where_a_host_shows_up_elsewhere(kit):
    mapper = kit.check("rpc", 135)
    dynamic = kit.check("dyn", 49664, needs="rpc")
    web = kit.check("web", 443, role="w")
    vantage = kit.Scripted({"10.0.0.1": kit.SILENT, ("10.0.0.1", 443): kit.CLOSED})
    session = kit.Session(vantage, profile_of(kit, mapper, dynamic, web))
    await session.measure(*rows(mapper, dynamic, hosts=HOSTS[:1]))
    await session.measure(*rows(web, hosts=HOSTS[:1]))
    assert statuses(session) == {
        "rpc|10.0.0.1": BLOCKED,
        "dyn|10.0.0.1": ERROR,
        "web|10.0.0.1": BLOCKED,
    }


async def test_nothing_more_is_sent_to_an_address_that_nobody_uses(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(Unless("winrm"),))
    counts = []
    for network in ("", NETWORK):
        vantage = kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT))
        session = kit.Session(vantage, profile_of(kit, winrm, smb))
        await session.measure(*rows(winrm, smb, network=network))
        counts.append(sorted(vantage.connects))
    assert counts[0] == counts[1]


async def test_what_could_not_be_tested_here_counts_neither_way(kit, ssh):
    ping = kit.check("ping", None)
    script = {"10.0.0.1": kit.SILENT, ("10.0.0.1", "ping"): NotOffered("no ping here")}
    session = kit.Session(kit.Scripted(script), profile_of(kit, ssh, ping))
    await session.measure(*rows(ssh, ping, hosts=HOSTS[:1]))
    assert statuses(session) == {"ssh|10.0.0.1": NO_HOST, "ping|10.0.0.1": ERROR}
    assert verdicts(session) == {NETWORK: Ruling.UNKNOWN}
    alone = kit.Session(kit.Scripted(script), profile_of(kit, ping))
    await alone.measure(*rows(ping, hosts=HOSTS[:1]))
    assert statuses(alone) == {"ping|10.0.0.1": ERROR}


async def test_a_network_from_which_nothing_comes_has_one_verdict_and_one_finding(kit, ssh):
    vantage = kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT))
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh))
    assert verdicts(session) == {NETWORK: Ruling.UNKNOWN}
    (found,) = findings(session)
    assert found.text == (
        "Nothing has come from 10.0.0.0/29: 3 addresses without an answer on TCP 22"
    )
    assert "nobody uses these addresses" in found.why
    assert "drops everything" in found.why
    assert found.confidence == "likely"


@pytest.mark.parametrize("code", [0, 13], ids=["no route", "rejected"])
async def test_who_sent_errors_about_some_addresses_is_named_beside_the_silence(kit, ssh, code):
    script = dict.fromkeys(HOSTS, kit.SILENT) | {"10.0.0.1": told("10.0.0.1", 3, code)}
    session = kit.Session(kit.Scripted(script), profile_of(kit, ssh))
    await session.measure(*rows(ssh))
    (found,) = (one for one in findings(session) if one.text.startswith("Nothing has come"))
    assert found.rows == 2
    assert f"ICMP errors about others of its addresses came from {ROUTER}" in found.why
    assert "rejects" not in found.why, "a router without a route rejects nothing"


async def test_a_router_that_speaks_of_some_only_makes_no_difference(kit, ssh):
    """A router sends few ICMP errors a second, and the other addresses just stay silent."""
    script = {host: told(host) for host in HOSTS[:2]} | {"10.0.0.3": kit.SILENT}
    session = kit.Session(kit.Scripted({**script, "10.0.0.4": kit.OPEN}), profile_of(kit, ssh))
    await session.measure(*rows(ssh, hosts=(*HOSTS, "10.0.0.4")))
    assert [*statuses(session).values()].count(NO_HOST) == 3
    assert verdicts(session) == {"10.0.0.4": Ruling.READY}
    (found,) = findings(session)
    assert f"{ROUTER} says of 2 of them that nobody is there" in found.why


async def test_a_host_that_falls_silent_was_there_and_is_blocked(kit, ssh):
    vantage = kit.Scripted({("10.0.0.1", 22): [kit.OPEN, kit.SILENT]})
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh, hosts=HOSTS[:1]))
    session.scheduler.rerun(["ssh|10.0.0.1"])
    await session.idle()
    assert statuses(session) == {"ssh|10.0.0.1": BLOCKED}


async def test_results_of_an_earlier_session_are_signs_too(kit, ssh):
    web = kit.check("web", 443)
    before = kit.Session(kit.Scripted({("10.0.0.1", 443): kit.SILENT}), profile_of(kit, ssh, web))
    await before.measure(*rows(ssh, web, hosts=HOSTS[:1]))
    earlier = [before.latest["ssh|10.0.0.1"]]
    after = kit.Session(
        kit.Scripted({("10.0.0.1", 443): kit.SILENT}), profile_of(kit, ssh, web), earlier=earlier
    )
    await after.measure(*rows(web, hosts=HOSTS[:1]))
    assert statuses(after) == {"web|10.0.0.1": BLOCKED}


@pytest.mark.parametrize("times", [1, 2], ids=["answered then", "was lost then"])
async def test_a_host_of_an_earlier_session_that_falls_silent_is_blocked(kit, ssh, times):
    before = kit.Session(
        kit.Scripted({("10.0.0.1", 22): [kit.OPEN, kit.SILENT]}), profile_of(kit, ssh)
    )
    await before.measure(*rows(ssh, hosts=HOSTS[:1]))
    if times == 2:
        before.scheduler.rerun(["ssh|10.0.0.1"])
        await before.idle()
    after = kit.Session(
        kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT)),
        profile_of(kit, ssh),
    )
    after.scheduler.recall(before.latest.values())
    await after.measure(*rows(ssh))
    assert statuses(after) == {
        "ssh|10.0.0.1": BLOCKED,
        "ssh|10.0.0.2": NO_HOST,
        "ssh|10.0.0.3": NO_HOST,
    }


async def test_a_row_of_an_earlier_session_that_was_lost_stays_so_unmeasured(kit, ssh):
    web = kit.check("web", 443)
    silent = kit.Scripted({("10.0.0.1", 22): [kit.OPEN, kit.SILENT], "10.0.0.2": kit.SILENT})
    before = kit.Session(silent, profile_of(kit, ssh, web))
    await before.measure(*rows(ssh, hosts=HOSTS[:2]))
    before.scheduler.rerun(["ssh|10.0.0.1"])
    await before.idle()
    after = kit.Session(
        kit.Scripted({}), profile_of(kit, ssh, web), earlier=[*before.latest.values()]
    )
    await after.measure(*rows(web, hosts=HOSTS[2:]))
    counted = [one.result for one in after.events if isinstance(one, EarlierResult)]
    assert [one.status for one in counted] == [BLOCKED, NO_HOST]


@pytest.mark.parametrize(("answering", "ruling"), [(False, Ruling.UNKNOWN), (True, Ruling.READY)])
async def test_a_network_without_a_controller_shows_none(kit, answering, ruling):
    pc, dc = kit.check("winrm", 5985), kit.check("ldap", 389, role="dc")
    profile = profile_of(kit, pc, dc)
    own = replace(profile.capabilities[-1], role="r", elsewhere=(Elsewhere("ldap", "less"),))
    profile = replace(profile, capabilities=(replace(own, requires=("winrm",)),))
    script = {"10.0.0.2": kit.SILENT, "10.0.0.3": kit.OPEN if answering else kit.SILENT}
    session = kit.Session(kit.Scripted(script), profile)
    await session.measure(*rows(pc, hosts=HOSTS[:1]), *rows(dc, hosts=HOSTS[1:]))
    (verdict,) = [
        one for one in session.events if isinstance(one, Verdict) and one.target.role == "r"
    ]
    assert verdict.ruling is ruling
    assert ("could not be tested on any dc" in verdict.text) is not answering


async def test_something_that_accepts_everything_is_no_host(kit, ssh):
    script = {"10.0.0.1": kit.OPEN, ("10.0.0.1", 22): kit.SILENT}
    web = kit.check("web", 443)
    vantage = kit.Scripted(script)
    vantage.scripted = lambda address, port: True
    session = kit.Session(vantage, profile_of(kit, ssh, web))
    await session.measure(*rows(ssh, web, hosts=HOSTS[:1]))
    # A device speaks for the address, so its rows stay what they are.
    assert statuses(session)["ssh|10.0.0.1"] is BLOCKED


async def test_a_stopped_run_says_nothing_about_a_network(kit, ssh):
    session = kit.Session(
        kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT), held=True), profile_of(kit, ssh)
    )
    session.scheduler.add(rows(ssh))
    await session.vantage.arrived.wait()
    session.scheduler.stop()
    session.scheduler.flush()
    assert verdicts(session) == {}


async def test_removed_and_restored_addresses_stay_without_a_host(kit, ssh):
    vantage = kit.Scripted({"10.0.0.2": kit.SILENT, "10.0.0.3": kit.SILENT})
    session = kit.Session(vantage, profile_of(kit, ssh))
    await session.measure(*rows(ssh))
    target = Target("r", "10.0.0.2", network=NETWORK)
    session.scheduler.remove([target])
    await session.idle()
    assert session.finished[-1].counts == {"ok": 1, "no host": 1}
    session.scheduler.restore([target])
    await session.idle()
    assert session.finished[-1].counts == {"ok": 1, "no host": 2}
    assert set(verdicts(session)) == {"10.0.0.1"}


async def test_every_row_of_a_target_is_without_a_host_or_none_is(kit, ssh):
    web = kit.check("web", 443)
    for first in (kit.SILENT, kit.OPEN, kit.CLOSED, told("10.0.0.1", code=13), told("10.0.0.1")):
        script = {("10.0.0.1", 22): first, ("10.0.0.1", 443): kit.SILENT}
        session = kit.Session(kit.Scripted(script), profile_of(kit, ssh, web))
        await session.measure(*rows(web, ssh, hosts=HOSTS[:1]))
        shares = {status is NO_HOST for status in statuses(session).values()}
        assert len(shares) == 1


async def test_a_network_that_stays_silent_is_not_told_of_again(kit, ssh):
    session = kit.Session(kit.Scripted(dict.fromkeys(HOSTS, kit.SILENT)), profile_of(kit, ssh))
    await session.measure(*rows(ssh))
    session.scheduler.rerun(["ssh|10.0.0.1", "ssh|10.0.0.2", "ssh|10.0.0.3"])
    await session.idle()
    assert len(session.finished) == 2
    assert [one.ruling for one in session.events if isinstance(one, Verdict)] == [Ruling.UNKNOWN]


def test_a_target_names_the_whole_it_came_from(ssh):
    (row,) = rows(ssh, hosts=HOSTS[:1])
    assert row.target == Target("r", "10.0.0.1")
    assert row.target.whole == Target("r", NETWORK)
    assert row.target.whole.whole == row.target.whole
    singly = Target("r", "10.0.0.1")
    assert singly.whole is singly
