from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from probes.call import Answer, Call, Unexpected
from probes.lab.ldap import entry, result
from probes.ldap import ask
from probes.model import Service
from probes.vantage.stream import MAX_RECEIVED
from probes.wire import ldap
from tests.probes.peers import answering, endless, resetting

SHORT = 0.3
DC = {
    "defaultNamingContext": "DC=corp,DC=example",
    "namingContexts": "DC=corp,DC=example",
    "dnsHostName": "dc1.corp.example",
    "domainFunctionality": "7",
    "supportedCapabilities": "1.2.840.113556.1.4.800",
    "supportedSASLMechanisms": "GSSAPI",
    "currentTime": "20261123000130.0Z",
}


async def question(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    assert head[:2] == b"\x30\x82"
    return await reader.readexactly(int.from_bytes(head[2:], "big"))


answers = answering(question)


async def asked(call: Call) -> Answer:
    """The answer within the deadline that the engine sets."""
    async with asyncio.timeout(call.timeout):
        return await ask(call)


async def test_a_domain_controller_tells_its_site(tcp_call) -> None:
    site = {"serverName": "CN=DC1,CN=Servers,CN=Paris,CN=Sites,CN=Configuration,DC=corp"}
    async with tcp_call(answers(entry(DC | site) + result(0))) as call:
        answer = await asked(call)
    assert answer.facts["site"] == "Paris"


async def test_a_server_name_of_another_form_is_no_site(tcp_call) -> None:
    async with tcp_call(answers(entry(DC | {"serverName": "CN=a,b,c"}) + result(0))) as call:
        answer = await asked(call)
    assert answer.facts["server_name"] == "CN=a,b,c"
    assert "site" not in answer.facts


async def test_a_domain_controller_tells_its_domain_name_and_level(tcp_call) -> None:
    async with tcp_call(answers(entry(DC) + result(0))) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["summary"] == (
        "Domain controller dc1.corp.example of corp.example, functional level Windows Server 2016"
    )
    assert answer.facts["domain"] == "corp.example"
    assert answer.facts["product"] == "Active Directory"
    assert answer.facts["sasl_mechanisms"] == ["GSSAPI"]
    assert "warning" not in answer.facts


async def test_the_entry_is_enough_and_its_end_is_not_waited_for(tcp_call) -> None:
    async with tcp_call(answers(entry(DC), stay=True), timeout=3600) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED


async def test_the_servers_clock_is_compared_with_ours(tcp_call, monkeypatch) -> None:
    here = datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC).timestamp()
    monkeypatch.setattr("probes.ldap.time.time", lambda: here)
    async with tcp_call(answers(entry(DC))) as call:
        answer = await asked(call)
    assert answer.facts["clock_skew_s"] == 90
    assert answer.facts["server_time"] == "2026-11-23T00:01:30+00:00"


@pytest.mark.parametrize("time", ["", "yesterday", "20261323000130.0Z"])
async def test_a_clock_that_cannot_be_read_is_left_out(tcp_call, time: str) -> None:
    async with tcp_call(answers(entry(DC | {"currentTime": time}))) as call:
        answer = await asked(call)
    assert answer.facts["domain"] == "corp.example"
    assert {"clock_skew_s", "server_time"} & set(answer.facts) == set()


@pytest.mark.parametrize(
    ("number", "level"),
    [("0", "Windows 2000"), ("6", "Windows Server 2012 R2"), ("99", "level 99"), ("", None)],
)
async def test_a_level_is_told_in_words(tcp_call, number: str, level: str | None) -> None:
    async with tcp_call(answers(entry(DC | {"domainFunctionality": number}))) as call:
        answer = await asked(call)
    assert answer.facts.get("domain_functional_level") == level
    assert ("functional level" in str(answer.facts["summary"])) is bool(level)


@pytest.mark.parametrize("context", ["", "O=acme", "DC=", "DC=corp,CN=x"])
async def test_a_name_that_is_no_domain_is_not_made_one(tcp_call, context: str) -> None:
    async with tcp_call(answers(entry(DC | {"defaultNamingContext": context}))) as call:
        answer = await asked(call)
    assert "domain" not in answer.facts


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ({"namingContexts": "dc=acme"}, "An LDAP server answers"),
        (
            {"supportedCapabilities": "1.2.840.113556.1.4.1851"},
            "Active Directory Lightweight Directory Services answers",
        ),
    ],
)
async def test_a_directory_that_is_no_domain_controller_is_a_warning(
    tcp_call, attributes: dict[str, str], named: str
) -> None:
    async with tcp_call(answers(entry(attributes))) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True
    assert str(answer.facts["summary"]).startswith(named)
    assert "no domain controller" in str(answer.facts["summary"])


@pytest.mark.parametrize("reply", [entry({}), result(0), result(32)])
async def test_a_server_that_shows_nothing_is_ldap_and_no_warning(tcp_call, reply: bytes) -> None:
    async with tcp_call(answers(reply)) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED
    assert "shows nothing of itself" in str(answer.facts["summary"])
    assert "warning" not in answer.facts


@pytest.mark.parametrize("code", [1, 8, 13, 48, 50, 53, 4711])
async def test_a_refusal_is_ldap(tcp_call, code: int) -> None:
    async with tcp_call(answers(result(code, "bind\x1b[2J first"))) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["result_code"] == code
    assert answer.facts["result_text"] == "bind\\x1b[2J first"
    assert f"({code}" in str(answer.facts["summary"])
    assert "warning" not in answer.facts


@pytest.mark.parametrize("reply", [result(51), result(52, operation=24, id=0)])
async def test_a_server_that_cannot_serve_now_is_a_warning(tcp_call, reply: bytes) -> None:
    async with tcp_call(answers(reply)) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True


async def test_an_escape_sequence_in_the_rootdse_is_made_harmless(tcp_call) -> None:
    attributes = dict.fromkeys(DC, "DC=\x1b[2J") | {"namingContexts": "\x1b]0;x\x07"}
    async with tcp_call(answers(entry(attributes))) as call:
        answer = await asked(call)
    assert "\x1b" not in "".join(str(value) for value in answer.facts.values())


async def test_an_answer_in_single_bytes_is_read(tcp_call) -> None:
    serve = answers(*(bytes([byte]) for byte in entry(DC)), stay=True)
    async with tcp_call(serve) as call:
        answer = await asked(call)
    assert answer.facts["domain"] == "corp.example"


async def test_an_answer_that_never_ends_in_single_bytes_is_a_timeout(tcp_call) -> None:
    serve = answers(*(bytes([byte]) for byte in entry(DC)[:-1]), stay=True)
    async with tcp_call(serve, timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            await asked(call)


async def test_a_silent_server_is_a_timeout(tcp_call) -> None:
    async with tcp_call(answers(stay=True), timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            await asked(call)


@pytest.mark.parametrize("pieces", [(), (entry(DC)[:50],)])
async def test_a_close_before_the_end_is_an_eof(tcp_call, pieces: tuple[bytes, ...]) -> None:
    async with tcp_call(answers(*pieces)) as call:
        with pytest.raises(EOFError):
            await asked(call)


async def test_a_reset_passes_through(tcp_call) -> None:
    async with tcp_call(resetting(8)) as call:
        with pytest.raises(ConnectionError):
            await asked(call)


async def test_a_web_server_is_named(tcp_call) -> None:
    serve = answers(b"HTTP/1.1 400 Bad Request\r\n\r\n", stay=True)
    async with tcp_call(serve, timeout=3600) as call:
        with pytest.raises(Unexpected, match=r"^HTTP/1\.1 400 Bad Request$"):
            await asked(call)


@pytest.mark.parametrize(
    "data", [bytes(64), b"\xff" * 64, b"\x30\x04garb", b"\x30\x80\0\0", result(0, id=9)]
)
async def test_garbage_is_another_service(tcp_call, data: bytes) -> None:
    async with tcp_call(answers(data, stay=True), timeout=3600) as call:
        with pytest.raises(Unexpected):
            await asked(call)


@pytest.mark.parametrize("start", [b"chargen", b"\x30\x83\x01\xff\x00"])
async def test_an_endless_stream_is_cut_off(tcp_call, start: bytes) -> None:
    async with tcp_call(endless(start, bytes(10_000)), timeout=3600) as call:
        with pytest.raises(Unexpected):
            await asked(call)
        assert call._streams[0]._total < MAX_RECEIVED


async def test_it_says_goodbye_after_one_question(tcp_call) -> None:
    seen: list[bytes] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await question(reader))
        writer.write(entry(DC))
        seen.append(await reader.read())
        ended.set()

    async with tcp_call(serve) as call:
        await asked(call)
        await call.close()
        await ended.wait()
    assert b"currentTime" in seen[0]
    assert seen[1:] == [ldap.UNBIND]
