"""Reasons of rows that depend on the other rows of their hosts, as results come in. Pure.

A silent row says more beside the others: its host is up, or nothing of it answers. A row of which a
router says that it cannot be delivered says another thing where the host is up: the router has a
rule. Only such rows are looked at again, and only when what they say changes: of a host that is
silent altogether the first row alone, once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from probes.judging.host_states import (
    UNTESTED,
    Told,
    answers,
    counted_out,
    host_key,
    sign_of_host,
    state_of,
)
from probes.judging.party import UNHEARD, HostState
from probes.judging.short_reason import NO_OTHERS, OtherPorts, short_reason
from probes.model import Job, Reason, Result, State, Status

_Answer = tuple[int, int, str]
"""0 for an open port and 1 for one that is refused, the port's number, the clause about it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Sign, answer or silent port of one row."""

    told: Told | None = None
    answer: _Answer | None = None
    silent: str = ""
    undelivered: bool = False
    """A router says that it cannot be delivered."""

    @property
    def depends(self) -> bool:
        """True if the row's reason depends on the other rows."""
        return bool(self.silent) or self.undelivered


@dataclass(slots=True)
class _Host:
    """Entries of a host's rows, counted, and what they come to."""

    signs: Counter[Told] = field(default_factory=Counter)
    answers: Counter[_Answer] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    keys: dict[str, None] = field(default_factory=dict)
    """Keys of its rows whose reason depends on the others."""
    best: _Answer | None = None
    """The least of the answers, which is the one that is named."""
    context: tuple[HostState, OtherPorts] = (UNHEARD, NO_OTHERS)

    def renew(self) -> bool:
        """Work the context out again; True if it is another."""
        before = self.context
        is_silent = not self.signs and self.best is None and len(self.silent) > 1
        others = OtherPorts("" if self.best is None else self.best[2], is_silent)
        self.context = state_of(self.signs), others
        return self.context != before


class HostRows:
    """Context of the reasons of rows beside those of their hosts, by the last result of each."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._entries: dict[str, tuple[str, _Entry]] = {}
        """Host and entry of each row that tells something, by the row's key."""

    def add(self, result: Result) -> tuple[str, ...]:
        """Take in the last result of a row; returns the rows whose reason may be another now."""
        key, host, entry = result.job.key, host_key(result), _entry(result)
        new = None if entry is None or not host else (host, entry)
        if self._entries.get(key) == new:
            return ()
        changed = self.remove(key)
        if new is not None:
            self._entries[key] = new
            changed += self._count(key, *new)
        return tuple(dict.fromkeys(one for one in changed if one != key))

    def remove(self, key: str) -> tuple[str, ...]:
        """Forget a row; returns the rows whose reason may be another now."""
        known = self._entries.pop(key, None)
        if known is None:
            return ()
        host, entry = self._hosts[known[0]], known[1]
        before = len(host.silent) > 1
        if entry.depends:
            host.keys.pop(key, None)
        if entry.silent:
            counted_out(host.silent, entry.silent)
        gone = entry.told is not None and counted_out(host.signs, entry.told)
        if entry.answer is not None and counted_out(host.answers, entry.answer):
            host.best = min(host.answers, default=None)
            gone = True
        if (gone or before != (len(host.silent) > 1)) and host.renew():
            return tuple(host.keys)
        return ()

    def reason(self, result: Result) -> str:
        """Short reason of a row beside the others of its host; its own if they do not matter.

        Rows whose silence means nothing, or that is about ports behind their own, keep theirs.
        """
        job, seen = result.job, result.observation
        known = self._entries.get(job.key)
        if known is None or not known[1].depends:
            return result.why
        host = self._hosts[known[0]]
        return short_reason(job, result.status, seen, *host.context, note=result.note)

    def _count(self, key: str, name: str, entry: _Entry) -> tuple[str, ...]:
        host = self._hosts.setdefault(name, _Host())
        is_new = False
        if entry.depends:
            host.keys[key] = None
        if entry.silent:
            host.silent[entry.silent] += 1
            is_new = host.silent[entry.silent] == 1 and len(host.silent) == 2
        if entry.told is not None:
            host.signs[entry.told] += 1
            is_new |= host.signs[entry.told] == 1
        if entry.answer is not None:
            host.answers[entry.answer] += 1
            if host.best is None or entry.answer < host.best:
                host.best, is_new = entry.answer, True
        return tuple(host.keys) if is_new and host.renew() else ()


def with_reasons(results: list[Result]) -> list[Result]:
    """The results with the reasons that rows have beside the others of their hosts."""
    rows = HostRows()
    for result in results:
        rows.add(result)
    return [
        result if (why := rows.reason(result)) == result.why else replace(result, why=why)
        for result in results
    ]


def _entry(result: Result) -> _Entry | None:
    seen = result.observation
    if result.status is Status.NO_HOST or seen.state in UNTESTED:
        return None
    told = sign_of_host(result)
    if answers(seen):
        return _Entry(told, (0, result.job.port or 0, f"{_port(result.job)} answers"))
    if seen.state is State.CLOSED and not seen.facts.get("tried"):
        return _Entry(told, (1, result.job.port or 0, f"{_port(result.job)} refuses"))
    if seen.reason is Reason.NO_RESPONSE and result.job.check.answers:
        # A port behind the row's own is not what "any other port" is about.
        return _Entry(told, None, "" if seen.facts.get("tried") else _port(result.job))
    undelivered = seen.state is State.UNREACHABLE and seen.icmp is not None
    return _Entry(told, undelivered=undelivered) if told or undelivered else None


def _port(job: Job) -> str:
    """Port as a person writes it: `88`, `U:161`, `ping`."""
    if job.port is None:
        return "ping"
    return f"U:{job.port}" if job.check.transport == "udp" else str(job.port)
