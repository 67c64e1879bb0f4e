"""Facts about an SNMP device: its name, its kind, and whether it is a printer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from probes.call import Call
from probes.snmp.client import SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, Reply
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

VERSION_NAMES: Mapping[int, str] = {snmp.V1: "1", snmp.V2C: "2c", snmp.V3: "3"}
"""Versions as they are written."""

Get = Callable[[tuple[str, ...]], Awaitable[Reply]]
"""GET of more objects, with the version and credential that has just been accepted."""

_PRINTERS = ("1.3.6.1.4.1.11.2.3.9.1.", "1.3.6.1.4.1.641.", "1.3.6.1.4.1.2435.2.3.9.")
"""sysObjectID of HP JetDirect, Lexmark and Brother printers."""
_PRINTER_WORDS = ("printer", "jetdirect", "laserjet")


async def device_facts(
    call: Call, version: int, response: snmp.Response, get: Get, secrets: Iterable[str]
) -> dict[str, object]:
    """Facts about a device that has answered, without the secrets some show in a description."""
    hidden = tuple(one.encode() for one in sorted(secrets, key=len, reverse=True) if one)
    values = {oid: _text(value, hidden) for oid, value in response.values.items()}
    name, descr, object_id = (values.get(oid, "") for oid in (SYS_NAME, SYS_DESCR, SYS_OBJECT_ID))
    facts: dict[str, object] = {
        "versions": [VERSION_NAMES[version]],
        "sys_name": name,
        "sys_descr": descr,
        "sys_object_id": object_id,
    }
    if response.status:
        facts["error_status"] = response.status
    extended = await _extended_objects(call, version, get)
    facts |= _engine_facts(extended)
    if (
        _is_printer(extended)
        or f"{object_id}.".startswith(_PRINTERS)
        or any(w in descr.lower() for w in _PRINTER_WORDS)
    ):
        facts["printer"] = True
        if _is_printer(extended) and isinstance(extended.get(HR_DEVICE_DESCR), bytes):
            facts["model"] = _text(extended[HR_DEVICE_DESCR], hidden)
    agent = f"SNMPv{VERSION_NAMES[version]} {'printer' if 'printer' in facts else 'agent'}"
    description = ", ".join(part for part in (name, printable(descr, 80)) if part)
    if response.status:
        description = description or f"it answers with error status {response.status}"
    facts["summary"] = f"{agent}: {description}" if description else f"{agent} answers"
    return facts


async def _extended_objects(call: Call, version: int, get: Get) -> Mapping[str, snmp.Value]:
    """Objects of the printer MIB, uptime and SNMPv3 engine in one GET; empty in silence.

    Asked apart from the system group: what an agent makes of this must not spoil that.
    """
    # A v1 agent refuses the whole question for one object it does not have.
    oids: tuple[str, ...] = (PRT_CONFIG_CHANGES,)
    if version != snmp.V1:
        oids += (HR_DEVICE_TYPE, HR_DEVICE_DESCR, ENGINE_ID, *(oid for _, oid, _ in _NUMBERS))
    outcome, attempts = call.outcome, call.attempts
    reply = await get(oids)
    call.outcome, call.attempts = outcome, attempts
    return reply.message.values if isinstance(reply.message, snmp.Response) else {}


def _is_printer(values: Mapping[str, snmp.Value]) -> bool:
    return PRT_CONFIG_CHANGES in values or values.get(HR_DEVICE_TYPE) == HR_DEVICE_PRINTER


def _engine_facts(values: Mapping[str, snmp.Value]) -> dict[str, object]:
    """Facts about the uptime and the SNMPv3 engine, as far as they are known."""
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
