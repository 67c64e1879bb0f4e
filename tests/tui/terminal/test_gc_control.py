"""Garbage collection that the eye does not notice."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from tui.terminal import gc_control
from tui.terminal.gc_control import EVENTS_PER_COLLECTION, PeriodicCollector


class Cycle:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.enable()
    gc.unfreeze()


def test_nothing_is_collected_before_enough_was_made() -> None:
    PeriodicCollector().add_events(EVENTS_PER_COLLECTION - 1)
    assert gc.get_freeze_count() == 0


def test_garbage_goes_and_what_is_kept_is_not_looked_at_again() -> None:
    kept, lost = Cycle(), weakref.ref(Cycle())
    collector = PeriodicCollector()
    collector.add_events(EVENTS_PER_COLLECTION - 1)
    collector.add_events(1)
    assert lost() is None
    assert all(one is not kept for one in gc.get_objects())
    assert kept.me is kept


def test_a_start_without_collection_ends_with_one_that_leaves_the_start_out() -> None:
    gc.disable()
    gc_control.enable()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_a_program_that_collects_already_is_left_alone() -> None:
    gc_control.enable()
    assert gc.get_freeze_count() == 0
