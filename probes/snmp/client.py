"""SNMP client: requests and their replies, community or USM user (RFC 3414, RFC 3416)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from probes.call import Call, NoAnswer, Unexpected
from probes.model import Reason
from probes.options import Options, SnmpCredential
from probes.vantage import Outcome
from probes.wire import snmp, snmpv3
from probes.wire.snmpv3 import KEY_LEAST, Keys, localised, variants
from probes.wire.text import printable

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


PATIENCE = 1.0
"""Seconds for one answer of an engine that has just answered a discovery."""
AUTHORIZATION_ERROR = 16
"""Error status of an agent whose access rules let the user read nothing (RFC 3416 3)."""

ACCEPTED = "accepted"
NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Login:
    """How an engine took a user: `result` in two words, `problem` as the end of a sentence."""

    result: str
    heard: Heard
    problem: str = ""
    keys: Keys | None = None
    engine: snmpv3.Report | None = None


async def login(
    call: Call, credential: SnmpCredential, engine: snmpv3.Report, found: Heard
) -> Login:
    """GET what the device is as this user; `found` is how the engine was discovered."""
    user = printable(credential.user, 32)
    short = too_short(credential)
    if short:
        return Login("key too short", found, f"the {short} of {user} is too short to be one")
    login = await _tried(call, credential, engine, 0)
    for variant in range(1, variants(credential.priv)):
        if login.result != "wrong privacy key":
            break
        again = await _tried(call, credential, engine, variant)
        login = login if again.result == NO_ANSWER else again
    return login


def level(credential: SnmpCredential) -> str:
    """The security level of a user's messages, as RFC 3411 3.4.3 names it."""
    if not credential.auth:
        return "noAuthNoPriv"
    return "authPriv" if credential.priv else "authNoPriv"


def too_short(credential: SnmpCredential) -> str:
    """Which key is shorter than RFC 3414 11.2 allows; empty if none is."""
    if credential.auth and len(credential.auth_key) < KEY_LEAST:
        return "authentication key"
    if credential.priv and len(credential.priv_key) < KEY_LEAST:
        return "privacy key"
    return ""


async def _tried(
    call: Call, credential: SnmpCredential, engine: snmpv3.Report, variant: int
) -> Login:
    keys = localised(
        credential.user,
        credential.auth,
        credential.auth_key,
        credential.priv,
        credential.priv_key,
        engine.engine,
        variant,
    )
    timeout = min(PATIENCE, call.timeout)
    heard = await get_as(call, keys, engine, SYSTEM, timeout)
    if isinstance(heard.said, snmpv3.Report) and heard.said.counter == snmpv3.NOT_IN_TIME:
        # Its first report need not have told the time; this one does, and is signed.
        engine = replace(engine, boots=heard.said.boots, time=heard.said.time)
        heard = await get_as(call, keys, engine, SYSTEM, timeout)
    result = _result(heard)
    if result == NO_ANSWER and credential.priv and await _signs_right(call, keys, engine, timeout):
        result = "wrong privacy key"
    return Login(result, heard, _problem(result, credential), keys, engine)


async def _signs_right(call: Call, keys: Keys, engine: snmpv3.Report, timeout: float) -> bool:
    """Whether the engine takes the digest: it judges the time before it deciphers (3.2, 7 and 8).

    An engine that cannot make sense of what it deciphered says nothing, so only this tells a wrong
    privacy key from an agent that is gone.
    """
    another = replace(engine, boots=0 if engine.boots else 1)
    heard = await get_as(call, keys, another, (), timeout)
    return isinstance(heard.said, snmpv3.Report) and heard.said.counter == snmpv3.NOT_IN_TIME


_RESULTS: Mapping[str, str] = {
    snmpv3.UNKNOWN_USER: "unknown user",
    snmpv3.WRONG_DIGEST: "wrong authentication key",
    snmpv3.UNDECIPHERABLE: "wrong privacy key",
    snmpv3.UNSUPPORTED_LEVEL: "level not supported",
}


def _result(heard: Heard) -> str:
    match heard.said:
        case snmp.Response(status=status):
            return "no access" if status == AUTHORIZATION_ERROR else ACCEPTED
        case snmpv3.Report(counter=counter):
            return _RESULTS.get(counter, "refused")
        case _:
            return NO_ANSWER


def _problem(result: str, credential: SnmpCredential) -> str:
    user = f"the user {printable(credential.user, 32)}"
    match result:
        case "accepted":
            return ""
        case "unknown user":
            return f"it does not know {user}"
        case "wrong authentication key":
            return f"{user} has another authentication key, or a protocol other than " + (
                credential.auth
            )
        case "wrong privacy key":
            return f"{user} has another privacy key, or a protocol other than {credential.priv}"
        case "level not supported":
            return f"{user} is not set up for {level(credential)}"
        case "no access":
            return f"{user} may read nothing there with {level(credential)}"
        case "refused":
            return f"it refuses {user} for a reason of its own"
        case _:
            return f"it does not answer {user}"
