"""A device that rejects sends few ICMP errors: what is silence by that alone is no change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probes.model import Icmp, Job, Observation, Reason, Result, State, Status, Target
from profiles.model import Check
from tui.watch.icmp_limit import BURST
from tui.watch.row_history import Change, RowHistory

BEGIN = datetime(2026, 11, 30, 12, tzinfo=UTC)
CHECK = Check("unix.ssh", "c", "r", "SSH", "tcp", "tcp", "", "", "", port=22)
ROUTER = "10.0.0.1"
REJECTED = Observation(State.FILTERED, Reason.ADMIN_PROHIBITED, icmp=Icmp(3, 13, ROUTER))
SILENT = Observation(State.FILTERED, Reason.NO_RESPONSE)


def row(host: int, seconds: float, seen: Observation) -> Result:
    name = f"10.0.1.{host}"
    started = (BEGIN + timedelta(seconds=seconds, milliseconds=host)).isoformat()
    took = 5000.0 if seen is SILENT else 1.0
    job = Job(f"unix.ssh|{name}", CHECK, Target("r", name), 22)
    return Result(job, Status.BLOCKED, "", replace(seen, started=started, took_ms=took))


def watched(
    rounds: Iterable[Callable[[int], Observation]], hosts: int, every: float = 10.0
) -> list[Change]:
    """Changes that are told of rounds, whose rejections come before their silence."""
    history, told = RowHistory(), []
    for number, seen_of in enumerate(rounds):
        results = [row(host, number * every, seen_of(host)) for host in range(hosts)]
        results.sort(key=lambda one: one.observation.reason is Reason.NO_RESPONSE)
        told += history.add(results)
    return told


def turns(number: int, hosts: int) -> Callable[[int], Observation]:
    """A round in which another few of the hosts are told."""
    told = {(number * 5 + at) % hosts for at in range(int(BURST))}
    return lambda host: REJECTED if host in told else SILENT


@pytest.mark.parametrize("hosts", [9, 12, 40])
def test_rows_that_take_turns_within_a_routers_limit_have_not_changed(hosts: int) -> None:
    assert watched([turns(number, hosts) for number in range(8)], hosts) == []


def test_a_rejection_that_becomes_silence_is_a_change_where_the_limit_is_not_reached() -> None:
    hosts = 4
    (change,) = watched(
        [lambda host: REJECTED, lambda host: SILENT if host == 2 else REJECTED], hosts
    )
    assert change.result.job.target.host == "10.0.1.2"


def test_it_is_a_change_too_where_the_device_shows_that_it_has_no_limit() -> None:
    changes = watched(
        [lambda host: REJECTED, lambda host: SILENT if host == 2 else REJECTED], hosts=20
    )
    assert [one.result.job.target.host for one in changes] == ["10.0.1.2"]


def test_what_another_device_rejects_is_a_change() -> None:
    other = replace(REJECTED, icmp=Icmp(3, 13, "10.0.0.2"))
    rounds = [turns(0, 9), lambda host: other if host == 8 else turns(0, 9)(host)]
    (change,) = watched(rounds, 9)
    assert change.result.observation.icmp == other.icmp


def test_a_rule_that_drops_all_that_it_rejected_is_told_of_every_row() -> None:
    changes = watched([turns(0, 6), lambda host: SILENT], 6)
    assert len(changes) == 6


def test_a_change_that_the_limit_hid_at_first_lies_after_the_last_rejection() -> None:
    rounds = [turns(0, 6), lambda host: SILENT, lambda host: SILENT]
    changes = watched(rounds, 6, every=0.4)
    assert {(one.not_before - BEGIN) // timedelta(seconds=0.4) for one in changes} == {0}
    assert {(one.at - BEGIN) // timedelta(seconds=0.4) for one in changes} == {2}
    assert len(changes) == 6
