"""Kerberos probe: the KDC, its realm and the skew of its clock (RFC 4120)."""

from __future__ import annotations

import re
import secrets
import time

from probes.call import Answer, Call, Unexpected
from probes.clients.framing import read_message
from probes.model import Service
from probes.wire import kerberos
from probes.wire.ber import Malformed, duration_text
from probes.wire.kerberos import Reply
from probes.wire.unexpected import excerpt

PRINCIPAL = "auditreach"
"""A name without an account, so that no failures are counted and the KDC's log tells who asked."""
FALLBACK_REALM = "EXAMPLE.COM"
"""The realm of the request where the host's name does not suggest one."""
MAX_SKEW_S = 300
"""Clock difference that Kerberos accepts (RFC 4120 8.2 and the default of Windows)."""
WARN_SKEW_S = 240

_FAILURES = {
    kerberos.SVC_UNAVAILABLE: "says it cannot serve now",
    kerberos.GENERIC: "has an error of its own",
}
"""Clause about a KDC by an error that is its own fault, not the name's (RFC 4120 7.5.9)."""

_NAME = re.compile(r"[a-z0-9_-]+((?:\.[a-z0-9_-]+)+)\.?", re.IGNORECASE)
_ADDRESS = re.compile(r"[0-9.]+")


async def ask(call: Call) -> Answer:
    """Ask for a ticket as nobody, once; every KRB-ERROR and an AS-REP prove a KDC.

    Raises Unexpected for another protocol, and EOFError, OSError and TimeoutError of a service
    that does not answer.
    """
    realm = realm_of(call.job.target.host)
    stream = await call.stream()
    request = kerberos.as_request(PRINCIPAL, realm, secrets.randbelow(2**31))
    sent = time.time()
    await stream.send(request)
    data = await read_message(stream, kerberos.size)
    received = time.time()
    try:
        reply = kerberos.reply(data)
    except Malformed:
        raise Unexpected(excerpt(data)) from None
    # The KDC reads its clock about when the question is half way there and back.
    skew = None if reply.time is None else reply.time.timestamp() - (sent + received) / 2
    return Answer(Service.CONFIRMED, _facts(reply, realm, skew))


def realm_of(host: str) -> str:
    """The realm a host's name suggests: its domain in capitals (RFC 4120 6.1)."""
    match = _NAME.fullmatch(host)
    return match[1][1:].upper() if match and not _ADDRESS.fullmatch(host) else FALLBACK_REALM


def _facts(reply: Reply, asked: str, skew: float | None) -> dict[str, object]:
    facts: dict[str, object] = {"asked_realm": asked, "answer": reply.error_name or "AS-REP"}
    if reply.error is not None:
        facts["error_code"] = reply.error
    if reply.text:
        facts["error_text"] = reply.text
    realm, proven = _realm_of_reply(reply, asked)
    if realm:
        facts |= {"realm": realm, "realm_proven": proven}
    if reply.time is not None:
        facts["server_time"] = reply.time.isoformat()
    if skew is not None:
        facts["clock_skew_s"] = round(skew, 3)
    named = f"Kerberos KDC of {realm}" if proven else "Kerberos KDC"
    if realm and not proven:
        named += f", asked for {realm}"
    if reply.error in _FAILURES:
        clause = f"{_FAILURES[reply.error]} ({reply.error_name})"
        facts |= {"warning": True, "shortfall": f"it {clause}"}
        named += f" that {clause}"
    if skew is not None and abs(skew) > WARN_SKEW_S:
        facts["warning"] = True
    unseen = ""
    if "shortfall" in facts:
        unseen = ". It was not seen to give tickets. Check its log for the reason"
    facts["summary"] = f"{named}{_clock_text(skew)}{unseen}"
    return facts


def _realm_of_reply(reply: Reply, asked: str) -> tuple[str, bool]:
    """The KDC's realm, and whether the answer proves it; empty where nothing is known of it."""
    if reply.error == kerberos.WRONG_REALM:
        referred = reply.client_realm if reply.client_realm != asked else ""
        return referred, bool(referred)
    if reply.realm != asked or reply.error is None or reply.error in kerberos.KNOWN_CLIENT:
        return reply.realm, True
    # Samba and MIT say "no such client" in every realm and repeat its name, wherever they are.
    return (asked, False) if asked != FALLBACK_REALM else ("", False)


def _clock_text(skew: float | None) -> str:
    if skew is None:
        return ""
    if abs(skew) < 1:
        return "; its clock agrees with this machine's"
    where = "ahead of" if skew > 0 else "behind"
    text = f"; its clock is {duration_text(skew)} {where} this machine's"
    if abs(skew) > MAX_SKEW_S:
        return f"{text}, and Kerberos refuses a difference of more than 5 minutes"
    if abs(skew) > WARN_SKEW_S:
        return f"{text}, and Kerberos refuses it from 5 minutes on"
    return text
