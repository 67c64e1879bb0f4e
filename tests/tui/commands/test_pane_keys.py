"""The keys of every pane, pressed: each has a sentence, and what it does is seen."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tui.screens.help import PANES
from tui.widgets.detail import Detail
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree


@pytest.mark.parametrize("name", PANES)
def test_every_key_of_a_pane_has_a_sentence_for_the_help(name):
    keys = PANES[name].keys
    assert len(keys) == len(PANES[name].widget.BINDINGS) > 0
    assert [key for key, about in keys if not about] == [], "tooltip=... of its Binding"


PRESSED = {
    "ResultTable": {
        "up,k": (5, 4),
        "down,j": (5, 6),
        "pageup": (32, range(1, 32)),
        "pagedown": (0, range(1, 32)),
        "home": (5, 0),
        "end": (5, 32),
    },
}


@pytest.mark.parametrize(
    ("key", "begin", "end"),
    [
        (key, begin, end)
        for keys, (begin, end) in PRESSED["ResultTable"].items()
        for key in keys.split(",")
    ],
)
def test_the_keys_of_the_table_move_the_cursor(opened, key, begin, end):
    @opened()
    async def _(seat):
        seat.table.select(seat.seen[begin])
        await seat.press(key)
        line = seat.table.cursor_line
        assert line in end if isinstance(end, range) else line == end


def test_enter_in_the_table_goes_to_the_details(opened):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.focuses("enter", Detail)


@pytest.mark.parametrize("keys", [("down", "up"), ("j", "k"), ("pagedown", "pageup"),
                                  ("end", "home")])  # fmt: skip
def test_the_keys_of_the_details_scroll_there_and_back(opened, keys):
    @opened(size=(80, 24))
    async def _(seat):
        seat.table.select("windows.winrm|pc-015.corp.example")
        await seat.press("3")
        detail = seat.app.screen.query_one(Detail)
        assert seat.app.focused is detail
        there, back = keys
        await seat.press(there)
        await seat.until(lambda: detail.scroll_offset.y > 0)
        await seat.press(back)
        await seat.until(lambda: detail.scroll_offset.y == 0)


@pytest.mark.parametrize("keys", [("down", "up"), ("j", "k"), ("pagedown", "pageup"),
                                  ("end", "home")])  # fmt: skip
def test_the_keys_of_the_tree_move_there_and_back_and_the_table_follows(opened, keys):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("1", "home")
        tree = seat.app.screen.query_one(ProfileTree)
        first, rows = tree.node, len(seat.seen)
        await seat.press(keys[0])
        assert tree.node is not first
        assert len(seat.seen) < rows
        await seat.press(keys[1])
        assert tree.node is first
        assert len(seat.seen) == rows


@pytest.mark.parametrize("keys", [("left", "right"), ("h", "l")])
def test_nodes_are_folded_and_unfolded(opened, keys):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("1", "home")
        tree = seat.app.screen.query_one(ProfileTree)
        while tree.node.id != "category:windows":
            await seat.press("down")
        height = tree.virtual_size.height
        await seat.press(keys[0])
        assert tree.virtual_size.height < height
        await seat.press(keys[1])
        assert tree.virtual_size.height == height


def test_space_in_the_tree_leaves_out_and_takes_in_again(opened):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("1", "home")
        tree = seat.app.screen.query_one(ProfileTree)
        every = tree.included
        await seat.press("down", "space")
        assert tree.included < every
        assert len(seat.table.marks) == 0
        await seat.press("space")
        assert tree.included == every


def test_the_keys_of_the_host_line(measured, closed):
    typed = f"unix.target=127.0.0.1:{closed}"

    @measured(typed)
    async def _(seat):
        line = seat.app.screen.query_one(HostInput)
        await seat.press("i", "up")
        assert line.value == typed
        await seat.press("down")
        assert line.value == ""
        await seat.press(*"snm")
        await seat.until(lambda: line._suggestion)
        await seat.press("tab")
        assert line.value.startswith("snmp.device")
        await seat.opens("f1", "HelpDialog")
        await seat.press("escape")
        await seat.closed()
        await seat.focuses("escape", ResultTable)
        await seat.press("i")
        line.value = typed
        before = seat.table.rows.result(seat.seen[0]).observation.started
        await seat.press("enter")
        await seat.until(lambda: seat.table.rows.result(seat.seen[0]).observation.started != before)
        await seat.until(lambda: not seat.app.main.measuring)


def test_the_keys_of_the_filter_line(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *"hos")
        line = seat.app.screen.query_one("#filter", Input)
        await seat.until(lambda: line._suggestion)
        await seat.press("tab")
        assert line.value == "host:"
        await seat.opens("f1", "HelpDialog")
        await seat.press("escape")
        await seat.closed()
        await seat.press(*"dc1", "enter")
        assert len(seat.seen) == 2
        assert seat.app.focused is seat.table
        await seat.press("slash", "escape")
        assert len(seat.seen) == 33
