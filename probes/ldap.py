"""LDAP probe: the domain and name of a controller, read without a login (RFC 4511)."""

from __future__ import annotations

import time
from contextlib import suppress

from probes.call import Answer, Call, Unexpected
from probes.clients.framing import read_message
from probes.model import Service
from probes.wire import ldap
from probes.wire.ber import Malformed, generalized
from probes.wire.ldap import Entry, Refusal
from probes.wire.unexpected import excerpt

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

_CAPABILITIES = {
    "1.2.840.113556.1.4.1851": "Active Directory Lightweight Directory Services",
    "1.2.840.113556.1.4.800": "Active Directory",
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


async def ask(call: Call) -> Answer:
    """Search the rootDSE anonymously; its entry and every refusal prove an LDAP server.

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
    facts: dict[str, object] = {"result_code": reply.code, "result": reply.name}
    if reply.text:
        facts["result_text"] = reply.text
    if reply.code in ldap.BUSY:
        facts["warning"] = True
        facts["summary"] = f"LDAP server that says it cannot serve now ({reply.name})"
    elif reply.code in (0, 32):
        facts["summary"] = "LDAP server that shows nothing of itself without a login"
    else:
        facts["summary"] = f"LDAP server that refuses to be asked without a login ({reply.name})"
    return facts


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
    if domain:
        named = (
            f"Domain controller {host} of {domain}" if host else f"Domain controller of {domain}"
        )
        level = facts.get("domain_functional_level")
        facts["summary"] = f"{named}, functional level {level}" if level else named
    elif known["naming_contexts"] or product:
        # A directory that shows what it holds, and no domain is among it.
        facts["warning"] = True
        facts["summary"] = (
            f"{product or 'An LDAP server'} answers, but it is no domain controller: current-user "
            "information cannot be read from it"
        )
    else:
        facts["summary"] = "LDAP server that shows nothing of itself without a login"
    return facts


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
