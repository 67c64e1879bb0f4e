"""Rows below headings: lines and places, and groups after anything that may happen to rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import FAILURES, UNFINISHED, Job, Queued, Result, Started, Status, Target
from tests.tui.unmeasured import a_check, a_job, a_result
from tui.models.columns import target_key
from tui.models.filter import Filter
from tui.models.rows import SEVERITY, WORST_FIRST, Rows
from tui.models.sections import Sections, always, never, of_several

RUNS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=12)
HEADED = {always: lambda count: True, never: lambda count: False, of_several: lambda n: n > 1}


@given(RUNS, st.sampled_from(list(HEADED)))
def test_lines_and_places_are_those_of_a_list_with_the_headings_in_it(runs, headed) -> None:
    sections = Sections(headed)
    flat: list[int] = []
    for group, count in runs:
        sections.append(group, count)
        flat += [group] * count
    lines: list[int | None] = []
    for _, same in groupby(enumerate(flat), key=lambda pair: pair[1]):
        places = [place for place, _ in same]
        lines += [None] if HEADED[headed](len(places)) else []
        lines += places
    assert (sections.rows, sections.lines) == (len(flat), len(lines))
    assert [sections.place(line) for line in range(-1, len(lines) + 1)] == [None, *lines, None]
    assert [sections.line(place) for place in range(len(flat))] == [
        line for line, place in enumerate(lines) if place is not None
    ]
    for line, place in enumerate(lines):
        section = sections.at_line(line)
        if place is None:
            assert (section.line, section.headed) == (line, True)
            assert sections.nearest_place(line, 1) == section.first
            assert sections.nearest_place(line, -1) == max(section.first - 1, 0)
        else:
            assert sections.of_place(place) == section
            assert section.group == flat[place]
            assert sections.nearest_place(line, 1) == sections.nearest_place(line, -1) == place
    for outside in (-1, len(flat)):
        with pytest.raises(IndexError):
            sections.of_place(outside)
    for outside in (-1, len(lines)):
        with pytest.raises(IndexError):
            sections.at_line(outside)
    assert sections.nearest_place(-5, -1) == 0
    assert sections.nearest_place(10**6, 1) == max(len(flat) - 1, 0)


CHECKS = (a_check(), a_check("windows.smb", "SMB", 445), a_check("unix.ssh", "SSH", 22))
JOBS = [
    a_job(host, check, role)
    for host, role in (
        ("web10", "unix.target"),
        ("web9", "unix.target"),
        ("10.0.0.10", "windows.target"),
        ("web9", "windows.target"),
        ("10.0.0.9", "windows.target"),
    )
    for check in CHECKS
]
# The key of a job is that of its host and check: one of two roles is told apart here.
JOBS = [Job(f"{job.key}|{job.target.role}", job.check, job.target, job.port) for job in JOBS]
ORDERS = (None, WORST_FIRST, ("status", True), ("host", False), ("host", True), ("check", False))
FILTERS = (Filter(), Filter(failures=True), Filter(role="unix.target"), Filter(text="web9"))
EVENTS = st.one_of(
    st.tuples(st.just("result"), st.sampled_from(JOBS), st.sampled_from([*{*Status} - UNFINISHED])),
    st.tuples(st.just("started"), st.sampled_from(JOBS)),
    st.tuples(st.just("queued"), st.sampled_from(JOBS)),
    st.tuples(st.just("add"), st.sampled_from(JOBS)),
    st.tuples(st.just("remove"), st.sampled_from([job.target for job in JOBS])),
    st.tuples(st.just("show"), st.sampled_from(FILTERS)),
    st.tuples(st.just("sort"), st.sampled_from(ORDERS)),
    st.tuples(st.just("resort")),
)


@dataclass
class Naive:
    """The rows as lists, worked out anew each time."""

    jobs: list[Job] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)
    filter: Filter = FILTERS[0]
    order: tuple[str, bool] | None = None

    def do(self, what: str, *of: object) -> None:
        if what == "remove":
            self.jobs = [job for job in self.jobs if job.target != of[0]]
            left = {job.key for job in self.jobs}
            self.results = {key: one for key, one in self.results.items() if key in left}
            self.statuses = {key: one for key, one in self.statuses.items() if key in left}
        elif what == "show":
            (self.filter,) = of
        elif what == "sort":
            (self.order,) = of
        elif what in ("result", "add"):
            job = of[0]
            if job.key not in self.statuses:
                self.jobs.append(job)
                self.statuses[job.key] = Status.QUEUED
            if what == "result":
                self.results[job.key] = a_result(job, of[1])
                self.statuses[job.key] = of[1]
        elif what in ("started", "queued") and of[0].key in self.statuses:
            self.statuses[of[0].key] = Status.RUNNING if what == "started" else Status.QUEUED

    def group(self, job: Job) -> Status:
        """The status by which a row is grouped: the latest one that was measured, if any."""
        result = self.results.get(job.key)
        return self.statuses[job.key] if result is None else result.status

    def passes(self, job: Job) -> bool:
        status, filter = self.statuses[job.key], self.filter
        return (
            status is not Status.NO_HOST
            and (status in FAILURES or not filter.failures)
            and (job.target.role == filter.role or not filter.role)
            and filter.text in job.target.host
        )

    def view(self) -> Iterator[str]:
        """Keys of the rows, and the headings in brackets."""
        shown = [job for job in self.jobs if self.passes(job)]
        by, reverse = self.order or ("", False)
        if by == "check":
            shown.sort(key=lambda job: (job.check.title, job.port))
        if by in ("status", "host"):
            shown.sort(key=lambda job: target_key(job.target), reverse=reverse and by == "host")
        if by == "status":
            shown.sort(key=lambda job: SEVERITY.index(self.group(job)), reverse=reverse)
        key = {"status": self.group, "host": lambda job: job.target}.get(by, lambda job: "")
        for of, rows in groupby(shown, key):
            jobs = list(rows)
            if by == "status" or (by == "host" and len(jobs) > 1):
                name = f"{of.label} {of.role}" if isinstance(of, Target) else of
                yield f"[{name} {len(jobs)}]"
            yield from (job.key for job in jobs)


def do(rows: Rows, what: str, *of: object) -> None:
    if what == "result":
        rows.apply([a_result(of[0], of[1])])
    elif what == "started":
        rows.apply([Started((of[0].key,))])
    elif what == "queued":
        rows.apply([Queued((of[0].key,))])
    elif what == "add":
        rows.add(of)
    elif what == "remove":
        rows.replace([row for row in rows.results if row[0].target != of[0]])
    elif what == "show":
        rows.show(of[0])
    elif what == "sort":
        rows.sort(*(of[0] or (None,)))
    else:
        rows.resort()


def shown(rows: Rows) -> Iterator[str]:
    sections = rows.sections
    assert sections.rows == len(rows.view)
    for line in range(sections.lines):
        place = sections.place(line)
        if place is not None:
            yield rows.key(place)
            continue
        section = sections.at_line(line)
        of = rows.heading(section)
        name = f"{of.label} {of.role}" if isinstance(of, Target) else of
        yield f"[{name} {section.size}]"


@given(st.lists(EVENTS, max_size=40))
def test_a_view_with_headings_is_that_of_a_naive_model_after_anything(events) -> None:
    rows, naive = Rows(), Naive()
    for what, *of in events:
        do(rows, what, *of)
        naive.do(what, *of)
        lines = list(shown(rows))
        expected = list(naive.view())
        if what in ("show", "sort", "resort", "remove"):
            assert lines == expected
            assert not rows.stale
        elif not rows.stale:
            assert lines == expected
    rows.resort()
    assert list(shown(rows)) == list(naive.view())


@given(st.lists(EVENTS.filter(lambda event: event[0] not in ("show", "remove")), max_size=30))
def test_putting_rows_in_order_hides_and_shows_none(events) -> None:
    rows = Rows(JOBS, WORST_FIRST)
    rows.show(Filter(failures=True))
    for what, *of in events:
        do(rows, what, *of)
    before = sorted(rows.view)
    rows.reorder()
    assert sorted(rows.view) == before
    assert not rows.disordered
    again = list(shown(rows))
    rows.reorder()
    assert list(shown(rows)) == again


def test_a_row_that_is_measured_again_stays_in_its_group_until_its_result() -> None:
    rows = Rows(JOBS[:2], WORST_FIRST)
    rows.apply([a_result(JOBS[0], Status.BLOCKED), a_result(JOBS[1], Status.OK)])
    rows.reorder()
    rows.apply([Queued((JOBS[0].key,)), Started((JOBS[0].key,))])
    assert rows.status(0) is Status.RUNNING
    assert not rows.disordered
    rows.resort()
    assert list(shown(rows)) == ["[blocked 1]", JOBS[0].key, "[ok 1]", JOBS[1].key]
    rows.apply([a_result(JOBS[0], Status.BLOCKED)])
    assert not rows.disordered, "it stands where it stood"
    rows.apply([a_result(JOBS[0], Status.OK)])
    assert rows.disordered


def test_what_comes_into_sight_stands_below_a_heading_of_its_own_until_it_is_put_in_order() -> None:
    rows = Rows(JOBS[:3], WORST_FIRST)
    rows.show(Filter(failures=True))
    for job, status in zip(JOBS, (Status.BLOCKED, Status.ERROR, Status.BLOCKED), strict=False):
        rows.apply([a_result(job, status)])
    assert [line for line in shown(rows) if line.startswith("[")] == [
        "[blocked 1]",
        "[error 1]",
        "[blocked 1]",
    ]
    rows.reorder()
    assert [line for line in shown(rows) if line.startswith("[")] == ["[blocked 2]", "[error 1]"]
