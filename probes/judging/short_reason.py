"""Short reason of a row, beside its full note. Pure."""

from __future__ import annotations

from probes.judging.party import UNHEARD, HostState
from probes.model import Job, Observation, Status

MAX_CELLS = 36
"""Cells of the longest short reason."""


def short_reason(
    job: Job, status: Status, observation: Observation, host: HostState = UNHEARD
) -> str:
    """Short reason of a row in at most MAX_CELLS cells; `host` is the state of the row's host."""
    return str(observation.reason)
