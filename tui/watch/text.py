"""Row history and changes in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from probes.model import AVAILABLE, MISSING, Status
from probes.wire.text import printable
from tui.models.columns import latency_text
from tui.watch.row_history import LOST, UNTIMED, Change, Series

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN_BARS = "_.,-=+*#"
_SPARKLINE_ROUNDS = 30
_LONGEST = 120
_NOTABLE = timedelta(seconds=1)
"""Shortest time between two attempts in which a change lies that is told."""


def change_text(change: Change) -> str:
    """A change in a sentence: `LDAP TCP 389 on dc1 came up at 14:03:12, after 3 min 20 s.`"""
    job = change.result.job
    row = f"{job.check_text} on {printable(job.target.host, 60)}"
    now = change.result.status
    at = f"{change.at:%H:%M:%S}"
    if change.at - change.not_before >= _NOTABLE:
        at += f" (not before {change.not_before:%H:%M:%S})"
    duration = duration_text(change.at - change.since)
    if change.reason:
        return f"{row}: {change.reason}, since {at}; still {now}."
    if change.before is Status.NO_HOST:
        return f"{row}: a host is there since {at}, after {duration} without; the row is {now}."
    if change.before in MISSING and now in AVAILABLE:
        return f"{row} came up at {at}, after {duration}."
    if change.before in AVAILABLE and now in MISSING:
        return f"{row} went down at {at}, after {duration}: {_sentences(change.result.note)}"
    return f"{row} was {change.before} and is {now} since {at}, after {duration}."


def _sentences(note: str) -> str:
    """As many sentences as fit, or the words of the first one that do."""
    text = printable(note, 2 * _LONGEST)
    if len(text) <= _LONGEST:
        return text
    whole, end, _ = text[:_LONGEST].rpartition(". ")
    return f"{whole}." if end else f"{text[: _LONGEST - 1].rpartition(' ')[0]}…"


def is_loss(change: Change) -> bool:
    """True if a row is no longer available after it."""
    now = change.result.status
    return change.before in AVAILABLE and now not in AVAILABLE | {Status.NOT_NEEDED}


def duration_text(duration: timedelta) -> str:
    """A duration in its two greatest units: `3 min 20 s`."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    for size, name, part, below in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if seconds >= size:
            rest = seconds % size // part
            return (
                f"{seconds // size} {name} {rest} {below}" if rest else f"{seconds // size} {name}"
            )
    rest = seconds % 60
    return f"{seconds // 60} min {rest} s" if rest else f"{seconds // 60} min"


def history_lines(series: Series | None, *, ascii: bool) -> Iterator[tuple[str, str]]:
    """Lines about a row's history for its details; none before its second round."""
    if series is None:
        return
    bars = sparkline(series.rounds[-_SPARKLINE_ROUNDS:], ascii=ascii)
    spread = series.spread
    parts = [f"{series.total} rounds"]
    if spread is not None:
        least, middle, most = (latency_text(value) for value in spread)
        parts.append(f"min {least}, median {middle}, max {most}")
    parts.append(f"{series.lost} without an answer ({100 * series.lost / series.total:.0f}%)")
    yield "past", bars
    yield "", ", ".join(parts)
    yield "", f"as it is now since {series.since:%Y-%m-%d %H:%M:%S}"


def sparkline(rounds: Sequence[float], *, ascii: bool) -> str:
    """One character a round, as high as its latency is beside the others; x is no answer."""
    bars = _PLAIN_BARS if ascii else _BARS
    timed = [value for value in rounds if value >= 0]
    least, most = (min(timed), max(timed)) if timed else (0.0, 0.0)
    # Where all are alike, small differences must not look like large ones.
    span = max(most - least, least * 0.5, 0.1)
    out = ""
    for value in rounds:
        if value == LOST:
            out += "x" if ascii else "×"
        elif value == UNTIMED:
            out += "o" if ascii else "·"
        else:
            out += bars[min(len(bars) - 1, int((value - least) / span * len(bars)))]
    return out
