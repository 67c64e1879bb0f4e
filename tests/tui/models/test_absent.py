"""Rows without a host: hidden until asked for, and their targets without a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Job, Observation, Reason, Result, Ruling, State, Status, Target, Verdict
from tests.tui.unmeasured import a_check, a_job, a_result
from tui.cli.exit_codes import Exit, exit_status
from tui.models.filter import EVERYTHING, Filter
from tui.models.rows import Rows
from tui.models.tree import RollUp, nodes
from tui.models.verdicts import Verdicts

NETWORK = "10.0.0.0/29"
ROLE = "windows.target"


def job(number: int, network: str = NETWORK) -> Job:
    plain = a_job(f"10.0.0.{number}")
    return replace(plain, target=replace(plain.target, network=network))


def silent(job: Job, status: Status = Status.NO_HOST) -> Result:
    return Result(job, status, "No answer.", Observation(State.FILTERED, Reason.NO_RESPONSE))


def verdict(target: Target, ruling: Ruling) -> Verdict:
    return Verdict(target, "audit", ruling, (), (), "So it is.")


def hosts(rows: Rows) -> list[str]:
    return [rows.row_data(row).host for row in rows.view]


@pytest.fixture
def rows() -> Rows:
    """One host, and two addresses that nobody uses."""
    made = Rows([job(1), job(2), job(3)])
    made.apply([a_result(job(1)), silent(job(2)), silent(job(3))])
    made.resort()
    return made


def test_they_are_hidden_and_counted(rows: Rows) -> None:
    assert hosts(rows) == ["10.0.0.1"]
    assert rows.counts[Status.NO_HOST] == 2


@pytest.mark.parametrize(
    "filter",
    [
        Filter(absent=True),
        Filter(text="status:no-host,ok"),
        Filter(text="status:*"),
        Filter(host=NETWORK),
        Filter(keys=frozenset(job(number).key for number in (1, 2, 3))),
    ],
)
def test_they_are_shown_when_they_are_asked_for(rows: Rows, filter: Filter) -> None:
    rows.show(filter)
    assert len(hosts(rows)) == 3


@pytest.mark.parametrize(
    "filter",
    [
        Filter(),
        Filter(role=ROLE),
        Filter(text="!status:no-host"),
        Filter(text="status:ok"),
        Filter(text="10.0.0"),
        Filter(text="note:*"),
    ],
)
def test_no_other_filter_shows_them(rows: Rows, filter: Filter) -> None:
    rows.show(filter)
    assert hosts(rows) == ["10.0.0.1"]


def test_their_own_host_shows_them(rows: Rows) -> None:
    rows.show(Filter(host="10.0.0.2"))
    assert hosts(rows) == ["10.0.0.2"]


def test_a_row_does_not_move_while_it_is_measured_and_goes_when_asked() -> None:
    rows = Rows([job(1), job(2)])
    rows.apply([silent(job(1))])
    assert len(hosts(rows)) == 2
    assert rows.stale
    rows.resort()
    assert hosts(rows) == ["10.0.0.2"]
    rows.apply([silent(job(1), Status.BLOCKED)])
    assert hosts(rows) == ["10.0.0.2", "10.0.0.1"]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(Status)))))
def test_after_any_history_the_others_are_shown_and_only_they(history) -> None:
    jobs = [job(number) for number in range(6)]
    rows = Rows(jobs)
    for number, status in history:
        rows.apply([silent(jobs[number], status)])
    rows.show(EVERYTHING)
    shown = [row for row in range(6) if rows.status(row) is not Status.NO_HOST]
    assert sorted(rows.view) == shown
    rows.show(Filter(absent=True))
    assert len(rows.view) == 6


@pytest.fixture
def verdicts() -> Verdicts:
    made = Verdicts()
    made.add([job(1), job(2)])
    return made


def test_a_target_without_a_host_wants_no_verdict(verdicts: Verdicts) -> None:
    ready = verdict(job(1).target, Ruling.READY)
    verdicts.apply([a_result(job(1)), ready, silent(job(2))])
    assert [line.target.host for line in verdicts.lines()] == ["10.0.0.1"]
    assert exit_status(verdicts.rulings) is Exit.READY
    assert [line.ruling for line in verdicts.lines()] == [Ruling.READY]


def test_a_host_that_shows_up_wants_one_again(verdicts: Verdicts) -> None:
    verdicts.apply([silent(job(2)), silent(job(2), Status.BLOCKED)])
    assert exit_status(verdicts.rulings) is Exit.UNTESTED
    verdicts.apply([verdict(job(number).target, Ruling.BLOCKED) for number in (1, 2)])
    assert exit_status(verdicts.rulings) is Exit.BLOCKED


def test_one_that_is_named_singly_later_wants_one_too(verdicts: Verdicts) -> None:
    verdicts.apply([silent(job(2)), silent(job(2, network=""), Status.BLOCKED)])
    assert {line.target.host for line in verdicts.lines()} == {"10.0.0.1", "10.0.0.2"}


def test_a_silent_network_has_a_verdict_until_something_comes_from_it(verdicts: Verdicts) -> None:
    whole = verdict(job(1).target.whole, Ruling.UNKNOWN)
    verdicts.apply([silent(job(1)), silent(job(2)), whole])
    assert [(line.target.label, line.ruling) for line in verdicts.lines()] == [
        (NETWORK, Ruling.UNKNOWN)
    ]
    assert exit_status(verdicts.rulings) is Exit.UNTESTED
    verdicts.apply([a_result(job(1)), verdict(job(1).target, Ruling.READY)])
    assert exit_status(verdicts.rulings) is Exit.READY


def test_removed_and_restored_it_is_what_it_was(verdicts: Verdicts) -> None:
    verdicts.apply([silent(job(1)), silent(job(2))])
    verdicts.remove([job(2).target])
    verdicts.add([job(2)])
    verdicts.apply([silent(job(2))])
    assert verdicts.lines() == []


def test_a_node_stands_for_them_only_where_there_is_nothing_else() -> None:
    from tui.cli.options import Options
    from tui.cli.prepare import load

    node = nodes(load(Options("screen")))[0]
    counts = RollUp()
    counts.add([job(1), job(2)])
    counts.apply([silent(job(1)), silent(job(2))])
    assert counts.of(node) == (Status.NO_HOST, 2)
    counts.apply([a_result(replace(job(1), check=a_check()))])
    assert counts.of(node) == (Status.OK, 1)
