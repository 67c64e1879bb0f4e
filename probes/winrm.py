"""WinRM: does WS-Management answer, whose is it, and which logins does it offer (DSP0226 11)."""

from __future__ import annotations

import asyncio
from typing import Any

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.clients.http import exchanged
from probes.model import Service
from probes.vantage.stream import LimitExceeded, Stream
from probes.wire import wsman
from probes.wire.http import Exchange, NotHttp, Request, Response, authority, schemes
from probes.wire.xml import Element, NotXml, elements, fault

SHARE = 0.9
"""Part of the deadline used here; what is learned beyond the proof must not cost the proof."""
NOWHERE = "/auditreach-no-such-path"
"""A path that WS-Management never has: who asks for a login there asks for it everywhere."""

_BODIES = frozenset({200, 400, 500})
"""Answers and faults; every other body is a page for people."""
_LOGINS = frozenset({"negotiate", "kerberos", "credssp"})
"""Schemes that WinRM offers and ordinary web servers rarely do."""


async def ask(call: Call) -> Answer:
    """Send Identify without a login, then ask without it which logins are offered.

    Two connections, the second only after an answer. Raises Unexpected for HTTP without
    WS-Management and for anything that is not HTTP; EOFError, OSError and TimeoutError when
    nothing was said.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + call.timeout * SHARE
    try:
        response = await _identified(await call.stream(), call)
    except NotHttp as error:
        raise Unexpected(str(error)) from None
    if response.status == 401:
        return await _guarded(call, response, ends)
    found = _parsed(response)
    who = wsman.identity(found)
    if who is None and not wsman.speaks(found):
        raise Unexpected(_web_server(response))
    challenge = await _more(call, wsman.PATH, ends)
    logins = schemes(challenge.every("www-authenticate")) if challenge is not None else ()
    facts = _faulted(fault(found)) if who is None else _who(who)
    return _answer(facts, response, logins)


async def _identified(stream: Stream, call: Call) -> Response:
    request = Request(
        "POST",
        wsman.PATH,
        _host(call),
        (("Content-Type", wsman.CONTENT_TYPE), wsman.ANONYMOUS),
        wsman.IDENTIFY,
    )
    return await exchanged(stream, Exchange(request, bodies=_BODIES))


async def _guarded(call: Call, response: Response, ends: float) -> Answer:
    """An answer to a 401: whether the login is asked for on WS-Management's path alone."""
    logins = schemes(response.every("www-authenticate"))
    elsewhere = await _more(call, NOWHERE, ends)
    everywhere = elsewhere is not None and elsewhere.status == 401
    told = elsewhere is not None or any(login.lower() in _LOGINS for login in logins)
    if everywhere or not told:
        raise Unexpected(f"{_server(response)} asks for a login on every path ({_names(logins)})")
    facts: dict[str, Any] = {
        "summary": "WinRM answers and identifies itself only after a login",
        "anonymous_identify": False,
    }
    return _answer(facts, response, logins)


async def _more(call: Call, path: str, ends: float) -> Response | None:
    """What an empty POST to a path brings, on another connection; None if nothing useful."""
    request = Request(
        "POST", path, _host(call), (("Content-Type", wsman.CONTENT_TYPE), ("Content-Length", "0"))
    )
    try:
        async with asyncio.timeout_at(ends):
            stream = await call.connect()
            return await exchanged(stream, Exchange(request, body_most=0))
    except (NoAnswer, NotHttp, LimitExceeded, EOFError, OSError):
        return None


def _parsed(response: Response) -> tuple[Element, ...]:
    try:
        return elements(response.body)
    except NotXml:
        return ()


def _who(who: wsman.Identity) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "vendor": who.vendor,
        "product": who.product,
        "protocol": who.protocol,
        "summary": f"{who.product} by {who.vendor}" if who.windows else who.product,
    }
    if who.os:
        facts["os"] = who.os
        facts["summary"] += f" on Windows {who.os}"
    if not who.windows:
        facts["warning"] = True
        facts["summary"] = f"WS-Management answers, but it is no Windows: {who.product}"
    return facts


def _faulted(words: str) -> dict[str, Any]:
    return {
        "fault": words,
        "warning": True,
        "summary": f"WS-Management answers, with a fault: {words or 'no Identify response'}",
    }


def _answer(facts: dict[str, Any], response: Response, logins: tuple[str, ...]) -> Answer:
    facts |= {"http_status": response.status, "server": response.server}
    if logins:
        facts["auth_methods"] = list(logins)
        facts["summary"] += f"; login by {_names(logins)}"
    return Answer(Service.CONFIRMED, facts)


def _web_server(response: Response) -> str:
    """What answered instead of WS-Management."""
    if response.status == 404 and response.server.startswith("Microsoft-HTTPAPI/"):
        return f"Windows' HTTP service without a WinRM listener: {response.status_line}"
    return f"{_server(response)} that does not speak WS-Management: {response.status_line}"


def _server(response: Response) -> str:
    return f"a web server ({response.server})" if response.server else "a web server"


def _names(logins: tuple[str, ...]) -> str:
    return ", ".join(logins) or "no method named"


def _host(call: Call) -> str:
    return authority(call.job.target.host, call.port, 80)
