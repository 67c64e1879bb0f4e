"""A kiosk reaches nothing but the program: no file, no shell, however it is asked."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from probes.registry import PROBES
from probes.targets import parse
from profiles.loader import load_profile
from tests.tui.driving import drive, enter, notice
from tui.commands import COMMANDS
from tui.screens.help import help_text
from tui.widgets.footer import KeyBar


def test_what_reaches_outside_is_refused_with_a_sentence_and_not_offered(
    closed, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    outside = [one for one in COMMANDS if one.outside]
    assert {"save", "suspend"} <= {one.id for one in outside}

    @drive("--kiosk")
    async def _(pilot, app) -> None:
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        offered = {one.title for one in app.get_system_commands(app.screen)}
        shown = app.query_one(KeyBar).render_line(0).text
        for one in outside:
            await pilot.press(one.keys.partition(",")[0])
            await pilot.pause()
            assert notice(app) == (
                f"{one.word} is switched off here: this program runs as a kiosk."
            )
            assert app.screen is app.main
            assert one.word not in offered
            assert one.word.partition(" ")[0] not in shown
            assert one.about[:30] not in help_text(app.main.commands)


def test_a_list_of_hosts_is_not_read(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    secret = tmp_path / "secret file"
    secret.write_text("TOP SECRET\n")

    @drive("--kiosk")
    async def _(pilot, app) -> None:
        for typed in (f"unix.target=@{secret}", f'unix.target=@"{secret}"', "@/no/such/file"):
            app.query_one("#entry", Input).focus().value = typed
            await pilot.press("enter")
            await pilot.pause(0.3)
            assert "lists in files are switched off here; type the hosts" in notice(app)
            assert "SECRET" not in notice(app) and "no such" not in notice(app)
            app.main.say("")


def test_without_files_nobody_learns_whether_one_is_there(tmp_path: Path) -> None:
    there = tmp_path / "a list"
    there.write_text("10.0.0.1\n")
    profile = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
    plain, quoted = f"unix.target=@{there}", f'unix.target=@"{there}"'
    for typed in (plain, quoted, f"unix.target=10.0.0.2,@{there}"):
        found = parse([typed], profile, read_files=False)
        gone = parse([typed.replace("a list", "no list")], profile, read_files=False)
        assert [one.host for one in found.targets] == [one.host for one in gone.targets]
        assert [one.reason for one in found.problems] == [one.reason for one in gone.problems]
        assert "10.0.0.1" not in {one.host for one in found.targets}


def test_no_key_file_is_asked_for(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    @drive("--kiosk")
    async def _(pilot, app) -> None:
        app.main.panes.table.focus()
        await pilot.press("c")
        await pilot.pause()
        assert app.screen.query("#of_ssh_password")
        assert not app.screen.query("#of_ssh_key")
