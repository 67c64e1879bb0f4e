"""Why a certificate is not trusted, in words: OpenSSL's verify codes explained. Pure.

The codes are of openssl/x509_vfy.h and the same in every version since 1.1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from probes.wire.certificate import Certificate
from probes.wire.text import printable

NOT_YET_VALID = 9
EXPIRED = 10
SELF_SIGNED = 18
PRIVATE_ROOT = 19
NO_ISSUER = (2, 20, 21)
REVOKED = 23
NAME_MISMATCH = (62, 64)
WEAK = (66, 67, 68)
_SHOWN = 4
"""Names of a certificate in a sentence."""
_FIXES = {
    "expired": "Renew the certificate on the server.",
    "not-yet-valid": "Set this machine's clock right, or wait until the certificate is valid.",
    "name-mismatch": "Use a name that the certificate is for, or issue one for this name.",
    "self-signed": "Install a certificate of a trusted authority on the server, or trust this one "
    "on the Audit Service host.",
    "private-ca": "Trust this authority on the Audit Service host.",
    "missing-intermediate": "Let the server send its intermediate certificates, or trust the "
    "issuer on the Audit Service host.",
}
_REMEDY = "add it to this machine's trusted certificates or name it with --ca-file"


@dataclass(frozen=True, slots=True)
class Distrust:
    """A reason as one word for programs and as the end of a sentence about `its certificate`."""

    word: str
    text: str

    @property
    def fix(self) -> str:
        """What to change, as a sentence."""
        return _FIXES.get(self.word, "Install a certificate on the server that verifies.")


def distrust(
    code: int, message: str, chain: Sequence[Certificate], host: str, now: datetime
) -> Distrust:
    """The reason behind a verify code and OpenSSL's own message for it.

    `chain` is what the server sent, its own certificate first; empty where it is not known.
    """
    found = _reason(code, message, chain, host, now)
    also = "" if found.word in ("expired", "not-yet-valid") or not chain else _dates(chain[0], now)
    return Distrust(found.word, f"{found.text}; it also {also}") if also else found


def names_text(certificate: Certificate) -> str:
    """The names a certificate is for, the first few of them."""
    names = certificate.names
    rest = len(names) - _SHOWN + certificate.more_names
    shown = ", ".join(names[:_SHOWN]) or "no name at all"
    return f"{shown} and {rest} more" if rest > 0 else shown


def _reason(
    code: int, message: str, chain: Sequence[Certificate], host: str, now: datetime
) -> Distrust:
    leaf = chain[0] if chain else None
    if code in (EXPIRED, NOT_YET_VALID):
        return _time(code, chain, now)
    if code in NAME_MISMATCH:
        what = f"only for {names_text(leaf)}" if leaf else "for another name"
        return Distrust("name-mismatch", f"is {what}, not for {printable(host, 100)}")
    if code == SELF_SIGNED:
        return Distrust("self-signed", f"is self-signed and not trusted here: {_REMEDY}")
    if code == PRIVATE_ROOT or (code in NO_ISSUER and len(chain) > 1):
        top = chain[-1].issuer if chain else "a private authority"
        text = f"comes from a private CA, “{top}”, that is not trusted here: {_REMEDY}"
        return Distrust("private-ca", text)
    if code in NO_ISSUER:
        by = f" by “{leaf.issuer}”" if leaf else ""
        return Distrust(
            "missing-intermediate",
            f"is issued{by}, whose certificate the server does not send and this machine does "
            "not know: the server's chain lacks an intermediate certificate, or it is a private "
            "CA to name with --ca-file",
        )
    if code == REVOKED:
        return Distrust("revoked", "is revoked")
    if code in WEAK:
        return Distrust("weak", f"is too weak for this machine ({printable(message, 80)})")
    return Distrust("other", f"does not verify: {printable(message, 80)} (code {code})")


def _time(code: int, chain: Sequence[Certificate], now: datetime) -> Distrust:
    """The certificate whose time it is not; it may be one of the authorities above."""
    word = "expired" if code == EXPIRED else "not-yet-valid"
    for certificate in chain:
        when = _dates(certificate, now)
        if when and certificate is chain[0]:
            return Distrust(word, when)
        if when:
            return Distrust(word, f"hangs on that of “{certificate.subject}”, which {when}")
    text = "has expired" if code == EXPIRED else "is not valid yet"
    return Distrust(word, f"{text} (this machine's clock says {now:%Y-%m-%d})")


def _dates(certificate: Certificate, now: datetime) -> str:
    if now > certificate.not_after:
        days = (now - certificate.not_after).days
        ago = f", {days} day{'s' * (days != 1)} ago" if days else ""
        return f"expired on {certificate.not_after:%Y-%m-%d}{ago}"
    if now < certificate.not_before:
        return (
            f"is not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC "
            f"(this machine's clock says {now:%Y-%m-%d %H:%M})"
        )
    return ""
