"""A latency as a person reads it."""

from __future__ import annotations


def latency_text(ms: float | None) -> str:
    """Milliseconds in at most 8 cells, with about three digits: `0.42 ms`, `38.1 ms`, `2.1 s`."""
    if ms is None:
        return ""
    if ms < 0.01:
        return "<0.01 ms"
    if ms < 9.995:
        return f"{ms:.2f} ms"
    if ms < 99.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s"
