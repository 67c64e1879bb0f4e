"""Grid of all rows: every row has one cell, in the order of the profile and of the hosts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.engine.plan import plan
from probes.model import Status, Target
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.models.grid import build_grid

PROFILE = load(Options("checks"))
ROLES = [role.id for role in PROFILE.roles]
TARGETS = st.builds(
    Target, st.sampled_from(ROLES), st.from_regex("(h|10.0.0.)[0-9]{1,2}", fullmatch=True)
)
STATUSES = st.sampled_from([Status.OK, Status.BLOCKED, Status.NO_HOST, Status.QUEUED])


@given(st.lists(TARGETS, max_size=8), st.data())
def test_every_row_but_those_without_a_host_has_one_cell(targets, data):
    jobs = plan(PROFILE, tuple(dict.fromkeys(targets)))
    statuses = [data.draw(STATUSES) for _ in jobs]
    grid = build_grid(jobs, statuses.__getitem__, PROFILE)
    cells = [
        row
        for section in grid.sections
        for line in section.lines
        for row in line.cells
        if row is not None
    ]
    assert sorted(cells) == [at for at, one in enumerate(statuses) if one is not Status.NO_HOST]
    for section in grid.sections:
        assert all(len(line.cells) == len(section.columns) for line in section.lines)
        assert len({line.target.role for line in section.lines}) == 1
    titles = [role.title for role in PROFILE.roles]
    shown = [titles.index(section.role) for section in grid.sections]
    assert shown == sorted(shown)


def test_hosts_stand_in_their_natural_order_and_checks_under_their_ports():
    targets = [Target("windows.target", host) for host in ("pc10", "pc2", "10.0.0.9", "10.0.0.10")]
    jobs = plan(PROFILE, targets)
    (section,) = build_grid(jobs, lambda row: Status.OK, PROFILE).sections
    assert [line.target.host for line in section.lines] == ["10.0.0.9", "10.0.0.10", "pc2", "pc10"]
    assert section.title == f"{section.role} (4)"
    shorts = [column.short for column in section.columns]
    assert shorts[0] == "5985" and "U:135" in shorts and "RPC dynamic" in shorts
    assert section.columns[0].title == "WinRM 5985"


def test_of_too_many_targets_the_worst_are_kept():
    targets = [Target("unix.target", f"h{number}") for number in range(10)]
    jobs = plan(PROFILE, targets)
    bad = {3: Status.ERROR, 7: Status.BLOCKED}
    grid = build_grid(jobs, lambda row: bad.get(row, Status.OK), PROFILE, 2)
    assert [line.target.host for line in grid.sections[0].lines] == ["h3", "h7"]
    assert grid.left_out == 8
