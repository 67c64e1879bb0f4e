"""Answers of what stands before a service, as the products write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.http import Exchange, Request, Response
from probes.wire.intermediary import VSPHERE, Problem, diagnose

HTTP_SYS = "Server: Microsoft-HTTPAPI/2.0\r\n"


def answer(status: str, fields: str = "", page: str = "") -> Response:
    wire = f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(page)}\r\n\r\n{page}"
    response = Exchange(Request("GET", "/", "pc1:5985")).feed(wire.encode("latin-1"))
    assert response is not None
    return response


CASES = {
    "HTTP.sys without its service": (
        ("503 Service Unavailable", HTTP_SYS, "<h2>Service Unavailable</h2>"),
        Problem.SERVICE_DOWN,
        "the service behind it is down: Windows' HTTP service (Microsoft-HTTPAPI/2.0) answers for "
        "WinRM: HTTP 503 Service Unavailable",
        "Start WinRM on the host",
    ),
    "HTTP.sys by a name it does not serve": (
        ("400 Bad Request", HTTP_SYS, "<h2>Bad Request - Invalid Hostname</h2>"),
        Problem.OTHER_NAME,
        "the listener wants another name than “pc1:5985”: Windows' HTTP service "
        "(Microsoft-HTTPAPI/2.0) says HTTP 400 Bad Request, “Invalid Hostname”",
        "Name the host as its listener has it",
    ),
    "HTTP.sys with the reason in its status line": (
        ("400 Bad Request - Invalid Hostname", HTTP_SYS),
        Problem.OTHER_NAME,
        "the listener wants another name than “pc1:5985”",
        "Name the host as its listener has it",
    ),
    "HTTP.sys without a page": (
        ("400 Bad Request", HTTP_SYS),
        Problem.OTHER_NAME,
        "refuses the request, perhaps because its listener wants another name",
        "Name the host as its listener has it",
    ),
    "HTTP.sys without a listener": (
        ("404 Not Found", HTTP_SYS, "<h2>Not Found</h2>"),
        Problem.NO_LISTENER,
        "it is Windows' HTTP service without a WinRM listener: HTTP 404 Not Found",
        "Have WinRM listen there",
    ),
    "Jetty by an address": (
        ("400 Bad Request", "", "<h2>HTTP ERROR 400 Invalid SNI</h2>"),
        Problem.OTHER_NAME,
        "the listener wants another name than “pc1:5985”: it says HTTP 400 Bad Request, “Invalid",
        "Name the host as its listener has it",
    ),
    "Apache by two names": (
        (
            "400 Bad Request",
            "Server: Apache\r\n",
            "Hostname a.test provided via SNI and hostname b.test provided via HTTP are different",
        ),
        Problem.OTHER_NAME,
        "Apache says HTTP 400 Bad Request, “Hostname a.test provided via SNI”",
        "Name the host as its listener has it",
    ),
    "Cloudflare by an address": (
        ("403 Forbidden", "Server: cloudflare\r\n", "Direct IP access not allowed"),
        Problem.OTHER_NAME,
        "cloudflare says HTTP 403 Forbidden, “Direct IP access not allowed”",
        "Name the host as its listener has it",
    ),
    "Django by a name it does not serve": (
        ("400 Bad Request", "", "Invalid HTTP_HOST header: 'pc1'"),
        Problem.OTHER_NAME,
        "the listener wants another name",
        "Name the host as its listener has it",
    ),
    "misdirected": (
        ("421 Misdirected Request", "Server: Apache\r\n"),
        Problem.OTHER_NAME,
        "the listener wants another name than “pc1:5985”: Apache says HTTP 421",
        "Name the host as its listener has it",
    ),
    "squid that cannot connect": (
        (
            "503 Service Unavailable",
            "Server: squid/5.7\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n"
            "Via: 1.1 gate (squid/5.7)\r\n",
        ),
        Problem.PROXY,
        "a proxy on the path answers in the host's place (squid/5.7): "
        "HTTP 503 Service Unavailable, ERR_CONNECT_FAIL 111",
        "Let the proxy reach the host",
    ),
    "squid without its name": (
        ("502 Bad Gateway", "X-Squid-Error : ERR_READ_ERROR 104\r\nVia: 1.1 gate\r\n"),
        Problem.PROXY,
        "a proxy on the path answers in the host's place (Via 1.1 gate): HTTP 502 Bad Gateway",
        "Let the proxy reach the host",
    ),
    "a Via alone": (
        ("502 Bad Gateway", "Via: 1.1 inner, 1.1 outer\r\n"),
        Problem.PROXY,
        "a proxy on the path answers in the host's place (Via 1.1 inner, 1.1 outer): HTTP 502",
        "Let the proxy reach the host",
    ),
    "squid that forbids": (
        ("403 Forbidden", "Server: squid\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n"),
        Problem.PROXY,
        "HTTP 403 Forbidden, ERR_ACCESS_DENIED 0",
        "Allow the host in the rules of the proxy",
    ),
    "Blue Coat": (
        ("503 Service Unavailable", "Server: BlueCoat-Security-Appliance\r\n"),
        Problem.PROXY,
        "(BlueCoat-Security-Appliance): HTTP 503",
        "Let the proxy reach the host",
    ),
    "Zscaler": (
        ("403 Forbidden", "Server: Zscaler/6.2\r\n", "<title>Internet Security by Zscaler</title>"),
        Problem.PROXY,
        "(Zscaler/6.2): HTTP 403",
        "Allow the host in the rules of the proxy",
    ),
    "Zscaler that sends clients on": (
        ("307 Temporary Redirect", "Server: Zscaler/6.2\r\nLocation: https://gateway.test/a\r\n"),
        Problem.PROXY,
        "a proxy on the path answers in the host's place (Zscaler/6.2): HTTP 307",
        "Allow the host in the rules of the proxy",
    ),
    "McAfee by its Via": (
        ("403 URLBlocked", "Via: 1.1 10.0.0.9 (McAfee Web Gateway 7.8)\r\n"),
        Problem.PROXY,
        "McAfee Web Gateway 7.8",
        "Allow the host in the rules of the proxy",
    ),
    "a transparent proxy with a login": (
        ("407 Proxy Authentication Required", "Proxy-Authenticate: NTLM\r\n"),
        Problem.PROXY,
        "a proxy on the path answers in the host's place: HTTP 407",
        "it wants a login for this connection",
    ),
    "a captive portal": (
        ("511 Network Authentication Required",),
        Problem.PROXY,
        "a captive portal on the path answers and wants a login: HTTP 511",
        "Exempt this machine",
    ),
    "a redirect to another host": (
        ("302 Found", "Location: https://portal.test/login\r\n"),
        Problem.PORTAL,
        "a web server sends clients on to portal.test: HTTP 302 Found; perhaps a captive portal",
        "Find out whether portal.test belongs to a portal",
    ),
    "ESXi's proxy": (
        (
            "503 Service Unavailable",
            "",
            "503 Service Unavailable (Failed to connect to endpoint: "
            "[N7Vmacore4Http20NamedPipeServiceSpecE:0x1f06ac28] _serverNamespace = /sdk "
            "_isRedirect = false _pipeName =/var/run/vmware/proxy-sdk-tunnel)",
        ),
        Problem.SERVICE_DOWN,
        "ESXi's own proxy answers in its place: HTTP 503 Service Unavailable, “Failed to connect",
        "Restart the management agents on the host",
    ),
    "ESXi's Envoy": (
        (
            "503 Service Unavailable",
            "server: envoy\r\n",
            "upstream connect error or disconnect/reset before headers. reset reason: "
            "connection failure",
        ),
        Problem.SERVICE_DOWN,
        "a gateway (envoy) answers in its place: HTTP 503 Service Unavailable, “upstream connect "
        "error”",
        "Start the service behind the gateway",
    ),
    "nginx": (
        ("502 Bad Gateway", "Server: nginx/1.22.1\r\n", "<h1>502 Bad Gateway</h1>"),
        Problem.SERVICE_DOWN,
        "the service behind it is down: a gateway (nginx/1.22.1) answers in its place: "
        "HTTP 502 Bad Gateway",
        "Start the service behind the gateway",
    ),
    "nginx that waited": (
        ("504 Gateway Time-out", "Server: nginx\r\n"),
        Problem.SERVICE_DOWN,
        "HTTP 504 Gateway Time-out",
        "Start the service behind the gateway",
    ),
    "haproxy": (
        (
            "503 Service Unavailable",
            "",
            "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this "
            "request.\n</body></html>",
        ),
        Problem.SERVICE_DOWN,
        "is down, or overloaded: a gateway answers in its place",
        "Start the service behind the gateway",
    ),
    "Apache": (
        (
            "503 Service Unavailable",
            "Server: Apache/2.4.57\r\n",
            "<title>Proxy Error</title>",
        ),
        Problem.SERVICE_DOWN,
        "a gateway (Apache/2.4.57) answers in its place",
        "Start the service behind the gateway",
    ),
    "Apache before nothing": (
        (
            "503 Service Unavailable",
            "Server: Apache\r\n",
            "<p>The server is temporarily unable to service your\nrequest due to maintenance "
            "downtime or capacity\nproblems.",
        ),
        Problem.SERVICE_DOWN,
        "is down, or overloaded: a gateway (Apache) answers in its place",
        "Start the service behind the gateway",
    ),
    "OpenShift's router": (
        (
            "503 Service Unavailable",
            "",
            "Application is not available. The application is currently not serving requests at "
            "this endpoint.",
        ),
        Problem.SERVICE_DOWN,
        "is down, or overloaded: a gateway answers in its place",
        "Start the service behind the gateway",
    ),
    "Tomcat without a client's certificate": (
        ("403 Forbidden", "", "No client certificate chain in this request"),
        Problem.CLIENT_CERTIFICATE,
        "it demands a certificate of the client: HTTP 403 Forbidden, “No client certificate”",
        "Give the Audit Service a certificate",
    ),
    "a load balancer of AWS": (
        ("503 Service Temporarily Unavailable", "Server: awselb/2.0\r\n"),
        Problem.SERVICE_DOWN,
        "a gateway (awselb/2.0)",
        "Start the service behind the gateway",
    ),
    "Cloudflare": (
        ("522 ", "Server: cloudflare\r\n"),
        Problem.SERVICE_DOWN,
        "a gateway (cloudflare) answers in its place: HTTP 522",
        "Start the service behind the gateway",
    ),
    "a server that is overloaded": (
        ("503 Busy", "Server: Jetty(9.4)\r\n"),
        Problem.UNAVAILABLE,
        "the server (Jetty(9.4)) says that it cannot serve now: HTTP 503 Busy",
        "Check on the host why",
    ),
    "nginx without a client's certificate": (
        (
            "400 Bad Request",
            "Server: nginx\r\n",
            "<title>400 No required SSL certificate was sent</title>",
        ),
        Problem.CLIENT_CERTIFICATE,
        "it demands a certificate of the client: HTTP 400 Bad Request, “No required SSL cert",
        "Give the Audit Service a certificate",
    ),
    "nginx with a page of its own": (
        ("496 SSL Certificate Required", "Server: nginx\r\n"),
        Problem.CLIENT_CERTIFICATE,
        "it demands a certificate of the client: HTTP 496",
        "Give the Audit Service a certificate",
    ),
    "IIS": (
        (
            "403 Forbidden",
            "Server: Microsoft-IIS/10.0\r\n",
            "<h3>HTTP Error 403.7 - Forbidden</h3> your browser must have an SSL client "
            "certificate that the Web server recognizes",
        ),
        Problem.CLIENT_CERTIFICATE,
        "it demands a certificate of the client: HTTP 403 Forbidden, “403.7”",
        "Give the Audit Service a certificate",
    ),
    "Apache in TLS 1.3": (
        (
            "403 Forbidden",
            "Server: Apache\r\n",
            "Reason: Cannot perform Post-Handshake Authentication.<br />",
        ),
        Problem.CLIENT_CERTIFICATE,
        "it demands a certificate of the client",
        "Give the Audit Service a certificate",
    ),
    "HTTP.sys that hides its name": (
        (
            "503 Service Unavailable",
            "",
            "<h2>Service Unavailable</h2><p>HTTP Error 503. The service is unavailable.</p>",
        ),
        Problem.SERVICE_DOWN,
        "the service behind it is down: Windows' HTTP service answers for WinRM: HTTP 503 Service "
        "Unavailable",
        "Start WinRM on the host",
    ),
    "HTTP.sys with too many requests": (
        (
            "503 Service Unavailable",
            HTTP_SYS,
            "<p>HTTP Error 503. Too many concurrent requests are being processed.</p>",
        ),
        Problem.SERVICE_DOWN,
        "the service behind it is overloaded: Windows' HTTP service",
        "Start WinRM on the host, or check there why",
    ),
    "HTTP.sys that hides its name, without a listener": (
        ("404 Not Found", "", "<p>HTTP Error 404. The requested resource is not found.</p>"),
        Problem.NO_LISTENER,
        "it is Windows' HTTP service without a WinRM listener",
        "Have WinRM listen there",
    ),
    "HTTP.sys with a reason of its own": (
        ("400 Bad Request", HTTP_SYS, "<p>HTTP Error 400. The request verb is invalid.</p>"),
        Problem.REFUSED,
        "Windows' HTTP service (Microsoft-HTTPAPI/2.0) answers with an error, and WinRM was not "
        "seen behind it: HTTP 400 Bad Request, “The request verb is invalid”",
        "Check on the host why WinRM does not answer there",
    ),
    "HTTP.sys with a fault": (
        ("500 Internal Server Error", HTTP_SYS),
        Problem.REFUSED,
        "answers with an error, and WinRM was not seen behind it: HTTP 500",
        "Check on the host why WinRM does not answer there",
    ),
    "HTTP.sys as a gateway": (
        ("502 Bad Gateway", HTTP_SYS),
        Problem.SERVICE_DOWN,
        "a gateway (Microsoft-HTTPAPI/2.0) answers in its place",
        "Start the service behind the gateway",
    ),
    "HTTP.sys behind a proxy that passes its answer on": (
        ("503 Service Unavailable", HTTP_SYS + "Via: 1.1 gate (squid/5.7)\r\n"),
        Problem.SERVICE_DOWN,
        "the service behind it is down: Windows' HTTP service",
        "Start WinRM on the host",
    ),
    "a reverse proxy by its Via": (
        ("503 Service Unavailable", "Via: 1.1 varnish (Varnish/7.1)\r\n"),
        Problem.SERVICE_DOWN,
        "a gateway (Via 1.1 varnish (Varnish/7.1)) answers in its place",
        "Start the service behind the gateway",
    ),
    "NetScaler by its Via": (
        ("503 Service Unavailable", "Via: NS-CACHE-10.0: 12\r\n"),
        Problem.SERVICE_DOWN,
        "a gateway (Via NS-CACHE-10.0: 12) answers in its place",
        "Start the service behind the gateway",
    ),
    "NetScaler by its page": (
        ("503 Service Unavailable", "", "<b>Http/1.1 Service Unavailable</b>"),
        Problem.SERVICE_DOWN,
        "a gateway answers in its place: HTTP 503",
        "Start the service behind the gateway",
    ),
    "squid in German, by its page alone": (
        (
            "503 Service Unavailable",
            "",
            "<title>FEHLER: Der angeforderte URL konnte nicht gefunden werden</title> "
            "Generiert von gate (squid/5.7)",
        ),
        Problem.PROXY,
        "a proxy on the path answers in the host's place: HTTP 503 Service Unavailable, “(squid",
        "Let the proxy reach the host",
    ),
    "Palo Alto": (
        ("503 Service Unavailable", "", "<title>Web Page Blocked</title>"),
        Problem.PROXY,
        "a proxy on the path answers in the host's place: HTTP 503 Service Unavailable, “Web Page",
        "Let the proxy reach the host",
    ),
    "Blue Coat by its page": (
        ("503 Service Unavailable", "", "<title>Network Error</title> Network Error (tcp_error)"),
        Problem.PROXY,
        "“Network Error (tcp_error)”",
        "Let the proxy reach the host",
    ),
    "a filter that answers every request with its page": (
        ("200 OK", "", "<title>Web Filter Violation</title> FortiGuard"),
        Problem.PROXY,
        "a proxy on the path answers in the host's place: HTTP 200 OK, “Web Filter Violation”",
        "Allow the host in the rules of the proxy",
    ),
    "FortiGate": (
        ("403 Forbidden", "", "<title>Web Filter Violation</title>"),
        Problem.PROXY,
        "HTTP 403 Forbidden, “Web Filter Violation”",
        "Allow the host in the rules of the proxy",
    ),
    "vCenter's proxy": (
        (
            "503 Service Unavailable",
            "",
            "503 Service Unavailable (Failed to connect to endpoint: [N7Vmacore4Http20NamedPipe] "
            "_serverNamespace = / _pipeName =/var/run/vmware/vpxd-webserver-pipe)",
        ),
        Problem.SERVICE_DOWN,
        "vCenter's own proxy answers in its place",
        "name its ESXi hosts",
    ),
    "VMware's proxy that names no service": (
        ("503 Service Unavailable", "", "Failed to connect to endpoint: [N7Vmacore4Http]"),
        Problem.SERVICE_DOWN,
        "the proxy of an ESXi host or a vCenter answers in its place",
        "Restart the management agents on the host",
    ),
    "IIS asked without TLS": (
        ("403 Forbidden", "Server: Microsoft-IIS/10.0\r\n", "403.4 - SSL is required to view this"),
        Problem.TLS_WANTED,
        "what listens there speaks TLS and was asked without: HTTP 403 Forbidden, “403.4”",
        "Have WinRM listen there without TLS",
    ),
    "Apache asked without TLS": (
        ("400 Bad Request", "", "Instead use the HTTPS scheme to access this URL, please."),
        Problem.TLS_WANTED,
        "what listens there speaks TLS",
        "Have WinRM listen there without TLS",
    ),
    "nginx asked without TLS": (
        (
            "400 Bad Request",
            "Server: nginx\r\n",
            "<title>400 The plain HTTP request was sent to HTTPS port</title>",
        ),
        Problem.TLS_WANTED,
        "what listens there speaks TLS and was asked without: HTTP 400",
        "Have WinRM listen there without TLS",
    ),
    "Go asked without TLS": (
        ("400 Bad Request", "", "Client sent an HTTP request to an HTTPS server.\n"),
        Problem.TLS_WANTED,
        "what listens there speaks TLS",
        "Have WinRM listen there without TLS",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_answers_before_the_service_is_told_with_its_change(case: str) -> None:
    said, problem, text, fix = CASES[case]
    found = diagnose(answer(*said), "WinRM", "pc1:5985", "10.0.0.1")
    assert found is not None
    assert found.problem is problem
    assert text in found.text
    assert found.fix.startswith(fix) or fix in found.fix
    assert found.fix.endswith(".")
    assert "pc1" not in found.fix


@pytest.mark.parametrize(
    ("status", "fields", "page"),
    [
        ("200 OK", "Server: nginx\r\n", "Invalid Hostname"),
        ("200 OK", "Via: 1.1 varnish\r\n", ""),
        ("200 OK", "Server: nginx\r\n", "Web Filter Violation"),
        ("404 Not Found", "Server: nginx\r\n", ""),
        ("404 Not Found", "Via: 1.1 google\r\n", ""),
        ("403 Forbidden", "Server: nginx\r\n", ""),
        ("400 Bad Request", "Server: nginx\r\n", ""),
        ("401 Unauthorized", HTTP_SYS, ""),
        ("404 Not Found", "Via: 1.1 gate (squid/5.7)\r\n", ""),
        ("404 Not Found", "Server: Apache\r\nVia: 1.1 gate (squid/5.7)\r\n", ""),
        ("403 Forbidden", "Server: Apache\r\n", "The web filter is (squid/5.7)"),
        ("301 Moved", "Location: https://pc1/\r\n", ""),
        ("301 Moved", "Location: https://PC1.corp.test:8443/x\r\n", ""),
        ("301 Moved", "Location: https://10.0.0.1/\r\n", ""),
        ("301 Moved", "Location: /login\r\n", ""),
        ("301 Moved", "Location: https://[::1\r\n", ""),
    ],
)
def test_an_answer_of_the_host_itself_has_no_other_cause(
    status: str, fields: str, page: str
) -> None:
    assert diagnose(answer(status, fields, page), "WinRM", "pc1:5985", "10.0.0.1") is None


def test_a_demand_for_tls_over_tls_comes_from_behind_what_takes_tls_off() -> None:
    page = "<title>400 The plain HTTP request was sent to HTTPS port</title>"
    said = answer("400 Bad Request", "Server: nginx\r\n", page)
    found = diagnose(said, "WinRM", "pc1", encrypted=True)
    assert found is not None
    assert found.problem is Problem.TLS_WANTED
    assert found.text.startswith("a device before the service passes requests on to it without TLS")
    assert "speak TLS to it as well" in found.fix


def test_an_envoy_is_explained_where_vsphere_was_asked_for() -> None:
    found = diagnose(answer("503 Service Unavailable", "server: envoy\r\n"), VSPHERE, "esx1")
    assert found is not None
    assert found.text.endswith("; ESXi and vCenter have an Envoy before their services")


@pytest.mark.parametrize("verified", [False, True])
@pytest.mark.parametrize("case", ["Zscaler", "squid that forbids", "FortiGate"])
def test_a_filter_that_names_itself_is_one_behind_a_trusted_certificate_too(
    case: str, verified: bool
) -> None:
    found = diagnose(answer(*CASES[case][0]), "WinRM", "pc1", verified=verified)
    assert found is not None
    assert found.problem is Problem.PROXY


def test_the_proxy_that_answered_is_a_fact_of_the_row() -> None:
    found = diagnose(answer(*CASES["Zscaler"][0]), "WinRM", "pc1:5985")
    assert found is not None
    assert found.facts["answered_by"] == "Zscaler/6.2"
    assert found.facts["http_problem"] == "proxy"


def test_behind_a_trusted_certificate_nothing_on_the_path_is_blamed() -> None:
    said = answer("502 Bad Gateway", "Server: nginx\r\nVia: 1.1 gate\r\n")
    found = diagnose(said, "HTTPS", "web.test", verified=True)
    assert found is not None
    assert found.problem is Problem.SERVICE_DOWN
    assert "on the path" not in found.text


@pytest.mark.parametrize("host", ["[2001:db8::1]:5985", "[2001:db8::1]"])
def test_a_redirect_of_an_ipv6_host_to_itself_is_no_portal(host: str) -> None:
    said = answer("302 Found", "Location: https://[2001:db8::1]/\r\n")
    assert diagnose(said, "WinRM", host, "2001:db8::1") is None


TEXTS = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace").decode("latin-1")),
    st.sampled_from(["squid/5", "nginx", "\x1b[2J", "https://[::1", "https://evil\x1b/", ""]),
)


@given(
    st.integers(100, 999),
    st.dictionaries(st.sampled_from(["server", "via", "x-squid-error", "location"]), TEXTS),
    TEXTS,
    st.one_of(
        st.binary(max_size=200),
        st.sampled_from([b"\x1b[2J Invalid  Hostname", b"403.7", b"failed to connect to endpoint"]),
    ),
    st.text(max_size=40),
    st.booleans(),
)
def test_every_diagnosis_is_short_and_harmless(
    status: int, fields: dict[str, str], reason: str, page: bytes, host: str, verified: bool
) -> None:
    response = Response(status, reason, "1.1", tuple(fields.items()), page)
    found = diagnose(response, "WinRM", host, "10.0.0.1", verified=verified)
    if found is not None:
        assert found.text.isprintable()
        assert found.fix.isprintable()
        assert len(found.text) < 600
        assert found.facts["fix"] == found.fix
