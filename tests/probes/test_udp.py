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


async def test_an_answer_proves_only_that_something_answered(udp_call) -> None:
    answer = await ask(udp_call(lambda _: [b"whatever"], port=135))
    assert answer.service is Service.NOT_ASKED
    assert answer.facts["answer_bytes"] == 8


async def test_an_empty_datagram_is_an_answer_too(udp_call) -> None:
    answer = await ask(udp_call(lambda _: [b""], port=135))
    assert answer.facts["answer_bytes"] == 0


async def test_a_node_status_confirms_the_name_service(udp_call) -> None:
    answer = await ask(udp_call(lambda request: [node_status(request)], port=137))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["computer"] == "FILESRV"
    assert answer.facts["workgroup"] == "LAB"
    assert answer.facts["mac"] == "00:11:22:33:44:55"
    assert answer.facts["names"] == ["FILESRV<00>", "LAB<00> group"]
    assert answer.facts["summary"] == "NetBIOS name service of FILESRV in LAB"


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


async def test_a_refusal_is_not_asked_again(udp_call, refused) -> None:
    call = udp_call(lambda _: refused, port=137)
    with pytest.raises(NoAnswer) as raised:
        await ask(call)
    assert len(call.vantage.sent) == 1
    assert raised.value.outcome.reason is Reason.PORT_UNREACH
