"""Cases of the reference: a statement quoted, rows, and the verdict that follows."""

from __future__ import annotations

from dataclasses import dataclass, field

from probes.judging.check_outcome import VerdictRow
from probes.model import Reason, Ruling, Status

OK, BAD, LESS = VerdictRow(Status.OK), VerdictRow(Status.BLOCKED), VerdictRow(Status.DEGRADED)


SPARED, MUTE, WARNED = (
    VerdictRow(Status.NOT_NEEDED),
    VerdictRow(Status.UNVERIFIABLE),
    VerdictRow(Status.WARNING),
)


NO_NAME = VerdictRow(Status.ERROR, Reason.NAME_NOT_RESOLVED)


WAITING = VerdictRow(Status.ERROR, Reason.DEPENDENCY)


NO_RIGHT = VerdictRow(Status.ERROR, Reason.PERMISSION_DENIED)


@dataclass(frozen=True)
class Case:
    says: str
    """The words of the reference."""
    role: str
    own: dict[str, VerdictRow]
    ruling: Ruling
    text: str
    fix: tuple[str, ...] = ()
    because: tuple[str, ...] | None = None
    elsewhere: dict[str, VerdictRow] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    port: int | None = None
