"""Work in pieces: keys come in between, and nothing of it is lost or done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from probes.model import Status
from tests.tui.unmeasured import a_job, a_result
from tui.models import chunked_work
from tui.models.chunked_work import ChunkedWork
from tui.models.filter import Filter
from tui.models.rows import CHUNK_ROWS, WORST_FIRST, Rows

JOBS = [a_job(f"h{number}") for number in range(3 * CHUNK_ROWS)]


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece takes all the time there is."""
    monkeypatch.setattr(chunked_work, "CHUNK_SECONDS", -1.0)


class Later:
    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, seconds: float, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def turn(self) -> None:
        self.waiting.pop(0)()


def counted(done: list[int], count: int = 3) -> Iterator[None]:
    for number in range(count):
        done.append(number)
        yield


def test_each_turn_does_one_piece_and_the_last_one_tells() -> None:
    later, done, told = Later(), list[int](), list[str]()
    ChunkedWork(later).start(counted(done), lambda: told.append("done"))
    assert (done, told) == ([0], [])
    later.turn()
    later.turn()
    assert (done, told) == ([0, 1, 2], [])
    later.turn()
    assert (told, later.waiting) == (["done"], [])


def test_what_begins_later_takes_the_place_of_what_was_begun() -> None:
    later, first, second, told = Later(), list[int](), list[int](), list[str]()
    work = ChunkedWork(later)
    work.start(counted(first), lambda: told.append("first"))
    work.start(counted(second, 1), lambda: told.append("second"))
    while later.waiting:
        later.turn()
    assert (first, second, told) == ([0], [0], ["second"])


def test_settling_finishes_at_once_and_only_once() -> None:
    later, done, told = Later(), list[int](), list[str]()
    work = ChunkedWork(later)
    work.start(counted(done), lambda: told.append("done"))
    work.finish()
    work.finish()
    later.turn()
    assert (done, told) == ([0, 1, 2], ["done"])


def test_cancelled_work_stops() -> None:
    later, done, told = Later(), list[int](), list[str]()
    work = ChunkedWork(later)
    work.start(counted(done), lambda: told.append("done"))
    work.cancel()
    later.turn()
    work.finish()
    assert (done, told) == ([0], [])


def test_the_view_stays_until_the_last_piece_of_a_filter() -> None:
    rows = Rows(JOBS)
    pieces = rows.resort_in_chunks(Filter(text="h7"))
    next(pieces)
    next(pieces)
    assert len(rows.view) == len(JOBS)
    for _ in pieces:
        pass
    assert {rows.job(row).target.host[:2] for row in rows.view} == {"h7"}


def test_a_row_that_is_added_while_a_filter_is_applied_is_in_its_view() -> None:
    rows = Rows(JOBS)
    pieces = rows.resort_in_chunks(Filter(host="late"))
    next(pieces)
    rows.add([a_job("late")])
    for _ in pieces:
        pass
    assert [rows.job(row).target.host for row in rows.view] == ["late"]


def test_a_result_while_a_filter_is_applied_leaves_the_view_stale() -> None:
    rows = Rows(JOBS)
    pieces = rows.resort_in_chunks(Filter(text="queued"))
    next(pieces)
    rows.apply([a_result(JOBS[0])])
    for _ in pieces:
        pass
    assert rows.stale
    rows.resort()
    assert (rows.stale, len(rows.view)) == (False, len(JOBS) - 1)


def test_rows_are_put_in_order_while_another_filter_is_applied() -> None:
    rows = Rows(JOBS, WORST_FIRST)
    pieces = rows.resort_in_chunks(Filter(text="h7"))
    next(pieces)
    rows.apply([a_result(JOBS[-1], Status.BLOCKED)])
    rows.reorder()
    assert rows.key(0) == JOBS[-1].key
    assert len(rows.view) == len(JOBS)
    for _ in pieces:
        pass
    assert {rows.job(row).target.host[:2] for row in rows.view} == {"h7"}
    assert (rows.sections.rows, rows.stale) == (len(rows.view), True)
