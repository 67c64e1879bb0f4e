"""SNMPv3 messages: discovery of an engine, and a user's GET, signed and encrypted (RFC 3414).

Message forms, BER and ciphers are pysnmp's and pyasn1's; no engine, no MIB, no transport.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyasn1.codec.ber import encoder
from pyasn1.type import univ
from pysnmp.proto import api, rfc1905
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from probes.wire.snmp import BAD, V3, Malformed, Response, decoded, in_range, responded
from probes.wire.usm_keys import NOBODY, Keys, decrypted, encrypted

_STATS = "1.3.6.1.6.3.15.1.1."
UNSUPPORTED_LEVEL = f"{_STATS}1.0"
"""usmStatsUnsupportedSecLevels: the user has no such keys (RFC 3414 5)."""
NOT_IN_TIME = f"{_STATS}2.0"
"""usmStatsNotInTimeWindows: other boots or time; signed, so the digest was right."""
UNKNOWN_USER = f"{_STATS}3.0"
"""usmStatsUnknownUserNames."""
UNKNOWN_ENGINE = f"{_STATS}4.0"
"""usmStatsUnknownEngineIDs, the report an agent sends to an empty engine id (RFC 3414 4)."""
WRONG_DIGEST = f"{_STATS}5.0"
"""usmStatsWrongDigests: another authentication key or protocol."""
UNDECIPHERABLE = f"{_STATS}6.0"
"""usmStatsDecryptionErrors: another privacy key or protocol."""

_USM = 3
_AUTH, _PRIV, _REPORTABLE = 1, 2, 4
_ROOM = 65507
_FORM: Any = api.PROTOCOL_MODULES[1]
_BEFORE_DIGEST = 4
"""Fields of UsmSecurityParameters before msgAuthenticationParameters (RFC 3414 2.4)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an SNMPv3 engine says of itself, and why it did not do what was asked."""

    engine: bytes
    boots: int
    time: int
    counter: str
    """The object reported; UNKNOWN_ENGINE to a discovery from an agent that follows the RFC."""


def discovery(id: int) -> bytes:
    """An SNMPv3 GET of nothing from nobody, with an empty engine id (RFC 3414 4)."""
    return request(NOBODY, Report(b"", 0, 0, UNKNOWN_ENGINE), id, ())


def request(keys: Keys, engine: Report, id: int, oids: Sequence[str]) -> bytes:
    """A GET of these objects from a user of this engine, at the level its keys allow."""
    pdu = rfc1905.GetRequestPDU()
    _FORM.apiPDU.set_defaults(pdu)
    _FORM.apiPDU.set_request_id(pdu, id)
    _FORM.apiPDU.set_varbinds(pdu, [(univ.ObjectIdentifier(oid), _FORM.null) for oid in oids])
    return sealed(keys, engine, id, pdu)


def sealed(keys: Keys, engine: Report, id: int, pdu: Any) -> bytes:
    """A PDU in a message of this engine, signed and encrypted as far as there are keys."""
    message = SNMPv3Message()
    scoped = ScopedPDU() if keys.priv else message["msgData"]["plaintext"]
    scoped["contextEngineId"] = engine.engine
    scoped["contextName"] = b""
    scoped["data"].setComponentByType(pdu.tagSet, pdu, innerFlag=True)
    salt = b""
    if keys.priv:
        plain = bytes(encoder.encode(scoped))
        message["msgData"]["encryptedPDU"], salt = encrypted(keys, engine.boots, engine.time, plain)
    message["msgVersion"] = V3
    head = message["msgGlobalData"]
    head["msgID"] = id
    head["msgMaxSize"] = _ROOM
    head["msgFlags"] = bytes([_REPORTABLE | _level(keys)])
    head["msgSecurityModel"] = _USM
    usm = UsmSecurityParameters()
    room = bytes(keys.digest_size)
    fields = (engine.engine, engine.boots, engine.time, keys.user, room, salt)
    for at, value in enumerate(fields):
        usm.setComponentByPosition(at, value)
    message["msgSecurityParameters"] = encoder.encode(usm)
    data = bytes(encoder.encode(message))
    return _with_digest(data, keys) if keys.auth else data


def report(data: bytes, id: int) -> Report:
    """The report an engine sends to a discovery with this id; raises Malformed."""
    said = answer(data, NOBODY, id)
    if not isinstance(said, Report):
        raise Malformed("not a report")
    return said


def answer(data: bytes, keys: Keys, id: int) -> Response | Report:
    """The answer to the request with this id; raises Malformed.

    A response must have the level of the request and its digest be right; so must the report that
    the time is another. Other reports come unsigned, from agents that know no key to sign with.
    """
    try:
        message = decoded(data, SNMPv3Message())
        if int(message["msgVersion"]) != V3:
            raise Malformed("another SNMP version")
        if int(message["msgGlobalData"]["msgID"]) != id:
            raise Malformed("the answer to another question")
        flags = bytes(message["msgGlobalData"]["msgFlags"])[0]
        usm = decoded(bytes(message["msgSecurityParameters"]), UsmSecurityParameters())
        engine = bytes(usm["msgAuthoritativeEngineId"])
        boots = in_range(int(usm["msgAuthoritativeEngineBoots"]))
        time = in_range(int(usm["msgAuthoritativeEngineTime"]))
        signed = bool(flags & _AUTH and keys.auth)
        if signed and not _digest_is_right(data, keys):
            raise Malformed("a digest that is not right")
        if flags & _PRIV:
            if not signed or not keys.priv:
                raise Malformed("encrypted for somebody else")
            salt = bytes(usm["msgPrivacyParameters"])
            cipher = bytes(message["msgData"]["encryptedPDU"])
            scoped = decoded(decrypted(keys, boots, time, salt, cipher), ScopedPDU())
        else:
            scoped = message["msgData"]["plaintext"]
        pdu = scoped["data"].getComponent()
        if pdu.isSameTypeWith(rfc1905.ReportPDU()):
            return _reported(engine, boots, time, pdu, signed=signed)
        if flags & (_AUTH | _PRIV) != _level(keys):
            raise Malformed("a response that is less protected than the request")
        return responded(_FORM, pdu, id)
    except BAD as error:
        raise Malformed(type(error).__name__) from None


def without_digest(data: bytes) -> bytes:
    """The message as it may be recorded: from a digest, a key could be guessed at leisure."""
    try:
        start, end = _digest_place(data)
    except Malformed:
        return data
    return data[:start] + b"*" * (end - start) + data[end:]


def _reported(engine: bytes, boots: int, time: int, pdu: Any, *, signed: bool) -> Report:
    counters = [str(oid) for oid, _ in _FORM.apiPDU.get_varbinds(pdu)]
    counter = counters[0] if counters else ""
    if counter == NOT_IN_TIME and not signed:
        raise Malformed("another time, but unsigned")
    if not 5 <= len(engine) <= 32:
        raise Malformed("an engine id of a length that is not allowed")
    return Report(engine, boots, time, counter)


def _level(keys: Keys) -> int:
    return (_AUTH if keys.auth else 0) | (_PRIV if keys.priv else 0)


def _with_digest(data: bytes, keys: Keys) -> bytes:
    start, end = _digest_place(data)
    return data[:start] + keys.digest(data) + data[end:]


def _digest_is_right(data: bytes, keys: Keys) -> bool:
    start, end = _digest_place(data)
    blank = data[:start] + bytes(end - start) + data[end:]
    return hmac.compare_digest(data[start:end], keys.digest(blank))


def _digest_place(data: bytes) -> tuple[int, int]:
    """Where msgAuthenticationParameters stands; raises Malformed.

    Counted, not searched for: an engine id may well be the zeros a digest is made over.
    """
    inside, _ = _content(data, 0)
    for _ in ("msgVersion", "msgGlobalData"):
        _, inside = _content(data, inside)
    inside, _ = _content(data, inside)
    inside, _ = _content(data, inside)
    for _ in range(_BEFORE_DIGEST):
        _, inside = _content(data, inside)
    return _content(data, inside)


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Start and end of the content of the BER element that begins at `at`."""
    head = data[at : at + 6]
    if len(head) < 2:
        raise Malformed("cut off")
    start, size = at + 2, head[1]
    if size & 0x80:
        more = size & 0x7F
        if not 1 <= more <= len(head) - 2:
            raise Malformed("a length that is not allowed")
        start, size = start + more, int.from_bytes(head[2 : 2 + more], "big")
    if start + size > len(data):
        raise Malformed("cut off")
    return start, start + size
