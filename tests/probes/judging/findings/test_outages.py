from __future__ import annotations

from dataclasses import replace

import pytest

from probes.judging.findings import Confidence, FindingKind
from probes.model import Status


def test_one_unreachable_host_is_one_finding_and_not_twelve(row, only):
    rows = [row("10.2.0.7", port, "silent") for port in range(1, 13)]
    finding = only(rows)
    assert finding.text == (
        "10.2.0.7 is down, or everything to it is dropped: none of its 12 ports answers"
    )
    assert finding.kind is FindingKind.HOST and finding.confidence is Confidence.LIKELY
    assert len(finding.keys) == 12


def test_of_a_silent_host_only_the_port_is_laid_on_a_device_that_it_rejects_elsewhere(row, found):
    rejected = row("10.2.0.8", 22, "rejected", by="10.1.1.1")
    silent = [row("10.2.0.7", port, "silent") for port in (445, 22, 135)]
    (fix,) = (one.fix for one in found([rejected, *silent]) if len(one.keys) == 3)
    assert fix == (
        "Start 10.2.0.7 or correct its address, or allow TCP 22 from 10.0.0.9 on 10.1.1.1, which "
        "rejects other rows, then on any other firewall before it, and TCP 135 and 445 from "
        "10.0.0.9 on the firewalls before it."
    )


def test_of_many_silent_hosts_each_port_stands_with_its_own_device(row, found):
    devices = {22: "10.1.1.1", 445: "10.1.1.2"}
    rejected = [row("10.2.0.8", port, "rejected", by=by) for port, by in devices.items()]
    hosts = [f"10.2.0.{n}" for n in range(11, 16)]
    silent = [row(host, port, "silent") for host in hosts for port in (22, 135, 445)]
    (fix,) = (one.fix for one in found([*rejected, *silent]) if len(one.keys) == 15)
    for port, by in devices.items():
        assert f"TCP {port} from 10.0.0.9 on {by}, which" in fix
    assert fix.endswith("and TCP 135 from 10.0.0.9 on the firewalls before them.")


def test_a_ping_is_no_port(row, only):
    rows = [row("10.2.0.7", port, "silent") for port in (22, 445)]
    finding = only([*rows, row("10.2.0.7", 0, "silent", transport="icmp")])
    assert "neither a ping nor any of its 2 ports is answered" in finding.text


def test_a_router_that_cannot_deliver_is_named(row, only):
    rows = [row("pc7", port, "down", by="10.1.1.1", address="10.2.0.7") for port in (135, 445)]
    finding = only(rows)
    assert finding.text == (
        "pc7 (10.2.0.7) is down or does not exist: none of its 2 ports answers, and 10.1.1.1 "
        "says host unreachable"
    )
    assert finding.confidence is Confidence.LIKELY
    assert finding.why.endswith("a firewall can say the same")


def test_a_router_that_searched_beside_a_host_that_answers_makes_it_certain(row, found):
    rows = [row("10.2.0.7", port, "down", by="10.1.1.1", took=3065.0) for port in (135, 445)]
    (finding,) = found([*rows, row("10.2.0.8", 22)])
    assert finding.confidence is Confidence.CERTAIN
    assert finding.why == "10.1.1.1 looked for it on its network before it said so (ICMP)"


def test_a_search_where_nothing_answers_may_have_been_for_the_next_router(row, only):
    rows = [row("10.2.0.7", port, "down", by="10.1.1.1", took=3065.0) for port in (135, 445)]
    finding = only(rows)
    assert finding.confidence is Confidence.LIKELY
    assert finding.why == (
        "10.1.1.1 looked for it, or for a next router on the way, and got no answer (ICMP)"
    )


def test_a_router_that_also_says_so_at_once_may_have_a_rule_that_says_it(row, found):
    # Of a rule's refusals one a second is sent: others are late, as after a search.
    late = [row("10.2.0.7", port, "down", by="10.1.1.1", took=1002.0) for port in (135, 445)]
    at_once = row("10.2.0.8", 135, "down", by="10.1.1.1", took=0.4)
    findings = found([*late, at_once])
    assert {finding.confidence for finding in findings} == {Confidence.LIKELY}
    assert all("looked for it" not in finding.why for finding in findings)


def test_an_address_without_a_neighbour_is_not_in_use(row, only):
    finding = only([row("10.0.0.77", 22, "down", by="10.0.0.9")])
    assert "its address is not in use: nobody answers for its address (ARP)" in finding.text
    assert finding.confidence is Confidence.LIKELY
    assert "a switch that keeps the two apart" in finding.why


def test_a_next_router_that_does_not_answer_is_not_taken_for_the_hosts_behind_it(row, only):
    rows = [row(f"10.{n}.0.5", 22, "down", by="10.0.0.9", unanswered="10.0.0.1") for n in (2, 3)]
    finding = only(rows)
    assert finding.text == (
        "The next router 10.0.0.1 does not answer: "
        "10.2.0.5 and 10.3.0.5 cannot be reached (2 hosts)"
    )
    assert finding.kind is FindingKind.LOCAL


def test_host_unreachable_of_this_machine_without_a_search_is_its_own_firewall(row, only):
    finding = only([row("10.2.0.5", 22, "down", by="10.0.0.9", unanswered="")])
    assert finding.text == "This machine's own firewall rejects TCP 22 towards 10.2.0.5"


def test_a_host_that_answers_on_another_port_is_not_down(row, found):
    rows = [row("10.2.0.7", port, "silent") for port in (135, 139)]
    texts = [one.text for one in found([*rows, row("10.2.0.7", 22)])]
    assert texts == ["10.2.0.7: only TCP 135 and 139 are filtered; its TCP 22 answers"]


def test_host_unreachable_for_one_port_of_a_host_that_answers_is_a_reject(row, only):
    rows = [row("10.2.0.7", 22), row("10.2.0.7", 445, "down", by="10.1.1.1")]
    assert only(rows).text == "10.1.1.1 rejects TCP 445 towards 10.2.0.7, while its TCP 22 answers"


def test_a_silent_network_is_one_finding(row, only):
    rows = [row(f"10.2.0.{n}", port, "silent") for n in (1, 2, 3) for port in (22, 161)]
    finding = only(rows)
    assert finding.text == "Nothing in 10.2.0.0/24 answers: 3 hosts stay silent on TCP 22 and 161"
    assert finding.kind is FindingKind.NETWORK and len(finding.keys) == 6


def test_one_host_that_answers_makes_the_others_unreachable(row, found):
    rows = [row(f"10.2.0.{n}", port, "silent") for n in (1, 2) for port in (22, 161)]
    findings = found([*rows, row("10.2.0.3", 22)])
    assert [one.kind for one in findings] == [FindingKind.HOST, FindingKind.HOST]


def test_many_unreachable_hosts_of_one_network_are_one_finding(row, only):
    rows = [row(f"10.2.0.{n}", 22, "down", by="10.1.1.1") for n in range(1, 9)]
    text = only(rows).text
    assert text.startswith("8 hosts in 10.2.0.0/24 are down or do not exist: 10.1.1.1 says")
    assert "10.2.0.1, 10.2.0.2, 10.2.0.3, 10.2.0.4 and 4 more" in text


def test_two_names_of_one_address_are_one_host(row, only):
    rows = [row("a", 22, "silent", address="10.2.0.7"), row("b", 445, "silent", address="10.2.0.7")]
    assert only(rows).text.startswith("a (10.2.0.7) is down")


def test_a_row_that_waits_for_a_lost_port_is_behind_the_same_finding(row, only):
    rows = [row("10.2.0.7", port, "silent") for port in (135, 445)]
    waiting = row("10.2.0.7", 49664, "waits", needs="r.tcp135")
    assert waiting.job.key in only([*rows, waiting]).keys


def test_this_machine_without_a_route_is_one_finding(row, only):
    rows = [row(f"10.{n}.0.5", 22, "no route") for n in (2, 3)]
    finding = only(rows)
    assert finding.text == ("This machine has no route to 10.2.0.5 and 10.3.0.5 (2 hosts)")
    assert finding.kind is FindingKind.LOCAL


def test_the_own_firewall_of_this_machine_is_one_finding(row, only):
    rows = [row(f"10.{n}.0.5", 445, "rejected", by="10.0.0.9") for n in (2, 3)]
    assert only(rows).text.startswith("This machine's own firewall rejects TCP 445 towards 10.2.")


def test_a_router_without_a_route_is_one_finding(row, only):
    rows = [row(f"10.2.0.{n}", 22 + n, "no route", by="10.1.1.1") for n in range(5)]
    finding = only(rows)
    assert finding.text == "10.1.1.1 says that it has no route to 10.2.0.0/24 (5 hosts)"
    assert (
        finding.fix
        == "Give 10.1.1.1 a route to 10.2.0.0/24, or change the rule on it that sends this error."
    )


def test_a_network_of_which_another_host_answers_is_not_called_unrouted(row, only):
    rows = [row("10.2.0.1", 22, "no route", by="10.1.1.1"), row("10.2.0.2", 22)]
    assert only(rows).text == "10.1.1.1 says that it has no route to 10.2.0.1"


def test_a_routing_loop_is_one_finding(row, only):
    rows = [row(f"10.2.0.{n}", 22, "loop", by="10.1.1.1") for n in range(2)]
    assert "routing loop before 10.2.0.0/24" in only(rows).text


def test_what_this_machine_does_not_permit_is_one_finding(row, only):
    rows = [
        row(f"10.2.0.{n}", 0, "forbidden", transport="icmp", problem="no group may ping")
        for n in range(9)
    ]
    finding = only(rows)
    assert finding.text == "9 rows could not be tested from here (ICMP): no group may ping"
    assert finding.kind is FindingKind.LOCAL


def test_ipv6_hosts_are_grouped_by_64_bits(row, only):
    rows = [row(f"2001:db8::{n}", port, "silent") for n in (1, 2) for port in (22, 80)]
    assert "Nothing in 2001:db8::/64 answers" in only(rows).text


def test_silence_that_is_natural_is_no_loss(row, found):
    rows = [row("10.2.0.7", port, "silent", transport="udp", talks=False) for port in (135, 138)]
    assert found(rows) == ()


def test_one_silent_port_of_a_host_of_which_nothing_is_known_stays_alone(row, found):
    assert found([row("10.2.0.7", 22, "silent")]) == ()


def test_an_immediate_answer_about_an_unused_address_shows_the_rule_as_well(row, found):
    late = row("10.2.0.7", 22, "down", by="10.1.1.1", took=1002.0)
    up = row("10.2.0.9", 22)
    at_once = row("10.2.0.8", 22, "down", by="10.1.1.1", took=0.4)
    unused = replace(at_once, status=Status.NO_HOST)
    (finding,) = (one for one in found([late, up, unused]) if "10.2.0.7" in one.text)
    assert finding.confidence is Confidence.LIKELY


def test_a_late_row_about_an_unused_address_meets_the_end_of_a_search(row, found):
    searched = row("10.2.0.7", 22, "down", by="10.1.1.1", took=3065.0)
    unused = [
        replace(row("10.2.0.8", port, "down", by="10.1.1.1", took=took), status=Status.NO_HOST)
        for port, took in ((22, 3060.0), (161, 160.0))
    ]
    findings = found([searched, row("10.2.0.9", 22), *unused])
    (finding,) = (one for one in findings if "10.2.0.7" in one.text)
    assert finding.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("latency_ms", "connect_ms"), [(3065.0, 3066.0), (None, 3066.0), (65.0, 3066.0)]
)
def test_a_search_is_told_by_the_time_until_its_end_and_not_by_a_latency(
    row, found, latency_ms, connect_ms
):
    made = row("10.2.0.7", 22, "down", by="10.1.1.1", took=latency_ms)
    seen = replace(made.observation, timings_ms={"connect": connect_ms})
    findings = found([replace(made, observation=seen), row("10.2.0.9", 22)])
    (finding,) = (one for one in findings if "10.2.0.7" in one.text)
    assert finding.confidence is Confidence.CERTAIN
