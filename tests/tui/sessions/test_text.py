"""A session of the list: nothing of it is cut where the screen is 80 columns wide."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.model import Ruling
from probes.session import Summary
from tui.sessions.store import summary_lines

NAMES = tuple(f"a-long-name-{number}.corp.example" for number in range(8))


def one(**changes) -> Summary:
    usual = {
        "path": Path("x.jsonl"),
        "started": "2026-11-25T19:49:26+00:00",
        "host": "jump-host-01.corp",
        "kind": "local",
        "targets": NAMES,
        "target_count": 1508,
        "results": 9000,
        "verdicts": {ruling: 1000 + at for at, ruling in enumerate(Ruling)},
        "remark": "before the firewall was changed by those who had been asked on Monday",
        "complete": False,
        "ended": True,
    }
    return Summary(**(usual | changes))


@pytest.mark.parametrize("width", [72, 46])
def test_no_verdict_is_cut_however_many_there_are(width):
    lines = list(summary_lines(one(), width))
    assert max(map(len, lines)) <= width
    told = " ".join(" ".join(lines).split())
    assert all(f"{1000 + at} {ruling}" in told for at, ruling in enumerate(Ruling))
    assert "(not complete)" in told
    assert "by those who had been asked on Monday”" in told
    assert all(line.startswith("  ") for line in lines[1:])


def test_a_count_stays_with_its_words():
    lines = list(summary_lines(one(), 72))
    assert any("1003 ready after enabling remoting" in line for line in lines)


def test_a_verdict_longer_than_a_line_goes_on_at_a_word():
    long = one(verdicts={Ruling.READY_AFTER: 2}, complete=True, targets=("dc1",))
    lines = list(summary_lines(long, 30))
    assert max(map(len, lines)) <= 30
    assert {"2", "ready", "after", "enabling", "remoting"} <= set(" ".join(lines).split())


def test_targets_that_have_no_room_are_counted():
    *_, last = summary_lines(one(), 72)
    assert last == f"  {NAMES[0]}, {NAMES[1]} and 1,506 more"
    *_, last = summary_lines(one(targets=NAMES[:2], target_count=2), 72)
    assert last == f"  {NAMES[0]}, {NAMES[1]}"


def test_a_host_with_two_roles_is_named_once_and_not_counted_as_one_more():
    *_, last = summary_lines(one(targets=("dc1", "dc1", "pc1"), target_count=3), 72)
    assert last == "  dc1, pc1"
