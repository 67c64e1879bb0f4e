"""Row, verdict, finding, report and firewall request name the same party for a change."""

from __future__ import annotations

import csv as csv_reader
import dataclasses
import html as entities
import io
import itertools
import json as json_reader
import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.engine.verdict_tracker import verdicts_of
from probes.judging.change import Change, required_change
from probes.judging.findings import diagnose, rows_in_no_finding
from probes.judging.host_states import HostStates
from probes.judging.party import Party
from probes.judging.status import judge
from probes.model import (
    TO_CHANGE,
    Confidence,
    Evidence,
    Finding,
    FindingKind,
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
from probes.registry.shell import address
from probes.remediation import remedy
from profiles.model import Check, Profile
from profiles.recognition import AUTO
from tui.reports import csv, html, json, junit, markdown
from tui.reports.flows import request
from tui.reports.model import Report

HERE, NEXT, R1, R2 = "10.20.1.9", "10.20.1.250", "10.20.1.1", "10.20.1.2"
DEVICES = {NEXT, R1, R2}
ADDRESSES = {"pc1.corp.example": "10.20.2.14", "pc2.corp.example": "10.20.2.15"}
HOSTS = (*ADDRESSES, "10.20.3.7", "2001:db8::7")
PROXY = ("10.20.1.80", 3128)
ABOUT_LOSS = {
    FindingKind.LOCAL,
    FindingKind.PROXY,
    FindingKind.NETWORK,
    FindingKind.HOST,
    FindingKind.FILTER,
    FindingKind.SERVICE,
}
REJECTED = (State.FILTERED, Reason.ADMIN_PROHIBITED)
DOWN = (State.UNREACHABLE, Reason.HOST_UNREACH)
UNROUTED = (State.UNREACHABLE, Reason.NET_UNREACH)
HOST = "the host itself"
"""Stands for the address of the row's host."""
TOLD = ("Ask the owner.", "Allow the host in the rules of the proxy.")
"""Changes in the words of a probe."""
Ending = tuple[tuple[State, Reason], dict[str, object]]

ENDINGS: dict[str, Ending] = {
    "open": ((State.OPEN, Reason.SYN_ACK), {"service": Service.CONFIRMED}),
    "accepted": ((State.OPEN, Reason.SYN_ACK), {"facts": {"accepts_everything": True}}),
    "wrong": ((State.OPEN, Reason.SYN_ACK), {"service": Service.UNEXPECTED}),
    "mute": ((State.OPEN, Reason.SYN_ACK), {"service": Service.SILENT}),
    "unproven": (
        (State.OPEN, Reason.SYN_ACK),
        {"service": Service.SILENT, "facts": {"unproven": "tls", "summary": "it is no TLS"}},
    ),
    "intercepted": (
        (State.OPEN, Reason.SYN_ACK),
        {
            "service": Service.UNEXPECTED,
            "facts": {
                "http_problem": "proxy",
                "answered_by": "squid/5.7",
                "summary": "a proxy on the path answers in the host's place (squid/5.7)",
                "fix": TOLD[1],
            },
        },
    ),
    "refused": ((State.CLOSED, Reason.CONN_REFUSED), {}),
    "silent": ((State.FILTERED, Reason.NO_RESPONSE), {}),
    "told": ((State.FILTERED, Reason.NO_RESPONSE), {"facts": {"fix": TOLD[0]}}),
    "not sent": ((State.FILTERED, Reason.NO_RESPONSE), {"facts": {"not_sent": True}}),
    "no ARP": ((State.FILTERED, Reason.NO_RESPONSE), {"facts": {"no_arp_reply": True}}),
    "by somebody": ((State.FILTERED, Reason.PORT_UNREACH), {}),
    **{
        f"rejected {code} by {by}": (REJECTED, {"icmp": Icmp(3, code, by)})
        for by in (R1, R2, HERE, HOST)
        for code in (10, 13)
    },
    "port unreachable by R1": ((State.FILTERED, Reason.PORT_UNREACH), {"icmp": Icmp(3, 3, R1)}),
    **{f"down by {by}": (DOWN, {"icmp": Icmp(3, 1, by)}) for by in (R1, R2, HERE, HOST)},
    "down after a search": (DOWN, {"icmp": Icmp(3, 1, R1), "latency_ms": 3060.0}),
    "down by nobody": (DOWN, {}),
    "no router": (DOWN, {"icmp": Icmp(3, 1, HERE), "facts": {"unanswered": NEXT}}),
    "own rule": (DOWN, {"icmp": Icmp(3, 1, HERE), "facts": {"unanswered": ""}}),
    **{f"no route by {by}": (UNROUTED, {"icmp": Icmp(3, 0, by)}) for by in (R1, HERE)},
    "no route": (UNROUTED, {}),
    "loop": ((State.UNREACHABLE, Reason.TIME_EXCEEDED), {"icmp": Icmp(11, 0, R2)}),
    "no name": ((State.ERROR, Reason.NAME_NOT_RESOLVED), {"facts": {"problem": "no such name"}}),
    "no dns": (
        (State.ERROR, Reason.NAME_NOT_RESOLVED),
        {"facts": {"problem": "1.1.1.1 is silent", "fix": "Start the DNS server 1.1.1.1."}},
    ),
    "denied": (
        (State.ERROR, Reason.PERMISSION_DENIED),
        {"facts": {"problem": "own firewall"}, "evidence": (Evidence("10.20.2.14", errno=1),)},
    ),
    "forbidden": ((State.ERROR, Reason.PERMISSION_DENIED), {"facts": {"problem": "no group"}}),
    "waits": ((State.NOT_RUN, Reason.DEPENDENCY), {}),
}
MARKS: dict[Party, str] = {
    Party.NAME: "name",
    Party.DNS_SERVER: "the DNS server",
    Party.THIS_MACHINE: "in the firewall of this machine",
    Party.ROUTE: "route to",
    Party.PROXY: "10.20.1.80:3128",
    Party.HOST_FIREWALL: "itself|themselves",
    Party.HOST: "listen",
    Party.UNKNOWN: "firewall",
    Party.UNDELIVERED: " or correct ",
}
"""Patterns of how the change of a finding names a party that has no address."""
NO_RULE = {
    Party.HOST,
    Party.SERVICE,
    Party.PROXY,
    Party.INTERCEPTOR,
    Party.THIS_MACHINE,
    Party.DNS_SERVER,
    Party.ROUTE,
}

Row = tuple[str, Check, str, bool]


def made(row: Row) -> Result:
    host, check, ending, proxied = row
    (state, reason), more = ENDINGS[ending]
    untested = state in (State.ERROR, State.NOT_RUN)
    proxied = proxied and check.probe == "https"
    asked = PROXY[0] if proxied else ADDRESSES.get(host, host)
    seen = Observation(state, reason, Service.NOT_ASKED, None if untested else asked, HERE)
    seen = dataclasses.replace(seen, started="2026-01-31T12:00:00.000+01:00", **more)
    if seen.icmp is not None and seen.icmp.offender == HOST:
        seen = dataclasses.replace(seen, icmp=dataclasses.replace(seen.icmp, offender=asked))
    facts = dict(seen.facts)
    if check.transport != "tcp" and (state, reason) == (State.FILTERED, Reason.NO_RESPONSE):
        facts.pop("not_sent", None)
        if check.transport == "udp":
            seen = dataclasses.replace(seen, state=State.OPEN_FILTERED)
    if proxied:
        facts["proxy"] = ":".join(map(str, PROXY))
    seen = dataclasses.replace(seen, facts=facts)
    job = Job(
        f"{check.id}|{host}",
        check,
        Target(check.role, host),
        check.port,
        PROXY if proxied else None,
    )
    return judge(job, seen)


@pytest.fixture(scope="module")
def rows(profile: Profile) -> st.SearchStrategy[list[Result]]:
    one = st.tuples(
        st.sampled_from(HOSTS),
        # What recognises a role asks many ports, and none of them is its own.
        st.sampled_from([check for check in profile.checks if check.role != AUTO]),
        st.sampled_from(sorted(ENDINGS)),
        st.booleans(),
    )
    return st.lists(one.map(made), max_size=14, unique_by=lambda result: result.job.key)


def changes(results: list[Result]) -> dict[str, Change]:
    states = HostStates(results)
    found = ((one.job.key, required_change(one, states.of(one))) for one in results)
    return {key: change for key, change in found if change is not None}


def test_the_row_says_what_its_change_says_and_names_the_party(rows) -> None:
    @given(rows)
    def one_answer(results: list[Result]) -> None:
        states, decided = HostStates(results), changes(results)
        for result in results:
            found, change = remedy(result, states.of(result)), decided.get(result.job.key)
            assert (found is None) is (change is None) is (result.status not in TO_CHANGE)
            if found is None or change is None:
                continue
            assert found.who == change.who
            told = result.observation.facts.get("fix") == found.change
            assert told or change.name in found.change
            assert not (DEVICES - {change.name}) & set(words(found.change))

    one_answer()


def words(text: str) -> Iterator[str]:
    return (word.strip(".,:;()") for word in text.split())


def test_every_change_of_a_verdict_is_that_of_a_row(rows, profile: Profile) -> None:
    by_id = {capability.id: capability for capability in profile.capabilities}

    @given(rows)
    def one_answer(results: list[Result]) -> None:
        states = HostStates(results)
        for verdict in verdicts_of(profile, profile.default_answers, results):
            other_roles = {one.check for one in by_id[verdict.capability].elsewhere}
            own = [one for one in results if one.job.target == verdict.target]
            others = [one for one in results if one.job.check.id in other_roles]
            known = [required_change(one, states.of(one)) for one in own]
            known += [required_change(one, states.of(one), one.job.target.label) for one in others]
            for fix in verdict.fix:
                behind = [
                    one
                    for one in known
                    if one is not None and fix.startswith(one.before) and fix.endswith(one.after)
                ]
                assert behind, (fix, known)
                assert not (DEVICES - {one.name for one in behind}) & set(words(fix))

    one_answer()


def test_a_finding_names_the_party_of_every_row_behind_it(rows) -> None:
    @given(rows)
    def one_answer(results: list[Result]) -> None:
        decided = changes(results)
        findings = diagnose(results, {})
        for finding in findings:
            if finding.kind in ABOUT_LOSS:
                check_finding(finding, decided)
        behind = {key for finding in findings for key in finding.keys}
        alone = rows_in_no_finding(results, findings)
        assert set(alone) == set(decided) - behind
        # What is rejected has a finding, if it is one row only.
        parties = {decided[key].party for key in alone}
        assert not parties & {Party.DEVICE, Party.HOST_FIREWALL, Party.THIS_MACHINE, Party.ROUTE}

    one_answer()


def check_finding(finding: Finding, decided: dict[str, Change]) -> None:
    behind = [decided[key] for key in finding.keys if key in decided]
    # Silence beside what a device rejects is laid on it, though no more than likely.
    parties = {
        Party.DEVICE if one.party is Party.UNKNOWN and one.name else one.party for one in behind
    } - {Party.NOT_TESTED}
    assert len(parties) <= 1, (finding, behind)
    for change in behind:
        if change.party is Party.NOT_TESTED:
            continue
        assert change.name in f"{finding.text} {finding.fix}", (finding, change)
        if finding.fix and finding.fix not in TOLD:
            mark = re.escape(change.name) or MARKS[change.party]
            assert re.search(mark, finding.fix), (finding, change)
            if change.party is Party.UNKNOWN and not change.name:
                # A device that rejects another port of the host is not the party of this one.
                laid_on_device = "rejects other rows, then" in finding.fix
                assert not laid_on_device or "on the firewalls before" in finding.fix, finding


def test_all_that_one_device_rejects_is_one_finding(rows) -> None:
    @given(rows)
    def one_answer(results: list[Result]) -> None:
        decided = changes(results)
        direct = {one.job.key for one in results if one.job.via is None}
        for device in (R1, R2):
            keys = {
                key
                for key, change in decided.items()
                if (change.party, change.name) == (Party.DEVICE, device) and key in direct
            }
            behind = [one for one in diagnose(results, {}) if keys & set(one.keys)]
            assert len(behind) <= 1
            assert all(keys <= set(one.keys) for one in behind)
            if keys:
                parties = {decided[key].party for key in behind[0].keys if key in decided}
                sure = Party.UNKNOWN not in parties
                assert behind[0].confidence is (Confidence.CERTAIN if sure else Confidence.LIKELY)

    one_answer()


def test_the_request_asks_the_party_of_the_row_and_nobody_for_what_no_rule_mends(rows) -> None:
    @given(rows)
    def one_answer(results: list[Result]) -> None:
        states = HostStates(results)
        found = request(results, HERE)
        left = {one.job.key for _, its in found.left_out for one in its}
        asked = {(flow.who, flow.check.id, host) for flow in found.flows for host in flow.hosts}
        for result in results:
            change = required_change(result, states.of(result))
            name = (result.job.check.id, result.job.target.label)
            whose = {who for who, *what in asked if tuple(what) == name}
            assert len(whose) <= 1
            if result.job.key in left or change is None:
                # A flow has one check of those with the same purpose.
                continue
            if change.party in NO_RULE:
                assert not whose
        for flow in found.flows:
            behind = [
                required_change(one, states.of(one))
                for one in results
                if one.job.target.label in flow.hosts
                and one.job.check.purpose == flow.check.purpose
            ]
            assert flow.who in {one.who for one in behind if one is not None}
            assert (
                not {one.party for one in behind if one is not None and one.who == flow.who}
                & NO_RULE
            )

    one_answer()


def test_every_report_names_the_party_of_the_row(rows, make_report: Callable[..., Report]) -> None:
    @settings(max_examples=25)
    @given(rows.filter(bool))
    def one_answer(results: list[Result]) -> None:
        report = make_report(*results)
        states = HostStates(report.session.results)
        expected = {}
        for one in report.session.results:
            found = remedy(one, states.of(one))
            expected[one.job.key] = ("", "") if found is None else (found.change, found.who)
        check_csv(report, expected)
        check_json(report, expected)
        pages = {name: "".join(made.render(report)) for name, made in PAGES.items()}
        ElementTree.fromstring(pages["junit"])
        for (change, who), (name, page) in itertools.product(expected.values(), pages.items()):
            shown = page if name == "markdown" else entities.unescape(page)
            assert plain(change) in plain(shown) and plain(who) in plain(shown), name

    one_answer()


PAGES = {"markdown": markdown, "html": html, "junit": junit}


def plain(text: str) -> str:
    return text.replace("\\", "")


def check_csv(report: Report, expected: dict[str, tuple[str, str]]) -> None:
    lines = csv_reader.DictReader(io.StringIO("".join(csv.render(report))))
    found = {
        f"{one['check']}|{one['host']}": (one["to change"], one["to change by"]) for one in lines
    }
    assert found == expected


def check_json(report: Report, expected: dict[str, tuple[str, str]]) -> None:
    document = json_reader.loads("".join(json.render(report)))
    nothing = {"text": "", "by": ""}
    changes = {one["key"]: one.get("change", nothing) for one in document["results"]}
    assert {key: (one["text"], one["by"]) for key, one in changes.items()} == expected
    in_no_finding = {key for key, (change, _) in expected.items() if change}
    in_no_finding -= {key for one in document["findings"] for key in one["keys"]}
    assert set(document["in_no_finding"]) == in_no_finding


def test_every_party_and_every_status_to_change_is_met_by_these_endings(profile: Profile) -> None:
    """The generated rows show nothing about what they never are."""
    results = [
        made(("pc1.corp.example", check, ending, proxied))
        for check in profile.checks
        if check.role != AUTO
        for ending in ENDINGS
        for proxied in (False, True)
    ]
    found = [required_change(one) for one in results]
    assert {one.party for one in found if one is not None} == set(Party)
    assert {one.status for one in results} >= TO_CHANGE | {Status.OK, Status.UNVERIFIABLE}
    assert all(
        address(one.name) or one.party in (Party.NAME, Party.PROXY, Party.INTERCEPTOR)
        for one in found
        if one and one.name
    )
