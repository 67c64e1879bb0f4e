from __future__ import annotations

import asyncio

import pytest

from probes import http_redirect
from probes.lab import http as lab_http
from probes.lab import vsphere as lab
from probes.model import Service

SHORT = 0.4


def port_of(server: asyncio.Server) -> int:
    return server.sockets[0].getsockname()[1]


async def test_the_redirect_of_esxi_is_named(observed) -> None:
    async with await lab.start_http() as server:
        seen = await observed(http_redirect.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["location"] == "https://127.0.0.1/"
    assert seen.facts["summary"] == "HTTP, redirects to https://127.0.0.1/ as ESXi does"
    assert "warning" not in seen.facts


@pytest.mark.parametrize(
    ("status", "location", "said"),
    [
        (200, "", "HTTP 200 X from nginx; ESXi would redirect"),
        (302, "/login\x1b[2J", r"redirects to /login\x1b[2J"),
        (200, "https://elsewhere/", "HTTP 200 X from nginx; ESXi would redirect"),
        (302, "https://portal.example/login", "redirects to https://portal.example/login; ESXi"),
        (302, "https://10.0.0.1.example/", "ESXi would redirect to https on itself"),
        (302, "https://[::1", "ESXi would redirect to https on itself"),
        (500, "", "HTTP 500 X from nginx"),
    ],
)
async def test_another_web_server_is_a_warning(
    observed, status: int, location: str, said: str
) -> None:
    def other(request: lab_http.Request) -> lab_http.Response:
        fields = (("Server", "nginx"), *((("Location", location),) if location else ()))
        return lab_http.Response(status, "X", fields)

    async with await lab_http.serve(other) as server:
        seen = await observed(http_redirect.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["warning"] is True
    assert said in str(seen.facts["summary"])
    assert str(seen.facts["summary"]).isprintable()


@pytest.mark.parametrize(
    ("status", "fields", "page", "said"),
    [
        (
            503,
            (),
            b"503 Service Unavailable (Failed to connect to endpoint: [N7Vmacore4Http] "
            b"_serverNamespace = / _port = 8309)",
            "Open, but the service behind it is down: ESXi's own proxy answers in its place",
        ),
        (
            502,
            (("Via", "1.1 gate (squid/5.7)"),),
            b"",
            "Open, but a proxy on the path answers in the host's place (1.1 gate (squid/5.7))",
        ),
        (511, (), b"", "Open, but a captive portal on the path answers and wants a login"),
        (504, (), b"", "Open, but the service behind it is down: a gateway answers in its place"),
    ],
)
async def test_an_answer_in_the_hosts_place_proves_nothing(
    observed, status: int, fields: tuple[tuple[str, str], ...], page: bytes, said: str
) -> None:
    def answer(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(status, "X", fields, page)

    async with await lab_http.serve(answer) as server:
        seen = await observed(http_redirect.ask, port_of(server))
    assert seen.service is Service.UNEXPECTED
    assert str(seen.facts["summary"]).startswith(said)
    assert seen.facts["fix"]


@pytest.mark.parametrize(
    ("status", "page", "said"),
    [
        (503, b"", "HTTP, but the server (x) says that it cannot serve now: HTTP 503 X; ESXi"),
        (400, b"Invalid Hostname", "HTTP, but the listener wants another name than “127.0.0.1:"),
        (421, b"", "HTTP, but the listener wants another name than “127.0.0.1:"),
        (
            400,
            b"The plain HTTP request was sent to HTTPS port",
            "HTTP, but what listens there speaks TLS and was asked without",
        ),
    ],
)
async def test_a_refusal_of_the_host_is_a_warning_with_its_cause(
    observed, status: int, page: bytes, said: str
) -> None:
    def answer(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(status, "X", (("Server", "x"),), page)

    async with await lab_http.serve(answer) as server:
        seen = await observed(http_redirect.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["warning"] is True
    assert ("shortfall" in seen.facts) is (status == 503)
    assert str(seen.facts["summary"]).startswith(said)
    assert seen.facts["fix"]


@pytest.mark.parametrize(
    ("field", "oddity"),
    [
        (b"Access-Control-Allow-Credentials : true", "a space before a colon"),
        (b"X: " + b"y" * 61440, "a head of 60 KiB"),
        (b"X: y\r\n z", "a field over several lines"),
    ],
)
async def test_an_odd_head_blocks_nothing(observed, peer, field: bytes, oddity: str) -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 301 Moved\r\n" + field + b"\r\nLocation: https://127.0.0.1/\r\n\r\n"
        )
        await writer.drain()

    async with peer(odd) as port:
        seen = await observed(http_redirect.ask, port)
    assert seen.service is Service.CONFIRMED
    assert "warning" not in seen.facts
    assert seen.facts["http_oddities"] == [oddity]
    assert str(seen.facts["summary"]).endswith(f"; its HTTP answer has {oddity}")


async def test_a_body_without_end_is_not_read(observed, peer) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    async with peer(endless) as port:
        seen = await observed(http_redirect.ask, port, timeout=60)
    assert seen.facts["http_status"] == 200


async def test_another_protocol_is_named(observed, peer) -> None:
    async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2")
        await asyncio.Event().wait()

    async with peer(ssh) as port:
        seen = await observed(http_redirect.ask, port, timeout=60)
    assert seen.service is Service.UNEXPECTED
    assert "an SSH server" in str(seen.facts["summary"])


async def test_bad_manners_end_in_the_right_result_before_the_deadline(
    observed, peer, hostile
) -> None:
    name, server = hostile
    async with peer(server(b"HTTP/1.1 200 OK\r\nX: ")) as port:
        seen = await observed(http_redirect.ask, port, timeout=SHORT)
    expected = Service.UNEXPECTED if name in ("garbage", "endless") else Service.SILENT
    assert seen.service is expected
    assert str(seen.facts["summary"]).isprintable()
