"""The details begin with what a person needs, and keep what a network team asks for as evidence."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from probes.judging.host_states import HostStates
from probes.judging.status import judge
from probes.model import (
    MISSING,
    SILENCE,
    TO_CHANGE,
    Diagnosed,
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
)
from probes.session.records import FindingRecord
from profiles.model import Profile
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.models.loaded_session import NOT_MEASURED_AGAIN, load_session
from tui.models.rows import Rows
from tui.models.same_cause import SameCause
from tui.text.clipboard_text import row_text
from tui.text.detail import Line, detail_lines
from tui.text.row_parts import Part, seen_text
from tui.text.status import UNICODE
from tui.widgets.detail import Detail

ROOT = Path(__file__).parents[3]
SESSIONS = ("docs/example.jsonl", "tests/sessions/site.jsonl", "tests/sessions/network.jsonl")
ROUTER, HOST, HERE = "10.1.1.1", "10.0.0.14", "10.0.0.9"
REJECTED = {
    "state": State.FILTERED,
    "reason": Reason.ADMIN_PROHIBITED,
    "icmp": Icmp(3, 13, ROUTER),
}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load(Options("screen"))


def row(profile: Profile, id: str = "windows.winrm", host: str = "pc1", **facts: object) -> Result:
    """A row as the judge makes it, rejected by a router unless `facts` say otherwise."""
    check = profile.check(id)
    target = Target(check.role, host)
    seen = Observation(
        **{
            "address": HOST,
            "source": HERE,
            "started": "2026-01-31T12:00:00.000+01:00",
            **REJECTED,
            **facts,
        }
    )
    return judge(Job(f"{id}|{host}", check, target, check.port), seen)


def wrapped(lines: list[Line]) -> list[tuple[str, str, str]]:
    """Label, text and hint of each line of the pane at 80 columns, the heading left out."""

    class Pane(Detail):
        _width = 79

    pane = Pane(UNICODE)
    pane._content = tuple(lines)
    pane._wrap()
    return [(one.label, one.text, one.hint) for one in pane._lines]


def told(profile: Profile, result: Result, **more: object) -> dict[str, str]:
    return {one.label: one.text for one in detail_lines(result.job, result, profile, **more)}


@pytest.fixture
def evidence(profile: Profile) -> dict[str, str]:
    refused = Icmp(3, 13, ROUTER)
    exchange = Evidence(
        HOST, "TCP connect", "", State.FILTERED, Reason.ADMIN_PROHIBITED, 2.0, refused, 113
    )
    result = row(
        profile,
        interface="eth0",
        latency_ms=1.5,
        latency_source="kernel",
        timings_ms={"resolve": 3.0, "connect": 1.5},
        attempts=2,
        facts={"resolved": {"addresses": [HOST], "server": "10.0.0.53", "of": ""}},
        evidence=(exchange,),
    )
    return told(profile, result)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("path", "10.0.0.14 from 10.0.0.9 (eth0)"),
        ("resolved", "addresses 10.0.0.14, server 10.0.0.53"),
        ("state", "filtered, admin-prohibited; service not asked"),
        ("error from", "10.1.1.1, ICMP type 3 code 13"),
        ("time", "latency 1.50 ms (kernel); resolve 3.00 ms, connect 1.50 ms"),
        ("asked at", "2026-01-31T12:00:00.000+01:00, 2 attempts"),
        (
            "exchange 1",
            "at 2 ms to 10.0.0.14, sent TCP connect, filtered (admin-prohibited), "
            "10.1.1.1, ICMP type 3 code 13, errno 113",
        ),
    ],
)
def test_the_evidence_is_all_there(evidence: dict[str, str], label: str, text: str) -> None:
    assert evidence[label] == text


SILENT = {"state": State.FILTERED, "reason": Reason.NO_RESPONSE, "icmp": None}
RESET = {"state": State.CLOSED, "reason": Reason.CONN_REFUSED, "icmp": None, "latency_ms": 0.3}
OPEN = {"state": State.OPEN, "reason": Reason.SYN_ACK, "icmp": None, "latency_ms": 0.3}
JETTY = {"summary": "a web server (Jetty 9.4.51), HTTP 404"}


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (
            {"latency_ms": 2.24},
            "ICMP 3/13 (administratively prohibited) from 10.1.1.1, 2.24 ms, 1 attempt",
        ),
        (
            {"icmp": Icmp(3, 10, HOST), "attempts": 2},
            "ICMP 3/10 (host administratively prohibited) from the host's address, 2 attempts",
        ),
        (
            {"icmp": Icmp(3, 13, HERE)},
            "ICMP 3/13 (administratively prohibited) from this machine itself (10.0.0.9), "
            "1 attempt",
        ),
        (
            {"icmp": Icmp(1, 1, "fe80::1", 6)},
            "ICMPv6 1/1 (administratively prohibited) from fe80::1, 1 attempt",
        ),
        (
            {
                "state": State.UNREACHABLE,
                "reason": Reason.HOST_UNREACH,
                "icmp": Icmp(3, 1, ROUTER),
            },
            "ICMP 3/1 (host unreachable) from 10.1.1.1, 1 attempt",
        ),
        (RESET, "TCP reset from the host's address, 0.30 ms, 1 attempt"),
        ({**SILENT, "attempts": 2, "timings_ms": {SILENCE: 4020.0}}, "nothing, asked twice in 4 s"),
        ({**SILENT, "attempts": 1}, "nothing, asked once"),
        (
            {**SILENT, "attempts": 2, "facts": {"no_arp_reply": True}},
            "nothing, asked twice, and no ARP reply",
        ),
        (
            {**OPEN, "service": Service.UNEXPECTED, "facts": JETTY},
            "open, but not WinRM: a web server (Jetty 9.4.51), HTTP 404, 0.30 ms, 1 attempt",
        ),
        (
            {**OPEN, "service": Service.SILENT, "facts": {"summary": "it closed the connection"}},
            "open, but it closed the connection, 0.30 ms, 1 attempt",
        ),
        (
            {**OPEN, "service": Service.CONFIRMED, "facts": {"summary": "WinRM answers"}},
            "WinRM answers, 0.30 ms, 1 attempt",
        ),
        (
            {**OPEN, "service": Service.CONFIRMED, "facts": {"summary": "A sentence of its own."}},
            "A sentence of its own, 0.30 ms, 1 attempt",
        ),
        (
            {
                **RESET,
                "facts": {"summary": "Only ping answers. Write X=web1.", "fix": "Write X=web1."},
            },
            "Only ping answers, 0.30 ms, 1 attempt",
        ),
        (
            {
                "state": State.ERROR,
                "reason": Reason.NAME_NOT_RESOLVED,
                "icmp": None,
                "facts": {"problem": "no such name"},
            },
            "Not tested: the name does not resolve: no such name.",
        ),
    ],
)
def test_seen_says_what_came_from_whom_and_how_long_it_took(
    profile: Profile, facts: dict[str, object], text: str
) -> None:
    assert seen_text(row(profile, **facts)) == text


@pytest.mark.parametrize(
    ("facts", "means"),
    [
        ({}, "The computer cannot be recognized, identified or audited over WinRM."),
        (SILENT, "The computer cannot be recognized, identified or audited over WinRM."),
        (
            {**OPEN, "service": Service.CONFIRMED},
            "The path is open and the right service answered.",
        ),
        (OPEN, "The path is open; which service answers was not asked."),
        ({**OPEN, "facts": {"accepts_everything": True}}, "This is neither a pass nor a failure."),
    ],
)
def test_means_says_what_it_costs_or_proves(
    profile: Profile, facts: dict[str, object], means: str
) -> None:
    result = row(profile, **facts)
    lines = told(profile, result)
    assert lines[Part.MEANS] == means
    # The consequence stands once: above where the row is missing, else with the requirement.
    whole = " ".join(lines.values())
    assert whole.count(result.job.check.consequence) == 1
    assert ("if missing" in lines) == (result.status not in MISSING)


def test_a_role_that_was_found_is_not_said_to_be_an_open_path(profile: Profile) -> None:
    found = {**OPEN, "facts": {"recognised": "unix.target", "summary": "Linux."}}
    result = row(profile, "auto", **found)
    assert result.status is Status.OK
    assert told(profile, result)[Part.MEANS] == (
        "Its role is known; rows of their own test what that role requires."
    )


@pytest.mark.parametrize("name", SESSIONS)
def test_the_first_five_parts_of_a_blocked_row_are_seen_without_scrolling(
    profile: Profile, name: str
) -> None:
    """At 80x24 the pane has eight lines, the first of which is the heading."""
    session = load_session(ROOT / name, profile)
    rows = Rows(session.jobs)
    rows.apply(session.results)
    causes, hosts = SameCause(rows), HostStates(session.results)
    causes.clear(session.findings)
    blocked = 0
    for one in session.results:
        lines = [*detail_lines(one.job, one, profile, hosts.of(one), shared=causes.of(one))]
        heading, *rest = lines
        assert heading.text.startswith(f"{one.job.target.label}  {one.job.check_text}  ")
        assert heading.text.endswith(f"{UNICODE.status[one.status]} {one.status}")
        labels = [line.label for line in rest if line.label]
        assert labels[0] == Part.SEEN
        parts = [label for label in labels if label in {*Part}]
        assert parts == [part for part in Part if part in parts] == labels[: len(parts)]
        assert labels.index("required") > labels.index("meaning, {explain}")
        if one.status is Status.BLOCKED:
            blocked += 1
            shown = [label for label, _, _ in wrapped(lines)[:7] if label]
            assert shown[:5] == [*Part], wrapped(lines)[:9]
    assert blocked


KINDS = {
    "a device": {},
    "the host's firewall": {"icmp": Icmp(3, 13, HOST)},
    "silence": {**SILENT, "attempts": 2, "timings_ms": {SILENCE: 4020.0}},
    "nobody": {**SILENT, "attempts": 2, "facts": {"no_arp_reply": True}},
    "a router": {
        "state": State.UNREACHABLE,
        "reason": Reason.HOST_UNREACH,
        "icmp": Icmp(3, 1, ROUTER),
    },
    "refused": RESET,
    "wrong": {**OPEN, "service": Service.UNEXPECTED, "facts": JETTY},
    "mute": {
        **OPEN,
        "service": Service.SILENT,
        "facts": {"summary": "it closed the connection without a word"},
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_check_met_its_first_five_parts_are_seen(profile: Profile, kind: str) -> None:
    for check in profile.checks:
        if check.transport != "tcp" and kind in ("refused", "wrong", "mute"):
            continue
        result, other = (
            row(profile, check.id, f"pc-{number}.corp.example", **KINDS[kind])
            for number in ("015", "016")
        )
        if result.status not in MISSING:
            continue
        rows = Rows([result.job, other.job])
        rows.apply([result, other])
        causes = SameCause(rows)
        causes.clear([finding(result, other)])
        lines = [*detail_lines(result.job, result, profile, shared=causes.of(result))]
        shown = [label for label, _, _ in wrapped(lines)[:7] if label]
        assert shown[:5] == [*Part], wrapped(lines)[:9]


def test_what_stands_below_as_well_goes_where_it_would_take_a_line_of_its_own() -> None:
    extra = ("2.24 ms", "1 attempt")
    for text, shown in (
        ("x" * 50, f"{'x' * 50}, 2.24 ms, 1 attempt"),
        ("x" * 60, f"{'x' * 60}, 2.24 ms"),
        ("x" * 70, "x" * 70),
    ):
        line = Line(Part.SEEN, text, column=8, extra=extra)
        assert wrapped([Line("", "heading"), line]) == [(Part.SEEN, shown, "")]


def test_a_hint_stands_at_the_right_where_there_is_room_and_else_on_a_later_line() -> None:
    long, short = "x" * 70, "y"
    lines = [
        Line("", "heading"),
        Line("verify", long, "y copies it", 8),
        Line("", short, column=8),
        Line("path", "z"),
    ]
    assert wrapped(lines) == [
        ("verify", long, ""),
        ("", short, "y copies it"),
        ("path", "z", ""),
    ]


def test_nothing_of_a_note_is_lost_and_nothing_is_said_twice(profile: Profile) -> None:
    refused = row(profile, **RESET)
    assert "or a firewall sent the reset" in told(profile, refused)["note"]
    confirmed = row(
        profile, **OPEN, service=Service.CONFIRMED, facts={"summary": "WinRM, HTTP 401"}
    )
    assert confirmed.note == "WinRM, HTTP 401."
    assert "note" not in told(profile, confirmed)


def test_the_note_of_an_older_log_does_not_say_the_consequence_again(profile: Profile) -> None:
    now = row(profile, **RESET)
    consequence = now.job.check.consequence
    older = replace(now, note=f"Refused with a TCP reset. {consequence}")
    assert told(profile, older)["note"] == "Refused with a TCP reset."
    assert told(profile, older)[Part.MEANS] == consequence


def test_a_row_of_an_earlier_session_says_since_when_in_its_first_line(profile: Profile) -> None:
    one = row(profile, **RESET)
    at = one.observation.started
    annotated = replace(one, note=f"{NOT_MEASURED_AGAIN} {at}: {one.note}")
    assert seen_text(annotated).startswith(
        f"TCP reset from the host's address, not retested since {at}"
    )


def test_a_row_that_was_not_measured_says_what_will_be_asked(profile: Profile) -> None:
    job = row(profile).job
    lines = [*detail_lines(job, None, profile)]
    assert lines[0].text == "pc1  WinRM TCP 5985  · queued"
    texts = {line.label: line.text for line in lines}
    assert texts[Part.SEEN] == "not tested yet; WinRM TCP 5985 of pc1 will be asked"
    assert texts["if missing"] == job.check.consequence
    assert job.check.purpose in texts["required"]
    assert Part.CHANGE not in texts


def test_a_row_that_is_measured_again_says_so_beside_what_it_was(profile: Profile) -> None:
    one = row(profile)
    heading = next(detail_lines(one.job, one, profile, status=Status.RUNNING))
    assert heading.text == "pc1  WinRM TCP 5985  › running, was blocked"


def test_the_row_of_a_host_without_a_role_has_no_port_and_no_attempts(profile: Profile) -> None:
    check = profile.check("auto")
    job = Job("auto|h1", check, Target("auto", "h1"), None)
    summary = "Nothing decided its role: only ping answers. Write ROLE=h1."
    facts = {"recognised": None, "summary": summary, "short": "role unknown", "fix": "Write."}
    seen = Observation(State.OPEN, Reason.ECHO_REPLY, started="2026-01-01", attempts=1, facts=facts)
    parts = told(profile, judge(job, seen))
    assert parts[Part.SEEN] == summary
    assert parts[Part.MEANS] == check.consequence
    assert parts["required"].endswith(" (Host without a role)")


def test_a_host_is_told_by_its_friendly_name_too(profile: Profile) -> None:
    check = profile.check("windows.winrm")
    target = Target(check.role, "pc1", friendly_name="Reception\x1b[m")
    job = Job("windows.winrm|pc1", check, target, 5985)
    lines = {line.label: line.text for line in detail_lines(job, None, profile)}
    assert lines["known as"].startswith("Reception")
    assert lines["known as"].isprintable()
    plain = replace(job, target=replace(target, friendly_name=""))
    assert "known as" not in {line.label for line in detail_lines(plain, None, profile)}


HOSTILE = "a\x1b[31m\n\u202eb" + "c" * 5000


def test_hostile_text_is_harmless_in_every_part(profile: Profile) -> None:
    result = row(
        profile,
        host=f"pc{HOSTILE}",
        **OPEN,
        service=Service.UNEXPECTED,
        facts={"summary": HOSTILE, "fix": HOSTILE, "problem": HOSTILE, "mac": HOSTILE},
    )
    result = replace(result, note=HOSTILE, why=HOSTILE)
    rows = Rows([result.job])
    rows.apply([result])
    for line in detail_lines(result.job, result, profile):
        assert line.text.isprintable(), line
        assert len(line.text) < 2000, line.label
    assert row_text(result).isprintable()


def same(profile: Profile, *results: Result, findings: tuple[FindingRecord, ...] = ()) -> str:
    """Text of the part about the same cause of the first row."""
    rows = Rows([one.job for one in results])
    rows.apply(results)
    causes = SameCause(rows)
    causes.clear(findings)
    return told(profile, results[0], shared=causes.of(results[0])).get(Part.SAME, "")


def finding(*rows: Result, number: int | None = None) -> FindingRecord:
    keys = tuple(one.job.key for one in rows)
    return FindingRecord("port", "it is", "certain", "because", number or len(keys), keys, "")


def test_the_rows_with_the_same_cause_are_those_of_its_finding(profile: Profile) -> None:
    one, two, three = (row(profile, host=f"pc{number}") for number in (1, 2, 3))
    lone = "none known"
    two, three = (replace(each, why="something else") for each in (two, three))
    assert same(profile, one, two, three, findings=(finding(three, two),)) == lone
    assert same(profile, one, two, findings=(finding(one, two),)) == "pc2 WinRM TCP 5985"
    assert (
        same(profile, one, two, three, findings=(finding(one, two, three),))
        == "pc2 WinRM TCP 5985 and 1 more row"
    )
    # Of very many rows a log has only the first keys.
    assert (
        same(profile, one, two, findings=(finding(one, two, number=4321),))
        == "pc2 WinRM TCP 5985 and 4,319 more rows"
    )
    alike = replace(two, why=one.why)
    assert same(profile, one, alike, findings=(finding(one, alike),)).endswith(f": {one.why}")


def test_a_row_that_needs_no_change_any_more_shares_no_cause(profile: Profile) -> None:
    one, two = row(profile, host="pc1"), row(profile, host="pc2")
    well = replace(two, status=Status.OK)
    assert same(profile, one, well, findings=(finding(one, well),)) == "none known"
    assert same(profile, well, one, findings=(finding(one, well),)) == ""


FIREWALL = {**REJECTED, "icmp": Icmp(3, 13, HOST)}
NAMELESS = {"state": State.ERROR, "reason": Reason.NAME_NOT_RESOLVED, "icmp": None}


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ({}, {}, True),
        ({}, {"icmp": Icmp(3, 10, ROUTER)}, True),
        ({}, {"icmp": Icmp(3, 13, "10.1.1.2")}, False),
        (FIREWALL, FIREWALL, True),
        (FIREWALL, {**FIREWALL, "address": "10.0.0.15", "icmp": Icmp(3, 13, "10.0.0.15")}, False),
        # Silence and a refusal are alike everywhere, and that is no cause they share.
        (SILENT, SILENT, False),
        (RESET, RESET, False),
        (NAMELESS, NAMELESS, False),
        ({**NAMELESS, "facts": {"fix": "x"}}, {**NAMELESS, "facts": {"fix": "x"}}, True),
    ],
)
def test_without_findings_they_are_those_of_the_same_party(
    profile: Profile, first: dict[str, object], second: dict[str, object], alike: bool
) -> None:
    one, two = row(profile, host="pc1", **first), row(profile, host="pc2", **second)
    assert same(profile, one, two).startswith("pc2 " if alike else "none")


def test_results_that_come_later_count_until_there_are_findings(profile: Profile) -> None:
    one, two, three = (row(profile, host=f"pc{number}") for number in (1, 2, 3))
    rows = Rows([one.job, two.job, three.job])
    rows.apply([one])
    causes = SameCause(rows)
    assert causes.of(one) is None
    for each in (two, three):
        rows.apply([each])
        causes.apply([each])
    shared = causes.of(one)
    assert shared is not None and (shared.other, shared.more) == (two, 1)
    mended = replace(two, status=Status.OK)
    rows.apply([mended])
    causes.apply([mended])
    shared = causes.of(one)
    assert shared is not None and (shared.other, shared.more) == (three, 0)
    causes.apply([Diagnosed(())])
    assert causes.of(one) is not None
    rows.replace([(one.job, one)])
    causes.forget_rows()
    assert causes.of(one) is None


def test_a_copied_row_says_what_its_details_begin_with(profile: Profile) -> None:
    result = row(profile, latency_ms=2.24)
    text = row_text(result)
    parts = told(profile, result)
    for part in (Part.SEEN, Part.MEANS, Part.CHANGE):
        assert f" | {part}: {parts[part]}" in text
    assert "\n" not in text


@pytest.mark.parametrize("name", SESSIONS)
def test_every_first_part_is_one_harmless_sentence_or_clause(profile: Profile, name: str) -> None:
    for one in load_session(ROOT / name, profile).results:
        for line in detail_lines(one.job, one, profile):
            assert line.text.isprintable()
            if line.label in {*Part}:
                assert not re.search(r"\.\.(?!\.)| ,|,,|\(\)", line.text), line
        assert (Part.SAME in told(profile, one)) == (one.status in TO_CHANGE)
