from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import ntlm
from probes.wire.ntlm import Identity, Malformed

NAMES = {1: "PC-014", 2: "CORP", 3: "pc-014.corp.example", 4: "corp.example", 5: "example"}


def challenge(
    names: dict[int, str],
    *,
    flags: int = 0x02000000,
    build: int = 19045,
    windows: tuple[int, int] = (10, 0),
) -> bytes:
    pairs = b""
    for kind, text in names.items():
        value = text.encode("utf-16-le")
        pairs += struct.pack("<HH", kind, len(value)) + value
    pairs += struct.pack("<HHQHH", 7, 8, 0, 0, 0)
    fields = (b"NTLMSSP\0", 2, 0, 0, 56, flags, 0, 0, len(pairs), len(pairs), 56, *windows, build)
    return struct.pack("<8sIHHIIQQHHIBBH4x", *fields) + pairs


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=60)


def test_the_first_message_names_nobody() -> None:
    message = ntlm.negotiate()
    assert len(message) == 40
    assert message[:12] == b"NTLMSSP\0\1\0\0\0"
    assert message[16:32] == bytes(16)


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, WORDS)), st.binary(max_size=30))
def test_names_are_read_as_they_were_written_wherever_the_challenge_stands(
    names: dict[int, str], before: bytes
) -> None:
    said = ntlm.challenge(before + challenge(names))
    assert said == Identity(*(names[kind] for kind in sorted(names)), "10.0.19045")


def test_a_version_that_is_not_given_or_has_no_build_is_none() -> None:
    assert ntlm.challenge(challenge(NAMES, flags=0)).version == ""
    assert ntlm.challenge(challenge(NAMES, build=0)).version == ""


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        *(((5, 1), "5.1.2600"), ((5, 2), "5.2.2600"), ((6, 0), "6.0.2600"), ((6, 3), "6.3.2600")),
        *(((0, 0), ""), ((4, 0), ""), ((6, 4), ""), ((7, 0), ""), ((10, 1), ""), ((255, 255), "")),
    ],
)
def test_a_version_that_no_windows_has_is_none(windows: tuple[int, int], said: str) -> None:
    assert ntlm.challenge(challenge(NAMES, windows=windows, build=2600)).version == said


def test_escape_sequences_in_a_name_are_made_harmless() -> None:
    assert "\x1b" not in ntlm.challenge(challenge({1: "\x1b[2J"})).computer


@pytest.mark.parametrize("text", ["\0", "\0\0", " ", "   \0"])
def test_a_name_of_nuls_or_blanks_alone_is_none(text: str) -> None:
    assert ntlm.challenge(challenge({1: "NAS", 4: text})).dns_domain == ""


def test_blanks_that_pad_a_name_are_not_part_of_it() -> None:
    assert ntlm.challenge(challenge({1: "NAS            "})).computer == "NAS"


def test_a_first_message_is_no_challenge() -> None:
    with pytest.raises(Malformed):
        ntlm.challenge(ntlm.negotiate())


@pytest.mark.parametrize("size", range(52))
def test_a_challenge_cut_short_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        ntlm.challenge(challenge(NAMES)[:size])


@given(st.binary(max_size=300))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    for whole in (data, b"NTLMSSP\0\2\0\0\0" + data):
        with contextlib.suppress(Malformed):
            said = ntlm.challenge(whole)
            assert len(said.computer) <= 128


@given(st.integers(12, len(challenge(NAMES)) - 1), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_reader(at: int, byte: int) -> None:
    data = bytearray(challenge(NAMES))
    data[at] = byte
    ntlm.challenge(bytes(data))
