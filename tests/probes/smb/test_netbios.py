from __future__ import annotations

import asyncio
import json

import pytest

from probes.call import Unexpected
from probes.lab.smb import negotiate_response_2
from probes.model import Service
from probes.netbios import ask
from probes.wire import smb
from tests.probes.peers import Serve, close, dripping, endless, resetting

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


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x80, "not listening on called name (0x80)"),
        (0x81, "not listening for calling name (0x81)"),
        (0x82, "called name not present (0x82)"),
        (0x83, "called name present, but insufficient resources (0x83)"),
        (0x8F, "unspecified error (0x8f)"),
    ],
)
async def test_a_refused_call_is_a_warning_that_says_why(
    tcp_call, file_server, code: int, name: str
) -> None:
    async with tcp_call(file_server(session=b"\x83\0\0\x01" + bytes([code]))) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True
    assert str(answer.facts["summary"]).endswith(name)


async def test_a_retarget_is_a_warning_and_not_followed(tcp_call, file_server) -> None:
    server = file_server(session=b"\x84\0\0\x06\xcb\0\x71\x07\0\x8b")
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True
    assert answer.facts["retarget"] == "203.0.113.7:139"
    assert server.asked == [b"\x81"]


def over_session(said: bytes, *, stay: bool = True) -> Serve:
    """A session that opens, and these bytes in place of the answer to the negotiate."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(72)
        writer.write(POSITIVE)
        await reader.readexactly(60)
        writer.write(said)
        await writer.drain()
        if stay:
            await asyncio.Event().wait()
        writer.close()

    return serve


@pytest.mark.parametrize(("stay", "words"), [(True, "in time"), (False, "closed without")])
async def test_a_session_over_which_nothing_comes_is_a_silent_service(
    tcp_call, stay: bool, words: str
) -> None:
    async with (
        tcp_call(over_session(b"", stay=stay), timeout=SHORT) as call,
        asyncio.timeout(SHORT),
    ):
        answer = await ask(call)
    assert answer.service is Service.SILENT
    assert words in str(answer.facts["problem"])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 400\x1b[2J", "HTTP/1.1 400"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0"),
        (b"\0\0\0\x40" + bytes(64), "no SMB message"),
        (b"\0\0\0\x40LDAP" + bytes(60), "no SMB message"),
        (b"\x83\0\0\x01\x8f", "no SMB message"),
        (POSITIVE, "no SMB message"),
        (b"\x85\0\0\0" * 17, "keep-alives"),
        (smb.encode_frame(b"\xfeSMB" + bytes(124)), "not a response"),
        (smb.encode_frame(b"\xffSMB" + bytes(70)), "not a response"),
    ],
)
async def test_a_session_with_something_that_is_not_smb_is_another_service(
    tcp_call, said: bytes, words: str
) -> None:
    async with tcp_call(over_session(said), timeout=3600) as call:
        with pytest.raises(Unexpected, match=words) as raised:
            await ask(call)
    assert "NetBIOS session opens" in str(raised.value)
    assert "\x1b" not in str(raised.value)


async def test_keep_alives_before_the_smb_answer_are_passed_over(tcp_call) -> None:
    said = b"\x85\0\0\0" * 2 + smb.encode_frame(negotiate_response_2(0x0302, 3))
    async with tcp_call(over_session(said, stay=False)) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["dialect"] == "3.0.2"


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
