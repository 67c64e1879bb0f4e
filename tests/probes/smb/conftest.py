"""File servers on loopback, from the standard (MS-SMB2 2.2.4, MS-CIFS 2.2.4.52.2, RFC 1002 4.3)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from probes.lab.netbios import POSITIVE
from probes.lab.smb import challenge, negotiate_response_1, negotiate_response_2


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
        answer = (
            negotiate_response_1(self.names)
            if old
            else negotiate_response_2(self.revision, self.mode)
        )
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
