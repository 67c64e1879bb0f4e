"""Verdicts as lines, and on the screen, driven by keys."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Static

from probes.model import Job, Ruling, Target, Verdict
from profiles.model import Check
from tests.tui.driving import drive, seen, text_of, until
from tui.app import AuditReach
from tui.models.verdicts import Verdicts, verdict_lines
from tui.screens.verdicts import VerdictScreen
from tui.widgets.detail import Detail
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.verdict_list import VerdictList

pytestmark = pytest.mark.usefixtures("state")

EXAMPLE = Path(__file__).parents[2] / "sessions" / "site.jsonl"
CHECK = Check("nas.netbios", "n", "nas", "NetBIOS", "tcp", "tcp", "p", "c", "f", 139)

SIZE = (100, 30)


def job(host: str) -> Job:
    return Job(f"nas.netbios|{host}", CHECK, Target("nas", host), 139)


def verdict(host: str, ruling: Ruling, *fix: str, text: str = "It is so.") -> Verdict:
    return Verdict(Target("nas", host), "nas.recognition", ruling, ("nas.netbios",), fix, text)


def test_the_worst_comes_first_and_the_last_verdict_of_a_target_stands():
    verdicts = Verdicts()
    verdicts.add(map(job, "abcdef"))
    rulings = [Ruling.READY, Ruling.DEGRADED, Ruling.READY_AFTER, Ruling.UNKNOWN, Ruling.READY]
    verdicts.apply(verdict(host, ruling) for host, ruling in zip("abcde", rulings, strict=True))
    verdicts.apply([verdict("e", Ruling.BLOCKED)])
    assert [line.target.host for line in verdicts.lines()] == list("edbcaf")
    assert set(verdicts.rulings) == {*Ruling, None}


@given(st.lists(st.sampled_from(Ruling), max_size=9), st.randoms())
def test_the_lines_do_not_depend_on_the_order_in_which_verdicts_come(rulings, random):
    told = [verdict(str(number), ruling) for number, ruling in enumerate(rulings)]
    found = []
    for _ in range(2):
        verdicts = Verdicts()
        verdicts.add(job(one.target.host) for one in told)
        verdicts.apply(random.sample(told, len(told)))
        found.append(verdicts.lines())
    assert found[0] == found[1]
    ranks = [list(Ruling).index(line.ruling) for line in found[0]]
    assert ranks == sorted(ranks)


def test_lines_are_aligned_and_harmless_and_say_what_to_change_unless_it_is_ready():
    verdicts = Verdicts()
    verdicts.add([job("silent")])
    verdicts.apply(
        [
            verdict("a", Ruling.BLOCKED, "Mend it.", "Or \x1b[2Jthis."),
            verdict("longer", Ruling.READY, "Nothing."),
        ]
    )
    lines = list(verdict_lines(verdicts.lines()))
    assert lines[:2] == ["", "Verdicts"]
    assert lines[2:] == [
        "blocked  a       It is so. To change: Mend it. Or \\x1b[2Jthis.",
        "ready    longer  It is so.",
        "         silent  Not every row of it has a result.",
    ]
    assert all(line.isprintable() for line in lines)


def test_without_a_target_there_is_nothing_to_say():
    assert list(verdict_lines([])) == []


def table(app: AuditReach) -> ResultTable:
    return app.screen_stack[0].query_one(ResultTable)


async def open_verdicts(pilot: Pilot[int], app: AuditReach) -> VerdictList:
    await pilot.press("v")
    await until(pilot, lambda: isinstance(app.screen, VerdictScreen))
    await pilot.pause()
    return app.screen.query_one(VerdictList)


def test_v_lists_the_targets_worst_first_and_enter_shows_the_rows_of_one():
    @drive("open", str(EXAMPLE), size=SIZE)
    async def _(pilot, app):
        everything = seen(app)
        listed = await open_verdicts(pilot, app)
        lines = [line for line in text_of(listed).splitlines() if line.strip()]
        words = [line.split()[1] for line in lines]
        assert words == sorted(words, key=[str(one).split()[0] for one in Ruling].index)
        assert words[0] == "blocked" and words[-1] == "ready"
        # Its host may have other roles, whose rows are not this target's.
        while listed.selected.target != Target("unix.target", "web2.corp.example"):
            await pilot.press("down")
        told = text_of(app.screen.query_one(Detail))
        assert "The computer cannot be audited without an agent: SSH (TCP 22)" in told
        assert "Start SSH on the host" in told and "unix.ssh" in told
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await until(pilot, lambda: seen(app) == ["unix.ssh|web2.corp.example"])
        assert app.focused is table(app)
        await pilot.press("escape")
        assert seen(app) == everything


def test_escape_leaves_the_verdicts_and_the_table_as_it_was():
    @drive("open", str(EXAMPLE), size=SIZE)
    async def _(pilot, app):
        everything = seen(app)
        await open_verdicts(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert seen(app) == everything


def test_before_anything_is_measured_there_is_no_verdict():
    @drive(size=SIZE)
    async def _(pilot, app):
        await pilot.press("escape", "v")
        notice = app.screen_stack[0].query_one("#notice", Static)
        await until(pilot, lambda: "no verdict yet" in str(notice.content))


def test_the_list_follows_what_is_measured_and_the_cursor_stays_on_its_target():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        @drive(size=SIZE)
        async def _(pilot, app):
            app.query_one(HostInput).focus().value = f"unix.target=127.0.0.1:{port}"
            await pilot.press("enter")
            await until(pilot, lambda: len(seen(app)) == 1 and not app.main.measuring)
            listed = await open_verdicts(pilot, app)
            chosen = listed.selected
            assert chosen.ruling is Ruling.BLOCKED
            assert chosen.sentence.startswith(
                f"The computer cannot be audited without an agent: SSH (TCP {port}) is not"
            )
            # Another, worse or equal one comes first; the cursor does not jump to it.
            again = Verdict(
                chosen.target, "x", chosen.ruling, chosen.because, chosen.fix, chosen.text
            )
            verdicts = app.main.panes.verdicts
            verdicts.clear()
            verdicts.apply([verdict("other", Ruling.BLOCKED), again])
            await until(pilot, lambda: "other" in text_of(listed))
            assert text_of(listed).index("other") < text_of(listed).index("127.0.0.1")
            assert listed.selected == chosen


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 50)])
@pytest.mark.parametrize("ascii", [[], ["--ascii"]])
def test_every_size_shows_the_verdicts_and_nothing_breaks(size, ascii):
    @drive("open", str(EXAMPLE), *ascii, size=size)
    async def _(pilot, app):
        listed = await open_verdicts(pilot, app)
        assert "blocked" in text_of(listed)
        for widget in (listed, app.screen.query_one(Detail)):
            for y in range(widget.size.height):
                assert widget.render_line(y).cell_length <= size[0]
            assert not ascii or text_of(widget).isascii()
        await pilot.press("end", "home", "pagedown", "pageup", "tab", "down")


def test_ten_thousand_targets_are_listed_by_the_lines_that_are_seen():
    @drive("open", str(EXAMPLE), size=SIZE)
    async def _(pilot, app):
        panes = app.main.panes
        panes.verdicts.apply(verdict(f"h{number}", Ruling.READY) for number in range(10_000))
        listed = await open_verdicts(pilot, app)
        await pilot.press("end")
        assert listed.selected.target.host == "h9999"
        assert "h9999" in text_of(listed)
