from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ
from pysnmp.proto import api
from pysnmp.proto.error import ProtocolError

from probes.call import NoAnswer, Unexpected
from probes.engine.secrets import secret_mask
from probes.lab import snmp as lab
from probes.lab.snmp import ENGINE
from probes.model import Reason, Service, State
from probes.options import Options, SnmpCredential
from probes.snmp import client, device, probe
from probes.wire import snmp
from probes.wire.masking import in_force

ROUTER = {
    client.SYS_DESCR: "Router OS 1.2",
    client.SYS_NAME: "core1",
    client.SYS_OBJECT_ID: univ.ObjectIdentifier("1.3.6.1.4.1.9.1.1"),
}


def version_of(request: bytes) -> int:
    return int(api.decodeMessageVersion(request))


def agent(
    versions: tuple[int, ...], objects: dict[str, object], community: bytes = b"public"
) -> Callable[[bytes], list[bytes]]:
    reply = lab.agent(versions, objects, community)

    def script(request: bytes) -> list[bytes]:
        said = reply(request)
        return [] if said is None else [said]

    return script


async def test_a_v2c_agent_is_confirmed_with_what_it_is(udp_call) -> None:
    answer = await probe.ask(udp_call(agent((snmp.V2C,), ROUTER), port=161))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["versions"] == ["2c"]
    assert answer.facts["community"] == "accepted"
    assert answer.facts["sys_object_id"] == "1.3.6.1.4.1.9.1.1"
    assert answer.facts["summary"] == "SNMPv2c agent: core1, Router OS 1.2"
    assert "printer" not in answer.facts


async def test_an_agent_of_v1_only_is_found_after_silence(udp_call) -> None:
    call = udp_call(agent((snmp.V1,), ROUTER), port=161)
    answer = await probe.ask(call)
    assert answer.facts["versions"] == ["1"]
    assert answer.facts["sys_name"] == "core1"
    assert call.outcome.state is State.OPEN


async def test_a_v1_agent_without_one_of_the_objects_is_confirmed(udp_call) -> None:
    answer = await probe.ask(udp_call(agent((snmp.V1,), {}), port=161))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["error_status"] == 2


@pytest.mark.parametrize("status", [6, 16])
async def test_an_agent_that_lets_nothing_be_read_is_a_warning(udp_call, status) -> None:
    def forbidding(request: bytes) -> list[bytes]:
        if version_of(request) != snmp.V2C:
            return []
        query, _ = decoder.decode(request, asn1Spec=api.v2c.Message())
        message = api.v2c.apiMessage.get_response(query)
        api.v2c.apiPDU.set_error_status(api.v2c.apiMessage.get_pdu(message), status)
        return [bytes(encoder.encode(message))]

    answer = await probe.ask(udp_call(forbidding, port=161))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["warning"] is True
    assert answer.facts["shortfall"] == "nothing can be read with the community public"


async def test_a_wrong_community_is_told_from_a_missing_agent_by_v3(udp_call) -> None:
    call = udp_call(agent((snmp.V1, snmp.V2C, snmp.V3), ROUTER, b"other"), port=161)
    answer = await probe.ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["versions"] == ["3"]
    assert answer.facts["community"] == "not accepted"
    assert answer.facts["engine_id"] == ENGINE.hex()
    assert (answer.facts["engine_boots"], answer.facts["engine_time"]) == (7, 99)
    assert call.outcome.state is State.OPEN


async def test_silence_says_what_was_tried(udp_call) -> None:
    call = udp_call(agent((), {}), port=161)
    answer = await probe.ask(call)
    assert answer.service is Service.NOT_ASKED
    assert answer.facts["tried"] == ["2c", "1", "3"]
    assert call.outcome.reason is Reason.NO_RESPONSE
    assert sorted(map(version_of, call.vantage.sent)) == [0, 1, 1, 3]


async def test_a_refusal_ends_it_at_once(udp_call, refused) -> None:
    call = udp_call(lambda _: refused, port=161)
    with pytest.raises(NoAnswer) as raised:
        await probe.ask(call)
    assert raised.value.outcome.state is State.CLOSED
    assert len(call.vantage.sent) == 1


async def test_a_refusal_of_the_second_round_beats_silence(udp_call, refused) -> None:
    call = udp_call(lambda data: [] if version_of(data) == snmp.V2C else refused, port=161)
    with pytest.raises(NoAnswer) as raised:
        await probe.ask(call)
    assert raised.value.outcome.state is State.CLOSED
    assert call.outcome.state is State.CLOSED


async def test_nothing_but_garbage_is_another_service(udp_call) -> None:
    call = udp_call(lambda _: [b"\x30\x03garbage"], port=161)
    with pytest.raises(Unexpected):
        await probe.ask(call)
    assert call.outcome.state is State.OPEN


async def test_an_answer_to_v3_gives_the_others_only_a_little_longer(udp_call, monkeypatch) -> None:
    monkeypatch.setattr(probe, "GRACE_TIMEOUT", 0.0)
    call = udp_call(agent((snmp.V3,), {}), port=161)
    inner, never = call.vantage.exchange, asyncio.Event()
    cancelled: list[int] = []

    async def exchange(address, port, payload, timeout, accept):
        if len(call.vantage.sent) and version_of(payload) != snmp.V3:
            try:
                await never.wait()
            finally:
                cancelled.append(version_of(payload))
        return await inner(address, port, payload, timeout, accept)

    call.vantage.exchange = exchange
    answer = await probe.ask(call)
    assert answer.facts["versions"] == ["3"]
    assert sorted(cancelled) == [0, 1]


@pytest.mark.parametrize(
    "objects",
    [
        ROUTER | {device.PRT_CONFIG_CHANGES: api.v2c.Counter32(3)},
        ROUTER | {client.SYS_DESCR: "HP ETHERNET MULTI-ENVIRONMENT,JETDIRECT"},
        ROUTER | {client.SYS_OBJECT_ID: univ.ObjectIdentifier("1.3.6.1.4.1.11.2.3.9.1")},
        ROUTER | {client.SYS_OBJECT_ID: univ.ObjectIdentifier("1.3.6.1.4.1.641.2.71")},
    ],
    ids=["Printer-MIB", "sysDescr", "the JetDirect subtree", "Lexmark"],
)
async def test_a_printer_is_recognised(udp_call, objects: dict[str, object]) -> None:
    answer = await probe.ask(udp_call(agent((snmp.V2C,), objects), port=161))
    assert answer.facts["printer"] is True
    assert str(answer.facts["summary"]).startswith("SNMPv2c printer")


PRINTER_TYPE = univ.ObjectIdentifier(device.HR_DEVICE_PRINTER)


def system(descr: str, object_id: str) -> dict[str, object]:
    return {
        client.SYS_DESCR: descr,
        client.SYS_NAME: "host",
        client.SYS_OBJECT_ID: univ.ObjectIdentifier(object_id),
    }


WINDOWS = "Hardware: x86 Family 6 - Software: Windows 2000 Version 5.1"


@pytest.mark.parametrize(
    "computer",
    [
        system(WINDOWS, "1.3.6.1.4.1.311.1.1.3.1.1"),
        system(WINDOWS, "1.3.6.1.4.1.311.1.1.3.1.2"),
        system("Print server of the printer room", "1.3.6.1.4.1.311.1.1.3.1.3"),
        system("Linux printer01 6.1.0 #1 SMP x86_64", "1.3.6.1.4.1.8072.3.2.10"),
        system("cups and a laserjet", "1.3.6.1.4.1.8072.3.2.10"),
        system("Darwin printer.example 23.1.0", "1.3.6.1.4.1.99999.3"),
        system("Some system with queues", "1.3.6.1.4.1.99999.4"),
    ],
)
async def test_a_computer_with_a_print_queue_is_no_printer(udp_call, computer) -> None:
    queue = {
        device.HR_DEVICE_TYPE: PRINTER_TYPE,
        device.HR_DEVICE_DESCR: "Microsoft XPS Document Writer",
        # Something after the place of the Printer-MIB, as the ENTITY-MIB of a server.
        "1.3.6.1.2.1.47.1.1.1.1.2.1": "chassis",
    }
    answer = await probe.ask(udp_call(agent((snmp.V2C,), computer | queue), port=161))
    assert "printer" not in answer.facts and "model" not in answer.facts
    assert answer.facts["print_queue"] is True
    assert "has no Printer MIB" in str(answer.facts["summary"])


@pytest.mark.parametrize("version", [snmp.V1, snmp.V2C])
@pytest.mark.parametrize(
    "objects",
    [
        {f"{device.PRINTER_MIB}.5.1.1.1.3": api.v2c.Counter32(1)},
        {f"{device.PRINTER_MIB}.5.1.1.16.3": "Printer of the hall"},
        {f"{device.PRINTER_MIB}.10.2.1.4.3.1": api.v2c.Counter32(10_000)},
    ],
    ids=["prtGeneralConfigChanges", "prtGeneralPrinterName", "prtMarkerLifeCount"],
)
async def test_a_printer_behind_other_devices_is_found_and_its_model_told(
    udp_call, version: int, objects: dict[str, object]
) -> None:
    devices = {
        device.HR_DEVICE_TYPE: univ.ObjectIdentifier("1.3.6.1.2.1.25.3.1.3"),
        device.HR_DEVICE_DESCR: "ARM processor",
        "1.3.6.1.2.1.25.3.2.1.2.3": PRINTER_TYPE,
        "1.3.6.1.2.1.25.3.2.1.3.3": "Any Device 3000",
    }
    call = udp_call(agent((version,), ROUTER | devices | objects), port=161)
    answer = await probe.ask(call)
    assert answer.facts["printer"] is True
    assert answer.facts["model"] == "Any Device 3000"
    asked = [sent for sent in call.vantage.sent if version_of(sent) == version]
    assert len(asked) == 4


async def test_a_printer_mib_without_any_device_is_a_printer(udp_call) -> None:
    objects = ROUTER | {f"{device.PRINTER_MIB}.5.1.1.1.2": api.v2c.Counter32(1)}
    answer = await probe.ask(udp_call(agent((snmp.V2C,), objects), port=161))
    assert answer.facts["printer"] is True
    assert "model" not in answer.facts


async def test_an_agent_without_printer_mib_is_asked_three_questions(udp_call) -> None:
    call = udp_call(agent((snmp.V2C,), ROUTER | {"1.3.6.1.2.1.47.1.1": "x"}), port=161)
    answer = await probe.ask(call)
    assert len(call.vantage.sent) == 3
    assert "printer" not in answer.facts and "print_queue" not in answer.facts


async def test_without_an_answer_on_the_mib_nothing_is_said_about_it(udp_call) -> None:
    answering = agent((snmp.V2C,), ROUTER | {device.HR_DEVICE_TYPE: PRINTER_TYPE})
    seen: list[bytes] = []

    def script(request: bytes) -> list[bytes]:
        seen.append(request)
        return answering(request) if len(seen) < 3 else []

    answer = await probe.ask(udp_call(script, port=161))
    assert len(seen) == 3
    assert "printer" not in answer.facts and "print_queue" not in answer.facts


@pytest.mark.parametrize(
    "oid",
    [
        f"{device.PRINTER_MIB}.5.1",
        f"{device.PRINTER_MIB}0.5.1.1.1.1",
        "1.3.6.1.2.1.4.3.5.1.1.1.1",
        "1.3.6.1.4.1.9.43.5.1.1.1.1",
    ],
)
async def test_an_object_beside_the_printer_mib_is_no_printer(udp_call, oid: str) -> None:
    real = agent((snmp.V2C,), ROUTER)

    def script(request: bytes) -> list[bytes]:
        # The agent answers the third question, whatever it is, with this object.
        return [answered(request, oid)] if is_next(request) else real(request)

    answer = await probe.ask(udp_call(script, port=161))
    assert "printer" not in answer.facts


async def test_an_index_of_thousands_of_digits_is_harmless(udp_call) -> None:
    real = agent((snmp.V2C,), ROUTER)
    oid = f"{device.PRINTER_MIB}.5.1.1.1.{10**3000}"

    def script(request: bytes) -> list[bytes]:
        return [answered(request, oid)] if is_next(request) else real(request)

    answer = await probe.ask(udp_call(script, port=161))
    assert answer.service is Service.CONFIRMED


def is_next(request: bytes) -> bool:
    form = api.PROTOCOL_MODULES[snmp.V2C]
    message = snmp.decode(request, form.Message())
    return bool(form.apiMessage.get_pdu(message).isSameTypeWith(form.GetNextRequestPDU()))


def answered(request: bytes, oid: str) -> bytes:
    """Answer to a question of v2c with one object."""
    form = api.PROTOCOL_MODULES[snmp.V2C]
    message = form.apiMessage.get_response(snmp.decode(request, form.Message()))
    pdu = form.apiMessage.get_pdu(message)
    form.apiPDU.set_varbinds(pdu, [(univ.ObjectIdentifier(oid), form.Counter32(1))])
    return bytes(encoder.encode(message))


async def test_a_printers_model_is_told(udp_call) -> None:
    objects = ROUTER | {
        device.PRT_CONFIG_CHANGES: api.v2c.Counter32(3),
        device.HR_DEVICE_DESCR: "LaserJet\x1b 4",
    }
    answer = await probe.ask(udp_call(agent((snmp.V2C,), objects), port=161))
    assert answer.facts["model"] == "LaserJet\\x1b 4"


async def test_a_v1_printer_is_recognised(udp_call) -> None:
    objects = ROUTER | {device.PRT_CONFIG_CHANGES: api.v1.Counter(3)}
    answer = await probe.ask(udp_call(agent((snmp.V1,), objects), port=161))
    assert answer.facts["printer"] is True


async def test_silence_on_the_printer_question_spoils_nothing(udp_call) -> None:
    answering = agent((snmp.V2C,), ROUTER)
    seen: list[bytes] = []

    def script(request: bytes) -> list[bytes]:
        seen.append(request)
        return answering(request) if len(seen) == 1 else []

    call = udp_call(script, port=161)
    answer = await probe.ask(call)
    assert answer.service is Service.CONFIRMED
    assert call.outcome.state is State.OPEN
    assert call.attempts == 1
    assert len(seen) == 2


async def test_the_community_is_in_nothing_that_is_recorded(udp_call) -> None:
    secret = "Xyzzy-Geheim"
    talkative = ROUTER | {client.SYS_DESCR: f"my community is {secret}"}
    wrong = [agent((snmp.V2C,), talkative, secret.encode()), agent((snmp.V3,), {}), agent((), {})]
    for script in (*wrong, lambda request: [b"noise " + request]):
        call = udp_call(script, port=161)
        call.options = Options(snmp=(SnmpCredential("2c", secret),))
        try:
            with in_force(secret_mask(call.options)):
                said = repr(await probe.ask(call))
        except Unexpected as error:
            said = str(error)
        assert any(secret.encode() in sent for sent in call.vantage.sent)
        assert secret not in said
        for word in (secret.encode().hex(), secret.encode().hex(" "), secret):
            assert word not in repr(call.evidence) + said


async def test_hostile_text_is_made_harmless(udp_call) -> None:
    objects = ROUTER | {client.SYS_NAME: b"\x1b[2J\xff", client.SYS_DESCR: "x" * 3000}
    answer = await probe.ask(udp_call(agent((snmp.V2C,), objects), port=161))
    assert "\x1b" not in str(answer.facts)
    assert len(str(answer.facts["sys_descr"])) <= 200


def test_a_message_without_a_version_is_no_message() -> None:
    with pytest.raises(ProtocolError):
        version_of(b"\x30\x00")


async def test_the_uptime_and_the_v3_engine_of_an_agent_are_told(udp_call) -> None:
    more = {
        device.SYS_UP_TIME: api.v2c.TimeTicks(12345),
        device.ENGINE_ID: ENGINE,
        device.ENGINE_BOOTS: api.v2c.Integer32(7),
        device.ENGINE_TIME: api.v2c.Integer32(99),
    }
    answer = await probe.ask(udp_call(agent((snmp.V2C,), ROUTER | more), port=161))
    assert answer.facts["uptime_s"] == 123
    assert answer.facts["engine_id"] == ENGINE.hex()
    assert (answer.facts["engine_boots"], answer.facts["engine_time"]) == (7, 99)
    assert "printer" not in answer.facts


async def test_an_engine_id_of_a_forbidden_length_is_passed_over(udp_call) -> None:
    more = {device.ENGINE_ID: b"x" * 33}
    answer = await probe.ask(udp_call(agent((snmp.V2C,), ROUTER | more), port=161))
    assert "engine_id" not in answer.facts


async def test_an_uptime_without_end_is_passed_over(udp_call) -> None:
    more = {device.SYS_UP_TIME: univ.Integer(10**5000)}
    answer = await probe.ask(udp_call(agent((snmp.V2C,), ROUTER | more), port=161))
    assert answer.service is Service.CONFIRMED
    assert "uptime_s" not in answer.facts
