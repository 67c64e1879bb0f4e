"""Clocks side by side: a host's own ways of telling the time, and this machine's. Pure."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from probes.judging.findings.hosts import Host, Survey
from probes.judging.findings.text import count, joined, some
from probes.model import MISSING, Confidence, Finding, FindingKind, Observation
from probes.wire.ber import distance

TOLD_S = 60.0
"""Differences from here on are told; Kerberos refuses 300 (RFC 4120 8.2)."""
TOLERATED_S = 300.0
AGREE_S = 5.0
"""Clocks that differ by less agree: some are told in whole seconds, and answers take time."""
_MOST_S = 1e10

# RFC 9110 5.6.7; strptime would read it in the language of the locale.
_DATE = re.compile(r"[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class _Clock:
    skew: float
    """Seconds ahead of this machine."""
    who: str
    key: str


def clocks(survey: Survey) -> Iterator[Finding]:
    """Hosts whose clocks differ from this machine's, or from themselves."""
    told: dict[str, list[_Clock]] = defaultdict(list)
    for result in survey.telling:
        host = survey.host_of.get(result.job.key)
        skew = None if host is None or result.status in MISSING else _skew(result.observation)
        if host is not None and skew is not None:
            told[host].append(_Clock(skew, result.job.check.title, result.job.key))
    agreed: dict[str, list[_Clock]] = {}
    for key, its in told.items():
        its.sort(key=lambda clock: (clock.skew, clock.who, clock.key))
        if its[-1].skew - its[0].skew > 2 * AGREE_S:
            yield _divided(survey.hosts[key], its)
        else:
            agreed[key] = its
    yield from _against_here(survey, agreed)


def _against_here(survey: Survey, agreed: Mapping[str, Sequence[_Clock]]) -> Iterator[Finding]:
    typical = {key: _middle(its) for key, its in agreed.items()}
    wrong = sorted(key for key, skew in typical.items() if abs(skew) >= TOLD_S)
    if len(wrong) > 1 and len(wrong) == len(typical):
        spread = [typical[key] for key in wrong]
        if max(spread) - min(spread) <= 2 * AGREE_S:
            yield _here(survey, wrong, sorted(spread)[len(spread) // 2], agreed)
            return
    for key in wrong:
        its = agreed[key]
        who = sorted({clock.who for clock in its})
        says = f"{joined(who)} agree" if len(who) > 1 else f"{who[0]} says so"
        text = f"{survey.hosts[key].label} is {_off(typical[key])} ({says})"
        sure = Confidence.CERTAIN if len(who) > 1 else Confidence.LIKELY
        yield Finding(
            FindingKind.TIME, text, sure, _limit(typical[key]), _keys(its), "Set its clock right."
        )


def _here(
    survey: Survey, hosts: Sequence[str], skew: float, agreed: Mapping[str, Sequence[_Clock]]
) -> Finding:
    where = "behind" if skew > 0 else "ahead"
    labels = [survey.hosts[key].label for key in hosts]
    text = (
        f"This machine's clock is {distance(skew)} {where}: "
        f"{count(len(hosts), 'host')} agree on it ({some(labels)})"
    )
    keys = tuple(sorted(clock.key for key in hosts for clock in agreed[key]))
    why = f"every host that tells the time says the same; {_limit(skew)}"
    return Finding(
        FindingKind.TIME, text, Confidence.LIKELY, why, keys, "Set this machine's clock right."
    )


def _divided(host: Host, its: Sequence[_Clock]) -> Finding:
    said = joined([f"by {clock.who} {_off(clock.skew)}" for clock in its])
    text = f"{host.label} tells more than one time: it is {said}"
    why = "several machines behind one address, or a clock that was set meanwhile"
    return Finding(FindingKind.TIME, text, Confidence.LIKELY, why, _keys(its))


def _off(skew: float) -> str:
    if abs(skew) < 1:
        return "right"
    return f"{distance(skew)} {'ahead' if skew > 0 else 'behind'}"


def _limit(skew: float) -> str:
    if abs(skew) > TOLERATED_S:
        return "Kerberos refuses a difference of more than 5 minutes"
    return "Kerberos refuses it from 5 minutes on"


def _middle(its: Sequence[_Clock]) -> float:
    return its[len(its) // 2].skew


def _keys(its: Sequence[_Clock]) -> tuple[str, ...]:
    return tuple(sorted(clock.key for clock in its))


def _skew(seen: Observation) -> float | None:
    """Seconds a row's host is ahead, from what its service said; None where it said nothing."""
    said = seen.facts.get("clock_skew_s")
    if isinstance(said, (int, float)) and not isinstance(said, bool):
        return float(said) if math.isfinite(said) and abs(said) < _MOST_S else None
    date = seen.facts.get("http_date")
    return _of_date(date, seen) if isinstance(date, str) else None


def _of_date(date: str, seen: Observation) -> float | None:
    """The difference of an HTTP Date to the time when it was received."""
    match = _DATE.fullmatch(date)
    if match is None or match[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[part]) for part in (1, 3, 4, 5, 6))
    try:
        there = datetime(
            year, _MONTHS.index(match[2]) + 1, day, hour, minute, min(second, 59), tzinfo=UTC
        )
        here = datetime.fromisoformat(seen.started)
    except ValueError:
        return None
    if here.tzinfo is None:
        return None
    took = math.fsum(seen.timings_ms.values()) / 1000
    # The time is cut to whole seconds, and the row began before the answer came.
    return (there - here).total_seconds() + 0.5 - (took if math.isfinite(took) else 0.0)
