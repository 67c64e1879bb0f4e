"""Integrity of a session log: the hash in its end record, and the seal of that record."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import BinaryIO

from probes.session.json_line import MAX_LINE, BadLine, decode_record
from probes.session.log_encoding import LogFile, open_log
from probes.session.paths import SessionError
from profiles.errors import printable_path

_FIRST_BYTES = b'{"type":"session"'

_DIGEST_KEY = b',"seal":"'
_LINE_END = b'"}\n'


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of verifying a log by its hashes."""

    intact: bool
    """Sealed `end` records with the right hash cover the log to its last byte."""
    text: str
    """Sentence naming the lines it is about, without content of the file."""
    complete: bool = False
    """The last `end` says that everything was measured."""
    altered: bool = False
    """A hash is another than that of the lines it covers."""


def verify(path: str | os.PathLike[str]) -> Verification:
    """Verify a session log by its `end` records; raises SessionError where it is no log.

    It finds damage and edits. It is no signature: whoever edits a log can hash it again.
    """
    with open_log(path) as log:
        if log.file.read(len(_FIRST_BYTES)) != _FIRST_BYTES:
            raise SessionError(f"{printable_path(path)} is not a session log.")
        return verify_log(log)


def with_digest(line: str, preceding: hashlib._Hash) -> str:
    """End record with its seal; `preceding` is the hash of every byte before its line."""
    prefix = line.removesuffix("}").encode("ascii") + _DIGEST_KEY
    return f'{prefix.decode("ascii")}{_hexdigest(preceding, prefix)}"}}'


def digest_matches(line: bytes, preceding: hashlib._Hash) -> bool:
    """True if the line of an end record that has a seal is as it was written."""
    head, mark, rest = line.rpartition(_DIGEST_KEY)
    prefix = head + mark
    return bool(mark) and rest == _hexdigest(preceding, prefix).encode("ascii") + _LINE_END


def _hexdigest(preceding: hashlib._Hash, prefix: bytes) -> str:
    whole = preceding.copy()
    whole.update(prefix)
    return whole.hexdigest()


def verify_log(log: LogFile) -> Verification:
    """Verify an open log, and leave it at its beginning."""
    log.file.seek(0)
    found = _verify_lines(log.file)
    log.file.seek(0)
    if not log.form:
        return found
    # The bytes are others than those that were hashed; what was found is about those.
    text = found.text.removeprefix("Intact: ")
    text = f"Altered: {log.form_text}. Converted back: {text[0].lower()}{text[1:]}"
    return Verification(False, text, found.complete, altered=True)


def _verify_lines(file: BinaryIO) -> Verification:
    preceding = hashlib.sha256()
    number = covered = unhashed = 0
    complete, whole, has_seal = False, True, True
    # Long lines come in pieces, so that a file without a newline costs no more memory.
    while chunk := file.readline(MAX_LINE):
        if whole:
            number += 1
            end = _end_record(chunk)
            if end is not None and "sha256" not in end:
                unhashed = number
            elif end is not None and end["sha256"] != preceding.hexdigest():
                return Verification(False, _altered_text(covered + 1, number), altered=True)
            elif end is not None:
                has_seal = "seal" in end
                if has_seal and not digest_matches(chunk, preceding):
                    return Verification(False, _altered_text(number, number), altered=True)
                covered, complete = number, end.get("complete") is True
        preceding.update(chunk)
        whole = chunk.endswith(b"\n")
    if not whole:
        return Verification(False, f"Incomplete: line {number}, the last one, was cut off.")
    if covered == number and has_seal:
        return Verification(True, f"Intact: all {number} lines are as they were written.", complete)
    if covered == number:
        return Verification(False, _unsealed_text(number), complete)
    return Verification(False, _uncovered_text(covered, number, unhashed))


def _end_record(line: bytes) -> dict[str, object] | None:
    """`end` record on a line; None for another record."""
    if b"end" not in line or len(line) == MAX_LINE:
        return None
    try:
        record = decode_record(line)
    except BadLine:
        return None
    return record if record.get("type") == "end" else None


def _unsealed_text(lines: int) -> str:
    return (
        f"Not verifiable: the {lines - 1} lines before the end are as they were written; line "
        f"{lines}, the end itself, has no seal: an old version wrote it, or it was taken off."
    )


def _altered_text(first: int, end: int) -> str:
    if first >= end:
        return f"Altered: line {end}, the end record, is not as it was written."
    # One hash over all of them cannot tell which of the lines it was.
    lines = f"line {first}" if first >= end - 1 else f"one of the lines {first} to {end - 1}"
    return f"Altered: {lines} is not as it was written, or the SHA-256 in line {end} is not."


def _uncovered_text(covered: int, last: int, unhashed: int) -> str:
    if unhashed == last:
        return (
            f"Not verifiable: the end record in line {last} has no SHA-256; "
            "an old version wrote it."
        )
    lines = f"lines {covered + 1} to {last}" if covered + 1 < last else f"line {last}"
    if not covered:
        lines = f"line {last}, the last one"
    return f"Incomplete: no end record follows {lines}; the run was killed, or lines are missing."
