"""Facts about an SNMP device: its name, its kind, and whether it is a printer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from probes.call import Call
from probes.snmp.client import SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, SYSTEM, Reply
from probes.wire import snmp
from probes.wire.text import printable

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
"""Hundredths of a second since the agent started (RFC 3418 2)."""
HR_DEVICE_TYPE = "1.3.6.1.2.1.25.3.2.1.2.1"
HR_DEVICE_DESCR = "1.3.6.1.2.1.25.3.2.1.3.1"
"""hrDeviceType and hrDeviceDescr of the first device of the host (RFC 2790 4.3)."""
HR_DEVICE_PRINTER = "1.3.6.1.2.1.25.3.1.5"
PRINTER_MIB = "1.3.6.1.2.1.43"
PRT_CONFIG_CHANGES = f"{PRINTER_MIB}.5.1.1.1.1"
"""prtGeneralConfigChanges, which every Printer-MIB has (RFC 1759, RFC 3805)."""
ENGINE_ID, ENGINE_BOOTS, ENGINE_TIME = (f"1.3.6.1.6.3.10.2.1.{number}.0" for number in (1, 2, 3))
"""snmpEngineID, snmpEngineBoots and snmpEngineTime (RFC 3411 5): an agent that has SNMPv3."""
_NUMBERS = (
    ("uptime_s", SYS_UP_TIME, 100),
    ("engine_boots", ENGINE_BOOTS, 1),
    ("engine_time", ENGINE_TIME, 1),
)
_SYSTEM_COLUMNS = tuple(oid.removesuffix(".0") for oid in SYSTEM)
_FIRST_OID = "1.0"
"""Object identifier before those of every MIB, of ISO's 1.0 (LLDP) and 1.3 alike."""
_INDEX_AT = 4
"""Place of hrDeviceIndex after PRINTER_MIB: group, table, entry and column come before it."""
_INDEX_DIGITS = 10
_NO_MIB = 0
"""hrDeviceIndex begins with 1."""

VERSION_NAMES: Mapping[int, str] = {snmp.V1: "1", snmp.V2C: "2c", snmp.V3: "3"}
"""Versions as they are written."""


class Get(Protocol):
    """GET or GETNEXT of more objects, with the version and credential that was accepted."""

    async def __call__(self, oids: tuple[str, ...], *, following: bool = False) -> Reply:
        """Ask once; `following` asks for the first objects after these."""


_PRINTERS = (
    *("1.3.6.1.4.1.11.2.3.9.1.", "1.3.6.1.4.1.253.8.62.1.", "1.3.6.1.4.1.367.1.1."),
    *("1.3.6.1.4.1.641.", "1.3.6.1.4.1.683.6.", "1.3.6.1.4.1.1248.1.1.2.", "1.3.6.1.4.1.1347.41."),
    *("1.3.6.1.4.1.2385.3.1.", "1.3.6.1.4.1.2435.2.3.9.", "1.3.6.1.4.1.10642."),
    *("1.3.6.1.4.1.18334.1.2.",),
)
"""sysObjectID of printers of HP (JetDirect), Xerox, Ricoh, Lexmark, Zebra, Epson, Kyocera, Sharp,
Brother, Zebra again and Konica Minolta, as recorded from them."""
_PRINTER_WORDS = re.compile(
    r"printer|printserver|print server|printing system|jetdirect|laserjet|officejet|designjet"
    r"|ethernet multi-environment|marknet|lexmark|brother nc-|workcentre|docucentre|altalink"
    r"|konica minolta|bizhub|e-studio|zebranet",
    re.IGNORECASE,
)
_COMPUTERS = ("1.3.6.1.4.1.311.1.1.3.", "1.3.6.1.4.1.8072.3.2.", "1.3.6.1.4.1.2021.250.")
"""sysObjectID of the agents of Windows, net-snmp and UCD-SNMP, which run on computers."""
_COMPUTER_DESCRIPTIONS = (
    *("Hardware: ", "Linux ", "Darwin ", "FreeBSD ", "NetBSD ", "OpenBSD ", "SunOS ", "HP-UX "),
    *("AIX ", "Windows ", "VMware "),
)
"""Beginnings of sysDescr that tell the operating system, whose host may be named after printers."""


async def device_facts(
    call: Call, version: int, response: snmp.Response, get: Get
) -> dict[str, object]:
    """Facts about a device that has answered."""
    values = {oid: _text(value) for oid, value in response.values.items()}
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
    facts |= _engine_facts(extended or {})
    index = await _printer_index(call, get, extended)
    # By what it says, although a part of it may be a secret too.
    if index or _names_a_printer(object_id, _unmasked(response.values.get(SYS_DESCR, ""))):
        facts["printer"] = True
        model = await _model(call, get, extended or {}, index)
        if model:
            facts["model"] = _text(model)
    agent = f"SNMPv{VERSION_NAMES[version]} {'printer' if 'printer' in facts else 'agent'}"
    description = ", ".join(part for part in (name, printable(descr, 80)) if part)
    if response.status:
        description = description or f"it answers with error status {response.status}"
    facts["summary"] = f"{agent}: {description}" if description else f"{agent} answers"
    if "printer" not in facts and index == _NO_MIB and _lists_printer(extended):
        facts["print_queue"] = True
        facts["summary"] = (
            f"{facts['summary']}; it lists a printer but has no Printer MIB, as a computer that "
            "has a print queue"
        )
    return facts


async def readable_values(call: Call, version: int, get: Get) -> Mapping[str, snmp.Value] | None:
    """Objects that a login may read although a GET of the system group gave none of them.

    Empty where there are none, after GETNEXT of whatever comes first; None in silence.
    """
    if version == snmp.V1:
        # One object that is not there spoils the whole GET of v1 (RFC 1157 4.1.2).
        system = await _values(call, get, _SYSTEM_COLUMNS, following=True)
        if system:
            return system
    found = await _values(call, get, (_FIRST_OID,), following=True)
    return found and {oid: value for oid, value in found.items() if oid != _FIRST_OID}


async def _extended_objects(call: Call, version: int, get: Get) -> Mapping[str, snmp.Value] | None:
    """Objects of the printer MIB, uptime and SNMPv3 engine in one GET; None in silence.

    Asked apart from the system group: what an agent makes of this must not spoil that.
    """
    # A v1 agent refuses the whole question for one object it does not have.
    oids: tuple[str, ...] = (PRT_CONFIG_CHANGES,)
    if version != snmp.V1:
        oids += (HR_DEVICE_TYPE, HR_DEVICE_DESCR, ENGINE_ID, *(oid for _, oid, _ in _NUMBERS))
    return await _values(call, get, oids)


async def _printer_index(
    call: Call, get: Get, extended: Mapping[str, snmp.Value] | None
) -> int | None:
    """hrDeviceIndex of the printer in the Printer-MIB; _NO_MIB without one, None in silence.

    hrDeviceType alone proves no printer: a computer lists its print queues as devices. One GETNEXT
    tells the first object of the MIB, and so the printer of a device that has others before it.
    """
    if extended is None:
        return None
    if PRT_CONFIG_CHANGES in extended:
        return 1
    following = await _values(call, get, (PRINTER_MIB,), following=True)
    if following is None:
        return None
    for oid in following:
        parts = oid.removeprefix(f"{PRINTER_MIB}.").split(".")
        if oid.startswith(f"{PRINTER_MIB}.") and len(parts) > _INDEX_AT:
            # A hostile agent's number may have thousands of digits.
            return int(parts[_INDEX_AT][:_INDEX_DIGITS])
    return _NO_MIB


async def _model(
    call: Call, get: Get, extended: Mapping[str, snmp.Value], index: int | None
) -> bytes:
    """hrDeviceDescr of the printer; empty where it is not known."""
    if index == 1 or (not index and _lists_printer(extended)):
        model = extended.get(HR_DEVICE_DESCR)
    elif not index:
        return b""
    else:
        oid = f"{HR_DEVICE_DESCR.rpartition('.')[0]}.{index}"
        model = (await _values(call, get, (oid,)) or {}).get(oid)
    return model if isinstance(model, bytes) else b""


async def _values(
    call: Call, get: Get, oids: tuple[str, ...], *, following: bool = False
) -> Mapping[str, snmp.Value] | None:
    """Values of a further question, which leaves the row's own outcome; None in silence."""
    outcome, attempts = call.outcome, call.attempts
    reply = await get(oids, following=following)
    call.outcome, call.attempts = outcome, attempts
    return reply.message.values if isinstance(reply.message, snmp.Response) else None


def _lists_printer(values: Mapping[str, snmp.Value] | None) -> bool:
    return values is not None and values.get(HR_DEVICE_TYPE) == HR_DEVICE_PRINTER


def _names_a_printer(object_id: str, descr: str) -> bool:
    """True if a device that is no computer says by its maker's number or in words what it is."""
    if f"{object_id}.".startswith(_COMPUTERS) or descr.startswith(_COMPUTER_DESCRIPTIONS):
        return False
    return f"{object_id}.".startswith(_PRINTERS) or _PRINTER_WORDS.search(descr) is not None


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


def _unmasked(value: snmp.Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _text(value: snmp.Value) -> str:
    return printable(value if isinstance(value, bytes) else str(value))
