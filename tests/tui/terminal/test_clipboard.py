"""Copying a row's command and change: the clipboard, tmux, and a file where there is neither."""

from __future__ import annotations

import asyncio
import base64
import stat

import pytest
from textual.app import App

from probes.judging.status import judge
from probes.model import Job, Observation, Reason, Result, State, Target
from probes.registry import PROBES
from profiles.loader import load_profile
from tests.tui import driving
from tests.tui.driving import Drive, notice, until
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.terminal.capabilities import tmux_passthrough
from tui.terminal.clipboard import Clipboard, supports_clipboard
from tui.text.detail import detail_lines
from tui.text.row_parts import Part
from tui.widgets.detail import Detail
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable

pytestmark = pytest.mark.usefixtures("state", "clipboard")


@pytest.fixture
def refused(closed: int) -> str:
    """A row of this machine that was refused, measured on the screen."""
    return f"unix.target=127.0.0.1:{closed}"


@pytest.fixture
def silent() -> Result:
    profile = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
    check = profile.check("windows.winrm")
    seen = Observation(
        State.FILTERED, Reason.NO_RESPONSE, address="10.2.0.14", source="10.1.0.9", started="x"
    )
    return judge(Job("k", check, Target(check.role, "pc1"), 5985), seen)


def drive(entry: str, keys: Drive) -> None:
    """Measure one row on the screen, then press keys."""

    @driving.drive(entry, "--run", size=(120, 40))
    async def _(pilot, app):
        table = app.query_one(ResultTable)
        await until(pilot, lambda: len(table.rows) and table.rows.result(table.rows.key(0)))
        await until(pilot, lambda: app.focused is table)
        await pilot.pause()
        await keys(pilot, app)


def test_y_copies_a_command_and_says_it_and_then_the_next_one(refused):
    port = refused.rpartition(":")[2]

    async def keys(pilot, app):
        await pilot.press("y")
        await until(pilot, lambda: "Copied, 1 of" in notice(app))
        assert (
            app.clipboard == f"nmap -n -Pn -sT -p {port} --reason --script +ssh-hostkey 127.0.0.1"
        )
        assert app.clipboard in notice(app)
        await pilot.press("y")
        await until(pilot, lambda: "Copied, 2 of" in notice(app))
        assert app.clipboard == f"ssh-keyscan -T 4 -p {port} 127.0.0.1"

    drive(refused, keys)


def test_capital_y_copies_what_to_paste_and_says_where(refused):
    async def keys(pilot, app):
        await pilot.press("Y")
        await until(pilot, lambda: "Copied, 1 of" in notice(app))
        assert app.clipboard == "systemctl enable --now sshd"
        assert "shell, as root on 127.0.0.1" in notice(app)

    drive(refused, keys)


def test_the_details_have_what_verifies_the_row_and_then_what_to_paste(refused):
    async def keys(pilot, app):
        detail = app.query_one(Detail)
        seen = "\n".join(detail.render_line(y).text for y in range(detail.virtual_size.height))
        change, verify, paste = (
            seen.index(word) for word in ("\nchange ", "\nverify ", "\npaste, Y")
        )
        assert change < verify < seen.index("ssh-keyscan -T 4") < paste
        assert paste < seen.index("systemctl enable --now sshd")
        assert "y copies it" in seen[verify:paste], seen

    drive(refused, keys)


def test_without_a_measured_row_nothing_is_copied():
    async def main():
        app = build(parse_options([]))
        try:
            async with app.run_test() as pilot:
                app.query_one(ResultTable).focus()
                for key in ("y", "Y"):
                    await pilot.press(key)
                    await until(pilot, lambda: notice(app).startswith("Only a row that"))
                    await pilot.press("escape")
                    await until(pilot, lambda: not notice(app))
                assert app.clipboard == ""
        finally:
            if app.controller is not None:
                await asyncio.to_thread(app.controller.close)

    asyncio.run(main())


def test_letters_typed_into_the_host_line_copy_nothing(refused):
    async def keys(pilot, app):
        app.query_one(HostInput).focus()
        await pilot.press("y", "Y")
        assert app.query_one(HostInput).value == "yY"
        assert app.clipboard == ""

    drive(refused, keys)


@pytest.mark.parametrize("terminal", [{"TERM": "linux"}, {"TERM": "dumb"}, {"STY": "1.pts-0"}])
async def test_without_a_clipboard_it_is_in_a_file_of_the_owner_which_is_named(
    silent, state, terminal
):
    clipboard = Clipboard(App(), terminal)
    said = await clipboard.command(silent)
    path = state / "copied.txt"
    assert str(path) in said
    assert path.read_text().splitlines()[0] in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await clipboard.change(silent)
    assert path.read_text().splitlines()[0] == "Enable-PSRemoting -Force"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_link_in_the_files_place_is_replaced_and_not_followed(silent, state, tmp_path):
    state.mkdir(parents=True)
    other = tmp_path / "other"
    other.write_text("kept")
    (state / "copied.txt").symlink_to(other)
    await Clipboard(App(), {"TERM": "linux"}).command(silent)
    assert other.read_text() == "kept"
    assert not (state / "copied.txt").is_symlink()


async def test_a_file_that_cannot_be_written_is_a_sentence_with_the_command(silent, state):
    state.parent.mkdir(parents=True)
    state.write_text("in the way")
    said = await Clipboard(App(), {"TERM": "linux"}).command(silent)
    assert "was not written" in said
    assert "nmap -n -Pn -sT -p 5985" in said


async def test_inside_tmux_a_file_has_the_text_that_tmux_may_refuse(silent, state, monkeypatch):
    monkeypatch.setenv("PATH", "")
    said = await Clipboard(App(), {"TERM": "tmux-256color", "TMUX": "x"}).command(silent)
    written = state / "copied.txt"
    assert said.startswith(f"Copied, if tmux lets it through; written to {written}, 1 of ")
    assert written.read_text().startswith("nmap -n -Pn -sT")


def test_the_terminal_around_tmux_gets_the_text_as_well(refused, monkeypatch):
    monkeypatch.setenv("TMUX", "nowhere")
    monkeypatch.setenv("PATH", "")
    sent: list[str] = []

    async def keys(pilot, app):
        monkeypatch.setattr(app._driver, "write", sent.append)
        monkeypatch.setattr(app.output, "write", sent.append)
        await pilot.press("y")
        await until(pilot, lambda: "Copied" in notice(app))
        coded = base64.b64encode(app.clipboard.encode()).decode()
        assert f"\x1b]52;c;{coded}\a" in sent
        assert f"\x1bPtmux;\x1b\x1b]52;c;{coded}\a\x1b\\" in sent

    drive(refused, keys)


def test_every_escape_inside_the_wrapping_is_doubled():
    assert (
        tmux_passthrough("\x1b]52;c;YQ==\x1b\\") == "\x1bPtmux;\x1b\x1b]52;c;YQ==\x1b\x1b\\\x1b\\"
    )


def test_terminals_without_a_clipboard_are_known():
    assert supports_clipboard({"TERM": "xterm-256color"})
    assert supports_clipboard({"TERM": "tmux-256color", "TMUX": "x"})
    assert supports_clipboard({})
    assert not supports_clipboard({"TERM": "linux"})
    assert not supports_clipboard({"TERM": "screen", "STY": "1.x"})


async def test_a_change_without_anything_to_paste_is_said_in_words(silent):
    job = silent.job
    gone = judge(job, Observation(State.ERROR, Reason.DEPENDENCY, started="x"))
    said = await Clipboard(App(), {"TERM": "linux"}).change(gone)
    assert said.startswith("There is nothing to paste for this: Fix the check it depends on")
    assert "not tested" in await Clipboard(App(), {"TERM": "linux"}).command(gone)


def test_a_row_that_is_well_has_something_to_confirm_and_nothing_to_paste(silent):
    profile = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
    well = judge(silent.job, Observation(State.OPEN, Reason.SYN_ACK, started="x"))
    labels = [line.label for line in detail_lines(well.job, well, profile)]
    assert Part.VERIFY in labels
    assert "paste, {copy-change}" not in labels and Part.CHANGE not in labels


@pytest.mark.parametrize(
    ("environ", "clause"),
    [
        ({"TERM": "tmux-256color", "TMUX": "x"}, "tmux lets it through"),
        ({"TERM": "screen-256color", "TMUX": "x", "SSH_TTY": "y"}, "tmux lets it through"),
        ({"TERM": "tmux-256color"}, "your tmux or screen lets it through"),
        ({"TERM": "screen", "SSH_CONNECTION": "x"}, "your tmux or screen lets it through"),
        ({"TERM": "screen.xterm-256color"}, "your tmux or screen lets it through"),
        ({"TERM": "xterm-256color", "SSH_CONNECTION": "x"}, "your terminal takes it"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7006"}, "your terminal takes it"),
    ],
)
async def test_where_a_copy_may_be_lost_the_file_has_it_and_both_are_said(
    silent, state, environ, clause
):
    said = await Clipboard(App(), environ).command(silent)
    written = state / "copied.txt"
    assert said.startswith(f"Copied, if {clause}; written to {written}, 1 of ")
    assert written.read_text().startswith("nmap ")
