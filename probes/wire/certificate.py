"""An X.509 certificate as what a person asks of it (RFC 5280). Pure."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from probes.wire.text import printable

NAMES_MOST = 20
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
    """What its issuer hashed it with; empty for a signature that does not hash apart."""

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
    names = _names(certificate)
    return Certificate(
        subject=_called(certificate.subject),
        issuer=_called(certificate.issuer),
        issuer_organisation=_attribute(certificate.issuer, NameOID.ORGANIZATION_NAME),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        names=tuple(printable(name, 80) for name in names[:NAMES_MOST]),
        more_names=max(len(names) - NAMES_MOST, 0),
        self_signed=certificate.issuer == certificate.subject,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        subject_organisation=_attribute(certificate.subject, NameOID.ORGANIZATION_NAME),
        key=_key(certificate),
        signature_hash=_signature_hash(certificate),
    )


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.UnsupportedGeneralNameType, ValueError):
        common = _attribute(certificate.subject, NameOID.COMMON_NAME)
        return [common] if common else []
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


def _called(name: x509.Name) -> str:
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
