from __future__ import annotations

import pytest

from probes.judging.findings import Confidence, FindingKind
from probes.model import Service


def test_the_same_offender_towards_a_whole_subnet_is_said_once(row, only):
    rows = [row(f"10.2.0.{n}", 5985, "rejected", by="10.1.1.1") for n in range(1, 15)]
    finding = only(rows)
    assert finding.text == "10.1.1.1 rejects TCP 5985 towards 10.2.0.0/24 (14 hosts)"
    assert finding.confidence is Confidence.CERTAIN
    assert finding.fix == "Allow TCP 5985 from 10.0.0.9 to 14 hosts in 10.2.0.0/24 on 10.1.1.1."


def test_a_host_that_is_let_through_is_not_counted_as_rejected(row, only):
    rows = [row(f"10.2.0.{n}", 5985, "rejected", by="10.1.1.1") for n in range(1, 14)]
    text = only([*rows, row("10.2.0.14", 5985)]).text
    assert text == (
        "10.1.1.1 rejects TCP 5985 towards 13 of 14 hosts in 10.2.0.0/24 "
        "(10.2.0.1, 10.2.0.2, 10.2.0.3 and 10 more)"
    )


def test_the_same_offender_for_several_ports_is_one_finding(row, only):
    rows = [
        row(f"10.2.0.{n}", port, "rejected", by="10.1.1.1")
        for n in (1, 2)
        for port in (135, 445, 5985)
    ]
    text = only(rows).text
    assert text == "10.1.1.1 rejects TCP 135, 445 and 5985 towards 10.2.0.0/24 (2 hosts)"


def test_whole_networks_behind_one_offender_are_one_finding(row, only):
    rows = [row(f"10.{n}.0.{h}", 22, "rejected", by="10.1.1.1") for n in (10, 9) for h in (1, 2)]
    assert (
        only(rows).text == "10.1.1.1 rejects TCP 22 towards 10.9.0.0/24 and 10.10.0.0/24 (4 hosts)"
    )


def test_two_offenders_are_two_findings(row, found):
    rows = [row(f"10.2.0.{n}", 22, "rejected", by=f"10.1.1.{n % 2}") for n in range(4)]
    assert len(found(rows)) == 2


def test_a_filter_on_one_port_is_shown_by_another_that_answers(row, only):
    rows = [row("10.2.0.7", 5985, "silent"), row("10.2.0.7", 445)]
    finding = only(rows)
    assert finding.text == "10.2.0.7: only TCP 5985 is filtered; its TCP 445 answers"
    assert finding.confidence is Confidence.LIKELY and finding.keys == ("r.tcp5985|10.2.0.7",)


def test_a_silent_port_of_a_whole_network_is_a_filter_before_it(row, only):
    rows = [
        row(f"10.2.0.{n}", port, "silent" if port == 5985 else "open")
        for n in range(1, 15)
        for port in (445, 5985)
    ]
    finding = only(rows)
    assert finding.text == (
        "TCP 5985 gets no answer from any of 14 hosts in 10.2.0.0/24, while their other ports "
        "answer: a filter before that network is likely"
    )
    assert finding.fix.endswith("on the firewall before that network and on the hosts.")


def test_hosts_beside_them_that_answer_point_at_the_hosts_own_filters(row, only):
    rows = [row(f"10.2.0.{n}", 5985, "silent" if n < 4 else "open") for n in range(1, 6)]
    text = only([*rows, *(row(f"10.2.0.{n}", 445) for n in range(1, 6))]).text
    assert text == (
        "TCP 5985 gets no answer from 3 of 5 hosts in 10.2.0.0/24 (10.2.0.1, 10.2.0.2 and "
        "10.2.0.3), while their other ports answer and 2 hosts answer on it there: filters on "
        "these hosts are likely"
    )


def test_an_unreachable_host_does_not_indicate_a_filter(row, found):
    rows = [row(f"10.2.0.{n}", 5985, "silent") for n in range(1, 4)]
    others = [row(f"10.2.0.{n}", 445, "open" if n < 3 else "silent") for n in range(1, 4)]
    texts = {one.kind: one.text for one in found([*rows, *others])}
    assert "any of 2 hosts" in texts[FindingKind.FILTER]
    assert texts[FindingKind.HOST].startswith("10.2.0.3 is down")


def test_a_firewall_of_the_host_itself_is_named_as_such(row, only):
    rows = [row("10.2.0.7", 5985, "rejected", by="10.2.0.7"), row("10.2.0.7", 22)]
    assert only(rows).text == (
        "The own firewall of 10.2.0.7 rejects TCP 5985, while its TCP 22 answers"
    )


def test_own_firewalls_of_a_network_are_one_finding(row, only):
    rows = [row(f"10.2.0.{n}", 5985, "rejected", by=f"10.2.0.{n}") for n in (1, 2, 3)]
    assert only(rows).text == "Their own firewalls reject TCP 5985 on 3 hosts in 10.2.0.0/24"


def test_a_port_does_not_show_by_itself_that_its_host_is_up(row, only):
    finding = only([row("10.2.0.7", 5985, "rejected", by="10.2.0.7")])
    assert finding.text == "The own firewall of 10.2.0.7 rejects TCP 5985"
    assert finding.fix == "Allow TCP 5985 from 10.0.0.9 in the firewall of 10.2.0.7 itself."


def test_a_service_that_is_off_everywhere_is_one_finding(row, only):
    rows = [row(f"10.2.0.{n}", 5985, "refused") for n in range(1, 15)]
    finding = only(rows)
    assert finding.text == "Nothing listens on TCP 5985 on any of 14 hosts in 10.2.0.0/24"
    assert finding.kind is FindingKind.SERVICE and finding.fix == (
        "Start T5985 on 14 hosts in 10.2.0.0/24 or correct the port: nothing listens on TCP 5985, "
        "or a firewall refuses it."
    )


def test_a_single_refusal_is_told_by_its_row_alone(row, found):
    assert found([row("10.2.0.7", 22, "refused"), row("10.2.0.7", 80)]) == ()


def test_a_silent_service_may_be_what_the_probe_says_it_may(row, only):
    silent = row("10.2.0.7", 161, "silent", transport="udp", hint="the community is another")
    finding = only([silent, row("10.2.0.7", 22)])
    assert finding.why == "silence only; or the community is another"


def test_silence_of_hosts_of_which_nothing_else_was_asked_is_one_finding(row, only):
    rows = [row(f"10.2.0.{n}", 161, "silent" if n > 2 else "open") for n in range(1, 10)]
    text = only(rows).text
    assert text.startswith("TCP 161 gets no answer from 7 of 9 hosts in 10.2.0.0/24 (10.2.0.3, ")
    assert text.endswith("and nothing else of them answers")


def test_a_port_that_a_middlebox_accepts_does_not_show_that_its_host_is_up(row, found):
    rows = [
        row("10.2.0.7", 5985, "silent"),
        row("10.2.0.7", 445, "silent"),
        row("10.2.0.7", 9100, accepts_everything=True),
    ]
    kinds = {one.kind for one in found(rows)}
    assert kinds == {FindingKind.HOST, FindingKind.ACCEPTS}


def test_a_confirmed_service_shows_that_its_host_is_up_behind_a_middlebox(row, found):
    rows = [
        row("10.2.0.7", 5985, "silent"),
        row("10.2.0.7", 22, accepts_everything=True, service=Service.CONFIRMED),
    ]
    assert [one.kind for one in found(rows)] == [FindingKind.FILTER]


def test_a_degraded_row_is_lost_too(row, only):
    rows = [row("10.2.0.7", 389, "silent", loss="degraded"), row("10.2.0.7", 88)]
    assert only(rows).text == "10.2.0.7: only TCP 389 is filtered; its TCP 88 answers"


def test_silence_beside_a_device_that_rejects_is_likely_more_of_it(row, only):
    rejected = [row(f"10.2.0.{n}", 135, "rejected", by="10.1.1.1") for n in (1, 2)]
    silent = [row(f"10.2.0.{n}", 445, "silent") for n in (1, 2)]
    up = [row(f"10.2.0.{n}", 22) for n in (1, 2, 3)] + [row("10.2.0.3", 445)]
    finding = only([*rejected, *silent, *up])
    assert finding.confidence is Confidence.LIKELY
    assert finding.text.startswith("10.1.1.1 rejects TCP 135, and likely TCP 445 towards")
    assert "nothing came for 2 rows, as such errors are limited in number" in finding.why
    assert finding.fix.startswith(
        "Allow TCP 135 and 445 from 10.0.0.9 to 10.2.0.1 and 10.2.0.2 on 10.1.1.1."
    )


@pytest.mark.parametrize("told", [1, 2, 7, 10])
def test_one_rule_of_a_router_is_one_finding_though_it_limits_its_errors(row, only, told):
    ports, hosts = (22, 443, 5985), [f"10.2.0.{n}" for n in range(1, 12)]
    flows = [(host, port) for port in ports for host in hosts]
    # Each host has one row that is told, so that none of them is silent altogether.
    heard = {(host, ports[0]) for host in hosts} | set(flows[11 : 11 + told])
    rows = [
        row(*flow, "rejected", by="10.1.1.1") if flow in heard else row(*flow, "silent")
        for flow in flows
    ]
    finding = only(rows)
    assert finding.confidence is Confidence.LIKELY and len(finding.keys) == 33
    assert finding.text == (
        "10.1.1.1 rejects TCP 22 and 443, and likely TCP 5985 towards 10.2.0.0/24 (11 hosts)"
    )
    assert f"sent the ICMP errors of {11 + told} rows" in finding.why


@pytest.mark.parametrize("up", [True, False])
def test_a_host_of_which_a_device_said_nothing_is_only_likely_to_be_rejected_by_it(row, found, up):
    rows = [
        row("10.2.0.2", 22, "rejected", by="10.1.1.1"),
        row("10.2.0.5", 5985, "rejected", by="10.1.1.1"),
        row("10.2.0.9", 22, "silent"),
        *([row("10.2.0.9", 443)] if up else []),
    ]
    (finding,) = (one for one in found(rows) if "rejects" in one.text)
    assert finding.confidence is Confidence.LIKELY and len(finding.keys) == 3
    assert finding.text == (
        "10.1.1.1 rejects TCP 22 towards 10.2.0.2, TCP 5985 towards 10.2.0.5 "
        "and likely TCP 22 towards 10.2.0.9"
    )
    assert "or as another firewall drops them or a host is down" in finding.why
    assert finding.fix.endswith(
        "TCP 22 from 10.0.0.9 to 10.2.0.9 on 10.1.1.1. Then retest the 1 silent row."
    )


def test_silence_of_which_the_probe_knows_more_is_not_laid_on_a_device(row, found):
    rows = [
        row("10.2.0.1", 22, "rejected", by="10.1.1.1"),
        row("10.2.0.1", 161, "silent", transport="udp", fix="Correct the community."),
    ]
    (finding,) = (one for one in found(rows) if "rejects" in one.text)
    assert finding.confidence is Confidence.CERTAIN and len(finding.keys) == 1


@pytest.mark.parametrize(
    ("host", "role"), [("10.2.0.1", "r"), ("2001:db8::7", "r"), ("10.2.0.1", "s")]
)
def test_silence_beside_a_hosts_own_rejects_is_likely_more_of_them(row, only, host, role):
    rejected = [row(host, port, "rejected", by=host) for port in (22, 443, 445)]
    silent = [row(host, 161, "silent", transport="udp"), row(host, 8443, "silent", role=role)]
    finding = only([*rejected, *silent, row(host, 80)])
    assert finding.text == (
        f"The own firewall of {host} rejects TCP 22, 443 and 445, and likely TCP 8443 and UDP 161, "
        "while its TCP 80 answers"
    )
    assert finding.confidence is Confidence.LIKELY and len(finding.keys) == 5
    assert "nothing came for TCP 8443 and UDP 161, as such errors are limited" in finding.why
    assert finding.fix == (
        f"Allow TCP 22, 443, 445 and 8443 and UDP 161 from 10.0.0.9 in the firewall of {host} "
        "itself."
    )


def test_the_limits_of_two_hosts_own_firewalls_make_one_finding_of_both(row, only):
    hosts = ("10.2.0.7", "10.2.0.8")
    rejected = [row(host, 22, "rejected", by=host) for host in hosts]
    mixed = [row(hosts[0], 443, "rejected", by=hosts[0]), row(hosts[1], 443, "silent")]
    silent = [row(host, 445, "silent") for host in hosts]
    finding = only([*rejected, *mixed, *silent])
    assert finding.text.startswith("Their own firewalls reject TCP 22 and 443, and likely TCP 445")
    assert len(finding.keys) == 6


def test_silence_beside_a_reset_is_no_rejection_by_the_hosts_own_firewall(row, found):
    rows = [row("10.2.0.1", 22, "refused"), row("10.2.0.1", 443, "silent")]
    assert not any("own firewall" in one.text for one in found(rows))


def test_a_silent_service_with_words_of_its_own_keeps_them(row, found):
    rejected = row("10.2.0.1", 22, "rejected", by="10.2.0.1")
    silent = row("10.2.0.1", 161, "silent", transport="udp", fix="Correct the community.")
    texts = [one.text for one in found([rejected, silent])]
    assert any(text == "The own firewall of 10.2.0.1 rejects TCP 22" for text in texts)


def test_beside_a_router_that_rejects_silence_is_laid_on_neither_for_certain(row, found):
    rows = [
        row("10.2.0.1", 22, "rejected", by="10.2.0.1"),
        row("10.2.0.1", 443, "rejected", by="10.1.1.1"),
        *(row("10.2.0.1", port, "silent") for port in (445, 446)),
    ]
    (silent,) = (one for one in found(rows) if "TCP 445" in one.text)
    assert "rejected by 10.1.1.1" in silent.why and silent.confidence is Confidence.LIKELY


def test_a_port_that_the_host_refuses_shows_it_up_and_is_not_said_to_answer(row, found):
    rows = [row("10.2.0.7", 389, "rejected", by="10.1.1.1"), row("10.2.0.7", 88, "refused")]
    (finding,) = (one for one in found(rows) if "rejects" in one.text)
    assert (
        finding.text == "10.1.1.1 rejects TCP 389 towards 10.2.0.7, while it refuses TCP 88 itself"
    )


def test_the_own_firewalls_of_several_hosts_are_several(row, only):
    rows = [row(f"10.2.0.{n}", 22, "rejected", by=f"10.2.0.{n}") for n in (7, 8)]
    assert only(rows).fix == (
        "Allow TCP 22 from 10.0.0.9 in the firewalls of 2 hosts in 10.2.0.0/24 themselves."
    )
