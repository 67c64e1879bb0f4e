"""Pseudonymised reports hold what is known to be harmless, and nothing because nobody knew it."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.judging.change import required_change
from probes.model import Evidence, Icmp, Reason, Result, Status
from probes.session import profile_ref
from profiles.model import Profile
from tests.docs.pages import ROOT
from tui.reports import FORMATS
from tui.reports.anonymise import pseudonymised
from tui.reports.anonymise_facts import FACTS, FactTexts, Kind, harmless_facts
from tui.reports.anonymise_names import marked, unmarked
from tui.reports.anonymise_texts import Vocabulary, program_sentences, with_sorted_lists
from tui.reports.model import Report, load_report, verdicts

Make = Callable[..., Result]
Reports = Callable[..., Report]

RECORDED = [
    ROOT / "docs/example.jsonl",
    *sorted((ROOT / "tests/sessions").glob("*.jsonl")),
]
ids = [path.stem for path in RECORDED]


@pytest.fixture(scope="module")
def words(profile: Profile) -> frozenset[str]:
    """Every word of the program and of the profile, which somebody published."""
    sentences = " ".join((*program_sentences(), profile.file.decode()))
    return frozenset(re.findall(r"\w+", sentences.casefold()))


def rendered(report: Report) -> str:
    """All formats of a report, without the style sheet of HTML and the sums of JUnit."""
    texts = {name: "".join(format.render(report)) for name, format in FORMATS.items()}
    texts["html"] = re.sub(r"<style>.*</style>", "", texts["html"], flags=re.DOTALL)
    # The sum of the phases.
    texts["junit"] = re.sub(r' time="[\d.]+"', "", texts["junit"])
    return "\n".join(texts.values())


# Fields whose words are those of an enumeration that the reader checks.
ENUMERATIONS = frozenset({"type", "schema", "state", "reason", "service", "status", "transport"})
IDS = frozenset({"key", "check", "role", "capability", "because", "keys", "only", "id"})
# Bounded numbers that are part of the diagnosis, or times that are rounded.
NUMBERS = frozenset(
    {
        *("port", "type", "code", "version", "attempts", "errno", "rows", "counts"),
        *("settings", "latency_ms", "timings_ms", "at_ms"),
        *(name for name, row in FACTS.items() if row in (Kind.COUNT, Kind.SECONDS)),
    }
)


class Markers:
    """Unique words and numbers in place of all that a log holds."""

    def __init__(self, form: str, keep: frozenset[str]) -> None:
        self._form = form
        self._keep = keep
        self.numbers: list[int] = []
        self._count = 0

    def record(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._value(value, (name,)) for name, value in record.items()}

    def _value(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            made = {name: self._value(item, (*path, name)) for name, item in value.items()}
            if "facts" in path:
                made[self._text("")] = self._text("unheard")
            return made
        if isinstance(value, list):
            return [self._value(item, path) for item in value]
        if isinstance(value, str):
            kept = path[-1] in self._keep and "facts" not in path
            return value if kept or not value else self._text(value)
        if isinstance(value, bool) or value is None or not NUMBERS.isdisjoint(path):
            return value
        return self._number()

    def _number(self) -> int:
        self.numbers.append(7_100_003 + 97 * len(self.numbers))
        return self.numbers[-1]

    def _text(self, before: str) -> str:
        self._count += 1
        word = f"qxz{self._count:04}v"
        return self._form.format(word=word, number=self._number(), before=before)


FORMS = [
    "{word}",
    "{word}.Qxzlan.example",
    "Reset {word} by TCP peer; the host {word} ({number}) QXZ-{word}",
    "@/home/{word}/qxz.csv:COLUMN",
    "https://{word}:{number}@qxz/{word}?qxz={number}",
    "{before} {word}",
    "{word}\u3164\u200bqxz\n\\qxz",
    "Qxz{number}",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kept", [ENUMERATIONS, ENUMERATIONS | IDS], ids=["all", "ids kept"])
@pytest.mark.parametrize("path", RECORDED, ids=ids)
def test_no_text_and_no_number_of_a_log_reaches_any_format(
    path: Path, kept: frozenset[str], form: str, profile: Profile, tmp_path: Path
) -> None:
    markers = Markers(form, kept)
    lines = [json.dumps(markers.record(json.loads(line))) for line in path.read_text().splitlines()]
    (tmp_path / "qxz.jsonl").write_text("\n".join(lines) + "\n")
    report = load_report(tmp_path / "qxz.jsonl", profile)
    assert len(report.session.results) > 10
    assert "qxz" in rendered(report).casefold()
    made = rendered(pseudonymised(report))
    assert re.findall(r".{0,40}qxz.{0,40}", made, re.IGNORECASE) == []
    assert {int(number) for number in re.findall(r"\d+", made)} & {*markers.numbers} == set()


@pytest.mark.parametrize("path", RECORDED, ids=ids)
def test_of_a_recorded_log_only_words_of_the_program_and_of_protocols_are_left(
    path: Path, profile: Profile, words: frozenset[str]
) -> None:
    made = set(re.findall(r"\w+", rendered(pseudonymised(load_report(path, profile))).casefold()))
    left = {
        word
        for line in path.read_text().splitlines()
        for word in re.findall(r"\w+", line.encode().decode("unicode-escape").casefold())
        if word in made - words and not word.isdecimal()
    }
    # Suffixes of NetBIOS names, versions of SNMP, and the hash of the published profile.
    known = {"1b", "1c", "1d", "1e", "snmpv1", "snmpv2c", "snmpv3", profile_ref(profile).sha256}
    assert left <= known


def _numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Numbers of three digits or more with the path of their place."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _numbers(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _numbers(item, path)
    else:
        for number in re.findall(r"\d{3,}", str(value)):
            yield number, ".".join(path)


HARMLESS_PLACES = re.compile(
    r"(?:.*\.)?(?:port|ports|http_status|errno|at_ms|took_ms|last_ms|latency_ms|timings_ms\..*|settings\..*)"
    r"|profile\..*|tool\..*|clock_skew_s"
)


@pytest.mark.parametrize("path", RECORDED, ids=ids)
def test_of_a_recorded_log_only_numbers_of_harmless_places_are_left(
    path: Path, profile: Profile
) -> None:
    places: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        for number, place in _numbers(json.loads(line)):
            places.setdefault(number, set()).add(place)
    public = set(re.findall(r"\d+", profile.file.decode() + " ".join(program_sentences())))
    report = pseudonymised(load_report(path, profile))
    # No numbers of the log: addresses for documentation, the id that stands for its own, the
    # decimals of a latency, which is rounded, the days of a certificate, and places in the grid.
    own = (
        rf"\d+(?:\.\d+){{3}}|{report.session.header.id}|\d+\.\d{{2,3}}\b"
        r'|"not_(?:before|after)_in_days":-?\d+'
        r'|\b(?:x|y|width|height|viewBox|transform)="[^"]*"'
    )
    made = re.sub(own, "", rendered(report))
    left = set(re.findall(r"\d{3,}", made)) & places.keys()
    assert [
        (number, places[number])
        for number in sorted(left - public)
        if not any(map(HARMLESS_PLACES.fullmatch, places[number]))
    ] == []


@pytest.mark.parametrize("path", RECORDED, ids=ids)
def test_the_diagnosis_of_a_recorded_log_stays(path: Path, profile: Profile) -> None:
    plain = load_report(path, profile)
    made = pseudonymised(plain)

    def of_rows(report: Report) -> Counter[tuple[object, ...]]:
        return Counter(
            (
                *(row.status, row.job.check.id, row.job.port, row.observation.state),
                *(row.observation.reason, row.observation.service, row.observation.attempts),
                (icmp := row.observation.icmp) and (icmp.type, icmp.code),
                row.observation.facts.get("tls"),
                (fix := required_change(row, report.hosts.of(row))) and fix.party,
            )
            for row in report.session.results
        )

    assert of_rows(made) == of_rows(plain)
    for of in (plain, made):
        assert made.counts == of.counts
    judged = [
        Counter((one.role, one.capability, one.verdict, one.because) for one in verdicts(of))
        for of in (plain, made)
    ]
    assert judged[0] == judged[1]
    causes = [
        Counter((one.kind, one.sure, one.rows) for one in of.session.findings)
        for of in (plain, made)
    ]
    assert causes[0] == causes[1]
    keys = {row.job.key for row in made.session.results}
    assert all(keys.issuperset(one.keys) for one in made.session.findings)


def test_sentences_of_a_recorded_log_are_whole(profile: Profile) -> None:
    texts = [
        *(row.note for path in RECORDED for row in _made(path, profile).session.results),
        *(one.text for path in RECORDED for one in _made(path, profile).session.verdicts),
        *(one.text for path in RECORDED for one in _made(path, profile).session.findings),
    ]
    cut = [text for text in texts if "(left out)" in text]
    # Products' versions, devices' descriptions and where a server sends its visitors.
    assert len(cut) < len(texts) / 10
    assert all(text.count("(left out)") <= 2 for text in cut)


def _made(path: Path, profile: Profile) -> Report:
    return pseudonymised(load_report(path, profile))


def of_check(report: Report, check: str = "windows.winrm") -> Result:
    """The row of a check."""
    return next(one for one in report.session.results if one.job.check.id == check)


AUTHORITY = "Zebra Trust Works"
CERTIFICATE = {
    "subject": "pc1.corp.example",
    "issuer": "Zebra Issuing CA 7",
    "issuer_organisation": AUTHORITY,
    "not_before": "2025-01-17T21:29:25+00:00",
    "not_after": "2026-01-19T21:29:25+00:00",
    "sha256": "ab" * 32,
}


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (
            f"TLS 1.2, HTTP 200, certificate by “{AUTHORITY}” valid until 2026-11-18.",
            "TLS 1.2, HTTP 200, certificate by “authority-1”.",
        ),
        (
            "the certificate expired on 2026-01-19, 12 days ago",
            "the certificate expired 12 days ago",
        ),
        (
            "the certificate expires in 12 days, on 2026-02-12",
            "the certificate expires in 12 days",
        ),
        (
            f"TLS interception: “{AUTHORITY}” issued the certificate of pc1.corp.example, not "
            "Amazon or DigiCert",
            "TLS interception: “authority-1” issued the certificate of host-1.domain-1.example, "
            "not Amazon or DigiCert",
        ),
        ("SNMPv2c agent: Zebra core switch, rack 77.", "SNMPv2c agent: (left out)."),
        (
            "SNMPv2c agent: pc1.corp.example, Zebra core switch, ra….",
            "SNMPv2c agent: host-1.domain-1.example, (left out).",
        ),
        ("Open, but the wrong service answers: a mail server, not TLS: 220 zebra 77.", None),
        ("HTTP 302 Found from Zebra", "HTTP 302 Found from (left out)"),
        (
            "it speaks no TLS version from 1.2 on: it answers with SSL 3.0",
            "it speaks no TLS version from 1.2 on: it answers with SSL 3.0",
        ),
        ("OpenSSH 9.2p1 Zebra-77, login by publickey.", "OpenSSH (left out), login by publickey."),
        ("HTTP, redirects to https://zebra/pay as ESXi does.", None),
        ("VMware ESXi 8.0.1 build-21495797.", None),
        ("the login as zebra is accepted (password)", None),
    ],
)
def test_a_note_keeps_its_sentence_without_what_others_said(
    make_report: Reports, make_result: Make, note: str, expected: str | None
) -> None:
    facts = {
        "certificate": CERTIFICATE,
        "sys_descr": "Zebra core switch, rack 77",
        "location": "https://zebra/pay",
        "comments": "Zebra-77",
    }
    made = of_check(pseudonymised(make_report(make_result(note=note, facts=facts)))).note
    assert not re.search(r"zebra|77|220|rack|switch|21495797|2026|9\.2", made, re.IGNORECASE)
    if expected is not None:
        assert re.sub(r"(host|authority)-\d+", r"\1-1", made) == expected


def test_a_description_of_the_programs_own_words_is_left_out_where_a_note_repeats_it(
    make_report: Reports, make_result: Make
) -> None:
    described = "TCP port 40123 of the server, 4123 rows"
    row = make_result(note=f"SNMPv2c agent: {described}.", facts={"sys_descr": described})
    made = of_check(pseudonymised(make_report(row)))
    assert made.note == "SNMPv2c agent: (left out)."
    assert "40123" not in json.dumps(dict(made.observation.facts))


def test_one_authority_has_one_stand_in_and_another_has_another(
    make_report: Reports, make_result: Make
) -> None:
    def row(host: str, authority: str) -> Result:
        certificate = {**CERTIFICATE, "issuer_organisation": authority}
        note = f"certificate by “{authority}”"
        return make_result(host, note=note, facts={"certificate": certificate})

    made = pseudonymised(
        make_report(row("a", AUTHORITY), row("b", AUTHORITY), row("c", "Site"), row("d", "Amazon"))
    )
    notes = Counter(one.note for one in made.session.results)
    assert sorted(notes.values()) == [1, 1, 2]
    assert "certificate by “Amazon”" in notes
    assert all(re.search("“(?:authority-[123]|Amazon)”", note) for note in notes)


def test_a_certificates_days_stay_and_its_dates_do_not(
    make_report: Reports, make_result: Make
) -> None:
    report = make_report(make_result(facts={"certificate": CERTIFICATE}))
    header = replace(report.session.header, started="2026-01-31T12:00:00.000+01:00")
    report = replace(report, session=replace(report.session, header=header))
    certificate = of_check(pseudonymised(report)).observation.facts["certificate"]
    assert isinstance(certificate, dict)
    assert certificate["not_after_in_days"] == -12
    assert certificate.keys() == {
        *("subject", "issuer", "issuer_organisation", "not_before_in_days", "not_after_in_days"),
    }


def test_times_of_day_interfaces_and_bytes_are_left_out(
    make_report: Reports, make_result: Make
) -> None:
    evidence = (Evidence("10.20.2.14", "TCP connect", "4142434445"),)
    row = make_result(
        interface="eth0.77", evidence=evidence, latency_ms=3.14159, timings_ms={"zebra": 1.0}
    )
    made = pseudonymised(make_report(row, remarks=("Ask Zebra at gate 77",)))
    seen = of_check(made).observation
    assert (seen.started, seen.interface, seen.latency_ms, dict(seen.timings_ms)) == (
        *("", None, 3.14),
        {},
    )
    assert (seen.evidence[0].sent, seen.evidence[0].received) == ("TCP connect", "(left out)")
    assert made.session.header.vantage.os == "Linux"
    open, hidden = rendered(make_report(row)), rendered(made)
    for telling in (r"T\d\d:\d\d", "eth0", "6\\.1\\b", "4142434445"):
        assert re.search(telling, open)
        assert not re.search(telling, hidden)


def _order(report: Report) -> list[int | None]:
    return [row.job.port for row in report.session.results]


@pytest.mark.parametrize("reverse", [False, True])
def test_the_order_of_targets_tells_nothing(
    make_report: Reports, make_result: Make, reverse: bool
) -> None:
    rows = [
        make_result(
            f"10.77.2.{last}",
            "unix.ssh",
            port=2000 + last,
            address=f"10.77.2.{last}",
            reason=Reason.ADMIN_PROHIBITED,
            icmp=Icmp(3, 13, "10.77.1.1"),
            started=f"2026-01-31T12:00:{last:02}.000+01:00",
        )
        for last in range(1, 25)
    ]
    one = pseudonymised(make_report(*rows, id="1" * 16))
    other = pseudonymised(make_report(*rows[::-1], id="1" * 16))
    another = pseudonymised(make_report(*rows, id="2" * 16))
    # In every format, however the log was ordered, and ordered anew under another key.
    if reverse:
        assert rendered(other) == rendered(one)
    else:
        assert sorted(_order(one)) == sorted(_order(another)) == [*range(2001, 2025)]
        assert len({tuple(_order(one)), tuple(_order(another)), tuple(range(2001, 2025))}) == 3
    hosts = [row.job.target.host for row in one.session.results]
    assert hosts == [target.host for target in one.session.header.targets]


@pytest.mark.parametrize(
    "network", ["10.77.2.3-10.77.2.9", "10.77.2.3-9", "10.77.2.0/255.255.255.128", "10.77.2.3+6"]
)
def test_a_range_has_a_stand_in_without_its_ends(
    make_report: Reports, make_result: Make, network: str
) -> None:
    rows = [
        make_result(f"10.77.2.{last}", address=f"10.77.2.{last}", note=f"No host in {network}.")
        for last in (3, 9)
    ]
    rows = [
        replace(row, job=replace(row.job, target=replace(row.job.target, network=network)))
        for row in rows
    ]
    report = make_report(*rows)
    session = replace(report.session, results=tuple(rows))
    made = pseudonymised(replace(report, session=session)).session
    assert len({row.job.target.network for row in made.results}) == 1
    for row in made.results:
        assert re.fullmatch(r"range-[0-9a-f]{6}", row.job.target.network)
        assert not re.search(r"77\.|-9\b|\+6", row.note)


def test_a_prefix_stays_one_with_its_length(make_report: Reports, make_result: Make) -> None:
    row = make_result("10.77.2.130", address="10.77.2.130")
    target = replace(row.job.target, network="10.77.2.128/25")
    report = make_report(replace(row, job=replace(row.job, target=target)))
    made = of_check(pseudonymised(report))
    network = ipaddress.ip_network(made.job.target.network)
    assert network.prefixlen == 25
    assert ipaddress.ip_address(made.job.target.host) in network


def test_rows_of_one_host_stay_together(make_report: Reports, make_result: Make) -> None:
    checks = ("windows.winrm", "enable.smb", "unix.ssh")
    rows = [make_result(f"pc{n}.zebra.example", check) for check in checks for n in range(9)]
    hosts = [one.job.target.host for one in pseudonymised(make_report(*rows)).session.results]
    assert len(dict.fromkeys(hosts)) == 9
    assert hosts == [host for host in dict.fromkeys(hosts) for _ in checks]


def test_names_in_a_sentence_are_not_in_the_order_of_what_they_hide() -> None:
    listed = [marked(name) for name in ("host-3", "host-1", "host-2")]
    address = marked("192.0.2.1")
    text = f"Of {listed[0]} ({address}), {listed[1]}:22 and {listed[2]} from {listed[1]}"
    assert with_sorted_lists(text) == (
        f"Of {listed[1]}:22, {listed[2]} and {listed[0]} ({address}) from {listed[1]}"
    )


def test_a_profile_of_another_version_is_named_without_its_hash(
    make_report: Reports, make_result: Make
) -> None:
    made = pseudonymised(make_report(make_result(), version="2026.01"))
    used = made.session.header.profile
    assert (used.id, used.version, used.sha256) == ("alloyscan", "2026.01", "")


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_of_the_table_is_one_that_the_program_finds(name: str) -> None:
    assert name in program_sentences()


@pytest.mark.parametrize(
    "path",
    [
        *("probes/judging/party.py", "probes/judging/change.py", "probes/judging/host_states.py"),
        *("probes/registry/commands.py", "probes/remediation/confirm_commands.py"),
        *("probes/remediation/advice.py", "tui/reports/model.py"),
    ],
)
def test_every_fact_that_a_report_reads_is_in_the_table(path: str) -> None:
    read = re.findall(r'facts(?:\.get\(|\[)"(\w+)"|"(\w+)" (?:not )?in \w+\.facts', _source(path))
    names = {name for pair in read for name in pair if name}
    assert names
    assert names <= FACTS.keys()


def _source(path: str) -> str:
    return (ROOT / path).read_text()


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["address", "names", "certificate", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(facts=st.dictionaries(st.sampled_from([*FACTS, "unheard"]), NESTED, max_size=5))
def test_facts_of_any_type_become_stand_ins_bounded_numbers_and_flags(
    facts: dict[str, object],
) -> None:
    texts = FactTexts(dict.fromkeys(Kind, lambda _: "kept"), date(2026, 1, 31))
    made = json.dumps(harmless_facts(facts, texts), allow_nan=False)
    assert "unheard" not in made
    for text in re.findall(r': "([^"]*)"', made):
        assert text == "kept" or re.fullmatch(r"[\d.]+", text)


@settings(max_examples=200)
@given(text=st.text(max_size=80))
def test_nothing_but_the_words_of_a_vocabulary_is_kept(text: str) -> None:
    kept = Vocabulary.of(["the host refused", "twice"]).kept(unmarked(text))
    left = re.findall(r"\w+", kept.replace("(left out)", "").casefold())
    assert {*left} <= {"the", "host", "refused", "twice"}
    assert kept.isprintable() or set(kept) <= set(text) | set("(left out)")


def test_a_word_of_the_program_in_a_place_of_others_is_left_out() -> None:
    vocabulary = Vocabulary.of(["the host refused it", "allow the port", "twice"])
    assert vocabulary.kept("allow the host twice") == "allow the host twice"
    assert vocabulary.kept("refused port it host") == "(left out)"


@pytest.mark.parametrize("name", ["dns", "server", "nas", "TCP", "tls", "root", "the", "site"])
def test_a_host_named_as_a_word_of_ours_is_replaced_where_it_is_its_name_and_else_not(
    make_report: Reports, make_result: Make, name: str
) -> None:
    note = "TLS 1.2, HTTP 200. No answer in 4 s, twice: dropped on the way or the host is down."
    told = f"{name} (10.20.2.14): a filter"
    made = of_check(pseudonymised(make_report(make_result(name, note=note, facts={"fix": told}))))
    assert made.note == note
    host, seen = made.job.target.host, made.observation
    assert re.fullmatch(r"host-\d", host)
    assert seen.facts["fix"] == f"{host} ({seen.address}): a filter"


@pytest.mark.parametrize("status", [Status.BLOCKED, Status.OK])
def test_a_row_of_a_check_that_no_profile_has_is_told_apart_without_its_name(
    make_report: Reports, make_result: Make, status: Status
) -> None:
    rows = []
    for name in ("zebra.one", "zebra.two"):
        row = make_result("pc1", status=status)
        check = replace(row.job.check, id=name, title="zebra", role="zebra.host")
        rows.append(replace(row, job=replace(row.job, check=check, key=f"{name}|pc1")))
    report = make_report(*rows)
    report = replace(report, session=replace(report.session, results=tuple(rows)))
    made = pseudonymised(report)
    assert "zebra" not in rendered(made)
    assert len({row.job.key for row in made.session.results}) == 2
