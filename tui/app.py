"""The screen: host line, tree, table and detail over one live or recorded session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from probes.engine.model import Event, Finished, Job, Message, Result, Status, Target
from profiles.model import Profile
from tui.filter import Filter
from tui.keys import KEYS
from tui.lean import LeanApp
from tui.rows import Column
from tui.signs import ASCII, UNICODE
from tui.story import story
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

_COLUMNS: tuple[Column | None, ...] = (None, "status", "host", "check", "latency", "note")
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
        self.HORIZONTAL_BREAKPOINTS = [
            (0, "-narrow"),
            (60, "-usual"),
            (100, "-roomy"),
            (140, "-wide"),
        ]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]
        self.profile = profile
        self.runner = runner
        self.recorded = recorded
        self._entries = entries
        self._at_once = start
        self._signs = ASCII if ascii else UNICODE
        self._failures = False
        self._words = ""
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
        self._table = self.query_one(ResultTable)
        self._outline = self.query_one(Outline)
        self._head = self.query_one(Head)
        if self.recorded is not None:
            self._open(self.recorded)
            self._table.focus()
        elif self.runner is not None:
            self.query_one(HostEntry).focus()
            self.set_interval(REFRESH, self._drain)
            self.call_after_refresh(self._begin, self.runner)

    # What happens

    def _begin(self, runner: Runner) -> None:
        """After the first paint: start the engine, say where this is, fill in the hosts."""
        if self._entries:
            entry = self.query_one(HostEntry)
            entry.value = " ".join(self._entries)
            entry.cursor_position = len(entry.value)
        self.run_worker(self._start(runner), exclusive=False)

    async def _start(self, runner: Runner) -> None:
        self._head.vantage(await runner.start())
        self._engine_up.set()
        if self._at_once and self._entries:
            self._submit(self.query_one(HostEntry).value)

    def _open(self, recorded: Recorded) -> None:
        self._head.vantage(recorded.vantage)
        self._head.state("old session", trouble=False)
        self._take(recorded.jobs)
        self._apply(recorded.results)
        if recorded.messages:
            self.say(" ".join(recorded.messages[:3]), trouble=True)

    def _drain(self) -> None:
        if self.runner is not None:
            events = self.runner.drain()
            if events:
                self._apply(events)

    def _take(self, jobs: Iterable[Job]) -> None:
        jobs = tuple(jobs)
        self._table.add(jobs)
        self._outline.add(jobs)
        self._head.counts(self._table.rows.counts)

    def _apply(self, events: Sequence[Event]) -> None:
        self._table.apply(events)
        self._outline.apply(events)
        self._head.counts(self._table.rows.counts)
        shown = self._table.cursor_key
        for event in events:
            if isinstance(event, Message):
                self._saving = self._saving and event.severity != "error"
                self.say(event.text, trouble=event.severity != "information")
            elif isinstance(event, Finished):
                self._measuring = False
                self._table.resort()
            elif isinstance(event, Result) and event.job.key == shown:
                self._tell(shown, top=False)
        self._state()

    def _state(self) -> None:
        if self.runner is None:
            return
        if not self._saving or (self.runner.begun and not self.runner.log_path):
            self._head.state("NOT SAVED", trouble=True)
        elif self._measuring:
            self._head.state("measuring")
        elif self.runner.begun:
            self._head.state("saved")

    def say(self, text: str, *, trouble: bool = False) -> None:
        """One or a few sentences above the keys, until Escape or the next ones."""
        notice = self.query_one("#notice", Static)
        notice.update(self._signs.clean(text))
        notice.set_class(bool(text), "-shown")
        notice.set_class(trouble, "-trouble")

    def _tell(self, key: str | None, *, top: bool) -> None:
        rows = self._table.rows
        job = None if key is None else rows.job_of(key)
        if key is None or job is None:
            self.query_one(Detail).show((), top=True)
            return
        told = story(job, rows.result(key), self.profile)
        self.query_one(Detail).show(told, top=top)

    def on_result_table_row_highlighted(self, event: ResultTable.RowHighlighted) -> None:
        """The detail follows the cursor."""
        self._tell(event.key, top=True)

    def on_result_table_row_selected(self) -> None:
        """Enter goes to the details."""
        self.query_one(Detail).focus()

    def on_outline_highlighted(self) -> None:
        """The table follows the tree."""
        self._filter()

    def on_outline_included(self, event: Outline.Included) -> None:
        """Say what including or excluding means."""
        what = "is measured again" if event.included else "is left out of what is measured next"
        self.say(f"{event.node.title} {what}.")

    # Hosts

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the host line measures; in the filter line it goes to the table."""
        if event.input.id == "entry":
            self._submit(event.value)
        elif event.input.id == "filter":
            self._table.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The filter works as it is typed."""
        if event.input.id == "filter":
            self._words = event.value
            self._filter()

    def _submit(self, text: str) -> None:
        if self.runner is not None and text.strip():
            self.run_worker(self._measure(self.runner, text), group="measure", exclusive=False)

    async def _measure(self, runner: Runner, text: str) -> None:
        await self._engine_up.wait()
        node = self._outline.node
        role = node.filter.role if node.kind in ("role", "check") else ""
        entered = await runner.read(text, role)
        entry = self.query_one(HostEntry)
        if entered.targets:
            question = runner.question(entered.targets, self._outline.included)
            if question and not await self._confirmed(question):
                return
            jobs, anew, trouble = runner.measure(entered.targets, self._outline.included)
            if anew:
                self._table.clear()
                self._outline.clear()
            self._measuring = True
            self._take(jobs)
            self._saving = not trouble
            self._state()
            entry.history.add(text.strip())
            entry.forget_place()
            entry.value = ""
            self._table.focus()
            self.say(trouble or runner.assumptions(jobs), trouble=bool(trouble))
        if entered.bad:
            # What was good is measured; what was not stays in the line to be corrected.
            entry.value = ", ".join(bad.retype for bad in entered.bad[:20])
            entry.focus()
            sentences = " ".join(str(bad) for bad in entered.bad[:3])
            more = len(entered.bad) - 3
            self.say(f"{sentences} And {more} more." if more > 0 else sentences, trouble=True)

    async def _confirmed(self, question: str) -> bool:
        from tui.screens.dialog import Confirm

        said = await self.push_screen_wait(Confirm(question))
        return bool(said)

    def action_hosts(self) -> None:
        """Go to the host line."""
        if self.runner is not None:
            self.query_one(HostEntry).focus()

    # Measuring again

    def action_rerun_row(self) -> None:
        """Measure the selected row again."""
        key = self._table.cursor_key
        if key is not None:
            self._again((key,), forced=True)

    def action_rerun_failures(self) -> None:
        """Measure everything again that is not well."""
        rows = self._table.rows
        fine = (Status.OK, Status.NOT_NEEDED)
        self._again([rows.job(row).key for row in range(len(rows)) if rows.status(row) not in fine])

    def action_rerun_all(self) -> None:
        """Measure everything again."""
        rows = self._table.rows
        self._again([rows.job(row).key for row in range(len(rows))])

    def _again(self, keys: Sequence[str], *, forced: bool = False) -> None:
        if self.runner is None:
            self.say("This is an old session; start auditreach with its hosts to measure again.")
        elif keys:
            jobs, trouble = self.runner.again(
                keys, self._targets(), self._outline.included, forced=forced
            )
            if jobs:
                self._table.clear()
                self._outline.clear()
                self._take(jobs)
            self._measuring = True
            self._state()
            self.say(trouble, trouble=bool(trouble))

    def _targets(self) -> tuple[Target, ...]:
        rows = self._table.rows
        return tuple(dict.fromkeys(rows.job(row).target for row in range(len(rows))))

    def action_stop(self) -> None:
        """Stop; what was measured stays."""
        if self.runner is not None and self._measuring:
            self.runner.stop()
            self.say("Stopped. Rows measured so far keep their result; r and g measure again.")

    # Looking

    def action_failures(self) -> None:
        """Failures only, and everything again."""
        self._failures = not self._failures
        self._filter()
        self.say("Showing failures only; f shows everything again." if self._failures else "")

    def action_filter(self) -> None:
        """Show rows with these words."""
        self.query_one("#filter-line").add_class("-shown")
        self.query_one("#filter", Input).focus()

    def action_tree(self) -> None:
        """Go to the tree."""
        self.screen.set_class(False, "-narrow")
        self._outline.focus()

    def action_sort(self) -> None:
        """Sort by the next column."""
        order = self._table.rows.order
        at = _COLUMNS.index(order[0] if order else None)
        self._table.sort(_COLUMNS[(at + 1) % len(_COLUMNS)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        order = self._table.rows.order
        if order is not None:
            self._table.sort(order[0], not order[1])

    def action_step_back(self) -> None:
        """Leave a line or the details, take away the filter and the notice."""
        line = self.query_one("#filter-line")
        if line.has_class("-shown"):
            line.remove_class("-shown")
            self.query_one("#filter", Input).value = ""
        self.say("")
        self._table.focus()

    def _filter(self) -> None:
        where = self._outline.node.filter
        self._table.show(
            Filter(where.category, where.role, where.check, "", self._failures, self._words)
        )

    def action_redraw(self) -> None:
        """Draw everything again, after something else wrote on this terminal."""
        self.redraw()

    def action_help(self) -> None:
        """Every key, in sentences."""
        from tui.help import HELP
        from tui.screens.dialog import Help

        self.push_screen(Help(HELP))

    # Answers, saving, leaving

    def action_answers(self) -> None:
        """Answer the questions of the profile."""
        runner = self.runner
        if runner is None:
            self.say("The answers of an old session cannot be changed.")
            return

        from tui.screens.dialog import Questions

        def answered(answers: Mapping[str, str] | None) -> None:
            if answers is not None and runner.answer(answers) and len(self._table.rows):
                self.say("Other answers make another session: press g to measure again.")

        self.push_screen(Questions(self.profile.questions, runner.answers), answered)

    def action_credentials(self) -> None:
        """Give credentials for SNMP and SSH."""
        if self.runner is None:
            self.say("An old session measures nothing, so it needs no credentials.")
        else:
            self.run_worker(self._credentials(self.runner), group="credentials", exclusive=True)

    async def _credentials(self, runner: Runner) -> None:
        from tui.screens.credentials import take_credentials

        self.say(await take_credentials(self, runner))

    def action_save(self) -> None:
        """Save a copy of the session log."""
        self.run_worker(self._save(), group="save", exclusive=True)

    async def _save(self) -> None:
        source = self.runner.log_path if self.runner else str(getattr(self.recorded, "path", ""))
        if not source:
            self.say("There is no session log to copy yet.")
            return
        from probes.engine.session import SessionError
        from tui.screens.save import save_copy

        try:
            self.say(await save_copy(self, Path(source)))
        except SessionError as error:
            self.say(str(error), trouble=True)

    def action_leave(self) -> None:
        """Quit, after a question while rows are being measured."""
        if self._measuring:
            self.run_worker(self._leave(), group="leave", exclusive=True)
        else:
            self.exit(0)

    async def _leave(self) -> None:
        if await self._confirmed("Rows are still being measured. Stop and quit?"):
            self.exit(0)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action by name, for the command palette."""
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and binding.action != "step_back":
                action = getattr(self, f"action_{binding.action}")
                about = (action.__doc__ or "").strip()
                yield SystemCommand(binding.description, about, action)
        yield SystemCommand("Theme", "Choose other colours.", self.action_change_theme)
