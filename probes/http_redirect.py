"""HTTP probe on port 80 of an HTTPS host: the redirect to HTTPS (RFC 9110 15.4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from probes.call import Answer, Call, Unexpected
from probes.clients.http import send_request
from probes.model import Service
from probes.wire.address import same_address
from probes.wire.http import Exchange, NotHttp, Request, authority
from probes.wire.text import printable

DEFAULT_PORT = 80


async def ask(call: Call) -> Answer:
    """GET / and see where it leads (RFC 9110 15.4).

    Every HTTP answer proves HTTP; one that does not lead to https on the same host is not what ESXi
    gives, and a warning. Raises Unexpected for what is not HTTP.
    """
    request = Request("GET", "/", authority(call.job.target.host, call.port, DEFAULT_PORT))
    try:
        response = await send_request(await call.stream(), Exchange(request, max_body=0))
    except NotHttp as error:
        raise Unexpected(str(error)) from None
    location = printable(response.header("location")) if 300 <= response.status < 400 else ""
    facts: dict[str, Any] = {
        "http_status": response.status,
        "server": response.server,
        "location": location,
    }
    if _leads_to_same_host(location, call):
        facts["summary"] = f"HTTP, redirects to {location} as ESXi does"
    else:
        leads = f", redirects to {location}" if location else ""
        by = f" from {response.server}" if response.server else ""
        facts["summary"] = (
            f"{response.status_line}{by}{leads}; ESXi would redirect to https on itself, "
            "so this may be another web server, or a portal or filter on the path"
        )
        facts["warning"] = True
    return Answer(Service.CONFIRMED, facts)


def _leads_to_same_host(location: str, call: Call) -> bool:
    """True if a redirect leads to HTTPS on the same host, by any of its names."""
    try:
        parts = urlsplit(location)
        destination = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme != "https" or not destination:
        return False
    host = call.job.target.host.casefold().rstrip(".")
    names = (destination, host)
    short = all(any(char.isalpha() for char in name) and ":" not in name for name in names)
    return (
        destination == host
        or same_address(destination, call.address)
        or (short and destination.partition(".")[0] == host.partition(".")[0])
    )
