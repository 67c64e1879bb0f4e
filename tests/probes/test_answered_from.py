"""Rows of services that answer from another address or port than the one asked."""

from __future__ import annotations

import asyncio
import struct

import pytest
from pysnmp.proto import api

from probes import dns, udp
from probes.engine.observation import run_udp_probe
from probes.engine.pacing import Work
from probes.judging.status import judge
from probes.lab import netbios as netbios_lab
from probes.lab import snmp as lab
from probes.model import Reason, Result, Service, State, Status, VantageInfo
from probes.options import NO_OPTIONS
from probes.snmp import probe as snmp_probe
from probes.vantage import ForeignDatagram, Outcome
from probes.wire import snmp

ASKED, OTHER = "10.77.1.31", "10.77.1.32"
OBJECTS = lab.system("core1", "Router OS 1.2", "1.3.6.1.4.1.9.1.1")


class Elsewhere:
    """Vantage on which the address asked is silent and `answer` comes from elsewhere."""

    info = VantageInfo("scripted", "here", addresses=("10.77.0.9",))

    def __init__(self, answer, address=OTHER, port=None):
        self.answer, self.address, self.port = answer, address, port

    async def exchange(self, address, port, payload, timeout, accept):
        await asyncio.sleep(0)
        data = self.answer(payload)
        foreign = () if data is None else (ForeignDatagram(self.address, self.port or port, data),)
        return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address, foreign=foreign)


class Direct:
    """Pacer of one row that waits for nobody."""

    async def send(self, sender, send, *, repeats):
        return await send()


class Queue:
    pacer = Direct()


async def row(kit, ask, vantage, port, host=ASKED) -> Result:
    job = kit.job(kit.check("one", port, transport="udp"), host)
    work = Work(job)
    work.queue, work.addresses = Queue(), (host,)  # type: ignore[assignment]
    seen = await run_udp_probe(vantage, ask, work, NO_OPTIONS, 4.0, 1)
    return judge(job, seen)


@pytest.mark.parametrize("version", [snmp.V1, snmp.V2C, snmp.V3])
async def test_an_agent_that_answers_from_another_address_is_a_warning_that_names_it(kit, version):
    vantage = Elsewhere(lab.agent((version,), OBJECTS))
    result = await row(kit, snmp_probe.ask, vantage, 161)
    assert (result.status, result.observation.service) == (Status.WARNING, Service.CONFIRMED)
    assert "answers, but from 10.77.1.32" in result.note
    assert "stateful firewall" in result.note
    assert result.observation.facts["answered_from"] == OTHER


@pytest.mark.parametrize(
    ("address", "port", "where"),
    [
        (ASKED, 40_000, "port 40000"),
        (OTHER, 40_000, "10.77.1.32 port 40000"),
        ("::1", 161, "::1"),
    ],
)
async def test_the_note_says_what_is_other_about_the_sender(kit, address, port, where):
    vantage = Elsewhere(lab.agent((snmp.V2C,), OBJECTS), address, port)
    result = await row(kit, snmp_probe.ask, vantage, 161)
    assert result.status is Status.WARNING
    assert f"answers, but from {where}: " in result.note


def of_another_request(request: bytes) -> bytes | None:
    """Answer whose request id is not the one asked."""
    answer = lab.agent((snmp.V2C,), OBJECTS)(request)
    if answer is None:
        return None
    form = api.PROTOCOL_MODULES[snmp.V2C]
    id = int(
        form.apiPDU.get_request_id(form.apiMessage.get_pdu(snmp.decode(answer, form.Message())))
    )
    # Small numbers have fewer bytes (X.690 8.3.2).
    size = id.bit_length() // 8 + 1
    return answer.replace(id.to_bytes(size, "big"), (id ^ 1).to_bytes(size, "big"), 1)


@pytest.mark.parametrize("answer", [of_another_request, lambda _: b"\x30\x03abc", lambda _: b""])
async def test_what_does_not_answer_the_request_proves_nothing_from_elsewhere(kit, answer):
    result = await row(kit, snmp_probe.ask, Elsewhere(answer), 161)
    assert (result.status, result.observation.state) == (Status.BLOCKED, State.OPEN_FILTERED)
    assert "answered_from" not in result.observation.facts
    assert OTHER not in result.note


async def test_a_netbios_node_that_answers_from_another_address_is_a_warning(kit):
    vantage = Elsewhere(netbios_lab.node("PC-1", "WORKGROUP", "020000000001"))
    result = await row(kit, udp.ask, vantage, 137)
    assert result.status is Status.WARNING
    assert "answers, but from 10.77.1.32" in result.note


async def test_a_resolver_that_answers_from_another_address_is_blocked_and_said(kit):
    def answer(request: bytes) -> bytes:
        return request[:2] + struct.pack(">H", 0x8180) + request[4:]

    result = await row(kit, dns.ask, Elsewhere(answer), 53)
    assert (result.status, result.observation.state) == (Status.BLOCKED, State.OPEN_FILTERED)
    assert "10.77.1.32 answers instead" in result.note


@pytest.mark.parametrize("port", [135, 138, 139])
async def test_any_bytes_from_elsewhere_are_no_answer_of_a_port_without_a_protocol(kit, port):
    result = await row(kit, udp.ask, Elsewhere(lambda _: b"anything"), port)
    assert result.status is not Status.OK
    assert result.observation.state is State.OPEN_FILTERED
    assert "answered_from" not in result.observation.facts
