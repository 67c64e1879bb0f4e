from __future__ import annotations

import asyncio
import json

import pytest

from probes.call import Unexpected
from probes.model import Service
from probes.netbios import ask
from tests.probes.peers import close, dripping, endless, resetting

SHORT = 0.4
POSITIVE = b"\x82\0\0\0"


async def test_smb_is_asked_over_the_session(tcp_call, file_server) -> None:
    server = file_server(session=POSITIVE)
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["summary"] == "NetBIOS session, SMB 3.1.1, signing required"
    assert server.asked[:2] == [b"\x81", b"\xfeSMB"]
    json.dumps(answer.facts)


async def test_a_server_that_knows_only_smb1_is_a_warning(tcp_call, file_server) -> None:
    server = file_server(session=POSITIVE, only_smb1=True)
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.facts["warning"] is True
    assert "SMB1 only" in str(answer.facts["summary"])
    assert server.asked == [b"\x81", b"\xfeSMB", b"\x81", b"\xffSMB"]


async def test_a_refused_call_proves_the_service_and_says_why(tcp_call, file_server) -> None:
    async with tcp_call(file_server(session=b"\x83\0\0\x01\x82")) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert "not present" in str(answer.facts["summary"])


async def test_a_retarget_is_told_and_not_followed(tcp_call, file_server) -> None:
    server = file_server(session=b"\x84\0\0\x06\xcb\0\x71\x07\0\x8b")
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["retarget"] == "203.0.113.7:139"
    assert server.asked == [b"\x81"]


@pytest.mark.parametrize(
    ("said", "stay", "words"),
    [
        (b"", True, "in time"),
        (b"", False, "no SMB answer"),
        (b"HTTP/1.1 400\x1b[2J", True, "HTTP/1.1 400"),
    ],
)
async def test_what_goes_wrong_after_the_session_is_a_fact(
    tcp_call, said: bytes, stay: bool, words: str
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(72)
        writer.write(POSITIVE)
        await reader.readexactly(100)
        writer.write(said)
        await writer.drain()
        if stay:
            await asyncio.Event().wait()
        writer.close()

    async with tcp_call(serve, timeout=SHORT) as call, asyncio.timeout(SHORT):
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert words in str(answer.facts["problem"])
    assert "\x1b" not in str(answer.facts)


async def test_an_ssh_server_on_139_is_named(tcp_call) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\x1b[2J\r\n")
        await asyncio.Event().wait()

    async with tcp_call(serve, timeout=3600) as call:
        with pytest.raises(Unexpected, match="SSH-2") as raised:
            await ask(call)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("said", [b"", b"\x85\0\0\0\x82\0\0"])
async def test_silence_and_a_drip_end_with_the_deadline(tcp_call, said: bytes) -> None:
    async with tcp_call(dripping(said), timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT):
                await ask(call)


async def test_keep_alives_without_end_are_cut_off(tcp_call) -> None:
    async with tcp_call(endless(b"", b"\x85\0\0\0" * 1000), timeout=3600) as call:
        with pytest.raises(Unexpected, match="keep-alives"):
            await ask(call)


async def test_an_immediate_close_is_an_eof(tcp_call) -> None:
    async with tcp_call(close) as call:
        with pytest.raises(EOFError):
            await ask(call)


async def test_a_reset_passes_through(tcp_call) -> None:
    async with tcp_call(resetting()) as call:
        with pytest.raises(ConnectionError):
            await ask(call)
