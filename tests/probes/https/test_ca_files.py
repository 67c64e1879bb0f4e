"""The file of authorities: no certificate in it is left out, and none is waited for."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest

from probes.clients import tls
from probes.clients.tls import BadCaFile, check_ca_file, verifying_context
from probes.vantage import NotOffered


def authorities(data: bytes, path: Path) -> int:
    path.write_bytes(data)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls._load_ca_file(context, str(path))
    return context.cert_store_stats()["x509_ca"]


@pytest.fixture(scope="module")
def bundle(new_ca) -> str:
    return f"# one\n{new_ca('One').pem}\n# two\n{new_ca('Two').pem}"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(b"", "ascii"), (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le")],
)
def test_all_certificates_of_a_bundle_are_trusted(
    bundle: str, tmp_path: Path, mark: bytes, encoding: str, ends: str
) -> None:
    # OpenSSL itself leaves out a certificate right behind a mark.
    first = bundle.partition("\n")[2]
    data = mark + first.replace("\n", ends).encode(encoding)
    assert authorities(data, tmp_path / "ca.pem") == 2


@pytest.mark.parametrize("between", ["Müller".encode("latin-1"), "Müller".encode(), b"\0", b"---"])
def test_what_stands_between_certificates_does_not_matter(
    bundle: str, tmp_path: Path, between: bytes
) -> None:
    assert authorities(bundle.encode().replace(b"two", between), tmp_path / "ca.pem") == 2


def test_the_form_of_openssl_with_purposes_is_read(new_ca, tmp_path: Path) -> None:
    pem = new_ca("One").pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE")
    assert authorities(pem.encode(), tmp_path / "ca.pem") == 1


@pytest.mark.parametrize(
    "data",
    [
        b"nothing",
        b"-----BEGIN CERTIFICATE-----\n" * 50_000,
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n",
        b"\x30\x82\x01\x02\xff",
        "-----BEGIN CERTIFICATE-----\né\n-----END CERTIFICATE-----\n".encode(),
    ],
    ids=["text", "beginnings", "damaged", "damaged purposes", "DER", "not base64"],
)
def test_a_file_without_a_certificate_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(data)
    with pytest.raises(BadCaFile, match=r"ca\.pem' holds no certificate in PEM form$"):
        check_ca_file(str(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
async def test_a_pipe_as_the_authorities_of_the_system_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pipe"))
    with pytest.raises(NotOffered, match=r"SSL_CERT_FILE '.*pipe': this is a pipe, not a regular"):
        await verifying_context("")
