"""Events held back by a frozen display, and the options of a watch as typed."""

from __future__ import annotations

import pytest

from probes.model import Finished, Queued, Result, Started, Status
from tests.tui.watch.test_row_history import JOB, row
from tui.watch.options import WatchOptions, WatchOptionsError, parse_options
from tui.watch.watcher import HeldEvents


def test_of_many_rounds_only_the_last_result_of_a_row_waits():
    held = HeldEvents()
    for second in range(50):
        held.hold([Queued((JOB.key,)), Started((JOB.key,)), row(f"12:00:{second:02}")])
        held.hold([Finished(True)])
    results = [event for event in held.events() if isinstance(event, Result)]
    assert [one.observation.started for one in results] == ["2026-11-23T12:00:49.000+00:00"]
    assert held.rows == 1
    assert held.events()[-1] == Finished(True)


def test_a_row_that_is_being_measured_when_the_display_goes_on_is_shown_so():
    held = HeldEvents()
    held.hold([row("12:00:00", Status.BLOCKED, None), Finished(True), Queued(("a", JOB.key))])
    held.hold([Started((JOB.key,))])
    kinds = [type(event) for event in held.events()]
    assert kinds == [Result, Queued, Started]
    assert held.events()[1:] == [Queued(("a",)), Started((JOB.key,))]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("30", WatchOptions(30)),
        ("5m failed", WatchOptions(300, failed_only=True)),
        ("2 min", None),
        (" 1.5  ALL bell", WatchOptions(1.5, bell=True)),
        ("1h", WatchOptions(3600)),
    ],
)
def test_what_is_repeated_is_typed_in_words(typed, wanted):
    if wanted is None:
        with pytest.raises(WatchOptionsError, match="'min' does not belong here"):
            parse_options(typed)
    else:
        assert parse_options(typed) == wanted
        assert parse_options(wanted.text) == wanted


@pytest.mark.parametrize("typed", ["", "off", " OFF "])
def test_nothing_and_off_end_it(typed):
    assert parse_options(typed) is None


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("failed", "Every how many seconds?"),
        ("0", "Every how many seconds?"),
        ("100000", "does not belong here"),
        ("30 40", "'40' does not belong here"),
        ("\x1b[31m", "does not belong here"),
    ],
)
def test_what_cannot_be_repeated_is_said_in_a_sentence(typed, says):
    with pytest.raises(WatchOptionsError, match=says) as caught:
        parse_options(typed)
    assert "\x1b" not in str(caught.value)
