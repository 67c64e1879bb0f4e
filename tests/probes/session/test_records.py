"""Records to lines and back, for every possible result."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable
from importlib import resources
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.judging.findings import Confidence, Finding, FindingKind
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
)
from probes.session import Header, VerdictRecord
from probes.session.header import header_record, parse_header
from probes.session.json_line import (
    MAX_DEPTH,
    MAX_LINE,
    BadLine,
    decode_record,
    encode_record,
    nesting_depth,
)
from probes.session.lines import finding_line, result_line
from probes.session.records import (
    RowParser,
    end_record,
    finding_record,
    parse_finding,
    remark_record,
    result_record,
    to_finding_record,
    verdict_record,
)
from profiles.model import Profile
from profiles.ports import with_port

Make = Callable[..., Result]
Validate = Callable[[object], None]

FINDING = Finding(
    FindingKind.HOST, "dc1 is down", Confidence.LIKELY, "silence only", ("a|dc1", "b|dc1")
)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.just("\udc80"), max_size=20)
"""Control characters and lone surrogates included; not two that JSON would join to one."""
TIMES = st.floats(allow_nan=False, allow_infinity=False)
OCTET = st.integers(0, 255)
ICMP = st.none() | st.builds(Icmp, OCTET, OCTET, ANY_TEXT, st.sampled_from([4, 6]))
FACTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TIMES | ANY_TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(ANY_TEXT, inside, max_size=3),
    max_leaves=8,
)
OBSERVATIONS = st.builds(
    Observation,
    st.sampled_from(State),
    st.sampled_from(Reason),
    st.sampled_from(Service),
    address=st.none() | ANY_TEXT,
    source=st.none() | ANY_TEXT,
    icmp=ICMP,
    latency_ms=st.none() | TIMES,
    latency_source=st.sampled_from([None, "kernel", "kernel-timestamp", "monotonic"]),
    timings_ms=st.dictionaries(st.sampled_from(["resolve", "connect", "tls", "answer"]), TIMES),
    started=ANY_TEXT,
    attempts=st.integers(0, 9),
    facts=st.dictionaries(ANY_TEXT, FACTS, max_size=3),
    evidence=st.lists(
        st.builds(
            Evidence,
            address=ANY_TEXT,
            sent=ANY_TEXT,
            received=ANY_TEXT,
            state=st.sampled_from(State),
            reason=st.sampled_from(Reason),
            at_ms=st.none() | TIMES,
            icmp=ICMP,
            errno=st.none() | st.integers(0, 200),
        ),
        max_size=3,
    ).map(tuple),
    latency_at_most=st.booleans(),
    took_ms=st.none() | TIMES,
)


@given(OBSERVATIONS, st.sampled_from(Status), ANY_TEXT, st.data())
def test_a_result_survives_its_line_and_the_line_fits_the_schema(
    profile: Profile,
    validate: Validate,
    observation: Observation,
    status: Status,
    note: str,
    data: st.DataObject,
) -> None:
    check = data.draw(st.sampled_from(profile.checks))
    custom = check.port and data.draw(st.none() | st.integers(1, 65535))
    target = Target(check.role, data.draw(st.sampled_from(["dc1", "::1", "192.0.2.7"])), custom)
    check = with_port(check, custom or check.port)
    job = Job(f"{check.id}|{target.label}", check, target, check.port)
    result = Result(job, status, note, observation, "a reason")
    line = result_line(result)
    assert "\n" not in line
    assert all(32 <= ord(char) < 127 for char in line)
    validate(json.loads(line))
    assert RowParser(profile, ()).parse(decode_record(line.encode())) == result


def test_a_result_has_the_keys_of_the_contract_in_their_order(make_result: Make) -> None:
    keys = [
        *["type", "key", "check", "role", "host", "address", "transport", "port", "state"],
        *["reason", "icmp", "service", "status", "note", "why", "latency_ms", "latency_source"],
        *["timings_ms", "took_ms", "source", "interface", "started", "last_ms"],
        *["attempts", "facts", "evidence"],
    ]
    assert list(result_record(make_result())) == keys
    keys.insert(keys.index("timings_ms"), "latency_at_most")
    assert list(result_record(make_result(latency_at_most=True))) == keys


def test_icmp_names_its_sender_and_only_version_6(make_result: Make) -> None:
    four = result_record(make_result(icmp=Icmp(3, 13, "192.0.2.254")))["icmp"]
    six = result_record(make_result(icmp=Icmp(1, 1, "2001:db8::1", 6)))["icmp"]
    assert four == {"type": 3, "code": 13, "from": "192.0.2.254"}
    assert six == {"type": 1, "code": 1, "from": "2001:db8::1", "version": 6}


def test_a_ping_has_no_port(make_result: Make) -> None:
    record = result_record(make_result(check="discovery.ping"))
    assert (record["transport"], record["port"]) == ("icmp", None)


def test_every_other_line_fits_the_schema(header: Header, validate: Validate) -> None:
    verdict = VerdictRecord("dc1", "windows.dc", "inventory", "ready", ("a.b",), ("Open 389.",), "")
    for record in (
        header_record(header),
        verdict_record(verdict),
        verdict_record(dataclasses.replace(verdict, port=2222)),
        finding_record(to_finding_record(FINDING)),
        remark_record("firewall opened"),
        end_record("2026-01-02T03:04:05.678+00:00", False, {"ok": 2, "not needed": 1}, "0" * 64),
    ):
        validate(json.loads(encode_record(record)))


def test_a_finding_survives_its_line_and_keeps_count_of_keys_that_do_not_fit() -> None:
    made = to_finding_record(FINDING)
    assert (made.kind, made.sure, made.rows) == ("host", "likely", 2)
    assert parse_finding(decode_record(finding_line(made).encode())) == made
    keys = tuple(f"discovery.ping|10.2.{number >> 8}.{number & 255}" for number in range(60_000))
    line = finding_line(to_finding_record(dataclasses.replace(FINDING, keys=keys)))
    assert MAX_LINE // 4 < len(line) < MAX_LINE
    read = parse_finding(decode_record(line.encode()))
    assert read.rows == 60_000
    assert read.keys == keys[: len(read.keys)]


def test_the_schema_refuses_what_is_not_a_result(make_result: Make, validate: Validate) -> None:
    good = json.loads(result_line(make_result()))
    for key, value in (
        *(("port", "x"), ("state", "ajar"), ("facts", []), ("evidence", [{}])),
        *(("took_ms", "1"), ("latency_at_most", 1)),
    ):
        with pytest.raises(jsonschema.ValidationError):
            validate(good | {key: value})
    for key in good.keys() - {"interface", "took_ms", "last_ms", "why"}:
        with pytest.raises(jsonschema.ValidationError):
            validate({name: value for name, value in good.items() if name != key})


def test_the_schema_lists_every_status_wherever_it_lists_one() -> None:
    schema = resources.files("probes.session").joinpath("schema.json").read_text(encoding="utf-8")
    lists = [json.loads(found) for found in re.findall(r'"enum": (\[[^]]*"ok"[^]]*\])', schema)]
    assert len(lists) == 2
    assert all(found == list(Status) for found in lists), "add it to probes/session/schema.json"


def test_a_header_survives_its_line(header: Header) -> None:
    assert parse_header(decode_record(encode_record(header_record(header)).encode())) == header


def test_answers_are_true_false_or_auto(header: Header) -> None:
    assert header_record(header)["answers"] == {
        "domain_credentials": True,
        "current_user": False,
        "enable_remoting": "auto",
    }


def test_numbers_that_are_not_finite_become_null(
    make_result: Make, validate: Validate, profile: Profile
) -> None:
    strange = make_result(
        latency_ms=math.nan,
        took_ms=math.inf,
        timings_ms={"connect": math.inf, "tls": 1.5},
        facts={"skew": -math.inf, "list": [math.nan]},
        evidence=(Evidence("192.0.2.1", at_ms=math.nan),),
    )
    record = json.loads(result_line(strange), parse_constant=pytest.fail)
    validate(record)
    seen = RowParser(profile, ()).parse(record).observation
    assert (seen.latency_ms, dict(seen.timings_ms)) == (None, {"tls": 1.5})
    assert seen.facts == {"skew": None, "list": [None]}
    assert seen.evidence[0].at_ms is None
    assert seen.took_ms is None


def test_facts_json_cannot_carry_are_written_as_something_it_can(make_result: Make) -> None:
    facts: dict[str, Any] = {"raw": b"\x00\xff", "set": frozenset({7}), "huge": 10**5000, "o": 1j}
    read = json.loads(result_line(make_result(facts=facts)))["facts"]
    assert read["raw"] == "00ff"
    assert read["set"] == [7]
    assert int(read["huge"], 16) == 10**5000
    assert read["o"] == "1j"


def test_facts_nested_too_deeply_are_cut_to_what_a_reader_accepts(make_result: Make) -> None:
    for deep in (MAX_DEPTH + 1, 5000):
        nest: list[object] = []
        for _ in range(deep):
            nest = [nest]
        record = decode_record(result_line(make_result(facts={"nest": nest})).encode())
        assert nesting_depth(record) == MAX_DEPTH


def test_facts_that_are_too_long_leave_a_line_a_reader_accepts(
    make_result: Make, profile: Profile
) -> None:
    line = result_line(make_result(facts={"text": "ü" * MAX_LINE}))
    assert len(line) < MAX_LINE
    assert RowParser(profile, ()).parse(decode_record(line.encode())).observation.facts == {
        "shortened": True
    }


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"port": "x"}, "port"),
        ({"port": 65536}, "port"),
        ({"port": True}, "port"),
        ({"key": ""}, "empty"),
        ({"host": None}, "text"),
        ({"state": "ajar"}, "word"),
        ({"state": ["open"]}, "text"),
        ({"transport": "sctp"}, "word"),
        ({"address": 7}, "text or null"),
        ({"attempts": -1}, "attempts"),
        ({"latency_ms": "fast"}, "times"),
        ({"latency_ms": 10**400}, "times"),
        ({"timings_ms": {"connect": True}}, "times"),
        ({"timings_ms": []}, "timings_ms"),
        ({"facts": None}, "facts"),
        ({"icmp": []}, "icmp"),
        ({"icmp": {"type": 300, "code": 0, "from": ""}}, "type"),
        ({"evidence": {"sent": ""}}, "evidence"),
        ({"evidence": ["sent"]}, "evidence"),
        ({"evidence": [{}]}, "evidence has no address"),
    ],
)
def test_a_record_of_the_wrong_types_is_refused(
    make_result: Make, profile: Profile, change: dict[str, Any], why: str
) -> None:
    record = json.loads(result_line(make_result())) | change
    with pytest.raises(BadLine, match=why):
        RowParser(profile, ()).parse(record)


@given(st.dictionaries(st.text(max_size=8), FACTS, max_size=4), st.data())
def test_whatever_a_record_holds_it_is_a_row_or_a_bad_line(
    make_result: Make, profile: Profile, junk: dict[str, Any], data: st.DataObject
) -> None:
    record = json.loads(result_line(make_result()))
    for key in data.draw(st.lists(st.sampled_from(sorted(record)), max_size=3)):
        record[key] = data.draw(FACTS)
    try:
        result = RowParser(profile, ()).parse(record | junk)
    except BadLine:
        return
    assert result.job.key == record["key"] or "key" in junk


def test_a_check_the_profile_no_longer_has_still_makes_a_row(make_result: Make) -> None:
    row = RowParser(None, ()).parse(json.loads(result_line(make_result())))
    check = row.job.check
    assert (check.id, check.role, check.title) == ("windows.ldap", "windows.dc", "ldap")
    assert check.port_text == "TCP 389"


def test_a_check_that_changed_its_transport_is_not_taken_for_the_old_one(
    make_result: Make, profile: Profile
) -> None:
    changed = tuple(dataclasses.replace(check, transport="udp") for check in profile.checks)
    row = RowParser(dataclasses.replace(profile, checks=changed), ()).parse(
        json.loads(result_line(make_result()))
    )
    assert row.job.check.transport == "tcp"


def test_a_row_of_a_host_with_its_own_port_belongs_to_the_same_target(
    make_result: Make, profile: Profile
) -> None:
    # The plan keys a check whose port is not replaced by the host alone.
    target = Target("windows.dc", "dc1", 636)
    plain = json.loads(result_line(make_result()))
    assert RowParser(profile, (target,)).parse(plain).job.target == target
