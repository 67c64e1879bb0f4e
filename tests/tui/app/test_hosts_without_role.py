"""Hosts without a role on the screen: one question, one key, and nothing typed is lost."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from profiles.loader import load_profile
from profiles.model import Profile, Role
from profiles.recognition import AUTO
from tests.tui.driving import drive, notice, rows, until
from tui.screens.role_question import RoleDialog, role_letters
from tui.widgets.host_input import HostInput
from tui.widgets.tree import ProfileTree

pytestmark = pytest.mark.usefixtures("state")
HERE, THERE = "127.0.0.77", "127.0.0.78"


def question(app):
    return isinstance(app.screen, RoleDialog)


def test_hosts_without_a_role_are_asked_about_and_escape_gives_the_line_back():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        entry.focus().value = f"{HERE}, {THERE}"
        await pilot.press("enter")
        await until(pilot, lambda: question(app))
        assert str(app.screen.query_one(".title").content) == f"What are {HERE} and {THERE}?"
        await pilot.press("escape")
        await until(pilot, lambda: not question(app))
        assert entry.value == f"{HERE}, {THERE}" and app.focused is entry and not rows(app)
        await pilot.press("enter")
        await until(pilot, lambda: question(app))
        await pilot.press("l")
        await until(pilot, lambda: rows(app) and not app.main.measuring)
        assert list(rows(app)) == [f"unix.ssh|{HERE}", f"unix.ssh|{THERE}"]
        assert entry.value == ""
        await pilot.press("i", "up")
        assert entry.value == f"{HERE}, {THERE}"


def test_enter_lets_what_answers_decide_and_the_row_of_the_host_says_so():
    @drive(size=(40, 12))
    async def _(pilot, app):
        app.query_one(HostInput).focus().value = HERE
        await pilot.press("enter")
        await until(pilot, lambda: question(app))
        assert app.screen.query_one(OptionList).highlighted == 0
        await pilot.press("enter")
        await until(pilot, lambda: rows(app) and not app.main.measuring)
        assert next(iter(rows(app))) == f"{AUTO}|{HERE}"
        assert f"{HERE}: no role is said, so what answers decides" in notice(app)
        # What was entered is the host without its role, whatever was found.
        assert [one.role for one in app.main.panes.targets] == [AUTO]


def test_a_role_that_was_typed_or_that_the_tree_stands_on_is_not_asked_for(closed):
    @drive()
    async def _(pilot, app):
        app.query_one(HostInput).focus().value = f"linux={HERE}:{closed}"
        await pilot.press("enter")
        await until(pilot, lambda: rows(app) and not app.main.measuring)
        tree = app.query_one(ProfileTree)
        tree.focus()
        while tree.node.id != "category:unix":
            await pilot.press("down")
        await pilot.press("right", "down", "i")
        app.query_one(HostInput).value = THERE
        await pilot.press("enter")
        await until(pilot, lambda: len(rows(app)) == 2)
        assert list(rows(app)) == [f"unix.ssh|{HERE}:{closed}", f"unix.ssh|{THERE}"]


def test_every_role_has_a_letter_and_no_two_the_same():
    profile = load_profile(None, {})
    letters = role_letters(profile)
    assert {role.id for role in letters.values()} == {role.id for role in profile.roles} - {AUTO}
    assert {letter: letters[letter].id for letter in "wld"} == {
        "w": "windows.target",
        "l": "unix.target",
        "d": "windows.dc",
    }


def test_roles_without_letters_of_their_own_get_some():
    roles = (Role("ab", "A", "c"), Role("bc", "B", "c", letter="b"), Role("ba", "C", "c"))
    profile = Profile("p", "P", "1", "s", "https://x.example", roles=roles)
    letters = role_letters(profile)
    assert {letter: role.id for letter, role in letters.items()} == {
        "a": "ab",
        "b": "bc",
        "c": "ba",
    }
