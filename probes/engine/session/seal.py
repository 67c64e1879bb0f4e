"""The hash in an end record that covers the record itself: of every byte up to its own digits.

So it can be checked without knowing how JSON was written: `"seal"` is the last key of the line.
"""

from __future__ import annotations

import hashlib

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
