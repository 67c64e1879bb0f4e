"""Certificate authorities of the lab and the certificates they issue (RFC 5280)."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

YEAR_DAYS = 365


class CertificateAuthority:
    """A root CA with a key of its own, which is trusted only by its PEM file."""

    def __init__(self, name: str, organisation: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name, organisation)
        self._certificate = self._issue(self._name, self._key, (), -2 * YEAR_DAYS, 2 * YEAR_DAYS)

    @property
    def pem(self) -> str:
        """The root, for --ca-file."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def server_context(
        self, *names: str, days: float = YEAR_DAYS, self_signed: bool = False
    ) -> ssl.SSLContext:
        """A server's TLS with a certificate for these names, valid for so many days from now.

        With a negative number the certificate has expired. With `self_signed` its key and subject
        are the issuer's.
        """
        key = self._key if self_signed else ec.generate_private_key(ec.SECP256R1())
        subject = self._name if self_signed else _name(names[0])
        certificate = self._issue(subject, key, names, min(-30.0, 2 * days), days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            # Python reads keys from files only; this one is gone before anybody connects.
            path = Path(folder) / "server.pem"
            secret = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
            context.load_cert_chain(path)
        return context

    def _issue(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        names: tuple[str, ...],
        first_day: float,
        last_day: float,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=first_day))
            .not_valid_after(now + timedelta(days=last_day))
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        )
        if names:
            known = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(known, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _name(common: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)
