from __future__ import annotations

import contextlib
import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import smb
from probes.wire.netbios import KEEP_ALIVE
from probes.wire.smb import Malformed, Negotiated

GUID = UUID("00316364-0000-4000-8000-000000000001")
EPOCH = 116_444_736_000_000_000
NOW = 1_700_000_000
KERBEROS, NTLM = bytes.fromhex("06092a864886f712010202"), bytes.fromhex("060a2b06010401823702020a")


def header_2(status: int = 0, *, command: int = 0, flags: int = 1) -> bytes:
    return struct.pack(
        "<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, status, command, 1, flags, *[0] * 5, b""
    )


def answer_2(
    revision: int = 0x0311,
    *,
    mode: int = 3,
    token: bytes = KERBEROS + NTLM,
    cipher: int = 2,
    time: int = NOW,
) -> bytes:
    contexts = struct.pack("<HHI", 1, 38, 0) + bytes(40)
    contexts += struct.pack("<HHIHH", 2, 4, 0, 1, cipher)
    at = 128 + len(token) + -len(token) % 8
    fields = (65, mode, revision, 2, GUID.bytes_le, 7, 65536, 65536, 65536)
    ticks = time * 10_000_000 + EPOCH
    body = struct.pack("<HHHH16sIIIIQQHHI", *fields, ticks, 0, 128, len(token), at)
    return header_2() + body + token.ljust(at - 128, b"\0") + contexts


def answer_1(
    *,
    index: int = 0,
    words: int = 17,
    mode: int = 7,
    unicode: bool = True,
    names: str = "LAB\0NT4\0",
    flagged: bool | None = None,
    able: bool | None = None,
) -> bytes:
    head = struct.pack(
        "<4sBIBHH8sHHHHH",
        b"\xffSMB",
        0x72,
        0,
        0x98,
        0xC001 if (unicode if flagged is None else flagged) else 0x4001,
        0,
        b"",
        *[0] * 5,
    )
    ticks = NOW * 10_000_000 + EPOCH
    fields = struct.pack(
        "<HBHHIIIIQhB",
        *(index, mode, 50, 1, 65536, 65536, 0, 4 * (unicode if able is None else able)),
        *(ticks, 0, 8),
    )
    texts = names.encode("utf-16-le" if unicode else "cp437")
    return head + bytes([words]) + fields + struct.pack("<H", 8 + len(texts)) + bytes(8) + texts


def patched(message: bytes, at: int, data: bytes) -> bytes:
    return message[:at] + data + message[at + len(data) :]


def test_the_offer_reaches_from_2_0_2_to_3_1_1_with_its_contexts_where_it_says() -> None:
    data = smb.negotiate_request(GUID, bytes(smb.SALT_SIZE))
    assert data[:4] == b"\xfeSMB"
    size, count, mode, _, _, guid, at, contexts, _ = struct.unpack_from("<HHHHI16sIHH", data, 64)
    assert (size, count, mode, guid) == (36, 5, 1, GUID.bytes_le)
    assert struct.unpack_from("<5H", data, 100) == (0x202, 0x210, 0x300, 0x302, 0x311)
    kinds = []
    for _ in range(contexts):
        assert at % 8 == 0
        kind, length = struct.unpack_from("<HH", data, at)
        kinds.append(kind)
        at += 8 + length + -length % 8
    assert kinds == [1, 2]


def test_a_login_begins_with_the_token_where_it_says() -> None:
    data = smb.session_setup(b"token")
    assert struct.unpack_from("<H", data, 12) == (1,)
    assert struct.unpack_from("<Q", data, 24) == (1,)
    size, _, _, _, _, at, length, _ = struct.unpack_from("<HBBIIHHQ", data, 64)
    assert size == 25
    assert data[at : at + length] == b"token"


def test_the_old_offer_names_its_dialects() -> None:
    data = smb.negotiate_request_1()
    assert data[:5] == b"\xffSMB\x72"
    assert data[35:] == b"\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0"
    assert struct.unpack_from("<BH", data, 32) == (0, len(data) - 35)


@pytest.mark.parametrize(("revision", "dialect"), smb.DIALECTS.items())
def test_the_dialect_is_read(revision: int, dialect: str) -> None:
    assert smb.parse_negotiate(answer_2(revision)).dialect == dialect


def test_everything_a_modern_server_tells_is_read() -> None:
    assert smb.parse_negotiate(answer_2()) == Negotiated(
        dialect="3.1.1",
        signing="required",
        guid=GUID,
        time=NOW,
        cipher="AES-128-GCM",
        mechanisms=("Kerberos", "NTLM"),
    )


@pytest.mark.parametrize(("mode", "signing"), [(3, "required"), (1, "enabled"), (0, "disabled")])
def test_signing_is_read(mode: int, signing: str) -> None:
    assert smb.parse_negotiate(answer_2(mode=mode)).signing == signing


def test_a_clock_that_says_nothing_is_no_time() -> None:
    assert smb.parse_negotiate(answer_2(time=-EPOCH // 10_000_000)).time is None


def test_contexts_are_only_read_of_a_dialect_that_has_them() -> None:
    assert smb.parse_negotiate(answer_2(0x0302)).cipher == ""


def test_a_refusal_is_an_answer() -> None:
    said = smb.parse_negotiate(header_2(0xC00000BB) + struct.pack("<HBBIB", 9, 0, 0, 0, 0))
    assert (said.status, said.dialect) == (0xC00000BB, "")


@pytest.mark.parametrize("unicode", [True, False])
def test_an_smb1_server_tells_its_names(unicode: bool) -> None:
    said = smb.parse_negotiate(answer_1(unicode=unicode))
    assert said.smb1
    assert (said.dialect, said.domain, said.server) == ("NT LM 0.12", "LAB", "NT4")
    assert (said.signing, said.time) == ("enabled", NOW)


@pytest.mark.parametrize("names", ["LAB\0NT4\0", "T\0E\0", "LAB\0NT4", "LAB\0\0", "工作\0NT4\0"])
def test_names_in_utf_16_are_read_where_the_flag_is_missing(names: str) -> None:
    said = smb.parse_negotiate(answer_1(flagged=False, names=names))
    assert (said.domain, said.server) == tuple(names.split("\0")[:2])


@pytest.mark.parametrize("flagged", [False, True])
@pytest.mark.parametrize("able", [False, True])
@pytest.mark.parametrize("names", ["LAB\0NT4\0", "LAB\0\0", "LAB\0", "\0NT4\0", "LAB\0NT4\0\0\0"])
def test_names_in_a_code_page_are_read_whichever_flag_is_sent_back(
    names: str, able: bool, flagged: bool
) -> None:
    if able and flagged:
        # Both say UTF-16, and it is one of two readings that nothing tells apart.
        return
    said = smb.parse_negotiate(answer_1(unicode=False, names=names, able=able, flagged=flagged))
    assert (said.domain, said.server) == tuple(f"{names}\0".split("\0")[:2])


def test_blanks_around_the_names_of_an_smb1_server_are_none_of_theirs() -> None:
    said = smb.parse_negotiate(answer_1(names="LAB  \0 \0"))
    assert (said.domain, said.server) == ("LAB", "")


def test_names_of_one_letter_in_a_code_page_are_no_utf_16() -> None:
    said = smb.parse_negotiate(answer_1(unicode=False, names="T\0E\0"))
    assert (said.domain, said.server) == ("T", "E")


def test_a_server_that_takes_none_of_the_old_dialects_is_smb1_all_the_same() -> None:
    said = smb.parse_negotiate(answer_1(index=0xFFFF, words=1))
    assert (said.smb1, said.dialect) == (True, "")


def test_names_with_escape_sequences_are_made_harmless() -> None:
    said = smb.parse_negotiate(answer_1(names="\x1b[2J\0\x9b1m\0"))
    assert "\x1b" not in said.domain + said.server
    assert "\x9b" not in said.domain + said.server


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"HTTP",
        header_2(command=1),
        header_2(flags=0),
        header_2(),
        header_2() + bytes(64),
        header_2(0xC00000BB),
        header_2(0xC00000BB) + bytes(9),
        b"\xfeSMB" + bytes(124),
        answer_2(0),
        answer_2(0x0222),
        answer_2(0xFFFF),
        patched(answer_2(), 4, b"\0"),
        patched(answer_2(), 24, b"\1"),
        patched(answer_2(), 92, bytes(12)),
        patched(answer_2(), 122, b"\xff\xff"),
        b"\xffSMB" + bytes(60),
        answer_1(words=0),
        answer_1(words=13),
        answer_1(index=1),
        answer_1(index=5),
        answer_1(index=0xFFFF),
        answer_1(words=17)[:40],
    ],
)
def test_what_is_no_answer_to_a_negotiate_is_malformed(message: bytes) -> None:
    with pytest.raises(Malformed):
        smb.parse_negotiate(message)


@given(st.binary(min_size=32, max_size=500))
def test_what_is_framed_is_read_back(message: bytes) -> None:
    data = smb.encode_frame(b"\xfeSMB" + message)
    assert smb.read_frame(data + b"rest") == (b"\xfeSMB" + message, len(data))
    assert all(smb.read_frame(data[:size]) is None for size in range(len(data)))


@given(st.integers(0, 16))
def test_keep_alives_before_a_frame_are_passed_over(count: int) -> None:
    data = KEEP_ALIVE * count + smb.encode_frame(answer_2())
    assert smb.read_frame(data + b"rest") == (answer_2(), len(data))
    assert all(smb.read_frame(data[:size]) is None for size in range(len(data)))


@pytest.mark.parametrize(
    "data",
    [
        KEEP_ALIVE * 17,
        KEEP_ALIVE + b"HTTP",
        b"\x85\0\0\1",
        b"HTTP/1.1",
        b"\x83\0\0\x01",
        b"\0\0\0\x04",
        b"\0\xff\xff\xff",
        b"\0\0\0\x80HTTP",
        b"\0\0\0\x80\xfd",
    ],
)
def test_a_frame_of_something_else_is_malformed_before_it_is_whole(data: bytes) -> None:
    with pytest.raises(Malformed):
        smb.read_frame(data)


@given(
    st.binary(max_size=300), st.sampled_from([b"\xfeSMB", b"\xffSMB", header_2(), answer_1()[:32]])
)
def test_garbage_is_malformed_or_read(data: bytes, head: bytes) -> None:
    with contextlib.suppress(Malformed):
        smb.parse_negotiate(head + data)


@given(st.sampled_from([answer_2(), answer_1()]), st.data())
def test_changed_bytes_never_break_the_reader(message: bytes, data: st.DataObject) -> None:
    garbled = bytearray(message)
    for _ in range(4):
        garbled[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        said = smb.parse_negotiate(bytes(garbled))
        assert len(said.domain) <= 64
