"""The comparison of what was done to a row with what was told of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench.faults import DROPPED, MUTE, OK, REFUSED, Record, Span
from bench.watch import BETWEEN, INVENTED, MISSED, RIGHT, WRONG_CAUSE, WRONG_TIME, compared
from probes.model import Job, Observation, Reason, Result, Service, State, Status, Target
from profiles.model import Check
from tui.watch.row_history import Change

JOB = Job("c|h", Check("c", "c", "r", "C", "tcp", "tcp", "", "", "", port=1), Target("r", "h"), 1)
SEEN = {
    OK: (Status.OK, State.OPEN, Reason.SYN_ACK),
    DROPPED: (Status.BLOCKED, State.FILTERED, Reason.NO_RESPONSE),
    REFUSED: (Status.BLOCKED, State.CLOSED, Reason.CONN_REFUSED),
    MUTE: (Status.BLOCKED, State.OPEN, Reason.SYN_ACK),
}
DONE = [Span(0, 0, OK, "start"), Span(100, 100.1, DROPPED, "drop")]
"""At 100 s a rule begins to drop."""


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def result(seen, started: float, took: float = 0) -> Result:
    status, state, reason = SEEN[seen]
    service = Service.SILENT if seen is MUTE else Service.NOT_ASKED
    begun = moment(started).isoformat()
    observation = Observation(state, reason, service, started=begun, took_ms=took * 1000)
    return Result(JOB, status, "", observation)


def verdicts(*told: tuple[object, ...], done=DONE) -> list[str]:
    """Verdicts on changes: what was seen, not before, at, when that row was begun, its seconds."""
    last, changes = result(OK, 0), []
    for seen, not_before, at, *measured in told:
        now = result(seen, *measured)
        change = Change(now, last.status, moment(0), moment(not_before), moment(at))
        changes.append((last, change))
        last = now
    record = Record({JOB.key: list(done)})
    found = compared(record, {JOB.key: [result(OK, 0)]}, {JOB.key: changes}, lasting=10, now=200)
    return [one.verdict for one in found]


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ([(DROPPED, 95, 105, 105)], [RIGHT]),
        ([(DROPPED, 95, 100.05, 100.05)], [RIGHT]),
        ([], [MISSED]),
        ([(DROPPED, 80, 90, 90), (OK, 90, 95, 95)], [WRONG_TIME, WRONG_TIME, MISSED]),
        ([(DROPPED, 102, 105, 105)], [WRONG_TIME]),
        ([(REFUSED, 95, 105, 105)], [WRONG_CAUSE, MISSED]),
        ([(REFUSED, 40, 50, 50), (OK, 50, 55, 55)], [INVENTED, WRONG_TIME, MISSED]),
        ([(REFUSED, 95, 100.2, 99.9), (DROPPED, 99.9, 105, 105)], [BETWEEN, RIGHT]),
    ],
)
def test_what_was_done_and_what_is_told_are_compared(told, wanted):
    assert verdicts(*told) == wanted


def test_a_conversation_that_the_end_of_a_fault_breaks_off_is_in_between():
    done = [DONE[0], Span(100, 100.1, MUTE, "mute"), Span(130, 130.1, OK, "end of mute")]
    first, back = (MUTE, 95, 105, 105, 2), (OK, 129.9, 135, 135)
    broken_off = (MUTE, 125, 129.9, 129.9, 0.7)
    assert verdicts(first, broken_off, back, done=done) == [RIGHT, BETWEEN, RIGHT]
    earlier = (MUTE, 115, 120, 120, 2)
    assert INVENTED in verdicts(first, earlier, back, done=done)
