"""Misbehaving servers, and closed and filtered ports of the lab."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from probes.lab.address_map import Endpoint
from probes.lab.transport import CONNECTION_TIMEOUT, ConnectionHandler

_FILLERS = 8
"""Connections that fill the shortest accept queue of every system."""


async def accept_silently(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read everything and send nothing, as tarpits, middleboxes and printers do."""
    while await reader.read(4096):
        pass


async def close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close each connection at once, as a service does that refuses the client's address."""


def delayed(seconds: float, handler: ConnectionHandler) -> ConnectionHandler:
    """Wait before the conversation, for less than CONNECTION_TIMEOUT: after that it is closed."""
    assert seconds < CONNECTION_TIMEOUT

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await handler(reader, writer)

    return talk


@contextmanager
def closed_tcp(host: str) -> Iterator[Endpoint]:
    """A closed port, which answers with a reset: bound, so that no other process listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.bind((host, 0))
        yield _endpoint(sock)


@contextmanager
def closed_udp(host: str) -> Iterator[Endpoint]:
    """A closed port, which answers with port-unreachable: connected to itself alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.connect(_endpoint(sock))
        yield _endpoint(sock)


@contextmanager
def filtered_tcp(host: str) -> Iterator[Endpoint]:
    """A filtered port: its accept queue is full, and the kernel leaves further SYNs unanswered.

    Linux drops them in `tcp_conn_request`, BSD in `sonewconn`, as a filter in front would.
    """
    with ExitStack() as held:
        sock = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        sock.bind((host, 0))
        sock.listen(0)
        for _ in range(_FILLERS):
            filler = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            filler.setblocking(False)
            filler.connect_ex(_endpoint(sock))
        yield _endpoint(sock)


@contextmanager
def filtered_udp(host: str) -> Iterator[Endpoint]:
    """A filtered port: bound and never read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        yield _endpoint(sock)


def _endpoint(sock: socket.socket) -> Endpoint:
    host, port = sock.getsockname()
    return str(host), int(port)
