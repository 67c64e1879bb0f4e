"""Responses that come not from the service but from what stands before it (RFC 9110 3.7, 15.6).

A gateway or HTTP.sys whose service is down, a listener for another name, a proxy on the path, a
server that demands a certificate of the client. Each with what it is and what helps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from probes.wire.address import is_same_host
from probes.wire.http import Response, read_early
from probes.wire.text import printable
from probes.wire.tls import CERTIFICATE_FIX

VSPHERE = "vSphere"
WEB_APPLICATION = "the web application"
"""Names of services, for sentences."""
MAX_PAGE = 8 * 1024
"""Bytes of an error page that are looked through."""
PAGE_STATUSES = frozenset({400, 403, 404, 421, 451, 495, 496, *range(500, 600)})
"""Statuses whose page can tell the cause."""


class Problem(StrEnum):
    """Reason why the service itself did not answer."""

    SERVICE_DOWN = "service down"
    """A gateway, or a listener that several services share, has nothing behind it."""
    UNAVAILABLE = "unavailable"
    """The server says of itself that it cannot serve now."""
    OTHER_NAME = "other name"
    """The listener serves other names than the one it was asked by."""
    NO_LISTENER = "no listener"
    """HTTP.sys runs, and no program listens at this URL."""
    REFUSED = "refused"
    """HTTP.sys answers with an error of another kind."""
    PROXY = "proxy"
    """A proxy or filter answered in the host's place."""
    PORTAL = "portal"
    """Something sends clients to another host, as a captive portal does."""
    CLIENT_CERTIFICATE = "client certificate"
    """The server answers only clients that have a certificate."""
    TLS_WANTED = "TLS wanted"
    """The port speaks TLS, and was asked without."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Cause of an answer that is not the service's."""

    problem: Problem
    text: str
    """A clause that follows `Open, but `, with the status line."""
    fix: str
    """The change that helps, as a sentence."""
    answered_by: str = ""
    """Name of a proxy that answered in the host's place, where it has one."""

    @property
    def facts(self) -> dict[str, object]:
        """Facts of a row whose service was not reached."""
        named: dict[str, object] = {"answered_by": self.answered_by} if self.answered_by else {}
        return named | {
            "summary": f"Open, but {self.text}",
            "http_problem": str(self.problem),
            "unproven": "http",
            "fix": self.fix,
        }


_NO_RULE = "the connection gets through, so no firewall rule has to change."
_HTTP_SYS = re.compile(r"microsoft-httpapi/", re.IGNORECASE)
_HTTP_SYS_PAGE = re.compile(rb"http error [45][0-9]{2}\. [^.]", re.IGNORECASE)
"""Beginning of its pages, which tells it where its Server field is switched off."""
_HTTP_SYS_CAUSE = re.compile(
    rb"http error [45][0-9]{2}\. (?!the service is unavailable|the requested resource)([^.]{1,80})",
    re.IGNORECASE,
)
_HTTP_SYS_BUSY = re.compile(rb"too many concurrent requests", re.IGNORECASE)
_PATH_PROXY = re.compile(
    r"squid|blue ?coat|proxysg|zscaler|mcafee web gateway|skyhigh|websense|forcepoint|ironport"
    r"|cisco-wsa|sophos|fortiproxy|fortigate|fortiguard|watchguard|barracuda|iboss|mikrotik"
    r"|trend micro|iwsva|smoothwall|privoxy|tinyproxy|checkpoint|netskope|kerio|ccproxy|wingate",
    re.IGNORECASE,
)
"""Products that filter what clients ask for, as their Server and Via fields name them."""
_PATH_PROXY_FIELDS = ("x-squid-error", "x-bluecoat-via", "x-zscaler-error", "proxy-agent")
_GATEWAY = re.compile(
    r"nginx|openresty|tengine|angie|envoy|haproxy|awselb|cloudflare|cloudfront|varnish|traefik"
    r"|caddy|akamai|azure|big-?ip|netscaler|ns-cache|fastly|\bgfe\b|google"
    r"|apisix|kong|litespeed|pound|vegur|heroku",
    re.IGNORECASE,
)
"""Servers that stand before other servers as a rule."""
_GATEWAY_PAGE = re.compile(
    rb"no server is available to handle this request|upstream connect error|no healthy upstream"
    rb"|backend fetch failed|proxy error|proxy server (?:received|could not)|application gateway"
    rb"|server is temporarily unable to service your request|no available server"
    rb"|is currently not serving requests|our services aren't available right now"
    rb"|failed to connect to endpoint|no such app|bad gateway|http/1\.1 service unavailable",
    re.IGNORECASE,
)
_FILTER_PAGE = re.compile(
    rb"web page blocked|web filter violation|fortiguard|network error \((?:tcp|dns|ssl|icap)_\w+\)"
    rb"|internet security by zscaler|\(squid(?:/[0-9.]+)?\)|mcafee web gateway|cisco umbrella"
    rb"|sophos (?:web|utm|firewall)|barracuda web",
    re.IGNORECASE,
)
"""Words of the pages of products that filter, which tell them where their fields do not."""
_ESXI_PAGE = re.compile(
    rb"failed to connect to endpoint|proxy-sdk-tunnel|_servernamespace|n7vmacore", re.IGNORECASE
)
"""Words of the reverse proxy of ESXi and vCenter."""
_HOSTD_PAGE = re.compile(rb"proxy-sdk-tunnel|_port = 830[0-9]\b|hostd", re.IGNORECASE)
_VCENTER_PAGE = re.compile(rb"vpxd|vsphere-(?:ui|client)|websso|/sso-|/psc", re.IGNORECASE)
"""Names of the services behind it, of ESXi and of vCenter."""
_ENVOY = re.compile(r"\benvoy\b", re.IGNORECASE)
_CERTIFICATE_PAGE = re.compile(
    rb"no required ssl certificate was sent|the ssl certificate error|403\.(?:7|13|16|17)\b"
    rb"|(?:ssl|no) client certificate|client certificate (?:is )?(?:required|missing|needed)"
    rb"|(?:requires?|without|provide) an? (?:valid )?client certificate"
    rb"|cannot perform post-handshake authentication",
    re.IGNORECASE,
)
_CERTIFICATE_STATUSES = frozenset({495, 496})
"""Statuses of nginx's own."""
_TLS_PAGE = re.compile(
    rb"plain http request was sent to https port|client sent an http request to an https server"
    rb"|speaking plain http to an ssl-enabled server port"
    rb"|combination of host and port requires tls|ssl (?:is )?required|403\.4\b"
    rb"|http request sent to https|use the https scheme",
    re.IGNORECASE,
)
_NAME_PAGE = re.compile(
    rb"invalid host ?name|invalid (?:http_)?host header|misdirected request|invalid sni\b"
    rb"|unknown (?:virtual )?host\b|host(?:name)? [^ ]{1,255} provided via (?:sni|http)\b"
    rb"|direct ip access not allowed|blocked hosts?:|the host \[[^\]]{1,255}\] is not valid",
    re.IGNORECASE,
)
_MISDIRECTED = 421
_LOGIN_WANTED = 407
_FILTER_STATUSES = frozenset({403, 451, *range(500, 600)})
_PAGE_FOR_ALL = 200
"""Status with which some filters give their page."""
_PORTAL_STATUS = 511
_GATEWAY_STATUSES = frozenset({502, 504, *range(520, 528), 530})
"""Statuses that only a gateway has (RFC 9110 15.6.3, 15.6.5), and Cloudflare's."""
_UNAVAILABLE = 503

_CAUSES = (
    *(_CERTIFICATE_PAGE, _TLS_PAGE, _NAME_PAGE, _FILTER_PAGE, _ESXI_PAGE, _GATEWAY_PAGE),
    _HTTP_SYS_CAUSE,
)
_TAG = re.compile(rb"<[^<>]{0,200}>")

_TLS_BEHIND_FIX = "Have the device before the service speak TLS to it as well: " + _NO_RULE
_VCENTER_FIX = "Start the services of vCenter there (vpxd), and name its ESXi hosts, each of them."
_NAME_FIX = (
    "Name the host as its listener has it (by its full name instead of its address, or the other "
    f"way round), or have the listener take every name: {_NO_RULE}"
)
_HOSTD_FIX = (
    "Restart the management agents on the host (hostd; in its console: Troubleshooting Options): "
    + _NO_RULE
)


def diagnose(
    response: Response,
    service: str,
    host: str,
    address: str = "",
    *,
    encrypted: bool = False,
    verified: bool = False,
) -> Diagnosis | None:
    """Cause of a response, where what answered is not the service; None where nothing tells so.

    Its body is looked through as far as it was read. `service` names what should have answered,
    `host` is the Host field that was sent. `encrypted` is True over TLS. `verified` is True behind
    a trusted certificate: only a device whose certificates are trusted here can then answer in
    the host's place, and it has to say so itself.
    """
    page, status = _words(response), response.status
    line = _status_line(response, page)
    if status in _CERTIFICATE_STATUSES or (400 <= status < 500 and _CERTIFICATE_PAGE.search(page)):
        text = f"it demands a certificate of the client: {line}"
        return Diagnosis(Problem.CLIENT_CERTIFICATE, text, CERTIFICATE_FIX)
    if 400 <= status < 500 and _TLS_PAGE.search(page):
        return _tls_wanted(line, service, encrypted=encrypted)
    if status == _MISDIRECTED or (400 <= status < 500 and _NAME_PAGE.search(page)):
        return _other_name(response, line, host)
    if _is_by_proxy(response, page):
        return _answered_by_proxy(status, line, _proxy_name(response))
    if not verified and (found := _by_path(response, line, host, address)):
        return found
    if status >= 400 and status != 401 and is_http_sys(response):
        return _by_http_sys(response, line, page, service)
    return _by_gateway(response, line, page, service)


def diagnose_plain(early: bytes, host: str, address: str) -> Diagnosis | None:
    """Cause of plain HTTP where TLS was asked: a proxy or portal on the path; None for any other.

    `early` is what came so far.
    """
    response = read_early(early) if early.startswith(b"HTTP/") else None
    if response is None:
        return None
    page = _words(response)
    line = _status_line(response, page)
    found = (
        _answered_by_proxy(response.status, line, _proxy_name(response))
        if _is_by_proxy(response, page)
        else _by_path(response, line, host, address)
    )
    if found is None:
        return None
    return replace(found, text=f"plain HTTP without TLS answers: {found.text}")


def is_http_sys(response: Response) -> bool:
    """True for an answer of Windows' HTTP service itself, by its Server field or else its page."""
    if server := response.header("server"):
        return _HTTP_SYS.match(server) is not None
    return _HTTP_SYS_PAGE.search(_words(response)) is not None


def _redirect_host(location: str, host: str, address: str) -> str:
    """Host of an absolute Location that is not the one that was asked; else empty."""
    try:
        found = urlsplit(location).hostname or ""
    except ValueError:
        return ""
    return "" if not found or is_same_host(found, host, address) else printable(found, 80)


def _words(response: Response) -> bytes:
    """Reason and page without markup, with single spaces, however the page breaks its lines."""
    text = _TAG.sub(b" ", response.body[:MAX_PAGE])
    return b" ".join((response.reason.encode("latin-1", "replace") + b" - " + text).split())


def _status_line(response: Response, page: bytes) -> str:
    """`HTTP 503 Service Unavailable, ERR_CONNECT_FAIL 111`, with the proxy's own cause."""
    line = response.status_line
    if cause := printable(response.header("x-squid-error"), 60):
        return f"{line}, {cause}"
    cause = _page_cause(page)
    return line if cause.casefold() in line.casefold() else f"{line}, “{cause}”"


def _page_cause(page: bytes) -> str:
    """Words of a page that tell the cause, one harmless line; empty without any."""
    for pattern in _CAUSES:
        if found := pattern.search(page):
            return printable(found[found.lastindex or 0], 80)
    return ""


def _other_name(response: Response, line: str, host: str) -> Diagnosis:
    asked = printable(host, 100)
    text = f"the listener wants another name than “{asked}”: {_who(response, 'it')} says {line}"
    return Diagnosis(Problem.OTHER_NAME, text, _NAME_FIX)


def _tls_wanted(line: str, service: str, *, encrypted: bool) -> Diagnosis:
    if encrypted:
        text = f"a device before the service passes requests on to it without TLS: it says {line}"
        return Diagnosis(Problem.TLS_WANTED, text, _TLS_BEHIND_FIX)
    text = f"what listens there speaks TLS and was asked without: {line}"
    fix = f"Have {service} listen there without TLS, or correct the address: {_NO_RULE}"
    return Diagnosis(Problem.TLS_WANTED, text, fix)


def _is_by_proxy(response: Response, page: bytes) -> bool:
    """True if a proxy or filter says of itself that it gave this answer.

    Its name in Via alone does not: there it stands beside what servers answer through it too.
    """
    status, server = response.status, response.server
    if status == _LOGIN_WANTED:
        return True
    if status == _PAGE_FOR_ALL:
        return not server and _FILTER_PAGE.search(page) is not None
    if status < 300:
        return False
    if _PATH_PROXY.search(server) or any(response.header(name) for name in _PATH_PROXY_FIELDS):
        return True
    can_be_its_own = status in _FILTER_STATUSES and not server
    return can_be_its_own and bool(_PATH_PROXY.search(_via(response)) or _FILTER_PAGE.search(page))


def _by_path(response: Response, line: str, host: str, address: str) -> Diagnosis | None:
    """Diagnosis of an answer that something on the path may have given in the host's place."""
    status = response.status
    if status == _PORTAL_STATUS:
        text = f"a captive portal on the path answers and wants a login: {line}"
        fix = "Exempt this machine and the Audit Service host from the captive portal."
        return Diagnosis(Problem.PROXY, text, fix)
    name, _, port = host.rpartition(":")
    location = response.header("location") if 300 <= status < 400 else ""
    via = "" if response.server or _GATEWAY.search(_via(response)) else _via(response)
    if via and status in (_UNAVAILABLE, *_GATEWAY_STATUSES):
        return _answered_by_proxy(status, line, f"Via {via}")
    bare = (name if port.isdigit() else host).strip("[]")
    if elsewhere := _redirect_host(location, bare, address):
        text = (
            f"a web server sends clients on to {elsewhere}: {line}; "
            "perhaps a captive portal or a filter on the path"
        )
        fix = (
            f"Find out whether {elsewhere} belongs to a portal or filter on the way, and exempt "
            "the Audit Service host there; else correct the address."
        )
        return Diagnosis(Problem.PORTAL, text, fix)
    return None


def _answered_by_proxy(status: int, line: str, name: str) -> Diagnosis:
    who = f" ({name})" if name else ""
    text = f"a proxy on the path answers in the host's place{who}: {line}"
    if status >= 500:
        fix = "Let the proxy reach the host, or let the Audit Service host bypass the proxy."
    elif status == 407:
        fix = "Let the Audit Service host bypass the proxy: it wants a login for this connection."
    else:
        fix = "Allow the host in the rules of the proxy, or let the Audit Service host bypass it."
    return Diagnosis(Problem.PROXY, text, fix, name)


def _by_http_sys(response: Response, line: str, page: bytes, service: str) -> Diagnosis | None:
    """Diagnosis of an error of Windows' HTTP service itself."""
    name = _who(response, "")
    if response.status in _GATEWAY_STATUSES:
        return _by_gateway(response, line, page, service)
    if response.status == _UNAVAILABLE:
        how = "overloaded" if _HTTP_SYS_BUSY.search(page) else "down"
        text = f"the service behind it is {how}: {name} answers for {service}: {line}"
        fix = f"Start {service} on the host, or check there why it does not answer: {_NO_RULE}"
        return Diagnosis(Problem.SERVICE_DOWN, text, fix)
    if response.status == 404:
        text = f"it is Windows' HTTP service without a {service} listener: {line}"
        fix = f"Have {service} listen there, or correct the address: {_NO_RULE}"
        return Diagnosis(Problem.NO_LISTENER, text, fix)
    if response.status == 400 and not response.body:
        # Its page would name the reason; a request that is well formed leaves the name.
        text = (
            f"{name} refuses the request, perhaps because its listener wants another name: {line}"
        )
        return Diagnosis(Problem.OTHER_NAME, text, _NAME_FIX)
    text = f"{name} answers with an error, and {service} was not seen behind it: {line}"
    fix = f"Check on the host why {service} does not answer there: {_NO_RULE}"
    return Diagnosis(Problem.REFUSED, text, fix)


def _by_gateway(response: Response, line: str, page: bytes, service: str) -> Diagnosis | None:
    status = response.status
    if status not in _GATEWAY_STATUSES and status != _UNAVAILABLE:
        return None
    if _ESXI_PAGE.search(page):
        return _by_vmware(line, page)
    gateway = response.server if _GATEWAY.search(response.server) else ""
    if not gateway and _via(response):
        gateway = f"Via {_via(response)}"
    if status == _UNAVAILABLE and not gateway and not _GATEWAY_PAGE.search(page):
        by = f" ({response.server})" if response.server else ""
        text = f"the server{by} says that it cannot serve now: {line}"
        return Diagnosis(Problem.UNAVAILABLE, text, f"Check on the host why: {_NO_RULE}")
    name = f" ({gateway or response.server})" if gateway or response.server else ""
    # RFC 9110 15.6.4: an overloaded server says 503 too.
    sure = "is down" if status != _UNAVAILABLE else "is down, or overloaded"
    text = f"the service behind it {sure}: a gateway{name} answers in its place: {line}"
    if service == VSPHERE and _ENVOY.search(response.server):
        text += "; ESXi and vCenter have an Envoy before their services"
    fix = f"Start the service behind the gateway on the host ({service}): {_NO_RULE}"
    return Diagnosis(Problem.SERVICE_DOWN, text, fix)


def _by_vmware(line: str, page: bytes) -> Diagnosis:
    """Diagnosis of an answer of VMware's reverse proxy, by the service that it names."""
    if _VCENTER_PAGE.search(page):
        whose, fix = "vCenter's own proxy", _VCENTER_FIX
    elif _HOSTD_PAGE.search(page):
        whose, fix = "ESXi's own proxy", _HOSTD_FIX
    else:
        whose, fix = "the proxy of an ESXi host or a vCenter", _HOSTD_FIX
    text = f"the service behind it is down: {whose} answers in its place: {line}"
    return Diagnosis(Problem.SERVICE_DOWN, text, fix)


def _proxy_name(response: Response) -> str:
    """The product of a proxy, or its Via field; empty where neither names it."""
    if response.server or not _via(response):
        return response.server
    return _via(response) if _PATH_PROXY.search(_via(response)) else f"Via {_via(response)}"


def _via(response: Response) -> str:
    """The last Via field: the intermediary that is nearest to this machine."""
    fields = response.every("via")
    return printable(fields[-1], 80) if fields else ""


def _who(response: Response, otherwise: str) -> str:
    if is_http_sys(response):
        return f"Windows' HTTP service ({response.server})".replace(" ()", "")
    return response.server or otherwise
