"""TLS records in the clear, as a server sends them before it encrypts (RFC 8446 5.1, 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_HANDSHAKE = 64 * 1024
"""Bytes of handshake messages that are kept; a ServerHello comes first."""

VERSIONS = {
    0x0300: "SSL 3.0",
    0x0301: "TLS 1.0",
    0x0302: "TLS 1.1",
    0x0303: "TLS 1.2",
    0x0304: "TLS 1.3",
}
OLD_VERSIONS = ("SSL 3.0", "TLS 1.0", "TLS 1.1")
"""Versions that clients of today do not take (RFC 8996)."""

ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    52: "too_many_cids_requested",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    117: "general_error",
    120: "no_application_protocol",
    121: "ech_required",
}
"""Alerts by number (RFC 8446 6, RFC 5246 7.2 and IANA's registry), without _RESERVED."""

_TLS12, _TLS13 = VERSIONS[0x0303], VERSIONS[0x0304]
_RECORD_HEADER = 5
_MAX_RECORD = 2**14 + 2048
_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE = 20, 21, 22
_SERVER_HELLO, _CERTIFICATE_REQUEST = 2, 13
_SUPPORTED_VERSIONS = 43
_FATAL = 2
_HANDSHAKE_FAILURE, _PROTOCOL_VERSION = 40, 70
_UNCLEAR_ALERTS = (0, 10, 47, 50, 80, 100, 109)
"""Alerts that old servers have for a handshake that is too new for them."""
_CERTIFICATE_ALERTS = frozenset({42, 43, 44, 45, 46, 48})
_CERTIFICATE_REQUIRED = 116

_OPENSSL_ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(\w+)")
_BY_OPENSSL_NAME = {name.upper(): number for number, name in ALERTS.items()} | {
    "USER_CANCELLED": 90
}

_NO_RULE = "the connection gets through, so no firewall rule has to change."
_TOO_OLD_FIX = f"Switch TLS 1.2 or 1.3 on, on the server or the device before it: {_NO_RULE}"
CERTIFICATE_FIX = (
    "Give the Audit Service a certificate that the server accepts, or do not demand one of it."
)
_FIX = f"Check the server's log, or that of a device before it, for why TLS fails: {_NO_RULE}"
_MEANINGS = {
    _HANDSHAKE_FAILURE: "perhaps no cipher in common, or it serves no such name",
    49: "it refuses access",
    _CERTIFICATE_REQUIRED: "it demands a certificate of the client, and shows none of its own",
    71: "it wants stronger ciphers than it was offered",
    80: "a fault of its own",
    112: "it has no certificate for this name",
    120: "it speaks no HTTP/1.1 over TLS",
}
"""Alerts whose meaning is not in their name; what is no more than likely says so."""
_FIXES = {
    _CERTIFICATE_REQUIRED: CERTIFICATE_FIX,
    112: "Use a name that the server has a certificate for, or have it serve this name.",
}


def describe_alert(number: int) -> str:
    """`handshake failure (alert 40, handshake_failure)`, or the number alone."""
    name = ALERTS.get(number)
    if name is None:
        return f"alert {number}, which no RFC defines"
    return f"{name.replace('_', ' ')} (alert {number}, {name})"


def alert_of_openssl(reason: str) -> int | None:
    """Number of the peer's alert that an error of OpenSSL reports; None for its own errors."""
    found = _OPENSSL_ALERT.fullmatch(reason)
    return _BY_OPENSSL_NAME.get(found[1]) if found else None


class RecordReader:
    """Reader of one side's records until they are encrypted; never raises."""

    def __init__(self) -> None:
        self.alert: int | None = None
        """The last alert; a fatal one is never replaced."""
        self.version = ""
        """The version of the ServerHello, as `TLS 1.2`; empty before it."""
        self.requests_certificate = False
        """The server asked for a certificate, in TLS 1.2 or older."""
        self.is_fatal = False
        """The alert is fatal."""
        self._records = bytearray()
        self._handshake = bytearray()
        self._is_over = False

    def feed(self, data: bytes) -> None:
        """Read these bytes, in any pieces."""
        if self._is_over:
            return
        self._records += data
        while len(self._records) >= _RECORD_HEADER and not self._is_over:
            kind = self._records[0]
            length = int.from_bytes(self._records[3:5])
            if self._records[1] != 3 or length > _MAX_RECORD:
                self._stop()
                return
            end = _RECORD_HEADER + length
            if len(self._records) < end:
                return
            body = bytes(self._records[_RECORD_HEADER:end])
            del self._records[:end]
            self._read_record(kind, body)

    def _read_record(self, kind: int, body: bytes) -> None:
        if kind == _ALERT:
            # An encrypted one is longer.
            if len(body) == 2 and not self.is_fatal:
                self.is_fatal, self.alert = body[0] == _FATAL, body[1]
        elif kind == _HANDSHAKE:
            self._handshake += body
            self._read_messages()
        elif kind == _CHANGE_CIPHER_SPEC and self.version != _TLS13:
            self._stop()

    def _read_messages(self) -> None:
        while len(self._handshake) >= 4:
            end = 4 + int.from_bytes(self._handshake[1:4])
            if end > MAX_HANDSHAKE:
                self._stop()
                return
            if len(self._handshake) < end:
                return
            kind, body = self._handshake[0], bytes(self._handshake[4:end])
            del self._handshake[:end]
            if kind == _SERVER_HELLO:
                self.version = _server_version(body)
            elif kind == _CERTIFICATE_REQUEST:
                self.requests_certificate = True

    def _stop(self) -> None:
        self._is_over = True
        self._records.clear()
        self._handshake.clear()


def _server_version(hello: bytes) -> str:
    """Version of a ServerHello (RFC 8446 4.1.3): of its extension, else its legacy field."""
    version = int.from_bytes(hello[:2])
    at = 35 + (hello[34] if len(hello) > 34 else 0) + 3
    end = at + 2 + int.from_bytes(hello[at : at + 2])
    at += 2
    while at + 4 <= min(end, len(hello)):
        kind, length = int.from_bytes(hello[at : at + 2]), int.from_bytes(hello[at + 2 : at + 4])
        if kind == _SUPPORTED_VERSIONS and length == 2:
            version = int.from_bytes(hello[at + 4 : at + 6])
        at += 4 + length
    return VERSIONS.get(version, f"version {version:#06x}")


@dataclass(frozen=True, slots=True)
class Failure:
    """An end of TLS: by an alert of the server, or refused by this side."""

    alert: int | None
    """The alert that ended it; None where no alert is known."""
    by_server: bool
    """The server ended it; else this side did."""
    version: str = ""
    """The version that the server chose; empty where it chose none."""
    requests_certificate: bool = False
    """The server had asked for a certificate of the client, in the clear."""
    has_finished: bool = False
    """The handshake had finished on this side, as in TLS 1.3 before the server sees the rest."""
    openssl: str = ""
    """OpenSSL's own words; for this side's errors only."""

    @property
    def demands_certificate(self) -> bool:
        """True if the server takes no client without a certificate, and has shown its own.

        Before that nothing is proved. This side never sends one, so that an alert about the
        client's can mean nothing else; TLS 1.2 has handshake_failure for it (RFC 5246 7.4.6).
        """
        if not self.by_server or self.alert is None:
            return False
        if self.alert in _CERTIFICATE_ALERTS or self.alert == _CERTIFICATE_REQUIRED:
            return self.requests_certificate or self.has_finished
        if self.alert != _HANDSHAKE_FAILURE:
            return False
        # After a request TLS 1.2 begins another handshake to ask for one, as Apache and IIS do.
        return self.requests_certificate or (self.has_finished and self.version == _TLS12)

    @property
    def is_too_old(self) -> bool:
        """True if the server speaks no version from TLS 1.2 on."""
        if self.by_server:
            return self.alert == _PROTOCOL_VERSION
        return self.version in OLD_VERSIONS

    @property
    def may_be_too_old(self) -> bool:
        """True if the alert may be for the versions that were offered, and none was chosen."""
        alerts = (_HANDSHAKE_FAILURE, _PROTOCOL_VERSION, *_UNCLEAR_ALERTS)
        return self.by_server and not self.version and self.alert in alerts

    @property
    def text(self) -> str:
        """A clause: the side that ended it, by which alert, and what that means."""
        alert = "" if self.alert is None else describe_alert(self.alert)
        if self.demands_certificate:
            return f"it demands a certificate of the client: {alert}"
        if self.is_too_old:
            how = f": {alert}" if self.by_server else f": it answers with {self.version}"
            return f"it speaks no TLS version from 1.2 on{how}"
        fails = "TLS fails after the handshake" if self.has_finished else "the TLS handshake fails"
        meaning = "" if self.alert is None else _MEANINGS.get(self.alert, "")
        if self.alert == _HANDSHAKE_FAILURE and self.has_finished:
            meaning = "perhaps it demands a certificate of the client"
        if self.by_server:
            more = f"; {meaning}" if meaning else ""
            return f"{fails}: the server sends {alert or 'an alert without a known name'}{more}"
        words = f" (OpenSSL: {self.openssl})" if self.openssl else ""
        how = f"sends {alert}" if alert else "cannot go on with what came"
        return f"{fails}: this machine {how}{words}"

    @property
    def words(self) -> str:
        """The alert or OpenSSL's words alone."""
        return self.openssl if self.alert is None else describe_alert(self.alert)

    @property
    def fix(self) -> str:
        """The change that helps, as a sentence."""
        if self.demands_certificate:
            return CERTIFICATE_FIX
        if self.is_too_old:
            return _TOO_OLD_FIX
        return _FIXES.get(self.alert or 0, _FIX) if self.by_server else _FIX
