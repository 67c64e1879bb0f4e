"""Comparison of two sessions: kinds of change, and rows that cannot be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Reason, Result, State, Status
from probes.session import Header, Origin, Session
from probes.session.diff import Change, ChangeKind, Comparison, compare
from profiles.model import When

Make = Callable[..., Result]


def session(header: Header, *results: Result, **changes: object) -> Session:
    return Session(replace(header, **changes), results, (), True, "", ())  # type: ignore[arg-type]


@pytest.fixture
def pair(header: Header, make_result: Make) -> Callable[..., Change]:
    """Change of one row."""

    def made(before: dict[str, object], after: dict[str, object]) -> Change:
        was, now = make_result(**before), make_result(**after)
        (change,) = compare(session(header, was), session(header, now)).changes
        return change

    return made


RANKED = (Status.OK, Status.WARNING, Status.DEGRADED, Status.BLOCKED)
UNMEASURED = (Status.UNVERIFIABLE, Status.ERROR, Status.CANCELLED)


@pytest.mark.parametrize("was", RANKED)
@pytest.mark.parametrize("now", RANKED)
def test_better_is_fixed_and_worse_is_regressed(
    pair: Callable[..., Change], was: Status, now: Status
) -> None:
    ranks = RANKED.index(was), RANKED.index(now)
    wanted = (
        ChangeKind.UNCHANGED
        if was is now
        else (ChangeKind.FIXED if ranks[1] < ranks[0] else ChangeKind.REGRESSED)
    )
    assert pair({"status": was}, {"status": now}).kind is wanted


@pytest.mark.parametrize(("was", "now"), [(Status.BLOCKED, Status.OK), (Status.OK, Status.BLOCKED)])
def test_a_name_that_leads_elsewhere_is_told_beside_what_changed(
    pair: Callable[..., Change], was: Status, now: Status
) -> None:
    before, after = {"status": was, "address": "10.2.0.7"}, {"status": now, "address": "10.2.0.8"}
    assert pair(before, after).why == "Tested on 10.2.0.7 before and on 10.2.0.8 after."
    assert pair(before, {"status": now, "address": "10.2.0.7"}).why == ""


@pytest.mark.parametrize("status", UNMEASURED)
@pytest.mark.parametrize("other", [Status.OK, Status.BLOCKED])
def test_what_was_not_measured_is_neither_fixed_nor_regressed(
    pair: Callable[..., Change], status: Status, other: Status
) -> None:
    for change in (
        pair({"status": status}, {"status": other}),
        pair({"status": other}, {"status": status}),
    ):
        assert change.kind is ChangeKind.NOT_COMPARABLE
        assert change.why.endswith(".")
    assert pair({"status": status}, {"status": status}).kind is ChangeKind.UNCHANGED


@pytest.mark.parametrize("status", RANKED)
def test_a_host_that_came_is_new_and_one_that_vanished_is_a_loss_where_it_answered(
    pair: Callable[..., Change], status: Status
) -> None:
    came = pair({"status": Status.NO_HOST}, {"status": status})
    assert (came.kind, came.why) == (ChangeKind.NEW, "A host is there now, none was before.")
    went = pair({"status": status}, {"status": Status.NO_HOST})
    answered = status in (Status.OK, Status.WARNING)
    assert went.kind is (ChangeKind.REGRESSED if answered else ChangeKind.GONE)
    assert went.why == "Nothing comes from its address any more."
    both = {"status": Status.NO_HOST}
    assert pair(both, both).kind is ChangeKind.UNCHANGED


@pytest.mark.parametrize("status", [Status.ERROR, Status.CANCELLED])
def test_no_host_is_not_compared_with_what_was_not_tested(
    pair: Callable[..., Change], status: Status
) -> None:
    for one, other in ((status, Status.NO_HOST), (Status.NO_HOST, status)):
        change = pair({"status": one}, {"status": other})
        assert change.kind is ChangeKind.NOT_COMPARABLE
        assert "no host" in change.why


def test_a_requirement_that_came_is_new_and_one_that_went_is_gone(
    pair: Callable[..., Change],
) -> None:
    came = pair({"status": Status.NOT_NEEDED}, {"status": Status.BLOCKED})
    assert (came.kind, came.why) == (ChangeKind.NEW, "It was not needed before.")
    went = pair({"status": Status.BLOCKED}, {"status": Status.NOT_NEEDED})
    assert (went.kind, went.why) == (ChangeKind.GONE, "It is not needed any more.")


def test_a_row_of_one_session_only_is_new_or_gone(header: Header, make_result: Make) -> None:
    found = compare(
        session(header, make_result("a"), make_result("b")),
        session(header, make_result("b"), make_result("c")),
    )
    assert [(change.key.partition("|")[2], change.kind) for change in found.changes] == [
        ("b", ChangeKind.UNCHANGED),
        ("c", ChangeKind.NEW),
        ("a", ChangeKind.GONE),
    ]


def test_another_reason_under_the_same_status_is_told(header: Header, make_result: Make) -> None:
    was = make_result(status=Status.BLOCKED)
    seen = replace(was.observation, state=State.CLOSED, reason=Reason.CONN_REFUSED)
    now = replace(was, observation=seen)
    (change,) = compare(session(header, was), session(header, now)).changes
    assert change.kind is ChangeKind.UNCHANGED
    assert change.why == "What answered before does so no more; the host refuses it."
    slower = replace(now, note="It took longer.", observation=replace(seen, latency_ms=900.0))
    (change,) = compare(session(header, now), session(header, slower)).changes
    assert (change.kind, change.why) == (ChangeKind.UNCHANGED, "")


def only(found: Comparison) -> str:
    (change,) = found.changes
    assert change.kind is ChangeKind.NOT_COMPARABLE
    return change.why


def test_another_source_address_is_not_compared(pair: Callable[..., Change]) -> None:
    change = pair(
        {"source": "192.0.2.9", "status": Status.OK},
        {"source": "192.0.2.10", "status": Status.BLOCKED},
    )
    assert change.kind is ChangeKind.NOT_COMPARABLE
    assert change.why == "Sent from 192.0.2.9 before and from 192.0.2.10 after."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:DB8:0::1"),
        ("192.0.2.9", "2001:db8::9"),
        ("192.0.2.9", None),
        ("fe80::1%eth0", "fe80::1%eth1"),
    ],
)
def test_the_same_source_and_that_of_another_ip_version_are_compared(
    pair: Callable[..., Change], one: str, other: str | None
) -> None:
    change = pair({"source": one, "status": Status.BLOCKED}, {"source": other, "status": Status.OK})
    assert change.kind is ChangeKind.FIXED


def test_another_machine_is_not_compared_and_said_once(header: Header, make_result: Make) -> None:
    elsewhere = replace(header.vantage, host="jump2")
    found = compare(
        session(header, make_result(status=Status.BLOCKED)),
        session(header, make_result(), vantage=elsewhere),
    )
    said = "Tested from jump1 (local) before and from jump2 (local) after."
    assert only(found) == said
    assert found.remarks.count(said) == 1


def test_another_profile_version_is_not_compared(header: Header, make_result: Make) -> None:
    newer = replace(header.profile, version="2")
    found = compare(session(header, make_result()), session(header, make_result(), profile=newer))
    assert only(found) == "Tested with profile alloyscan 1 before and with alloyscan 2 after."


def test_another_file_of_the_same_profile_version_is_only_remarked(
    header: Header, make_result: Make
) -> None:
    other = replace(header.profile, sha256="cd")
    found = compare(session(header, make_result()), session(header, make_result(), profile=other))
    assert [change.kind for change in found.changes] == [ChangeKind.UNCHANGED]
    assert any("its file is not the same" in remark for remark in found.remarks)


def test_another_answer_makes_only_the_rows_that_depend_on_it_not_comparable(
    header: Header, make_result: Make
) -> None:
    asking, free = make_result("a"), make_result("b", "unix.ssh")
    when = (When("current_user", ("yes",)),)
    asking = replace(asking, job=replace(asking.job, check=replace(asking.job.check, when=when)))
    answers = {**header.answers, "current_user": "yes"}
    found = compare(session(header, asking, free), session(header, asking, free, answers=answers))
    assert [change.kind for change in found.changes] == [
        ChangeKind.NOT_COMPARABLE,
        ChangeKind.UNCHANGED,
    ]
    assert found.changes[0].why == "current_user was answered no before and yes after."
    assert "current_user was answered no before and yes after." in found.remarks


def test_a_check_of_another_profile_may_ask_for_any_answer(
    header: Header, make_result: Make
) -> None:
    row = make_result()
    row = replace(row, job=replace(row.job, check=replace(row.job.check, purpose="")))
    found = compare(session(header, row), session(header, row, answers={"x": "yes"}))
    assert "was answered" in only(found)


def on_port(row: Result, port: int | None, asked: int) -> Result:
    target = replace(row.job.target, port=port)
    key = f"{row.job.check.id}|{target.label}"
    return replace(row, job=replace(row.job, key=key, target=target, port=asked))


def test_a_host_that_was_named_with_another_port_is_not_compared(
    header: Header, make_result: Make
) -> None:
    row = make_result()
    was, now = on_port(row, None, 22), on_port(row, 2222, 2222)
    (change,) = compare(session(header, was), session(header, now)).changes
    assert change.kind is ChangeKind.NOT_COMPARABLE
    assert change.why == "Asked on TCP 22 before and on TCP 2222 after."
    (change,) = compare(session(header, was), session(header, on_port(row, 22, 22))).changes
    assert change.kind is ChangeKind.UNCHANGED


def test_a_host_with_two_ports_is_not_guessed_at(header: Header, make_result: Make) -> None:
    row = make_result()
    now = (on_port(row, 2222, 2222), on_port(row, 2223, 2223))
    changes = compare(session(header, on_port(row, None, 22)), session(header, *now)).changes
    assert [change.kind for change in changes] == [
        ChangeKind.NEW,
        ChangeKind.NEW,
        ChangeKind.GONE,
    ]


def test_another_port_is_not_compared(header: Header, make_result: Make) -> None:
    was = make_result()
    now = replace(was, job=replace(was.job, port=636))
    assert only(compare(session(header, was), session(header, now))) == (
        "Asked on TCP 389 before and on TCP 636 after."
    )


def test_what_differs_as_a_whole_is_remarked(header: Header, make_result: Make) -> None:
    settings = replace(header.settings, timeout=1, answer_timeout=20)
    later = replace(
        session(header, make_result(), id="other", settings=settings),
        complete=False,
    )
    remarks = compare(session(header, make_result()), later).remarks
    assert remarks == (
        "The timeout was 2.5 s before and 1 s after: a slow answer may be silence in one of them.",
        "The answer timeout was 15 s before and 20 s after: a slow answer may be silence in one of "
        "them.",
        "The later session is not complete.",
    )


@given(
    before=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(Status)),
    after=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(Status)),
)
def test_every_row_has_one_change_and_a_session_never_regresses_against_itself(
    header: Header,
    make_result: Make,
    before: dict[str, Status],
    after: dict[str, Status],
) -> None:
    earlier, later = (
        session(header, *(make_result(host, status=status) for host, status in rows.items()))
        for rows in (before, after)
    )
    found = compare(earlier, later)
    assert sorted(change.key[-1] for change in found.changes) == sorted({*before, *after})
    assert {change.kind for change in compare(later, later).changes} <= {ChangeKind.UNCHANGED}
    mirrored = compare(later, earlier)
    # A host that came is new, one that left took what was available with it.
    absent = {
        result.job.key
        for one in (earlier, later)
        for result in one.results
        if result.status is Status.NO_HOST
    }
    for one, other in ((ChangeKind.FIXED, ChangeKind.REGRESSED), (ChangeKind.NEW, ChangeKind.GONE)):
        assert {change.key for change in found.of(one)} - absent == {
            change.key for change in mirrored.of(other)
        } - absent


def test_what_was_not_measured_again_is_not_gone(header: Header, make_result: Make) -> None:
    a, b, c = make_result("a"), make_result("b"), make_result("c")
    after = replace(session(header, make_result("a", status=Status.BLOCKED)), earlier=(b,))
    found = compare(session(header, a, b, c), after)
    assert [(change.key.partition("|")[2], change.kind) for change in found.changes] == [
        ("a", ChangeKind.REGRESSED),
        ("b", ChangeKind.NOT_REMEASURED),
        ("c", ChangeKind.GONE),
    ]


def test_a_row_is_compared_with_what_an_earlier_session_handed_on(
    header: Header, make_result: Make
) -> None:
    before = replace(session(header), earlier=(make_result("a", status=Status.BLOCKED),))
    (change,) = compare(before, session(header, make_result("a"))).changes
    assert change.kind is ChangeKind.FIXED


def test_a_session_that_measured_some_rows_again_says_which(
    header: Header, make_result: Make
) -> None:
    origin = Origin("1", "2026-01-31T12:00:00+01:00", ("blocked", "error"))
    found = compare(session(header), session(header, make_result("a"), origin=origin))
    assert "The later session retested what was blocked, error in the" in found.remarks[-1]
