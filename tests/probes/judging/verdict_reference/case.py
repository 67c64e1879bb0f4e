"""What the reference states and the verdict that follows from it; rows of every kind."""

from __future__ import annotations

from dataclasses import dataclass, field

from probes.judging.verdict import Row
from probes.model import Reason, Ruling, Status

OK, BAD, LESS = Row(Status.OK), Row(Status.BLOCKED), Row(Status.DEGRADED)


SPARED, MUTE, WARNED = Row(Status.NOT_NEEDED), Row(Status.UNVERIFIABLE), Row(Status.WARNING)


NO_NAME = Row(Status.ERROR, Reason.NAME_NOT_RESOLVED)


WAITING = Row(Status.ERROR, Reason.DEPENDENCY)


NO_RIGHT = Row(Status.ERROR, Reason.PERMISSION_DENIED)


@dataclass(frozen=True)
class Case:
    says: str
    """The words of the reference."""
    role: str
    own: dict[str, Row]
    ruling: Ruling
    text: str
    fix: tuple[str, ...] = ()
    because: tuple[str, ...] | None = None
    elsewhere: dict[str, Row] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    port: int | None = None
