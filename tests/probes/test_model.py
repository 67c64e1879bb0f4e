"""Statuses: what each means for its path and to whoever has to act."""

from __future__ import annotations

import pytest

from probes.model import (
    AVAILABLE,
    BEST_FIRST,
    FAILURES,
    FINE,
    MEASURED,
    MISSING,
    TO_CHANGE,
    UNFINISHED,
    UNTESTED,
    Meaning,
    Status,
)


def test_the_sets_of_statuses_hold_what_the_pages_about_them_promise() -> None:
    assert {Status.OK, Status.WARNING} == AVAILABLE
    assert {Status.BLOCKED, Status.DEGRADED} == MISSING
    assert {Status.QUEUED, Status.RUNNING} == UNFINISHED
    assert {Status.ERROR, Status.CANCELLED, *UNFINISHED} == UNTESTED
    assert {Status.BLOCKED, Status.DEGRADED, Status.ERROR, Status.WARNING} == FAILURES
    assert {Status.BLOCKED, Status.DEGRADED, Status.ERROR} == TO_CHANGE
    assert {Status.OK, Status.NOT_NEEDED, Status.NO_HOST} == FINE


def test_a_status_is_measured_or_untested_or_about_a_path_that_nobody_needs() -> None:
    nobody_needs = (Meaning.NOT_NEEDED, Meaning.ABSENT)
    others = {status for status in Status if status.meaning in nobody_needs}
    assert sorted((*MEASURED, *UNTESTED, *others)) == sorted(Status)


def test_every_status_that_is_better_or_worse_than_others_is_ranked_once() -> None:
    assert sorted(BEST_FIRST) == sorted(AVAILABLE | MISSING), "give it a place in BEST_FIRST"
    assert BEST_FIRST.index(Status.BLOCKED) == len(BEST_FIRST) - 1


@pytest.mark.parametrize("status", Status)
def test_a_status_is_its_word_wherever_a_word_is_looked_up(status: Status) -> None:
    assert Status(str(status)) is status
    assert {str(status): 1}[status] == 1
    assert f"{status:<14}" == f"{status.value:<14}"
