"""Text that arrives at once goes into the host line, and no letter of it is a command."""

from __future__ import annotations

import asyncio

import pytest
from textual.events import Key, Load, Paste
from textual.widgets import Input

from tests.tui.driving import drive, notice, rows, until
from tui.app import AuditReach
from tui.screens.dialogs import ChoiceDialog, ConfirmDialog, HelpDialog, PromptDialog
from tui.screens.role_question import RoleDialog
from tui.terminal import input as terminal_input
from tui.terminal.driver import OutputQueue
from tui.terminal.reader import TerminalRead, TerminalReader
from tui.widgets.detail import Detail
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

pytestmark = pytest.mark.usefixtures("state")

LIST = "web1\rwatch1\rquery1\r"
HOSTS = "web1 watch1 query1"


def send(app, *pieces: str | bytes, silence: float = 9.0) -> None:
    """Read these pieces from the terminal at once, after some seconds of silence."""
    reader = TerminalReader()
    for piece in pieces:
        data = piece if isinstance(piece, bytes) else piece.encode()
        app.post_message(TerminalRead(list(reader.read(data)), silence))
        silence = 0.0


def type_out(app, text: str, pause: float) -> None:
    """Send each character in a read of its own, as what types a paste does."""
    for character in text:
        app.post_message(TerminalRead([character], pause))


def alone(app) -> bool:
    """Holds while no command has opened or ended anything."""
    return len(app.screen_stack) == 1 and app.is_running and not app.main.measuring


def test_a_paste_of_several_lines_stands_in_the_line_from_wherever_it_is_read():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)

        async def stands(*pieces: str | bytes, hosts: str = HOSTS) -> None:
            send(app, *pieces)
            await until(pilot, lambda: entry.value == hosts and app.dispatcher.idle)
            assert app.focused is entry and alone(app)
            assert "lines were pasted; Enter tests them" in notice(app)
            entry.value = ""
            app.main.say("")

        for kind in (HostInput, ProfileTree, ResultTable, Detail):
            for text in (LIST, LIST.replace("\r", "\n"), LIST.replace("\r", "\r\n"), LIST[:-1]):
                app.query_one(kind).focus()
                await stands(text)
            app.query_one(kind).focus()
            await stands(*LIST)
        for place in range(1, len(LIST)):
            await stands(LIST[:place], LIST[place:])
        type_out(app, LIST, 0.012)
        await until(pilot, lambda: entry.value == HOSTS and app.dispatcher.idle)
        assert app.focused is entry and alone(app)
        entry.value = ""
        app.query_one(ResultTable).focus()
        await stands(*(bytes([one]) for one in "é1\rq\r".encode()), hosts="é1 q")
        for text in ("web1\rq\r", "q\rs\rw\r", "\rq\rw", "w\x11b1\rq\x03\r", "web1\t\rq\r"):
            app.query_one(ResultTable).focus()
            hosts = " ".join(text.replace("\x11", "").replace("\x03", "").split())
            send(app, text)
            await until(pilot, lambda hosts=hosts: entry.value == hosts)
            assert alone(app)
            entry.value = ""


def test_one_line_with_its_enter_is_measured_in_the_line_and_waits_there_from_elsewhere(closed):
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        send(app, f"unix.target=127.0.0.1:{closed}\r\n")
        await until(pilot, lambda: len(rows(app)) == 1 and not app.main.measuring)
        assert entry.value == "" and app.focused is app.query_one(ResultTable)
        host = f"unix.target=127.0.0.2:{closed}"
        send(app, f"{host}\r")
        await until(pilot, lambda: entry.value == host)
        assert app.focused is entry
        assert "taken for pasted hosts, not for keys" in notice(app)
        send(app, "\r")
        await until(pilot, lambda: len(rows(app)) == 2 and not app.main.measuring)
        # The key of the line, then what is typed there, all in one read.
        send(app, f"iunix.target=127.0.0.3:{closed}\r")
        await until(pilot, lambda: len(rows(app)) == 3 and not app.main.measuring)
        # Typed ahead with the Enter, but another line: nothing of it is a command.
        app.query_one(HostInput).focus()
        send(app, f"unix.target=127.0.0.4:{closed}\rquery1")
        await until(pilot, lambda: entry.value.endswith(" query1"))
        assert len(rows(app)) == 3 and alone(app)


def test_keys_typed_ahead_are_still_commands(opened):
    @opened()
    async def _(seat):
        at = seat.table.cursor_line
        send(seat.app, "jjjj", "k")
        await seat.until(lambda: seat.table.cursor_line == at + 3)
        send(seat.app, "jj\r")
        await seat.until(lambda: isinstance(seat.app.focused, Detail))
        send(seat.app, "\x1b")
        send(seat.app, "2")
        await seat.until(lambda: seat.app.focused is seat.table)
        send(seat.app, "f")
        await seat.until(lambda: seat.panes.failures)
        send(seat.app, "/dc1\r")
        await seat.until(lambda: seat.panes.query == "dc1" and seat.app.focused is seat.table)
        assert len(seat.app.screen_stack) == 1


def test_what_an_old_session_cannot_take_is_said_and_harmless(opened):
    @opened()
    async def _(seat):
        for text in (LIST, "feed me"):
            seat.app.main.say("")
            send(seat.app, text)
            await seat.until(lambda: "an old session tests none" in seat.notice)
        seat.app.main.say("")
        seat.app.post_message(Paste(LIST))
        await seat.until(lambda: "an old session tests none" in seat.notice)
        assert seat.app.is_running and len(seat.app.screen_stack) == 1


def test_a_paste_answers_no_question_and_stands_in_the_line_behind_it():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        said = []
        dialog = ConfirmDialog("Measure 40,000 endpoints?")
        app.push_screen(dialog, said.append)
        await until(pilot, lambda: app.screen is dialog)
        for paste in (lambda: send(app, "yes\rn\r"), lambda: app.post_message(Paste("yes\nn"))):
            paste()
            await until(pilot, lambda: entry.value == "yes n")
            assert app.screen is dialog and said == []
            entry.value = ""
        send(app, "y")
        await until(pilot, lambda: said == [True])
        for listed in (ChoiceDialog("Sort by", {"s": "Status", "q": "Host"}), HelpDialog("Keys")):
            app.push_screen(listed)
            await until(pilot, lambda listed=listed: app.screen is listed)
            send(app, "s\rq\r")
            await until(pilot, lambda: entry.value == "s q")
            assert app.screen is listed
            entry.value = ""
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
        prompt = PromptDialog("Save a copy as", "")
        app.push_screen(prompt, said.append)
        await until(pilot, lambda: isinstance(app.focused, Input) and app.screen is prompt)
        send(app, "my\rfile\r")
        await until(pilot, lambda: prompt.query_one(Input).value == "my file")
        app.post_message(Paste(" a\nb\n"))
        await until(pilot, lambda: prompt.query_one(Input).value == "my filea b")
        assert app.screen is prompt
        send(app, "\x15copy\r")
        await until(pilot, lambda: said == [True, "copy"])
        assert entry.value == ""


def test_what_is_typed_behind_what_stands_in_the_line_replaces_none_of_it():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        app.query_one(ResultTable).focus()
        send(app, LIST)
        await until(pilot, lambda: entry.value == HOSTS and app.focused is entry)
        send(app, ",")
        await until(pilot, lambda: entry.value == f"{HOSTS},")
        await pilot.press("escape", "i", "x")
        await until(pilot, lambda: entry.value == f"{HOSTS},x")


def test_a_paste_that_a_stalled_link_splits_anywhere_has_the_same_hosts():
    text, hosts = "web1\nq\ny7\nsrv2\n", "web1 q y7 srv2"

    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        dialog = ConfirmDialog("Measure 40,000 endpoints?")

        async def sent(*pieces: str) -> None:
            for piece in pieces:
                send(app, piece)
                await pilot.pause()
                await until(pilot, lambda: app.dispatcher.idle)

        for place in range(3, len(text)):
            app.query_one(ResultTable).focus()
            # A rest that is only an Enter is one.
            await sent(text[:place], text[place:].rstrip("\n"))
            await until(pilot, lambda: entry.value == hosts)
            entry.value = ""
        app.push_screen(dialog)
        await until(pilot, lambda: app.screen is dialog)
        for place in range(3, len(text)):
            await sent(text[:place], text[place:])
            await until(pilot, lambda: entry.value == hosts)
            assert app.screen is dialog
            entry.value = ""
        dialog.dismiss(False)
        await until(pilot, lambda: app.screen is app.main)
        entry.focus()
        for typed, said in ((":22", "a b:22"), ("-9", "a b-9"), (",c", "a b,c"), ("c", "a b c")):
            app.post_message(Paste("a\nb\n"))
            await until(pilot, lambda: entry.value == "a b")
            await sent(typed)
            await until(pilot, lambda said=said: entry.value == said)
            entry.value = ""
        app.post_message(Paste("a\n"))
        app.post_message(Paste("b\n"))
        await until(pilot, lambda: entry.value == "a b")


@pytest.mark.parametrize(
    ("dialog", "answers"),
    [
        (lambda: ConfirmDialog("Measure it?"), {"y": True, "n": False, "enter": False}),
        (lambda: RoleDialog("What is web1?", {"": "auto", "l": "Linux"}), {"l": "l", "enter": ""}),
    ],
    ids=["yes or no", "role"],
)
def test_a_key_read_before_a_question_was_drawn_does_not_answer_it(dialog, answers):
    @drive()
    async def _(pilot, app):
        for key, answer in answers.items():
            said = []
            early = Key(key, "\r" if key == "enter" else key)
            asked = dialog()
            app.push_screen(asked, said.append)
            await until(pilot, lambda asked=asked: app.screen is asked)
            await pilot.pause()
            app.post_message(early)
            await pilot.pause()
            assert said == [] and app.screen is asked
            await pilot.press(key)
            assert said == [answer]


def test_a_question_that_a_stalled_terminal_has_not_taken_is_not_answered(monkeypatch):
    @drive()
    async def _(pilot, app):
        said, dialog = [], ConfirmDialog("Measure 40,000 endpoints?")
        with monkeypatch.context() as stalled:
            stalled.setattr(OutputQueue, "busy", True)
            app.push_screen(dialog, said.append)
            await until(pilot, lambda: app.screen is dialog)
            await pilot.press("y", "y")
            assert said == []
        await until(pilot, lambda: app.frame_is_out)
        while not said:
            await pilot.press("y")
        assert said == [True]


@pytest.mark.parametrize("wrong", ["", ", 10.0.0.999"], ids=["right", "wrong"])
def test_what_is_typed_while_a_line_is_planned_stays_in_the_line(closed, monkeypatch, wrong):
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        entry.value = typed = f"unix.target=127.0.0.1:{closed}{wrong}"
        read = app.controller.read

        async def slow(*words):
            found = await read(*words)
            entry.value += " query1"
            return found

        monkeypatch.setattr(app.controller, "read", slow)
        app.main._submit(typed)
        await until(pilot, lambda: len(rows(app)) == 1 and not app.main.measuring)
        left = "unix.target=10.0.0.999 query1" if wrong else "query1"
        assert entry.value == left and app.focused is entry


def test_a_huge_paste_is_refused_at_once_and_a_huge_line_is_all_there():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        pieces = [("host.example\r" * 10_000)[at : at + 4096] for at in range(0, 130_000, 4096)]
        send(app, *pieces)
        await until(pilot, lambda: "130,000 characters are too many" in notice(app))
        assert entry.value == ""
        line = ",".join(f"10.0.{at % 250}.7" for at in range(5_000))
        send(app, *(line[at : at + 4096] for at in range(0, len(line), 4096)))
        await until(pilot, lambda: entry.value == line)


def test_tab_completes_then_lists_then_goes_through_what_fits_and_stays_in_the_line():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        await pilot.press("tab")
        await until(pilot, lambda: "windows.target=" in notice(app))
        assert entry.value == ""
        await pilot.press(*"win", "tab")
        assert entry.value == "windows.target="
        app.main.say("")
        await pilot.press("tab")
        await until(pilot, lambda: "windows.target=  windows.dc=" in notice(app))
        assert entry.value == "windows.target="
        await pilot.press("tab")
        assert entry.value == "windows.dc="
        await pilot.press("tab")
        assert entry.value == "windows.target="
        await pilot.press("x", "tab", "q")
        await until(pilot, lambda: "A line is ROLE=HOST" in notice(app))
        assert entry.value == "windows.target=xq"
        entry.value = ""
        await pilot.press(*"zz", "tab", "tab")
        await until(pilot, lambda: "Nothing begins with 'zz'." in notice(app))
        assert entry.value == "zz" and app.focused is entry
        await pilot.press("shift+tab")
        assert app.focused is not entry


def test_a_paste_that_comes_before_the_screen_is_the_first_of_its_line(monkeypatch):
    async def early(app, event):
        if isinstance(event, Load):
            send(app, LIST[:9], LIST[9:])
        await before(app, event)

    before = AuditReach.on_event
    monkeypatch.setattr(AuditReach, "on_event", early)

    @drive()
    async def _(pilot, app):
        await until(pilot, lambda: app.query_one(HostInput).value == HOSTS)
        assert alone(app)


def test_a_key_waits_for_the_screen_that_the_one_before_it_prepares(opened, monkeypatch):
    monkeypatch.setattr(terminal_input, "TIMEOUT", 0.001)

    @opened()
    async def _(seat):
        main, ready, closed = seat.app.main, asyncio.Event(), []

        async def prepare() -> None:
            await ready.wait()
            await main.push(HelpDialog("Keys"))
            closed.append(True)

        def begin(_) -> None:
            main._run_before_next_key(prepare(), "prepared")

        monkeypatch.setattr(main, "action_do", begin)
        at = seat.table.cursor_line
        for key in ("d", "escape", "down"):
            seat.app.post_message(Key(key, None))
        for _ in range(20):
            await seat.pilot.pause(0.001)
        assert seat.table.cursor_line == at
        ready.set()
        await seat.until(lambda: closed and seat.table.cursor_line == at + 1)
