from __future__ import annotations

from probes.judging.findings import Confidence, FindingKind
from probes.model import Service

PROXY = "proxy.corp:3128"


def test_a_proxy_that_is_not_reached_is_one_finding(row, only):
    rows = [
        row(f"api{n}", 443, "silent", address="10.0.0.80", proxy=PROXY, fix="Allow the proxy.")
        for n in range(3)
    ]
    finding = only(rows)
    assert finding.text == f"The proxy {PROXY} is not reached: it does not answer (3 rows)"
    assert finding.kind is FindingKind.PROXY and finding.fix == "Allow the proxy."


def test_a_proxy_whose_name_does_not_resolve_is_one_finding(row, only):
    rows = [row(f"api{n}", 443, "unresolved", proxy=PROXY, problem="no such name") for n in (1, 2)]
    assert "its name does not resolve: no such name (2 rows)" in only(rows).text


def test_a_proxy_that_wants_a_login_is_one_finding(row, only):
    facts = {"proxy": PROXY, "unproven": "proxy", "proxy_status": 407, "summary": "It wants one"}
    rows = [row(f"api{n}", 443, service=Service.UNEXPECTED, **facts) for n in range(3)]
    assert "wants a login (HTTP 407) (3 rows)" in only(rows).text


def test_a_proxy_that_refuses_some_is_told_with_how_many(row, only):
    facts = {"proxy": PROXY, "unproven": "proxy", "proxy_status": 403, "summary": "No"}
    rows = [row(f"api{n}", 443, service=Service.UNEXPECTED, **facts) for n in range(2)]
    rows.append(row("api9", 443, service=Service.CONFIRMED, proxy=PROXY))
    assert "refuses to connect to the destinations: HTTP 403 (2 of 3 rows)" in only(rows).text


def test_one_row_that_a_proxy_refuses_stays_alone(row, found):
    facts = {"proxy": PROXY, "unproven": "proxy", "proxy_status": 403, "summary": "No"}
    assert found([row("api", 443, service=Service.UNEXPECTED, **facts)]) == ()


def test_rows_through_a_proxy_say_nothing_about_their_host(row, found):
    rows = [
        row("10.2.0.7", port, "silent", address="10.0.0.80", proxy=PROXY) for port in (443, 8443)
    ]
    assert {one.kind for one in found(rows)} == {FindingKind.PROXY}


def test_an_address_that_accepts_everything_is_one_finding(row, only):
    rows = [row("10.2.0.7", port, accepts_everything=True) for port in (80, 443, 9100)]
    finding = only(rows)
    assert finding.text == (
        "Something on the path accepts every connection to 10.2.0.7, so an open port proves "
        "nothing there"
    )
    assert finding.confidence is Confidence.LIKELY and len(finding.keys) == 3


def test_a_network_that_accepts_everything_is_one_finding(row, only):
    rows = [row(f"10.2.0.{n}", 80, accepts_everything=True) for n in range(3)]
    # Others of that network may not: nothing is said of them.
    assert (
        "every connection to 3 addresses in 10.2.0.0/24 (10.2.0.0, 10.2.0.1 and 10.2.0.2), so"
    ) in only(rows).text


def test_interception_by_one_authority_is_one_finding(row, only):
    rows = [
        row(
            f"api{n}.example",
            443,
            address=f"192.0.2.{n}",
            service=Service.UNEXPECTED,
            summary="No",
            interception=True,
            fix="Exempt this host from TLS inspection for the Audit Service host.",
            certificate={"issuer_organisation": "Middle CA", "names": [f"api{n}.example"]},
        )
        for n in range(3)
    ]
    found = only(rows)
    assert found.text.startswith(
        "TLS interception: “Middle CA” issued the certificates of 3 hosts (api0.example, "
    )
    assert found.fix == "Exempt these hosts from TLS inspection for the Audit Service host."


def test_a_private_authority_is_one_finding(row, only):
    rows = [
        row(
            f"h{n}.example",
            443,
            address=f"192.0.2.{n}",
            service=Service.UNEXPECTED,
            summary="No",
            distrust="private-ca",
            fix="Trust it.",
            certificate={"issuer": "Corp CA", "names": [f"h{n}.example"]},
        )
        for n in range(2)
    ]
    finding = only(rows)
    assert finding.text.startswith("This machine does not trust “Corp CA”, which issued the")
    assert finding.fix == "Trust it." and finding.kind is FindingKind.CERTIFICATE
