"""A probe's question to a server on this machine that may still be starting."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probes.call import Answer, Call, ProbeFunction
from probes.model import Job, Target
from probes.registry import PROBES
from probes.vantage import Outcome
from probes.vantage.local.vantage import LocalVantage
from profiles.model import Check

HERE = "127.0.0.77"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind((HERE, 0))
        return int(sock.getsockname()[1])


@asynccontextmanager
async def call_to(
    port: int, probe: str, *, host: str = HERE, timeout: float = 4.0
) -> AsyncIterator[Call]:
    """A call as the engine hands it to a probe, connected where it asks over TCP."""
    vantage = LocalVantage()
    transport = PROBES[probe].transport
    check = Check(f"real.{probe}", "c", "r", probe, probe, transport, "", "", "", port=port)
    job = Job("k", check, Target("r", host), port)
    call = Call(vantage, job, HERE, timeout, 1, asyncio.get_running_loop().time())
    try:
        if transport == "tcp":
            call.outcome = await _connected(call)
        yield call
    finally:
        await call.close()
        await vantage.close()


async def _connected(call: Call) -> Outcome:
    async with asyncio.timeout(15):
        while True:
            outcome = await call.try_connect(call.port, keep=True)
            if outcome.pipe is not None:
                return outcome
            await asyncio.sleep(0.05)


async def asked(ask: ProbeFunction, port: int, host: str = HERE, *, timeout: float = 4.0) -> Answer:
    """The answer over TCP, within the deadline that the engine sets."""
    async with call_to(port, "tcp", host=host, timeout=timeout) as call:
        async with asyncio.timeout(timeout):
            return await ask(call)
