"""vSphere Web Services probe over HTTPS: the product, without a login (vim25 API)."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from probes.call import Answer, Call, Unexpected
from probes.clients.http import send_for_page
from probes.clients.tls import NotTls, TlsFailure, TlsStream, unverified_context
from probes.model import WRONG_PRODUCT, Service
from probes.wire import vim
from probes.wire.certificate import BadCertificate, read_certificate
from probes.wire.http import Exchange, NotHttp, Request, Response, authority
from probes.wire.intermediary import VSPHERE, diagnose, diagnose_plain, is_http_sys
from probes.wire.tls import OLD_VERSIONS
from probes.wire.xml import Element, NotXml, elements, fault

DEFAULT_PORT = 443
DEADLINE_SHARE = 0.9
"""Part of the deadline within which the page of an error is read."""

_BODIES = frozenset({200, 500})


async def ask(call: Call) -> Answer:
    """Ask for the service content behind TLS whose certificate is noted, not verified.

    Hosts are delivered with certificates of their own, so verification would prove nothing.
    Raises Unexpected for what is not TLS, not HTTP or not vSphere, unless it is known what stands
    before vSphere and why it answered in its place; EOFError, OSError and
    TimeoutError when nothing was said.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    exchange, host = _request(call)
    oldest = unverified_context(ssl.TLSVersion.MINIMUM_SUPPORTED)
    # A zone belongs to this machine and says nothing to the server (RFC 6874 1).
    name = call.job.target.host.partition("%")[0]
    tls = TlsStream(await call.stream(), oldest, name)
    try:
        await tls.handshake()
        handshake_end = loop.time()
        response = await send_for_page(tls, exchange, started + call.timeout * DEADLINE_SHARE)
    except NotTls as error:
        if plain := diagnose_plain(error.start, host, call.address):
            return Answer(Service.UNEXPECTED, plain.facts)
        raise Unexpected(str(error)) from None
    except TlsFailure as error:
        failure = error.failure
        text = f"Open, but {failure.text}"
        return Answer(Service.UNEXPECTED, {"summary": text, "unproven": "tls", "fix": failure.fix})
    except NotHttp as error:
        raise Unexpected(f"TLS, but behind it {error}") from None
    timings = {"tls": (handshake_end - started) * 1000}
    found = _parsed(response)
    if not vim.is_vim(found):
        return Answer(
            Service.UNEXPECTED, _tls_facts(tls) | _other_facts(call, response, host), timings
        )
    facts = _tls_facts(tls) | _api_facts(found, response)
    if response.oddities:
        facts["summary"] = f"{facts['summary']}; its HTTP answer has {response.deviation}"
    if response.exceeds_clients:
        facts["warning"] = True
    if tls.version in OLD_VERSIONS:
        facts["summary"] = f"{facts['summary']}; no later than {tls.version}, which clients refuse"
        facts["warning"] = True
    return Answer(Service.CONFIRMED, facts, timings)


def _parsed(response: Response) -> tuple[Element, ...]:
    try:
        return elements(response.body)
    except NotXml:
        return ()


def _other_facts(call: Call, response: Response, host: str) -> dict[str, Any]:
    """Facts about what answered in place of vSphere; raises Unexpected without a known cause."""
    found = diagnose(response, VSPHERE, host, call.address, encrypted=True)
    if found is None or is_http_sys(response):
        by = f" ({response.server})" if response.server else ""
        raise Unexpected(f"a web server{by} without the vSphere API: {response.status_line}")
    return found.facts | {"http_status": response.status, "server": response.server}


def _api_facts(found: tuple[Element, ...], response: Response) -> dict[str, Any]:
    """Facts about the product in the answer."""
    server: dict[str, Any] = {"server": response.server}
    if response.oddities:
        server["http_oddities"] = list(response.oddities)
    what = vim.about(found)
    if what is not None:
        return _product_facts(what) | server
    words = fault(found)
    summary = "The vSphere API answers, "
    summary += f"with a fault: {words}" if words else "and names no product"
    # An ESXi host in order says it to everybody.
    short = "it does not say which product it is"
    return {"fault": words, "warning": True, "summary": summary, "shortfall": short} | server


def _request(call: Call) -> tuple[Exchange, str]:
    """The exchange, and the Host field in it."""
    host = authority(call.job.target.host, call.port, DEFAULT_PORT)
    headers = (("Content-Type", vim.CONTENT_TYPE), ("SOAPAction", vim.ACTION))
    request = Request("POST", vim.PATH, host, headers, vim.RETRIEVE)
    return Exchange(request, bodies=_BODIES), host


def _product_facts(what: vim.About) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "product": what.product,
        "name": what.name,
        "version": what.version,
        "build": what.build,
        "vendor": what.vendor,
        "product_line": what.product_line,
        "api_type": what.api_type,
        "api_version": what.api_version,
        "summary": what.product or "The vSphere API answers and names no product",
    }
    if what.is_vcenter:
        facts["vcenter"] = True
    if not what.is_esxi:
        other = _wrong_product(what)
        facts["summary"] = f"{facts['summary']}: {other}"
        facts |= {"warning": True, WRONG_PRODUCT: f"{what.name}: {other}" if what.name else other}
    return facts


def _wrong_product(what: vim.About) -> str:
    """Clause about a product that is not known to be ESXi, and what to do."""
    if what.is_vcenter:
        return (
            "a vCenter server that manages hosts, not an ESXi host (name its hosts: the audit "
            "needs each of them)"
        )
    if what.name or what.product_line:
        return "the vSphere API, but not an ESXi host (name the ESXi hosts)"
    return "the vSphere API, but it does not say that it is an ESXi host"


def _tls_facts(tls: TlsStream) -> dict[str, Any]:
    facts: dict[str, Any] = {"tls_version": tls.version}
    for der in tls.chain()[:1]:
        try:
            facts["certificate"] = read_certificate(der).facts()
        except BadCertificate as error:
            facts["certificate_problem"] = str(error)
    return facts
