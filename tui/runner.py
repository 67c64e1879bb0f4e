"""Measuring for the screen: reads what was typed, asks before much is sent, keeps the answers."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probes.engine.model import Event, Job, Settings, Target
from probes.engine.plan import ASK_ABOVE, plan
from probes.engine.plan import endpoints as count_endpoints
from probes.engine.targets import Entered
from profiles.model import Profile
from tui import prepare
from tui.live import Live
from tui.widgets.entry import History


@dataclass(frozen=True, slots=True)
class Asked:
    """How much would be measured; `question` is put to the operator when it is much."""

    endpoints: int
    question: str


class Runner:
    """What the screen does with the network. `start` makes the engine; before it nothing runs."""

    def __init__(
        self,
        profile: Profile,
        answers: Mapping[str, str],
        settings: Settings,
        *,
        log: Path | None = None,
        unasked: bool = False,
        history: History | None = None,
    ) -> None:
        self.profile = profile
        self.answers: dict[str, str] = dict(answers)
        self.history = history or History(None)
        self._settings = settings
        self._log = log
        self._unasked = unasked
        self._live: Live | None = None

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

    def start(self) -> None:
        """Make the engine."""
        self._live = Live(self.profile, self._settings, self._log)

    async def whereabouts(self) -> str:
        """This host and its address, as the head shows them."""
        info = await asyncio.to_thread(self.live.info)
        address = f" ({info.addresses[0]})" if info.addresses else ""
        return f"{info.host}{address}"

    async def read(self, text: str, role: str) -> Entered:
        """The targets in a line; plain hosts take `role`. Looks domains up, off this loop."""
        return await asyncio.to_thread(self._read, text, role)

    def endpoints(self, targets: Sequence[Target], included: frozenset[str]) -> Asked:
        """How much measuring these would ask, and the question to put first, if any."""
        count = count_endpoints(plan(self.profile, targets, only=included))
        question = ""
        if count > ASK_ABOVE and not self._unasked:
            question = f"This asks {count:,} endpoints. Measure them all?"
        return Asked(count, question)

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

    def assumptions(self, jobs: Sequence[Job]) -> str:
        """The answers these rows rest on, as a sentence; empty where none matters."""
        asked = {when.question for job in jobs for when in job.check.when}
        said = {name: value for name, value in self.answers.items() if name in asked}
        return f"Assuming {prepare.answers_text(said)} (key a)" if said else ""

    def close(self) -> None:
        """Complete the log and end the engine."""
        if self._live is not None:
            self._live.close()

    def _read(self, text: str, role: str) -> Entered:
        info = self.live.info()
        words = text.split(maxsplit=1)
        known = {one.id for one in self.profile.roles}
        if role and words and "=" not in words[0] and words[0].rstrip(",;") not in known:
            text = f"{role}={text}"
        entered = prepare.enter((text,), self.profile, info)
        if not entered.domains:
            return entered
        found = self.live.expand(entered.domains)
        return dataclasses.replace(
            entered,
            targets=tuple(dict.fromkeys((*entered.targets, *found.targets))),
            domains=(),
            bad=(*entered.bad, *found.bad),
        )
