"""Rows of one port of one host have one state: an answer is believed over a silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.call import Answer, Unexpected
from probes.model import Icmp, Reason, Resolution, Service, State, Status
from probes.registry import PROBES
from probes.vantage import Outcome

HOST = "10.0.0.1"
REJECTED = Outcome(*(State.FILTERED, Reason.ADMIN_PROHIBITED, HOST), icmp=Icmp(3, 13, "10.0.0.254"))


@pytest.fixture
def rows(kit):
    """A profile with two roles that ask one port, and their rows."""
    one = kit.check("one.port", 5985, role="first")
    two = kit.check("two.port", 5985, role="second")
    return kit.profile(one, two), kit.job(one), kit.job(two)


def told(result) -> tuple[State, Reason, Status]:
    return result.observation.state, result.observation.reason, result.status


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ("OPEN", (State.OPEN, Reason.SYN_ACK, Status.OK)),
        ("CLOSED", (State.CLOSED, Reason.CONN_REFUSED, Status.BLOCKED)),
        (REJECTED, (State.FILTERED, Reason.ADMIN_PROHIBITED, Status.BLOCKED)),
    ],
)
@pytest.mark.parametrize("silent_first", [True, False])
async def test_an_answer_is_believed_over_a_silence(kit, rows, answer, seen, silent_first):
    profile, one, two = rows
    said = getattr(kit, answer) if isinstance(answer, str) else answer
    script = [kit.SILENT, said] if silent_first else [said, kit.SILENT]
    session = kit.Session(kit.Scripted({(HOST, 5985): script}), profile, retries=0)
    latest = await session.measure(one, two)
    assert {told(latest[job.key]) for job in (one, two)} == {seen}
    believing = latest[(one if silent_first else two).key]
    other = "second" if silent_first else "first"
    assert f"(as tested for {other}; this row's own attempts got no answer)" in believing.note
    assert len(believing.observation.evidence) == 2
    assert session.finished[-1].counts == {str(seen[2]): 2}


async def test_two_silences_stay_silent_and_two_answers_as_they_are(kit, rows):
    profile, one, two = rows
    for script, states in (
        ([kit.SILENT], [State.FILTERED, State.FILTERED]),
        ([kit.OPEN, kit.CLOSED], [State.OPEN, State.CLOSED]),
    ):
        session = kit.Session(kit.Scripted({(HOST, 5985): script}), profile, retries=0)
        latest = await session.measure(one, two)
        assert [latest[job.key].observation.state for job in (one, two)] == states
        assert "measured as" not in "".join(one.note for one in latest.values())


async def test_another_port_and_another_host_are_believed_nothing(kit):
    one, two = kit.check("one", 22, role="a"), kit.check("two", 2222, role="b")
    script = {(HOST, 22): kit.OPEN, (HOST, 2222): kit.SILENT, ("10.0.0.2", 22): kit.SILENT}
    session = kit.Session(kit.Scripted(script), kit.profile(one, two), retries=0)
    latest = await session.measure(kit.job(one), kit.job(two), kit.job(one, "10.0.0.2"))
    assert latest["two|10.0.0.1"].status is Status.BLOCKED
    assert latest["one|10.0.0.2"].status is Status.BLOCKED


async def test_a_silence_of_a_later_run_is_not_covered_by_an_answer_of_an_earlier_one(kit, rows):
    profile, one, two = rows
    vantage = kit.Scripted({(HOST, 5985): kit.OPEN})
    session = kit.Session(vantage, profile, retries=0)
    await session.measure(one, two)
    vantage.script[(HOST, 5985)] = kit.SILENT
    session.scheduler.rerun([one.key])
    await session.idle()
    assert {told(session.latest[job.key])[0] for job in (one, two)} == {State.FILTERED}


async def test_the_other_row_of_a_port_is_measured_again_with_the_chosen_one(kit, rows):
    profile, one, two = rows
    vantage = kit.Scripted({(HOST, 5985): kit.CLOSED})
    session = kit.Session(vantage, profile, retries=0)
    await session.measure(one, two)
    vantage.script[(HOST, 5985)] = kit.OPEN
    session.scheduler.rerun([two.key])
    await session.idle()
    assert {session.latest[job.key].status for job in (one, two)} == {Status.OK}
    assert len(vantage.connects) == 4


async def test_rows_without_a_measurement_are_not_measured_because_of_their_port(kit, rows):
    profile, one, two = rows
    vantage = kit.Scripted({(HOST, 5985): kit.OPEN})
    session = kit.Session(vantage, profile)
    await session.measure(one)
    session.scheduler.rerun([one.key])
    await session.idle()
    assert len(vantage.connects) == 2
    assert two.key not in session.latest


PROVEN = Answer(Service.CONFIRMED, {"summary": "SSH 2.0"})


@pytest.mark.parametrize(
    ("first", "second", "statuses"),
    [
        (EOFError(), PROVEN, [Status.OK, Status.OK]),
        (PROVEN, EOFError(), [Status.OK, Status.OK]),
        (Unexpected("HTTP"), PROVEN, [Status.BLOCKED, Status.OK]),
        (EOFError(), Unexpected("HTTP"), [Status.BLOCKED, Status.BLOCKED]),
    ],
)
async def test_a_service_that_answers_one_row_is_believed_where_it_is_silent_to_the_other(
    kit, first, second, statuses, a_server, a_probe
):
    port, vantage = a_server
    said = {"one": first, "two": second}

    async def ask(call):
        answer = said[call.job.check.id]
        if isinstance(answer, Exception):
            raise answer
        return answer

    checks = [kit.check(id, port, role=f"role of {id}", probe="told") for id in said]
    session = kit.Session(vantage, kit.profile(*checks), {"told": a_probe("tcp", ask)})
    latest = await session.measure(*(kit.job(check, "127.0.0.1") for check in checks))
    assert [latest[f"{id}|127.0.0.1"].status for id in said] == statuses


async def test_another_name_of_the_address_gives_the_state_and_not_the_service(kit):
    check = kit.check("tls", 443)
    vantage = kit.Scripted({(HOST, 443): [kit.OPEN, kit.SILENT]})
    vantage.names["web"] = Resolution("web", (HOST,))
    session = kit.Session(vantage, kit.profile(check), retries=0)
    latest = await session.measure(kit.job(check), kit.job(check, "web"))
    named = latest["tls|web"]
    assert (named.observation.state, named.observation.service) == (State.OPEN, Service.SILENT)
    assert named.status is Status.BLOCKED
    assert "this row's service was not reached (as tested for r 10.0.0.1;" in named.note


async def test_another_probe_gives_the_state_and_not_the_service(kit):
    one = kit.check("one", 443, role="first")
    two = kit.check("two", 443, role="second", probe="https")
    vantage = kit.Scripted({(HOST, 443): [kit.OPEN, kit.SILENT]})
    session = kit.Session(vantage, kit.profile(one, two), {"https": PROBES["https"]}, retries=0)
    latest = await session.measure(kit.job(one), kit.job(two))
    assert told(latest["two|10.0.0.1"]) == (State.OPEN, Reason.SYN_ACK, Status.BLOCKED)


async def test_a_row_behind_a_proxy_is_believed_nothing_and_gives_nothing(kit):
    one = kit.check("one", 443, role="first")
    two = kit.check("two", 443, role="second")
    proxied = replace(kit.job(two), via=(HOST, 443))
    vantage = kit.Scripted({(HOST, 443): [kit.OPEN, kit.SILENT]})
    session = kit.Session(vantage, kit.profile(one, two), retries=0)
    latest = await session.measure(kit.job(one), proxied)
    assert latest["two|10.0.0.1"].observation.state is State.FILTERED
