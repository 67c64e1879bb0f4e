"""Grid of all rows: for each role its hosts down and its checks across."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from probes.model import Job, Status, Target
from profiles.model import Profile
from tui.models.columns import RowData, host_key, port_suffix
from tui.models.rows import SEVERITY


class GridColumn(NamedTuple):
    """One check of a role."""

    title: str
    """Title of the check with its port: `WinRM 5985`."""
    short: str
    """Its port as nmap's -p takes it, or its title where the port says nothing in short."""


class GridLine(NamedTuple):
    """One target, with the number of its row for each column; None where there is no such row."""

    target: Target
    cells: tuple[int | None, ...]


class GridSection(NamedTuple):
    """The targets of one role in the natural order of their hosts."""

    role: str
    """Title of the role."""
    columns: tuple[GridColumn, ...]
    lines: tuple[GridLine, ...]

    @property
    def title(self) -> str:
        """The role, with the number of its targets where there are several."""
        number = len(self.lines)
        return self.role if number == 1 else f"{self.role} ({number:,})"


class Grid(NamedTuple):
    """Sections in the order of the profile's roles."""

    sections: tuple[GridSection, ...]
    left_out: int
    """Targets beyond the greatest number of lines."""


def build_grid(
    jobs: Sequence[Job],
    status: Callable[[int], Status],
    profile: Profile,
    most: int | None = None,
) -> Grid:
    """Grid of rows, which are numbered from 0; `status` returns that of a number.

    Addresses of a network that nobody uses have no line. There are `most` lines at most, those of
    the worst targets.
    """
    targets: dict[Target, dict[str, int]] = {}
    for row, job in enumerate(jobs):
        if status(row) is not Status.NO_HOST:
            targets.setdefault(job.target, {})[job.check.id] = row
    known = len(targets)
    if most is not None and known > most:
        worst = sorted(targets, key=lambda one: _severity(targets[one], status))[:most]
        targets = {target: targets[target] for target in worst}
    titles = {role.id: role.title for role in profile.roles}
    roles: dict[str, dict[Target, dict[str, int]]] = {id: {} for id in titles}
    for target, rows in targets.items():
        roles.setdefault(target.role, {})[target] = rows
    places = {check.id: place for place, check in enumerate(profile.checks)}
    sections = tuple(
        _section(titles.get(role, role), found, jobs, places)
        for role, found in roles.items()
        if found
    )
    return Grid(sections, known - len(targets))


def cell_text(row: RowData) -> str:
    """A cell in a line: host, check, status and short reason."""
    why = f": {row.why}" if row.why else ""
    return f"{row.host} {row.job.check_text}: {row.status}{why}"


def _severity(rows: Mapping[str, int], status: Callable[[int], Status]) -> int:
    return min(SEVERITY.index(status(row)) for row in rows.values())


def _section(
    role: str,
    targets: Mapping[Target, Mapping[str, int]],
    jobs: Sequence[Job],
    places: Mapping[str, int],
) -> GridSection:
    present = {id: row for rows in targets.values() for id, row in rows.items()}
    ids = sorted(present, key=lambda id: places.get(id, len(places)))
    ordered = sorted(targets, key=lambda one: host_key((one.host, one.port or 0)))
    return GridSection(
        role,
        tuple(_column(jobs[present[id]]) for id in ids),
        tuple(GridLine(one, tuple(map(targets[one].get, ids))) for one in ordered),
    )


def _column(job: Job) -> GridColumn:
    title, port = job.check.title, port_suffix(job.check.port_text, compact=True)
    return GridColumn(f"{title}{port}", port.strip() if any(map(str.isdigit, port)) else title)
