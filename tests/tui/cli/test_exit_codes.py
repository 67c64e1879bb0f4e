"""The exit status of a finished run."""

import pytest

from probes.model import Ruling
from tui.cli.exit_codes import Exit, exit_status


@pytest.mark.parametrize(
    ("rulings", "status"),
    [
        ([Ruling.READY], Exit.READY),
        ([Ruling.READY, Ruling.READY_AFTER], Exit.READY),
        ([Ruling.READY, Ruling.DEGRADED], Exit.DEGRADED),
        ([Ruling.DEGRADED, Ruling.BLOCKED], Exit.BLOCKED),
        ([Ruling.UNKNOWN, Ruling.BLOCKED], Exit.BLOCKED),
        ([Ruling.UNKNOWN, Ruling.DEGRADED], Exit.UNTESTED),
        ([Ruling.UNKNOWN, Ruling.READY], Exit.UNTESTED),
    ],
)
def test_the_worst_verdict_decides(rulings: list[Ruling], status: Exit) -> None:
    assert exit_status(rulings) is status
    assert exit_status(reversed(rulings)) is status


def test_a_target_without_a_verdict_is_never_ready() -> None:
    assert exit_status([Ruling.READY, None]) is Exit.UNTESTED
    assert exit_status([Ruling.BLOCKED, None]) is Exit.BLOCKED


def test_a_run_without_a_target_is_never_ready() -> None:
    assert exit_status([]) is Exit.UNTESTED


@pytest.mark.parametrize("ruling", list(Ruling))
def test_every_ruling_has_an_exit(ruling: Ruling) -> None:
    assert exit_status([ruling]) in set(Exit)


def test_the_numbers_are_part_of_the_interface() -> None:
    assert {one.name: one.value for one in Exit} == {
        "READY": 0,
        "DIFFERS": 1,
        "USAGE": 2,
        "BLOCKED": 3,
        "DEGRADED": 4,
        "UNTESTED": 5,
        "NOT_SAVED": 6,
        "FAULT": 70,
        "INTERRUPTED": 130,
    }
