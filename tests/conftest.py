"""Ports of this machine, certificates of every kind, and how property tests are run."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Beside it stands what Hypothesis sets in CI by itself.
settings.register_profile(
    "auditreach",
    # On a busy machine an example takes as long as the others leave it.
    deadline=None,
    # A fixture is made once for all examples of a test: files are written anew by each of them.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("auditreach")


@dataclass(frozen=True)
class Issued:
    """A key and its chain, PEM: the certificate first, then what the server sends with it."""

    chain: str
    key: str
    der: bytes
    not_after: datetime

    def files(self, folder: Path, name: str) -> tuple[Path, Path]:
        """The chain and the key as files."""
        chain, key = folder / f"{name}.crt", folder / f"{name}.key"
        chain.write_text(self.chain)
        key.write_text(self.key)
        return chain, key


class Ca:
    """An authority; imports cryptography when it is made, as the program does."""

    def __init__(self, name: str = "Test Root", organisation: str = "", parent: Ca | None = None):
        from cryptography.hazmat.primitives.asymmetric import ec

        self.name = name
        self.parent = parent
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = self._subject(name, organisation)
        now = datetime.now(UTC)
        self.certificate = self._signed(
            self.subject,
            self.key,
            parent or self,
            (now - timedelta(days=900), now + timedelta(days=900)),
            authority=True,
        )

    @property
    def pem(self) -> str:
        return self._pem(self.certificate)

    def intermediate(self, name: str = "Test Intermediate", organisation: str = "") -> Ca:
        return Ca(name, organisation, self)

    def issue(
        self,
        *names: str,
        begins: float = -1,
        ends: float = 90,
        common: str = "",
        sends: tuple[Ca, ...] = (),
        self_signed: bool = False,
    ) -> Issued:
        """A certificate for names and addresses, valid from and to days from now."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        times = (now + timedelta(days=begins), now + timedelta(days=ends))
        subject = self._subject(common or (names[0] if names else "nothing"), "")
        signer = None if self_signed else self
        made = self._signed(subject, key, signer, times, names=names)
        return Issued(
            "".join([self._pem(made), *(ca.pem for ca in sends)]),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode(),
            made.public_bytes(serialization.Encoding.DER),
            times[1],
        )

    @staticmethod
    def _subject(name: str, organisation: str):
        from cryptography import x509
        from cryptography.x509.oid import NameOID

        parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if organisation:
            parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
        return x509.Name(parts)

    @staticmethod
    def _pem(certificate) -> str:
        from cryptography.hazmat.primitives import serialization

        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    @staticmethod
    def _signed(subject, key, signer: Ca | None, times, *, names=(), authority=False):
        """Deliberately without key identifiers: VERIFY_X509_STRICT refuses that, others do not."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(signer.subject if signer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(times[0])
            .not_valid_after(times[1])
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([Ca._general(name) for name in names]), critical=False
            )
        return builder.sign(signer.key if signer else key, hashes.SHA256())

    @staticmethod
    def _general(name: str):
        from cryptography import x509

        try:
            return x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            return x509.DNSName(name)


@pytest.fixture(scope="session")
def new_ca() -> type[Ca]:
    """Makes an authority of its own."""
    return Ca


@pytest.fixture(scope="session")
def ca() -> Ca:
    """One authority for all tests."""
    return Ca()


@pytest.fixture(scope="session")
def ca_file(ca: Ca, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its certificate as a file for --ca-file."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(ca.pem)
    return str(path)


@pytest.fixture
def closed() -> Iterator[int]:
    """A port of this machine where nobody listens, nor can begin to."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of this machine that accepts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
