"""The screen: host line, tree, table and detail over one live or recorded session."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from probes.engine.model import Event, Finished, Message
from profiles.model import Profile
from tui.keys import KEYS
from tui.lean import LeanApp
from tui.panes import Panes
from tui.signs import ASCII, UNICODE
from tui.widgets.detail import Detail
from tui.widgets.entry import HostEntry
from tui.widgets.head import Head
from tui.widgets.keybar import KeyBar
from tui.widgets.outline import Outline
from tui.widgets.table import ResultTable

if TYPE_CHECKING:
    from tui.recorded import Recorded
    from tui.runner import Runner

REFRESH = 0.2
"""Seconds between two updates of the screen."""

_HINT = "Type hosts above and press Enter: windows.target=pc1 or snmp.device=10.0.0.0/28. F1 helps."


class AuditReach(LeanApp):
    """The application; `runner` measures, or `recorded` holds an old session to show."""

    CSS_PATH = "app.tcss"
    TITLE = "auditreach"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(
        self,
        profile: Profile,
        runner: Runner | None,
        *,
        recorded: Recorded | None = None,
        entries: Sequence[str] = (),
        start: bool = False,
        ascii: bool = False,
    ) -> None:
        super().__init__()
        self.profile = profile
        self.runner = runner
        self.recorded = recorded
        self._entries = entries
        self._at_once = start
        self._signs = ASCII if ascii else UNICODE
        self._measuring = False
        self._saving = True
        self._engine_up = asyncio.Event()

    def compose(self) -> ComposeResult:
        """Head, host line, tree, table, detail, filter line, notice, keys."""
        profile = self.profile
        yield Head(self._signs, f"{profile.name} {profile.version}")
        with Horizontal(id="entry-line"):
            yield Static("Hosts", id="entry-label")
            history = self.runner.history if self.runner else None
            if history is not None:
                yield HostEntry(profile, history)
            else:
                yield Static(self.recorded.where if self.recorded else "", markup=False)
        with Horizontal(id="body"):
            yield Outline(profile, self._signs)
            with Vertical(id="right"):
                yield ResultTable(hint=_HINT, ascii=self._signs.ascii)
                yield Detail(self._signs)
        with Horizontal(id="filter-line"):
            yield Static("/", id="filter-label")
            line = Input(id="filter")
            line.cursor_blink = False
            yield line
        yield Static(id="notice", markup=False)
        yield KeyBar(self._signs)

    def on_mount(self) -> None:
        """Show what there is; an old session touches no network."""
        self._panes = Panes(self.screen, self.profile, self._signs)
        if self.recorded is not None:
            self._open(self.recorded)
            self._panes.table.focus()
        elif self.runner is not None:
            self.query_one(HostEntry).focus()
            self.set_interval(REFRESH, self._drain)
            self.call_after_refresh(self._begin, self.runner)

    def _begin(self, runner: Runner) -> None:
        """After the first paint: start the engine, say where this is, fill in the hosts."""
        if self._entries:
            entry = self.query_one(HostEntry)
            entry.value = " ".join(self._entries)
            entry.cursor_position = len(entry.value)
        self.run_worker(self._start(runner), exclusive=False)

    async def _start(self, runner: Runner) -> None:
        self._panes.head.vantage(await runner.start())
        self._engine_up.set()
        if self._at_once and self._entries:
            self._submit(self.query_one(HostEntry).value)

    def _open(self, recorded: Recorded) -> None:
        self._panes.head.vantage(recorded.vantage)
        self._panes.head.state("old session", trouble=False)
        self._panes.add(recorded.jobs)
        self._apply((*recorded.results, *recorded.verdicts))
        if recorded.messages:
            self.say(" ".join(recorded.messages[:3]), trouble=True)

    def _drain(self) -> None:
        if self.runner is not None and (events := self.runner.drain()):
            self._apply(events)

    def _apply(self, events: Sequence[Event]) -> None:
        self._panes.apply(events)
        for event in events:
            if isinstance(event, Message):
                self._saving = self._saving and event.severity != "error"
                self.say(event.text, trouble=event.severity != "information")
            elif isinstance(event, Finished):
                self._measuring = False
                self._panes.table.resort()
        self._state()

    def _state(self) -> None:
        if self.runner is None:
            return
        if not self._saving or (self.runner.begun and not self.runner.log_path):
            self._panes.head.state("NOT SAVED", trouble=True)
        elif self._measuring:
            self._panes.head.state("measuring")
        elif self.runner.begun:
            self._panes.head.state("saved")

    def say(self, text: str, *, trouble: bool = False) -> None:
        """One or a few sentences above the keys, until Escape or the next ones."""
        self._panes.say(text, trouble=trouble)

    def on_result_table_row_highlighted(self, event: ResultTable.RowHighlighted) -> None:
        """The detail follows the cursor."""
        self._panes.tell(event.key, top=True)

    def on_result_table_row_selected(self) -> None:
        """Enter goes to the details."""
        self._panes.detail.focus()

    def on_outline_highlighted(self) -> None:
        """The table follows the tree."""
        self._panes.filter()

    def on_outline_included(self, event: Outline.Included) -> None:
        """Say what including or excluding means."""
        what = "is measured again" if event.included else "is left out of what is measured next"
        self.say(f"{event.node.title} {what}.")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the host line measures; in the filter line it goes to the table."""
        if event.input.id == "entry":
            self._submit(event.value)
        elif event.input.id == "filter":
            self._panes.table.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The filter works as it is typed."""
        if event.input.id == "filter":
            self._panes.words = event.value
            self._panes.filter()

    def _submit(self, text: str) -> None:
        if self.runner is not None and text.strip():
            self.run_worker(self._measure(self.runner, text), group="measure", exclusive=False)

    async def _measure(self, runner: Runner, text: str) -> None:
        from tui.screens.asking import confirmed

        await self._engine_up.wait()
        node = self._panes.outline.node
        role = node.filter.role if node.kind in ("role", "check") else ""
        entered = await runner.read(text, role)
        entry = self.query_one(HostEntry)
        if entered.targets:
            question = runner.question(entered.targets, self._panes.outline.included)
            if question and not await confirmed(self, question):
                return
            jobs, anew, trouble = runner.measure(entered.targets, self._panes.outline.included)
            if anew:
                self._panes.clear()
            self._measuring = True
            self._panes.add(jobs)
            self._saving = not trouble
            self._state()
            entry.history.add(text.strip())
            entry.forget_place()
            entry.value = ""
            self._panes.table.focus()
            self.say(trouble or runner.assumptions(jobs), trouble=bool(trouble))
        if entered.bad:
            # What was good is measured; what was not stays in the line to be corrected.
            self.say(entry.correct(entered.bad), trouble=True)

    def action_hosts(self) -> None:
        """Go to the host line."""
        if self.runner is not None:
            self.query_one(HostEntry).focus()

    def action_rerun_row(self) -> None:
        """Measure the selected row again."""
        key = self._panes.table.cursor_key
        if key is not None:
            self._again((key,), forced=True)

    def action_rerun_failures(self) -> None:
        """Measure everything again that is not well."""
        self._again(self._panes.failed)

    def action_rerun_all(self) -> None:
        """Measure everything again."""
        self._again(self._panes.keys)

    def _again(self, keys: Sequence[str], *, forced: bool = False) -> None:
        if self.runner is None:
            self.say("This is an old session; start auditreach with its hosts to measure again.")
        elif keys:
            jobs, trouble = self.runner.again(
                keys, self._panes.targets, self._panes.outline.included, forced=forced
            )
            if jobs:
                self._panes.clear()
                self._panes.add(jobs)
            self._measuring = True
            self._state()
            self.say(trouble, trouble=bool(trouble))

    def action_stop(self) -> None:
        """Stop; what was measured stays."""
        if self.runner is not None and self._measuring:
            self.runner.stop()
            self.say("Stopped. Rows measured so far keep their result; r and g measure again.")

    def action_failures(self) -> None:
        """Failures only, and everything again."""
        self.say(self._panes.toggle_failures())

    def action_filter(self) -> None:
        """Show rows with these words."""
        self.query_one("#filter-line").add_class("-shown")
        self.query_one("#filter", Input).focus()

    def action_tree(self) -> None:
        """Go to the tree."""
        self.screen.set_class(False, "-narrow")
        self._panes.outline.focus()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._panes.sort_by_next()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._panes.reverse()

    def action_step_back(self) -> None:
        """Leave a line or the details, take away the filter and the notice."""
        line = self.query_one("#filter-line")
        if line.has_class("-shown"):
            line.remove_class("-shown")
            self.query_one("#filter", Input).value = ""
        self.say("")
        self._panes.filter()
        self._panes.table.focus()

    def action_help(self) -> None:
        """Every key, in sentences."""
        from tui.help import HELP
        from tui.screens.dialog import Help

        self.push_screen(Help(HELP))

    def action_answers(self) -> None:
        """Answer the questions of the profile."""
        from tui.screens.asking import change_answers

        self._hold(change_answers(self, self.runner))

    def action_credentials(self) -> None:
        """Give credentials for SNMP and SSH."""
        from tui.screens.credentials import take_credentials

        self._hold(take_credentials(self, self.runner))

    def action_verdicts(self) -> None:
        """List what it means for each target, the worst first."""
        from tui.screens.verdicts import pronounced

        self._hold(pronounced(self, self._panes, self._signs))

    def action_diagnosis(self) -> None:
        """Say what is behind the failures, cause by cause."""
        from tui.screens.diagnosis import diagnosed

        self._hold(diagnosed(self, self._panes, self.runner or self.recorded, self._signs))

    def action_save(self) -> None:
        """Save a copy of the session log."""
        from tui.screens.asking import save_copy

        source = self.runner.log_path if self.runner else str(getattr(self.recorded, "path", ""))
        self._hold(save_copy(self, source))

    def action_copy_command(self) -> None:
        """Copy a command that confirms the selected row, again for the next one."""
        self._hold(self._panes.copying.command(self._panes.chosen))

    def action_copy_change(self) -> None:
        """Copy what to paste for the selected row's change, again for the next one."""
        self._hold(self._panes.copying.change(self._panes.chosen))

    def _hold(self, conversation: Coroutine[Any, Any, str]) -> None:
        """Hold a conversation over this screen, and say what came of it."""

        async def held() -> None:
            self.say(await conversation)

        self.run_worker(held(), group="conversation", exclusive=True)

    def action_leave(self) -> None:
        """Quit, after a question while rows are being measured."""
        if self._measuring:
            self.run_worker(self._leave(), group="leave", exclusive=True)
        else:
            self.exit(0)

    async def _leave(self) -> None:
        from tui.screens.asking import confirmed

        if await confirmed(self, "Rows are still being measured. Stop and quit?"):
            self.exit(0)
