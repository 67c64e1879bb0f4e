"""X.509 certificate facts, and the reason why one is not trusted (RFC 5280)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from probes.wire.text import printable

MAX_NAMES = 20
"""Names of one certificate that are kept; a shared one may have thousands."""

_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

NOT_YET_VALID = 9
EXPIRED = 10
SELF_SIGNED = 18
PRIVATE_ROOT = 19
NO_ISSUER = (2, 20, 21)
REVOKED = 23
NAME_MISMATCH = (62, 64)
WEAK = (66, 67, 68)
_MAX_SHOWN = 4
"""Names of a certificate in a sentence."""
_SAYS_NOTHING_OF_NAMES = ("self-signed", "private-ca", "missing-intermediate")
"""Reasons that are found before the names are looked at."""
COMMON_NAME_FIX = (
    "Issue a certificate that has the host's name in its subjectAltName, and an address as one."
)
_FIXES = {
    "common-name": COMMON_NAME_FIX,
    "expired": "Renew the certificate on the server.",
    "not-yet-valid": "Set this machine's clock right, or wait until the certificate is valid.",
    "name-mismatch": "Use a name that the certificate is for, or issue one for this name.",
    "self-signed": "Install a certificate of a trusted authority on the server, or trust this one "
    "on the Audit Service host.",
    "private-ca": "Trust this authority on the Audit Service host.",
    "missing-intermediate": "Let the server send its intermediate certificates, or trust the "
    "issuer on the Audit Service host.",
}
_NO_SAN = "it has no subjectAltName, where names are looked for"
_TRUST_FIX = "add it to this machine's trusted certificates or name it with --ca-file"


class BadCertificate(Exception):
    """These bytes are no certificate that can be read."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Texts are harmless to show; times are UTC."""

    subject: str
    """Its common name, or its organisation, or the whole name."""
    issuer: str
    issuer_organisation: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...] = ()
    """DNS names and addresses it is for; the common name where it has none of them."""
    more_names: int = 0
    """Names beyond those kept."""
    self_signed: bool = False
    """Issuer and subject are the same."""
    sha256: str = ""
    subject_organisation: str = ""
    key: str = ""
    """Kind and size of its public key: `RSA 2048`, `EC secp256r1`."""
    signature_hash: str = ""
    """Hash of its signature; empty for an algorithm without a separate hash."""
    common_name_only: bool = False
    """It has no subjectAltName, so that its names are its common name."""

    def facts(self) -> dict[str, object]:
        """The same in JSON types."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "issuer_organisation": self.issuer_organisation,
            "names": [*self.names],
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "sha256": self.sha256,
            "subject_organisation": self.subject_organisation,
            "key": self.key,
            "signature_hash": self.signature_hash,
            "common_name_only": self.common_name_only,
        }


def read_certificate(der: bytes) -> Certificate:
    """The certificate in DER bytes; raises BadCertificate."""
    try:
        with warnings.catch_warnings():
            # What is odd in a foreign certificate must not be written into the screen.
            warnings.simplefilter("ignore")
            return _read(x509.load_der_x509_certificate(der))
    except _UNREADABLE:
        raise BadCertificate("it is not a certificate that can be read") from None


def _read(certificate: x509.Certificate) -> Certificate:
    listed = _listed_names(certificate)
    common = _attribute(certificate.subject, NameOID.COMMON_NAME)
    names = listed or ([common] if common else [])
    return Certificate(
        subject=_display_name(certificate.subject),
        issuer=_display_name(certificate.issuer),
        issuer_organisation=_attribute(certificate.issuer, NameOID.ORGANIZATION_NAME),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        names=tuple(printable(name, 80) for name in names[:MAX_NAMES]),
        more_names=max(len(names) - MAX_NAMES, 0),
        self_signed=certificate.issuer == certificate.subject,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        subject_organisation=_attribute(certificate.subject, NameOID.ORGANIZATION_NAME),
        key=_key(certificate),
        signature_hash=_signature_hash(certificate),
        common_name_only=listed is None,
    )


def _listed_names(certificate: x509.Certificate) -> list[str] | None:
    """DNS names and addresses of the subjectAltName; None without one."""
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    except (x509.UnsupportedGeneralNameType, ValueError):
        return []
    addresses = [str(one) for one in listed.get_values_for_type(x509.IPAddress)]
    return [*listed.get_values_for_type(x509.DNSName), *addresses]


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except _UNREADABLE:
        return ""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey").strip("_")


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        used = certificate.signature_hash_algorithm
    except _UNREADABLE:
        return ""
    return "" if used is None else used.name


def _display_name(name: x509.Name) -> str:
    return (
        _attribute(name, NameOID.COMMON_NAME)
        or _attribute(name, NameOID.ORGANIZATION_NAME)
        or printable(name.rfc4514_string(), 120)
        or "nobody"
    )


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    value = found[0].value if found else ""
    return printable(value, 120)


@dataclass(frozen=True, slots=True)
class VerifyFailure:
    """A reason as one word for programs and as the end of a sentence about `its certificate`."""

    word: str
    text: str

    @property
    def fix(self) -> str:
        """The change that makes it verify, as a sentence."""
        return _FIXES.get(self.word, "Install a certificate on the server that verifies.")


def explain_verify_error(
    code: int, message: str, chain: Sequence[Certificate], host: str, now: datetime
) -> VerifyFailure:
    """The reason behind a verify code and OpenSSL's own message for it.

    `chain` is what the server sent, its own certificate first; empty where it is not known.
    """
    found = _reason(code, message, chain, host, now)
    also = (
        ""
        if found.word in ("expired", "not-yet-valid") or not chain
        else _validity_text(chain[0], now)
    )
    if found.word in _SAYS_NOTHING_OF_NAMES and chain and chain[0].common_name_only:
        found = VerifyFailure(found.word, f"{found.text}; {_NO_SAN}")
    return VerifyFailure(found.word, f"{found.text}; it also {also}") if also else found


def names_text(certificate: Certificate) -> str:
    """The names a certificate is for, the first few of them."""
    names = certificate.names
    rest = len(names) - _MAX_SHOWN + certificate.more_names
    shown = ", ".join(names[:_MAX_SHOWN]) or "no name at all"
    return f"{shown} and {rest} more" if rest > 0 else shown


def _reason(
    code: int, message: str, chain: Sequence[Certificate], host: str, now: datetime
) -> VerifyFailure:
    leaf = chain[0] if chain else None
    if code in (EXPIRED, NOT_YET_VALID):
        return _validity_failure(code, chain, now)
    if code in NAME_MISMATCH:
        if leaf and printable(host, 80) in leaf.names:
            # Only an address can stand there and not match.
            text = f"names {printable(host, 80)}"
            if leaf.common_name_only:
                text += f" in its common name alone, where no address counts: {_NO_SAN}"
            else:
                text += ", but not as an address of its subjectAltName, and clients take no other"
            return VerifyFailure("common-name", text)
        what = f"only for {names_text(leaf)}" if leaf else "for another name"
        if leaf and leaf.common_name_only:
            what += f" (its common name; {_NO_SAN})"
        return VerifyFailure("name-mismatch", f"is {what}, not for {printable(host, 100)}")
    if code == SELF_SIGNED:
        return VerifyFailure("self-signed", f"is self-signed and not trusted here: {_TRUST_FIX}")
    if code == PRIVATE_ROOT or (code in NO_ISSUER and len(chain) > 1):
        top = chain[-1].issuer if chain else "a private authority"
        text = f"comes from a private CA, “{top}”, that is not trusted here: {_TRUST_FIX}"
        return VerifyFailure("private-ca", text)
    if code in NO_ISSUER:
        by = f" by “{leaf.issuer}”" if leaf else ""
        return VerifyFailure(
            "missing-intermediate",
            f"is issued{by}, whose certificate the server does not send and this machine does "
            "not know: the server's chain lacks an intermediate certificate, or it is a private "
            "CA to name with --ca-file",
        )
    if code == REVOKED:
        return VerifyFailure("revoked", "is revoked")
    if code in WEAK:
        return VerifyFailure("weak", f"is too weak for this machine ({printable(message, 80)})")
    return VerifyFailure("other", f"does not verify: {printable(message, 80)} (code {code})")


def _validity_failure(code: int, chain: Sequence[Certificate], now: datetime) -> VerifyFailure:
    """The certificate whose time it is not; it may be one of the authorities above."""
    word = "expired" if code == EXPIRED else "not-yet-valid"
    for certificate in chain:
        when = _validity_text(certificate, now)
        if when and certificate is chain[0]:
            return VerifyFailure(word, when)
        if when:
            return VerifyFailure(word, f"depends on that of “{certificate.subject}”, which {when}")
    text = "has expired" if code == EXPIRED else "is not valid yet"
    return VerifyFailure(word, f"{text} (this machine's clock says {now:%Y-%m-%d})")


def _validity_text(certificate: Certificate, now: datetime) -> str:
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
