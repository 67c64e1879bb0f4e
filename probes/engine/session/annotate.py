"""A sentence of the operator's added to a session that has ended, under a new hash."""

from __future__ import annotations

import os
from collections import Counter

from probes.engine.session.place import shown
from probes.engine.session.read import SessionError, read_session
from probes.engine.session.write import LogFailed, SessionLog


def annotate(path: str | os.PathLike[str], text: str) -> None:
    """Append a remark and a new end record; raises SessionError, and then nothing was written.

    A log without an end may still be written by another process, whose hash this would break.
    """
    session = read_session(path)
    if not session.ended:
        raise SessionError(
            f"{shown(path)} has no end: it was killed, or is still being measured. "
            "Nothing was added."
        )
    counts = Counter(str(result.status) for result in session.results)
    try:
        log = SessionLog.append(path)
        try:
            log.remark(text)
            log.end(session.complete, counts)
        finally:
            log.close()
    except LogFailed as error:
        raise SessionError(str(error)) from None
