"""HTTP probe on port 80 of an HTTPS host: the redirect to HTTPS (RFC 9110 15.4)."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from probes.call import Answer, Call, Unexpected
from probes.clients.http import send_for_page
from probes.model import Service
from probes.wire.address import is_same_host
from probes.wire.http import Exchange, NotHttp, Request, Response, authority
from probes.wire.intermediary import (
    MAX_PAGE,
    WEB_APPLICATION,
    Diagnosis,
    Problem,
    diagnose,
)
from probes.wire.text import printable

DEFAULT_PORT = 80
DEADLINE_SHARE = 0.9
"""Part of the deadline within which the page of an error is read."""

_NOT_SERVED = (Problem.SERVICE_DOWN, Problem.PROXY)


async def ask(call: Call) -> Answer:
    """GET / and see where it leads (RFC 9110 15.4).

    Every HTTP answer of the host proves HTTP; one that does not lead to https on the same host is
    not what ESXi gives, and a warning. One that says that the service is down, or that a proxy
    gave in the host's place, proves nothing. Raises Unexpected for what is not HTTP.
    """
    deadline = asyncio.get_running_loop().time() + call.timeout * DEADLINE_SHARE
    host = authority(call.job.target.host, call.port, DEFAULT_PORT)
    exchange = Exchange(Request("GET", "/", host), max_body=MAX_PAGE, bodies=range(0))
    try:
        response = await send_for_page(await call.stream(), exchange, deadline)
    except NotHttp as error:
        raise Unexpected(str(error)) from None
    location = printable(response.header("location")) if 300 <= response.status < 400 else ""
    facts: dict[str, Any] = {
        "http_status": response.status,
        "server": response.server,
        "location": location,
    }
    if response.oddities:
        facts["http_oddities"] = list(response.oddities)
    found = diagnose(response, WEB_APPLICATION, host, call.address)
    if found is not None and found.problem in _NOT_SERVED:
        return Answer(Service.UNEXPECTED, facts | found.facts)
    if _leads_to_same_host(location, call):
        facts["summary"] = f"HTTP, redirects to {location} as ESXi does"
    else:
        facts |= _other_facts(response, location, found)
    if response.oddities:
        facts["summary"] = f"{facts['summary']}; its HTTP answer has {response.deviation}"
    if response.exceeds_clients:
        facts["warning"] = True
    return Answer(Service.CONFIRMED, facts)


def _other_facts(response: Response, location: str, found: Diagnosis | None) -> dict[str, Any]:
    """Facts about an answer that ESXi does not give."""
    if found is not None and found.problem not in (Problem.PORTAL, Problem.REFUSED):
        summary = f"HTTP, but {found.text}; ESXi would redirect to https on itself"
        facts = {"summary": summary, "warning": True, "fix": found.fix}
        if found.problem is Problem.UNAVAILABLE:
            facts["shortfall"] = f"it says that it cannot serve now ({response.status})"
        return facts
    leads = f", redirects to {location}" if location else ""
    by = f" from {response.server}" if response.server else ""
    summary = (
        f"{response.status_line}{by}{leads}; ESXi would redirect to https on itself, "
        "so this may be another web server, or a portal or filter on the path"
    )
    return {"summary": summary, "warning": True}


def _leads_to_same_host(location: str, call: Call) -> bool:
    """True if a redirect leads to HTTPS on the same host, by any of its names."""
    try:
        parts = urlsplit(location)
        destination = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme != "https" or not destination:
        return False
    return is_same_host(destination, call.job.target.host, call.address)
