"""Integrity of a session log: digests of its lines and the seal over the end record."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from probes.session.json_line import MOST_LINE, BadLine, decoded
from probes.session.paths import because, shown
from probes.session.reader import SessionError

_MARK = b',"seal":"'
_AFTER = b'"}\n'


def sealed(line: str, before: hashlib._Hash) -> str:
    """An end record with its seal; `before` is the hash of every byte before its line."""
    opened = line.removesuffix("}").encode("ascii") + _MARK
    return f'{opened.decode("ascii")}{_digits(before, opened)}"}}'


def seal_holds(line: bytes, before: hashlib._Hash) -> bool:
    """Whether a line of an end record that has a seal is as it was written."""
    head, mark, rest = line.rpartition(_MARK)
    opened = head + mark
    return bool(mark) and rest == _digits(before, opened).encode("ascii") + _AFTER


def _digits(before: hashlib._Hash, opened: bytes) -> str:
    whole = before.copy()
    whole.update(opened)
    return whole.hexdigest()


_BEGINS = b'{"type":"session"'


@dataclass(frozen=True, slots=True)
class Verification:
    """What the hashes of one log say."""

    intact: bool
    """`end` records with the right hash cover the log to its last byte."""
    text: str
    """One sentence naming the lines it is about; nothing in it comes from the file."""
    complete: bool = False
    """Whether the last `end` says everything was measured."""


def verify(path: str | os.PathLike[str]) -> Verification:
    """Hold a session log against its `end` records; raises SessionError where it is no log.

    It finds damage and edits. It is no signature: whoever edits a log can hash it again.
    """
    try:
        # A FIFO would block until somebody writes to it.
        if Path(path).exists() and not Path(path).is_file():
            raise SessionError(f"{shown(path)} is not a regular file.")
        with Path(path).open("rb", buffering=1024 * 1024) as file:
            if file.read(len(_BEGINS)) != _BEGINS:
                raise SessionError(f"{shown(path)} is not a session log.")
            file.seek(0)
            return _checked(file)
    except OSError as error:
        raise SessionError(f"Cannot read {shown(path)}: {because(error)}.") from None
    except ValueError:
        raise SessionError(f"{shown(path)} cannot be a file name.") from None


def _checked(file: BinaryIO) -> Verification:
    before = hashlib.sha256()
    number = covered = unhashed = 0
    complete, whole, under_seal = False, True, False
    # Long lines come in pieces, so that a file without a newline costs no more memory.
    while piece := file.readline(MOST_LINE):
        if whole:
            number += 1
            end = _end(piece)
            if end is not None and "sha256" not in end:
                unhashed = number
            elif end is not None and end["sha256"] != before.hexdigest():
                return Verification(False, _altered(covered + 1, number))
            elif end is not None:
                under_seal = "seal" in end
                if under_seal and not seal_holds(piece, before):
                    return Verification(False, _altered(number, number))
                covered, complete = number, end.get("complete") is True
        before.update(piece)
        whole = piece.endswith(b"\n")
    if not whole:
        return Verification(False, f"Incomplete: line {number}, the last one, was cut off.")
    if covered == number:
        return Verification(True, _intact(number, under_seal=under_seal), complete)
    return Verification(False, _uncovered(covered, number, unhashed))


def _end(piece: bytes) -> dict[str, object] | None:
    """The `end` record on a line, None if it is another one."""
    if b"end" not in piece or len(piece) == MOST_LINE:
        return None
    try:
        record = decoded(piece)
    except BadLine:
        return None
    return record if record.get("type") == "end" else None


def _intact(lines: int, *, under_seal: bool) -> str:
    if under_seal:
        return f"Intact: all {lines} lines are as they were written."
    return (
        f"Intact: the {lines - 1} lines before the end are as they were written; line {lines}, the "
        "end itself, is under no hash, as an old version wrote it."
    )


def _altered(first: int, end: int) -> str:
    if first >= end:
        return f"Altered: line {end}, the end record, is not as it was written."
    # One hash over all of them cannot tell which of the lines it was.
    lines = f"line {first}" if first >= end - 1 else f"one of the lines {first} to {end - 1}"
    return f"Altered: {lines} is not as it was written, or the SHA-256 in line {end} is not."


def _uncovered(covered: int, last: int, unhashed: int) -> str:
    if unhashed == last:
        return (
            f"Not verifiable: the end record in line {last} has no SHA-256; "
            "an old version wrote it."
        )
    lines = f"lines {covered + 1} to {last}" if covered + 1 < last else f"line {last}"
    if not covered:
        lines = f"line {last}, the last one"
    return f"Incomplete: no end record follows {lines}; the run was killed, or lines are missing."
