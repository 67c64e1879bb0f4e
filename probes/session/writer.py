"""Writer of session logs, and remarks added to a finished log."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from probes.judging.findings import Finding
from probes.model import Removed, Restored, Result, Target, Verdict
from probes.session.header import Header, header_record, removal_records, targets_records
from probes.session.integrity import with_digest
from probes.session.json_line import MAX_HEADER, MAX_LINE, encode_record
from probes.session.lines import (
    earlier_line,
    finding_line,
    remark_line,
    result_line,
    verdict_line,
)
from probes.session.log_form import open_log
from probes.session.paths import SessionError, error_text, make_parents, printable_path
from probes.session.reader import read_session
from probes.session.records import end_record, to_finding_record, unchanged_record

MAX_PENDING = 64 * 1024 * 1024
"""Bytes kept while the file cannot be written."""

# Absent on Windows, where links and text mode are other matters.
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)


class LogError(Exception):
    """Log that cannot be opened or written; the message is one sentence for the operator."""


class SessionLog:
    """Open session log. Every method may be called from any thread and raises LogError.

    Data that could not be written is kept, with the rest of a line that was cut, and written before
    anything newer as soon as writing works again: report a failure once and keep on calling.
    """

    def __init__(self, descriptor: int, name: str, *, owned: bool = False) -> None:
        """Write to an open descriptor, such as standard output; closed at the end if `owned`."""
        self.name = name
        self._descriptor: int | None = descriptor
        self._owned = owned
        self._pending = bytearray()
        self._digest = hashlib.sha256()
        self._lost = 0
        self.failure: OSError | None = None
        """Why the latest attempt to write failed; None if it did not."""
        self._written: dict[str, tuple[Result, str]] = {}
        """Latest result of each row, and the start of its first measurement."""
        self._lock = threading.Lock()
        self._started: tuple[datetime, float] | None = None
        """Start of the session, and the monotonic time at which it was written."""

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> SessionLog:
        """Create a log of mode 0600, in new directories of mode 0700; refuse an existing file."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _NOFOLLOW | _BINARY
        try:
            make_parents(Path(path))
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            raise LogError(f"{printable_path(path)} exists already; name another file.") from None
        except OSError as error:
            raise _log_error("create", path, error) from None
        except ValueError:
            raise LogError(f"{printable_path(path)} cannot be a file name.") from None
        return cls(descriptor, printable_path(path), owned=True)

    @classmethod
    def append(cls, path: str | os.PathLike[str]) -> SessionLog:
        """Open an existing log for a rerun; refuse a symbolic link and any other file."""
        flags = os.O_RDWR | os.O_APPEND | _NOFOLLOW | _BINARY
        try:
            descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
            with contextlib.ExitStack() as undo:
                undo.callback(os.close, descriptor)
                begins_anew = _lacks_final_newline(descriptor)
                before = _file_digest(descriptor)
                undo.pop_all()
        except OSError as error:
            raise _log_error("append to", path, error) from None
        except ValueError:
            raise LogError(f"{printable_path(path)} is not a session log.") from None
        log = cls(descriptor, printable_path(path), owned=True)
        log._digest = before
        if begins_anew:
            log._buffer(b"\n")
        return log

    def write_header(self, header: Header) -> None:
        """Write the first line."""
        text = encode_record(header_record(header))
        if len(text) >= MAX_HEADER:
            raise LogError(f"{self.name} cannot hold {len(header.targets)} targets.")
        self._started = datetime.fromisoformat(header.started), time.monotonic()
        self._write([text])

    def write_targets(self, targets: Sequence[Target]) -> None:
        """Write a record of hosts that were added to this session."""
        self._write([encode_record(record) for record in targets_records(targets)])

    def write_removal(self, event: Removed | Restored) -> None:
        """Write a record of hosts that were removed or restored; their rows stay in the log."""
        self._write([encode_record(record) for record in removal_records(event)])

    def write_results(self, batch: Sequence[Result]) -> None:
        """Write a batch of results with one system call."""
        with self._lock:
            lines = [self._result_line(result) for result in batch]
        self._write(lines)

    def _result_line(self, result: Result) -> str:
        """Line of a result, a short one for a row that was measured again and is as it was."""
        key, seen = result.job.key, result.observation
        before, first_started = self._written.get(key, (None, seen.started))
        self._written[key] = result, first_started
        if before is None or seen.started == first_started:
            return result_line(result)
        unchanged = unchanged_record(result, before)
        line = "" if unchanged is None else encode_record(unchanged)
        return line if 0 < len(line) < MAX_LINE else result_line(result)

    def write_earlier(self, batch: Sequence[Result]) -> None:
        """Write rows of an earlier session that are not measured again."""
        self._write([earlier_line(result) for result in batch])

    def write_verdicts(self, batch: Sequence[Verdict]) -> None:
        """Write a batch of verdicts with one system call."""
        self._write([verdict_line(verdict) for verdict in batch])

    def write_findings(self, batch: Sequence[Finding]) -> None:
        """Write all findings with one system call."""
        self._write([finding_line(to_finding_record(finding)) for finding in batch])

    def write_remark(self, text: str) -> None:
        """Write a remark of the operator, with the time."""
        self._write([remark_line(text)])

    def write_end(self, complete: bool, counts: Mapping[str, int]) -> None:
        """Write the last line, with hashes of all before it and of itself, and sync to the disk."""
        with self._lock:
            if self._pending:
                # The remark about lost records precedes the end record, whose hash then covers it.
                with contextlib.suppress(LogError):
                    self._flush()
            record = end_record(self._now(), complete, counts, self._digest.hexdigest())
            self._buffer(f"{with_digest(encode_record(record), self._digest)}\n".encode("ascii"))
            self._flush()
            if self._owned and self._descriptor is not None:
                try:
                    os.fsync(self._descriptor)
                except OSError as error:
                    raise _log_error("write", self.name, error) from None

    def _now(self) -> str:
        """Current time, not before the start where the clock was set back meanwhile."""
        now = datetime.now().astimezone()
        if self._started is not None:
            started, at = self._started
            now = max(now, started + timedelta(seconds=time.monotonic() - at))
        return now.isoformat(timespec="milliseconds")

    def close(self) -> None:
        """Write pending data and close; closing again does nothing."""
        with self._lock:
            if self._descriptor is None:
                return
            try:
                self._flush()
            finally:
                if self._owned:
                    os.close(self._descriptor)
                self._descriptor = None

    def _write(self, lines: Iterable[str]) -> None:
        data = "".join(f"{line}\n" for line in lines).encode("ascii")
        with self._lock:
            if self._pending and len(self._pending) + len(data) > MAX_PENDING:
                try:
                    self._flush()
                except LogError:
                    self._lost += data.count(b"\n")
                    # What a short line would refer to may be among the lost ones.
                    self._written.clear()
                    raise
            self._buffer(data)
            self._flush()

    def _buffer(self, data: bytes) -> None:
        """Add whole lines to the pending data and to the hash, which runs ahead of the disk."""
        self._pending += data
        self._digest.update(data)

    def _flush(self) -> None:
        if self._descriptor is None:
            raise LogError(f"{self.name} is closed.")
        try:
            while self._pending:
                written = os.write(self._descriptor, self._pending)
                del self._pending[:written]
                if not self._pending and self._lost:
                    lost = f"{self._lost} records could not be written here."
                    self._buffer(f"{remark_line(lost)}\n".encode("ascii"))
                    self._lost = 0
            self.failure = None
        except OSError as error:
            self.failure = error
            raise _log_error("write", self.name, error) from None


def annotate(path: str | os.PathLike[str], text: str) -> None:
    """Append a remark and a new end record; on a SessionError nothing was written.

    A log without an end may still be written by another process, whose hash this would break.
    """
    with open_log(path) as file:
        if file.form:
            raise SessionError(f"{printable_path(path)}: {file.form_text}; nothing was added.")
    session = read_session(path)
    if not session.ended:
        raise SessionError(
            f"{printable_path(path)} has no end: it was killed, or is still being measured. "
            "Nothing was added."
        )
    counts = Counter(str(result.status) for result in session.results)
    try:
        log = SessionLog.append(path)
        try:
            log.write_remark(text)
            log.write_end(session.complete, counts)
        finally:
            log.close()
    except LogError as error:
        raise SessionError(str(error)) from None


def _lacks_final_newline(descriptor: int) -> bool:
    """True if the last line lacks its newline; raises ValueError for a file that is no log."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or not os.read(descriptor, 17).startswith(
        b'{"type":"session"'
    ):
        raise ValueError
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"


def _file_digest(descriptor: int) -> hashlib._Hash:
    """Hash of the whole file."""
    found = hashlib.sha256()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while data := os.read(descriptor, 1024 * 1024):
        found.update(data)
    return found


def _log_error(do: str, path: str | os.PathLike[str], error: OSError) -> LogError:
    return LogError(f"Cannot {do} the session log {printable_path(path)}: {error_text(error)}.")
