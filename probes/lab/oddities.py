"""What real networks have beside services: the mute, the slow, and those that take everything."""

from __future__ import annotations

import asyncio

from probes.lab.peer import PATIENCE, Talk


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing, as tarpits, middleboxes and printers do."""
    while await reader.read(4096):
        pass


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close as soon as somebody connects, as a service does that refuses its caller's address."""


def slow(seconds: float, then: Talk) -> Talk:
    """Think before the conversation; shorter than PATIENCE, or it never comes to it."""
    assert seconds < PATIENCE

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await then(reader, writer)

    return talk
