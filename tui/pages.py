"""Where the documentation says what a status or a verdict means. Pure."""

from __future__ import annotations

from probes.engine.model import Status

FOLDER = "docs/status"
VERDICTS = f"{FOLDER}/verdicts.md"
_UNFINISHED = (Status.QUEUED, Status.RUNNING, Status.CANCELLED)


def page_of(status: Status) -> str:
    """The page about a status, as a path in the repository."""
    name = "unfinished" if status in _UNFINISHED else status.replace(" ", "-")
    return f"{FOLDER}/{name}.md"
