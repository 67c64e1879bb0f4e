"""HTTP answers behind a trusted certificate that are not the service's own."""

from __future__ import annotations

import asyncio

import pytest

from probes.model import Service, Status

HOST = "alloyscan.test"


def replying(status: str, fields: str = "", page: str = "", *, stays: bool = False):
    """A server that gives one answer, and then closes or keeps the rest of its page."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        length = len(page) + (1 if stays else 0)
        head = f"HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n"
        writer.write((head + page).encode())
        await writer.drain()
        if stays:
            await reader.read()

    return serve


@pytest.mark.parametrize(
    ("status", "fields", "page", "said"),
    [
        ("502 Bad Gateway", "Server: nginx\r\n", "", "is down: a gateway (nginx) answers"),
        ("504 Gateway Timeout", "", "", "is down: a gateway answers in its place: HTTP 504"),
        ("503 Service Unavailable", "Server: awselb/2.0\r\n", "", "a gateway (awselb/2.0)"),
        (
            "503 Service Unavailable",
            "",
            "No server is available to handle this request.",
            "“No server is available to handle this request”",
        ),
        ("502 Bad Gateway", "Via: 1.1 front\r\n", "", "a gateway (Via 1.1 front) answers"),
        (
            "503 Service Unavailable",
            "Server: Microsoft-HTTPAPI/2.0\r\n",
            "",
            " behind it is down: Windows' HTTP service (Microsoft-HTTPAPI/2.0)",
        ),
        (
            "400 Bad Request",
            "Server: Microsoft-HTTPAPI/2.0\r\n",
            "<h2>Bad Request - Invalid Hostname</h2>",
            "the listener wants another name than “alloyscan.test:",
        ),
        ("421 Misdirected Request", "", "", "the listener wants another name than"),
    ],
)
async def test_a_service_that_cannot_serve_is_blocked_with_the_reason(
    server, asked, ca, ca_file, tmp_path, status, fields, page, said
):
    serve = replying(status, fields, page)
    async with server(serve, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.note.startswith("TLS 1.3 is right, but ")
    assert said in result.note
    assert result.observation.facts["unproven"] == "http"
    assert "no firewall rule has to change" in result.observation.facts["fix"]
    assert result.observation.facts["certificate"]["subject"] == HOST


@pytest.mark.parametrize(
    ("status", "page"),
    [
        ("400 Bad Request", "<title>400 No required SSL certificate was sent</title>"),
        ("400 Bad Request", "<title>400 The SSL certificate error</title>"),
        ("496 SSL Certificate Required", ""),
        ("403 Forbidden", "HTTP Error 403.7 - Forbidden"),
    ],
)
@pytest.mark.parametrize("stays", [False, True])
async def test_a_demanded_certificate_of_the_client_is_a_warning(
    server, asked, ca, ca_file, tmp_path, status, page, stays
):
    serve = replying(status, "", page, stays=stays)
    async with server(serve, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=2)
    assert result.status is Status.WARNING
    assert result.observation.service is Service.CONFIRMED
    assert result.note.startswith("It demands a certificate of the client: HTTP 4")
    assert "give the Audit Service one that it accepts, or exempt it" in result.note
    assert result.observation.facts["fix"].startswith("Give the Audit Service a certificate")


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (
            b"HTTP/1.1 503 Service Unavailable\r\nServer: squid/5.7\r\n"
            b"X-Squid-Error: ERR_CONNECT_FAIL 111\r\n\r\n",
            "a proxy on the path answers in the host's place (squid/5.7): HTTP 503",
        ),
        (
            b"HTTP/1.1 502 Bad Gateway\r\nVia: 1.1 gate\r\n\r\n",
            "a proxy on the path answers in the host's place (Via 1.1 gate)",
        ),
        (b"HTTP/1.0 407 Login\r\nProxy-Authenticate: NTLM\r\n\r\n", "it wants a login"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\n\r\n<html>",
            "a web server sends clients on to portal.test",
        ),
        (b"HTTP/1.1 511 Login\r\n\r\n", "a captive portal on the path answers"),
    ],
)
async def test_a_proxy_that_answers_without_tls_is_told(server, asked, ca_file, said, note):
    async def answer(reader, writer):
        await reader.read(1)
        writer.write(said)
        await reader.read()

    async with server(answer) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.note.startswith("Open, but plain HTTP without TLS answers: ")
    facts = result.observation.facts
    assert note in result.note or note in facts["fix"]
    assert facts["unproven"] == "http"


async def test_a_server_that_is_busy_is_a_warning(server, asked, ca, ca_file, tmp_path):
    async with server(replying("503 Busy"), ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.WARNING
    assert result.note.startswith("The server says that it cannot serve now: HTTP 503 Busy")
    assert result.observation.facts["shortfall"] == "it says that it cannot serve now (503)"


@pytest.mark.parametrize("location", ["https://login.other.test/", "/start"])
async def test_a_redirect_behind_a_trusted_certificate_is_the_service(
    server, asked, ca, ca_file, tmp_path, location
):
    serve = replying("302 Found", f"Location: {location}\r\n")
    async with server(serve, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.OK


async def test_a_page_of_the_device_that_inspects_is_a_proxys(server, asked, new_ca, tmp_path):
    corp = new_ca("Corp Inspection CA", "Corp Security")
    (tmp_path / "corp.pem").write_text(corp.pem)
    serve = replying("403 Forbidden", "Server: Zscaler/6.2\r\n")
    async with server(serve, corp.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=str(tmp_path / "corp.pem"), issuers=("Amazon",))
    assert result.status is Status.BLOCKED
    assert "a proxy on the path answers in the host's place (Zscaler/6.2)" in result.note


async def test_a_filter_whose_authority_is_trusted_here_is_no_service(
    server, asked, ca, ca_file, tmp_path
):
    serve = replying("403 Forbidden", "Server: Zscaler/6.2\r\n")
    async with server(serve, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert "a proxy on the path answers in the host's place (Zscaler/6.2)" in result.note


@pytest.mark.parametrize(
    ("field", "oddity"),
    [
        ("Access-Control-Allow-Credentials : true\r\n", "a space before a colon"),
        (f"X: {'y' * 61440}\r\n", "a head of 60 KiB"),
    ],
)
async def test_an_odd_head_blocks_nothing_and_is_told(
    server, asked, ca, ca_file, tmp_path, field, oddity
):
    serve = replying("200 OK", field)
    async with server(serve, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.OK
    assert f"HTTP 200, with {oddity}, certificate by" in result.note


async def test_a_head_longer_than_clients_take_is_a_warning(server, asked, ca, ca_file, tmp_path):
    serve = replying("200 OK", f"X: {'y' * 102400}\r\n")
    async with server(serve, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.WARNING
    assert result.note.startswith("It answers with a head of 1")
    assert "of which many clients take 64 KiB" in result.note
