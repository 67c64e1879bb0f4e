from __future__ import annotations

import asyncio
import struct
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from probes.call import Answer, Call, Unexpected
from probes.kerberos import FALLBACK_REALM, ask, realm_of
from probes.lab.kerberos import frame, krb_error, string
from probes.model import Service, Target
from probes.vantage.stream import MAX_RECEIVED
from probes.wire import ber
from probes.wire.ber import context, element, integer
from tests.probes.peers import answering, endless, resetting

SHORT = 0.3


def ticket(realm: str) -> bytes:
    inner = ((4, ber.SEQUENCE), (5, ber.application(1)), (6, ber.SEQUENCE))
    rest = [element(context(number), element(tag)) for number, tag in inner]
    head = [element(context(0), integer(5)), element(context(1), integer(11))]
    return frame(11, *head, element(context(3), string(realm)), *rest)


async def question(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">I", await reader.readexactly(4))
    return await reader.readexactly(size)


answers = answering(question)


async def asked(call: Call, host: str = "dc1.corp.example") -> Answer:
    """The answer within the deadline that the engine sets."""
    call.job = replace(call.job, target=Target("windows.dc", host))
    async with asyncio.timeout(call.timeout):
        return await ask(call)


@pytest.mark.parametrize(
    ("host", "realm"),
    [
        ("dc1.corp.example", "CORP.EXAMPLE"),
        ("DC1.Corp.Example.", "CORP.EXAMPLE"),
        ("dc1.10", "10"),
        *(
            (host, FALLBACK_REALM)
            for host in ("dc1", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "")
        ),
        *((host, FALLBACK_REALM) for host in ("dc1..example", "dç1.corp.exämple", "a b.c")),
    ],
)
def test_the_realm_is_the_domain_of_the_hosts_name(host: str, realm: str) -> None:
    assert realm_of(host) == realm


@pytest.mark.parametrize("code", [6, 18, 24, 25, 29, 60, 68, 4711])
async def test_every_kerberos_error_proves_a_kdc(tcp_call, code: int) -> None:
    async with tcp_call(answers(krb_error(code, "CORP.EXAMPLE"))) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["error_code"] == code


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (29, "it says it cannot serve now (KDC_ERR_SVC_UNAVAILABLE)"),
        (60, "it has an error of its own (KRB_ERR_GENERIC)"),
    ],
)
async def test_a_kdc_with_a_fault_of_its_own_is_not_shown_to_serve(
    tcp_call, code: int, said: str
) -> None:
    async with tcp_call(answers(krb_error(code, "CORP.EXAMPLE"))) as call:
        answer = await asked(call)
    assert answer.facts["warning"] is True
    assert answer.facts["shortfall"] == said
    assert said.removeprefix("it ") in str(answer.facts["summary"])


async def test_a_ticket_proves_a_kdc_and_tells_no_time(tcp_call) -> None:
    async with tcp_call(answers(ticket("CORP.EXAMPLE"))) as call:
        answer = await asked(call)
    assert answer.facts["answer"] == "AS-REP"
    assert answer.facts["summary"] == "Kerberos KDC of CORP.EXAMPLE"
    assert {"clock_skew_s", "server_time", "warning"} & set(answer.facts) == set()


async def test_a_client_that_is_known_proves_the_realm(tcp_call) -> None:
    async with tcp_call(answers(krb_error(25, "CORP.EXAMPLE"))) as call:
        answer = await asked(call)
    assert (answer.facts["realm"], answer.facts["realm_proven"]) == ("CORP.EXAMPLE", True)
    assert str(answer.facts["summary"]).startswith("Kerberos KDC of CORP.EXAMPLE;")


async def test_a_realm_that_is_only_repeated_is_not_called_the_kdcs(tcp_call) -> None:
    async with tcp_call(answers(krb_error(6, "CORP.EXAMPLE"))) as call:
        answer = await asked(call)
    assert (answer.facts["realm"], answer.facts["realm_proven"]) == ("CORP.EXAMPLE", False)
    assert str(answer.facts["summary"]).startswith("Kerberos KDC, asked for CORP.EXAMPLE;")


async def test_a_realm_that_was_made_up_here_is_not_reported(tcp_call) -> None:
    async with tcp_call(answers(krb_error(6, FALLBACK_REALM))) as call:
        answer = await asked(call, "192.0.2.1")
    assert "realm" not in answer.facts
    assert FALLBACK_REALM not in str(answer.facts["summary"])


async def test_a_kdc_that_names_its_own_realm_is_believed(tcp_call) -> None:
    async with tcp_call(answers(krb_error(6, "CORP.EXAMPLE"))) as call:
        answer = await asked(call, "192.0.2.1")
    assert (answer.facts["realm"], answer.facts["realm_proven"]) == ("CORP.EXAMPLE", True)


async def test_a_referral_names_the_realm_to_ask_instead(tcp_call) -> None:
    reply = krb_error(68, FALLBACK_REALM, client_realm="CORP.EXAMPLE")
    async with tcp_call(answers(reply)) as call:
        answer = await asked(call, "192.0.2.1")
    assert answer.facts["realm"] == "CORP.EXAMPLE"


async def test_a_wrong_realm_without_a_better_one_leaves_the_realm_open(tcp_call) -> None:
    async with tcp_call(answers(krb_error(68, "CORP.EXAMPLE"))) as call:
        answer = await asked(call)
    assert "realm" not in answer.facts


async def test_a_clock_that_agrees_is_no_warning(tcp_call) -> None:
    async with tcp_call(answers(krb_error(6, "X"))) as call:
        answer = await asked(call)
    assert abs(float(str(answer.facts["clock_skew_s"]))) < 5
    assert "warning" not in answer.facts


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (290, ("ahead of this machine's", "refuses it from 5 minutes on")),
        (-290, ("behind this machine's", "refuses it from 5 minutes on")),
        (400, ("ahead of", "6 min 40 s", "refuses a difference of more than 5 minutes")),
        (-7200, ("behind", "2 h 0 min", "refuses a difference of more than 5 minutes")),
    ],
)
async def test_a_clock_above_four_minutes_off_is_a_warning_with_its_limit(
    tcp_call, monkeypatch, ahead: int, words: tuple[str, ...]
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(krb_error(6, "CORP.EXAMPLE", clock_offset=ahead))

    stopped = datetime.now(UTC).timestamp()
    monkeypatch.setattr("probes.kerberos.time.time", lambda: stopped)
    async with tcp_call(serve) as call:
        answer = await asked(call)
    assert answer.facts["warning"] is True
    assert float(str(answer.facts["clock_skew_s"])) == pytest.approx(ahead, abs=5)
    for word in words:
        assert word in str(answer.facts["summary"])


@pytest.mark.parametrize("ahead", [230, -230])
async def test_a_clock_below_four_minutes_off_is_told_without_a_warning(
    tcp_call, ahead: int
) -> None:
    async with tcp_call(answers(krb_error(6, "X", clock_offset=ahead))) as call:
        answer = await asked(call)
    assert "warning" not in answer.facts
    assert "3 min" in str(answer.facts["summary"])


async def test_half_of_the_way_there_and_back_is_taken_off_the_clock(tcp_call, monkeypatch) -> None:
    now = datetime.now(UTC).timestamp()
    clock = iter((now - 100, now + 100))
    monkeypatch.setattr("probes.kerberos.time.time", lambda: next(clock))
    async with tcp_call(answers(krb_error(6, "X"))) as call:
        answer = await asked(call)
    assert abs(float(str(answer.facts["clock_skew_s"]))) < 5


async def test_a_kdc_that_cannot_serve_is_a_warning(tcp_call) -> None:
    async with tcp_call(answers(krb_error(29, "CORP.EXAMPLE"))) as call:
        answer = await asked(call)
    assert answer.facts["warning"] is True
    assert "cannot serve now" in str(answer.facts["summary"])


async def test_an_answer_in_single_bytes_is_read(tcp_call) -> None:
    data = krb_error(6, "CORP.EXAMPLE")
    async with tcp_call(answers(*(bytes([byte]) for byte in data), stay=True)) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED


async def test_an_answer_that_never_ends_in_single_bytes_is_a_timeout(tcp_call) -> None:
    data = krb_error(6, "CORP.EXAMPLE")[:-1]
    serve = answers(*(bytes([byte]) for byte in data), stay=True)
    async with tcp_call(serve, timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            await asked(call)


async def test_a_silent_server_is_a_timeout(tcp_call) -> None:
    async with tcp_call(answers(stay=True), timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            await asked(call)


async def test_an_immediate_close_is_an_eof(tcp_call) -> None:
    async with tcp_call(answers()) as call:
        with pytest.raises(EOFError):
            await asked(call)


async def test_a_close_in_the_middle_is_an_eof(tcp_call) -> None:
    async with tcp_call(answers(krb_error(6, "X")[:20])) as call:
        with pytest.raises(EOFError):
            await asked(call)


async def test_a_reset_passes_through(tcp_call) -> None:
    async with tcp_call(resetting(8)) as call:
        with pytest.raises(ConnectionError):
            await asked(call)


async def test_a_web_server_is_named(tcp_call) -> None:
    serve = answers(b"HTTP/1.1 400 Bad Request\x1b[2J\r\n\r\n", stay=True)
    async with tcp_call(serve, timeout=3600) as call:
        with pytest.raises(Unexpected, match=r"400 Bad Request\\x1b") as raised:
            await asked(call)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize(
    "data", [bytes(64), b"\xff" * 64, b"\0\0\0\x06\x7e\x04garb", b"\0\0\0\x04\x7e\x02\x30\x00"]
)
async def test_garbage_is_another_service(tcp_call, data: bytes) -> None:
    async with tcp_call(answers(data, stay=True), timeout=3600) as call:
        with pytest.raises(Unexpected, match="bytes that begin with"):
            await asked(call)


@pytest.mark.parametrize("start", [b"chargen", struct.pack(">I", 60_000) + b"\x7e"])
async def test_an_endless_stream_is_cut_off(tcp_call, start: bytes) -> None:
    async with tcp_call(endless(start, bytes(10_000)), timeout=3600) as call:
        with pytest.raises(Unexpected):
            await asked(call)
        assert call._streams[0]._total < MAX_RECEIVED


async def test_there_is_one_question_as_nobody(tcp_call) -> None:
    seen: list[bytes] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await question(reader))
        writer.write(krb_error(6, "CORP.EXAMPLE"))
        seen.append(await reader.read())
        ended.set()

    async with tcp_call(serve) as call:
        await asked(call)
        await call.close()
        await ended.wait()
    assert b"auditreach" in seen[0]
    assert b"CORP.EXAMPLE" in seen[0]
    assert seen[1:] == [b""]
