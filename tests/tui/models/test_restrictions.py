"""Conditions that hide rows which somebody has just entered or measured again."""

from __future__ import annotations

import pytest

from probes.model import Job, Status, Target
from probes.registry import PROBES
from profiles.loader import load_profile
from tui.models.filter import Filter
from tui.models.restrictions import hiding, hiding_new, left_out_text, taken_away_text

PROFILE = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
SSH = PROFILE.check("unix.ssh")
JOB = Job("unix.ssh|web1", SSH, Target("unix.target", "web1"), 22)

HIDES = [
    Filter(failures=True),
    Filter(category="windows"),
    Filter(role="windows.target"),
    Filter(category="unix", role="unix.target", check="unix.other"),
    Filter(host="web2"),
    Filter(keys=frozenset({"unix.ssh|web2"})),
    Filter(text="host:dc*"),
    Filter(text="dc1"),
    Filter(text="status:blocked"),
    Filter(text="status:queued"),
    Filter(text="!status:ok"),
    Filter(text="!ok"),
    Filter(text="!refused"),
    Filter(text="latency:>100"),
    Filter(text='!note:"timed out"'),
    Filter(text="web1 status:blocked,error"),
    Filter(text="!web1"),
]
SHOWS = [
    Filter(),
    Filter(absent=True),
    Filter(category=SSH.category),
    Filter(category=SSH.category, role="unix.target", check="unix.ssh"),
    Filter(host="web1"),
    Filter(keys=frozenset({JOB.key})),
    Filter(text="web1"),
    Filter(text="host:web* port:22"),
    Filter(text="!host:dc*"),
    Filter(text="!port:443"),
    Filter(text="  "),
    Filter(text="nosuchfield:x"),
]


@pytest.mark.parametrize("filter", HIDES, ids=str)
def test_a_condition_that_hides_a_new_row_now_or_with_its_result_is_found(filter):
    (found,) = hiding_new(filter, [JOB])
    assert found.text == filter.text
    assert found.failures == filter.failures


@pytest.mark.parametrize("filter", SHOWS, ids=str)
def test_a_condition_that_no_result_makes_hide_the_row_stays(filter):
    assert hiding_new(filter, [JOB]) == ()


def test_of_several_conditions_only_those_that_hide_are_found():
    filter = Filter(category=SSH.category, failures=True, text="web1")
    assert hiding_new(filter, [JOB]) == (Filter(failures=True, absent=True),)
    assert hiding_new(filter, []) == ()


def test_a_row_that_is_measured_again_is_hidden_by_what_hides_it_as_it_is():
    rows = [(JOB, Status.OK, None)]
    both = Filter(failures=True, text="status:ok")
    assert hiding(both, rows) == (Filter(failures=True, absent=True),)
    assert hiding(Filter(text="!refused"), rows) == ()
    assert hiding(both, []) == ()


@pytest.mark.parametrize(
    ("names", "hidden", "total", "text"),
    [
        (["host:dc*"], 3, 3, "The filter host:dc* was taken away: it hid the 3 new rows."),
        (["x"], 1, 1, "The filter x was taken away: it hid the new row."),
        (["x", "y"], 2, 5, "The filters x and y were taken away: they hid 2 of the 5 new rows."),
        (["!ok"], 0, 2, "The filter !ok was taken away: it would hide new rows."),
    ],
)
def test_what_was_taken_away_is_said_with_what_it_hid(names, hidden, total, text):
    assert taken_away_text(names, hidden, total, "new") == text


def test_targets_of_which_every_check_was_left_out_are_named():
    every = {check.id for check in PROFILE.checks}
    web, pc = Target("unix.target", "web1"), Target("windows.target", "pc1")
    assert left_out_text([web, pc], PROFILE, every) == (2, "")
    without_ssh = every - {"unix.ssh"}
    measured, text = left_out_text([web, pc], PROFILE, without_ssh)
    assert measured == 1
    assert text == (
        "Nothing of web1 is tested: Linux or macOS target is left out in the tree, "
        "where Space takes it in."
    )
    assert left_out_text([web], PROFILE, without_ssh).measured == 0
