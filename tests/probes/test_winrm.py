from __future__ import annotations

import asyncio
import json

import pytest

from probes import winrm
from probes.lab import http as lab_http
from probes.lab import winrm as lab
from probes.model import Service
from probes.wire import wsman
from tests.probes.peers import endless

SHORT = 0.4


def port_of(server: asyncio.Server) -> int:
    return server.sockets[0].getsockname()[1]


def replies(*parts: bytes):
    """A server that reads one request, says this and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        writer.close()

    return serve


async def test_windows_is_named_with_its_logins_and_never_as_version_0_0_0(observed) -> None:
    async with await lab.start(logins=("Negotiate", "Kerberos", "Basic", "CredSSP")) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["vendor"] == "Microsoft Corporation"
    assert seen.facts["auth_methods"] == ["Negotiate", "Kerberos", "Basic", "CredSSP"]
    assert seen.facts["summary"] == (
        "WinRM (WS-Management 3.0) by Microsoft Corporation; "
        "login by Negotiate, Kerberos, Basic, CredSSP"
    )
    assert "0.0.0" not in json.dumps(dict(seen.facts))
    assert "os" not in seen.facts
    assert "warning" not in seen.facts


async def test_a_version_of_windows_that_is_told_is_shown(observed) -> None:
    who = wsman.Identity("x", "Microsoft Corporation", "OS: 10.0.17763 SP: 0.0 Stack: 3.0")
    async with await lab.start(who=who) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert seen.facts["os"] == "10.0.17763"
    assert "Windows 10.0.17763" in str(seen.facts["summary"])


async def test_a_listener_that_wants_a_login_for_everything_is_winrm(observed) -> None:
    async with await lab.start(anonymous=False) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["auth_methods"] == ["Negotiate", "Kerberos"]
    assert seen.facts["anonymous_identify"] is False


async def test_a_listener_with_basic_alone_is_winrm_because_only_its_path_is_guarded(
    observed,
) -> None:
    async with await lab.start(anonymous=False, logins=("Basic",)) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["auth_methods"] == ["Basic"]


async def test_a_web_server_that_guards_every_path_is_not_winrm(observed) -> None:
    def guarded(request: lab_http.Request) -> lab_http.Response:
        fields = (("Server", "Microsoft-IIS/10.0"), ("WWW-Authenticate", "Negotiate"))
        return lab_http.Response(401, "Unauthorized", fields)

    async with await lab_http.serve(guarded) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert seen.service is Service.UNEXPECTED
    assert "Microsoft-IIS/10.0" in str(seen.facts["summary"])
    assert "every path" in str(seen.facts["summary"])


@pytest.mark.parametrize(
    ("server_name", "status", "said"),
    [
        ("Microsoft-HTTPAPI/2.0", "404 Not Found", "without a WinRM listener: HTTP 404 Not Found"),
        ("nginx/1.22.1", "404 Not Found", "web server (nginx/1.22.1)"),
        ("nginx/1.22.1", "405 Not Allowed", "HTTP 405 Not Allowed"),
        ("", "503 Service Unavailable", "the server says that it cannot serve now: HTTP 503"),
        ("Microsoft-HTTPAPI/2.0", "403 Forbidden", "and WinRM was not seen behind it: HTTP 403"),
        ("evil\x1b[2J", "200 OK", r"evil\x1b[2J"),
    ],
)
async def test_http_without_ws_management_is_unexpected_and_named(
    observed, peer, server_name: str, status: str, said: str
) -> None:
    head = f"HTTP/1.1 {status}\r\nServer: {server_name}\r\nContent-Length: 5\r\n\r\nhello"
    async with peer(replies(head.encode())) as port:
        seen = await observed(winrm.ask, port)
    assert seen.service is Service.UNEXPECTED
    assert said in str(seen.facts["summary"])
    assert "\x1b" not in repr(seen)


HTTP_SYS = "Server: Microsoft-HTTPAPI/2.0"


@pytest.mark.parametrize(
    ("status", "field", "page", "said", "fix"),
    [
        (
            "503 Service Unavailable",
            HTTP_SYS,
            "",
            "Open, but the service behind it is down: Windows' HTTP service (Microsoft-HTTPAPI/"
            "2.0) answers for WinRM: HTTP 503 Service Unavailable",
            "Start WinRM on the host",
        ),
        (
            "400 Bad Request",
            HTTP_SYS,
            "<h2>Bad Request - Invalid Hostname</h2>",
            "Open, but the listener wants another name than “127.0.0.1:",
            "Name the host as its listener has it",
        ),
        (
            "404 Not Found",
            HTTP_SYS,
            "",
            "Open, but it is Windows' HTTP service without a WinRM listener: HTTP 404 Not Found",
            "Enable PowerShell Remoting on the host",
        ),
        (
            "404 Not Found",
            "Content-Type: text/html",
            "<p>HTTP Error 404. The requested resource is not found.</p>",
            "Open, but it is Windows' HTTP service without a WinRM listener: HTTP 404 Not Found",
            "Enable PowerShell Remoting on the host",
        ),
        (
            "502 Bad Gateway",
            "Via: 1.1 gate (squid/5.7)",
            "",
            "Open, but a proxy on the path answers in the host's place (1.1 gate (squid/5.7))",
            "Let the proxy reach the host",
        ),
        (
            "302 Found",
            "Location: http://portal.test/",
            "",
            "Open, but a web server sends clients on to portal.test",
            "Find out whether portal.test belongs to a portal",
        ),
        (
            "400 Bad Request",
            "Server: nginx",
            "<title>400 The plain HTTP request was sent to HTTPS port</title>",
            "Open, but what listens there speaks TLS and was asked without",
            "Have WinRM listen there without TLS",
        ),
    ],
)
@pytest.mark.parametrize("stays", [False, True])
async def test_what_stands_before_winrm_is_told_with_what_helps(
    observed, peer, status: str, field: str, page: str, said: str, fix: str, stays: bool
) -> None:
    # A server that announces more than it sends costs neither the answer nor its cause.
    length = len(page) + (stays and status[0] == "5")
    head = f"HTTP/1.1 {status}\r\n{field}\r\nContent-Length: {length}\r\n\r\n{page}"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode())
        await writer.drain()
        if stays:
            await reader.read()

    async with peer(serve) as port:
        seen = await observed(winrm.ask, port, timeout=2)
    assert seen.service is Service.UNEXPECTED
    assert str(seen.facts["summary"]).startswith(said)
    assert str(seen.facts["fix"]).startswith(fix)
    assert seen.facts["http_status"] == int(status[:3])


async def test_a_space_before_a_colon_does_not_hide_windows(observed, peer) -> None:
    body = wsman.encode_identity(lab.WINDOWS)
    head = f"HTTP/1.1 200 \r\nContent-Type : x\r\nContent-Length : {len(body)}\r\n\r\n"
    async with peer(replies(head.encode(), body)) as port:
        seen = await observed(winrm.ask, port)
    assert seen.service is Service.CONFIRMED
    assert seen.facts["http_oddities"] == ["a space before a colon"]
    assert str(seen.facts["summary"]).endswith("; its HTTP answer has a space before a colon")
    assert "warning" not in seen.facts


async def test_a_head_longer_than_clients_take_is_a_warning(observed, peer) -> None:
    body = wsman.encode_identity(lab.WINDOWS)
    head = f"HTTP/1.1 200 OK\r\nX: {'y' * 70_000}\r\nContent-Length: {len(body)}\r\n\r\n"
    async with peer(replies(head.encode(), body)) as port:
        seen = await observed(winrm.ask, port)
    assert seen.service is Service.CONFIRMED
    assert seen.facts["warning"] is True
    assert "a head of 68 KiB, of which many clients take 64 KiB" in str(seen.facts["summary"])


async def test_a_page_of_html_with_status_200_is_not_ws_management(observed, peer) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n<html><body>hi</body></html"
    async with peer(replies(page)) as port:
        seen = await observed(winrm.ask, port)
    assert seen.service is Service.UNEXPECTED


async def test_another_vendors_ws_management_is_a_warning(observed) -> None:
    who = wsman.Identity("x", "Openwsman Project", "2.6.5")
    async with await lab.start(who=who) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["warning"] is True
    assert "no Windows: Openwsman Project 2.6.5" in str(seen.facts["summary"])
    assert seen.facts["wrong_product"] == "it is no Windows: Openwsman Project 2.6.5"


async def test_a_fault_of_ws_management_is_ws_management(observed) -> None:
    fault = (
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault>'
        b"<s:Reason><s:Text>The service is \x07 stopping</s:Text></s:Reason><s:Detail>"
        b'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"/>'
        b"</s:Detail></s:Fault></s:Body></s:Envelope>"
    ).replace(b"\x07", b"&lt;")

    def answer(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(500, "", (("Content-Type", wsman.CONTENT_TYPE),), fault)

    async with await lab_http.serve(answer) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["warning"] is True
    assert "The service is < stopping" in str(seen.facts["summary"])


async def test_an_answer_of_ws_management_that_is_no_fault_is_not_called_one(observed) -> None:
    page = wsman.encode_identity(wsman.Identity("p", "Any", "1")).replace(b"IdentifyR", b"OtherR")

    def answer(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(200, "", (("Content-Type", wsman.CONTENT_TYPE),), page)

    async with await lab_http.serve(answer) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert seen.facts["warning"] is True
    assert str(seen.facts["summary"]).startswith(
        "WS-Management answers, and does not identify itself"
    )
    assert "fault" not in str(seen.facts["summary"])


async def test_a_vendor_cannot_write_into_the_screen(observed) -> None:
    who = wsman.Identity("x", "Evil\u202e Corp", "1")
    async with await lab.start(who=who) as server:
        seen = await observed(winrm.ask, port_of(server))
    assert r"Evil\u202e Corp" in str(seen.facts["summary"])


async def test_the_proof_stands_where_the_second_connection_is_left_unanswered(
    observed, peer
) -> None:
    first = True
    body = wsman.encode_identity(lab.WINDOWS)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal first
        if not first:
            await asyncio.Event().wait()
        first = False
        await replies(head, body)(reader, writer)

    async with peer(once) as port:
        seen = await observed(winrm.ask, port, timeout=SHORT)
    assert seen.service is Service.CONFIRMED
    assert "auth_methods" not in seen.facts


async def test_an_endless_answer_is_cut_off(observed, peer) -> None:
    async with peer(endless(b"HTTP/1.1 200 OK\r\n\r\n<a>", b"<b>" * 5000)) as port:
        seen = await observed(winrm.ask, port, timeout=60)
    assert seen.service is Service.UNEXPECTED


async def test_bad_manners_end_in_the_right_result_before_the_deadline(
    observed, peer, hostile
) -> None:
    name, server = hostile
    async with peer(server(b"HTTP/1.1 200 OK\r\nX: ")) as port:
        seen = await observed(winrm.ask, port, timeout=SHORT)
    expected = Service.UNEXPECTED if name in ("garbage", "endless") else Service.SILENT
    assert seen.service is expected
    assert str(seen.facts["summary"]).isprintable()
