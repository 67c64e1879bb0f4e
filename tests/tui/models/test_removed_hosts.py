"""Rows that come back to the places they had."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.model import Job, Observation, Reason, Result, Started, State, Status, Target
from profiles.model import Check
from tui.models.filter import Filter
from tui.models.removed_hosts import _merged, _Row
from tui.models.rows import Rows

CHECK = Check("unix.ssh", "c", "unix.target", "SSH", "tcp", "tcp", "", "", "", port=22)
SEEN = Observation(State.OPEN, Reason.SYN_ACK, latency_ms=1.0)


def job(host: str) -> Job:
    return Job(f"unix.ssh|{host}", CHECK, Target("unix.target", host), 22)


def result(host: str, status: Status) -> Result:
    return Result(job(host), status, "", SEEN)


@given(st.lists(st.booleans(), max_size=30))
def test_whatever_was_taken_out_comes_back_to_its_place(taken):
    every = [(job(f"h{at}"), None) for at in range(len(taken))]
    gone = [_Row(at, *row) for at, row in enumerate(every) if taken[at]]
    left = [row for at, row in enumerate(every) if not taken[at]]
    assert _merged(left, gone) == every


def test_what_stood_behind_rows_that_are_gone_meanwhile_comes_last_and_in_order():
    gone = [_Row(at, job(f"h{at}"), None) for at in (4, 6)]
    merged = _merged([(job("h0"), None)], gone)
    assert [row[0].target.host for row in merged] == ["h0", "h4", "h6"]


def test_rows_held_instead_are_as_if_they_had_come_one_by_one():
    statuses = (Status.OK, None, Status.BLOCKED, Status.NOT_NEEDED)
    held = [
        (job(f"h{at}"), None if status is None else result(f"h{at}", status))
        for at, status in enumerate(statuses)
    ]
    one_by_one, at_once = Rows(), Rows([job("other")])
    for rows in (one_by_one, at_once):
        rows.show(Filter(failures=True))
        rows.sort("host", reverse=True)
    one_by_one.add(job for job, _ in held)
    one_by_one.apply(one for _, one in held if one is not None)
    one_by_one.resort()
    at_once.replace(held)
    assert at_once.results == one_by_one.results == held
    assert [*at_once.view] == [*one_by_one.view] != []
    assert at_once.counts == one_by_one.counts
    assert "unix.ssh|other" not in at_once
    at_once.apply((Started(("unix.ssh|h0",)),))
    assert at_once.status(0) is Status.RUNNING
    assert at_once.version(0) == 1
