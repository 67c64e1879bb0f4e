"""TLS client: contexts, trust store, handshake and the chain a server shows."""

from __future__ import annotations

import asyncio
import functools
import os
import re
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from probes.vantage import NotOffered
from probes.vantage.stream import Stream, read_foreign
from probes.wire.text import printable
from probes.wire.tls import Failure, RecordReader, alert_of_openssl
from probes.wire.unexpected import is_tls, name_non_tls
from profiles.errors import harmless
from profiles.files import FileError, FileKind, open_file, read_bytes

_READ_SIZE = 16 * 1024
_ENCODING_DER = 2
"""ENCODING_DER of Python's _ssl module."""
_CIPHERS = "ALL:!COMPLEMENTOFDEFAULT:!eNULL"
"""OpenSSL's default before any system's configuration (SSL_CTX_set_cipher_list(3))."""
_VERIFYING_LEVEL = 2
"""OpenSSL's security level for servers whose certificate must be trusted: 112 bits."""
_LEGACY_SERVER_CONNECT = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT, public in Python from 3.12."""


class NotTls(Exception):
    """An answer that is not TLS; the text names the protocol, harmless to show."""

    def __init__(self, start: bytes) -> None:
        super().__init__(name_non_tls(start))
        self.start = start
        """Bytes so far, nothing in them made harmless."""


class TlsFailure(OSError):
    """TLS that ended in an alert, or in what is no TLS; `failure` says how."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class TlsStream:
    """TLS client over a stream, whose byte cap and record apply to the raw bytes.

    asyncio's own start_tls drops the bytes of a peer that speaks something else, and hands on as
    plain text what came before the handshake.
    """

    def __init__(self, stream: Stream, context: ssl.SSLContext, name: str) -> None:
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._first_bytes = bytearray()
        self._records = RecordReader()

    async def handshake(self) -> None:
        """Run the handshake.

        Raises NotTls, SSLCertVerificationError, TlsFailure, EOFError at the end and OSError on a
        reset.
        """
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._receive_handshake()
            except ssl.SSLError as error:
                # The alert tells the server the reason; its delivery changes nothing here.
                alert = self._outgoing.read()
                with suppress(OSError):
                    await self._stream.send(alert)
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise
                raise TlsFailure(self._failure(error, alert)) from None
            else:
                return await self._flush()

    async def send(self, data: bytes) -> None:
        """Encrypt and write everything; raises OSError."""
        self._tls.write(data)
        await self._flush()

    async def read(self, limit: int = 4096) -> bytes:
        """Read the next bytes, at most `limit`; raises EOFError when the peer closes."""
        while True:
            try:
                data = self._tls.read(limit)
            except ssl.SSLWantReadError:
                # Answers to the peer's own messages of the session may be waiting.
                await self._flush()
                self._incoming.write(await self._stream.read(_READ_SIZE))
            except ssl.SSLZeroReturnError:
                raise EOFError("closed by the peer") from None
            except ssl.SSLError as error:
                raise TlsFailure(self._failure(error, has_finished=True)) from None
            else:
                if not data:
                    raise EOFError("closed by the peer")
                return data

    @property
    def has_received(self) -> bool:
        """True once the server has sent anything, at least its first byte."""
        return bool(self._first_bytes)

    @property
    def requests_certificate(self) -> bool:
        """True if the server asked for a certificate in the clear; TLS 1.3 asks encrypted."""
        return self._records.requests_certificate

    @property
    def chosen_version(self) -> str:
        """The version of the ServerHello, also of a handshake that failed; empty before it."""
        return self._records.version

    @property
    def version(self) -> str:
        """`TLS 1.3`; empty before the handshake."""
        name = (self._tls.version() or "").replace("TLSv", "TLS ")
        return "TLS 1.0" if name == "TLS 1" else name

    def chain(self) -> Sequence[bytes]:
        """The certificates the server sent, DER, its own first; not verified."""
        public = getattr(self._tls, "get_unverified_chain", None)
        if public is not None:
            return [bytes(one) for one in public()]
        # Public only from Python 3.13; the method below it is there from 3.10.
        inner: Any = getattr(self._tls, "_sslobj", None)
        sent = getattr(inner, "get_unverified_chain", lambda: None)()
        if sent:
            return [one.public_bytes(_ENCODING_DER) for one in sent]
        leaf = self._tls.getpeercert(True)
        return [leaf] if leaf else []

    async def _receive_handshake(self) -> None:
        """Receive the next bytes of the handshake; raises NotTls if they are not TLS.

        A server that ends after an alert was given that for its reason, fatal or not.
        """
        try:
            data = await self._stream.read(_READ_SIZE)
        except (EOFError, ConnectionError):
            if self._records.alert is None or self._records.version:
                raise
            raise TlsFailure(Failure(self._records.alert, by_server=True)) from None
        self._records.feed(data)
        if len(self._first_bytes) < 2:
            self._first_bytes += data
            if not is_tls(bytes(self._first_bytes)):
                start = bytes(self._first_bytes)
                raise NotTls(await read_foreign(self._stream, start, _READ_SIZE))
        self._incoming.write(data)

    def _failure(
        self, error: ssl.SSLError, sent: bytes = b"", *, has_finished: bool = False
    ) -> Failure:
        """Side and alert behind an error, read from the records where they are in the clear.

        OpenSSL has names of its own for alerts, and none for those that it does not know.
        """
        reason, records = error.reason, self._records
        named = alert_of_openssl(reason or "")
        by_server = reason is None or named is not None or (records.is_fatal and not has_finished)
        if by_server:
            alert = records.alert if not has_finished and records.alert is not None else named
            words = ""
        else:
            own = RecordReader()
            own.feed(sent)
            alert, words = own.alert, printable((reason or "").replace("_", " ").lower(), 80)
        return Failure(
            alert,
            by_server,
            records.version,
            records.requests_certificate,
            has_finished,
            words,
        )

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._stream.send(data)


_BUILD_LOCK = threading.Lock()

_CA_FILE = FileKind("certificates of authorities in PEM form", 16 * 1024 * 1024)
_CERTIFICATE = re.compile(
    rb"^-----BEGIN (?:X509 )?CERTIFICATE-----[A-Za-z0-9+/=\s]*^-----END (?:X509 )?CERTIFICATE-----",
    re.MULTILINE,
)
_TRUSTED = b"-----BEGIN TRUSTED CERTIFICATE-----"

FileStamp = tuple[int, int]


class BadCaFile(Exception):
    """The file holds no certificates that can be used; the text is a sentence's end."""


async def verifying_context(ca_file: str) -> ssl.SSLContext:
    """Context that verifies servers, the same on every Python; built once, in a thread.

    Raises NotOffered when `ca_file` cannot be read.
    """
    try:
        return await asyncio.to_thread(_verifying_context, ca_file)
    except BadCaFile as error:
        raise NotOffered(str(error)) from None


def unverified_context(
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
) -> ssl.SSLContext:
    """Context without verification, which takes weak keys: nothing confidential is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _set_parameters(context, oldest, level=0)
    return context


def check_ca_file(ca_file: str) -> None:
    """Raise BadCaFile if there is no certificate in this file."""
    _load_ca_file(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)


def has_no_authorities(context: ssl.SSLContext) -> bool:
    """True if no authority is trusted at all, as on a system without ca-certificates."""
    # A folder of authorities is read only as they are needed and counts as nothing before.
    folder = Path(ssl.get_default_verify_paths().capath or "/nonexistent")
    if context.cert_store_stats()["x509_ca"]:
        return False
    try:
        return not any(folder.iterdir())
    except OSError:
        return True


def _verifying_context(ca_file: str) -> ssl.SSLContext:
    paths = ssl.get_default_verify_paths()
    _refuse_device(paths.openssl_cafile_env)
    stamps = tuple(_file_stamp(path) for path in (paths.cafile, paths.capath, ca_file))
    # The first rows of a run come at once, and each would build its own.
    with _BUILD_LOCK:
        return _context(ca_file, stamps)


def _refuse_device(variable: str) -> None:
    """Raise BadCaFile if this variable names a pipe or a device, which OpenSSL would wait for."""
    named = Path(os.environ.get(variable, ""))
    if not (named.is_fifo() or named.is_char_device()):
        return
    try:
        with open_file(named, _CA_FILE):
            pass
    except FileError as error:
        raise BadCaFile(f"{variable} '{harmless(str(named), 120)}': {error}") from None


@functools.lru_cache(maxsize=2)
def _context(ca_file: str, stamps: tuple[FileStamp, ...]) -> ssl.SSLContext:
    """A context for these files as they are now: an authority added meanwhile is trusted."""
    context = ssl.create_default_context()
    _set_parameters(context, ssl.TLSVersion.TLSv1_2, _VERIFYING_LEVEL)
    if ssl.HAS_NEVER_CHECK_COMMON_NAME:
        context.hostname_checks_common_name = True
    # Python 3.13 refuses what other clients accept, such as an authority without a key identifier,
    # and takes any trusted certificate for a root; earlier versions do neither.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])
    if ca_file:
        _load_ca_file(context, ca_file)
    return context


def _set_parameters(context: ssl.SSLContext, oldest: ssl.TLSVersion, level: int) -> None:
    """Set all that a system's configuration or a build of Python may have set otherwise."""
    context.minimum_version = oldest
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    # Servers without secure renegotiation (RFC 5746) are taken by the clients of Windows too.
    context.options |= _LEGACY_SERVER_CONNECT
    try:
        context.set_ciphers(f"{_CIPHERS}:@SECLEVEL={level}")
    except ssl.SSLError:
        # LibreSSL has no security levels.
        context.set_ciphers(_CIPHERS)


def _load_ca_file(context: ssl.SSLContext, ca_file: str) -> None:
    name = harmless(ca_file, 120)
    try:
        data = read_bytes(ca_file, _CA_FILE)
        if _TRUSTED in data:
            # OpenSSL reads this form, in which a certificate has its purposes, from files only.
            context.load_verify_locations(cafile=ca_file)
            return
        # Read by its name, OpenSSL leaves out a certificate behind a byte order mark. What stands
        # between the certificates may be of any encoding.
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        pem = b"\n".join(_CERTIFICATE.findall(lines)).decode("ascii")
        context.load_verify_locations(cadata=pem)
    except FileError as error:
        raise BadCaFile(f"'{name}': {error}") from None
    except (OSError, ValueError):
        raise BadCaFile(f"'{name}' holds no certificate in PEM form") from None


def _file_stamp(path: str | None) -> FileStamp:
    try:
        found = Path(path or "").stat()
    except (OSError, ValueError):
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
