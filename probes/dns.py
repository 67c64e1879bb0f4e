"""DNS probe over UDP: the response of a resolver to this machine (RFC 1035)."""

from __future__ import annotations

import ipaddress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.reversename

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.model import Service
from probes.wire.text import printable

MAX_ANSWERS = 8
"""Records shown of an answer."""
VERSION_NAME = "version.bind"
"""Name under which servers publish their software, in class CHAOS (RFC 4892 1)."""
VERSION_TIMEOUT = 1.0
"""Seconds for the version once the server has answered; it is asked for once."""


async def ask(call: Call) -> Answer:
    """Ask for the operator's name, else the server's own PTR; any response proves a DNS server.

    A refusal, a failure and "no such name" are answers too: what was asked is whether one comes.
    Then once for its software. Raises NoAnswer and Unexpected.
    """
    query = _query(call.address, call.options.dns_name)
    data = await call.exchange(query.to_wire(), lambda data: _response(query, data) is not None)
    response = _response(query, data)
    assert response is not None
    rcode = dns.rcode.to_text(response.rcode())
    question = query.question[0]
    asked = f"{question.name.to_text(omit_final_dot=True)} {_type_name(question.rdtype)}"
    answers = [
        printable(record.to_text())
        for found in response.answer[:MAX_ANSWERS]
        for record in list(found)[:MAX_ANSWERS]
    ][:MAX_ANSWERS]
    facts: dict[str, object] = {
        "summary": _summary(rcode, answers, asked),
        "rcode": rcode,
        "question": asked,
        "answers": answers,
        "recursion_available": bool(response.flags & dns.flags.RA),
        "authoritative": bool(response.flags & dns.flags.AA),
        "truncated": bool(response.flags & dns.flags.TC),
    }
    software = await _software(call)
    return Answer(Service.CONFIRMED, facts | ({"software": software} if software else {}))


async def _software(call: Call) -> str:
    """Software of the server; empty where it does not tell."""
    query = dns.message.make_query(VERSION_NAME, dns.rdatatype.TXT, dns.rdataclass.CHAOS, flags=0)
    outcome, attempts = call.outcome, call.attempts
    timeout = min(VERSION_TIMEOUT, call.timeout)
    try:
        data = await call.exchange(
            query.to_wire(), lambda data: _response(query, data) is not None, 0, timeout=timeout
        )
    except (NoAnswer, Unexpected):
        return ""
    finally:
        call.outcome, call.attempts = outcome, attempts
    response = _response(query, data)
    records = [record for found in response.answer for record in found] if response else []
    texts = [one for one in records if one.rdtype == dns.rdatatype.TXT][:1]
    return printable(b" ".join(texts[0].strings), 80) if texts else ""


def _query(address: str, name: str) -> dns.message.QueryMessage:
    """The question for one server; its id is random (dnspython draws it from the system)."""
    if name:
        return dns.message.make_query(name, dns.rdatatype.A)
    try:
        plain = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return dns.message.make_query(dns.name.root, dns.rdatatype.NS)
    reverse_name = dns.reversename.from_address(str(plain))
    return dns.message.make_query(reverse_name, dns.rdatatype.PTR)


def _response(query: dns.message.QueryMessage, data: bytes) -> dns.message.Message | None:
    """The datagram as a response to this query, or None if it is anything else."""
    try:
        response = dns.message.from_wire(data, ignore_trailing=True)
    except dns.exception.DNSException:
        return None
    return response if query.is_response(response) else None


def _summary(rcode: str, answers: list[str], asked: str) -> str:
    if answers:
        return f"DNS answers: {asked} is {answers[0]}"
    words = {
        "NOERROR": "DNS answers, without a record for the name asked",
        "NXDOMAIN": f"DNS answers: no such name as {asked}",
        "REFUSED": "DNS answers and refuses to look names up for this machine",
        "SERVFAIL": "DNS answers, but failed to look the name up",
    }
    return words.get(rcode, f"DNS answers with {rcode}")


def _type_name(rdtype: dns.rdatatype.RdataType) -> str:
    return dns.rdatatype.to_text(rdtype)
