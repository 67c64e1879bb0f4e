"""What an SNMP device says it is: its name, its kind, and whether it prints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from probes.call import Call
from probes.snmp.client import SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, Heard
from probes.wire import snmp
from probes.wire.text import printable

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
"""Hundredths of a second since the agent started (RFC 3418 2)."""
HR_DEVICE_TYPE = "1.3.6.1.2.1.25.3.2.1.2.1"
HR_DEVICE_DESCR = "1.3.6.1.2.1.25.3.2.1.3.1"
HR_DEVICE_PRINTER = "1.3.6.1.2.1.25.3.1.5"
PRT_CONFIG_CHANGES = "1.3.6.1.2.1.43.5.1.1.1.1"
"""prtGeneralConfigChanges, which every Printer-MIB has (RFC 1759, RFC 3805)."""
ENGINE_ID, ENGINE_BOOTS, ENGINE_TIME = (f"1.3.6.1.6.3.10.2.1.{number}.0" for number in (1, 2, 3))
"""snmpEngineID, snmpEngineBoots and snmpEngineTime (RFC 3411 5): an agent that has SNMPv3."""
_NUMBERS = (
    ("uptime_s", SYS_UP_TIME, 100),
    ("engine_boots", ENGINE_BOOTS, 1),
    ("engine_time", ENGINE_TIME, 1),
)

NAMES: Mapping[int, str] = {snmp.V1: "1", snmp.V2C: "2c", snmp.V3: "3"}
"""Versions as they are written."""

Get = Callable[[tuple[str, ...]], Awaitable[Heard]]
"""Asks the device for more objects, in the way it has just answered."""

_PRINTERS = ("1.3.6.1.4.1.11.2.3.9.1.", "1.3.6.1.4.1.641.", "1.3.6.1.4.1.2435.2.3.9.")
"""sysObjectID of HP JetDirect, Lexmark and Brother printers."""
_PRINTER_WORDS = ("printer", "jetdirect", "laserjet")


async def device(
    call: Call, version: int, said: snmp.Response, get: Get, secrets: Iterable[str]
) -> dict[str, object]:
    """Facts about a device that has answered, without the secrets some show in a description."""
    hidden = tuple(one.encode() for one in sorted(secrets, key=len, reverse=True) if one)
    values = {oid: _text(value, hidden) for oid, value in said.values.items()}
    name, descr, kind = (values.get(oid, "") for oid in (SYS_NAME, SYS_DESCR, SYS_OBJECT_ID))
    facts: dict[str, object] = {
        "versions": [NAMES[version]],
        "sys_name": name,
        "sys_descr": descr,
        "sys_object_id": kind,
    }
    if said.status:
        facts["error_status"] = said.status
    found = await _more(call, version, get)
    facts |= _running(found)
    if (
        _is_printer(found)
        or f"{kind}.".startswith(_PRINTERS)
        or any(w in descr.lower() for w in _PRINTER_WORDS)
    ):
        facts["printer"] = True
        if _is_printer(found) and isinstance(found.get(HR_DEVICE_DESCR), bytes):
            facts["model"] = _text(found[HR_DEVICE_DESCR], hidden)
    agent = f"SNMPv{NAMES[version]} {'printer' if 'printer' in facts else 'agent'}"
    what = ", ".join(part for part in (name, printable(descr, 80)) if part)
    if said.status:
        what = what or f"it answers with error status {said.status}"
    facts["summary"] = f"{agent}: {what}" if what else f"{agent} answers"
    return facts


async def _more(call: Call, version: int, get: Get) -> Mapping[str, snmp.Value]:
    """What it says of printing, of its uptime and of SNMPv3, asked at once; empty in silence.

    Asked apart from the system group: what an agent makes of this must not spoil that.
    """
    # A v1 agent refuses the whole question for one object it does not have.
    oids: tuple[str, ...] = (PRT_CONFIG_CHANGES,)
    if version != snmp.V1:
        oids += (HR_DEVICE_TYPE, HR_DEVICE_DESCR, ENGINE_ID, *(oid for _, oid, _ in _NUMBERS))
    outcome, attempts = call.outcome, call.attempts
    heard = await get(oids)
    call.outcome, call.attempts = outcome, attempts
    return heard.said.values if isinstance(heard.said, snmp.Response) else {}


def _is_printer(values: Mapping[str, snmp.Value]) -> bool:
    return PRT_CONFIG_CHANGES in values or values.get(HR_DEVICE_TYPE) == HR_DEVICE_PRINTER


def _running(values: Mapping[str, snmp.Value]) -> dict[str, object]:
    """How long the agent has been running, and its SNMPv3 engine, as far as it told."""
    facts: dict[str, object] = {}
    for key, oid, unit in _NUMBERS:
        value = values.get(oid)
        # A hostile agent's integer may have thousands of digits.
        if isinstance(value, int) and 0 <= value < 2**32:
            facts[key] = value // unit
    id = values.get(ENGINE_ID)
    if isinstance(id, bytes) and 5 <= len(id) <= 32:
        facts["engine_id"] = id.hex()
    return facts


def _text(value: snmp.Value, hidden: tuple[bytes, ...]) -> str:
    raw = value if isinstance(value, bytes) else str(value).encode()
    for secret in hidden:
        raw = raw.replace(secret, b"***")
    return printable(raw)
