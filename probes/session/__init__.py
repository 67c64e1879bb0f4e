"""The session log: JSON Lines, append-only; `docs/session-log.md` describes every line."""

from __future__ import annotations

from probes.session.copy import AlreadyThere, copy
from probes.session.header import (
    SIMULATED_REMARK,
    Header,
    Origin,
    ProfileRef,
    Tool,
    new_header,
    profile_ref,
)
from probes.session.integrity import Verification, verify
from probes.session.paths import default_path, session_folder
from probes.session.reader import Session, SessionError, read_session, unreached
from probes.session.records import FindingRecord, Remark, VerdictRecord
from probes.session.summary import Summary, summary
from probes.session.writer import LogFailed, SessionLog, annotate

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
    "profile_ref",
    "read_session",
    "session_folder",
    "summary",
    "unreached",
    "verify",
]
