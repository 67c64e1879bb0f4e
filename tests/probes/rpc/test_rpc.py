from __future__ import annotations

import asyncio
import json
import struct
from uuid import UUID

import pytest

from probes.call import Unexpected
from probes.clients.rpc import MAX_ENTRIES
from probes.lab.rpc import bind_ack, fragment
from probes.model import Service
from probes.rpc import MAX_LISTED, ask, is_samba
from probes.vantage.stream import MAX_RECEIVED, LimitExceeded
from probes.wire import dcerpc, endpoint_mapper
from probes.wire.dcerpc import Interface
from probes.wire.endpoint_mapper import Endpoint
from tests.probes.peers import close, resetting

SHORT = 0.4
SVCCTL = UUID("367abb81-9844-35f1-ad32-98f038001003")
EVENTLOG = UUID("f6beaff7-1e19-4fbb-9f8f-b89e2018337c")


async def test_a_table_is_read_and_the_ports_are_named(tcp_call, rpc_server) -> None:
    server = rpc_server([(EVENTLOG, 49665), (SVCCTL, 49667), (endpoint_mapper.MAPPER.uuid, 135)])
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["summary"] == (
        "RPC endpoint mapper with 3 endpoints; RPC listens on TCP 49665, 49667"
    )
    assert answer.facts["ports"] == [49665, 49667]
    assert answer.facts["complete"] is True
    assert answer.facts["endpoints"][0] == f"tcp 49667: service control manager ({SVCCTL} 1.0)"
    assert "problem" not in answer.facts
    assert server.bound == [endpoint_mapper.MAPPER.uuid]
    json.dumps(answer.facts)


@pytest.mark.parametrize("order", ["<", ">"])
async def test_pages_and_fragments_are_put_together(tcp_call, rpc_server, order: str) -> None:
    endpoints = [(UUID(int=at), 50000 + at) for at in range(25)]
    server = rpc_server(endpoints, order=order, page=10, size=77)
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.facts["ports"] == [port for _, port in endpoints]
    assert answer.facts["complete"] is True


async def test_a_mapper_that_wants_a_login_is_proven_and_says_so(tcp_call, rpc_server) -> None:
    async with tcp_call(rpc_server(fault=5)) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert "without a login" in str(answer.facts["summary"])
    assert "warning" not in answer.facts


async def test_another_fault_is_told_by_its_number(tcp_call, rpc_server) -> None:
    async with tcp_call(rpc_server(fault=0x1C010003)) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert "0x1c010003" in str(answer.facts["problem"])
    assert answer.facts["warning"] is True


async def test_a_refused_bind_is_an_answer_in_rpc_and_a_warning(tcp_call, rpc_server) -> None:
    async with tcp_call(rpc_server(refuse_bind=True)) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True
    assert "anonymous bind: the authentication type" in str(answer.facts["problem"])


async def test_a_mapper_with_nothing_in_its_table_is_a_warning(tcp_call, rpc_server) -> None:
    async with tcp_call(rpc_server()) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True
    assert answer.facts["summary"] == "RPC endpoint mapper; its list is empty"


@pytest.mark.parametrize(
    "said",
    [
        fragment(dcerpc.BIND_ACK, "<", 1, bytes(8)),
        fragment(dcerpc.BIND_ACK, "<", 1, bytes(44)),
        fragment(dcerpc.BIND_NAK, "<", 1, bytes(8)),
        fragment(dcerpc.FAULT, "<", 1, bytes(16)),
        fragment(dcerpc.RESPONSE, "<", 1, bytes(44)),
        bind_ack("<", 2),
        bind_ack("<", 0),
        bind_ack("<", 1, rejected=True),
        bytes(60),
    ],
)
async def test_what_is_no_answer_to_the_bind_is_another_service(tcp_call, said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(said)
        await asyncio.Event().wait()

    async with tcp_call(serve, timeout=3600) as call:
        with pytest.raises(Unexpected):
            await ask(call)


async def test_a_table_that_ends_in_the_middle_is_a_fact(tcp_call, rpc_server) -> None:
    server = rpc_server([(SVCCTL, 49664), (EVENTLOG, 49665)], page=1, hang_up_after=1)
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["ports"] == [49664]
    assert "closed the connection" in str(answer.facts["problem"])


async def test_a_table_that_does_not_come_is_a_fact(tcp_call, rpc_server) -> None:
    server = rpc_server([(SVCCTL, 49664), (EVENTLOG, 49665)], page=1, mute_after=1)
    async with tcp_call(server, timeout=SHORT) as call, asyncio.timeout(SHORT):
        answer = await ask(call)
    assert answer.facts["ports"] == [49664]
    assert "in time" in str(answer.facts["problem"])


async def test_a_table_of_garbage_is_a_fact(tcp_call, rpc_server) -> None:
    async with tcp_call(rpc_server(table=b"\xff" * 100)) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert "cannot be read" in str(answer.facts["problem"])
    assert answer.facts["warning"] is True


async def test_a_table_without_end_is_read_to_a_bound(tcp_call, rpc_server) -> None:
    endpoints = [(UUID(int=at), 1024 + at) for at in range(3 * MAX_ENTRIES)]
    async with tcp_call(rpc_server(endpoints, page=250)) as call:
        answer = await ask(call)
    assert answer.facts["listed"] <= MAX_ENTRIES
    assert answer.facts["complete"] is False
    assert len(answer.facts["endpoints"]) == MAX_LISTED
    assert "long" in str(answer.facts["problem"])


async def test_empty_pages_without_end_are_given_up(tcp_call, rpc_server) -> None:
    page = b"\1" * 20 + struct.pack("<IIII", 0, 0, 0, 0) + struct.pack("<I", 0)
    async with tcp_call(rpc_server(table=page), timeout=3600) as call:
        answer = await ask(call)
    assert answer.facts["complete"] is False


async def test_an_escape_sequence_in_the_table_reaches_nobody(tcp_call, rpc_server) -> None:
    server = rpc_server([(UUID(int=9), 49664)], annotation=b"\x1b[2J")
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert "\x1b" not in json.dumps(answer.facts, ensure_ascii=False)


async def test_a_web_server_on_135_is_named(tcp_call) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\x1b[2J\r\n\r\n")

    async with tcp_call(serve, timeout=3600) as call:
        with pytest.raises(Unexpected, match="400 Bad Request") as raised:
            await ask(call)
    assert "\x1b" not in str(raised.value)


async def test_silence_is_a_timeout(tcp_call) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with tcp_call(serve, timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT):
                await ask(call)


async def test_a_dripping_server_ends_with_the_deadline(tcp_call, rpc_server) -> None:
    more = asyncio.Event()
    whole = rpc_server().bind_answer(1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for at in range(10):
            writer.write(whole[at : at + 1])
            await writer.drain()
        more.set()
        await asyncio.Event().wait()

    async with tcp_call(serve, timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT):
                await ask(call)
    assert more.is_set()


async def test_an_endless_answer_is_cut_off(tcp_call, rpc_server) -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        # Announces the longest fragment and never ends it; then the next.
        head = b"\x05\0\x0c\x00\x10\0\0\0" + struct.pack("<HHI", 65535, 0, 1)
        while True:
            writer.write(head + bytes(65535 - 16))
            await writer.drain()
            sent += 65535

    async with tcp_call(serve, timeout=3600) as call:
        # The first fragment is an answer in RPC, though a useless one.
        try:
            answer = await ask(call)
        except (Unexpected, LimitExceeded):
            return
        assert answer.facts["listed"] == 0
    assert sent < 64 * MAX_RECEIVED


async def test_an_immediate_close_is_an_eof(tcp_call) -> None:
    async with tcp_call(close) as call:
        with pytest.raises(EOFError):
            await ask(call)


async def test_a_reset_passes_through(tcp_call) -> None:
    async with tcp_call(resetting()) as call:
        with pytest.raises(ConnectionError):
            await ask(call)


@pytest.mark.parametrize(
    ("protocol", "name", "is_of_samba"),
    [
        ("pipe", r"\pipe\unixinfo", True),
        ("pipe", r"\pipe\lsass", False),
        ("tcp", "unixinfo", False),
    ],
)
def test_the_table_of_samba_is_told_from_that_of_windows(protocol, name, is_of_samba) -> None:
    one = Endpoint(Interface(UUID(int=5), 1), "", protocol, None, name)
    assert is_samba([one]) is is_of_samba
