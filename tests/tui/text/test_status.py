"""The tables of statuses and rulings: every row is whole, and what is generated from them."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from probes.model import Ruling, Status
from tests.docs.pages import ROOT
from tui.text.pages import page_of
from tui.text.status import (
    ASCII,
    RULING,
    STATUS,
    UNICODE,
    Ranks,
    component_classes,
    component_styles,
    in_order,
)


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_whole_row_and_a_page_that_exists(status: Status) -> None:
    info = STATUS[status]
    assert cell_len(info.sign) == 1
    assert len(info.ascii) == 1 and info.ascii.isascii()
    assert 0 < len(info.short) <= 8
    assert re.fullmatch(r"(\d+(;\d+)*)?", info.ansi)
    assert re.fullmatch("#[0-9a-f]{6}|GrayText", info.css_colour)
    assert (ROOT / page_of(status)).is_file(), f"write {page_of(status)}, or name another page"


@pytest.mark.parametrize("order", Ranks._fields)
def test_no_two_statuses_have_the_same_place(order: str) -> None:
    places = [getattr(info.ranks, order) for info in STATUS.values()]
    assert len(set(places)) == len(places)


def test_statuses_are_told_apart_by_their_signs_alone() -> None:
    for glyphs in (UNICODE, ASCII):
        assert len(set(glyphs.status.values())) == len(Status)


def test_an_order_names_every_status_once_and_the_least_rank_first() -> None:
    assert sorted(in_order(lambda ranks: ranks.tree)) == sorted(Status)
    for rank in (in_order(lambda ranks: ranks.table), in_order(lambda ranks: ranks.report)):
        assert rank[0] is Status.BLOCKED
    assert in_order(lambda ranks: ranks.summary)[0] is Status.OK


def test_only_a_muted_widget_colours_what_is_neither_good_nor_bad() -> None:
    plain, muted = component_styles("x"), component_styles("x", muted=True)
    assert ".x--muted" not in plain
    assert ".x--muted { color: $text-muted; }" in muted
    coloured = re.findall(r"\.(x--[a-z-]+) \{ color", muted)
    assert sorted(coloured) == sorted(component_classes("x"))


def test_a_ruling_that_needs_no_change_looks_well_or_like_a_warning() -> None:
    ready = {ruling for ruling, info in RULING.items() if info.ready}
    assert ready == {Ruling.READY, Ruling.READY_AFTER}
    assert {RULING[ruling].status for ruling in ready} == {Status.OK, Status.WARNING}


@pytest.mark.parametrize("ruling", RULING)
def test_a_ruling_is_short_where_it_is_narrow(ruling: Ruling | None) -> None:
    assert 0 < len(RULING[ruling].short) <= 11
    assert RULING[ruling].word.startswith(RULING[ruling].short)
