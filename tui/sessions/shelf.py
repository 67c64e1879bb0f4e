"""The folder of earlier sessions: what is in it, and how one leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from probes.session import SessionError, Summary, session_folder, summary
from probes.session.paths import because, shown

MOST = 500
"""Sessions that are listed, the newest."""
TRASH = "trash"
"""The folder beside them that a deleted one goes to."""


def paths(folder: Path | None = None) -> list[Path]:
    """The logs in the folder, the newest first by the time in their names."""
    try:
        found = [path for path in (folder or session_folder()).iterdir() if _is_log(path)]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name.removeprefix("demo-"), reverse=True)[:MOST]


def summaries(folder: Path | None = None) -> Iterator[Summary]:
    """What each of them is, the newest first; a file that is no session is left out."""
    for path in paths(folder):
        try:
            yield summary(path)
        except SessionError:
            continue


def discard(path: Path) -> Path:
    """Move a session to the trash beside it; returns its new place, raises SessionError."""
    trash = path.parent / TRASH
    try:
        trash.mkdir(mode=0o700, exist_ok=True)
        to = trash / path.name
        number = 1
        while to.exists():
            number += 1
            to = trash / f"{path.stem}-{number}{path.suffix}"
        return path.rename(to)
    except OSError as error:
        raise SessionError(f"Cannot move {shown(path)} to {TRASH}: {because(error)}.") from None


def restore(path: Path) -> Path:
    """Move a session from the trash back to its folder; raises SessionError."""
    to = path.parent.parent / path.name
    try:
        if to.exists():
            raise SessionError(f"{shown(to)} exists already; {shown(path)} stays in the trash.")
        return path.rename(to)
    except OSError as error:
        raise SessionError(f"Cannot restore {shown(path)}: {because(error)}.") from None


def _is_log(path: Path) -> bool:
    return path.suffix == ".jsonl" and path.is_file()
