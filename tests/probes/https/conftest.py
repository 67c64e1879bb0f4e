"""Servers for the https probe, and the asking as the engine does it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from probes import https
from probes.engine import observation as observe
from probes.engine.pacing import Work
from probes.judging.status import judge
from probes.model import Target
from probes.options import Options
from probes.vantage.local.vantage import LocalVantage

HOST = "alloyscan.test"
OK = b"HTTP/1.1 200 OK\r\nServer: test/1\r\nContent-Length: 2\r\n\r\nhi"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def hello() -> Serve:
    """A server that answers a request."""

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()

    return hello


@pytest.fixture
def mute() -> Serve:
    """A server that says nothing."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    return mute


@pytest.fixture
def server():
    """A server on loopback; yields its port and the number of connections so far."""

    @asynccontextmanager
    async def make(serve: Serve, issued=None, **more: object) -> AsyncIterator[list[int]]:
        context = None
        if issued is not None:
            folder = more.pop("folder")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*issued.files(folder, "server"))
            more.pop("prepare", lambda context: None)(context)
            for name, value in more.items():
                setattr(context, name, value)
        seen = [0, 0]
        tasks = []

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen[1] += 1
            tasks.append((asyncio.current_task(), writer))
            try:
                await serve(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        listening = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context)
        seen[0] = listening.sockets[0].getsockname()[1]
        try:
            yield seen
        finally:
            listening.close()
            for task, writer in tasks:
                task.cancel()
                # Python 3.11.2 aborts TLS once only.
                with suppress(AttributeError):
                    writer.transport.abort()
            await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
            await listening.wait_closed()

    return make


@pytest.fixture
def asked(call_to):
    """Ask as the engine does, and judge: the answer or what was raised, and the row's result."""

    async def ask(
        port: int,
        *,
        host: str = HOST,
        timeout: float = 5.0,
        via: tuple[str, int] | None = None,
        issuers: tuple[str, ...] = (),
        target_port: int = 0,
        **options: str,
    ):
        vantage = LocalVantage()
        async with call_to(port, timeout=timeout) as call:
            check = dataclasses.replace(
                call.job.check, probe="https", issuers=issuers, consequence="Lost."
            )
            target = Target("r", host)
            number = target_port or (443 if via else port)
            call.job = dataclasses.replace(
                call.job, check=check, target=target, port=number, via=via
            )
            call.vantage = vantage
            call.options = Options(**options)
            work = Work(call.job)
            outcome = call.outcome
            said: list[object] = []

            async def ask(call):
                try:
                    said.append(await https.ask(call))
                except (Exception, asyncio.CancelledError) as error:
                    # On a busy machine the deadline of the row may come before the probe's own.
                    said.append(error)
                    raise
                return said[0]

            try:
                observation = await observe.run_tcp_probe(call, ask, work, outcome, ())
            finally:
                await vantage.close()
        result = judge(call.job, observation)
        json.dumps({**observation.facts})
        return said[0], result

    return ask
