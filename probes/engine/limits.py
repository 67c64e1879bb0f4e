"""What the operator is told where fewer attempts can be in flight than were asked for. Pure."""

from __future__ import annotations

from probes.engine.model import Message


def fewer(limit: int, instead_of: int = 0) -> Message:
    """So many attempts are in flight: from the beginning, or from now on as nothing was left."""
    if not instead_of:
        return Message(f"Out of descriptors: {limit} attempts in flight from now on.")
    return Message(
        f"{limit} attempts in flight instead of {instead_of}: "
        "the descriptor limit (ulimit -n) allows no more.",
        "information",
    )
