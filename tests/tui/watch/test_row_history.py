"""Rounds of a row as numbers, and the sentences about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from profiles.model import Check, Unless
from tui.watch.row_history import LOST, MAX_ROUNDS, UNTIMED, RowHistory
from tui.watch.text import change_text, duration_text, history_lines, is_loss, sparkline

CHECK = Check("dc.ldap", "c", "r", "LDAP", "tcp", "tcp", "", "", "", port=389)
JOB = Job("dc.ldap|dc1", CHECK, Target("r", "dc1"), 389)


def row(
    at: str, status: Status = Status.OK, ms: float | None = 1.0, note: str = "No answer."
) -> Result:
    state = State.OPEN if status in (Status.OK, Status.WARNING) else State.FILTERED
    reason = Reason.SYN_ACK if state is State.OPEN else Reason.NO_RESPONSE
    seen = Observation(state, reason, latency_ms=ms, started=f"2026-11-23T{at}.000+00:00")
    return Result(JOB, status, note, seen)


def past_of(*results: Result) -> RowHistory:
    past = RowHistory()
    past.add(results)
    return past


def test_a_row_that_was_measured_once_has_no_past():
    assert past_of(row("12:00:00")).of(JOB.key) is None
    assert list(history_lines(None, ascii=False)) == []


def test_rounds_are_kept_in_order_with_what_was_lost_among_them():
    past = past_of(
        row("12:00:00", ms=3.0), row("12:00:10", Status.BLOCKED, None), row("12:00:20", ms=5.0)
    )
    series = past.of(JOB.key)
    assert series is not None
    assert series.rounds == (3.0, LOST, 5.0)
    assert (series.total, series.lost) == (3, 1)
    assert series.spread == (3.0, 4.0, 5.0)


def test_a_refusal_is_an_answer_and_one_without_a_clock_has_no_latency():
    refused = row("12:00:00", Status.BLOCKED, None)
    seen = Observation(State.CLOSED, Reason.CONN_REFUSED, started="2026-11-23T12:00:10+00:00")
    past = past_of(refused, Result(JOB, Status.BLOCKED, "", seen))
    series = past.of(JOB.key)
    assert series is not None
    assert series.rounds == (LOST, UNTIMED)
    assert series.spread is None


def test_a_result_that_is_only_judged_anew_is_no_further_round():
    past = past_of(row("12:00:00"), row("12:00:00", Status.WARNING), row("12:00:10"))
    series = past.of(JOB.key)
    assert series is not None
    assert series.total == 2


def test_what_was_not_tested_is_neither_a_round_nor_a_loss():
    past = past_of(row("12:00:00"), row("12:00:10", Status.ERROR), row("12:00:20"))
    series = past.of(JOB.key)
    assert series is not None
    assert (series.total, series.lost) == (2, 0)


def test_only_the_latest_rounds_are_kept_and_all_are_counted():
    past = RowHistory()
    past.add(row(f"12:{at // 60:02}:{at % 60:02}", ms=float(at)) for at in range(MAX_ROUNDS + 5))
    series = past.of(JOB.key)
    assert series is not None
    assert series.total == MAX_ROUNDS + 5
    assert series.rounds == tuple(float(at) for at in range(5, MAX_ROUNDS + 5))


def test_a_change_says_when_it_came_and_how_long_it_was_otherwise():
    past = past_of(row("13:59:52", Status.DEGRADED, None), row("14:01:00", Status.DEGRADED, None))
    (change,) = past.add([row("14:03:12")])
    assert f"{change.at:%M:%S}" == "03:12"
    text = change_text(change)
    assert text.startswith("LDAP TCP 389 on dc1 came up at ")
    assert text.endswith(":03:12 (not before 14:01:00), after 3 min 20 s.")
    assert not is_loss(change)


def test_a_row_came_up_when_it_answered_and_not_when_its_first_attempt_began():
    up = row("14:03:12")
    second = replace(
        up.observation,
        attempts=2,
        evidence=(connect(0.0, Reason.NO_RESPONSE), connect(4000.0, Reason.SYN_ACK)),
        last_ms=4000,
        took_ms=4001.0,
    )
    (change,) = past_of(row("14:02:52", Status.BLOCKED, None)).add(
        [replace(up, observation=second)]
    )
    assert f"{change.at:%M:%S}" == "03:16"
    assert f"{change.not_before:%M:%S}" == "03:12", "its first attempt saw it silent"
    assert change.at - change.since == timedelta(seconds=24, milliseconds=1)


@pytest.mark.parametrize(
    ("reason", "took_ms"), [(Reason.NO_RESPONSE, 9000.0), (Reason.NO_RESPONSE, None)]
)
def test_a_row_may_have_come_up_while_its_silent_attempt_was_waited_for(reason, took_ms):
    silent = row("14:00:00", Status.BLOCKED, None)
    waited = replace(
        silent.observation,
        reason=reason,
        attempts=2,
        evidence=(Evidence("10.0.0.2", at_ms=0.0), Evidence("10.0.0.2", at_ms=1100.0)),
        took_ms=took_ms,
    )
    up = row("14:00:10")
    up = replace(up, observation=replace(up.observation, took_ms=1500.0))
    (change,) = past_of(replace(silent, observation=waited)).add([up])
    assert f"{change.not_before:%M:%S}" == "00:00"
    assert f"{change.at:%M:%S.%f}"[:8] == "00:11.50"


def test_a_refusal_is_seen_when_it_comes():
    refused = replace(
        row("14:00:10", Status.BLOCKED, None).observation,
        state=State.CLOSED,
        reason=Reason.CONN_REFUSED,
        took_ms=3000.0,
    )
    past = past_of(row("14:00:00"))
    (down,) = past.add([Result(JOB, Status.BLOCKED, "Refused.", refused)])
    assert f"{down.at:%M:%S}" == "00:13"


def test_a_bound_is_no_latency_of_a_round():
    late = replace(row("12:00:10").observation, latency_ms=18.0, latency_at_most=True)
    past = past_of(row("12:00:00", ms=3.0), Result(JOB, Status.OK, "", late))
    series = past.of(JOB.key)
    assert series is not None
    assert series.rounds == (3.0, UNTIMED)
    assert series.spread == (3.0, 3.0, 3.0)


def connect(at_ms: float, reason: Reason, sent: str = "TCP connect") -> Evidence:
    return Evidence("10.0.0.2", sent, reason=reason, at_ms=at_ms)


def seen(at: str, status: Status, **facts) -> Result:
    """A row that was finished 3 s after its start, with these facts of its observation."""
    result = row(at, status)
    return replace(result, observation=replace(result.observation, took_ms=3000.0, **facts))


CLOSED = {"state": State.CLOSED, "reason": Reason.CONN_REFUSED}
OPEN = {"state": State.OPEN, "reason": Reason.SYN_ACK}
MUTE = {**OPEN, "service": Service.SILENT, "timings_ms": {"connect": 1000.0}}


@pytest.mark.parametrize(
    ("status", "facts", "after"),
    [
        (Status.OK, OPEN, 3),
        (Status.BLOCKED, CLOSED, 3),
        (Status.BLOCKED, {"reason": Reason.ADMIN_PROHIBITED, "icmp": Icmp(3, 13, "10.0.0.1")}, 3),
        (Status.BLOCKED, {"state": State.UNREACHABLE, "reason": Reason.HOST_UNREACH}, 3),
        (Status.BLOCKED, {**OPEN, "service": Service.UNEXPECTED}, 3),
        (Status.ERROR, {"state": State.ERROR, "reason": Reason.NAME_NOT_RESOLVED}, 3),
        (Status.BLOCKED, {"state": State.FILTERED, "reason": Reason.NO_RESPONSE}, 0),
        (Status.BLOCKED, MUTE, 1),
        (Status.BLOCKED, {**MUTE, "evidence": (Evidence("10.0.0.2", "", "half an answer"),)}, 3),
    ],
)
def test_an_answer_is_seen_when_it_comes_and_silence_from_what_met_it(status, facts, after):
    before = row("14:00:00", Status.DEGRADED if status is not Status.OK else Status.BLOCKED)
    (change,) = past_of(before).add([seen("14:00:30", status, **facts)])
    assert f"{change.at:%M:%S}" == f"00:{30 + after}"
    assert f"{change.not_before:%M:%S}" == "00:00"


def test_questions_that_were_all_answered_say_nothing_of_before():
    """An agent is asked as often as it has versions; each is an attempt."""
    answered = (
        connect(0.0, Reason.UDP_RESPONSE, "v2c"),
        connect(20.0, Reason.UDP_RESPONSE, "v3"),
        connect(10.0, Reason.NO_RESPONSE, "v1"),
    )
    up = seen("14:00:30", Status.OK, **OPEN, attempts=3, evidence=answered)
    (change,) = past_of(row("14:00:00", Status.BLOCKED, None)).add([up])
    assert f"{change.not_before:%M:%S}" == "00:00"


@pytest.mark.parametrize("answer", [OPEN, CLOSED])
def test_the_packet_that_met_silence_before_it_was_answered_saw_the_row_as_it_was(answer):
    overtaken = replace(connect(0.0, Reason.CANCELLED), state=State.NOT_RUN)
    for first in (connect(0.0, Reason.NO_RESPONSE), overtaken):
        exchanges = (connect(1100.0, answer["reason"]), first)
        now = Status.OK if answer is OPEN else Status.BLOCKED
        late = seen("14:00:30", now, **answer, attempts=2, evidence=exchanges)
        (change,) = past_of(row("14:00:00", Status.BLOCKED, None)).add([late])
        assert f"{change.not_before:%M:%S} {change.at:%M:%S}" == "00:30 00:33"
        refused = seen("14:00:00", Status.DEGRADED, **CLOSED)
        (change,) = past_of(refused).add([late])
        assert f"{change.not_before:%M:%S}" == "00:00", "it was not silent before"


def test_a_row_went_down_between_its_last_exchange_and_its_first_silent_attempt():
    answered = row("14:00:00")
    late = replace(answered.observation, last_ms=2500, took_ms=2600.0)
    (change,) = past_of(replace(answered, observation=late)).add(
        [row("14:00:30", Status.BLOCKED, None)]
    )
    assert f"{change.not_before:%M:%S.%f}"[:8] == "00:02.50"
    assert f"{change.at:%M:%S}" == "00:30"


def test_rounds_that_could_not_be_tested_saw_the_row_as_it_was():
    nameless = {"state": State.ERROR, "reason": Reason.NAME_NOT_RESOLVED}
    past = past_of(*(seen(f"14:00:{at}", Status.ERROR, **nameless) for at in (10, 20, 30)))
    (change,) = past.add([seen("14:00:40", Status.OK, **OPEN)])
    assert f"{change.not_before:%M:%S} {change.at:%M:%S}" == "00:30 00:43"


def rejected(at: str, by: str) -> Result:
    silent = row(at, Status.BLOCKED, 0.4, f"{by} (a device on the path) rejected it.")
    icmp = Icmp(3, 13, by)
    seen = replace(silent.observation, reason=Reason.ADMIN_PROHIBITED, icmp=icmp)
    return replace(silent, observation=seen)


def test_another_reason_of_a_row_that_stays_blocked_is_a_change_with_its_time():
    past = past_of(row("14:00:00", Status.BLOCKED, None))
    (change,) = past.add([rejected("14:00:30", "10.99.9.1")])
    text = change_text(change)
    assert text == (
        "LDAP TCP 389 on dc1: it is not silent any more; 10.99.9.1 rejects it, "
        f"since {change.at:%H:%M:%S} (not before {change.not_before:%H:%M:%S}); still blocked."
    )
    assert not is_loss(change)
    assert past.add([rejected("14:01:00", "10.99.9.1")]) == []
    assert len(past.add([rejected("14:01:30", "10.99.9.2")])) == 1
    (up,) = past.add([row("14:02:00")])
    outage = timedelta(minutes=2, milliseconds=1)
    assert up.at - up.since == outage, "another reason is no end of it"


@pytest.mark.parametrize(
    ("status", "before", "after", "told"),
    [
        (Status.BLOCKED, "wrong service: Jetty 9.4.51", "certificate: expired", True),
        (Status.WARNING, "clock 6 min ahead", "certificate: 3 days left", True),
        (Status.WARNING, "clock 6 min ahead", "clock 7 min ahead", False),
        (Status.WARNING, "certificate: 3 days left", "certificate: 2 days left", False),
        (Status.OK, "SMB 3.1.1", "SMB 2.1", False),
    ],
)
def test_another_reason_of_an_open_port_is_news_and_other_numbers_are_not(
    status, before, after, told
):
    past = past_of(replace(seen("14:00:00", status, **OPEN), why=before))
    changes = past.add([replace(seen("14:00:30", status, **OPEN, latency_ms=9.0), why=after)])
    assert [one.reason for one in changes] == [f"now {after}; before {before}"] * told
    assert past.add([replace(seen("14:01:00", status, **OPEN), why=after)]) == []


def test_another_reason_why_a_row_is_not_tested_is_news_unless_another_row_decided_it():
    nameless = {"state": State.ERROR, "reason": Reason.NAME_NOT_RESOLVED}
    fault = {"state": State.ERROR, "reason": Reason.LOCAL_ERROR}
    waiting = {"state": State.NOT_RUN, "reason": Reason.DEPENDENCY}
    past = past_of(seen("14:00:00", Status.ERROR, **waiting))
    assert past.add([seen("14:00:30", Status.ERROR, **nameless)]) == []
    assert past.add([seen("14:01:00", Status.ERROR, **waiting)]) == []
    (change,) = past.add([seen("14:01:30", Status.ERROR, **fault)])
    assert change.reason == "the name is not the reason any more; not tested"


def test_a_reason_that_comes_back_after_the_row_was_well_is_no_other_reason():
    past = past_of(rejected("14:00:00", "10.99.9.1"))
    assert [one.reason for one in past.add([row("14:00:30")])] == [""]
    assert [one.reason for one in past.add([rejected("14:01:00", "10.99.9.2")])] == [""]
    assert past.add([rejected("14:01:30", "10.99.9.2")]) == []


def test_another_rule_of_the_same_device_is_another_reason():
    first = rejected("14:00:00", "10.99.9.1")
    other = replace(first.observation, icmp=Icmp(3, 10, "10.99.9.1"))
    at = replace(other, started="2026-11-23T14:00:30.000+00:00")
    (change,) = past_of(first).add([replace(first, observation=at)])
    assert change.before is change.result.status is Status.BLOCKED


def test_whoever_rejects_has_answered():
    past = past_of(row("14:00:00", Status.BLOCKED, None), rejected("14:00:30", "10.99.9.1"))
    series = past.of(JOB.key)
    assert series is not None
    assert (series.lost, series.spread) == (1, pytest.approx((0.4, 0.4, 0.4)))


def test_a_row_that_went_down_says_why():
    (change,) = past_of(row("14:00:00")).add([row("14:00:30", Status.BLOCKED, None, "No \x1b[m.")])
    text = change_text(change)
    assert "went down at" in text
    assert "after 30 s: No " in text
    assert "\x1b" not in text
    assert is_loss(change)


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("Refused. " + "x" * 130, "Refused."),
        ("Refused: " + "word " * 40, "Refused: " + "word " * 21 + "word…"),
    ],
)
def test_the_reason_ends_with_a_sentence_or_a_word(note, told):
    (change,) = past_of(row("14:00:00")).add([row("14:00:30", Status.BLOCKED, None, note)])
    assert change_text(change).endswith(f"after 30 s: {told}")


def test_another_status_that_is_neither_up_nor_down_is_named():
    (change,) = past_of(row("14:00:00")).add([row("14:00:30", Status.ERROR, None)])
    assert "was ok and is error since" in change_text(change)


def of(check: str, host: str, at: str, status: Status) -> Result:
    job = Job(f"{check}|{host}", replace(CHECK, id=check), Target("r", host), 389)
    return replace(row(at, status), job=job)


def test_what_another_row_decided_changed_when_that_row_did_and_not_before():
    past = past_of(
        of("winrm", "pc1", "14:00:00", Status.BLOCKED), of("rpc", "pc1", "14:00:01", Status.BLOCKED)
    )
    came, spared = past.add(
        [of("winrm", "pc1", "14:00:30", Status.OK), of("rpc", "pc1", "14:00:01", Status.NOT_NEEDED)]
    )
    assert f"{came.at:%M:%S} {spared.at:%M:%S}" == "00:30 00:30"
    went, needed = past.add(
        [of("winrm", "pc1", "14:01:00", Status.BLOCKED), of("rpc", "pc1", "14:01:02", Status.OK)]
    )
    assert f"{went.at:%M:%S} {needed.at:%M:%S}" == "01:00 01:02"
    assert f"{needed.since:%M:%S}" == "00:30"


SPARED = replace(CHECK, id="rpc", unless=(Unless("winrm"),), needs="mapper", absent="ping")


def spared(at: str, status: Status, **facts) -> Result:
    """A row about which three others may decide."""
    result = seen(at, status, **facts)
    return replace(result, job=Job("rpc|dc1", SPARED, Target("r", "dc1"), 389))


def decider(id: str, at: str, status: Status, **facts) -> Result:
    return replace(seen(at, status, **facts), job=of(id, "dc1", at, status).job)


NOT_RUN = {"state": State.NOT_RUN, "reason": Reason.NOT_NEEDED}
DEPENDENT = {"state": State.NOT_RUN, "reason": Reason.DEPENDENCY}
SILENT = {"state": State.FILTERED, "reason": Reason.NO_RESPONSE}


def test_a_row_is_needed_since_a_time_between_those_of_the_row_that_decided_it():
    past = past_of(decider("winrm", "14:00:00", Status.OK), spared("14:00:03", Status.NOT_NEEDED))
    for at in ("14:00:30", "14:01:00"):
        past.add([spared(at, Status.NOT_NEEDED, **NOT_RUN), decider("winrm", at, Status.OK)])
    past.add([spared("14:01:30", Status.NOT_NEEDED, **NOT_RUN)])
    past.add([decider("winrm", "14:01:30", Status.BLOCKED, **CLOSED)])
    other = decider("other", "14:01:31", Status.OK)
    change = past.add([other, spared("14:01:34", Status.BLOCKED, **CLOSED)])[-1]
    assert f"{change.not_before:%M:%S} {change.at:%M:%S}" == "01:00 01:37"


def test_a_row_is_not_needed_since_a_time_between_those_of_the_row_that_decided_it():
    past = past_of(decider("winrm", "14:00:00", Status.BLOCKED, **SILENT))
    # It went ahead of the silent one, and was measured after what met silence there.
    past.add([spared("14:00:05", Status.BLOCKED, **CLOSED)])
    past.add([decider("winrm", "14:00:30", Status.OK)])
    (change,) = past.add([spared("14:00:05", Status.NOT_NEEDED, **CLOSED)])
    assert f"{change.not_before:%M:%S} {change.at:%M:%S}" == "00:00 00:33"


@pytest.mark.parametrize("id", ["mapper", "ping"])
def test_a_row_that_hangs_on_another_changes_when_that_one_does(id):
    facts = DEPENDENT if id == "mapper" else CLOSED
    past = past_of(decider(id, "14:00:00", Status.OK), spared("14:00:00", Status.UNVERIFIABLE))
    past.add([spared("14:00:31", Status.UNVERIFIABLE)])
    past.add([decider(id, "14:00:30", Status.BLOCKED, **SILENT)])
    (change,) = past.add([spared("14:00:31", Status.ERROR, **facts)])
    assert f"{change.not_before:%M:%S} {change.at:%M:%S}" == "00:00 00:30"
    # What changed before is not what decides later.
    past.add([decider(id, "14:01:00", Status.BLOCKED, **SILENT)])
    past.add([spared("14:01:01", Status.ERROR, **facts)])
    (change,) = past.add([spared("14:01:31", Status.OK)])
    assert f"{change.at:%M:%S}" == "01:34"


def test_a_refusal_that_means_something_else_by_now_does_since_the_ping_answers():
    past = past_of(decider("ping", "14:00:00", Status.BLOCKED, **SILENT))
    past.add([spared("14:00:05", Status.BLOCKED, **CLOSED)])
    past.add([decider("ping", "14:00:30", Status.OK)])
    (change,) = past.add([spared("14:00:35", Status.UNVERIFIABLE, **CLOSED)])
    assert f"{change.not_before:%M:%S} {change.at:%M:%S}" == "00:00 00:33"


def test_a_row_of_another_host_decides_nothing():
    past = past_of(of("rpc", "pc1", "14:00:01", Status.BLOCKED))
    _, spared = past.add(
        [
            of("winrm", "pc2", "14:00:10", Status.OK),
            of("winrm", "pc2", "14:00:30", Status.BLOCKED),
            of("rpc", "pc1", "14:00:01", Status.NOT_NEEDED),
        ]
    )
    assert f"{spared.at:%M:%S}" == "00:01"


def test_a_stopped_round_is_no_change():
    assert past_of(row("14:00:00")).add([row("14:00:30", Status.CANCELLED, None)]) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (90000, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_a_duration_has_its_two_greatest_units(seconds, text):
    assert duration_text(timedelta(seconds=seconds)) == text


def test_a_sparkline_shows_heights_and_what_was_lost():
    assert sparkline((1.0, LOST, 2.0, UNTIMED), ascii=False) == "▁×█·"
    assert sparkline((1.0, LOST, 2.0, UNTIMED), ascii=True) == "_x#o"


def test_latencies_that_hardly_differ_look_alike():
    line = sparkline((10.0, 10.1, 10.05), ascii=True)
    assert set(line) == {"_"}


@given(st.lists(st.one_of(st.just(LOST), st.just(UNTIMED), st.floats(0, 1e7)), max_size=80))
def test_any_rounds_make_one_plain_character_each(rounds):
    line = sparkline(rounds, ascii=True)
    assert len(line) == len(rounds)
    assert line.isascii()


def test_a_host_that_shows_up_in_a_later_round_is_told():
    past = past_of(row("12:00:00", Status.NO_HOST, None))
    (change,) = past.add([row("12:03:20")])
    text = change_text(change)
    assert text.startswith("LDAP TCP 389 on dc1: a host is there since ")
    assert text.endswith("after 3 min 20 s without; the row is ok.")
    assert not is_loss(change)
    series = past.of(JOB.key)
    assert series is not None
    assert series.rounds == (LOST, 1.0)


def test_a_row_that_is_judged_anew_in_its_first_round_has_not_changed():
    past = past_of(row("12:00:00", Status.NO_HOST, None))
    assert past.add([row("12:00:00", Status.BLOCKED, None)]) == []
    (change,) = past.add([row("12:00:10")])
    assert change.before is Status.BLOCKED
