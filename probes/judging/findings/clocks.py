"""Clock differences: between a host and this machine, or within a host. Pure."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from probes.judging.findings.hosts import ClassifiedResults, Host
from probes.judging.text import count, joined, some
from probes.model import MISSING, Confidence, Finding, FindingKind, Observation
from probes.wire.ber import duration_text

REPORTED_S = 60.0
"""Smallest difference that is reported; Kerberos refuses 300 (RFC 4120 8.2)."""
TOLERATED_S = 300.0
AGREEMENT_S = 5.0
"""Difference within which clocks agree: some tell whole seconds, and answers take time."""
_MAX_SKEW_S = 1e10

# RFC 9110 5.6.7; strptime would read it in the language of the locale.
_DATE = re.compile(r"[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class _Clock:
    skew: float
    """Seconds ahead of this machine."""
    service: str
    key: str


def clock_differences(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about hosts whose clocks differ from this machine's, or within themselves."""
    by_host: dict[str, list[_Clock]] = defaultdict(list)
    for result in results.with_facts:
        host = results.host_of.get(result.job.key)
        skew = None if host is None or result.status in MISSING else _skew(result.observation)
        if host is not None and skew is not None:
            by_host[host].append(_Clock(skew, result.job.check.title, result.job.key))
    agreed: dict[str, list[_Clock]] = {}
    for key, readings in by_host.items():
        readings.sort(key=lambda clock: (clock.skew, clock.service, clock.key))
        if readings[-1].skew - readings[0].skew > 2 * AGREEMENT_S:
            yield _inconsistent_host_finding(results.hosts[key], readings)
        else:
            agreed[key] = readings
    yield from _differing_from_local(results, agreed)


def _differing_from_local(
    results: ClassifiedResults, agreed: Mapping[str, Sequence[_Clock]]
) -> Iterator[Finding]:
    median_skew = {key: _median_skew(readings) for key, readings in agreed.items()}
    wrong = sorted(key for key, skew in median_skew.items() if abs(skew) >= REPORTED_S)
    if len(wrong) > 1 and len(wrong) == len(median_skew):
        spread = [median_skew[key] for key in wrong]
        if max(spread) - min(spread) <= 2 * AGREEMENT_S:
            yield _local_clock_finding(results, wrong, sorted(spread)[len(spread) // 2], agreed)
            return
    for key in wrong:
        readings = agreed[key]
        services = sorted({clock.service for clock in readings})
        says = f"{joined(services)} agree" if len(services) > 1 else f"{services[0]} says so"
        text = f"{results.hosts[key].label} is {_skew_text(median_skew[key])} ({says})"
        confidence = Confidence.CERTAIN if len(services) > 1 else Confidence.LIKELY
        yield Finding(
            FindingKind.TIME,
            text,
            confidence,
            _kerberos_text(median_skew[key]),
            _keys(readings),
            "Correct its clock.",
        )


def _local_clock_finding(
    results: ClassifiedResults,
    hosts: Sequence[str],
    skew: float,
    agreed: Mapping[str, Sequence[_Clock]],
) -> Finding:
    where = "behind" if skew > 0 else "ahead"
    labels = [results.hosts[key].label for key in hosts]
    text = (
        f"This machine's clock is {duration_text(skew)} {where}: "
        f"{count(len(hosts), 'host')} agree on it ({some(labels)})"
    )
    keys = tuple(sorted(clock.key for key in hosts for clock in agreed[key]))
    why = f"every host that tells the time says the same; {_kerberos_text(skew)}"
    return Finding(
        FindingKind.TIME, text, Confidence.LIKELY, why, keys, "Correct this machine's clock."
    )


def _inconsistent_host_finding(host: Host, readings: Sequence[_Clock]) -> Finding:
    skews = joined([f"by {clock.service} {_skew_text(clock.skew)}" for clock in readings])
    text = f"{host.label} tells more than one time: it is {skews}"
    why = "several machines behind one address, or a clock that was set during the run"
    return Finding(FindingKind.TIME, text, Confidence.LIKELY, why, _keys(readings))


def _skew_text(skew: float) -> str:
    if abs(skew) < 1:
        return "right"
    return f"{duration_text(skew)} {'ahead' if skew > 0 else 'behind'}"


def _kerberos_text(skew: float) -> str:
    if abs(skew) > TOLERATED_S:
        return "Kerberos refuses a difference of more than 5 minutes"
    return "Kerberos refuses it from 5 minutes on"


def _median_skew(readings: Sequence[_Clock]) -> float:
    return readings[len(readings) // 2].skew


def _keys(readings: Sequence[_Clock]) -> tuple[str, ...]:
    return tuple(sorted(clock.key for clock in readings))


def _skew(seen: Observation) -> float | None:
    """Seconds that the row's host is ahead, from its service; None where it tells no time."""
    skew = seen.facts.get("clock_skew_s")
    if isinstance(skew, (int, float)) and not isinstance(skew, bool):
        return float(skew) if math.isfinite(skew) and abs(skew) < _MAX_SKEW_S else None
    date = seen.facts.get("http_date")
    return _date_skew(date, seen) if isinstance(date, str) else None


def _date_skew(date: str, seen: Observation) -> float | None:
    """Difference of an HTTP Date to the time at which it was received."""
    match = _DATE.fullmatch(date)
    if match is None or match[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[part]) for part in (1, 3, 4, 5, 6))
    try:
        remote = datetime(
            year, _MONTHS.index(match[2]) + 1, day, hour, minute, min(second, 59), tzinfo=UTC
        )
        local = datetime.fromisoformat(seen.started)
    except ValueError:
        return None
    if local.tzinfo is None:
        return None
    elapsed = math.fsum(seen.timings_ms.values()) / 1000
    # The time is cut to whole seconds, and the row began before the answer came.
    return (remote - local).total_seconds() + 0.5 - (elapsed if math.isfinite(elapsed) else 0.0)
