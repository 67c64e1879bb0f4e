"""What a frozen display holds back, and what is typed to repeat."""

from __future__ import annotations

import pytest

from probes.model import Finished, Queued, Result, Started, Status
from tests.tui.watch.test_row_history import JOB, row
from tui.watch.options import BadOrder, Order, order
from tui.watch.watcher import Held


def test_of_many_rounds_only_the_last_result_of_a_row_waits():
    held = Held()
    for second in range(50):
        held.keep([Queued((JOB.key,)), Started((JOB.key,)), row(f"12:00:{second:02}")])
        held.keep([Finished(True)])
    results = [event for event in held.events() if isinstance(event, Result)]
    assert [one.observation.started for one in results] == ["2026-11-23T12:00:49.000+00:00"]
    assert held.rows == 1
    assert held.events()[-1] == Finished(True)


def test_a_row_that_is_being_measured_when_the_display_goes_on_is_shown_so():
    held = Held()
    held.keep([row("12:00:00", Status.BLOCKED, None), Finished(True), Queued(("a", JOB.key))])
    held.keep([Started((JOB.key,))])
    kinds = [type(event) for event in held.events()]
    assert kinds == [Result, Queued, Started]
    assert held.events()[1:] == [Queued(("a",)), Started((JOB.key,))]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("30", Order(30)),
        ("5m failed", Order(300, failed=True)),
        ("2 min", None),
        (" 1.5  ALL bell", Order(1.5, bell=True)),
        ("1h", Order(3600)),
    ],
)
def test_what_is_repeated_is_typed_in_words(typed, wanted):
    if wanted is None:
        with pytest.raises(BadOrder, match="'min' is neither seconds"):
            order(typed)
    else:
        assert order(typed) == wanted
        assert order(wanted.text) == wanted


@pytest.mark.parametrize("typed", ["", "off", " OFF "])
def test_nothing_and_off_end_it(typed):
    assert order(typed) is None


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("failed", "Every how many seconds?"),
        ("0", "Every how many seconds?"),
        ("100000", "neither seconds"),
        ("30 40", "'40' is neither"),
        ("\x1b[31m", "is neither seconds"),
    ],
)
def test_what_cannot_be_repeated_is_said_in_a_sentence(typed, says):
    with pytest.raises(BadOrder, match=says) as caught:
        order(typed)
    assert "\x1b" not in str(caught.value)
