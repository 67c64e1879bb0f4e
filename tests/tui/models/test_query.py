"""The filter language: what is right passes, what is wrong is one sentence and hides nothing."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Job, Observation, Reason, Result, Service, State, Status, Target
from profiles.model import Check
from tui.models.conditions import Value, glob
from tui.models.filter import Filter, row_predicate
from tui.models.query import FIELDS, MAX_LENGTH, Term, completions, parse


def a_row(
    host: str = "dc1.corp.example",
    id: str = "windows.winrm",
    port: int | None = 5985,
    *,
    title: str = "WinRM",
    role: str = "windows.dc",
    transport: str = "tcp",
    status: Status = Status.BLOCKED,
    note: str = "Nothing answered: timed out.",
    latency: float | None = 120.0,
    address: str | None = "10.2.0.14",
) -> tuple[Job, Status, Result]:
    check = Check(id, id.split(".")[0], role, title, "tcp", transport, "", "", "", port=port)
    job = Job(f"{id}|{host}", check, Target(role, host), port)
    seen = Observation(
        State.FILTERED,
        Reason.NO_RESPONSE,
        Service.NOT_ASKED,
        address=address,
        latency_ms=latency,
    )
    return job, status, Result(job, status, note, seen)


def passes(text: str, row: tuple[Job, Status, Result | None]) -> bool:
    query = parse(text)
    assert not query.error, query.error
    return row_predicate(Filter(text=query.text))(*row)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dc1",
        "DC1 blocked",
        "timed out",
        '"timed out"',
        "!ok",
        "d?1",
        "status:blocked",
        "status:BLOCKED,error",
        "!status:ok",
        "status:bl*",
        "host:dc1",
        "host:dc*",
        "host:dc1.corp.example",
        "!host:dc2",
        "host:10.0.0.0/8,dc1",
        "address:10.2.*",
        "address:10.2.0.0/16",
        "port:5985",
        "port:5985-5986",
        "port:>1023",
        "port:59*",
        "port:tcp",
        "port:tcp/5985",
        "port:T:5985",
        "check:winrm",
        "check:windows.winrm",
        "check:windows",
        "role:windows.dc",
        "role:dc",
        'note:"timed out"',
        "note:nothing*timed",
        "latency:>100",
        "latency:100-150",
        "latency:<=0.12s",
        "reason:no-response",
        "service:not-asked",
        'service:"not asked"',
        "state:filtered",
        "status:blocked host:dc* port:5985 check:winrm role:windows.dc !note:refused",
    ],
)
def test_these_show_a_blocked_winrm_row(text: str) -> None:
    assert passes(text, a_row())


@pytest.mark.parametrize(
    "text",
    [
        "dc2",
        "dc1 refused",
        '"out timed"',
        "!dc1",
        "!d?1",
        "dc*5985",
        '"dc*"',
        "status:ok",
        "!status:blocked",
        "status:not-needed",
        "host:dc",
        "host:corp",
        "host:10.0.0.0/8",
        "address:10.3.*",
        "!address:10.2.0.0/16",
        "port:598",
        "port:5986-6000",
        "port:<1024",
        "port:udp",
        "check:ldap",
        "check:win",
        "role:windows.target",
        "note:refused",
        'note:"n*d"',
        "latency:>120",
        "latency:<100",
        "!latency:>100",
        "reason:conn-refused",
        "service:confirmed",
        "state:open",
    ],
)
def test_these_hide_it(text: str) -> None:
    assert not passes(text, a_row())


def test_a_row_without_a_result_has_no_reason_latency_or_note() -> None:
    job, _, _ = a_row()
    for text in ("reason:*", "latency:>0", "note:*", "service:*", "state:*"):
        assert not passes(text, (job, Status.QUEUED, None)), text
        assert passes(f"!{text}", (job, Status.QUEUED, None)), text
    assert passes("status:queued dc1", (job, Status.QUEUED, None))


def test_a_row_that_stands_for_a_range_has_every_port_of_it() -> None:
    job, status, result = a_row()
    check = Check("enable.rpc_dynamic", "enable", "windows.target", "RPC", "rpc_dynamic", "tcp",
                  "", "", "", port=135, ports="49152-65535")  # fmt: skip
    ranged = Job("k", check, job.target, 135)
    assert passes("port:49664", (ranged, status, result))
    assert passes("port:49152-65535", (ranged, status, result))
    assert not passes("port:135", (ranged, status, result))


def test_an_address_that_was_typed_as_host_is_known_before_any_result() -> None:
    job, _, _ = a_row("10.9.0.1")
    assert passes("address:10.9.*", (job, Status.QUEUED, None))
    assert passes("host:10.9.0.0/24", (job, Status.QUEUED, None))
    named, _, _ = a_row("dc1")
    assert not passes("address:*", (named, Status.QUEUED, None))


def test_an_ipv6_address_is_a_word_and_no_field() -> None:
    assert parse("fe80::1 dead:beef::1").terms == (
        Term("", (Value("fe80::1"),)),
        Term("", (Value("dead:beef::1"),)),
    )
    assert passes("host:2001:db8::/32", a_row("2001:db8::7"))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("stauts:blocked", "did you mean status:"),
        ("nonsense:x", "no field nonsense"),
        ("status:blokced", "did you mean status:blocked?"),
        ("status:not-neded", "did you mean status:not-needed?"),
        ("reason:what", "one of 18, such as no-response"),
        ("status:", "wants a value, such as status:blocked"),
        ("status:ok,", "wants a value"),
        ("latency:fast", "limit in milliseconds"),
        ("port:web", "port:web is no port"),
        ("address:10.2.0.0/99", "is no network"),
        ('note:"half', 'no " at its end'),
        ('""', "nothing between"),
        ("!", "After !"),
        ("x" * (MAX_LENGTH + 1), "at most 1,000"),
    ],
)
def test_a_mistake_is_one_sentence_and_hides_nothing(text: str, part: str) -> None:
    query = parse(text)
    assert part in query.error
    assert query.terms == ()


def test_what_is_right_beside_a_mistake_still_filters() -> None:
    assert parse("dc1 stauts:ok !note:x").terms == parse("dc1 !note:x").terms


def test_while_somebody_types_the_beginning_of_a_field_is_not_a_word_yet() -> None:
    for text in ("dc1 stat", "dc1 !stat", "dc1 STATUS"):
        assert parse(text, typing=True).terms == parse("dc1").terms, text
        assert len(parse(text).terms) == 2
    assert len(parse("dc1 stat ", typing=True).terms) == 2
    assert len(parse("dc1 smb", typing=True).terms) == 2


def test_the_fields_and_known_values_complete() -> None:
    assert completions("dc1 st") == ("status:", "state:")
    assert completions("!ho") == ("host:",)
    assert completions("status:b") == ("blocked",)
    assert completions("!status:ok,not") == ("not-needed",)
    assert completions("host:d") == ()
    for field in FIELDS:
        assert f"{field}:" in completions(field[:1])


@pytest.mark.parametrize("field", FIELDS)
def test_the_example_of_every_field_is_right(field: str) -> None:
    query = parse(f"{field}:{FIELDS[field].example}")
    assert not query.error
    assert query.terms[0].field == field


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_a_query_or_has_a_sentence_and_can_be_asked_of_rows(
    text: str, typing: bool
) -> None:
    query = parse(text, typing=typing)
    check = row_predicate(Filter(text=query.text))
    job, status, result = a_row()
    assert check(job, status, result) in (True, False)
    assert check(job, Status.QUEUED, None) in (True, False)


_ALPHABET = st.sampled_from(["status", "host", "port", "latency", "note", ":", "!", '"', ",", " ",
                             "*", "?", "a", "ok", "10", ">", "/", "-", "8", "s"])  # fmt: skip


@given(st.lists(_ALPHABET, max_size=14).map("".join))
def test_what_looks_like_the_language_never_breaks_it(text: str) -> None:
    for end in range(len(text) + 1):
        query = parse(text[:end], typing=True)
        row_predicate(Filter(text=query.text))(*a_row())


_VALUES = {
    "status": st.sampled_from(list(Status)).map(lambda one: one.replace(" ", "-")),
    "host": st.text("abc.*?", min_size=1, max_size=6),
    "note": st.text("abc *?", min_size=1, max_size=6).map(lambda text: f'"{text}"'),
    "port": st.integers(1, 65535).map(str),
    "latency": st.integers(0, 999).map(lambda number: f">{number}"),
    "": st.text("xyz*?", min_size=1, max_size=6),
}
_TERMS = st.sampled_from(list(_VALUES)).flatmap(
    lambda field: _VALUES[field].map(lambda value: f"{field}:{value}" if field else value)
)


@given(st.lists(_TERMS, max_size=4))
def test_every_condition_must_hold_and_their_order_does_not_matter(terms: list[str]) -> None:
    row = a_row()
    together = passes(" ".join(terms), row)
    assert together == all(passes(term, row) for term in terms)
    assert together == passes(" ".join(reversed(terms)), row)


@given(_TERMS)
def test_an_exclamation_mark_turns_a_condition_round(term: str) -> None:
    row = a_row()
    assert passes(f"!{term}", row) is not passes(term, row)


@given(st.lists(_VALUES["host"], min_size=1, max_size=4))
def test_commas_are_or(values: list[str]) -> None:
    row = a_row("abc.a")
    assert passes(f"host:{','.join(values)}", row) == any(
        passes(f"host:{value}", row) for value in values
    )


@given(st.text("ab*?", min_size=1, max_size=8), st.text("ab", max_size=10))
def test_a_glob_is_what_fnmatch_takes_it_for(pattern: str, text: str) -> None:
    assert glob(Value(pattern), whole=True)(text) == fnmatchcase(text, pattern)
    assert glob(Value(pattern), whole=False)(text) == fnmatchcase(text, f"*{pattern}*")


def test_a_hostile_glob_takes_no_longer_than_its_length() -> None:
    """An exponential or cubic matcher does not come to an end here."""
    line = "a" * 4000
    assert not glob(Value("*a" * 300 + "b"), whole=True)(line)
    assert not glob(Value("a*?" * 300 + "b"), whole=False)(line)


def test_a_literal_star_is_a_star() -> None:
    assert passes('note:"*"', a_row(note="5 * 3"))
    assert not passes('note:"*"', a_row())


def test_the_text_of_a_query_says_the_same_without_its_mistakes() -> None:
    query = parse(' dc1   stauts:ok !note:"a  b"  ')
    assert query.text == 'dc1 !note:"a  b"'
    assert parse(query.text).terms == query.terms


@given(st.lists(_ALPHABET, max_size=14).map("".join), st.booleans())
def test_what_was_right_is_right_again(text: str, typing: bool) -> None:
    query = parse(text, typing=typing)
    again = parse(query.text)
    assert (again.terms, again.error) == (query.terms, "")


def test_a_filter_with_a_mistake_in_its_text_hides_nothing() -> None:
    assert row_predicate(Filter(text="stauts:ok"))(*a_row())
