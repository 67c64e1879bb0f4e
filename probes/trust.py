"""Which certificate authorities are believed: the system's and those of --ca-file."""

from __future__ import annotations

import asyncio
import functools
import ssl
import threading
from pathlib import Path

from probes.engine.vantage import NotOffered
from probes.wire.text import printable

_BUILDING = threading.Lock()

Stamp = tuple[int, int]


class BadCaFile(Exception):
    """The file holds no certificates that can be used; the text is a sentence's end."""


async def trusted(ca_file: str) -> ssl.SSLContext:
    """What verifies servers, the same on every Python; made once, in a thread.

    Raises NotOffered when `ca_file` cannot be read.
    """
    try:
        return await asyncio.to_thread(_trusted, ca_file)
    except BadCaFile as error:
        raise NotOffered(str(error)) from None


def unverified() -> ssl.SSLContext:
    """What believes everybody, to look at a chain that was not believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def check_ca_file(ca_file: str) -> None:
    """Raise BadCaFile if there is no certificate in this file."""
    _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)


def believes_nobody(context: ssl.SSLContext) -> bool:
    """Whether no authority is trusted at all, as on a system without ca-certificates."""
    # A folder of authorities is read only as they are needed and counts as nothing before.
    folder = Path(ssl.get_default_verify_paths().capath or "/nonexistent")
    if context.cert_store_stats()["x509_ca"]:
        return False
    try:
        return not any(folder.iterdir())
    except OSError:
        return True


def _trusted(ca_file: str) -> ssl.SSLContext:
    paths = ssl.get_default_verify_paths()
    stamps = tuple(_stamp(path) for path in (paths.cafile, paths.capath, ca_file))
    # The first rows of a run come at once, and each would build its own.
    with _BUILDING:
        return _context(ca_file, stamps)


@functools.lru_cache(maxsize=2)
def _context(ca_file: str, stamps: tuple[Stamp, ...]) -> ssl.SSLContext:
    """A context for these files as they are now: an authority added meanwhile is believed."""
    context = ssl.create_default_context()
    # Python 3.13 refuses what other clients accept, such as an authority without a key identifier,
    # and takes any trusted certificate for a root; earlier versions do neither.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])
    if ca_file:
        _load(context, ca_file)
    return context


def _load(context: ssl.SSLContext, ca_file: str) -> None:
    name = printable(ca_file, 120)
    try:
        context.load_verify_locations(cafile=ca_file)
    except ssl.SSLError:
        raise BadCaFile(f"'{name}' holds no certificate in PEM form") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise BadCaFile(f"'{name}' cannot be read: {why.lower()}") from None


def _stamp(path: str | None) -> Stamp:
    try:
        found = Path(path or "").stat()
    except (OSError, ValueError):
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
