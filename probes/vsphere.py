"""vSphere Web Services probe over HTTPS: the product, without a login (vim25 API)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any

from probes.call import Answer, Call, Unexpected
from probes.clients.http import send_request
from probes.clients.tls import NotTls, TlsStream
from probes.model import WRONG_PRODUCT, Service
from probes.wire import vim
from probes.wire.certificate import BadCertificate, read_certificate
from probes.wire.http import Exchange, NotHttp, Request, Response, authority
from probes.wire.text import printable
from probes.wire.xml import NotXml, elements, fault

DEFAULT_PORT = 443

_BODIES = frozenset({200, 500})


async def ask(call: Call) -> Answer:
    """Ask for the service content behind TLS whose certificate is noted, not verified.

    Hosts are delivered with certificates of their own, so verification would prove nothing.
    Raises Unexpected for what is not TLS, not HTTP or not vSphere; EOFError, OSError and
    TimeoutError when nothing was said.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    tls = TlsStream(await call.stream(), _tls_context(), call.job.target.host)
    try:
        await tls.handshake()
        handshake_end = loop.time()
        response = await send_request(tls, _request(call))
    except NotTls as error:
        raise Unexpected(str(error)) from None
    except ssl.SSLError as error:
        words = (error.reason or "no reason given").replace("_", " ").lower()
        raise Unexpected(f"TLS that cannot be agreed on: {printable(words, 80)}") from None
    except NotHttp as error:
        raise Unexpected(f"TLS, but behind it {error}") from None
    facts = _tls_facts(tls) | _api_facts(response)
    return Answer(Service.CONFIRMED, facts, {"tls": (handshake_end - started) * 1000})


def _api_facts(response: Response) -> dict[str, Any]:
    """Facts about the product in the answer; raises Unexpected if it is not vSphere's."""
    try:
        found = elements(response.body)
    except NotXml:
        found = ()
    server = {"server": response.server}
    what = vim.about(found)
    if what is not None:
        return _product_facts(what) | server
    if not vim.is_vim(found):
        by = f" ({response.server})" if response.server else ""
        raise Unexpected(f"a web server{by} without the vSphere API: {response.status_line}")
    words = fault(found) or "it names no product"
    summary = f"The vSphere API answers, with a fault: {words}"
    return {"fault": words, "warning": True, "summary": summary} | server


def _request(call: Call) -> Exchange:
    host = authority(call.job.target.host, call.port, DEFAULT_PORT)
    headers = (("Content-Type", vim.CONTENT_TYPE), ("SOAPAction", vim.ACTION))
    return Exchange(Request("POST", vim.PATH, host, headers, vim.RETRIEVE), bodies=_BODIES)


def _tls_context() -> ssl.SSLContext:
    """TLS context that also accepts old hosts: nothing confidential is sent to them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    # LibreSSL has no security levels.
    with contextlib.suppress(ssl.SSLError):
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


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
