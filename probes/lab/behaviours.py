"""Lab ports that misbehave: accept everything, refuse, drop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from probes.lab.address_map import Where
from probes.lab.transport import PATIENCE, Talk


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing, as tarpits, middleboxes and printers do."""
    while await reader.read(4096):
        pass


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close as soon as somebody connects, as a service does that refuses its caller's address."""


def slow(seconds: float, then: Talk) -> Talk:
    """Think before the conversation; shorter than MIN_TIMEOUT, or it never comes to it."""
    assert seconds < PATIENCE

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await then(reader, writer)

    return talk


_FILLERS = 8
"""Connections that fill the shortest accept queue of every system."""


@contextmanager
def refused_tcp(host: str) -> Iterator[Where]:
    """A port that answers with a reset: bound, so that nobody else listens there, and idle."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.bind((host, 0))
        yield _where(sock)


@contextmanager
def refused_udp(host: str) -> Iterator[Where]:
    """A port that answers with port-unreachable: connected to itself, it takes from nobody else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.connect(_where(sock))
        yield _where(sock)


@contextmanager
def silent_tcp(host: str) -> Iterator[Where]:
    """A port that drops: its accept queue is full, and the kernel leaves further SYNs unanswered.

    Linux drops them in `tcp_conn_request`, BSD in `sonewconn`, as a filter in front would.
    """
    with ExitStack() as held:
        sock = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        sock.bind((host, 0))
        sock.listen(0)
        for _ in range(_FILLERS):
            filler = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            filler.setblocking(False)
            filler.connect_ex(_where(sock))
        yield _where(sock)


@contextmanager
def silent_udp(host: str) -> Iterator[Where]:
    """A port that swallows: bound and never read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        yield _where(sock)


def _where(sock: socket.socket) -> Where:
    host, port = sock.getsockname()
    return str(host), int(port)
