"""A tunnel through an HTTP proxy (CONNECT, RFC 9110 9.3.6), and the proxy's own refusals."""

from __future__ import annotations

import base64

from probes.clients.http import send_request
from probes.vantage.stream import Stream
from probes.wire.http import Exchange, NotHttp, Request, Response, authority, schemes
from probes.wire.proxy import Proxy
from probes.wire.text import printable
from probes.wire.unexpected import is_tls

_NO_DEFAULT_PORT = 0
_LOGIN_WANTED = 407
_PORTAL = 511
_NO_PROXY_STATUSES = frozenset({400, 401, 404, 405, 501})
"""Answers of web servers to CONNECT, a method that they do not have."""


class ProxyRefused(Exception):
    """The proxy opened no tunnel; the text is a sentence, `facts` what it said."""

    def __init__(self, text: str, facts: dict[str, object]) -> None:
        super().__init__(text)
        self.facts = facts


async def open_tunnel(stream: Stream, proxy: Proxy, label: str, host: str, port: int) -> None:
    """Open a tunnel to host and port through the proxy, named `label`, on the stream to it.

    Raises ProxyRefused, EOFError when the proxy closes without a word and OSError on a reset.
    """
    target = authority(host, port, _NO_DEFAULT_PORT)
    login = base64.b64encode(f"{proxy.user}:{proxy.password}".encode())
    headers = [("User-Agent", "auditreach")]
    if proxy.has_login:
        headers.append(("Proxy-Authorization", f"Basic {login.decode()}"))
    request = Request("CONNECT", target, target, tuple(headers))
    exchange = Exchange(request, bodies=range(0))
    try:
        response = await send_request(stream, exchange)
    except NotHttp as error:
        fix = "Correct the address of the proxy: what answers there is no HTTP proxy."
        text = f"The proxy {label} is no HTTP proxy: it is {error}"
        raise ProxyRefused(text, {"fix": fix}) from None
    if not 200 <= response.status < 300:
        raise ProxyRefused(*_refusal(response, proxy, label, target))
    if _is_page(response):
        facts = {
            "proxy_status": response.status,
            "proxy_server": response.server,
            "fix": "Correct the address of the proxy, or log in at its page: it opens no tunnel.",
        }
        text = f"The proxy {label} answers with a page and opens no tunnel to {target}"
        raise ProxyRefused(f"{text}: {printable(response.status_line, 60)}", facts)
    # What follows the head is of the far end of the tunnel.
    stream.unread(response.body)


def _is_page(response: Response) -> bool:
    """True if what follows a 2xx is a page, as a web server or portal gives to any method."""
    if response.body:
        return not is_tls(response.body)
    has_length = response.header("content-length").strip() not in ("", "0")
    return has_length and "html" in response.header("content-type").lower()


def _refusal(
    response: Response, proxy: Proxy, label: str, target: str
) -> tuple[str, dict[str, object]]:
    """The refusal in a sentence, and as facts."""
    status = printable(f"{response.status} {response.reason}", 60)
    facts: dict[str, object] = {"proxy_status": response.status, "proxy_server": response.server}
    # Squid names the cause here, as ERR_DNS_FAIL or ERR_CONNECT_FAIL 111.
    cause = printable(response.header("x-squid-error"), 60)
    if cause:
        facts["proxy_error"] = cause
        status = f"{status}, {cause}"
    if response.status == _LOGIN_WANTED:
        return _login_wanted(response, proxy, label, status, facts)
    if response.status in _NO_PROXY_STATUSES and not cause and not response.header("via"):
        facts["fix"] = "Correct the address of the proxy: what answers there takes no CONNECT."
        by = f" ({response.server})" if response.server else ""
        return f"The proxy {label} takes no CONNECT, perhaps a web server{by}: {status}", facts
    if 300 <= response.status < 400:
        facts["location"] = printable(response.header("location"))
        facts["fix"] = f"Let the proxy open a tunnel to {target} without a visit to its pages."
        to = f" to {facts['location']}" if facts["location"] else ""
        text = f"The proxy {label} sends clients on{to} instead of connecting to {target}: {status}"
        return text, facts
    if response.status == _PORTAL:
        facts["fix"] = "Log in at the pages of the proxy, or exempt this host from its portal."
        return f"The proxy {label} wants a login at its portal first: {status}", facts
    if response.status >= 500:
        facts["fix"] = f"Allow the proxy to connect to {target} and to resolve its name."
        return f"The proxy {label} cannot reach {target}: {status}", facts
    facts["fix"] = f"Allow CONNECT to {target} in the rules of the proxy."
    return f"The proxy {label} refuses to connect to {target}: {status}", facts


def _login_wanted(
    response: Response, proxy: Proxy, label: str, status: str, facts: dict[str, object]
) -> tuple[str, dict[str, object]]:
    """The refusal of a proxy that wants a login, by the schemes it offers (RFC 9110 11.7)."""
    offers = [printable(one, 30) for one in schemes(response.every("proxy-authenticate"))[:6]]
    facts["proxy_auth"] = offers
    facts["fix"] = "Give the Audit Service a login that the proxy accepts."
    takes_basic = not offers or any(one.casefold() == "basic" for one in offers)
    offered = f" ({', '.join(offers)})" if offers else ""
    if not takes_basic:
        facts["fix"] = (
            "Give the Audit Service an account that the proxy accepts by "
            f"{' or '.join(offers)}, or let its host through without a login."
        )
        given = "does not take the Basic login it was given and " if proxy.has_login else ""
        return (
            f"The proxy {label} {given}wants a login{offered}: {status}; only Basic can be tried "
            "from here, so this proves the way to the proxy and no more"
        ), facts
    if proxy.has_login:
        return f"The proxy {label} does not accept the login it was given: {status}", facts
    return (
        f"The proxy {label} wants a login{offered}: {status}; "
        "give it in HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT"
    ), facts
