"""Session log: JSON Lines, append-only; `docs/session-log.md` describes every line."""

from __future__ import annotations

from probes.session.copy import SessionExists, copy_session
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
from probes.session.paths import SessionError, default_path, sessions_folder
from probes.session.reader import Session, read_session, unreached_rows
from probes.session.records import FindingRecord, Remark, VerdictRecord
from probes.session.summary import Summary, summarize
from probes.session.writer import LogError, SessionLog, annotate

__all__ = [
    "SIMULATED_REMARK",
    "FindingRecord",
    "Header",
    "LogError",
    "Origin",
    "ProfileRef",
    "Remark",
    "Session",
    "SessionError",
    "SessionExists",
    "SessionLog",
    "Summary",
    "Tool",
    "VerdictRecord",
    "Verification",
    "annotate",
    "copy_session",
    "default_path",
    "new_header",
    "profile_ref",
    "read_session",
    "sessions_folder",
    "summarize",
    "unreached_rows",
    "verify",
]
