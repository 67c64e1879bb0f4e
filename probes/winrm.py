"""WinRM probe: WS-Management, its vendor and the logins it offers (DSP0226 11)."""

from __future__ import annotations

import asyncio
from typing import Any

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.clients.http import send_for_page, send_request
from probes.model import WRONG_PRODUCT, Service
from probes.vantage.stream import LimitExceeded, Stream
from probes.wire import wsman
from probes.wire.http import Exchange, NotHttp, Request, Response, authority, schemes
from probes.wire.intermediary import Problem, diagnose
from probes.wire.xml import Element, NotXml, elements, fault

DEADLINE_SHARE = 0.9
"""Part of the deadline used here; what is learned beyond the proof must not cost the proof."""
UNKNOWN_PATH = "/auditreach-no-such-path"
"""A path that WS-Management never has: a login that is asked for there is asked for everywhere."""

_BODIES = frozenset({200, 400, 500})
"""Answers and faults; every other body is a page for people."""
_NO_LISTENER_FIX = (
    "Enable PowerShell Remoting on the host (Enable-PSRemoting): the path is open and its HTTP "
    "service answers, but WinRM has no listener on this port."
)
_LOGINS = frozenset({"negotiate", "kerberos", "credssp"})
"""Schemes that WinRM offers and ordinary web servers rarely do."""


async def ask(call: Call) -> Answer:
    """Send Identify without a login, then ask without it which logins are offered.

    Two connections, the second only after an answer. An answer of what stands before WinRM is told
    with its cause. Raises Unexpected for HTTP without
    WS-Management and for anything that is not HTTP; EOFError, OSError and TimeoutError when
    nothing was said.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + call.patience * DEADLINE_SHARE
    try:
        response = await _identify(await call.stream(), call, deadline)
    except NotHttp as error:
        raise Unexpected(str(error)) from None
    if response.status == 401:
        return await _login_required(call, response, deadline)
    found = _parsed(response)
    identity = wsman.identity(found)
    if identity is None and not wsman.is_wsman(found):
        return _other_answer(call, response)
    challenge = await _post_empty(call, wsman.PATH, deadline)
    logins = schemes(challenge.every("www-authenticate")) if challenge is not None else ()
    facts = _fault_facts(fault(found)) if identity is None else _identity_facts(identity)
    return _answer(facts, response, logins)


async def _identify(stream: Stream, call: Call, deadline: float) -> Response:
    request = Request(
        "POST",
        wsman.PATH,
        _host(call),
        (("Content-Type", wsman.CONTENT_TYPE), wsman.ANONYMOUS),
        wsman.IDENTIFY,
    )
    return await send_for_page(stream, Exchange(request, bodies=_BODIES), deadline)


async def _login_required(call: Call, response: Response, deadline: float) -> Answer:
    """Answer after a 401; Unexpected unless only WS-Management's path asks for a login."""
    logins = schemes(response.every("www-authenticate"))
    other_path = await _post_empty(call, UNKNOWN_PATH, deadline)
    everywhere = other_path is not None and other_path.status == 401
    is_known = other_path is not None or any(login.lower() in _LOGINS for login in logins)
    if everywhere or not is_known:
        raise Unexpected(
            f"{_server(response)} asks for a login on every path ({_login_names(logins)})"
        )
    facts: dict[str, Any] = {
        "summary": "WinRM answers and identifies itself only after a login",
        "anonymous_identify": False,
    }
    return _answer(facts, response, logins)


async def _post_empty(call: Call, path: str, deadline: float) -> Response | None:
    """Response to an empty POST on another connection; None without a usable one."""
    request = Request(
        "POST", path, _host(call), (("Content-Type", wsman.CONTENT_TYPE), ("Content-Length", "0"))
    )
    try:
        async with asyncio.timeout_at(deadline):
            stream = await call.connect()
            return await send_request(stream, Exchange(request, max_body=0))
    except (NoAnswer, NotHttp, LimitExceeded, EOFError, OSError):
        return None


def _parsed(response: Response) -> tuple[Element, ...]:
    try:
        return elements(response.body)
    except NotXml:
        return ()


def _identity_facts(identity: wsman.Identity) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "vendor": identity.vendor,
        "product": identity.product,
        "protocol": identity.protocol,
        "summary": f"{identity.product} by {identity.vendor}"
        if identity.is_windows
        else identity.product,
    }
    if identity.os:
        facts["os"] = identity.os
        facts["summary"] += f" on Windows {identity.os}"
    if not identity.is_windows:
        facts |= {"warning": True, WRONG_PRODUCT: f"it is no Windows: {identity.product}"}
        facts["summary"] = f"WS-Management answers, but {facts[WRONG_PRODUCT]}"
    return facts


def _fault_facts(words: str) -> dict[str, Any]:
    how = f"with a fault: {words}" if words else "and does not identify itself"
    return {"fault": words, "warning": True, "summary": f"WS-Management answers, {how}"}


def _answer(facts: dict[str, Any], response: Response, logins: tuple[str, ...]) -> Answer:
    facts |= {"http_status": response.status, "server": response.server}
    if response.oddities:
        facts["http_oddities"] = list(response.oddities)
    if logins:
        facts["auth_methods"] = list(logins)
        facts["summary"] += f"; login by {_login_names(logins)}"
    if response.oddities:
        facts["summary"] += f"; its HTTP answer has {response.deviation}"
    if response.exceeds_clients:
        facts["warning"] = True
    return Answer(Service.CONFIRMED, facts)


def _other_answer(call: Call, response: Response) -> Answer:
    """Answer for HTTP without WS-Management; raises Unexpected where no cause is known."""
    found = diagnose(response, "WinRM", _host(call), call.address)
    if found is None or found.problem is Problem.CLIENT_CERTIFICATE:
        what = f"{_server(response)} that does not speak WS-Management: {response.status_line}"
        raise Unexpected(f"{what}; {found.text}" if found else what)
    facts: dict[str, Any] = {"http_status": response.status, "server": response.server}
    if found.problem is Problem.NO_LISTENER:
        facts["fix"] = _NO_LISTENER_FIX
    return Answer(Service.UNEXPECTED, found.facts | facts)


def _server(response: Response) -> str:
    return f"a web server ({response.server})" if response.server else "a web server"


def _login_names(logins: tuple[str, ...]) -> str:
    return ", ".join(logins) or "no method named"


def _host(call: Call) -> str:
    return authority(call.job.target.host, call.port, 80)
