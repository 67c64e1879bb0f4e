"""LDAP server with the rootDSE of a domain controller (RFC 4511 4.5, RFC 4512 5.1, MS-ADTS)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from probes.lab.transport import ConnectionHandler
from probes.wire import ber
from probes.wire.ber import element, integer

Attributes = Mapping[str, str | tuple[str, ...]]

OPERATIONS_ERROR = 1
_MAX_REQUEST = 64 * 1024
_SEARCH, _ENTRY, _DONE, _UNBIND = 3, 4, 5, 0x42


def controller_root_dse(name: str, domain: str, site: str = "Headquarters") -> Attributes:
    """The rootDSE of a domain controller (MS-ADTS 3.1.1.3.2)."""
    context = ",".join(f"DC={part}" for part in domain.split("."))
    configuration = f"CN=Configuration,{context}"
    short = name.partition(".")[0].upper()
    return {
        "defaultNamingContext": context,
        "rootDomainNamingContext": context,
        "configurationNamingContext": configuration,
        "namingContexts": (context, configuration),
        "dnsHostName": name,
        "serverName": f"CN={short},CN=Servers,CN={site},CN=Sites,{configuration}",
        "ldapServiceName": f"{domain}:{short.lower()}$@{domain.upper()}",
        "domainFunctionality": "7",
        "forestFunctionality": "7",
        "domainControllerFunctionality": "7",
        "isSynchronized": "TRUE",
        "isGlobalCatalogReady": "TRUE",
        "supportedCapabilities": ("1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"),
        "supportedSASLMechanisms": ("GSSAPI", "GSS-SPNEGO", "EXTERNAL", "DIGEST-MD5"),
        "supportedLDAPVersion": ("3", "2"),
    }


def octets(text: str) -> bytes:
    """An LDAPString (RFC 4511 4.1.2)."""
    return element(ber.OCTET_STRING, text.encode())


def message(operation: int, *contents: bytes, id: int = 1) -> bytes:
    """An LDAPMessage (RFC 4511 4.1.1)."""
    return element(ber.SEQUENCE, integer(id), element(ber.application(operation), *contents))


def entry(attributes: Attributes, id: int = 1) -> bytes:
    """A SearchResultEntry of the rootDSE (RFC 4511 4.5.2)."""
    pairs = []
    for name, values in attributes.items():
        each = (values,) if isinstance(values, str) else values
        pairs.append(
            element(ber.SEQUENCE, octets(name), element(ber.SET, *(octets(one) for one in each)))
        )
    return message(_ENTRY, octets(""), element(ber.SEQUENCE, *pairs), id=id)


def result(code: int, text: str = "", *, operation: int = _DONE, id: int = 1) -> bytes:
    """An LDAPResult (RFC 4511 4.1.9)."""
    contents = (integer(code, ber.ENUMERATED), octets(""), octets(text))
    return message(operation, *contents, id=id)


def root_dse_server(attributes: Attributes) -> ConnectionHandler:
    """Handler that serves the rootDSE anonymously and requires a login for everything else."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while True:
            try:
                size = ber.element_size(data, _MAX_REQUEST)
                if size is None or len(data) < size:
                    more = await reader.read(4096)
                    if not more:
                        return
                    data += more
                    continue
                response = _answer(data[:size], attributes)
            except ber.Malformed:
                return
            if response is None:
                return
            data = data[size:]
            writer.write(response)
            await writer.drain()

    return talk


def _answer(request: bytes, attributes: Attributes) -> bytes | None:
    """The response to a request; None for an unbind (RFC 4511 4.3)."""
    parts = ber.elements(ber.single(request, ber.SEQUENCE), 3)
    if len(parts) < 2:
        raise ber.Malformed("a message without an operation")
    id, operation = ber.to_integer(parts[0].content), parts[1]
    if operation.tag == _UNBIND:
        return None
    fields = ber.elements(operation.content)
    if operation.tag != ber.application(_SEARCH) or len(fields) != 8 or fields[0].content:
        return result(OPERATIONS_ERROR, "a login is needed for this", id=id)
    wanted = {
        one.content.decode("utf-8", "replace").lower() for one in ber.elements(fields[7].content)
    }
    now = {"currentTime": f"{datetime.now(UTC):%Y%m%d%H%M%S.0Z}"}
    shown = {
        name: value
        for name, value in {**attributes, **now}.items()
        if not wanted or name.lower() in wanted
    }
    return entry(shown, id) + result(0, id=id)
