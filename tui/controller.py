"""Screen controller: starts, extends and ends a session, the demo too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from probes.model import DEMO, Event, Job, Target
from probes.settings import Settings
from profiles.model import Profile
from tui.storage.host_history import HostHistory

if TYPE_CHECKING:
    from probes.lab.address_map import AddressMap
    from probes.lab.process import LabProcess
    from probes.options import Options
    from probes.session import Session
    from probes.targets import ParseResult
    from tui.engine_session import EngineSession
    from tui.models.rerun import Rerun

IMPORT_LOCK = threading.RLock()
"""Held while the engine is imported in its thread, and what the first frame lacks in the screen's.

A thread that imports a package and one that imports a part of it may wait for each other: Python
ends that with an ImportError in one of them.
"""


class DemoFailed(Exception):
    """The demo's servers could not be started; the text is one sentence."""


class Controller:
    """Controller of a screen's session; before `start` there is no engine, only answers."""

    def __init__(
        self,
        profile: Profile,
        answers: Mapping[str, str],
        settings: Settings,
        *,
        log: Path | None = None,
        confirmed: bool = False,
        history: HostHistory | None = None,
        options: Options | None = None,
        demo: Demo | None = None,
        files: bool = True,
    ) -> None:
        """Without `files` an @ in the host line names none."""
        self.profile = profile
        self.answers: dict[str, str] = dict(answers)
        self.history = history or HostHistory(None)
        self._settings = settings
        self._log = log
        self._confirmed = confirmed
        self._options = options
        self._demo = demo
        self._files = files
        self._engine: EngineSession | None = None
        self.log_error = ""
        """News of the log for the operator, as sentences; known after `close`."""

    @property
    def initial_vantage(self) -> str:
        """Vantage known before `start`; empty if none is."""
        return "" if self._demo is None else DEMO

    @property
    def is_demo(self) -> bool:
        """True if it measures simulated services only."""
        return self._demo is not None

    @property
    def options(self) -> Options | None:
        """Credentials and trust for the probes, if there are any."""
        return self._options

    @property
    def engine(self) -> EngineSession:
        """The engine's session; only after `start`."""
        assert self._engine is not None
        return self._engine

    @property
    def has_session(self) -> bool:
        """True if anything has been measured."""
        return self._engine is not None and self._engine.answers is not None

    @property
    def log_path(self) -> str:
        """Path of the session log; empty while there is none."""
        return self._engine.log_path if self._engine is not None else ""

    @property
    def is_saved(self) -> bool:
        """True if everything so far is in the session log."""
        return self._engine is not None and self._engine.is_saved

    async def start(self) -> str:
        """Make the engine, off this loop; returns this host and its address for the header.

        Raises DemoFailed where the servers of a demo cannot be had.
        """
        self._engine = await asyncio.to_thread(self._make_engine)
        info = await asyncio.to_thread(self._engine.info)
        return info.label

    async def read(self, text: str, role: str) -> ParseResult:
        """The targets in a line; plain hosts take `role`. Looks domains up, off this loop."""
        return await asyncio.to_thread(self.engine.read, text, role)

    def question(self, targets: Sequence[Target], included: frozenset[str]) -> str:
        """Question before measuring these; empty if they are few or that is confirmed already."""
        return "" if self._confirmed else self.engine.question(targets, included)

    def measure(
        self, targets: Sequence[Target], included: frozenset[str]
    ) -> tuple[tuple[Job, ...], bool, str]:
        """Measure targets; the rows, whether a new session began, why it is not saved."""
        new_session = self.engine.answers is not None and self.engine.answers != self.answers
        jobs, trouble = self.engine.measure(targets, included, self.answers)
        return jobs, new_session, trouble

    def measure_again(
        self,
        keys: Sequence[str],
        targets: Sequence[Target],
        included: frozenset[str],
        *,
        forced: bool,
    ) -> tuple[tuple[Job, ...], str]:
        """Measure rows again; after other answers all of them, as a new session's rows."""
        if self.engine.answers != self.answers:
            return self.engine.measure(targets, included, self.answers)
        self.engine.rerun(keys, forced=forced)
        return (), ""

    def measure_earlier(self, session: Session, keys: Collection[str]) -> tuple[Rerun, str]:
        """Begin a session with an earlier one's rows and answers, and measure those with `keys`.

        Returns why it is not saved, if so. Blocks for the reading and planning.
        """
        from tui.models.rerun import earlier_answers

        answers = {**self.answers, **earlier_answers(self.profile, session)}
        rerun, trouble = self.engine.measure_earlier(session, keys, answers)
        if rerun.planned:
            self.answers = answers
        return rerun, trouble

    def remove(self, targets: Sequence[Target]) -> None:
        """Leave targets out of what is measured and counted; their rows stay in the log."""
        self.engine.remove(targets)

    def restore(self, targets: Sequence[Target]) -> None:
        """Take removed targets in again, with the results they had."""
        self.engine.restore(targets)

    @property
    def latest_end(self) -> float | None:
        """Time by which the run is over at the latest, in seconds of `time.time`; None if unknown.

        It is the one that was known when this was last asked for.
        """
        return None if self._engine is None else self._engine.latest_end()

    def stop(self) -> None:
        """End what is queued and in flight."""
        self.engine.stop()

    def drain(self) -> list[Event]:
        """Events since the last call."""
        return self._engine.drain() if self._engine is not None else []

    def set_answers(self, answers: Mapping[str, str]) -> bool:
        """Set other answers; True if they differ from those of the running session."""
        self.answers = dict(answers)
        return self.has_session and self.engine.answers != self.answers

    def set_options(self, options: Options) -> None:
        """Give the probes other credentials for what is measured from now on."""
        self._options = options
        if self._engine is not None:
            self._engine.set_options(options)

    def remark(self, text: str) -> str:
        """Write a sentence of the operator's into the session log; returns what went wrong."""
        return self.engine.remark(text)

    def assumptions(self, jobs: Sequence[Job]) -> str:
        """The answers these rows rest on, as a sentence; empty where none matters."""
        asked = {when.question for job in jobs for when in job.check.when}
        said = {name: value for name, value in self.answers.items() if name in asked}
        text = ", ".join(f"{name}={value}" for name, value in said.items())
        return f"Assumed: {text}. {{answers}} changes it." if said else ""

    def close(self) -> None:
        """Complete the log and end the engine."""
        if self._engine is not None:
            self.log_error = self._engine.close()
        if self._demo is not None:
            self._demo.close()

    def _make_engine(self) -> EngineSession:
        # Only now: the first frame does not wait for the engine.
        with IMPORT_LOCK:
            from probes.options import NO_OPTIONS
            from tui.engine_session import EngineSession

        options = self._options or NO_OPTIONS
        if self._demo is None:
            return EngineSession(
                self.profile, self._settings, self._log, options, files=self._files
            )
        lab, self._options = self._demo.start(options)
        return EngineSession(
            self.profile, self._settings, self._log, self._options, lab, files=self._files
        )


class Demo:
    """Servers of one demo, from `start` to `close`."""

    def __init__(self) -> None:
        self._lab: LabProcess | None = None

    def start(self, options: Options) -> tuple[AddressMap, Options]:
        """Start the servers; returns their addresses, and options that trust them.

        Takes half a second; raises DemoFailed.
        """
        from probes.lab.process import LabFailed, LabProcess

        try:
            self._lab = LabProcess()
            directory = self._lab.address_map()
        except LabFailed as error:
            raise DemoFailed(str(error)) from None
        return directory, replace(options, ca_file=directory.ca_file)

    def close(self) -> None:
        """End the servers."""
        if self._lab is not None:
            self._lab.close()
