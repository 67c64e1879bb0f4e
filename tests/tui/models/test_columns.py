"""The table of columns: each row is whole, and what it says is where a user looks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.model import Observation, Reason, Result, State, Status
from tests.docs.pages import ROOT
from tests.tui.unmeasured import a_check, a_job, a_result
from tui.models.columns import (
    COLUMNS,
    LOSSES,
    Column,
    ContentWidths,
    Field,
    RowData,
    TableWidth,
    natural_key,
)
from tui.models.conditions import note
from tui.models.filter import Filter
from tui.models.query import FIELDS
from tui.models.rows import Rows

SORTED = [column for column in COLUMNS if column.sort is not None]


def one(column: str) -> Column:
    return next(one for one in COLUMNS if one.id == column)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.id)
def test_every_column_is_somewhere_and_has_a_text_before_and_after_it_is_measured(
    column: Column,
) -> None:
    job = a_job("a")
    assert any((column.table, column.sort, column.field, column.report, column.run, column.csv))
    assert isinstance(column.text(RowData(Status.QUEUED, job, None)), str)
    assert column.text(
        RowData(Status.OK, job, a_result(job, note="Answers.", latency=1.0, why="TLS 1.3"))
    )


def test_ids_and_letters_are_different_and_as_added_has_its_own() -> None:
    assert len({column.id for column in COLUMNS}) == len(COLUMNS)
    letters = [column.sort.letter for column in SORTED]
    assert len({*letters, "a"}) == len(letters) + 1


def test_one_column_of_the_table_takes_the_rest_and_it_is_the_last() -> None:
    shown = [column.table for column in COLUMNS if column.table is not None]
    assert [table.least is None for table in shown] == [False] * (len(shown) - 1) + [True]


@pytest.mark.parametrize("losses", range(len(LOSSES) + 1))
@pytest.mark.parametrize("width", [0, 40, 80, 200])
def test_a_column_of_the_table_wants_nothing_or_at_least_its_heading(
    width: int, losses: int
) -> None:
    table = TableWidth(width, losses)
    for column in COLUMNS:
        if column.table is not None and column.table.least is not None:
            heading = column.table.heading
            cells = column.table.least(table, ContentWidths())
            text = column.heading if heading is None else heading(table)
            assert cells == 0 or cells >= len(text), column.id


def test_status_comes_first_where_it_has_a_colour_of_its_own() -> None:
    for where in ("table", "report", "run"):
        assert next(one for one in COLUMNS if getattr(one, where) is not None).id == "status"


def test_the_page_about_rows_names_every_letter_that_sorts() -> None:
    page = (ROOT / "docs/rows.md").read_text()
    for column in SORTED:
        assert f"`{column.sort.letter}` {column.id}" in page, "say it in docs/rows.md"


def test_the_page_of_the_filter_has_a_line_for_every_field() -> None:
    page = (ROOT / "docs/filter.md").read_text()
    for column in COLUMNS:
        assert (f"| `{column.id}:` |" in page) is (column.field is not None), column.id


@pytest.mark.parametrize("column", SORTED, ids=lambda column: column.id)
@pytest.mark.parametrize("reverse", [False, True])
def test_rows_are_sorted_by_every_column_that_says_so(column: Column, reverse: bool) -> None:
    check = a_check("unix.ssh", "SSH", 22)
    low, high = a_job("10.0.0.2", check), a_job("10.0.0.10")
    closed = Observation(State.CLOSED, Reason.CONN_REFUSED, address="192.0.2.2", latency_ms=1.0)
    rows = Rows([high, low])
    refused = Result(low, Status.BLOCKED, "A", closed, why="A")
    rows.apply([refused, a_result(high, note="b", latency=20.0, why="b")])
    rows.sort(column.id, reverse)
    assert [rows.row_data(row).host for row in rows.view] == (
        ["10.0.0.10", "10.0.0.2"] if reverse else ["10.0.0.2", "10.0.0.10"]
    )


def test_a_column_that_sorts_nothing_is_refused() -> None:
    unsorted = next(column.id for column in COLUMNS if column.sort is None)
    with pytest.raises(KeyError, match=unsorted):
        Rows([a_job("a")]).sort(unsorted)


def test_a_word_is_found_in_note_and_address_and_where_a_column_says_so() -> None:
    job = a_job("a")
    rows = Rows([job])
    rows.apply([a_result(job, note="Answers.")])
    reason = one("reason").field
    assert reason is not None
    told = 0 if reason.searched_text is None else 1
    for text, found in (("answers", 1), ("192.0.2.7", 1), (str(Reason.SYN_ACK), told)):
        rows.show(Filter(text=text))
        assert len(rows.view) == found, text


def test_a_column_can_be_searched_by_a_bare_word(monkeypatch: pytest.MonkeyPatch) -> None:
    field = Field("x", note, searched_text=lambda result: result.observation.reason)
    monkeypatch.setitem(FIELDS, "extra", field)
    job = a_job("a")
    rows = Rows([job])
    rows.apply([a_result(job, note="Answers.")])
    rows.show(Filter(text=f"answers {Reason.SYN_ACK}"))
    assert len(rows.view) == 1


def test_runs_of_digits_are_compared_by_value() -> None:
    assert natural_key("web9") < natural_key("web10")


def test_the_reason_is_a_field_and_found_by_a_bare_word() -> None:
    rows = Rows([a_job("a"), a_job("b")])
    rejected = replace(a_result(a_job("a"), note="Late."), why="rejected by 10.88.9.1")
    rows.apply([rejected, a_result(a_job("b"), note="Rejected.")])
    for text, hosts in (
        ("why:rejected", ["a", "b"]),
        ("why:10.88", ["a"]),
        ("10.88.9.1", ["a"]),
        ("!why:10.88", ["b"]),
    ):
        rows.show(Filter(text=text))
        assert [rows.row_data(row).host for row in rows.view] == hosts, text
