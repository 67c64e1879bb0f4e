"""A finding: one cause behind one or many rows, in a sentence with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a finding is about; the order is that in which they are told."""

    LOCAL = "this machine"
    NAME = "name"
    PROXY = "proxy"
    NETWORK = "network"
    HOST = "host"
    FILTER = "filter"
    SERVICE = "service"
    ACCEPTS = "accepts everything"
    CERTIFICATE = "certificate"
    IDENTITY = "identity"
    TIME = "time"


class Sure(StrEnum):
    """How sure a finding is: told by somebody who must know, or concluded."""

    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause. A row that is lost (blocked, degraded, not tested) is behind at most one."""

    kind: Kind
    text: str
    """One sentence without its full stop, harmless to show."""
    sure: Sure
    why: str
    """What makes it certain, or what else it could be; without a full stop."""
    keys: tuple[str, ...]
    """Keys of the rows behind it, sorted."""
    fix: str = ""
    """What to change, as a sentence, where that is one thing."""

    @property
    def rows(self) -> int:
        """How many rows are behind it."""
        return len(self.keys)
