from __future__ import annotations

import base64

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.ssh import needs_passphrase


def openssh(cipher: bytes) -> bytes:
    raw = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + bytes(200)
    body = base64.encodebytes(raw)
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + b"-----END OPENSSH PRIVATE KEY-----\n"


@pytest.mark.parametrize("cipher", [b"aes256-ctr", b"chacha20-poly1305@openssh.com"])
def test_an_openssh_key_with_a_cipher_needs_a_passphrase(cipher: bytes) -> None:
    assert needs_passphrase(openssh(cipher))


@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
def test_a_key_in_the_clear_needs_none(form: str) -> None:
    key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    assert not needs_passphrase(key.export_private_key(form))


@pytest.mark.parametrize("form", ["pkcs1-pem", "pkcs8-pem"])
def test_an_encrypted_pem_needs_one(form: str) -> None:
    key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    assert needs_passphrase(key.export_private_key(form, "a passphrase"))


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    assert needs_passphrase(data) in (True, False)
    begun = b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
    assert needs_passphrase(begun + base64.encodebytes(data)) in (True, False)
    assert needs_passphrase(begun + data) in (True, False)
