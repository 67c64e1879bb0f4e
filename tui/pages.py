"""The pages about statuses and verdicts: where they are, and what they say."""

from __future__ import annotations

from pathlib import Path

from probes.model import Status

FOLDER = "docs/status"
VERDICTS = f"{FOLDER}/verdicts.md"
_UNFINISHED = (Status.QUEUED, Status.RUNNING, Status.CANCELLED)
_PACKED = Path(__file__).with_name("status")
"""Where the wheel has them; a clone has no second copy."""


def page_of(status: Status) -> str:
    """The page about a status, as a path in the repository."""
    name = "unfinished" if status in _UNFINISHED else status.replace(" ", "-")
    return f"{FOLDER}/{name}.md"


def markdown_of(page: str) -> str:
    """What a page says, in Markdown; installed or not."""
    file = _PACKED / Path(page).name
    if not _PACKED.is_dir():
        file = _PACKED.parents[1] / page
    return file.read_text(encoding="utf-8")
