"""Main screen of a session: host line, tree, table, details and the keys of commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import (
    Callable,
    Collection,
    Coroutine,
    Mapping,
    Sequence,
)
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import DescendantFocus, ScreenResume
from textual.geometry import Region
from textual.message import Message
from textual.reactive import Reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

from probes import model
from probes.model import EarlierResult, Event, Finished
from profiles.model import Profile
from tui import screens
from tui.controller import DemoFailed
from tui.models.command import Command
from tui.models.rows import WORST_FIRST, Rows
from tui.models.run_clock import RunClock, time_of_day
from tui.screens.bindings import bindings
from tui.screens.layout import PaneLayout
from tui.screens.main_panes import Panes
from tui.storage.preferences import Preferences
from tui.terminal.app_base import TerminalApp
from tui.terminal.gc_control import PeriodicCollector
from tui.text.status import Glyphs
from tui.widgets.container import Box, blank_lines
from tui.widgets.detail import Detail
from tui.widgets.footer import Breadcrumbs, KeyBar
from tui.widgets.header import Header
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

if TYPE_CHECKING:
    from probes.session import Session
    from tui.controller import Controller
    from tui.models.loaded_session import LoadedSession
    from tui.screens.context import Context
    from tui.sessions.replay import Replay
    from tui.watch.watcher import Watcher
    from tui.widgets.filter_input import FilterLine

T = TypeVar("T")


REFRESH = 0.2
"""Seconds between two updates of the screen."""
SLOW_REFRESH = 1.0
"""The same over a slow link: what changes twice in it is sent once."""
_POLL_INTERVAL = 0.02
"""Seconds between two looks for an event of the engine: they come in batches."""
_MAX_POLLS = 25
KEY_DELAY = 0.06
"""Seconds by which an update gives way to a key, whose frame would be drawn after it."""

_HINT = "Type hosts above and press Enter: windows.target=pc1 or snmp.device=10.0.0.0/28. F1 helps."


class SessionScreen(Screen[object]):
    """One session: `controller` measures it, or `recorded` holds an old one.

    Its keys are those of a class made by `make_screen_class`.
    """

    class SessionBegun(Message):
        """A session with an old one's rows is to begin, of which those with `keys` are measured."""

        def __init__(self, session: Session, keys: Collection[str]) -> None:
            super().__init__()
            self.session = session
            self.keys = keys

    AUTO_FOCUS = ""
    kiosk: bool
    """True if its users may reach nothing but this program."""
    all_commands: Mapping[str, Command]
    """Every command by its id."""
    commands: tuple[Command, ...]
    """Every command that can be given here, with its keys."""

    # The panes draw their focus themselves; Textual would draw the whole screen again for it.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(
        self,
        profile: Profile,
        glyphs: Glyphs,
        controller: Controller | None,
        recorded: LoadedSession | None = None,
        *,
        measurer: Controller | None = None,
        entries: Sequence[str] = (),
        start: bool = False,
        refresh: float = REFRESH,
        replay: float | None = None,
        earlier: tuple[Session, Collection[str]] | None = None,
        preferences: Preferences,
    ) -> None:
        """`measurer` measures an old session again, on another screen.

        `earlier` is a session to begin with, and the keys of its rows to measure.
        """
        super().__init__()
        self._preferences = preferences
        self.profile = profile
        self.glyphs = glyphs
        self.controller = controller
        self.recorded = recorded
        self.measurer = measurer
        self._clock = RunClock()
        self._measuring = False
        self.pane_layout: PaneLayout
        self.panes: Panes
        """Only after mounting."""
        self.replay: Replay | None = None
        """Replay of the old session; None where its end is shown."""
        self._replay_speed = replay
        self._entries = entries
        self._start_at_once = start
        self._earlier = earlier
        self._refresh_interval = refresh
        self._collector = PeriodicCollector()
        self._resumed_before = False
        self._deferred = False
        self.engine_started = asyncio.Event()

    @property
    def measuring(self) -> bool:
        """True while rows wait or are in flight."""
        return self._measuring

    @measuring.setter
    def measuring(self, measuring: bool) -> None:
        self._measuring = measuring
        self._clock.set_running(measuring, time.time())

    @cached_property
    def _keys(self) -> KeyBar:
        return KeyBar(self.glyphs, self.commands)

    @property
    def host(self) -> TerminalApp:
        """The application this screen is shown by."""
        assert isinstance(self.app, TerminalApp)
        return self.app

    @property
    def log_path(self) -> str:
        """Path of the session log; empty where there is none."""
        if self.controller is not None:
            return self.controller.log_path
        return "" if self.recorded is None else str(self.recorded.path)

    @cached_property
    def watcher(self) -> Watcher:
        """Watcher of this screen, from the first event on."""
        return screens.Watcher(self)

    @cached_property
    def filter_line(self) -> FilterLine:
        """The line of the filter, hidden until it is typed in."""
        return screens.FilterLine(self.glyphs, self._keys)

    def compose(self) -> ComposeResult:
        """Header, host line, tree, table, detail, notice, keys; later the filter line."""
        profile = self.profile
        self.pane_layout = PaneLayout(self, self._preferences, rows=self.recorded is not None)
        self.update_classes(self.host.breakpoints(), update=False)
        yield Header(self.glyphs, f"{profile.name} {profile.version}")
        with Box(id="entry-line"):
            yield Static("Hosts", id="entry-label", markup=False)
            history = self.controller.history if self.controller else None
            if history is not None:
                yield HostInput(profile, history, lambda text: screens.pasted_line(text, profile))
            else:
                yield Static(
                    self.recorded.description if self.recorded else "", id="where", markup=False
                )
        with Box(id="body"):
            yield ProfileTree(profile, self.glyphs)
            with Box(id="right"):
                yield ResultTable(
                    Rows(order=WORST_FIRST),
                    hint=_HINT,
                    ascii=self.glyphs.ascii,
                    roles={role.id: role.title for role in profile.roles},
                    last_key=lambda: self.host.last_key_at,
                )
                yield Detail(self.glyphs)
        yield Static(id="notice", markup=False)
        yield Breadcrumbs(self.glyphs)
        yield self._keys

    async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
        """Mount none of Textual's own: nothing here has a tooltip, and what is said is a notice."""
        own = [one for one in widgets if not (one.id or "").startswith("textual-")]
        await super().mount_composed_widgets(own)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Background behind the panes."""
        return blank_lines(self, crop)

    def on_mount(self) -> None:
        """Show what there is; an old session touches no network."""
        self.panes = Panes(
            self,
            self.profile,
            self.glyphs,
            self.commands,
            self.pane_layout,
            filter_line=lambda: self.filter_line,
            history=lambda key: self.watcher.history.of(key),
        )
        self.panes.show_order()
        self.call_after_refresh(lambda: self.mount(self.filter_line, before=self._keys))
        if self.recorded is not None:
            self._open_recorded(self.recorded)
            self.panes.layout.focus()
        elif self.controller is not None:
            self.panes.header.set_vantage(self.controller.initial_vantage)
            # At once: the first frame shows where the focus is.
            self.set_focus(self.query_one(HostInput))
            self.panes.update_breadcrumbs()
            self.set_interval(self._refresh_interval, self.drain)
            self.call_after_refresh(self._begin, self.controller)
        if self._preferences.trouble:
            self.say(self._preferences.trouble, trouble=True)
        self.host.dispatcher.resume()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Styles are as they were composed; Textual would apply each of them again."""
        event.refresh_styles = event.refresh_styles and self._resumed_before
        self._resumed_before = True

    def action_do(self, id: str) -> None:
        """Do a command, and say what came of it."""
        command = self.all_commands[id]
        if command not in self.commands:
            self.say(f"{command.word} is switched off here: this program runs as a kiosk.")
            return
        context: Context = self
        outcome = command.run(context)
        if isinstance(outcome, Coroutine):
            self._run_before_next_key(self._show_outcome(outcome), "conversation", exclusive=True)
        elif outcome is not None:
            self.say(outcome)

    def _run_before_next_key(
        self, work: Coroutine[Any, Any, None], group: str, *, exclusive: bool = False
    ) -> None:
        """Begin some work, and take the next key when it is over."""
        self.host.dispatcher.wait_for(self.run_worker(work, group=group, exclusive=exclusive))

    def show_until(self, done: Callable[[], bool]) -> None:
        """Show what the engine reports until `done`, before the next key is taken."""
        self._run_before_next_key(self._drain_until(done), "engine")

    async def _drain_until(self, done: Callable[[], bool]) -> None:
        for _ in range(_MAX_POLLS):
            await asyncio.sleep(_POLL_INTERVAL)
            self.drain()
            if done():
                return

    async def push(self, screen: Screen[T]) -> T | None:
        """Show a screen over this one until it closes; returns its result."""
        return await self.host.push_screen_wait(screen)

    async def _show_outcome(self, conversation: Coroutine[Any, Any, str]) -> None:
        self.say(await conversation)

    def say(self, text: str, *, trouble: bool = False) -> None:
        """One or a few sentences above the keys, until Escape or the next ones."""
        self.panes.status_line.say(text, trouble=trouble)

    def show_replay(self, events: Sequence[Event], state: str) -> None:
        """Show what a replay says happened, and how far it is."""
        self._apply(events)
        self.panes.header.set_state(state)

    def show_session(self, recorded: LoadedSession, *, replay: float | None = None) -> None:
        """Open an old session over this one, or play it so many times as fast."""
        self.host.push_screen(
            make_screen_class(self.commands, kiosk=self.kiosk)(
                self.profile,
                self.glyphs,
                None,
                recorded,
                measurer=self.controller or self.measurer,
                replay=replay,
                preferences=self._preferences,
            )
        )

    @property
    def is_overlay(self) -> bool:
        """True if it was opened over another session's screen."""
        return self.recorded is not None and self.host.screen_stack[0] is not self

    def bell(self) -> None:
        """Ring the terminal's bell."""
        self.host.bell()

    def go_to(self, key: str) -> None:
        """Move to a row, in sight or not."""
        if not self.panes.table.select(key):
            self.action_do("back")
            self.panes.reveal(key)
            self.panes.table.select(key)
        self.panes.table.focus()

    def go_to_hosts(self) -> None:
        """Focus the host line, if there is one."""
        if self.controller is not None:
            self.query_one(HostInput).focus()

    def put_hosts(self, text: str) -> None:
        """Put hosts into the host line, to be looked at before they are measured."""
        if self.controller is not None:
            entry = self.query_one(HostInput)
            entry.value = text
            entry.cursor_position = len(text)
            entry.focus()

    def take_paste(self, text: str, *, continues: bool) -> None:
        """Put a paste that no line has asked for into the host line, behind what stands there.

        One that `continues` may go on in the middle of a word.
        """
        if self.controller is None:
            self.say("What was pasted is taken for hosts, and an old session tests none.")
            return
        self.query_one(HostInput).append_pasted(text, continues=continues)
        if self.host.screen is self:
            self.go_to_hosts()

    def opens_line(self, text: str) -> bool:
        """True if a burst is surely the key of the filter or of the host line, and what follows."""
        key, rest = text[:1], text[1:]
        if key == "/":
            return bool(rest) and "slash" in self.all_commands["filter"].keys.split(",")
        roles = tuple(f"{role.id}=" for role in self.profile.roles)
        return rest.startswith(roles) and key in self.all_commands["hosts"].keys.split(",")

    def _begin(self, controller: Controller) -> None:
        """After the first paint: start the engine, say where this is, fill in the hosts."""
        if self._entries:
            lines = [screens.pasted_line(entry, self.profile) for entry in self._entries]
            self.put_hosts(" ".join(filter(None, (line.text for line in lines))))
            notices = [notice for line in lines for notice in line.notices]
            if notices:
                self.say(" ".join(notices), trouble=True)
        self.run_worker(self._start(controller), exclusive=False)

    async def _start(self, controller: Controller) -> None:
        try:
            self.panes.header.set_vantage(await controller.start())
        except DemoFailed as error:
            self.say(str(error), trouble=True)
            return
        self.engine_started.set()
        if self._earlier is not None:
            await self.measure_earlier(*self._earlier)
        elif self._start_at_once and self._entries:
            self._submit(self.query_one(HostInput).value)

    def _open_recorded(self, recorded: LoadedSession) -> None:
        self.panes.header.set_vantage(recorded.vantage)
        self.panes.header.set_state("old session", trouble=False)
        self.panes.add(recorded.jobs)
        self.panes.same_cause.clear(recorded.findings)
        if self._replay_speed is not None:
            self.replay = screens.Replay(self, recorded, self._replay_speed)
            self.run_worker(self.replay.start(), exclusive=False)
        else:
            self._apply((*recorded.results, *recorded.verdicts))
            self.panes.resort()
            self.run_worker(self._recall(recorded), exclusive=False)
        if recorded.messages:
            self.say(" ".join(recorded.messages[:3]), trouble=True)

    async def _recall(self, recorded: LoadedSession) -> None:
        """Read the rounds of every row, off the loop: there may be thousands."""
        await screens.recall_history(self, recorded)
        self.panes.show_detail(self.panes.table.cursor_key, top=False)

    def drain(self) -> None:
        """Show what has happened since the last call, a moment later if a key was just pressed."""
        self._deferred = not self._deferred and time.monotonic() - self.host.last_key_at < KEY_DELAY
        if self._deferred:
            self.set_timer(KEY_DELAY, self.drain)
        elif self.controller is not None:
            if events := self.controller.drain():
                self._apply(events)
            elif self.measuring:
                self._show_clock(self.controller)

    def _apply(self, events: Sequence[Event]) -> None:
        # A row that came along from an earlier session is shown as one of this, and says so.
        events = [
            screens.earlier_row(event.result) if isinstance(event, EarlierResult) else event
            for event in events
        ]
        for event in events:
            if isinstance(event, model.Message):
                self.say(event.text, trouble=event.severity != "information")
            elif isinstance(event, Finished):
                self.measuring = False
        self.show_events(self.watcher.filter_events(events))
        self.show_state()
        self._collector.add_events(len(events))

    def show_events(self, events: Sequence[Event]) -> None:
        """Show in every pane what happened."""
        self.panes.apply(events)
        if any(isinstance(event, Finished) for event in events):
            self.panes.resort()

    def reset(self) -> None:
        """Another session begins on this screen."""
        self.panes.clear()
        self.watcher.reset()

    def show_state(self) -> None:
        """Say at the top what is going on and whether it is kept, and which keys are next."""
        self._show_stage()
        if self.controller is None:
            return
        header = self.panes.header
        header.set_watch(self.watcher.state, frozen=self.watcher.frozen)
        if self.controller.has_session and not self.controller.is_saved:
            header.set_state("NOT SAVED", trouble=True)
        elif self.measuring or self.controller.has_session:
            header.set_state("testing" if self.measuring else "saved")
        self._show_clock(self.controller)

    def _show_stage(self) -> None:
        if self.recorded is not None:
            self._keys.set_stage("old")
        elif self.measuring:
            self._keys.set_stage("measuring")
        else:
            self._keys.set_stage("measured" if len(self.panes.table.rows) else "empty")

    def _show_clock(self, controller: Controller) -> None:
        """Say how long the run takes, and when it will be over at the latest."""
        if self.watcher.frozen:
            return
        now = time.time()
        latest = controller.latest_end if self.measuring else None
        self.panes.header.set_clock(
            self._clock.elapsed_text(now),
            ended=self._clock.ended_text,
            # A process that was suspended is told another time a moment later.
            latest=time_of_day(latest) if latest is not None and latest > now else "",
        )

    def on_result_table_row_highlighted(self, event: ResultTable.RowHighlighted) -> None:
        """The detail follows the cursor."""
        self.panes.show_detail(event.key, top=True)

    def on_result_table_settled(self) -> None:
        """The selected row is another one of so many."""
        self.panes.update_breadcrumbs()

    def on_result_table_sorted(self) -> None:
        """Say how the rows are sorted."""
        self.panes.show_order()

    def on_result_table_row_selected(self) -> None:
        """Enter goes to the details."""
        self.panes.detail.focus()

    def on_profile_tree_highlighted(self) -> None:
        """The table follows the tree."""
        self.panes.follow_tree()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The pane in front is the one with the focus."""
        self.panes.follow(event.widget)

    def on_profile_tree_included(self, event: ProfileTree.Included) -> None:
        """Say what including or excluding means."""
        what = "is tested again" if event.included else "is left out of the next tests"
        self.say(f"{event.node.title} {what}.")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the host line measures."""
        self._submit(event.value)

    def on_host_input_noticed(self, event: HostInput.Noticed) -> None:
        """Say what a paste has put into the line and what not, or what may be typed there."""
        self.say(event.text, trouble=event.trouble)

    def on_filter_line_changed(self, event: FilterLine.Changed) -> None:
        """The filter works as it is typed; Enter goes to the table."""
        self.panes.set_query(event.text)
        if event.done:
            self.panes.status_line.close_filter(forget=False)
            self.panes.table.focus()
            self.say(self.panes.filter_text)

    def _submit(self, text: str) -> None:
        if self.controller is not None and text.strip():
            entry = self.query_one(HostInput)
            conversation = screens.measure_line(self, self.controller, entry, text)
            self._run_before_next_key(conversation, "measure")

    def begin_session(self, session: Session, keys: Collection[str]) -> None:
        """Begin a session with an old one's rows, of which those with `keys` are measured."""
        self.post_message(self.SessionBegun(session, keys))

    async def measure_earlier(self, session: Session, keys: Collection[str]) -> None:
        """Begin a session with the rows of an earlier one; measure those with `keys`."""
        await self.engine_started.wait()
        controller, panes = self.controller, self.panes
        assert controller is not None
        self.watcher.end()
        if self.measuring:
            # What the running session still reports must not count as the new one's.
            controller.stop()
            await self._drain_until(lambda: not self.measuring)
        rerun, trouble = await asyncio.to_thread(controller.measure_earlier, session, keys)
        if not rerun.planned:
            self.say("The profile has no check for a host of this session.", trouble=True)
            return
        self.reset()
        panes.add(rerun.planned)
        panes.show_all()
        self.watcher.recall(rerun.recalled)
        self.measuring = bool(rerun.jobs)
        self.show_state()
        if keys:
            panes.table.focus()
        else:
            self.go_to_hosts()
        said = trouble or " ".join((*rerun.notices, controller.assumptions(rerun.jobs)))
        self.say(said, trouble=bool(trouble or rerun.notices))

    def measure_again(
        self, keys: Sequence[str], *, forced: bool = False, quiet: bool = False, notice: str = ""
    ) -> str | None:
        """Measure rows again, `forced` ones even if not needed; returns why not, if so.

        A `quiet` round of a watch takes no notice away.
        """
        if self.controller is None or not keys:
            return None
        panes = self.panes
        jobs, trouble = self.controller.measure_again(
            keys, panes.targets, panes.tree.included, forced=forced
        )
        shown = ""
        if jobs:
            self.reset()
            shown = panes.add(jobs)
        elif forced:
            shown = panes.show_measured(keys)
        elif not quiet:
            shown = panes.hidden_text(keys)
        self.measuring = True
        self.show_state()
        if trouble or shown or not quiet:
            said = " ".join(filter(None, (trouble or notice, shown)))
            self.say(said, trouble=bool(trouble))
        return None


def make_screen_class(commands: Sequence[Command], *, kiosk: bool = False) -> type[SessionScreen]:
    """The screen of a session with commands on their keys; a kiosk offers not all of them."""
    offered = tuple(one for one in commands if not (kiosk and one.outside))

    class KeyedScreen(SessionScreen):
        # Textual takes the keys of a screen from its class.
        BINDINGS: ClassVar[list[BindingType]] = list(bindings(commands, offered))

    KeyedScreen.kiosk = kiosk
    KeyedScreen.all_commands = {one.id: one for one in commands}
    KeyedScreen.commands = offered
    return KeyedScreen
