from __future__ import annotations

import asyncio

import pytest

from probes import printer
from probes.judging.status import status_of
from probes.model import Service, Status
from probes.options import Options
from probes.registry import PROBES
from probes.wire import pjl
from profiles.loader import load_profile

SHORT = 0.4
PJL = Options(pjl=True)


@pytest.fixture
def status():
    """The status of the catalog's row for what was seen."""
    profile = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
    return lambda seen: status_of(profile.check("printer.raw"), seen)


async def test_without_the_option_nothing_is_sent(observed, peer, status) -> None:
    came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set_result(await reader.read())

    async with peer(listen) as port:
        seen = await observed(printer.ask, port)
        assert await came == b""
    assert seen.service is Service.NOT_ASKED
    assert seen.facts["summary"] == "Accepts connections; nothing is sent to a printer"
    assert status(seen) is Status.OK


async def test_with_the_option_the_printer_tells_its_name(observed, peer, status) -> None:
    asked = bytearray()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.extend(await reader.readexactly(len(pjl.INFO_ID)))
        for byte in pjl.encode_answer("HP LaserJet 4250"):
            writer.write(bytes([byte]))
            await writer.drain()
        await reader.read()

    async with peer(answer) as port:
        seen = await observed(printer.ask, port, options=PJL)
    assert bytes(asked) == pjl.INFO_ID
    assert seen.service is Service.CONFIRMED
    assert seen.facts["pjl_id"] == "HP LaserJet 4250"
    assert seen.facts["printer"] is True
    assert status(seen) is Status.OK


async def test_a_web_server_on_the_port_is_unexpected(observed, peer, status) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await asyncio.Event().wait()

    async with peer(web) as port:
        seen = await observed(printer.ask, port, options=PJL)
    assert seen.service is Service.UNEXPECTED
    assert "HTTP/1.1 400 Bad Request" in str(seen.facts["summary"])
    assert status(seen) is Status.BLOCKED


async def test_a_printer_without_pjl_still_accepts_connections(
    observed, peer, hostile, status
) -> None:
    name, server = hostile
    async with peer(server(b"\0")) as port:
        seen = await observed(printer.ask, port, timeout=SHORT, options=PJL)
    if name in ("garbage", "endless"):
        assert (seen.service, status(seen)) == (Service.UNEXPECTED, Status.BLOCKED)
    else:
        assert (seen.service, status(seen)) == (Service.NOT_ASKED, Status.OK)
    assert str(seen.facts["summary"]).isprintable()
