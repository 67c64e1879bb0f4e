"""The firewall request: what a rule could mend, merged, and what it could not."""

from __future__ import annotations

import csv
import io
import ipaddress
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Icmp, Reason, Result, Service, State, Status
from tui.reports import firewall
from tui.reports.flows import Request, collapsed, request
from tui.reports.model import Report

Make = Callable[..., Result]
Reports = Callable[..., Report]


def asked(*results: Result) -> Request:
    return request(results, "")


def test_hosts_of_one_purpose_are_one_flow_of_the_fewest_prefixes(make_result: Make) -> None:
    rows = [make_result(f"pc{n}", address=f"10.20.2.{n}") for n in (*range(4), 9)]
    (flow,) = asked(*rows).flows
    assert flow.destinations == ("10.20.2.0/30", "10.20.2.9")
    assert (flow.source, flow.protocol, flow.port) == ("10.20.1.9", "TCP", "5985")
    assert flow.hosts == ("pc0", "pc1", "pc2", "pc3", "pc9")
    assert not flow.recommended


def test_another_source_port_or_purpose_is_another_flow(make_result: Make) -> None:
    flows = asked(
        make_result("a"),
        make_result("b", source="10.20.1.10"),
        make_result("c", "unix.ssh"),
        make_result("c", "unix.ssh", port=2222),
        make_result("d", address="2001:db8::14", source="2001:db8::9"),
    ).flows
    assert [(flow.source, flow.port) for flow in flows] == [
        ("10.20.1.9", "5985"),
        ("10.20.1.10", "5985"),
        ("10.20.1.9", "22"),
        ("10.20.1.9", "2222"),
        ("2001:db8::9", "5985"),
    ]


def test_what_the_audit_works_without_is_recommended_and_comes_last(make_result: Make) -> None:
    flows = asked(
        make_result("dc1", "windows.ldap", Status.DEGRADED), make_result("dc1", "windows.kerberos")
    ).flows
    assert [(flow.port, flow.recommended) for flow in flows] == [("88", False), ("389", True)]


def test_a_host_that_is_certainly_down_is_no_matter_of_rules(
    make_report: Reports, make_result: Make
) -> None:
    def made(took: float) -> tuple[Request, str]:
        rows = [
            make_result(
                "pc9",
                check,
                state=State.UNREACHABLE,
                reason=Reason.HOST_UNREACH,
                icmp=Icmp(3, 1, "10.20.1.1"),
                latency_ms=took,
            )
            for check in ("enable.rpc", "enable.smb", "windows.winrm")
        ]
        report = make_report(*rows)
        return asked(*rows), "".join(firewall.render(report))

    # A router that has looked for it took its three seconds; a firewall says the same at once.
    for took, certain in ((3100.0, True), (0.4, False)):
        flows, text = made(took)
        assert len(flows.flows) == 3
        assert ("No flow is missing" in text) is certain
        assert (
            "start the host or correct its address; no firewall rule fixes that" in text
        ) is certain


def test_the_range_of_dynamic_ports_is_asked_for_as_a_whole(make_result: Make) -> None:
    (flow,) = asked(make_result("pc1", "enable.rpc_dynamic")).flows
    assert flow.port == "49152-65535"


def test_a_ping_has_no_port(make_result: Make) -> None:
    (flow,) = asked(make_result("h", "discovery.ping", Status.DEGRADED)).flows
    assert (flow.protocol, flow.port) == ("ICMP", "")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.FILTERED, Reason.NO_RESPONSE),
        (State.FILTERED, Reason.ADMIN_PROHIBITED),
        (State.FILTERED, Reason.PORT_UNREACH),
        (State.OPEN_FILTERED, Reason.NO_RESPONSE),
        (State.UNREACHABLE, Reason.HOST_UNREACH),
    ],
)
def test_silence_rejections_and_unreachable_hosts_are_asked_for(
    make_result: Make, state: State, reason: Reason
) -> None:
    assert len(asked(make_result(state=state, reason=reason)).flows) == 1


@pytest.mark.parametrize(
    ("why", "row"),
    [
        ("Refused by the host", {"state": State.CLOSED, "reason": Reason.CONN_REFUSED}),
        ("The port is open", {"state": State.OPEN, "service": Service.SILENT}),
        (
            "No device with this address",
            {
                "state": State.UNREACHABLE,
                "reason": Reason.HOST_UNREACH,
                "icmp": Icmp(3, 1, "10.20.1.9"),
            },
        ),
        (
            "The next router on the way does not answer",
            {
                "state": State.UNREACHABLE,
                "reason": Reason.HOST_UNREACH,
                "icmp": Icmp(3, 1, "10.20.1.9"),
                "facts": {"unanswered": "10.20.1.1"},
            },
        ),
        *(
            (
                "This machine's own firewall",
                {
                    "state": state,
                    "reason": reason,
                    "icmp": Icmp(3, 1, "10.20.1.9"),
                    "facts": facts,
                },
            )
            for state, reason, facts in (
                (State.UNREACHABLE, Reason.HOST_UNREACH, {"unanswered": ""}),
                (State.FILTERED, Reason.ADMIN_PROHIBITED, {}),
            )
        ),
        (
            "This machine has no route",
            {"state": State.UNREACHABLE, "reason": Reason.NET_UNREACH},
        ),
        ("The proxy", {"facts": {"proxy": "proxy:3128"}}),
        (
            "Not tested, because",
            {
                "status": Status.ERROR,
                "state": State.NOT_RUN,
                "reason": Reason.DEPENDENCY,
                "address": None,
            },
        ),
        (
            "A service there need not reply",
            {"status": Status.UNVERIFIABLE, "state": State.OPEN_FILTERED},
        ),
    ],
)
def test_what_no_rule_would_mend_is_left_out_and_said(
    make_result: Make, why: str, row: dict[str, object]
) -> None:
    found = asked(make_result(**row))
    assert found.flows == ()
    ((said, rows),) = found.left_out
    assert said.startswith(why)
    assert len(rows) == 1


@pytest.mark.parametrize(
    "status", [Status.OK, Status.WARNING, Status.NOT_NEEDED, Status.CANCELLED, Status.ERROR]
)
def test_what_is_not_missing_is_not_mentioned(make_result: Make, status: Status) -> None:
    assert asked(make_result(status=status)) == Request(())


def test_the_evidence_has_times_attempts_and_who_said_no(make_result: Make) -> None:
    def rejected(host: str, code: int, when: str) -> Result:
        icmp = Icmp(3, code, "10.20.1.1")
        return make_result(
            host,
            reason=Reason.ADMIN_PROHIBITED,
            icmp=icmp,
            attempts=1,
            started=f"2026-01-31T12:00:{when}.000+01:00",
        )

    (flow,) = asked(rejected("a", 13, "00"), rejected("b", 10, "09")).flows
    assert flow.evidence == (
        "2026-01-31T12:00:00.000+01:00 to 2026-01-31T12:00:09.000+01:00, 2 attempts: "
        "10.20.1.1 (on the path) answered admin-prohibited, ICMP type 3 code 13 (1 of 2 rows); "
        "10.20.1.1 (on the path) answered admin-prohibited, ICMP type 3 code 10 (1 of 2 rows)"
    )
    assert flow.who == "10.20.1.1"


@given(st.sets(st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str), max_size=30))
def test_prefixes_hold_the_addresses_and_no_other(addresses: set[str]) -> None:
    networks = [ipaddress.ip_network(prefix) for prefix in collapsed(addresses)]
    assert sum(network.num_addresses for network in networks) == len(addresses)
    for address in map(ipaddress.ip_address, addresses):
        assert any(address in network for network in networks if network.version == address.version)


def test_the_csv_has_a_line_a_flow_and_every_host(make_report: Reports, make_result: Make) -> None:
    rows = [make_result(f"pc{n}", address=f"10.20.{n // 100}.{n % 100 * 2}") for n in range(1000)]
    made = "".join(firewall.render_csv(make_report(*rows)))
    (line,) = csv.DictReader(io.StringIO(made))
    assert len(line["Destination"].split()) == 1000
    assert len(line["Hosts"].split()) == 1000
    assert line["Source"] == "10.20.1.9"
    assert line["Purpose"].startswith("WinRM over HTTP")
    assert line["Required when"] == "PowerShell Remoting is enabled"
    assert line["Needed"] == "required"


def test_no_destination_is_cut_in_markdown(make_report: Reports, make_result: Make) -> None:
    rows = [make_result(f"pc{n}", address=f"10.20.{n // 100}.{n % 100 * 2}") for n in range(1000)]
    made = "".join(firewall.render(make_report(*rows)))
    assert all(row.observation.address in made for row in rows if row.observation.address)
    assert "and 980 more" in made


def test_the_request_says_where_it_was_measured_and_what_is_left_out(
    make_report: Reports, make_result: Make
) -> None:
    refused = make_result("b", "unix.ssh", state=State.CLOSED, reason=Reason.CONN_REFUSED)
    made = "".join(firewall.render(make_report(make_result("a"), refused)))
    assert "Tested from jump1 (10.20.1.9)" in made
    assert "If the Audit Service runs on another host" in made
    flows, _, left = made.partition("## Left out")
    assert "| 10.20.1.9 | 10.20.2.14 | TCP | 5985 |" in flows
    assert "Refused by the host" in left
    assert "| b | SSH TCP 22 |" in left


def test_a_session_without_missing_flows_says_so(make_report: Reports, make_result: Make) -> None:
    made = "".join(firewall.render(make_report(make_result(status=Status.OK))))
    assert "No flow is missing of which it is known that a rule would let it through." in made


@pytest.mark.parametrize(
    ("state", "reason", "why"),
    [
        (State.OPEN, Reason.SYN_ACK, "The proxy was reached and opens no tunnel"),
        (State.CLOSED, Reason.CONN_REFUSED, "The proxy, not the host, is what was not reached"),
    ],
)
def test_a_proxy_that_was_reached_is_told_from_one_that_was_not(
    make_result: Make, state: State, reason: Reason, why: str
) -> None:
    facts = {"proxy": "10.20.1.80:3128", "unproven": "proxy", "summary": "403 Forbidden"}
    row = make_result(
        "dc1", "alloyscan.https", state=state, reason=reason, service=Service.SILENT, facts=facts
    )
    ((left, _),) = asked(row).left_out
    assert left.startswith(why)
