"""Panes: which is in sight, which is in front, and what is remembered of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from textual.widgets import Static

from probes.model import version
from tests.tui.driving import drive, notice, text_of, until
from tui.storage.preferences import Preferences
from tui.widgets.detail import Detail
from tui.widgets.footer import Breadcrumbs, KeyBar
from tui.widgets.header import Header
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

SITE = str(Path(__file__).parents[2] / "sessions" / "site.jsonl")
KINDS = (ProfileTree, ResultTable, Detail)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "auditreach"


def in_sight(app) -> list[type]:
    return [kind for kind in KINDS if app.query_one(kind).region.area]


def crumbs(app) -> str:
    return text_of(app.query_one(Breadcrumbs)).rstrip()


SIZES = {
    (40, 12): [ResultTable],
    (59, 24): [ResultTable, Detail],
    (79, 15): [ResultTable],
    (79, 24): [ResultTable, Detail],
    (80, 24): [ResultTable, Detail],
    (99, 30): [ResultTable, Detail],
    (100, 15): [ProfileTree, ResultTable],
    (100, 30): list(KINDS),
    (120, 40): list(KINDS),
    (179, 50): list(KINDS),
    (180, 50): list(KINDS),
    (200, 50): list(KINDS),
}
"""The panes in sight by the size of the terminal, with the drawer closed."""


def test_each_size_has_its_panes_and_the_table_the_width_that_the_tree_leaves():
    @drive("open", SITE)
    async def _(pilot, app):
        await pilot.press("escape")
        for size, kinds in SIZES.items():
            await pilot.resize_terminal(*size)
            await pilot.pause()
            width, height = size
            assert in_sight(app) == kinds, size
            tree, table = app.query_one(ProfileTree).region, app.query_one(ResultTable).region
            detail, header = app.query_one(Detail).region, app.query_one(Header).region
            assert header.height == (2 if height >= 16 else 1)
            assert (tree.width, table.x) == ((22, 23) if width >= 100 else (0, 0)), size
            if width >= 180:
                assert table.y == detail.y
                assert table.right < detail.x
                assert detail.right == width
                assert table.width > detail.width
            else:
                assert table.right == width
            if kinds[-1] is Detail and width < 180:
                assert (detail.x, detail.right) == (table.x, width)
                assert table.height >= detail.height


def test_the_tree_has_sections_and_roles_and_the_checks_of_a_role_that_is_unfolded():
    @drive("open", SITE, size=(120, 40))
    async def _(pilot, app):
        tree = app.query_one(ProfileTree)
        shown = {node.id: node for node in tree._shown}
        assert {node.kind for node in shown.values()} == {"all", "category", "role"}
        await pilot.press("1")
        while tree.node.id != "category:windows/windows.target":
            await pilot.press("down")
        await pilot.press("right", "down")
        assert tree.node.kind == "check"
        await pilot.press("space")
        assert tree.node.checks.isdisjoint(tree.included)


@pytest.mark.parametrize("width", [40, 80, 99])
def test_the_drawer_opens_over_the_table_and_closes_by_itself(width):
    @drive(size=(width, 24))
    async def _(pilot, app):
        tree, table = app.query_one(ProfileTree), app.query_one(ResultTable)
        for opening, closing in (
            ("1", "enter"),
            ("t", "escape"),
            ("1", "2"),
            ("t", "3"),
            ("1", "i"),
            ("t", "slash"),
            ("1", "tab"),
            ("t", "shift+tab"),
        ):
            await pilot.press("escape", "escape")
            before = table.region if width >= 60 else None
            await pilot.press(opening)
            await pilot.pause()
            assert app.focused is tree
            assert tree.region.width >= min(width, 30)
            if before:
                assert table.region == before, "the table does not move below the drawer"
            await pilot.press(closing)
            await pilot.pause()
            assert not tree.region.area, closing
            assert app.focused is not tree


def test_the_node_that_was_chosen_in_the_drawer_filters_the_table():
    @drive("open", SITE)
    async def _(pilot, app):
        table = app.query_one(ResultTable)
        app.main.say("")
        await pilot.press("t", "home", "down", "down", "enter")
        await pilot.pause()
        assert app.focused is table
        titles = {table.rows.job(row).check.category for row in table.rows.view}
        assert titles == {"windows"}
        assert "Windows computers" in crumbs(app)


def test_the_drawer_becomes_a_pane_where_there_is_room_and_the_focus_stays_in_it():
    @drive("open", SITE)
    async def _(pilot, app):
        tree = app.query_one(ProfileTree)
        await pilot.press("t")
        for size in ((120, 40), (40, 12), (80, 24), (200, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert tree.region.area
            assert app.focused is tree


def test_a_dialog_over_the_drawer_leaves_it_open():
    @drive("open", SITE)
    async def _(pilot, app):
        tree = app.query_one(ProfileTree)
        await pilot.press("t", "question_mark")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.pause()
        assert app.focused is tree
        assert tree.region.area


@pytest.mark.parametrize("size", [(40, 12), (30, 8), (59, 15)])
def test_a_small_screen_has_one_pane_and_a_key_for_each(size):
    @drive("open", SITE, size=size)
    async def _(pilot, app):
        for key, kind in zip("123", KINDS, strict=True):
            await pilot.press(key)
            await pilot.pause()
            assert in_sight(app) == [kind]
            assert app.query_one(kind).size.width >= size[0] - 1
            assert app.focused is app.query_one(kind)


@pytest.mark.parametrize(
    ("size", "kinds"), [((40, 12), KINDS[1:]), ((80, 24), KINDS[1:]), ((120, 40), KINDS)]
)
def test_tab_reaches_every_pane_and_the_host_line_in_both_directions(size, kinds):
    @drive(size=size)
    async def _(pilot, app):
        app.query_one(kinds[0]).focus()
        for kind in (*kinds[1:], HostInput):
            await pilot.press("tab")
            await pilot.pause()
            assert app.focused is app.query_one(kind)
            assert app.focused.region.area
        # There Tab completes.
        await pilot.press("tab")
        await pilot.pause()
        for kind in (*kinds[::-1], HostInput):
            await pilot.press("shift+tab")
            await pilot.pause()
            assert app.focused is app.query_one(kind)


def test_a_low_screen_has_the_tree_beside_the_table_and_the_details_in_its_place():
    @drive("open", SITE, size=(100, 14))
    async def _(pilot, app):
        assert in_sight(app) == [ProfileTree, ResultTable]
        await pilot.press("enter")
        await pilot.pause()
        assert in_sight(app) == [ProfileTree, Detail]
        await pilot.press("escape")
        await pilot.pause()
        assert in_sight(app) == [ProfileTree, ResultTable]


def test_a_small_screen_hides_the_host_line_until_it_is_asked_for():
    @drive(size=(40, 12))
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        assert entry.region.area
        await pilot.press("escape")
        await pilot.pause()
        assert not entry.region.area
        await pilot.press("i")
        await pilot.pause()
        assert entry.region.area
        assert app.focused is entry


def test_the_pane_in_front_stays_in_front_while_the_terminal_changes_its_size():
    @drive("open", SITE, size=(120, 40))
    async def _(pilot, app):
        await pilot.press("3")
        await pilot.resize_terminal(40, 12)
        await pilot.pause()
        assert in_sight(app) == [Detail]
        assert app.focused is app.query_one(Detail)
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert in_sight(app) == list(KINDS)


def test_z_gives_a_pane_the_screen_and_the_next_session_begins_so(state):
    @drive("open", SITE)
    async def _(pilot, app):
        await pilot.press("3", "z")
        await pilot.pause()
        assert in_sight(app) == [Detail]
        assert notice(app).endswith("1, 2, 3 and Tab change it, z shows them all.")

    assert stat.S_IMODE((state / "screen.json").stat().st_mode) == 0o600

    @drive("open", SITE)
    async def _(pilot, app):
        assert in_sight(app) == [Detail]
        assert app.focused is app.query_one(Detail)
        await pilot.press("1")
        await pilot.pause()
        assert in_sight(app) == [ProfileTree]
        await pilot.press("2", "z")
        await pilot.pause()
        assert in_sight(app) == list(KINDS[1:])

    @drive("open", SITE)
    async def _(pilot, app):
        assert in_sight(app) == list(KINDS[1:])


@pytest.mark.parametrize("key", ["1", "3"])
def test_a_start_without_hosts_shows_how_to_name_some_whatever_pane_stood_alone(key):
    @drive("open", SITE)
    async def _(pilot, app):
        await pilot.press(key, "z")
        await pilot.pause()

    @drive()
    async def _(pilot, app):
        assert in_sight(app) == [ResultTable]
        assert "press Enter" in text_of(app.query_one(ResultTable))

    @drive("open", SITE)
    async def _(pilot, app):
        assert in_sight(app) == [KINDS[int(key) - 1]]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"alone": 7, "pane": ["x"]}', '{"pane": "\x00"}', "[" * 5000, "\xff"]
)
def test_what_was_remembered_wrongly_is_as_if_nothing_was(state, text):
    state.mkdir(parents=True)
    (state / "screen.json").write_bytes(text.encode("latin-1"))

    @drive("open", SITE, size=(120, 40))
    async def _(pilot, app):
        assert in_sight(app) == list(KINDS)


def test_what_cannot_be_remembered_is_no_trouble(tmp_path):
    (tmp_path / "file").write_text("")
    remembered = Preferences(tmp_path / "file" / "screen.json")
    remembered.set("alone", "yes")
    assert remembered.get("alone") == "yes"
    assert Preferences(tmp_path / "file" / "screen.json").get("alone") == ""


def test_the_crumbs_say_the_pane_the_place_in_the_tree_and_the_row():
    @drive("open", SITE)
    async def _(pilot, app):
        app.main.say("")
        await pilot.press("home", "down")
        await pilot.pause()
        assert crumbs(app).split() == ["Table", ">", "Everything", "row", "2/33"]
        await pilot.press("1", "down", "down", "down")
        await pilot.pause()
        assert crumbs(app).startswith("Tree > Windows computers > Windows target ")
        assert crumbs(app).endswith("2 blocked")
        await pilot.press("2", "f")
        await pilot.pause()
        app.main.say("")
        await pilot.pause()
        shown = "Table > Windows computers > Windows target > failures only row 1/2"
        assert crumbs(app).split() == shown.split()


def test_the_title_under_the_cursor_is_whole_somewhere_at_forty_columns():
    @drive("open", SITE, size=(40, 12))
    async def _(pilot, app):
        app.main.say("")
        tree = app.query_one(ProfileTree)
        await pilot.press("1", "home")
        seen: list[str] = []
        while tree.node.id not in seen:
            await pilot.pause()
            assert tree.node.title in crumbs(app)
            seen.append(tree.node.id)
            await pilot.press("right", "down")
        assert len(seen) > 50
        assert tree.node.title == "Role"


def test_the_crumbs_say_which_role_plain_hosts_take():
    @drive()
    async def _(pilot, app):
        assert "type ROLE=HOST" in crumbs(app)
        tree = app.query_one(ProfileTree)
        await pilot.press("escape", "1")
        while tree.node.id != "category:unix":
            await pilot.press("down")
        await pilot.press("right", "down", "i")
        await pilot.pause()
        assert "hosts without ROLE= count as Linux or macOS target" in crumbs(app)


def test_news_take_the_place_of_the_crumbs_and_the_panes_stay_where_they_are():
    @drive("open", SITE)
    async def _(pilot, app):
        app.main.say("")
        await pilot.pause()
        before = app.query_one(ResultTable).region
        app.main.say("Something happened.")
        await pilot.pause()
        assert app.query_one(ResultTable).region == before
        assert not app.query_one(Breadcrumbs).region.area


def test_i_shows_in_full_what_the_lines_above_and_below_have_no_room_for():
    @drive("open", SITE, size=(40, 12))
    async def _(pilot, app):
        app.main.say("One thing. " * 40)
        app.main.say("Another thing.")
        await pilot.press("I")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        told = str(app.screen.query_one(Static).content)
        for part in ("AlloyScan", "from jump1 (10.20.1.9)", "33 rows", "session of 2026-11", SITE):
            assert part in told
        assert "Tested by auditreach unknown (Python 3.11.7), profile alloyscan 2026.11" in told
        assert f"This is auditreach {version()}, profile AlloyScan 20" in told
        assert told.index("Another thing.") < told.index("One thing. One thing.")
        assert told.count("One thing.") == 40


def test_that_nothing_is_saved_is_seen_on_the_narrowest_screen(tmp_path):
    @drive("open", SITE, size=(30, 8))
    async def _(pilot, app):
        head = app.query_one(Header)
        head.set_state("NOT SAVED", trouble=True)
        assert text_of(head).splitlines()[0].endswith(" NOT SAVED")


def test_a_small_screen_names_the_keys_of_the_panes_first():
    @drive("open", SITE, size=(40, 12))
    async def _(pilot, app):
        assert text_of(app.query_one(KeyBar)).split()[:10:2] == ["q", "?", "1", "2", "3"]


def test_a_row_whose_name_is_cut_is_named_in_full_in_the_details():
    @drive("open", SITE, size=(40, 12))
    async def _(pilot, app):
        app.main.say("")
        table = app.query_one(ResultTable)
        assert table.select("enable.rpc_dynamic|pc-015.corp.example")
        await pilot.press("3")
        await pilot.pause()
        told = " ".join(text_of(app.query_one(Detail)).split())
        assert "row pc-015.corp.example RPC dynamic TCP 49152-65535 ∅ error" in told


def test_a_long_label_of_the_details_is_whole():
    @drive("open", SITE, size=(200, 50))
    async def _(pilot, app):
        assert app.query_one(ResultTable).select("discovery.dns|10.20.2.53")
        await pilot.pause()
        assert "recursion available True" in text_of(app.query_one(Detail))
