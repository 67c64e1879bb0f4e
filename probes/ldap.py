"""LDAP probe: the domain and name of a controller, read without a login (RFC 4511)."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from probes.call import Answer, Call, Unexpected
from probes.clients.framing import read_message
from probes.model import Service
from probes.wire import ldap
from probes.wire.ber import Malformed, generalized
from probes.wire.ldap import Entry, Refusal
from probes.wire.text import printable
from probes.wire.unexpected import excerpt

OPERATIONS_ERROR = 1
MAX_QUOTED = 120
"""Characters of a server's own words in a note."""
ATTRIBUTES = (
    *("defaultNamingContext", "rootDomainNamingContext", "namingContexts", "dnsHostName"),
    *("domainFunctionality", "forestFunctionality", "domainControllerFunctionality"),
    *("currentTime", "isSynchronized", "isGlobalCatalogReady", "supportedCapabilities"),
    *("supportedSASLMechanisms", "supportedLDAPVersion", "vendorName", "vendorVersion"),
    *("configurationNamingContext", "schemaNamingContext", "serverName", "ldapServiceName"),
    *("dsServiceName", "subschemaSubentry", "highestCommittedUSN", "supportedControl"),
)
"""Asked by name: a server need not show its operational attributes otherwise (RFC 4512 5.1)."""

FUNCTIONAL_LEVELS = {
    "0": "Windows 2000",
    "1": "Windows Server 2003 interim",
    "2": "Windows Server 2003",
    "3": "Windows Server 2008",
    "4": "Windows Server 2008 R2",
    "5": "Windows Server 2012",
    "6": "Windows Server 2012 R2",
    "7": "Windows Server 2016",
    "10": "Windows Server 2025",
}
"""Functional levels (MS-ADTS 6.1.4.2 to 6.1.4.4)."""

ACTIVE_DIRECTORY = "Active Directory"
_CAPABILITIES = {
    "1.2.840.113556.1.4.1851": "Active Directory Lightweight Directory Services",
    "1.2.840.113556.1.4.800": ACTIVE_DIRECTORY,
}
"""Product by its OID in supportedCapabilities (MS-ADTS 3.1.1.3.4.3), the special one first."""

_FACT_ATTRIBUTES = {
    "root_domain_naming_context": "rootDomainNamingContext",
    "synchronized": "isSynchronized",
    "global_catalog": "isGlobalCatalogReady",
    "vendor": "vendorName",
    "vendor_version": "vendorVersion",
    "configuration_naming_context": "configurationNamingContext",
    "schema_naming_context": "schemaNamingContext",
    "subschema_subentry": "subschemaSubentry",
    "server_name": "serverName",
    "ds_service_name": "dsServiceName",
    "ldap_service_name": "ldapServiceName",
    "highest_usn": "highestCommittedUSN",
}


@dataclass(frozen=True, slots=True)
class _Result:
    """Meaning of a search that ended without an entry: what the server does, means and needs."""

    clause: str
    """Verb of "LDAP server that ..." and of "LDAP answers, but it ..."."""
    means: str
    fix: str


_SHOWN_BY_CONTROLLERS = "a domain controller shows its rootDSE to everybody"
_WRONG_HOST = "Name a domain controller: this is another directory, or a proxy."
_NOT_SEEN = "it was not seen to be a domain controller"
_LOGIN = _Result(
    "refuses to be asked without a login",
    _SHOWN_BY_CONTROLLERS,
    "Name a domain controller, which shows its rootDSE without a login, or let this server do so.",
)
_HIDDEN = _Result("shows nothing of itself without a login", _SHOWN_BY_CONTROLLERS, _LOGIN.fix)
_FAILURE = _Result(
    "ends the search with an error",
    _NOT_SEEN,
    "Check the server's log for the reason, then retest.",
)
_LIMIT_FIX = "Check why the server's limits end a search for one entry, then retest."
_BUSY_FIX = "Check on the server why it cannot serve, then retest."

_RESULTS = {
    0: _HIDDEN,
    OPERATIONS_ERROR: _LOGIN,
    2: replace(_FAILURE, clause="cannot read the question"),
    3: _Result("ended the search at its time limit", _NOT_SEEN, _LIMIT_FIX),
    4: _Result("ended the search at its size limit", _NOT_SEEN, _LIMIT_FIX),
    8: _LOGIN,
    ldap.REFERRAL: _Result(
        "refers to another server", _NOT_SEEN, "Name the server that it refers to."
    ),
    11: _Result("ended the search at a limit of its administrator", _NOT_SEEN, _LIMIT_FIX),
    13: _Result(
        "answers only under TLS",
        "a domain controller shows its rootDSE without",
        "Name a domain controller, which shows its rootDSE without TLS, or let this server do so.",
    ),
    32: _HIDDEN,
    48: _LOGIN,
    49: _LOGIN,
    50: _LOGIN,
    51: _Result("says it is too busy", _NOT_SEEN, _BUSY_FIX),
    52: _Result("says it cannot serve now", _NOT_SEEN, _BUSY_FIX),
    53: _Result(
        "is unwilling to answer",
        _SHOWN_BY_CONTROLLERS,
        "Name a domain controller, or check on this server why it is unwilling.",
    ),
    80: _Result("has an internal error", _NOT_SEEN, _BUSY_FIX),
}
"""Results by code, after RFC 4511 appendix A.2; others are a failure."""
_LOGIN_WORDS = re.compile(r"bind|bound|authent|login|log in|logon|credential|anonym", re.IGNORECASE)
"""Reasons of operationsError: Active Directory and OpenLDAP say so that a bind must come first."""
_OF_ANY_SERVER = frozenset({"ldap_versions", "sasl_mechanisms", "controls", "subschema_subentry"})
"""Facts that do not tell one directory from another."""


async def ask(call: Call) -> Answer:
    """Search the rootDSE anonymously; its entry and every refusal prove an LDAP server.

    Anything but the rootDSE of a domain controller has a shortfall: what says less gets no better
    mark.

    Raises Unexpected for another protocol, and EOFError, OSError and TimeoutError of a service
    that does not answer.
    """
    stream = await call.stream()
    sent = time.time()
    await stream.send(ldap.root_request(ATTRIBUTES))
    data = await read_message(stream, ldap.size)
    received = time.time()
    try:
        reply = ldap.reply(data)
    except Malformed:
        raise Unexpected(excerpt(data)) from None
    with suppress(OSError):
        await stream.send(ldap.UNBIND)
    if isinstance(reply, Refusal):
        return Answer(Service.CONFIRMED, _refusal_facts(reply))
    return Answer(
        Service.CONFIRMED, _root_dse_facts(reply) | _clock_facts(reply, (sent + received) / 2)
    )


def _refusal_facts(reply: Refusal) -> dict[str, object]:
    """Facts of an answer without a rootDSE, which every domain controller shows to everybody."""
    facts: dict[str, object] = {"result_code": reply.code, "result": reply.name}
    if reply.text:
        facts["result_text"] = reply.text
    if reply.referrals:
        facts["referrals"] = list(reply.referrals)
    result = _result(reply)
    said = f", in its words “{printable(reply.text, MAX_QUOTED)}”" if reply.text else ""
    to = f", {reply.referrals[0]}" if reply.referrals else ""
    clause = f"{result.clause}{to} ({reply.name})"
    return facts | _no_controller(
        f"LDAP server that {clause}{said}; {result.means}", clause, result.fix
    )


def _result(reply: Refusal) -> _Result:
    """Meaning of a result; operationsError is a wish for a login where the server says so."""
    if reply.code == OPERATIONS_ERROR and not _LOGIN_WORDS.search(reply.text):
        return _FAILURE
    return _RESULTS.get(reply.code, _FAILURE)


def _no_controller(summary: str, clause: str, fix: str) -> dict[str, object]:
    """Facts of an LDAP server from which current-user information is not to be had."""
    return {"summary": summary, "shortfall": f"it {clause}", "fix": fix}


def _root_dse_facts(entry: Entry) -> dict[str, object]:
    """Facts from the rootDSE, in the terms of MS-ADTS 3.1.1.3.2."""
    known: dict[str, object] = {key: entry.text(name) for key, name in _FACT_ATTRIBUTES.items()}
    capabilities = entry.texts("supportedCapabilities")
    product = next((name for id, name in _CAPABILITIES.items() if id in capabilities), "")
    naming_context = entry.text("defaultNamingContext")
    host, domain = entry.text("dnsHostName"), _dns_name(naming_context)
    known |= {
        "product": product,
        "domain": domain,
        "dns_host_name": host,
        "default_naming_context": naming_context,
        "naming_contexts": entry.texts("namingContexts")[:16],
        "domain_functional_level": _level(entry.text("domainFunctionality")),
        "forest_functional_level": _level(entry.text("forestFunctionality")),
        "controller_functional_level": _level(entry.text("domainControllerFunctionality")),
        "sasl_mechanisms": entry.texts("supportedSASLMechanisms")[:16],
        "ldap_versions": entry.texts("supportedLDAPVersion")[:8],
        "site": _site(entry.text("serverName")),
        "capabilities": capabilities[:16],
        "controls": list(dict.fromkeys(entry.texts("supportedControl")))[:64],
    }
    facts = {key: value for key, value in known.items() if value}
    if domain and _is_controller(entry, product):
        named = (
            f"Domain controller {host} of {domain}" if host else f"Domain controller of {domain}"
        )
        level = facts.get("domain_functional_level")
        facts["summary"] = f"{named}, functional level {level}" if level else named
        if entry.text("isSynchronized").upper() == "FALSE":
            facts["warning"] = True
            facts["summary"] = f"{facts['summary']}; it has not finished its first replication"
        return facts
    if product == ACTIVE_DIRECTORY:
        clause = "shows no domain"
        return facts | _no_controller(f"{product} answers, but it {clause}", clause, _WRONG_HOST)
    if not any(value for key, value in facts.items() if key not in _OF_ANY_SERVER):
        return facts | _no_controller(
            f"LDAP server that {_HIDDEN.clause}; {_HIDDEN.means}", _HIDDEN.clause, _HIDDEN.fix
        )
    vendor = _vendor(entry)
    who = product or (f"An LDAP server ({vendor})" if vendor else "An LDAP server")
    summary = f"{who} answers, but it is no domain controller"
    # The verdict says of the target, which is named as one, for what it can be used.
    return facts | _no_controller(summary, "is no domain controller's directory", _WRONG_HOST)


def _vendor(entry: Entry) -> str:
    """Vendor and version of a directory; a version that names its vendor stands alone."""
    name, version = entry.text("vendorName"), entry.text("vendorVersion")
    first = name.partition(" ")[0].rstrip(",.").casefold()
    return version if first and first in version.casefold() else f"{name} {version}".strip()


def _is_controller(entry: Entry, product: str) -> bool:
    """True for a domain's rootDSE as Active Directory shows it (MS-ADTS 3.1.1.3.2).

    A defaultNamingContext alone does not prove one: 389 Directory Server and AD LDS have it too.
    """
    if product or entry.texts("supportedCapabilities"):
        return product == ACTIVE_DIRECTORY
    return bool(entry.text("rootDomainNamingContext") and entry.text("domainFunctionality"))


def _clock_facts(entry: Entry, here: float) -> dict[str, object]:
    """The server's clock, in whole seconds, against `here`, seconds since 1970 on this machine."""
    values = entry.attributes.get("currenttime", ())
    there = generalized(values[0]) if values else None
    if there is None:
        return {}
    skew = there.timestamp() - here
    return {"server_time": there.isoformat(), "clock_skew_s": round(skew, 1)}


def _dns_name(distinguished: str) -> str:
    """`DC=corp,DC=example` as corp.example (RFC 2247 2); empty for another kind of name."""
    parts = [part.strip().partition("=") for part in distinguished.split(",")]
    if any(key.strip().upper() != "DC" or not value for key, _, value in parts):
        return ""
    return ".".join(value.strip() for _, _, value in parts)


def _site(server: str) -> str:
    """Paris of `CN=DC1,CN=Servers,CN=Paris,CN=Sites,…` (MS-ADTS 6.1.1.2.2.1)."""
    parts = [part.strip().partition("=")[2] for part in server.split(",")]
    return parts[2] if len(parts) > 3 and parts[1] == "Servers" and parts[3] == "Sites" else ""


def _level(number: str) -> str:
    return FUNCTIONAL_LEVELS.get(number, f"level {number}" if number else "")
