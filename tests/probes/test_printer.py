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
from tests.probes.peers import resetting

SHORT = 0.4
PJL = Options(pjl=True)


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


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
        seen = await observed(printer.ask, port, timeout=SHORT)
        assert await came == b""
    assert seen.service is Service.NOT_ASKED
    assert seen.facts["summary"] == "Accepts connections; nothing is sent to a printer"
    assert status(seen) is Status.OK


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server: SSH-2.0-OpenSSH_9.2"),
        (b"220 (vsFTPd 3.0.3)\r\n", "a file transfer server: 220 (vsFTPd 3.0.3)"),
        (b"220 mx ESMTP\r\n", "a mail server: 220 mx ESMTP"),
        (b"HTTP/1.1 408 Request Timeout\r\n\r\n", "a web server: HTTP/1.1 408"),
        (b"+OK ready\r\n", "a POP3 server"),
        (b"* OK ready\r\n", "an IMAP server"),
        (b"\xff\xfd\x18\xff\xfd\x20", "a Telnet server: 6 bytes"),
        (b"\x15\x03\x01\0\2\2\x28", "a TLS server"),
        (b"\x09\0\0\0\xff\x6a\x04Host x", "a MySQL server"),
        (b"RFB 003.008\n", "a VNC server"),
        (b"Welcome to this host\x1b[2J\r\nlogin: ", "another server: Welcome"),
        (b"\0" * 100, "another server: 100 bytes"),
        (b"SS", "another server: SS"),
    ],
)
@pytest.mark.parametrize("stay", [True, False])
async def test_what_greets_is_another_service(
    observed, peer, status, said: bytes, name: str, stay: bool
) -> None:
    came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        if stay:
            came.set_result(await reader.read())
        else:
            came.set_result(b"")
            writer.close()

    async with peer(greet) as port:
        seen = await observed(printer.ask, port, timeout=SHORT)
        assert await came == b""
    assert (seen.service, status(seen)) == (Service.UNEXPECTED, Status.BLOCKED)
    assert name in str(seen.facts["summary"])
    assert str(seen.facts["summary"]).isprintable()


async def test_a_greeting_in_pieces_is_put_together(observed, peer, status) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"SSH-2.0-x\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
        await reader.read()

    async with peer(greet) as port:
        seen = await observed(printer.ask, port)
    assert "an SSH server: SSH-2.0-x" in str(seen.facts["summary"])


@pytest.mark.parametrize(
    "said",
    [
        b"@PJL USTATUS DEVICE\r\nCODE=10001\r\n",
        pjl.UEL + b"@PJL USTATUS TIMED\r\nCODE=10001\r\n",
        b"%%[ status: idle; source: Network ]%%\r\n",
    ],
)
async def test_a_printer_that_reports_by_itself_is_proven(
    observed, peer, status, said: bytes
) -> None:
    async def report(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()

    async with peer(report) as port:
        seen = await observed(printer.ask, port)
    assert (seen.service, status(seen)) == (Service.CONFIRMED, Status.OK)
    assert seen.facts["printer"] is True


@pytest.mark.parametrize("said", [b"\x10\x04\x12\x16", b"#\x86" + bytes(7), b"\x11", b"\0" * 32])
async def test_a_few_bytes_of_status_are_no_greeting(observed, peer, status, said: bytes) -> None:
    async def report(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()

    async with peer(report) as port:
        seen = await observed(printer.ask, port, timeout=SHORT)
    assert (seen.service, status(seen)) == (Service.NOT_ASKED, Status.OK)
    assert f"{len(said)} bytes that begin with" in str(seen.facts["summary"])


@pytest.mark.parametrize("serve", [closing, resetting()])
async def test_a_connection_that_is_ended_at_once_is_a_warning(
    observed, peer, status, serve
) -> None:
    async with peer(serve) as port:
        seen = await observed(printer.ask, port)
    assert (seen.service, status(seen)) == (Service.NOT_ASKED, Status.WARNING)
    assert "serves another client" in str(seen.facts["summary"])


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
