"""Session log writer: appends and flushes records; adds remarks to a finished log."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from probes.judging.findings import Finding
from probes.model import Removed, Restored, Result, Target, Verdict
from probes.session.header import Header, header_record, removal_records, targets_records
from probes.session.integrity import sealed
from probes.session.json_line import MOST_HEADER, MOST_LINE, encoded
from probes.session.paths import because, make_parents, shown
from probes.session.reader import SessionError, read_session
from probes.session.records import (
    FindingRecord,
    VerdictRecord,
    earlier_record,
    end_record,
    finding_record,
    found,
    recorded,
    remark_record,
    result_record,
    verdict_record,
)

MOST_WAITING = 64 * 1024 * 1024
"""Bytes kept for later while the file cannot be written."""

# Absent on Windows, where links and text mode are other matters.
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)


class LogFailed(Exception):
    """The log could not be opened or written; the text is one sentence for the operator."""


class SessionLog:
    """An open session log. Every method may be called from any thread and raises LogFailed.

    What could not be written waits, with the rest of a line that was cut, and goes out before
    anything newer as soon as writing works again: say a failure once and keep on calling.
    """

    def __init__(self, descriptor: int, name: str, *, owned: bool = False) -> None:
        """Write to an open descriptor, such as standard output; closed at the end if `owned`."""
        self.name = name
        self._descriptor: int | None = descriptor
        self._owned = owned
        self._waiting = bytearray()
        self._before = hashlib.sha256()
        self._lost = 0
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> SessionLog:
        """A new log, mode 0600, in directories that are made 0700; an existing file is refused."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _NOFOLLOW | _BINARY
        try:
            make_parents(Path(path))
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            raise LogFailed(f"{shown(path)} exists already; name another file.") from None
        except OSError as error:
            raise _cannot("create", path, error) from None
        except ValueError:
            raise LogFailed(f"{shown(path)} cannot be a file name.") from None
        return cls(descriptor, shown(path), owned=True)

    @classmethod
    def append(cls, path: str | os.PathLike[str]) -> SessionLog:
        """An existing log again, for a rerun; a symbolic link or another file is refused."""
        flags = os.O_RDWR | os.O_APPEND | _NOFOLLOW | _BINARY
        try:
            descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
            with contextlib.ExitStack() as undo:
                undo.callback(os.close, descriptor)
                begins_anew = _ends_torn(descriptor)
                before = _hashed(descriptor)
                undo.pop_all()
        except OSError as error:
            raise _cannot("append to", path, error) from None
        except ValueError:
            raise LogFailed(f"{shown(path)} is not a session log.") from None
        log = cls(descriptor, shown(path), owned=True)
        log._before = before
        if begins_anew:
            log._keep(b"\n")
        return log

    def header(self, header: Header) -> None:
        """Write the first line."""
        text = encoded(header_record(header))
        if len(text) >= MOST_HEADER:
            raise LogFailed(f"{self.name} cannot hold {len(header.targets)} targets.")
        self._write([text])

    def targets(self, targets: Sequence[Target]) -> None:
        """Write that hosts were added to this session."""
        self._write([encoded(record) for record in targets_records(targets)])

    def removal(self, event: Removed | Restored) -> None:
        """Write that hosts were taken out of this session, or in again; their rows stay here."""
        self._write([encoded(record) for record in removal_records(event)])

    def results(self, batch: Sequence[Result]) -> None:
        """Write a batch of results with one system call."""
        self._write([result_line(result) for result in batch])

    def earlier(self, batch: Sequence[Result]) -> None:
        """Write rows of an earlier session that are not measured again."""
        self._write([_line(earlier_record(result)) for result in batch])

    def verdict(self, verdict: VerdictRecord) -> None:
        """Write the judgement of one target and capability."""
        self._write([encoded(verdict_record(verdict))])

    def verdicts(self, batch: Sequence[Verdict]) -> None:
        """Write a batch of verdicts with one system call."""
        self._write([encoded(verdict_record(recorded(verdict))) for verdict in batch])

    def findings(self, batch: Sequence[Finding]) -> None:
        """Write all that was found, with one system call."""
        self._write([finding_line(found(finding)) for finding in batch])

    def remark(self, text: str) -> None:
        """Write a sentence of the operator's, with the time."""
        self._write([encoded(remark_record(text[: MOST_LINE // 16]))])

    def end(self, complete: bool, counts: Mapping[str, int]) -> None:
        """Write the last line, with hashes of all before it and of it, and bring it to the disk."""
        with self._lock:
            if self._waiting:
                # What was lost is said before the end, or it would not be under its hash.
                with contextlib.suppress(LogFailed):
                    self._flush()
            record = end_record(complete, counts, self._before.hexdigest())
            self._keep(f"{sealed(encoded(record), self._before)}\n".encode("ascii"))
            self._flush()
            if self._owned and self._descriptor is not None:
                try:
                    os.fsync(self._descriptor)
                except OSError as error:
                    raise _cannot("write", self.name, error) from None

    def close(self) -> None:
        """Write what still waits and close; closing again does nothing."""
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
            if self._waiting and len(self._waiting) + len(data) > MOST_WAITING:
                try:
                    self._flush()
                except LogFailed:
                    self._lost += data.count(b"\n")
                    raise
            self._keep(data)
            self._flush()

    def _keep(self, data: bytes) -> None:
        """Let whole lines wait, which go out in this order: the hash runs ahead of the disk."""
        self._waiting += data
        self._before.update(data)

    def _flush(self) -> None:
        if self._descriptor is None:
            raise LogFailed(f"{self.name} is closed.")
        try:
            while self._waiting:
                written = os.write(self._descriptor, self._waiting)
                del self._waiting[:written]
                if not self._waiting and self._lost:
                    lost = f"{self._lost} records could not be written here."
                    self._keep(f"{encoded(remark_record(lost))}\n".encode("ascii"))
                    self._lost = 0
        except OSError as error:
            raise _cannot("write", self.name, error) from None


def result_line(result: Result) -> str:
    """A result as one line without its newline, shortened to what a reader accepts."""
    return _line(result_record(result))


def _line(record: dict[str, object]) -> str:
    line = encoded(record)
    if len(line) < MOST_LINE:
        return line
    note = str(record["note"])[:4096]
    return encoded({**record, "note": note, "facts": {"shortened": True}, "evidence": []})


def finding_line(finding: FindingRecord) -> str:
    """A finding as one line without its newline, with as many of its keys as a reader accepts."""
    line = encoded(finding_record(finding))
    while len(line) >= MOST_LINE and finding.keys:
        finding = replace(finding, keys=finding.keys[: len(finding.keys) // 2])
        line = encoded(finding_record(finding))
    return line


def _ends_torn(descriptor: int) -> bool:
    """Whether the last line lacks its newline; raises ValueError if this is no session log."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or not os.read(descriptor, 17).startswith(
        b'{"type":"session"'
    ):
        raise ValueError
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"


def _hashed(descriptor: int) -> hashlib._Hash:
    """The hash of everything that is in the file."""
    found = hashlib.sha256()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while data := os.read(descriptor, 1024 * 1024):
        found.update(data)
    return found


def _cannot(do: str, path: str | os.PathLike[str], error: OSError) -> LogFailed:
    return LogFailed(f"Cannot {do} the session log {shown(path)}: {because(error)}.")


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
