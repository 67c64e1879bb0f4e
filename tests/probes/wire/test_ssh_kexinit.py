from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.ssh import (
    MAX_NAME,
    MAX_NAMES,
    MAX_PACKET,
    MAX_SKIPPED,
    KeyExchangeInit,
    Malformed,
    key_exchange_init,
)

LISTS = (
    b"curve25519-sha256,ext-info-s",
    b"rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519",
    b"up-cipher",
    b"aes256-gcm@openssh.com",
    b"up-mac",
    b"hmac-sha2-256",
    *(b"none", b"none", b"", b""),
)
NAMES = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1),
    max_size=MAX_NAMES,
)


def packet(message: int, body: bytes, padding: int = 6) -> bytes:
    return struct.pack(">IBB", len(body) + padding + 2, padding, message) + body + bytes(padding)


def kexinit(*lists: bytes) -> bytes:
    named = b"".join(len(names).to_bytes(4, "big") + names for names in lists)
    return packet(20, bytes(16) + named + bytes(5))


def test_the_lists_that_matter_are_read() -> None:
    assert key_exchange_init(kexinit(*LISTS)) == KeyExchangeInit(
        ("curve25519-sha256", "ext-info-s"),
        ("rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519"),
        ("aes256-gcm@openssh.com",),
        ("hmac-sha2-256",),
    )


@pytest.mark.parametrize(
    ("algorithms", "types"),
    [
        ("rsa-sha2-512,rsa-sha2-256,ssh-rsa", ("RSA",)),
        ("ssh-ed25519,ecdsa-sha2-nistp521", ("Ed25519", "ECDSA nistp521")),
        ("ssh-ed25519-cert-v01@openssh.com", ("Ed25519 certificate",)),
        ("ssh-dss,new@example.org", ("DSA", "new@example.org")),
        ("", ()),
    ],
)
def test_the_types_of_keys_are_named_as_people_name_them(
    algorithms: str, types: tuple[str, ...]
) -> None:
    read = key_exchange_init(kexinit(LISTS[0], algorithms.encode(), *LISTS[2:]))
    assert read is not None
    assert read.host_key_types == types


def test_an_unfinished_offer_is_waited_for() -> None:
    whole = kexinit(*LISTS)
    assert [key_exchange_init(whole[:size]) for size in range(len(whole))] == [None] * len(whole)


def test_packets_that_mean_nothing_are_passed_over() -> None:
    assert (
        key_exchange_init(packet(2, b"ignore") + packet(4, b"debug") + kexinit(*LISTS)) is not None
    )
    with pytest.raises(Malformed, match="first packets"):
        key_exchange_init(packet(2, b"") * MAX_SKIPPED)


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\x01\x04\x14",
        (MAX_PACKET + 1).to_bytes(4, "big") + b"\x04\x14",
        packet(1, b"goodbye"),
        kexinit(*LISTS[:8]),
        packet(20, b"short"),
        kexinit(*LISTS).replace(struct.pack(">I", len(LISTS[1])), b"\xff\xff\xff\xff"),
    ],
)
def test_what_is_no_offer_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        key_exchange_init(data)


def test_a_list_without_end_and_escape_sequences_are_made_harmless() -> None:
    read = key_exchange_init(kexinit(b"\x1b[2J" + b"n" * 1000, b"k," * 5000, *LISTS[2:]))
    assert read is not None
    assert len(read.host_keys) == MAX_NAMES
    assert len(read.key_exchange[0]) <= MAX_NAME
    assert "\x1b" not in read.key_exchange[0]


@given(NAMES, NAMES)
def test_names_come_back_as_they_were_sent(kex: list[str], keys: list[str]) -> None:
    sent = [",".join(names).encode() for names in (kex, keys)]
    read = key_exchange_init(kexinit(*sent, *LISTS[2:]))
    assert read is not None
    assert [name[: MAX_NAME - 1] for name in read.host_keys] == [
        n[:MAX_NAME][: MAX_NAME - 1] for n in keys
    ]
    assert len(read.key_exchange) == len(kex)


@given(st.binary(max_size=600))
def test_any_bytes_are_an_offer_or_none_or_refused(data: bytes) -> None:
    for made in (data, packet(20, data), bytearray(data)):
        with contextlib.suppress(Malformed):
            read = key_exchange_init(made)
            assert read is None or len(read.host_keys) <= MAX_NAMES
