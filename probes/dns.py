"""DNS probe over UDP: the response of a resolver to this machine (RFC 1035)."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.reversename

from probes.call import Answer, Call, Elsewhere, NoAnswer, Unexpected
from probes.model import Service, State
from probes.vantage import NotOffered, Outcome
from probes.vantage.error_mapping import errno_text
from probes.wire.text import printable

MAX_ANSWERS = 8
"""Records shown of an answer."""
MAX_ALIASES = 16
"""Aliases followed from the name asked for; a hostile answer may lead in a circle."""
VERSION_NAME = "version.bind"
"""Name under which servers publish their software, in class CHAOS (RFC 4892 1)."""
VERSION_TIMEOUT = 1.0
"""Seconds for the version once the server has answered; it is asked for once."""
UNSPECIFIED = frozenset({"0.0.0.0", "::"})
"""Addresses of no host (RFC 1122 3.2.1.3), with which filters answer for a name they block."""

_ERRORS = {
    "REFUSED": (
        "refuses to look names up for this machine",
        "Allow this machine there (recursion, access list), or name another DNS server",
    ),
    "SERVFAIL": (
        "failed to look the name up",
        "Check on the server if it reaches those it asks, or name another DNS server",
    ),
    "FORMERR": ("cannot read a plain question", "Name another DNS server"),
    "NOTIMP": ("does not support a plain question", "Name another DNS server"),
}
"""Clause about a server, and the change to make, by response code (RFC 1035 4.1.1)."""
_LOOKED_UP = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})
_NOT_SEEN = "It was not seen to resolve a name"
_OTHER_SERVER = "Name a DNS server that looks names up for this machine"
_LONG_LOST = (
    "Names with long answers are not resolved. Allow DNS over TCP as well, on the way and on the "
    "server"
)
_LONG_BROKEN = "Names with long answers are not resolved. Check on the server why TCP has no more"
_LONG_UNKNOWN = "Whether names with long answers are resolved is not known"
_OTHER_NAME = "Correct the name, or name the DNS server that knows it"


async def ask(call: Call) -> Answer:
    """Ask for the operator's name, else the server's own PTR; any response proves a DNS server.

    That it resolves names is shown by a record, and by a negative answer only of a server that
    offers recursion, for a name that the operator did not give; all else is a warning with its
    shortfall. An answer that is cut off is asked for over TCP (RFC 7766 5). Then once for its
    software. Raises NoAnswer and Unexpected.
    """
    query = _query(call.address, call.options.dns_name)
    data = await call.exchange(
        query.to_wire(),
        lambda data: _response(query, data) is not None,
        elsewhere=Elsewhere.NOTED,
    )
    response = _response(query, data)
    assert response is not None
    lookup, truncated = _follow(query, response), bool(response.flags & dns.flags.TC)
    problem: _Cut | None = None
    if truncated and response.rcode() in _LOOKED_UP and not lookup.records:
        whole, problem = await _over_tcp(call, query)
        if whole is not None:
            response, lookup = whole, _follow(query, whole)
    if problem is not None:
        finding = _cut_off(lookup, problem)
    else:
        finding = _finding(response, lookup, named=bool(call.options.dns_name))
    facts: dict[str, object] = {
        "summary": finding.summary,
        "rcode": dns.rcode.to_text(response.rcode()),
        "question": lookup.question,
        "answers": lookup.records,
        "recursion_available": bool(response.flags & dns.flags.RA),
        "authoritative": bool(response.flags & dns.flags.AA),
        "truncated": truncated,
    }
    if lookup.aliases:
        facts["aliases"] = lookup.aliases
    if finding.shortfall:
        facts |= {"warning": True, "shortfall": finding.shortfall}
    software = await _software(call)
    return Answer(Service.CONFIRMED, facts | ({"software": software} if software else {}))


@dataclass(frozen=True, slots=True)
class _Cut:
    """Reason why the whole of an answer is not there, and what that costs and needs."""

    clause: str
    consequence: str = _LONG_LOST


async def _over_tcp(
    call: Call, query: dns.message.QueryMessage
) -> tuple[dns.message.Message | None, _Cut | None]:
    """The answer over TCP, if one came, and the reason why the whole is not there."""
    payload, port = query.to_wire(), f"TCP {call.port}"
    try:
        async with asyncio.timeout(call.timeout):
            stream = await call.connect()
            await stream.send(len(payload).to_bytes(2, "big") + payload)
            data = await stream.read_exactly(int.from_bytes(await stream.read_exactly(2), "big"))
    except NotOffered:
        return None, _Cut(f"{port} cannot be asked from here", _LONG_UNKNOWN)
    except NoAnswer as error:
        return None, _Cut(f"{port} {_unopened(error.outcome)}")
    except TimeoutError:
        return None, _Cut(f"{port} gives no answer")
    except (EOFError, ConnectionError):
        return None, _Cut(f"{port} hangs up")
    except OSError as error:
        problem = errno_text(error.errno or 0)
        return None, _Cut(f"{port} could not be asked ({problem})", _LONG_UNKNOWN)
    response = _response(query, data)
    if response is None:
        return None, _Cut(f"{port} answers something else", _LONG_BROKEN)
    cut = bool(response.flags & dns.flags.TC) and not _follow(query, response).records
    return response, _Cut(f"{port} cuts it off as well", _LONG_BROKEN) if cut else None


def _unopened(outcome: Outcome) -> str:
    """Clause about a port that did not open."""
    if outcome.state is State.CLOSED:
        return "is refused"
    if outcome.state is State.FILTERED and outcome.icmp is not None:
        return f"is rejected by {outcome.icmp.offender}"
    return "is unreachable" if outcome.state is State.UNREACHABLE else "does not answer"


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
    """The bytes as a response to this query, or None if they are anything else.

    One that is cut off may end within a record: its header and question are enough.
    """
    truncated = bool(int.from_bytes(data[2:4], "big") & dns.flags.TC)
    for question_only in (False, True) if truncated else (False,):
        with suppress(dns.exception.DNSException, ValueError):
            response = dns.message.from_wire(
                data, ignore_trailing=True, question_only=question_only
            )
            return response if query.is_response(response) or _is_bare(query, response) else None
    return None


def _is_bare(query: dns.message.Message, response: dns.message.Message) -> bool:
    """True for a response to this query but for the question, which it does not repeat."""
    return (
        not response.question
        and bool(response.flags & dns.flags.QR)
        and response.id == query.id
        and response.opcode() == query.opcode()
    )


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Records of the name asked for, as text, and the aliases that lead to them."""

    question: str
    """Name and type: `ns1.corp.example A`."""
    aliases: list[str]
    records: list[str]


@dataclass(frozen=True, slots=True)
class _Finding:
    """Sentence about an answer, and what it falls short of; see VerdictRow.shortfall."""

    summary: str
    shortfall: str = ""


def _follow(query: dns.message.Message, response: dns.message.Message) -> _Lookup:
    """Follow the aliases (CNAME, RFC 1034 3.6.2) from the name asked for to its records."""
    question = query.question[0]
    name, rdclass, rdtype = question.name, question.rdclass, question.rdtype
    asked = f"{_text(name)} {dns.rdatatype.to_text(rdtype)}"
    aliases: list[str] = []
    for _ in range(MAX_ALIASES):
        found = response.get_rrset(response.answer, name, rdclass, rdtype)
        if found is not None:
            records = [printable(record.to_text()) for record in list(found)[:MAX_ANSWERS]]
            return _Lookup(asked, aliases, records)
        alias = response.get_rrset(response.answer, name, rdclass, dns.rdatatype.CNAME)
        if not alias:
            break
        name = alias[0].target
        aliases.append(_text(name))
    return _Lookup(asked, aliases, [])


def _finding(response: dns.message.Message, lookup: _Lookup, *, named: bool) -> _Finding:
    """Finding of a whole answer; `named` where the operator gave the name."""
    rcode, recursion = response.rcode(), bool(response.flags & dns.flags.RA)
    if rcode not in _LOOKED_UP:
        return _failed(dns.rcode.to_text(rcode), lookup)
    if not response.question:
        return _Finding(
            f"DNS answers {dns.rcode.to_text(rcode)} for {lookup.question} without the question, "
            f"and resolvers discard that (RFC 5452 9.1). {_OTHER_SERVER}",
            "it does not repeat the question, so resolvers discard its answer",
        )
    if rcode == dns.rcode.NOERROR and lookup.records:
        return _resolved(lookup, recursion=recursion)
    if server := _referred_to(response, lookup):
        return _Finding(
            f"DNS answers, but only refers to another name server, {server}, for "
            f"{lookup.question}. {_NOT_SEEN}. {_OTHER_SERVER}",
            "it only refers to another name server",
        )
    summary = _negative_text(lookup, exists=rcode == dns.rcode.NOERROR)
    if not recursion:
        return _Finding(
            f"{summary}, and it offers no recursion. {_NOT_SEEN}. {_OTHER_SERVER}",
            "it offers no recursion and has no record of the name asked for",
        )
    if named:
        return _Finding(
            f"{summary}. {_OTHER_NAME}",
            "it has no address for the name that was given",
        )
    return _Finding(summary)


def _resolved(lookup: _Lookup, *, recursion: bool) -> _Finding:
    """Finding of an answer with records."""
    alias = f", by its alias {lookup.aliases[-1]}" if lookup.aliases else ""
    record = lookup.records[0].rstrip(".") or "."
    summary = f"DNS answers: {lookup.question} is {record}{alias}"
    if UNSPECIFIED.issuperset(lookup.records):
        return _Finding(
            f"{summary}, which is no host's address. A filter answers so for names it blocks. "
            f"{_OTHER_NAME}",
            "it gives an address of no host for the name that was given",
        )
    return _Finding(
        summary if recursion else f"{summary}; it offers no recursion, so only what it holds"
    )


def _failed(rcode: str, lookup: _Lookup) -> _Finding:
    """Finding of a response code other than NOERROR and NXDOMAIN."""
    clause, change = _ERRORS.get(rcode, ("did not look the name up", _OTHER_SERVER))
    return _Finding(
        f"DNS answers, but {clause} ({rcode} for {lookup.question}). {_NOT_SEEN}. {change}",
        f"it {clause} ({rcode})",
    )


def _cut_off(lookup: _Lookup, problem: _Cut) -> _Finding:
    """Finding of an answer that is truncated and could not be had over TCP."""
    return _Finding(
        f"DNS answers, but the answer for {lookup.question} is cut off, and {problem.clause}, "
        f"where the whole of it is asked for. {problem.consequence}",
        f"its answer is cut off, and {problem.clause}",
    )


def _negative_text(lookup: _Lookup, *, exists: bool) -> str:
    """Sentence about a name without a record of the type asked for, or without any."""
    rdtype = lookup.question.rpartition(" ")[2]
    if lookup.aliases:
        what = f"{lookup.question} leads to the alias {lookup.aliases[-1]}"
        if len(lookup.aliases) >= MAX_ALIASES:
            return f"DNS answers: {what} and on, without an end"
        return (
            f"DNS answers: {what}, which has no {rdtype} record"
            if exists
            else f"DNS answers: {what}, and there is no such name"
        )
    if exists:
        return f"DNS answers, without a record for the name asked ({lookup.question})"
    return f"DNS answers: no such name as {lookup.question}"


def _referred_to(response: dns.message.Message, lookup: _Lookup) -> str:
    """Name server of a referral (RFC 2308 2.2.1); empty for any other answer."""
    types = {found.rdtype for found in response.authority}
    negative = response.rcode() != dns.rcode.NOERROR or bool(response.flags & dns.flags.AA)
    if lookup.aliases or negative or dns.rdatatype.SOA in types:
        return ""
    servers = [found for found in response.authority if found.rdtype == dns.rdatatype.NS and found]
    return _text(servers[0][0].target) if servers else ""


def _text(name: dns.name.Name) -> str:
    return printable(name.to_text(omit_final_dot=True))
