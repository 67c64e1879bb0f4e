"""The exit status of a finished run."""

import pytest

from probes.engine.model import Status
from tui.exit import Exit, exit_status


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([Status.OK], Exit.READY),
        ([Status.OK, Status.WARNING, Status.UNVERIFIABLE, Status.NOT_NEEDED], Exit.READY),
        ([Status.OK, Status.DEGRADED], Exit.DEGRADED),
        ([Status.DEGRADED, Status.BLOCKED], Exit.BLOCKED),
        ([Status.ERROR, Status.BLOCKED], Exit.BLOCKED),
        ([Status.ERROR, Status.DEGRADED], Exit.UNTESTED),
        ([Status.ERROR, Status.OK], Exit.UNTESTED),
    ],
)
def test_the_worst_row_decides(statuses: list[Status], status: Exit) -> None:
    assert exit_status(statuses) is status
    assert exit_status(reversed(statuses)) is status


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.CANCELLED])
def test_a_row_that_was_not_measured_is_never_ready(status: Status) -> None:
    assert exit_status([Status.OK, status]) is Exit.UNTESTED


def test_a_run_without_a_row_is_never_ready() -> None:
    assert exit_status([]) is Exit.UNTESTED


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_an_exit(status: Status) -> None:
    assert exit_status([status]) in set(Exit)


def test_the_numbers_are_part_of_the_interface() -> None:
    assert {one.name: one.value for one in Exit} == {
        "READY": 0,
        "USAGE": 2,
        "BLOCKED": 3,
        "DEGRADED": 4,
        "UNTESTED": 5,
        "INTERRUPTED": 130,
    }
