"""One question to an SNMP agent and how it ended; what is recorded of it holds no secret."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from probes.engine.call import Call, NoAnswer, Unexpected
from probes.engine.model import Reason
from probes.engine.options import Options
from probes.engine.vantage import Outcome
from probes.wire import snmp, snmpv3
from probes.wire.snmpv3 import Keys

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
SYSTEM = (SYS_OBJECT_ID, SYS_DESCR, SYS_NAME)

Said = snmp.Response | snmpv3.Report


@dataclass(frozen=True, slots=True)
class Heard:
    """How one question ended; `said` is None without an answer, and `error` says why."""

    version: int
    outcome: Outcome | None
    said: Said | None = None
    error: NoAnswer | Unexpected | None = None

    @property
    def silent(self) -> bool:
        """Whether nothing came at all."""
        error = self.error
        return isinstance(error, NoAnswer) and error.outcome.reason == Reason.NO_RESPONSE


async def get(
    call: Call, version: int, community: bytes, oids: tuple[str, ...], timeout: float
) -> Heard:
    """GET objects with a community, once."""
    id = secrets.randbelow(2**31)

    payload = snmp.get(version, community, id, oids)
    return await _exchanged(
        call, version, payload, lambda data: snmp.response(data, version, id), timeout, 0, community
    )


async def discover(call: Call, timeout: float) -> Heard:
    """Ask for the SNMPv3 engine, once, without credentials."""
    id = secrets.randbelow(2**31)
    payload = snmpv3.discovery(id)
    return await _exchanged(
        call, snmp.V3, payload, lambda data: snmpv3.report(data, id), timeout, 0
    )


async def get_as(
    call: Call, keys: Keys, engine: snmpv3.Report, oids: tuple[str, ...], timeout: float
) -> Heard:
    """GET objects as a user of an engine that is known to be there, again after silence."""
    id = secrets.randbelow(2**31)
    payload = snmpv3.request(keys, engine, id, oids)
    return await _exchanged(
        call,
        snmp.V3,
        payload,
        lambda data: snmpv3.answer(data, keys, id),
        timeout,
        call.retries,
    )


def secrets_of(options: Options) -> set[str]:
    """Every community and key that was given: a device may say any of them back."""
    return {
        secret
        for one in options.snmp
        for secret in (one.community, one.auth_key, one.priv_key)
        if secret
    }


async def _exchanged(
    call: Call,
    version: int,
    payload: bytes,
    read: Callable[[bytes], Said],
    timeout: float,
    retries: int,
    community: bytes = b"",
) -> Heard:
    hidden = {community, *(one.encode() for one in secrets_of(call.options))} - {b""}

    def mask(data: bytes) -> bytes:
        data = snmpv3.without_digest(data) if version == snmp.V3 else data
        for secret in sorted(hidden, key=len, reverse=True):
            data = data.replace(secret, b"*" * len(secret))
        return data

    def accept(data: bytes) -> bool:
        try:
            read(data)
        except snmp.Malformed:
            return False
        return True

    try:
        data = await call.exchange(payload, accept, retries=retries, timeout=timeout, mask=mask)
    except NoAnswer as error:
        return Heard(version, error.outcome, error=error)
    except Unexpected as error:
        return Heard(version, call.outcome, error=error)
    return Heard(version, call.outcome, read(data))
