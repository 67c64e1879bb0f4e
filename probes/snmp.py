"""SNMP: is there an agent, does it accept the community, and what does it say it is (RFC 3411)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from probes.engine.call import Answer, Call, NoAnswer, Unexpected
from probes.engine.model import Reason, Service, State
from probes.engine.vantage import Outcome
from probes.wire import snmp
from probes.wire.text import printable

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
SYSTEM = (SYS_OBJECT_ID, SYS_DESCR, SYS_NAME)

HR_DEVICE_TYPE = "1.3.6.1.2.1.25.3.2.1.2.1"
HR_DEVICE_DESCR = "1.3.6.1.2.1.25.3.2.1.3.1"
HR_DEVICE_PRINTER = "1.3.6.1.2.1.25.3.1.5"
PRT_CONFIG_CHANGES = "1.3.6.1.2.1.43.5.1.1.1.1"
"""prtGeneralConfigChanges, which every Printer-MIB has (RFC 1759, RFC 3805)."""

DEFAULT = "public"
"""The community devices are delivered with, and so no secret."""

GRACE = 1.0
"""Seconds more for a slower answer once the agent is known to be there."""

_PRINTERS = ("1.3.6.1.4.1.11.2.3.9.1.", "1.3.6.1.4.1.641.", "1.3.6.1.4.1.2435.2.3.9.")
"""sysObjectID of HP JetDirect, Lexmark and Brother printers."""
_PRINTER_WORDS = ("printer", "jetdirect", "laserjet")
_NAMES = {snmp.V1: "1", snmp.V2C: "2c", snmp.V3: "3"}


@dataclass(frozen=True, slots=True)
class _Heard:
    """How one question ended; `said` is None without an answer, and `error` says why."""

    version: int
    outcome: Outcome | None
    said: snmp.Response | snmp.Report | None = None
    error: NoAnswer | Unexpected | None = None


async def ask(call: Call, community: str = DEFAULT) -> Answer:
    """GET what the device is with v2c; after silence once more, beside v1 and a v3 discovery.

    An agent drops a wrong community in silence, and only v3 answers without credentials: so
    silence is an Answer whose facts say what was tried. The community is in no fact and no
    evidence. Raises NoAnswer and Unexpected.
    """
    key = community.encode()
    heard = [await _get(call, snmp.V2C, key, call.timeout)]
    if _is_silence(heard[0]):
        heard += await _second_round(call, key)
    best = min(heard, key=_rank)
    call.outcome = best.outcome
    if isinstance(best.said, snmp.Response):
        return Answer(Service.CONFIRMED, await _device(call, best.version, best.said, key))
    if isinstance(best.said, snmp.Report):
        return Answer(Service.CONFIRMED, _engine(best.said))
    if best.error is not None and not _is_silence(best):
        raise best.error
    return Answer(Service.NOT_ASKED, _silence())


async def _second_round(call: Call, key: bytes) -> list[_Heard]:
    """Everything at once, so that a silent device costs no more than one retry elsewhere."""
    asked = [_get(call, snmp.V1, key, call.timeout), _discover(call)]
    if call.retries:
        asked.append(_get(call, snmp.V2C, key, call.timeout))
    waiting = {asyncio.ensure_future(one) for one in asked}
    every = list(waiting)
    heard: list[_Heard] = []
    patience: float | None = None
    try:
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            heard += [task.result() for task in done]
            if not done or any(isinstance(one.said, snmp.Response) for one in heard):
                break
            if any(one.said is not None for one in heard):
                patience = GRACE
    finally:
        for task in every:
            task.cancel()
        await asyncio.gather(*every, return_exceptions=True)
    return heard


async def _get(call: Call, version: int, key: bytes, timeout: float) -> _Heard:
    return await _asked(call, version, key, SYSTEM, timeout)


async def _asked(
    call: Call, version: int, key: bytes, oids: tuple[str, ...], timeout: float
) -> _Heard:
    id = secrets.randbelow(2**31)
    payload = snmp.get(version, key, id, oids)
    return await _exchanged(
        call, version, payload, lambda data: snmp.response(data, version, id), key, timeout
    )


async def _discover(call: Call) -> _Heard:
    id = secrets.randbelow(2**31)
    payload = snmp.discovery(id)
    return await _exchanged(
        call, snmp.V3, payload, lambda data: snmp.report(data, id), b"", call.timeout
    )


async def _exchanged(
    call: Call,
    version: int,
    payload: bytes,
    read: Callable[[bytes], snmp.Response | snmp.Report],
    key: bytes,
    timeout: float,
) -> _Heard:
    def accept(data: bytes) -> bool:
        try:
            read(data)
        except snmp.Malformed:
            return False
        return True

    def mask(data: bytes) -> bytes:
        return data.replace(key, b"*" * len(key)) if key else data

    try:
        data = await call.exchange(payload, accept, retries=0, timeout=timeout, mask=mask)
    except NoAnswer as error:
        return _Heard(version, error.outcome, error=error)
    except Unexpected as error:
        return _Heard(version, call.outcome, error=error)
    return _Heard(version, call.outcome, read(data))


def _is_silence(heard: _Heard) -> bool:
    return isinstance(heard.error, NoAnswer) and heard.error.outcome.reason == Reason.NO_RESPONSE


def _rank(heard: _Heard) -> int:
    """Which ending tells most: an answer, a foreign one, who refused, silence."""
    match heard:
        case _Heard(said=snmp.Response()):
            return 0
        case _Heard(said=snmp.Report()):
            return 1
        case _Heard(outcome=Outcome(state=State.OPEN)):
            return 2
        case _:
            return 4 if _is_silence(heard) else 3


async def _device(call: Call, version: int, said: snmp.Response, key: bytes) -> dict[str, object]:
    values = {oid: _text(value, key) for oid, value in said.values.items()}
    name, descr, kind = (values.get(oid, "") for oid in (SYS_NAME, SYS_DESCR, SYS_OBJECT_ID))
    facts: dict[str, object] = {
        "versions": [_NAMES[version]],
        "community": "accepted",
        "sys_name": name,
        "sys_descr": descr,
        "sys_object_id": kind,
    }
    if said.status:
        facts["error_status"] = said.status
    found = await _printer(call, version, key)
    if found or f"{kind}.".startswith(_PRINTERS) or any(w in descr.lower() for w in _PRINTER_WORDS):
        facts["printer"] = True
        if isinstance(found.get(HR_DEVICE_DESCR), bytes):
            facts["model"] = _text(found[HR_DEVICE_DESCR], key)
    agent = f"SNMPv{_NAMES[version]} {'printer' if 'printer' in facts else 'agent'}"
    what = ", ".join(part for part in (name, printable(descr, 80)) if part)
    if said.status:
        what = what or f"it answers with error status {said.status}"
    facts["summary"] = f"{agent}: {what}" if what else f"{agent} answers"
    return facts


async def _printer(call: Call, version: int, key: bytes) -> Mapping[str, snmp.Value]:
    """What the Printer-MIB says; empty where the device is no printer or does not tell."""
    # A v1 agent refuses the whole question for one object it does not have.
    oids: tuple[str, ...] = (PRT_CONFIG_CHANGES,)
    if version != snmp.V1:
        oids += (HR_DEVICE_TYPE, HR_DEVICE_DESCR)
    outcome, attempts = call.outcome, call.attempts
    heard = await _asked(call, version, key, oids, min(GRACE, call.timeout))
    call.outcome, call.attempts = outcome, attempts
    values = heard.said.values if isinstance(heard.said, snmp.Response) else {}
    is_printer = PRT_CONFIG_CHANGES in values or values.get(HR_DEVICE_TYPE) == HR_DEVICE_PRINTER
    return values if is_printer else {}


def _engine(said: snmp.Report) -> dict[str, object]:
    return {
        "versions": ["3"],
        "community": "not accepted",
        "engine_id": said.engine.hex(),
        "engine_boots": said.boots,
        "engine_time": said.time,
        "report": said.counter,
        "summary": "SNMPv3 agent; it does not answer v1 and v2c with this community",
    }


def _silence() -> dict[str, object]:
    return {
        "tried": [_NAMES[version] for version in (snmp.V2C, snmp.V1, snmp.V3)],
        "community": "no answer",
        "hint": "the agent does not allow this community or this source address (no SNMPv3 "
        "engine answered either)",
    }


def _text(value: snmp.Value, key: bytes) -> str:
    raw = value if isinstance(value, bytes) else str(value).encode()
    # Some devices show their community in a description.
    secret = key and key != DEFAULT.encode()
    return printable(raw.replace(key, b"***") if secret else raw)
