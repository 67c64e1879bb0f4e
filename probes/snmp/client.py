"""SNMP client: requests and their replies, community or USM user (RFC 3414, RFC 3416)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from probes.call import Call, Elsewhere, NoAnswer, Unexpected
from probes.model import Reason
from probes.options import SnmpCredential
from probes.vantage import Outcome
from probes.wire import snmp, snmpv3
from probes.wire.snmpv3 import MIN_KEY, Keys, key_variants, localised_keys
from probes.wire.text import printable

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
SYSTEM = (SYS_OBJECT_ID, SYS_DESCR, SYS_NAME)

Message = snmp.Response | snmpv3.Report

USER_TIMEOUT = 1.0
"""Seconds for one answer of an engine that has just answered a discovery."""
AUTHORIZATION_ERROR = 16
"""Error status of an agent whose access rules let the user read nothing (RFC 3416 3)."""
_NO_ACCESS = frozenset({2, 6, AUTHORIZATION_ERROR})
"""Error status noSuchName, as v1 says of what may not be seen, noAccess, authorizationError."""
_FAILURES = frozenset({5, 13})
"""Error status genErr and resourceUnavailable."""

_SLOWNESS_FACTOR = 1.5
"""Seconds for an answer, as a multiple of those that the one before took."""

ACCEPTED = "accepted"
NO_ACCESS = "no access"
NO_ANSWER = "no answer"

_RESULTS: Mapping[str, str] = {
    snmpv3.UNKNOWN_USER: "unknown user",
    snmpv3.WRONG_DIGEST: "wrong authentication key",
    snmpv3.DECRYPTION_ERROR: "wrong privacy key",
    snmpv3.UNSUPPORTED_LEVEL: "level not supported",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """Result of one request; `message` is None without an answer, and `error` says why."""

    version: int
    outcome: Outcome | None
    message: Message | None = None
    error: NoAnswer | Unexpected | None = None

    @property
    def is_silent(self) -> bool:
        """True if no answer and no error came."""
        error = self.error
        return isinstance(error, NoAnswer) and error.outcome.reason == Reason.NO_RESPONSE


@dataclass(frozen=True, slots=True)
class LoginResult:
    """Result of a USM user at an engine: `result` in two words, `problem` ends a sentence."""

    result: str
    reply: Reply
    problem: str = ""
    keys: Keys | None = None
    engine: snmpv3.Report | None = None


def follow_up_timeout(call: Call, reply: Reply, usual: float) -> float:
    """Seconds for a question after a reply: `usual`, and longer for an agent that was slow."""
    took = (reply.outcome.latency_ms or 0.0) / 1000 if reply.outcome is not None else 0.0
    return max(min(usual, call.timeout), min(took * _SLOWNESS_FACTOR, call.timeout * 2))


async def get(
    call: Call,
    version: int,
    community: bytes,
    oids: tuple[str, ...],
    timeout: float,
    *,
    following: bool = False,
) -> Reply:
    """GET objects with a community, once; GETNEXT the first ones after them if `following`."""
    id = secrets.randbelow(2**31)
    payload = snmp.get(version, community, id, oids, following=following)
    return await _exchange(
        call, version, payload, lambda data: snmp.response(data, version, id), timeout, 0
    )


async def get_as_user(
    call: Call,
    keys: Keys,
    engine: snmpv3.Report,
    oids: tuple[str, ...],
    timeout: float,
    *,
    following: bool = False,
) -> Reply:
    """GET objects as a user of an engine that is known to be there, again after silence.

    GETNEXT the first ones after them if `following`.
    """
    id = secrets.randbelow(2**31)
    payload = snmpv3.request(keys, engine, id, oids, following=following)
    return await _exchange(
        call,
        snmp.V3,
        payload,
        lambda data: snmpv3.answer(data, keys, id),
        timeout,
        call.retries,
    )


async def discover(call: Call, timeout: float) -> Reply:
    """Ask for the SNMPv3 engine, once, without credentials."""
    id = secrets.randbelow(2**31)
    payload = snmpv3.discovery(id)
    return await _exchange(call, snmp.V3, payload, lambda data: snmpv3.report(data, id), timeout, 0)


async def login(
    call: Call, credential: SnmpCredential, engine: snmpv3.Report, discovery: Reply
) -> LoginResult:
    """GET the system group as this user; `discovery` is the reply that told the engine."""
    user = printable(credential.user, 32)
    key_name = short_key(credential)
    if key_name:
        return LoginResult(
            "key too short", discovery, f"the {key_name} of {user} is too short to be one"
        )
    timeout = follow_up_timeout(call, discovery, USER_TIMEOUT)
    result = await _try_login(call, credential, engine, 0, timeout)
    for variant in range(1, key_variants(credential.priv)):
        if result.result != "wrong privacy key":
            break
        retry = await _try_login(call, credential, engine, variant, timeout)
        result = result if retry.result == NO_ANSWER else retry
    return result


async def _exchange(
    call: Call,
    version: int,
    payload: bytes,
    parse: Callable[[bytes], Message],
    timeout: float,
    retries: int,
) -> Reply:
    digest = snmpv3.digest_of(payload) if version == snmp.V3 else b""

    def mask(data: bytes) -> bytes:
        # It may come back in anything.
        data = data.replace(digest, b"*" * len(digest)) if digest else data
        return snmpv3.mask_digest(data) if version == snmp.V3 else data

    def accept(data: bytes) -> bool:
        try:
            parse(data)
        except snmp.Malformed:
            return False
        return True

    try:
        data = await call.exchange(
            payload,
            accept,
            retries=retries,
            timeout=timeout,
            mask=mask,
            elsewhere=Elsewhere.COUNTED,
        )
    except NoAnswer as error:
        return Reply(version, error.outcome, error=error)
    except Unexpected as error:
        return Reply(version, call.outcome, error=error)
    return Reply(version, call.outcome, parse(data))


def security_level(credential: SnmpCredential) -> str:
    """The security level of a user's messages, as RFC 3411 3.4.3 names it."""
    if not credential.auth:
        return "noAuthNoPriv"
    return "authPriv" if credential.priv else "authNoPriv"


def short_key(credential: SnmpCredential) -> str:
    """Name of the key that is shorter than RFC 3414 11.2 allows; empty if none is."""
    if credential.auth and len(credential.auth_key) < MIN_KEY:
        return "authentication key"
    if credential.priv and len(credential.priv_key) < MIN_KEY:
        return "privacy key"
    return ""


async def _try_login(
    call: Call, credential: SnmpCredential, engine: snmpv3.Report, variant: int, timeout: float
) -> LoginResult:
    keys = localised_keys(
        credential.user,
        credential.auth,
        credential.auth_key,
        credential.priv,
        credential.priv_key,
        engine.engine,
        variant,
    )
    reply = await get_as_user(call, keys, engine, SYSTEM, timeout)
    if isinstance(reply.message, snmpv3.Report) and reply.message.counter == snmpv3.NOT_IN_TIME:
        # Its first report need not have told the time; this one does, and is signed.
        engine = replace(engine, boots=reply.message.boots, time=reply.message.time)
        reply = await get_as_user(call, keys, engine, SYSTEM, timeout)
    result = _result_text(reply)
    if (
        result == NO_ANSWER
        and credential.priv
        and await _accepts_digest(call, keys, engine, timeout)
    ):
        result = "wrong privacy key"
    return LoginResult(result, reply, problem_text(result, credential), keys, engine)


async def _accepts_digest(call: Call, keys: Keys, engine: snmpv3.Report, timeout: float) -> bool:
    """True if the engine accepts the digest: it checks the time before it decrypts (3.2, 7 and 8).

    An engine that cannot make sense of what it deciphered says nothing, so only this tells a wrong
    privacy key from an agent that is gone.
    """
    other_boots = replace(engine, boots=0 if engine.boots else 1)
    reply = await get_as_user(call, keys, other_boots, (), timeout)
    return isinstance(reply.message, snmpv3.Report) and reply.message.counter == snmpv3.NOT_IN_TIME


def _result_text(reply: Reply) -> str:
    match reply.message:
        case snmp.Response(status=status):
            return NO_ACCESS if status == AUTHORIZATION_ERROR else ACCEPTED
        case snmpv3.Report(counter=counter):
            return _RESULTS.get(counter, "refused")
        case _:
            return NO_ANSWER


def lacks_access(response: snmp.Response) -> bool:
    """True if an agent gives none of what was asked for, and says that it is not to be had."""
    refused = response.status in _NO_ACCESS or (response.absent and not response.status)
    return not response.values and (refused or response.status in _FAILURES)


def error_status(response: snmp.Response) -> int:
    """Error status that speaks of a failure rather than of access; 0 without one."""
    return response.status if response.status in _FAILURES else 0


def problem_text(result: str, credential: SnmpCredential) -> str:
    """Clause about a user's login that ended so; empty if it was accepted."""
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
            return f"{user} is not set up for {security_level(credential)}"
        case "no access":
            return f"{user} may read nothing there with {security_level(credential)}"
        case "refused":
            return f"it refuses {user} for a reason of its own"
        case _:
            return f"it does not answer {user}"
