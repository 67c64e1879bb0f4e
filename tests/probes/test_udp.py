from __future__ import annotations

import pytest

from probes.call import NoAnswer, Unexpected
from probes.lab import netbios as lab
from probes.model import Reason, Service, State
from probes.udp import ask


def node_status(request: bytes) -> bytes:
    names = [(b"FILESRV", 0, lab.UNIQUE), (b"LAB", 0, lab.GROUP)]
    return lab.node_status(request[:2], names, bytes.fromhex("001122334455"))


@pytest.mark.parametrize("port", [135, 139])
async def test_ports_that_never_answer_get_an_empty_datagram(udp_call, port: int) -> None:
    call = udp_call(lambda _: [], port=port)
    with pytest.raises(NoAnswer) as raised:
        await ask(call)
    assert call.vantage.sent == [b"", b""]
    assert raised.value.outcome.state == State.OPEN_FILTERED


async def test_138_gets_a_datagram_query_from_our_address(udp_call) -> None:
    call = udp_call(lambda _: [], port=138)
    with pytest.raises(NoAnswer):
        await ask(call)
    (first, _) = call.vantage.sent
    assert first[0] == 0x14
    assert first[4:8] == bytes([192, 0, 2, 9])


NOCALL = bytes([4, 5, 8, 0, 0x10, 0, 0, 0]) + bytes(32) + b"\1" * 16 + bytes(24)
FOREIGN = (
    b"",
    b"whatever",
    bytes(80),
    b"\x1b[2J",
    b"\x00\x01\x84\x00" + bytes(40),
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
)


async def test_a_pdu_of_rpc_confirms_135(udp_call) -> None:
    answer = await ask(udp_call(lambda _: [b"garbage", NOCALL], port=135))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["summary"] == "RPC over UDP (a PDU nocall)"


@pytest.mark.parametrize(
    ("kind", "words"), [(0x15, "it knows the name"), (0x16, "it does not know the name")]
)
async def test_a_query_response_confirms_138(udp_call, kind: int, words: str) -> None:
    def answer_query(request: bytes) -> list[bytes]:
        return [request, bytes([kind]) + request[1:]]

    answer = await ask(udp_call(answer_query, port=138))
    assert answer.service is Service.CONFIRMED
    assert words in str(answer.facts["summary"])


@pytest.mark.parametrize("said", FOREIGN)
@pytest.mark.parametrize("port", [135, 138])
async def test_other_bytes_on_135_and_138_are_another_service(
    udp_call, port: int, said: bytes
) -> None:
    call = udp_call(lambda _: [said], port=port)
    with pytest.raises(Unexpected) as raised:
        await ask(call)
    assert "\x1b" not in str(raised.value)
    assert (call.outcome.state, call.outcome.reason) == (State.OPEN, Reason.UDP_RESPONSE)


async def test_our_own_question_sent_back_is_another_service(udp_call) -> None:
    with pytest.raises(Unexpected):
        await ask(udp_call(lambda request: [request], port=138))


@pytest.mark.parametrize("said", FOREIGN)
async def test_on_139_an_answer_proves_only_that_something_answers(udp_call, said: bytes) -> None:
    answer = await ask(udp_call(lambda _: [said], port=139))
    assert answer.service is Service.NOT_ASKED
    assert answer.facts["answer_bytes"] == len(said)
    assert "cannot be told" in str(answer.facts["summary"])
    assert str(answer.facts["summary"]).isprintable()


async def test_a_node_status_confirms_the_name_service(udp_call) -> None:
    answer = await ask(udp_call(lambda request: [node_status(request)], port=137))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["computer"] == "FILESRV"
    assert answer.facts["workgroup"] == "LAB"
    assert answer.facts["mac"] == "00:11:22:33:44:55"
    assert answer.facts["names"] == ["FILESRV<00>", "LAB<00> group"]
    assert answer.facts["summary"] == "NetBIOS name service of FILESRV in LAB"


async def test_a_node_without_names_is_a_warning(udp_call) -> None:
    def nameless(request: bytes) -> list[bytes]:
        return [lab.node_status(request[:2], [], bytes(6))]

    answer = await ask(udp_call(nameless, port=137))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True


async def test_garbage_before_the_node_status_is_passed_over(udp_call) -> None:
    call = udp_call(lambda request: [b"garbage", node_status(request)], port=137)
    assert (await ask(call)).service is Service.CONFIRMED


async def test_nothing_but_garbage_from_137_is_another_service(udp_call) -> None:
    call = udp_call(lambda _: [b"gar\x1bbage"], port=137)
    with pytest.raises(Unexpected, match="8 bytes came") as raised:
        await ask(call)
    assert "\x1b" not in str(raised.value)
    assert (call.outcome.state, call.outcome.reason) == (State.OPEN, Reason.UDP_RESPONSE)
    assert any(evidence.received == b"gar\x1bbage".hex() for evidence in call.evidence)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty datagram came, which does not answer what was asked"),
        (b"A", "1 byte came that does not answer what was asked: 41"),
        (b"AB", "2 bytes came that do not answer what was asked: 41 42"),
    ],
)
async def test_the_size_of_a_foreign_answer_is_told_in_words(udp_call, data, words) -> None:
    with pytest.raises(Unexpected) as raised:
        await ask(udp_call(lambda _: [data], port=137))
    assert str(raised.value) == words


async def test_a_refusal_is_not_asked_again(udp_call, refused) -> None:
    call = udp_call(lambda _: refused, port=137)
    with pytest.raises(NoAnswer) as raised:
        await ask(call)
    assert len(call.vantage.sent) == 1
    assert raised.value.outcome.reason is Reason.PORT_UNREACH
