"""The session log: JSON Lines, append-only; `docs/session-log.md` describes every line."""

from __future__ import annotations

from probes.engine.session.annotate import annotate
from probes.engine.session.copy import AlreadyThere, copy
from probes.engine.session.header import (
    SIMULATED_REMARK,
    Header,
    Origin,
    ProfileRef,
    Tool,
    new_header,
)
from probes.engine.session.place import default_path, session_folder
from probes.engine.session.read import Session, SessionError, read_session, unreached
from probes.engine.session.record import FindingRecord, Remark, VerdictRecord
from probes.engine.session.summary import Summary, summary
from probes.engine.session.verify import Verification, verify
from probes.engine.session.write import LogFailed, SessionLog

__all__ = [
    "SIMULATED_REMARK",
    "AlreadyThere",
    "FindingRecord",
    "Header",
    "LogFailed",
    "Origin",
    "ProfileRef",
    "Remark",
    "Session",
    "SessionError",
    "SessionLog",
    "Summary",
    "Tool",
    "VerdictRecord",
    "Verification",
    "annotate",
    "copy",
    "default_path",
    "new_header",
    "read_session",
    "session_folder",
    "summary",
    "unreached",
    "verify",
]
