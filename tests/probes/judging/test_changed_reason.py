"""A changed reason says who said no before and who does now, and no more than both prove."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from probes.judging.changed_reason import Obstacle, changed_reason_text, obstacle_of
from probes.judging.party import Party
from probes.model import (
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
)
from profiles.model import Check

CHECK = Check("unix.ssh", "c", "r", "SSH", "tcp", "tcp", "", "", "", port=22)
HOST, HERE, ROUTER = "10.77.4.12", "10.88.9.2", "10.88.9.1"
JOB = Job("unix.ssh|db1", CHECK, Target("r", "db1"), 22)


def row(
    state: State, reason: Reason, status: Status = Status.BLOCKED, why: str = "", **more: object
) -> Result:
    seen = Observation(state, reason, **{"address": HOST, "source": HERE, **more})
    return Result(JOB, status, "A note.", seen, why)


def rejected(by: str, code: int = 13) -> Result:
    return row(State.FILTERED, Reason.ADMIN_PROHIBITED, icmp=Icmp(3, code, by))


def opened(why: str, service: Service = Service.UNEXPECTED, **more: object) -> Result:
    return row(State.OPEN, Reason.SYN_ACK, why=why, service=service, **more)


def untested(reason: Reason, **facts: object) -> Result:
    return row(State.ERROR, reason, Status.ERROR, "a reason", address=None, facts=facts)


ROUTER_SAYS_NO, OTHER_ROUTER = rejected(ROUTER), rejected("10.88.9.3")
FIREWALL = rejected(HOST)
REFUSED = row(State.CLOSED, Reason.CONN_REFUSED)
SILENT = row(State.FILTERED, Reason.NO_RESPONSE)
NOBODY = row(State.FILTERED, Reason.NO_RESPONSE, facts={"no_arp_reply": True})
NO_NEIGHBOUR = row(State.UNREACHABLE, Reason.HOST_UNREACH, icmp=Icmp(3, 1, HERE))
DOWN = row(State.UNREACHABLE, Reason.HOST_UNREACH, icmp=Icmp(3, 1, ROUTER))
LOOP = row(State.UNREACHABLE, Reason.TIME_EXCEEDED, icmp=Icmp(11, 0, ROUTER))
NO_ROUTE = row(State.UNREACHABLE, Reason.NET_UNREACH, source=None)
JETTY = opened("wrong service: Jetty 9.4.51")
EXPIRED = opened("certificate: expired", Service.CONFIRMED)
HANGS_UP = opened("accepts, then hangs up", Service.SILENT)
NAMELESS = untested(Reason.NAME_NOT_RESOLVED)
DNS_SILENT = untested(Reason.NAME_NOT_RESOLVED, fix="See to the DNS server.")
FAULT = untested(Reason.LOCAL_ERROR)
ALL = (
    *(ROUTER_SAYS_NO, OTHER_ROUTER, FIREWALL, REFUSED, SILENT, NOBODY, DOWN, LOOP, NO_ROUTE),
    *(JETTY, EXPIRED, HANGS_UP, NAMELESS, DNS_SILENT, FAULT),
)


def told(before: Result, after: Result) -> str:
    was, now = obstacle_of(before), obstacle_of(after)
    assert was is not None and now is not None
    return "" if was.identity == now.identity else changed_reason_text(was, now)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (ROUTER_SAYS_NO, REFUSED, "10.88.9.1 lets it through now; the host refuses it"),
        (
            ROUTER_SAYS_NO,
            FIREWALL,
            "10.88.9.1 lets it through now; the host's firewall rejects it",
        ),
        (
            ROUTER_SAYS_NO,
            JETTY,
            "10.88.9.1 lets it through now; the host answers (wrong service: Jetty 9.4.51)",
        ),
        # Silence does not prove that it passes.
        (ROUTER_SAYS_NO, SILENT, "10.88.9.1 rejects it no more; nothing answers"),
        (ROUTER_SAYS_NO, OTHER_ROUTER, "10.88.9.1 rejects it no more; 10.88.9.3 rejects it"),
        (
            ROUTER_SAYS_NO,
            rejected(ROUTER, 10),
            "10.88.9.1 rejects it by another rule: ICMP 3/10 instead of ICMP 3/13",
        ),
        (FIREWALL, REFUSED, "the host's firewall lets it through now; the host refuses it"),
        (FIREWALL, SILENT, "the host's firewall rejects it no more; nothing answers"),
        (REFUSED, HANGS_UP, "the host accepts it now; the host answers (accepts, then hangs up)"),
        (REFUSED, FIREWALL, "the host refuses it no more; the host's firewall rejects it"),
        (REFUSED, ROUTER_SAYS_NO, "the host refuses it no more; 10.88.9.1 rejects it"),
        (SILENT, ROUTER_SAYS_NO, "it is not silent any more; 10.88.9.1 rejects it"),
        (SILENT, REFUSED, "it is not silent any more; the host refuses it"),
        (DOWN, REFUSED, "the host is there now; the host refuses it"),
        (LOOP, DOWN, "10.88.9.1 reports no routing error any more; 10.88.9.1 cannot deliver it "
         "to the host"),
        (NO_ROUTE, SILENT, "this machine has a route to it now; nothing answers"),
        (JETTY, EXPIRED, "now certificate: expired; before wrong service: Jetty 9.4.51"),
        (EXPIRED, HANGS_UP, "now accepts, then hangs up; before certificate: expired"),
        (JETTY, REFUSED, "what answered before does so no more; the host refuses it"),
        (NAMELESS, FAULT, "the name is not the reason any more; not tested"),
        (DNS_SILENT, NAMELESS, "DNS answers now; the name does not resolve"),
    ],
)  # fmt: skip
def test_a_changed_reason_says_who_said_no_and_who_does_now(
    before: Result, after: Result, text: str
) -> None:
    assert told(before, after) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Times, counts and texts of a note differ from one time to the next.
        (SILENT, replace(SILENT, note="No answer in 5 s.", why="dropped: 88 answers")),
        (REFUSED, replace(REFUSED, observation=replace(REFUSED.observation, latency_ms=9.0))),
        (opened("clock 7 min ahead"), opened("clock 12 min ahead")),
        # The unit of a time goes with its number.
        (opened("clock 118 min ahead"), opened("clock 2 h ahead")),
        (opened("clock 47 h behind"), opened("clock 2 d behind")),
        (opened("certificate: 3 days left"), opened("certificate: 2 days left")),
        (opened("answered after 4.2 s"), opened("answered after 10.75 s")),
        # ARP that is given up after the patience of a row, and before it.
        (NOBODY, NO_NEIGHBOUR),
        # A router tells of a host that is down as often as its limit of ICMP errors allows.
        (DOWN, SILENT),
        (JETTY, replace(JETTY, note="Another web server.")),
    ],
)
def test_the_same_meaning_in_other_words_is_no_other_reason(before: Result, after: Result) -> None:
    assert told(before, after) == told(after, before) == ""


def test_every_pair_of_reasons_is_told_and_claims_no_more_than_it_proves() -> None:
    for before, after in itertools.permutations(ALL, 2):
        text = told(before, after)
        if before in (DOWN, SILENT) and after in (DOWN, SILENT):
            continue
        assert text and text.isprintable() and len(text) <= 200
        assert "{}" not in text and not text.endswith(".")
        # What was not answered by the host itself has not come through for certain.
        if after in (SILENT, NOBODY, DOWN, LOOP, ROUTER_SAYS_NO, OTHER_ROUTER):
            assert "lets it through" not in text and "is there now" not in text


@pytest.mark.parametrize("status", [one for one in Status if one not in ("blocked", "degraded")])
def test_a_row_in_whose_way_nothing_stands_has_no_reason(status: Status) -> None:
    well = replace(SILENT, status=status)
    assert (obstacle_of(well) is not None) == (status in (Status.WARNING, Status.ERROR))
    waiting = row(State.NOT_RUN, Reason.DEPENDENCY, status)
    assert obstacle_of(waiting) is None


def test_every_party_has_words_with_and_without_a_name() -> None:
    for party, name in itertools.product(Party, ("", "10.0.0.1")):
        obstacle = Obstacle(party, name, "a", "")
        text = changed_reason_text(obstacle, Obstacle(Party.UNKNOWN, "", "b", ""))
        back = changed_reason_text(Obstacle(Party.UNKNOWN, "", "b", ""), obstacle)
        for one in (text, back):
            assert "{" not in one and "  " not in one and "()" not in one


def test_hostile_words_of_a_peer_are_harmless_in_a_reason() -> None:
    text = told(JETTY, opened("a\x1b[31m\n\u202eb" * 100))
    assert text.isprintable()
    assert len(text) <= 200
