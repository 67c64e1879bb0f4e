"""Stand-ins: no name and no address is left, in any spelling, and the diagnosis still is."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.judging.recognition import decide, detection_observation
from probes.model import (
    Evidence,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
    VantageInfo,
)
from probes.session import FindingRecord, VerdictRecord
from profiles.recognition import question
from tui.reports import FORMATS
from tui.reports.anonymise import pseudonymised
from tui.reports.anonymise_addresses import AddressPseudonyms
from tui.reports.model import Report

Make = Callable[..., Result]
Reports = Callable[..., Report]

HOST = "PC-014.Corp.Contoso.example"
ADDRESS = "10.77.2.14"
SPELLINGS = [
    *("PC-014.Corp.Contoso.example", "pc-014.corp.contoso.example.", "pc-014", "PC-014$"),
    *(r"CORP\carol", "corp.contoso.example", "CONTOSO.EXAMPLE", "DC=corp,DC=contoso,DC=example"),
    *("HTTP/pc-014.corp.contoso.example@CORP.CONTOSO.EXAMPLE", "ldap://pc-014:389/", "pc-014-old"),
    *("*.contoso.example", "_ldap._tcp.corp.contoso.example", "CORE SWITCH (hq)", "carol@pc-014"),
    *("10.77.2.14", "::ffff:10.77.2.14", "14.2.77.10.in-addr.arpa", "010.077.002.014", "0A4D020E"),
    *("ip-10-77-2-14", "10.77.2.14:5985", "1.10.77.2.14", "[2001:DB8:77::14]:443", "10.77.2.14."),
    *(
        "2001:0db8:0077:0:0:0:0:14",
        "2001:db8:77::14%eth0",
        "fe80::a4d:20e",
        "source:2001:db8:77::14",
    ),
    ipaddress.ip_address("2001:db8:77::14").reverse_pointer,
    *("00:1A:2b:3c:4d:5e", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e", "münchen.example"),
    *("xn--mnchen-3ya.example", "db7.other.invalid", "Contoso Root CA", "mail.unheard.example"),
]
GIVEN_AWAY = re.compile(
    r"pc-?014|contoso|zebra|carol|core switch|unheard|\bother\b|db7|m.?nchen|jump-hq|lab-gw"
    r"|77[.-]2|2[.-]77|077|0a4d|db8:0*77|7\.7\.0\.0\.8\.b\.d|a4d:20e|2b.?3c|\bcorp\b",
    re.IGNORECASE,
)


@pytest.fixture
def telling(make_report: Reports, make_result: Make) -> Report:
    """A report in which every spelling stands in every place."""
    all_of_them = "; ".join(SPELLINGS)
    facts = {
        "computer": "PC-014",
        "dns_computer": HOST,
        "dns_domain": "corp.contoso.example",
        "domain": "CORP",
        "sys_name": "Core Switch (HQ)",
        # Free text in which nobody has named a host, and which names its owner all the same.
        "http_title": "Pay slips of Zebra Works",
        "names": ["PC-014<00>", "CORP<00> group"],
        "naming_contexts": ["DC=corp,DC=contoso,DC=example"],
        "certificate": {"subject": f"CN={HOST},O=Contoso Ltd", "issuer": "CN=Contoso Root CA"},
        "resolved": {"addresses": [ADDRESS, "2001:db8:77::14"], "server": "10.77.2.53"},
        "login_user": "carol",
        "mac": "00:1a:2b:3c:4d:5e",
        "host_key_fingerprint": "SHA256:E/o0OlkQ45A5IDtmu27+xLpjiCOoUi8rTwUZiI5NMd4",
        "summary": all_of_them,
        "deep": [{"in": {"pc-014": all_of_them}}],
        "fix": f"Allow {HOST}.",
    }
    evidence = (
        Evidence(
            ADDRESS, "TCP connect", "", "filtered", "no-response", 0.1, Icmp(3, 13, "10.77.2.1")
        ),
        Evidence(ADDRESS, "706300", all_of_them),
    )
    rows = (
        make_result(
            HOST,
            note=all_of_them,
            address=ADDRESS,
            source="10.77.1.9",
            reason=Reason.ADMIN_PROHIBITED,
            icmp=Icmp(3, 13, "10.77.2.1"),
            facts=facts,
            evidence=evidence,
        ),
        make_result("db7.other.invalid", "unix.ssh", address="10.77.2.15", port=2222),
        make_result("münchen.example", "unix.ssh", Status.OK, address="fe80::a4d:20e"),
        make_result(ADDRESS, "snmp.snmp", address=ADDRESS),
    )
    vantage = VantageInfo("local", "jump-hq", "carol", "Linux 6.1", ("10.77.1.9",), ("10.77.2.53",))
    report = make_report(
        *rows,
        vantage=vantage,
        remarks=(all_of_them,),
        id="0123456789abcdef",
        header=lambda header: replace(header, remark=f"before {all_of_them}"),
    )
    verdict = VerdictRecord(
        HOST, "windows.target", "audit", "blocked", (), (all_of_them,), all_of_them
    )
    finding = FindingRecord(
        "host", all_of_them, "certain", all_of_them, 1, (f"unix.ssh|{HOST}",), all_of_them
    )
    session = replace(report.session, verdicts=(verdict,), findings=(finding,))
    return replace(report, session=session, notices=(all_of_them,))


@pytest.mark.parametrize("format", FORMATS)
def test_no_name_and_no_address_is_left_in_any_spelling(telling: Report, format: str) -> None:
    open = "".join(FORMATS[format].render(telling))
    assert GIVEN_AWAY.search(open)
    made = "".join(FORMATS[format].render(pseudonymised(telling)))
    assert GIVEN_AWAY.findall(made.replace("\\", "")) == []
    assert "0123456789abcdef" not in made
    assert "E/o0OlkQ45A5" not in made


def test_no_friendly_name_is_left(telling: Report) -> None:
    def named(target: Target) -> Target:
        return replace(target, friendly_name="Contoso reception")

    session = telling.session
    header = replace(session.header, targets=tuple(map(named, session.header.targets)))
    rows = [
        replace(one, job=replace(one.job, target=named(one.job.target))) for one in session.results
    ]
    told = replace(telling, session=replace(session, header=header, results=tuple(rows)))
    made = pseudonymised(told).session
    assert {one.friendly_name for one in made.header.targets} == {""}
    assert {one.job.target.friendly_name for one in made.results} == {""}


def row(report: Report, check: str = "windows.winrm") -> Result:
    """The row of a check."""
    return next(one for one in report.session.results if one.job.check.id == check)


def test_the_diagnosis_stays(telling: Report) -> None:
    before, after = row(telling), row(pseudonymised(telling))
    seen = after.observation
    assert (after.status, seen.state, seen.reason) == (
        before.status,
        before.observation.state,
        before.observation.reason,
    )
    assert seen.icmp is not None
    assert (seen.icmp.type, seen.icmp.code) == (3, 13)
    assert seen.evidence[0].sent == "TCP connect"
    assert seen.evidence[1].received == "(left out)"
    assert after.job.key == f"windows.winrm|{after.job.target.label}"
    assert re.fullmatch(r"host-\d+\.domain-\d+\.domain-\d+\.example", after.job.target.host)
    # Who said no is in the subnet of the target, and the machine that asked is not.
    subnet = str(seen.address).rpartition(".")[0]
    assert seen.icmp.offender.startswith(f"{subnet}.")
    assert not str(seen.source).startswith(f"{subnet}.")


def test_what_tells_the_role_of_a_host_is_no_name(make_report: Reports, make_result: Make) -> None:
    profile = make_report(make_result()).profile
    ssh, auto = profile.check("unix.ssh"), profile.check("auto")
    target = Target("auto", "pc-014")
    facts = {"product": "OpenSSH", "summary": "OpenSSH 9.2p1"}
    seen = Observation(State.OPEN, Reason.SYN_ACK, Service.CONFIRMED, facts=facts)
    known = {question(ssh): seen}
    found = detection_observation(
        profile,
        Job("auto|pc-014", auto, target, None),
        [(Job("q", ssh, target, 22), seen)],
        decide(profile, known),
    )
    note = str(found.facts["summary"])
    rows = make_result("pc-014", "auto", Status.OK, note=note, facts=dict(found.facts))
    (row,) = pseudonymised(make_report(rows)).session.results
    assert row.note == "Linux or macOS target, by what answers: OpenSSH (left out) (TCP 22)."
    assert row.observation.facts["asked"][0]["port"] == "TCP 22"


def test_one_thing_has_one_stand_in_and_two_things_have_two(telling: Report) -> None:
    made = pseudonymised(telling)
    assert len({one.job.target.host for one in made.session.results}) == 4
    first = row(made)
    facts, host = first.observation.facts, first.job.target.host
    assert facts["computer"] == host.partition(".")[0]
    assert facts["dns_computer"] == host
    assert facts["dns_domain"] == host.partition(".")[2]
    assert facts["domain"] == str(facts["dns_domain"]).partition(".")[0]
    assert set(facts["names"]) == {f"{facts['computer']}<00>", f"{facts['domain']}<00> group"}
    resolved = facts["resolved"]
    assert isinstance(resolved, dict)
    by_address = row(made, "snmp.snmp").job.target.host
    assert by_address == first.observation.address
    assert by_address in resolved["addresses"]


def test_the_same_session_gives_the_same_stand_ins_and_another_gives_others(
    telling: Report,
) -> None:
    assert pseudonymised(telling) == pseudonymised(telling)
    session = telling.session
    other = replace(telling, session=replace(session, header=replace(session.header, id="x")))
    one, two = (row(pseudonymised(report)) for report in (telling, other))
    assert one.observation.address != two.observation.address


@pytest.mark.parametrize(
    "note",
    [
        "Refused with a TCP reset: nothing listens on 5985.",
        "TLS 1.2, HTTP 200.",
        "SMB 3.1.1, signing required.",
        "No answer in 4 s, twice: dropped on the way or the host is down.",
        "RPC endpoint mapper with 53 endpoints; RPC listens on TCP 49152, 49153, 49154.",
        "3 of 3 dynamic ports answer (49152, 49153, 49154).",
        "Not needed while WinRM (TCP 5985) answers.",
    ],
)
def test_words_of_our_sentences_are_no_names(
    make_report: Reports, make_result: Make, note: str
) -> None:
    report = make_report(make_result("server.at.host.example", note=note))
    assert row(pseudonymised(report)).note == note


def test_what_names_nobody_stays_as_it_is(make_report: Reports, make_result: Make) -> None:
    note = "127.0.0.1, ::1, 255.255.255.0 and 224.0.0.251"
    made = row(pseudonymised(make_report(make_result(note=note)))).note
    assert all(one.strip(",") in made for one in note.split() if one != "and")


@settings(max_examples=100)
@given(hosts=st.sets(st.ip_addresses(v=4, network="10.77.0.0/20"), min_size=2, max_size=12))
def test_subnets_keep_their_structure(hosts: set[ipaddress.IPv4Address]) -> None:
    pseudonyms = AddressPseudonyms(b"key", map(str, hosts))
    others = [pseudonyms.pseudonym(host) for host in sorted(hosts)]
    assert len(set(others)) == len(hosts)
    for one, new_one in zip(sorted(hosts), others, strict=True):
        for two, new_two in zip(sorted(hosts), others, strict=True):
            common = (int(one) ^ int(two)).bit_length()
            other = (int(new_one) ^ int(new_two)).bit_length()
            assert other == common if common <= 8 else other > 8


@settings(max_examples=150)
@given(
    name=st.from_regex(r"qz[a-z0-9]{2,8}(-[a-z0-9]{1,4})?(\.qz[a-z]{3,6}){0,3}", fullmatch=True),
    glue=st.tuples(*[st.sampled_from(["", " ", ".", "-", "_", ":", "/", "@", "(", "\\", "$"])] * 2),
    case=st.sampled_from([str.lower, str.upper, str.title]),
)
def test_a_name_is_found_whatever_stands_beside_it(
    make_report: Reports,
    make_result: Make,
    name: str,
    glue: tuple[str, str],
    case: Callable[[str], str],
) -> None:
    note = f"seen{glue[0] or ' '}{case(name)}{glue[1] or ' '}there"
    made = row(pseudonymised(make_report(make_result(name, note=note))))
    assert "qz" not in f"{made.note} {made.job.target.host} {made.job.key}".lower()


@settings(max_examples=200)
@given(text=st.text(max_size=60))
def test_any_text_goes_through(forged: Callable[[str], Report], text: str) -> None:
    assert len(pseudonymised(forged(text)).session.results) == 4
