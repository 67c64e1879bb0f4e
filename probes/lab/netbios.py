"""NetBIOS servers: node status, and the session service before SMB (RFC 1002 4.2, 4.3)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence

from probes.lab.transport import ConnectionHandler, DatagramHandler
from probes.wire import netbios

POSITIVE = b"\x82\0\0\0"
"""The positive session response (RFC 1002 4.3.3)."""
UNIQUE, GROUP = 0x0400, 0x8400
"""Flags of an active name (RFC 1002 4.2.18)."""

_SESSION_REQUEST = 0x81
_MAX_REQUEST = 256


def node_status(id: bytes, names: Sequence[tuple[bytes, int, int]], mac: bytes) -> bytes:
    """The name table of a node: text, suffix and flags (RFC 1002 4.2.18)."""
    table = b"".join(
        struct.pack(">15sBH", text.ljust(15), suffix, bits) for text, suffix, bits in names
    )
    rdata = bytes([len(names)]) + table + mac + bytes(40)
    head = id + struct.pack(">5H", 0x8400, 0, 1, 0, 0)
    record = struct.pack(">HHIH", netbios.NBSTAT, netbios.INTERNET, 0, len(rdata))
    return head + netbios.WILDCARD + record + rdata


def node(computer: str, workgroup: str, mac: str) -> DatagramHandler:
    """Handler of node status requests on 137."""
    own, group = computer.encode("cp437"), workgroup.encode("cp437")
    names = [
        (own, netbios.WORKSTATION, UNIQUE),
        (group, netbios.WORKSTATION, GROUP),
        (own, netbios.SERVER, UNIQUE),
    ]

    def reply(data: bytes) -> bytes | None:
        if data[2:] != netbios.node_status_request(0)[2:]:
            return None
        return node_status(data[:2], names, bytes.fromhex(mac))

    return reply


def session(handler: ConnectionHandler) -> ConnectionHandler:
    """Handler of port 139: accepts the session request, then runs `handler` (RFC 1002 4.3.2)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind, _, size = struct.unpack(">BBH", await reader.readexactly(4))
        if kind != _SESSION_REQUEST or size > _MAX_REQUEST:
            return
        await reader.readexactly(size)
        writer.write(POSITIVE)
        await writer.drain()
        await handler(reader, writer)

    return talk
