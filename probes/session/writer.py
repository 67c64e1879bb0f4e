"""Writer of session logs, and remarks added to a finished log."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from probes.judging.findings import Finding
from probes.model import Removed, Restored, Result, Target, Verdict
from probes.session.content import SessionContent
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
from probes.session.log_encoding import open_log
from probes.session.log_file import LogFile, create_beside, make_default_directory, write_whole
from probes.session.paths import SessionError, error_text
from probes.session.reader import read_session
from probes.session.records import end_record, to_finding_record, unchanged_record
from probes.state_directory import taken_text
from profiles.errors import printable_path

T = TypeVar("T")

MAX_PENDING = 64 * 1024 * 1024
"""Bytes kept while the file cannot be written. Of the records beyond, the latest of each row and
kind is kept, which the session holds anyway."""

_PIECE = 500
"""Records beyond MAX_PENDING that are written at a time, so that measuring goes on between."""
_CHECK_INTERVAL = 1.0
"""Seconds between two looks at what others did to the file."""
_MAX_RETRY_DELAY = 30.0
"""Most seconds between two attempts to write a lost log anew."""
_PASSING = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
        *(errno.ESTALE, errno.ETIMEDOUT, errno.EINTR, errno.EAGAIN),
    }
)
"""Errors of creating a file that may pass while the session lasts."""

_MakeLines = Callable[[], Iterable[str]]


class LogError(Exception):
    """Log that cannot be opened or written; the message is one sentence for the operator."""


class SessionLog:
    """Open session log. Every method may be called from any thread and raises LogError.

    A record that could not be written is kept, with the rest of a line that was cut, and written
    before anything newer as soon as writing works again: after an error keep on calling, or call
    `flush`. A file of its own that somebody deleted, renamed, cut or wrote to is given up, and the
    log is written anew beside it.
    """

    def __init__(
        self,
        file: LogFile | None,
        name: str,
        path: Path | None = None,
        content: SessionContent | None = None,
    ) -> None:
        """Write to a file; with `content` a lost one, or None, is written anew beside `path`."""
        self.name = name
        self.trouble = ""
        """Reason why records are missing from the file, a sentence; empty if none is."""
        self._file = file
        self._path = path
        self._content = content
        self._closed = False
        self._pending = bytearray()
        self._late: dict[Hashable, _MakeLines] = {}
        """Records beyond MAX_PENDING, in order, by what a later one replaces."""
        self._replaced = self._unsaid = 0
        """Number of records that are in no file, in all and without a remark in the log."""
        self._digest = hashlib.sha256()
        self.failure: OSError | None = None
        """Why the latest attempt to write failed; None if it did not."""
        self._written: dict[str, tuple[Result, str]] = {}
        """Latest result of each row, and the start of its first measurement."""
        self._lost = "" if file is not None else "could not be created"
        """Fate of the file, as a predicate; empty while it is in its place."""
        self._next_check = self._next_attempt = 0.0
        self._retry_delay = _CHECK_INTERVAL
        self._sync_due = False
        self._notices: list[str] = []
        self._lock = threading.RLock()
        self._started: tuple[datetime, float] | None = None
        """Start of the session, and the monotonic time at which it was written."""

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, patient: bool = False) -> SessionLog:
        """Create a log of mode 0600; refuse an existing file. Only the default directory is made.

        A `patient` one is made later where the error may pass, such as that of a full disk.
        """
        name = printable_path(path)
        try:
            place = Path(path).absolute()
            make_default_directory(place)
            return cls(LogFile.create(place), name, place, SessionContent())
        except FileExistsError:
            raise LogError(f"{name} {taken_text(path)}; name another file.") from None
        except OSError as error:
            failure = _log_error("create", path, error)
            if not (patient and error.errno in _PASSING):
                raise failure from None
            log = cls(None, name, place, SessionContent())
            log.trouble = str(failure)
            return log
        except ValueError:
            raise LogError(f"{name} cannot be a file name.") from None

    @classmethod
    def append(cls, path: str | os.PathLike[str]) -> SessionLog:
        """Open an existing log for a rerun; refuse a symbolic link and any other file."""
        try:
            descriptor = LogFile.open(path)
            with contextlib.ExitStack() as undo:
                undo.callback(os.close, descriptor)
                begins_anew = _lacks_final_newline(descriptor)
                file = LogFile(descriptor, Path(path), size=os.fstat(descriptor).st_size)
                log = cls(file, printable_path(path))
                log._digest = file.digest()
                undo.pop_all()
        except OSError as error:
            raise _log_error("append to", path, error) from None
        except ValueError:
            raise LogError(f"{printable_path(path)} is not a session log.") from None
        if begins_anew:
            log._buffer("")
        return log

    @classmethod
    def stream(cls, descriptor: int, name: str) -> SessionLog:
        """Write to an open descriptor of somebody else's, such as standard output."""
        return cls(LogFile(descriptor), name)

    @property
    def path(self) -> str:
        """Path of the file; empty for a stream, and while there is no file."""
        with self._lock:
            file = self._file
            return "" if file is None or file.path is None else str(file.path)

    @property
    def loss(self) -> str:
        """Sentence on what is missing from the file; empty if nothing is, or nobody reads it."""
        if isinstance(self.failure, BrokenPipeError):
            return ""
        if self.trouble or not self._replaced:
            return self.trouble
        return f"{_records(self._replaced)} could not be written to {self.name}."

    def take_notices(self) -> list[str]:
        """Sentences for the operator since the last call."""
        with self._lock:
            taken, self._notices = self._notices, []
            return taken

    def discard(self) -> None:
        """Close a log that is not wanted, and remove its file."""
        with self._lock:
            self._closed = True
            if self._file is not None and self._file.path is not None:
                with contextlib.suppress(OSError):
                    self._file.remove()

    def take_back(self) -> None:
        """Close a log that was appended to, and leave its file as it was before."""
        with self._lock:
            self._closed = True
            if self._file is not None and self._file.path is not None:
                with contextlib.suppress(OSError):
                    self._file.cut_back()
                with contextlib.suppress(OSError):
                    self._file.close()

    def write_header(self, header: Header) -> None:
        """Write the first line."""
        text = encode_record(header_record(header))
        if len(text) >= MAX_HEADER:
            raise LogError(f"{self.name} cannot hold {len(header.targets)} targets.")
        with self._lock:
            self._started = datetime.fromisoformat(header.started), time.monotonic()
            if self._content is not None:
                self._content.header = text
            self._write("header", lambda: [text])

    def write_targets(self, targets: Sequence[Target]) -> None:
        """Write a record of hosts that were added to this session."""
        with self._lock:
            if self._content is not None:
                self._content.add_targets(targets)
            self._write(object(), lambda: map(encode_record, targets_records(targets)))

    def write_removal(self, event: Removed | Restored) -> None:
        """Write a record of hosts that were removed or restored; their rows stay in the log."""
        lines = [encode_record(record) for record in removal_records(event)]
        with self._lock:
            if self._content is not None:
                self._content.apply_removal(event)
            self._write(object(), lambda: lines)

    def write_results(self, batch: Sequence[Result]) -> None:
        """Write a batch of results with one system call."""
        with self._lock:
            for result in batch:
                if self._content is not None:
                    self._content.add_result(result)
                self._put(("result", result.job.key), partial(self._result_lines, result))
            self._flush()

    def _result_lines(self, result: Result) -> Iterator[str]:
        """Line of a result, a short one for a row that was measured again and is as it was.

        Or one that says its short reason, of which other rows of its host told more.
        """
        key, seen = result.job.key, result.observation
        before, first_started = self._written.get(key, (None, seen.started))
        self._written[key] = result, first_started
        line = ""
        is_measured_again = seen.started != first_started
        if before is not None and (is_measured_again or seen == before.observation):
            unchanged = unchanged_record(result, before)
            line = "" if unchanged is None else encode_record(unchanged)
        yield line if 0 < len(line) < MAX_LINE else result_line(result)

    def write_earlier(self, batch: Sequence[Result]) -> None:
        """Write rows of an earlier session that are not measured again."""
        with self._lock:
            for result in batch:
                if self._content is not None:
                    self._content.add_earlier(result)
                self._put(("earlier", result.job.key), partial(_lines_of, earlier_line, result))
            self._flush()

    def write_verdicts(self, batch: Sequence[Verdict]) -> None:
        """Write a batch of verdicts with one system call."""
        with self._lock:
            for one in batch:
                if self._content is not None:
                    self._content.add_verdict(one)
                self._put((one.target, one.capability), partial(_lines_of, verdict_line, one))
            self._flush()

    def write_findings(self, batch: Sequence[Finding]) -> None:
        """Write all findings with one system call."""
        with self._lock:
            if self._content is not None:
                self._content.set_findings(batch)
            self._write("findings", lambda: map(finding_line, map(to_finding_record, batch)))

    def write_remark(self, text: str) -> None:
        """Write a remark of the operator, with the time."""
        line = remark_line(text)
        with self._lock:
            if self._content is not None:
                self._content.add_remark(line)
            self._write(object(), lambda: [line])

    def write_end(self, complete: bool, counts: Mapping[str, int]) -> None:
        """Write the last line, with hashes of all before it and of itself, and sync to the disk.

        Where records were lost, it does not say that the session is complete.
        """
        with self._lock:
            with contextlib.suppress(LogError):
                # What others did to the file must be known before the end is hashed over it.
                self._flush(whole=True)
                self._check_bytes()
            if self._content is not None:
                self._content.end = complete, counts
            self._put("end", partial(self._end_lines, complete, counts))
            self._flush(whole=True)

    def _end_lines(self, complete: bool, counts: Mapping[str, int]) -> Iterator[str]:
        yield from self._loss_lines()
        self._sync_due = True
        complete = complete and not self._replaced
        record = end_record(self._now(), complete, counts, self._digest.hexdigest())
        yield with_digest(encode_record(record), self._digest)

    def _loss_lines(self) -> Iterator[str]:
        """Remark about records that are in no file, unless it was made."""
        if self._unsaid:
            count, self._unsaid = self._unsaid, 0
            yield remark_line(f"{_records(count)} could not be written here.")

    def _now(self) -> str:
        """Current time, not before the start where the clock was set back meanwhile."""
        now = datetime.now().astimezone()
        if self._started is not None:
            started, at = self._started
            now = max(now, started + timedelta(seconds=time.monotonic() - at))
        return now.isoformat(timespec="milliseconds")

    def flush(self) -> None:
        """Write what could not be written before."""
        with self._lock:
            self._flush()

    def close(self) -> None:
        """Write pending data and close; closing again does nothing.

        Where that fails, the file ends with a whole line, and with an `end` that says
        `"complete":false` if there is room for one.
        """
        with self._lock:
            if self._closed:
                return
            try:
                self._flush(whole=True)
            except LogError:
                self._end_incomplete()
                raise
            finally:
                self._closed = True
                if self._file is not None:
                    # What was synced cannot be lost by an error here.
                    with contextlib.suppress(OSError):
                        self._file.close()

    def _end_incomplete(self) -> None:
        """Cut a torn line off and say, if there is room, that the log is not complete."""
        file = self._file
        if file is None or file.path is None or self._lost:
            return
        counts = self._content.end[1] if self._content and self._content.end else {}
        with contextlib.suppress(OSError):
            file.cut_torn_line()
            before = file.digest()
            record = end_record(self._now(), False, counts, before.hexdigest())
            line = with_digest(encode_record(record), before)
            try:
                file.write(bytearray(f"{line}\n", "ascii"))
            finally:
                file.cut_torn_line()

    def _write(self, key: Hashable, make_lines: _MakeLines) -> None:
        self._put(key, make_lines)
        self._flush()

    def _put(self, key: Hashable, make_lines: _MakeLines) -> None:
        """Add a record to what is to be written, after everything before it."""
        if self._lost:
            # The new log is written from the content.
            return
        if self._late or len(self._pending) > MAX_PENDING:
            if self._late.pop(key, None) is not None:
                self._replaced += 1
                self._unsaid += 1
            self._late[key] = make_lines
            return
        for line in make_lines():
            self._buffer(line)

    def _buffer(self, line: str) -> None:
        """Add a line to the pending data and to the hash, which runs ahead of the disk."""
        data = f"{line}\n".encode("ascii")
        self._pending += data
        self._digest.update(data)

    def _flush(self, *, whole: bool = False) -> None:
        """Write what is pending; `whole` everything, however long it takes."""
        if self._closed:
            raise LogError(f"{self.name} is closed.")
        try:
            file = self._file_in_place(whole)
            file.write(self._pending)
            while self._late:
                for key in list(islice(self._late, _PIECE)):
                    for line in self._late.pop(key)():
                        self._buffer(line)
                file.write(self._pending)
                if self._late and not whole:
                    return
            for line in self._loss_lines():
                self._buffer(line)
            file.write(self._pending)
            if self._sync_due:
                self._sync(file)
        except OSError as error:
            self.failure = error
            failure = self._failure(error)
            self.trouble = str(failure)
            raise failure from None
        self.trouble, self.failure = "", None

    def _failure(self, error: OSError) -> LogError:
        if self._file is None:
            return _log_error("create", self.name, error)
        if self._lost:
            return LogError(
                f"The session log {self.name} {self._lost}, and it cannot be written anew: "
                f"{error_text(error)}."
            )
        return _log_error("write", self.name, error)

    def _sync(self, file: LogFile) -> None:
        try:
            file.sync()
        except OSError as error:
            # The kernel may have dropped what it could not write, and says so only once.
            self._lose(f"did not reach the disk ({error_text(error)})")
            if not self._lost:
                raise
            file = self._file_in_place(True)
            file.write(self._pending)
            file.sync()
        self._sync_due = False

    def _file_in_place(self, now: bool) -> LogFile:
        """File in its place, a new one if that is lost; raises OSError and LogError."""
        at = time.monotonic()
        if self._file is not None and not self._lost:
            if self._content is None or not (now or at >= self._next_check):
                return self._file
            self._next_check = at + _CHECK_INTERVAL
            self._lose(self._file.displaced())
            if not self._lost:
                return self._file
        elif self.trouble and not now and at < self._next_attempt:
            raise LogError(self.trouble)
        try:
            return self._start_anew()
        except OSError:
            self._next_attempt = time.monotonic() + self._retry_delay
            self._retry_delay = min(2 * self._retry_delay, _MAX_RETRY_DELAY)
            raise

    def _lose(self, what: str) -> None:
        """Give the file up if something happened to it; its content is written anew."""
        if what and self._content is not None:
            self._lost = what
            self._pending.clear()
            self._late.clear()

    def _check_bytes(self) -> None:
        """Give the file up if it holds other bytes than were written."""
        if self._file is None or self._content is None:
            return
        try:
            if self._file.is_modified() and not self._file.holds(self._digest.digest()):
                self._lose("was changed by another program")
        except OSError as error:
            self._lose(f"could not be read back ({error_text(error)})")

    def _start_anew(self) -> LogFile:
        """Write a whole log from the content of the session; raises OSError."""
        content, before, what = self._content, self._file, self._lost
        assert content is not None
        assert self._path is not None
        remark = (
            f"The session log {self.name} {what} while it was written. This one was written anew "
            "and holds the last result of every row."
        )
        self._file, self._digest = write_whole(
            create_beside(self._path, taken=before is not None),
            content.lines(remark if before is not None else ""),
        )
        self._lost = ""
        self._pending.clear()
        self._late.clear()
        self._replaced = self._unsaid = 0
        self._retry_delay = _CHECK_INTERVAL
        self._written = {
            key: (result, result.observation.started) for key, result in content.results.items()
        }
        name = printable_path(str(self._file.path))
        if before is not None:
            with contextlib.suppress(OSError):
                before.close()
            self._notices.append(
                f"The session log {self.name} {what} while it was written. It was written anew to "
                f"{name}, with the last result of every row."
            )
        self.name = name
        if content.end is not None:
            for line in self._end_lines(*content.end):
                self._buffer(line)
        return self._file


def _lines_of(line: Callable[[T], str], record: T) -> Iterator[str]:
    yield line(record)


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"


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
            f"{printable_path(path)} has no end: the run was killed, or is still going on. Nothing "
            "was added."
        )
    counts = Counter(str(result.status) for result in session.results)
    try:
        log = SessionLog.append(path)
        try:
            log.write_remark(text)
            log.write_end(session.complete, counts)
        except LogError:
            log.take_back()
            raise
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


def _log_error(do: str, path: str | os.PathLike[str], error: OSError) -> LogError:
    return LogError(f"Cannot {do} the session log {printable_path(path)}: {error_text(error)}.")
