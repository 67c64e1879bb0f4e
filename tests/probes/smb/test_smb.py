from __future__ import annotations

import asyncio
import json
from uuid import UUID

import pytest

from probes.call import Unexpected
from probes.clients.smb import negotiation_facts
from probes.model import Service
from probes.smb import ask
from probes.wire.ntlm import Identity
from probes.wire.smb import Negotiated
from tests.probes.peers import dripping, endless, resetting

SHORT = 0.4


async def test_dialect_and_signing_are_told(tcp_call, file_server) -> None:
    server = file_server()
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["summary"] == "SMB 3.1.1, signing required"
    assert answer.facts["signing_required"] is True
    assert answer.facts["server_time"] == "1970-01-01T00:00:01+00:00"
    assert answer.facts["clock_skew_s"] < 0
    assert "warning" not in answer.facts
    assert server.asked[0] == b"\xfeSMB"
    json.dumps(answer.facts)


async def test_a_server_says_who_it_is_when_a_login_begins(
    tcp_call, file_server, introduction
) -> None:
    names = {2: "CORP", 1: "PC-014", 4: "corp.example", 3: "pc-014.corp.example"}
    server = file_server(introduces=introduction(names, 19045))
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.facts["summary"] == (
        "SMB 3.1.1, signing required; PC-014 in CORP, Windows 10.0.19045"
    )
    assert answer.facts["dns_computer"] == "pc-014.corp.example"
    assert server.asked[:2] == [b"\xfeSMB", b"\1\0"]


async def test_the_login_is_not_gone_on_with(tcp_call, file_server, introduction) -> None:
    server = file_server(introduces=introduction({1: "PC-014"}, 0))
    async with tcp_call(server) as call:
        answer = await ask(call)
        await call.close()
        assert answer.facts["summary"] == "SMB 3.1.1, signing required; PC-014"
    assert b"\1\0" in server.asked[:2]
    assert len([one for one in server.asked if one == b"\1\0"]) == 1


async def test_names_of_an_introduction_are_made_harmless(
    tcp_call, file_server, introduction
) -> None:
    server = file_server(introduces=introduction({1: "\x1b[2J", 2: "\u202ex"}, 1))
    async with tcp_call(server) as call:
        answer = await ask(call)
    text = json.dumps(answer.facts, ensure_ascii=False)
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("options", [{"mute": True}, {"introduces": b"\xfeSMB" + bytes(90)}])
async def test_without_an_introduction_the_service_is_proven_all_the_same(
    tcp_call, file_server, options
) -> None:
    async with tcp_call(file_server(**options), timeout=SHORT) as call, asyncio.timeout(SHORT):
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["summary"] == "SMB 3.1.1, signing required"


@pytest.mark.parametrize(
    ("guid", "computer", "software"),
    [
        (b"nas1".ljust(16, b"\0"), "NAS1", "Samba"),
        (b"nas2".ljust(16, b"\0"), "NAS1", None),
        (b"nas1" + bytes(range(12)), "NAS1", None),
        (bytes(16), "", None),
    ],
)
def test_samba_is_known_by_the_name_in_its_guid(guid: bytes, computer: str, software) -> None:
    said = Negotiated("3.1.1", guid=UUID(bytes_le=guid))
    assert negotiation_facts(said, Identity(computer)).get("software") == software


@pytest.mark.parametrize("status", [0xC0000022, 0xC00000BB, 0xC0000205])
def test_a_server_that_refuses_to_negotiate_is_not_shown_to_serve(status: int) -> None:
    facts = negotiation_facts(Negotiated("", status=status), Identity())
    assert facts["warning"] is True
    assert facts["shortfall"] == f"it refuses to negotiate (status 0x{status:08x})"
    assert f"0x{status:08x}" in str(facts["summary"])


async def test_signing_that_is_not_required_is_told(tcp_call, file_server) -> None:
    async with tcp_call(file_server(revision=0x0210, mode=1)) as call:
        answer = await ask(call)
    assert answer.facts["summary"] == "SMB 2.1, signing not required"
    assert answer.facts["signing"] == "enabled"


async def test_a_server_that_knows_only_smb1_is_a_warning(tcp_call, file_server) -> None:
    server = file_server(only_smb1=True)
    async with tcp_call(server) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True
    assert answer.facts["smb1_only"] is True
    assert str(answer.facts["summary"]).startswith("SMB1 only (NT4 in LAB)")
    assert server.asked == [b"\xfeSMB", b"\xffSMB"]


async def test_hostile_names_reach_nobody(tcp_call, file_server) -> None:
    async with tcp_call(file_server(only_smb1=True, names="\x1b[2J\0\u202ex\0")) as call:
        answer = await ask(call)
    text = json.dumps(answer.facts, ensure_ascii=False)
    assert "\x1b" not in text
    assert "\u202e" not in text


async def test_a_web_server_on_445_is_named(tcp_call) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\x1b[2J\r\n\r\n")
        await writer.drain()

    async with tcp_call(serve, timeout=3600) as call:
        with pytest.raises(Unexpected, match="400 Bad Request") as raised:
            await ask(call)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("said", [b"", b"\0\0\0\x80\xfeS"])
async def test_silence_and_a_drip_end_with_the_deadline(tcp_call, said: bytes) -> None:
    async with tcp_call(dripping(said), timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT):
                await ask(call)


async def test_an_endless_answer_is_cut_off(tcp_call) -> None:
    flood = b"\0\0\xff\xff\xfeSMB" + bytes(65531)
    async with tcp_call(endless(b"", flood), timeout=3600) as call:
        with pytest.raises(Unexpected):
            await ask(call)


async def test_what_closes_at_once_every_time_is_an_eof(tcp_call) -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read(1000)
        writer.close()

    async with tcp_call(serve) as call:
        with pytest.raises(EOFError):
            await ask(call)
    assert connections == 2


async def test_a_close_in_the_middle_of_an_answer_is_no_smb1(tcp_call) -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read(1000)
        writer.write(b"\0\0\0\x80\xfeSMB")
        writer.close()

    async with tcp_call(serve) as call:
        with pytest.raises(EOFError):
            await ask(call)
    assert connections == 1


async def test_a_reset_passes_through(tcp_call) -> None:
    async with tcp_call(resetting()) as call:
        with pytest.raises(ConnectionError):
            await ask(call)


@pytest.mark.parametrize(
    ("dialect", "version", "told"),
    [
        ("3.0.2", "6.1.7600", False),
        ("3.0", "6.1.7601", False),
        ("3.1.1", "6.3.9600", False),
        ("3.0.2", "6.3.9600", True),
        ("3.0.2", "10.0.14393", True),
        ("3.1.1", "10.0.19045", True),
        ("2.1", "6.1.7601", True),
        ("2.1", "6.0.6002", False),
        ("2.1", "5.2.3790", False),
        ("2.0.2", "5.1.2600", False),
        ("2.0.2", "6.0.6002", True),
        ("a dialect of tomorrow", "11.0.1", True),
    ],
)
def test_a_version_older_than_the_dialect_is_no_windows(
    dialect: str, version: str, told: bool
) -> None:
    facts = negotiation_facts(Negotiated(dialect), Identity(computer="MAC", version=version))
    assert ("windows" in facts) is told
    assert (f"Windows {version}" in str(facts["summary"])) is told
