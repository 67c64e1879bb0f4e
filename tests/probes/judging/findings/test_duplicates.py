from __future__ import annotations

import pytest

from probes.judging.findings import Confidence, FindingKind
from probes.model import Service


def test_a_name_that_does_not_resolve_is_one_finding_with_who_said_so(row, only):
    rows = [
        row("pc9.corp", port, "unresolved", problem="10.0.0.53 says no such name")
        for port in (135, 445, 5985)
    ]
    finding = only(rows)
    assert finding.text == "pc9.corp does not resolve: 10.0.0.53 says no such name"
    assert (
        finding.kind is FindingKind.NAME
        and finding.confidence is Confidence.CERTAIN
        and len(finding.keys) == 3
    )


def test_a_resolver_that_is_gone_is_one_finding(row, only):
    rows = [row(f"pc{n}", 22, "unresolved", problem="10.0.0.53 did not answer") for n in range(9)]
    assert only(rows).text == (
        "9 names do not resolve: 10.0.0.53 did not answer (pc0, pc1, pc2, pc3 and 5 more)"
    )


@pytest.mark.parametrize("number", [1, 9])
def test_names_that_dns_did_not_answer_have_the_change_of_dns(row, only, number):
    problem, fix = "10.0.0.53 answers REFUSED", "Let the DNS server 10.0.0.53 answer this machine."
    rows = [row(f"pc{n}", 22, "unresolved", problem=problem, fix=fix) for n in range(number)]
    finding = only(rows)
    assert finding.fix == fix
    assert problem in finding.text


def test_a_host_that_says_another_name_is_found(row, only):
    rows = [
        row("pc-014.corp", 445, address="10.2.0.14", title="SMB", computer="PC-015"),
        row("pc-014.corp", 137, address="10.2.0.14", title="NetBIOS", computer="PC-015"),
    ]
    finding = only(rows)
    assert finding.text.startswith("pc-014.corp (10.2.0.14) calls itself PC-015 (NetBIOS and SMB)")
    assert finding.kind is FindingKind.IDENTITY and finding.confidence is Confidence.LIKELY


def test_a_name_of_another_host_of_the_session_is_certain(row, only):
    rows = [
        row("pc-014.corp", 445, address="10.2.0.14", title="SMB", dns_computer="pc-015.corp"),
        row("pc-015.corp", 22, address="10.2.0.15"),
    ]
    finding = only(rows)
    assert finding.text == (
        "pc-014.corp (10.2.0.14) calls itself pc-015.corp (SMB), but pc-015.corp resolves to "
        "10.2.0.15"
    )
    assert (
        finding.confidence is Confidence.CERTAIN
        and finding.fix == "Correct the DNS entry of pc-014.corp."
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("pc-014", "PC-014"),
        ("pc-014.corp.example", "PC-014"),
        ("pc-014", "pc-014.corp.example"),
        ("PC-014.corp.example.", "pc-014.CORP.example"),
        ("a-name-longer-than-netbios.corp", "A-NAME-LONGER-T"),
        ("10.2.0.14", "PC-099"),
    ],
)
def test_the_same_host_in_other_words_is_no_finding(row, found, typed, said):
    assert found([row(typed, 445, address="10.2.0.14", computer=said)]) == ()


def test_one_host_key_on_two_hosts_is_found(row, only):
    rows = [row(f"10.2.0.{n}", 22, host_key_fingerprint="SHA256:abc") for n in (1, 2)]
    finding = only(rows)
    assert finding.text == "10.2.0.1 and 10.2.0.2 show the same host key (SHA256:abc)"


def test_one_host_key_under_two_names_of_one_address_is_right(row, found):
    rows = [row(name, 22, address="10.2.0.1", host_key_fingerprint="SHA256:abc") for name in "ab"]
    assert found(rows) == ()


def test_one_host_key_of_one_address_is_right_where_a_name_has_more_of_them(row, found):
    two = {"addresses": ["10.2.0.1", "10.2.0.9"]}
    rows = [
        row("two", 22, address="10.2.0.1", host_key_fingerprint="SHA256:abc", resolved=two),
        row("one", 22, address="10.2.0.1", host_key_fingerprint="SHA256:abc"),
    ]
    assert found(rows) == ()


def test_many_names_of_one_address_may_be_a_dns_that_knows_every_name(row, only):
    rows = [row(f"pc{n}.corp", 22, address="10.2.0.9") for n in (1, 2, 3)]
    finding = only(rows)
    assert finding.text == ("3 names lead to 10.2.0.9 (pc1.corp, pc2.corp and pc3.corp)")
    assert finding.confidence is Confidence.LIKELY and "wildcard" in finding.why
    assert len(finding.keys) == 3


def test_two_names_or_spellings_of_one_address_are_no_finding(row, found):
    names = ("pc1.corp", "PC1.corp", "alias.corp", "10.2.0.9")
    assert found([row(name, 22, address="10.2.0.9") for name in names]) == ()


def test_the_certificate_of_another_host_is_found(row, only):
    rows = [
        row(
            "web1.corp",
            443,
            address="10.2.0.1",
            service=Service.UNEXPECTED,
            summary="No",
            distrust="name-mismatch",
            certificate={"issuer": "CA", "names": ["web2.corp"]},
        ),
        row("web2.corp", 22, address="10.2.0.2"),
    ]
    assert only(rows).text == "web1.corp shows the certificate of web2.corp"


def test_a_certificate_for_another_name_is_found(row, only):
    facts = {"distrust": "name-mismatch", "certificate": {"names": ["x.example"]}, "summary": "No"}
    rows = [row("web1", 443, address="10.2.0.1", service=Service.UNEXPECTED, **facts)]
    assert only(rows).text == "web1 shows a certificate for another name: x.example"


def test_a_wildcard_covers_its_hosts(row, found):
    rows = [
        row("a.corp", 443, address="10.2.0.1", certificate={"names": ["*.corp", "b.corp"]}),
        row("b.corp", 22, address="10.2.0.2"),
    ]
    assert found(rows) == ()


def test_windows_hosts_named_by_address_are_told_once_where_domain_credentials_are_used(row, only):
    rows = [row(f"10.2.0.{n}", 5985, probe="winrm") for n in range(3)]
    finding = only(rows, domain_credentials="yes")
    assert finding.text.startswith(
        "3 Windows hosts are named by address (10.2.0.0, 10.2.0.1 and 10.2.0.2): Kerberos needs"
    )


def test_without_domain_credentials_an_address_is_enough(row, found):
    rows = [row("10.2.0.1", 5985, probe="winrm")]
    assert found(rows, domain_credentials="no") == ()


def test_reverse_and_forward_that_disagree_are_found(row, only):
    facts = {"question": "53.0.2.10.in-addr.arpa PTR", "answers": ["ns9.corp."]}
    rows = [row("ns1.corp", 53, address="10.2.0.53", transport="udp", **facts)]
    assert only(rows).text == ("ns1.corp has the address 10.2.0.53, which leads back to ns9.corp")


def test_what_hosts_say_of_themselves_is_harmless_on_a_screen(row, found):
    rows = [row("pc1", 445, address="10.2.0.1", computer="\x1b]0;owned\x07")]
    assert all(one.text.isprintable() for one in found(rows))
