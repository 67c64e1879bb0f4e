"""Rows that ask for a role go once somebody has said it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from probes.model import Job, Observation, Reason, Result, State, Status, Target
from profiles.recognition import AUTO
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.models.rows import Rows
from tui.screens.host_entry import remove_answered

PROFILE = load(Options("screen"))


def asking(host: str, status: Status | None) -> tuple[Job, Result | None]:
    """The row of a host without a role, and its result; none while it is measured."""
    job = Job(f"auto|{host}", PROFILE.check(AUTO), Target(AUTO, host), None)
    if status is None:
        return job, None
    seen = Observation(State.OPEN, Reason.ECHO_REPLY, address="10.0.0.9")
    return job, Result(job, status, "", seen)


@pytest.mark.parametrize(
    ("named", "removed", "said"),
    [
        (["unix.target=db1"], ["db1"], "the row that asked for a role that is said now; {undo}"),
        (["nas=DB1", "printer=db1"], ["db1"], "brings it back."),
        (["unix.target=db1", "hyperv.host=hv1"], ["db1", "hv1"], "2 rows that asked"),
        (["unix.target=web1"], [], ""),
        (["unix.target=pc1"], [], ""),
        (["unix.target=other"], [], ""),
        (["auto=db1"], [], ""),
    ],
)
def test_a_role_that_is_said_removes_the_row_that_asked_for_it(named, removed, said):
    rows = Rows()
    found = [
        asking("db1", Status.ERROR),
        asking("hv1", Status.ERROR),
        asking("web1", Status.OK),
        asking("pc1", None),
    ]
    rows.add([job for job, _ in found])
    rows.apply([result for _, result in found if result is not None])
    context = SimpleNamespace(panes=SimpleNamespace(table=SimpleNamespace(rows=rows)))
    gone: list[Target] = []
    targets = [Target(*one.split("=")) for one in named]
    text = remove_answered(context, SimpleNamespace(remove=gone.extend), targets)
    assert gone == [Target(AUTO, host) for host in removed]
    assert said in text and bool(text) == bool(removed)
