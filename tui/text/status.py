"""Signs beside the words, and other people's text made harmless for a screen."""

from __future__ import annotations

from dataclasses import dataclass

from probes.model import Status


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters one screen uses; every one is a single cell, `ellipsis` may be more."""

    status: dict[Status, str]
    ellipsis: str
    up: str
    down: str
    mark: str
    """Stands before the host of a marked row."""
    unknown: str
    """Stands for a character that must not or cannot be shown."""
    ascii: bool

    def clean(self, text: str, most: int = 1024) -> str:
        """Text on one line without controls, escapes or invisible characters; cut at `most`."""
        text = text[:most]
        if self.ascii and not text.isascii():
            text = text.translate(_PLAIN)
            text = text.encode("ascii", "replace").decode("ascii")
        if text.isprintable():
            return text
        return "".join(
            mark if mark.isprintable() else " " if mark.isspace() else self.unknown for mark in text
        )


UNICODE = Signs(
    status={
        Status.OK: "✓",
        Status.DEGRADED: "◐",
        Status.WARNING: "!",
        Status.BLOCKED: "✗",
        Status.UNVERIFIABLE: "?",
        Status.NOT_NEEDED: "–",
        Status.ERROR: "∅",
        Status.QUEUED: "·",
        Status.RUNNING: "›",
        Status.CANCELLED: "/",
    },
    ellipsis="…",
    up="▲",
    down="▼",
    mark="●",
    unknown="�",
    ascii=False,
)

ASCII = Signs(
    status={
        Status.OK: "+",
        Status.DEGRADED: "~",
        Status.WARNING: "!",
        Status.BLOCKED: "x",
        Status.UNVERIFIABLE: "?",
        Status.NOT_NEEDED: "-",
        Status.ERROR: "E",
        Status.QUEUED: ".",
        Status.RUNNING: ">",
        Status.CANCELLED: "/",
    },
    ellipsis="...",
    up="^",
    down="v",
    mark="*",
    unknown="?",
    ascii=True,
)

_PLAIN = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "→": "->", "·": "."}
)
