"""Rows with the same cause: by the findings, and by party and name until there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from probes.judging.host_states import host_key
from probes.judging.party import Party, locate
from probes.model import TO_CHANGE, Diagnosed, Event, Result


class Cause(Protocol):
    """A finding, or its record in a log."""

    @property
    def text(self) -> str:
        """One sentence without its full stop."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the rows behind it."""

    @property
    def rows(self) -> int:
        """Number of rows behind it."""


class KnownResults(Protocol):
    """The latest results of the rows on the screen, or of a report."""

    @property
    def results(self) -> Iterable[tuple[object, Result | None]]:
        """Every row's job and latest result."""

    def result(self, key: str) -> Result | None:
        """The latest result under a key."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Cause that a row has in common with others."""

    other: Result
    """The first of the others."""
    more: int
    """Number of the others after it."""
    finding: str = ""
    """The finding about it, a sentence without its full stop; empty as long as there is none."""


_EXACT = 1000
"""Rows of a finding up to which those that still have to change are counted one by one."""
_SHARED_PARTIES = frozenset({Party.DNS_SERVER, Party.THIS_MACHINE})
"""Parties without a name of which there is one for all rows."""


class SameCause:
    """Rows that share a cause, for one row at a time; it costs nothing until it is asked."""

    def __init__(self, rows: KnownResults) -> None:
        self._rows = rows
        self.clear()

    def clear(self, findings: Iterable[Cause] = ()) -> None:
        """Forget what was known, and begin with these findings."""
        self._findings: tuple[Cause, ...] = tuple(findings)
        self._finding_of: dict[str, Cause] | None = None
        self._by_party: dict[tuple[Party, str], dict[str, None]] | None = None
        self._party_of: dict[str, tuple[Party, str]] = {}

    def forget_rows(self) -> None:
        """Forget which rows share a party, as rows went or came back."""
        self._by_party = None

    def apply(self, events: Iterable[Event]) -> None:
        """Take in findings, and results as far as there are none."""
        for event in events:
            if isinstance(event, Diagnosed):
                self.clear(event.findings)
            elif isinstance(event, Result) and self._by_party is not None:
                self._add(event, self._by_party)

    def of(self, result: Result) -> Shared | None:
        """The cause that a row shares with others; None if none is known to."""
        if result.status not in TO_CHANGE:
            return None
        if self._findings:
            finding = self._by_key.get(result.job.key)
            return None if finding is None else self._of_finding(result, finding)
        return self._of_party(result)

    @property
    def _by_key(self) -> Mapping[str, Cause]:
        if self._finding_of is None:
            self._finding_of = {}
            for finding in self._findings:
                for key in finding.keys:
                    self._finding_of.setdefault(key, finding)
        return self._finding_of

    def _of_finding(self, result: Result, finding: Cause) -> Shared | None:
        counted = len(finding.keys) <= _EXACT and finding.rows == len(finding.keys)
        others = self._others(result, finding.keys if counted else finding.keys[:_EXACT])
        if not others:
            return None
        more = (len(others) if counted else finding.rows - 1) - 1
        return Shared(others[0], more, finding.text)

    def _of_party(self, result: Result) -> Shared | None:
        if self._by_party is None:
            self._party_of.clear()
            self._by_party = {}
            for _, known in self._rows.results:
                if known is not None:
                    self._add(known, self._by_party)
        party = _party_of(result)
        keys = () if party is None else self._by_party.get(party, ())
        first: list[str] = []
        for key in keys:
            first.append(key)
            if len(first) > 1:
                break
        others = self._others(result, first)
        return Shared(others[0], len(keys) - 2) if others else None

    def _others(self, result: Result, keys: Sequence[str]) -> list[Result]:
        others = (self._rows.result(key) for key in keys if key != result.job.key)
        return [one for one in others if one is not None and one.status in TO_CHANGE]

    def _add(self, result: Result, by_party: dict[tuple[Party, str], dict[str, None]]) -> None:
        key, party = result.job.key, _party_of(result)
        before = self._party_of.pop(key, None)
        if before is not None and before != party:
            by_party[before].pop(key, None)
        if party is not None:
            self._party_of[key] = party
            by_party.setdefault(party, {})[key] = None


def _party_of(result: Result) -> tuple[Party, str] | None:
    """Party of a row that may be that of others, and its name; None for one of its own."""
    if result.status not in TO_CHANGE:
        return None
    party, named = locate(result.job, result.observation)
    if party is Party.HOST_FIREWALL:
        return party, host_key(result)
    return (party, named) if named or party in _SHARED_PARTIES else None
