"""Screen controller: starts, extends and ends a session, the demo too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from probes.model import DEMO, Event, Job, Settings, Target
from profiles.model import Profile
from tui.cli import prepare
from tui.storage.host_history import HostHistory

if TYPE_CHECKING:
    from probes.lab.address_map import AddressMap
    from probes.lab.process import LabProcess
    from probes.options import Options
    from probes.targets import ParseResult
    from tui.engine_session import Live


class DemoFailed(Exception):
    """The demo's servers could not be started; the text is one sentence."""


class Runner:
    """What the screen does with the network; before `start` there is no engine, only answers."""

    def __init__(
        self,
        profile: Profile,
        answers: Mapping[str, str],
        settings: Settings,
        *,
        log: Path | None = None,
        unasked: bool = False,
        history: HostHistory | None = None,
        given: Options | None = None,
        demo: Demo | None = None,
        files: bool = True,
    ) -> None:
        """Without `files` an @ in the host line names none."""
        self.profile = profile
        self.answers: dict[str, str] = dict(answers)
        self.history = history or HostHistory(None)
        self._settings = settings
        self._log = log
        self._unasked = unasked
        self._given = given
        self._demo = demo
        self._files = files
        self._live: Live | None = None
        self.lost = ""
        """Why the log is not complete; known after `close`."""

    @property
    def where(self) -> str:
        """What is known, before `start`, of where this measures; empty where nothing is."""
        return "" if self._demo is None else DEMO

    @property
    def given(self) -> Options | None:
        """Credentials and trust for the probes, if there are any."""
        return self._given

    @property
    def live(self) -> Live:
        """The engine's session; only after `start`."""
        assert self._live is not None
        return self._live

    @property
    def begun(self) -> bool:
        """Whether anything has been measured."""
        return self._live is not None and self._live.begun is not None

    @property
    def log_path(self) -> str:
        """Where this session is being saved; empty while it is not."""
        return self._live.log_path if self._live is not None else ""

    async def start(self) -> str:
        """Make the engine, off this loop; returns this host and its address for the head.

        Raises DemoFailed where the servers of a demo cannot be had.
        """
        self._live = await asyncio.to_thread(self._make)
        info = await asyncio.to_thread(self._live.info)
        return info.label

    async def read(self, text: str, role: str) -> ParseResult:
        """The targets in a line; plain hosts take `role`. Looks domains up, off this loop."""
        return await asyncio.to_thread(self.live.read, text, role)

    def question(self, targets: Sequence[Target], included: frozenset[str]) -> str:
        """What to ask before measuring these, if they are many and that is not settled."""
        return "" if self._unasked else self.live.question(targets, included)

    def measure(
        self, targets: Sequence[Target], included: frozenset[str]
    ) -> tuple[tuple[Job, ...], bool, str]:
        """Measure targets; the rows, whether a new session began, why it is not saved."""
        anew = self.live.begun is not None and self.live.begun != self.answers
        jobs, trouble = self.live.measure(targets, included, self.answers)
        return jobs, anew, trouble

    def again(
        self,
        keys: Sequence[str],
        targets: Sequence[Target],
        included: frozenset[str],
        *,
        forced: bool,
    ) -> tuple[tuple[Job, ...], str]:
        """Measure rows again; after other answers all of them, as a new session's rows."""
        if self.live.begun != self.answers:
            return self.live.measure(targets, included, self.answers)
        self.live.rerun(keys, forced=forced)
        return (), ""

    def remove(self, targets: Sequence[Target]) -> None:
        """Leave targets out of what is measured and counted; their rows stay in the log."""
        self.live.remove(targets)

    def restore(self, targets: Sequence[Target]) -> None:
        """Take removed targets in again, with the results they had."""
        self.live.restore(targets)

    def stop(self) -> None:
        """End what is queued and in flight."""
        self.live.stop()

    def drain(self) -> list[Event]:
        """What has happened since the last call."""
        return self._live.drain() if self._live is not None else []

    def answer(self, answers: Mapping[str, str]) -> bool:
        """Take other answers; whether they differ from those of the running session."""
        self.answers = dict(answers)
        return self.begun and self.live.begun != self.answers

    def use(self, given: Options) -> None:
        """Give the probes other credentials for what is measured from now on."""
        self._given = given
        if self._live is not None:
            self._live.use(given)

    def remark(self, text: str) -> str:
        """Write a sentence of the operator's into the session log; returns what went wrong."""
        return self.live.remark(text)

    def assumptions(self, jobs: Sequence[Job]) -> str:
        """The answers these rows rest on, as a sentence; empty where none matters."""
        asked = {when.question for job in jobs for when in job.check.when}
        said = {name: value for name, value in self.answers.items() if name in asked}
        return f"Assuming {prepare.answers_text(said)} (key {{answers}})" if said else ""

    def close(self) -> None:
        """Complete the log and end the engine."""
        if self._live is not None:
            self.lost = self._live.close()
        if self._demo is not None:
            self._demo.close()

    def _make(self) -> Live:
        # Only now: the first frame does not wait for the engine.
        from probes.options import NO_OPTIONS
        from tui.engine_session import Live

        given = self._given or NO_OPTIONS
        if self._demo is None:
            return Live(self.profile, self._settings, self._log, given, files=self._files)
        lab, self._given = self._demo.ready(given)
        return Live(self.profile, self._settings, self._log, self._given, lab, files=self._files)


class Demo:
    """The servers of one demo, from `ready` to `close`."""

    def __init__(self) -> None:
        self._lab: LabProcess | None = None

    def ready(self, given: Options) -> tuple[AddressMap, Options]:
        """Start the servers and wait for them: where they are, and whom to trust there.

        Takes half a second; raises DemoFailed.
        """
        from probes.lab.process import LabFailed, LabProcess

        try:
            self._lab = LabProcess()
            directory = self._lab.address_map()
        except LabFailed as error:
            raise DemoFailed(str(error)) from None
        return directory, replace(given, ca_file=directory.ca_file)

    def close(self) -> None:
        """End the servers."""
        if self._lab is not None:
            self._lab.close()
