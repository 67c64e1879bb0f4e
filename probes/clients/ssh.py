"""asyncssh, loaded without starting a program.

asyncssh asks ctypes for liboqs and libnettle, and ctypes asks `ldconfig`, `gcc` and `ld` of PATH
(CPython, Lib/ctypes/util.py). An audit starts none of them on a jump host; and which algorithms it
offers should not hang on what is installed there.
"""

from __future__ import annotations

import ctypes.util
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _no_shared_libraries() -> Iterator[None]:
    """Let nothing be found with ctypes meanwhile."""
    find = ctypes.util.find_library
    ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = find


with _no_shared_libraries(), warnings.catch_warnings():
    # asyncssh imports ciphers that cryptography is about to move, and a warning on standard
    # error would land in the middle of the screen.
    warnings.simplefilter("ignore")
    import asyncssh
    from asyncssh.encryption import encryption_needs_mac
    from asyncssh.public_key import get_default_public_key_algs

__all__ = ["asyncssh", "encryption_needs_mac", "get_default_public_key_algs"]
