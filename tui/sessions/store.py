"""Session store: list, trash and restore of session logs."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from probes.model import SIMULATED, Ruling
from probes.session import SIMULATED_REMARK, SessionError, Summary, sessions_folder, summarize
from probes.session.paths import error_text
from probes.wire.text import printable
from profiles.errors import printable_path
from profiles.files import FileError, FileKind, open_file

MAX_LISTED = 500
"""Most sessions that are listed."""
TRASH = "trash"
"""The folder beside them that a deleted one goes to."""

_STARTED = re.compile(rb'"started": ?"([0-9T:.+Z-]{10,40})"')
_KIND = FileKind("a session log")
_START_WITHIN = 512
"""Bytes in which the start of a session stands, as this program writes it."""


def paths(folder: Path | None = None) -> list[Path]:
    """The logs in the folder, the newest first by the start of the session."""
    try:
        found = [path for path in (folder or sessions_folder()).iterdir() if _is_log(path)]
    except OSError:
        return []
    return sorted(found, key=lambda path: (_start_time(path), path.name), reverse=True)


def summaries(paths: Iterable[Path]) -> Iterator[Summary | SessionError]:
    """Summary of each log, or the reason why it has none."""
    for path in paths:
        try:
            yield summarize(path)
        except SessionError as error:
            yield error


def heading(listed: int, found: int, unreadable: int, *, present: bool) -> str:
    """Line above the list: the number listed, of those that were found, and what is missing.

    `present` if the session on the screen is listed.
    """
    total = f" of {found:,}" if found > MAX_LISTED else ""
    text = f"{listed:,}{total} {'session' if listed == 1 else 'sessions'}, the newest first"
    if unreadable:
        files = "1 file is" if unreadable == 1 else f"{unreadable:,} files are"
        text += f"; {files} unreadable and not listed"
    return f"{text}; * is on the screen" if present else text


def discard(path: Path) -> Path:
    """Move a session to the trash beside it; returns its new place, raises SessionError."""
    trash = path.parent / TRASH
    try:
        trash.mkdir(mode=0o700, exist_ok=True)
        to = trash / path.name
        number = 1
        while os.path.lexists(to):
            number += 1
            to = trash / f"{path.stem}-{number}{path.suffix}"
        return path.rename(to)
    except OSError as error:
        raise SessionError(
            f"Cannot move {printable_path(path)} to {TRASH}: {error_text(error)}."
        ) from None


def restore(path: Path) -> Path:
    """Move a session from the trash back to its folder; raises SessionError."""
    to = path.parent.parent / path.name
    try:
        if os.path.lexists(to):
            raise SessionError(
                f"{printable_path(to)} exists already; {printable_path(path)} stays in the trash."
            )
        return path.rename(to)
    except OSError as error:
        raise SessionError(f"Cannot restore {printable_path(path)}: {error_text(error)}.") from None


def last_discarded(folder: Path | None = None) -> Path | None:
    """The session that was moved to the trash last, in this run or an earlier one; None if none."""
    trash = (folder or sessions_folder()) / TRASH
    try:
        # A rename changes the time of the last change of status, and no other time.
        found = [(path.stat().st_ctime_ns, path) for path in trash.iterdir() if _is_log(path)]
    except OSError:
        return None
    return max(found)[1] if found else None


def _start_time(path: Path) -> float:
    """Start of a session in seconds since 1970, from the beginning of its first line.

    Of a file without one, the time of its last change; 0 where there is neither.
    """
    try:
        with open_file(path, _KIND) as file:
            started = _STARTED.search(os.read(file.fileno(), _START_WITHIN))
        if started is not None:
            with suppress(ValueError, OverflowError):
                return datetime.fromisoformat(started[1].decode("ascii")).timestamp()
        return path.stat().st_mtime
    except (OSError, FileError):
        return 0.0


def _is_log(path: Path) -> bool:
    return path.suffix == ".jsonl" and path.is_file()


_WIDEST_HOST = 16
_INDENT = "  "
_JOINED = "\xa0"


def summary_lines(summary: Summary, width: int) -> Iterator[str]:
    """Start, host and verdicts, then the last remark, then as many targets as fit.

    No line is wider than `width` ordinary characters, unless one name is; all but the first are
    indented.
    """
    # A demo was measured nowhere, whatever the machine is called.
    host = "demo" if summary.kind == SIMULATED else printable(summary.host, _WIDEST_HOST)
    verdicts = [
        f"{summary.verdicts[ruling]} {ruling}" for ruling in Ruling if summary.verdicts.get(ruling)
    ]
    found = verdicts or [f"{summary.results} results"]
    if not summary.complete:
        found[-1] += " (not complete)"
    if summary.altered:
        found[-1] += " (ALTERED)"
    # A count and its word stay together where there is room for both.
    room = width - len(_INDENT) - 1
    counts = ", ".join(text.replace(" ", _JOINED) if len(text) <= room else text for text in found)
    for line in _wrapped(f"{_when(summary.started)}  {host}  {counts}", width, ""):
        yield line.replace(_JOINED, " ")
    if summary.remark and summary.remark != SIMULATED_REMARK:
        yield from _wrapped(f"“{printable(summary.remark, 80)}”", width, _INDENT)
    yield f"{_INDENT}{_targets(summary, width - len(_INDENT))}"


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=_INDENT, break_on_hyphens=False
    )


def _targets(summary: Summary, width: int) -> str:
    """The first names that fit, and how many more there are."""
    # A host with two roles is two targets.
    names = list(dict.fromkeys(printable(name, 40) for name in summary.targets))
    while True:
        more = summary.target_count - sum(printable(name, 40) in names for name in summary.targets)
        text = ", ".join(names) + (f" and {more:,} more" if more > 0 else "")
        if len(text) <= width or len(names) < 2:
            return text
        names.pop()


def _when(started: str) -> str:
    try:
        return f"{datetime.fromisoformat(started):%Y-%m-%d %H:%M}"
    except ValueError:
        return printable(started, 16)
