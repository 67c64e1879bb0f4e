from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from probes.call import NoAnswer, Unexpected
from probes.dns import ask
from probes.model import Service, State
from probes.options import Options


def respond(
    request: bytes, rcode: dns.rcode.Rcode = dns.rcode.NOERROR, *answers: str, flags: int = 0
) -> bytes:
    query = dns.message.from_wire(request)
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(rcode)
    response.flags |= flags
    response.answer = [
        dns.rrset.from_text(query.question[0].name, 60, "IN", "PTR", text) for text in answers
    ]
    return response.to_wire()


async def test_a_ptr_of_the_server_itself_is_asked_with_recursion(udp_call) -> None:
    call = udp_call(lambda request: [respond(request)], port=53)
    await ask(call)
    query = dns.message.from_wire(call.vantage.sent[0])
    assert query.question[0].to_text() == "1.2.0.192.in-addr.arpa. IN PTR"
    assert query.flags & dns.flags.RD


async def test_the_operators_name_is_asked_where_there_is_one(udp_call) -> None:
    call = udp_call(lambda request: [respond(request)], port=53)
    call.options = Options(dns_name="intranet.corp.example")
    await ask(call)
    query = dns.message.from_wire(call.vantage.sent[0])
    assert query.question[0].to_text() == "intranet.corp.example. IN A"


@pytest.mark.parametrize(
    ("address", "asked"),
    [("2001:db8::1", "ip6.arpa PTR"), ("fe80::1%eth0", "ip6.arpa PTR"), ("odd", " NS")],
)
async def test_every_address_has_a_question(udp_call, address: str, asked: str) -> None:
    answer = await ask(udp_call(lambda request: [respond(request)], port=53, address=address))
    assert str(answer.facts["question"]).endswith(asked)


async def test_a_name_is_shown(udp_call) -> None:
    reply = dns.rcode.NOERROR
    answer = await ask(udp_call(lambda request: [respond(request, reply, "ns1.lab.")], port=53))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["answers"] == ["ns1.lab."]
    assert answer.facts["recursion_available"] is True
    assert "ns1.lab." in str(answer.facts["summary"])


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "REFUSED", "SERVFAIL", "FORMERR", "NOTIMP"])
async def test_an_error_is_an_answer(udp_call, rcode: str) -> None:
    code = dns.rcode.from_text(rcode)
    answer = await ask(udp_call(lambda request: [respond(request, code)], port=53))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["rcode"] == rcode


async def test_a_bare_header_with_formerr_is_an_answer(udp_call) -> None:
    answer = await ask(udp_call(lambda request: [request[:2] + b"\x80\x01" + bytes(8)], port=53))
    assert answer.facts["rcode"] == "FORMERR"


async def test_a_truncated_answer_is_an_answer(udp_call) -> None:
    answer = await ask(udp_call(lambda request: [respond(request, flags=dns.flags.TC)], port=53))
    assert answer.facts["truncated"] is True


async def test_an_answer_with_another_id_is_passed_over(udp_call) -> None:
    def script(request: bytes) -> list[bytes]:
        good = respond(request)
        return [bytes([good[0] ^ 1]) + good[1:], good]

    assert (await ask(udp_call(script, port=53))).service is Service.CONFIRMED


@pytest.mark.parametrize(
    "garbage",
    [
        lambda request: b"garbage",
        lambda request: request,
        lambda request: respond(request)[:20],
        lambda request: request[:2] + b"\x81\x80\0\1\0\0\0\0\0\0\xc0\x0c\0\x0c\0\1",
    ],
    ids=["noise", "our own question", "cut short", "a name that points at itself"],
)
async def test_nothing_but_garbage_is_another_service(udp_call, garbage) -> None:
    call = udp_call(lambda request: [garbage(request)], port=53)
    with pytest.raises(Unexpected):
        await ask(call)
    assert call.outcome.state is State.OPEN


def telling(version: str):
    """A server that tells its software under version.bind and answers everything else."""

    def script(request: bytes) -> list[bytes]:
        query = dns.message.from_wire(request)
        if query.question[0].rdclass != dns.rdataclass.CHAOS:
            return [respond(request)]
        response = dns.message.make_response(query)
        text = dns.rrset.from_text("version.bind.", 0, "CH", "TXT", version)
        response.answer = [text]
        return [response.to_wire()]

    return script


async def test_a_server_that_tells_its_software_is_known_by_it(udp_call) -> None:
    call = udp_call(telling('"dnsmasq-2.90"'), port=53)
    answer = await ask(call)
    assert answer.facts["software"] == "dnsmasq-2.90"
    assert call.attempts == 1


async def test_a_server_that_is_silent_about_its_software_is_confirmed_all_the_same(
    udp_call,
) -> None:
    def script(request: bytes) -> list[bytes]:
        return [] if b"version" in request else [respond(request)]

    call = udp_call(script, port=53)
    answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert "software" not in answer.facts
    assert call.outcome.state is State.OPEN


async def test_a_hostile_name_of_software_is_harmless_and_short(udp_call) -> None:
    answer = await ask(udp_call(telling('"\\027[2J' + "x" * 200 + '"'), port=53))
    assert str(answer.facts["software"]).isprintable()
    assert len(str(answer.facts["software"])) <= 81


async def test_silence_passes_through_after_a_retry(udp_call) -> None:
    call = udp_call(lambda _: [], port=53)
    with pytest.raises(NoAnswer):
        await ask(call)
    assert call.attempts == 2
    assert call.vantage.sent[0] == call.vantage.sent[1]


async def test_a_hostile_record_is_harmless_and_bounded(udp_call) -> None:
    names = [f"\\027[2J{'x' * 50}.{n}." for n in range(40)]
    answer = await ask(
        udp_call(lambda request: [respond(request, dns.rcode.NOERROR, *names)], port=53)
    )
    assert len(answer.facts["answers"]) == 8
    assert "\x1b" not in str(answer.facts)
