"""File servers on loopback, from the standard (MS-SMB2 2.2.4, MS-CIFS 2.2.4.52.2, RFC 1002 4.3)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

EPOCH = 116_444_736_000_000_000
POSITIVE = b"\x82\0\0\0"


def answer_2(revision: int, mode: int) -> bytes:
    head = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, 0, 0, 1, 1, *[0] * 5, b"")
    fields = (65, mode, revision, 0, b"server".ljust(16, b"\0"), 7, 65536, 65536, 65536)
    return head + struct.pack("<HHHH16sIIIIQQHHI", *fields, EPOCH + 10_000_000, 0, 128, 0, 0)


def answer_1(names: str) -> bytes:
    fixed = (0x72, 0, 0x98, 0xC001, 0, b"")
    head = struct.pack("<4sBIBHH8sHHHHH", b"\xffSMB", *fixed, *[0] * 5)
    words = struct.pack("<HBHHIIIIQhB", 0, 3, 50, 1, 65536, 65536, 0, 0, EPOCH, 0, 8)
    texts = names.encode("utf-16-le")
    return head + b"\x11" + words + struct.pack("<H", 8 + len(texts)) + bytes(8) + texts


def challenge(names: dict[int, str], build: int) -> bytes:
    """An answer to the first message of a login (MS-SMB2 2.2.6, MS-NLMP 2.2.1.2)."""
    head = struct.pack(
        "<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, 0xC0000016, 1, 1, 1, 0, 1, *[0] * 3, b""
    )
    pairs = b""
    for kind, text in names.items():
        value = text.encode("utf-16-le")
        pairs += struct.pack("<HH", kind, len(value)) + value
    pairs += bytes(4)
    fields = (b"NTLMSSP\0", 2, 0, 0, 56, 0x02000000, 0, 0, len(pairs), len(pairs), 56, 10, 0, build)
    token = struct.pack("<8sIHHIIQQHHIBBH4x", *fields) + pairs
    return head + struct.pack("<HHHH", 9, 0, 72, len(token)) + token


@dataclass
class FileServer:
    """Answers negotiates, over a session of NetBIOS where `session` is its answer to the call."""

    revision: int = 0x0311
    mode: int = 3
    only_smb1: bool = False
    session: bytes = b""
    names: str = "LAB\0NT4\0"
    introduces: bytes = b""
    """The answer to the first message of a login; without one it hangs up."""
    mute: bool = False
    """Stays silent to the first message of a login."""
    asked: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.session:
            call = await reader.readexactly(72)
            self.asked.append(call[:1])
            writer.write(self.session)
            if self.session != POSITIVE:
                writer.close()
                return
        (size,) = struct.unpack(">I", await reader.readexactly(4))
        message = await reader.readexactly(size)
        self.asked.append(message[:4])
        old = message.startswith(b"\xffSMB")
        if self.only_smb1 and not old:
            writer.close()
            return
        answer = answer_1(self.names) if old else answer_2(self.revision, self.mode)
        writer.write(struct.pack(">I", len(answer)) + answer)
        (size,) = struct.unpack(">I", await reader.readexactly(4))
        message = await reader.readexactly(size)
        self.asked.append(message[12:14])
        if self.mute:
            await asyncio.Event().wait()
        if self.introduces:
            writer.write(struct.pack(">I", len(self.introduces)) + self.introduces)
            await writer.drain()
            await reader.read(1)
            self.asked.append(b"end")
        writer.close()


@pytest.fixture
def introduction() -> Callable[[dict[int, str], int], bytes]:
    return challenge


@pytest.fixture
def file_server() -> Callable[..., FileServer]:
    return FileServer
