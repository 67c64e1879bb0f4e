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


def test_one_proxy_that_fails_in_several_ways_is_one_finding(row, only):
    facts = {"proxy": PROXY, "unproven": "proxy", "summary": "No"}
    rows = [
        row(f"api{n}", 443, service=Service.UNEXPECTED, proxy_status=status, **facts)
        for n, status in enumerate((403, 403, 502, 503, None))
    ]
    finding = only(rows)
    assert finding.text == (
        f"The proxy {PROXY} refuses to connect to the destinations: HTTP 403 (2 of 5 rows), cannot "
        "reach the destinations: HTTP 502 (1 of 5 rows), cannot reach the destinations: HTTP 503 "
        "(1 of 5 rows) and takes connections, and opens no tunnel (1 of 5 rows)"
    )
    assert len(finding.keys) == 5


def answered(row, host, named="squid/5.7", port=443, **more):
    """A row of a host in whose place a proxy on the path answers."""
    name = {"answered_by": named} if named else {}
    facts = {"http_problem": "proxy", "unproven": "http", "summary": "a proxy answers", **name}
    return row(host, port, service=Service.UNEXPECTED, **facts, **more)


def test_a_proxy_on_the_path_that_answers_for_many_hosts_is_one_finding(row, only):
    rows = [answered(row, f"10.2.{n}.7", port=port) for n in range(4) for port in (80, 443)]
    finding = only(rows)
    assert finding.kind is FindingKind.PROXY and finding.confidence is Confidence.CERTAIN
    assert finding.text == (
        "The proxy squid/5.7 on the path answers in the place of 4 hosts (10.2.0.7, 10.2.1.7, "
        "10.2.2.7 and 10.2.3.7): 8 rows"
    )
    assert finding.keys == tuple(sorted(one.job.key for one in rows))
    assert (
        finding.fix
        == "Let the proxy reach the host, or let the Audit Service host bypass the proxy."
    )


def test_two_proxies_on_the_path_are_two_findings(row, found):
    rows = [answered(row, f"10.2.0.{n}", f"squid{n % 2}") for n in range(4)]
    assert [len(one.keys) for one in found(rows)] == [2, 2]


def test_a_proxy_on_the_path_without_a_name_is_likely_one(row, only):
    finding = only([answered(row, f"10.2.0.{n}", "") for n in range(3)])
    assert finding.text.startswith("A proxy or filter on the path answers in the place of 3 hosts")
    assert finding.confidence is Confidence.LIKELY


def test_several_rows_of_one_host_are_one_finding_about_it(row, only):
    finding = only([answered(row, "10.2.0.7", port=port) for port in (80, 443)])
    assert (
        finding.text == "The proxy squid/5.7 on the path answers in the place of 10.2.0.7: 2 rows"
    )


def test_one_row_that_a_proxy_on_the_path_answers_stays_alone(row, found):
    assert found([answered(row, "10.2.0.7")]) == ()


def test_an_address_where_a_proxy_accepts_everything_has_one_finding_for_a_row(row, found):
    rows = [answered(row, f"10.2.0.{n}", accepts_everything=True) for n in range(3)]
    keys = [key for one in found(rows) for key in one.keys]
    assert len(keys) == len(set(keys)) == 3


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
