"""Servers that are right: what proves them and what is learned."""

from __future__ import annotations

import pytest

from probes.call import Answer
from probes.model import Status

HOST = "alloyscan.test"
OK = b"HTTP/1.1 200 OK\r\nServer: test/1\r\nContent-Length: 2\r\n\r\nhi"


async def test_a_verified_chain_and_any_http_status_prove_the_service(
    server, asked, ca, ca_file, tmp_path, hello
):
    async with server(hello, ca.issue(HOST, ends=90.5), folder=tmp_path) as (port, _):
        answer, result = await asked(port, ca_file=ca_file)
    assert isinstance(answer, Answer)
    assert result.status is Status.OK
    facts = result.observation.facts
    assert facts["tls"] == "TLS 1.3"
    assert facts["http_status"] == 200
    assert facts["http_server"] == "test/1"
    assert facts["certificate"]["names"] == [HOST]
    assert facts["certificate"]["issuer"] == "Test Root"
    assert set(result.observation.timings_ms) >= {"tls", "answer"}
    assert result.note.startswith("TLS 1.3, HTTP 200, certificate by “Test Root” valid until 20")
    assert result.observation.evidence[-2].sent.startswith("GET / HTTP/1.1")


@pytest.mark.parametrize("status", [b"403 Forbidden", b"404 Not Found", b"500 Oops", b"301 Moved"])
async def test_a_refusal_over_http_is_still_the_service(
    server, asked, ca, ca_file, tmp_path, status
):
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + status + b"\r\nLocation: https://x.test/\r\n\r\n")
        await writer.drain()

    async with server(refuse, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.OK
    assert f"HTTP {int(status[:3])}" in result.note


PAGE = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n"


@pytest.mark.parametrize("status", [b"200 OK", b"403 Forbidden"])
@pytest.mark.parametrize("then", ["stays", "leaves", "floods"])
async def test_the_title_of_the_page_is_told_and_the_rest_of_it_not_waited_for(
    server, asked, ca, ca_file, tmp_path, status, then
):
    async def begin(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PAGE % status + b"<html><title>Alloy\x1b[2J &amp; Scan</title>")
        await writer.drain()
        while then == "floods":
            writer.write(b"<p>" * 1000)
            await writer.drain()
        if then == "stays":
            await reader.read()

    async with server(begin, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=1.5)
    assert result.status is Status.OK
    assert result.observation.facts["http_title"] == "Alloy\\x1b[2J & Scan"


async def test_a_body_that_never_comes_or_is_no_page_changes_nothing(
    server, asked, ca, ca_file, tmp_path
):
    async def stall(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PAGE % b"200 OK")
        await reader.read()

    async with server(stall, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=1.5)
    assert result.status is Status.OK
    assert "http_title" not in result.observation.facts


async def test_the_request_names_the_host_and_its_port(server, asked, ca, ca_file, tmp_path):
    heard = []

    async def listen(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)

    async with server(listen, ca.issue(HOST), folder=tmp_path) as (port, _):
        await asked(port, ca_file=ca_file)
    assert f"\r\nHost: {HOST}:{port}\r\n".encode() in heard[0]


async def test_a_certificate_for_an_address_proves_a_host_named_by_its_address(
    server, asked, ca, ca_file, tmp_path, hello
):
    async with server(hello, ca.issue("127.0.0.1"), folder=tmp_path) as (port, _):
        _, result = await asked(port, host="127.0.0.1", ca_file=ca_file)
    assert result.status is Status.OK


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (9.5, "The certificate expires in 9 days, on 20"),
        (1.5, "The certificate expires in 1 day, on 20"),
        (0.5, "The certificate expires within a day, on 20"),
        (13.9, "The certificate expires in 13 days, on 20"),
    ],
)
async def test_a_certificate_that_expires_within_14_days_is_a_warning(
    server, asked, ca, ca_file, tmp_path, ends, said, hello
):
    async with server(hello, ca.issue(HOST, ends=ends), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.WARNING
    assert result.note.startswith(said)


async def test_a_certificate_with_15_days_left_is_no_warning(
    server, asked, ca, ca_file, tmp_path, hello
):
    async with server(hello, ca.issue(HOST, ends=15), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.OK


async def test_an_intermediate_alone_in_the_ca_file_is_believed_on_every_python(
    server, asked, ca, tmp_path, hello
):
    middle = ca.intermediate()
    (tmp_path / "middle.pem").write_text(middle.pem)
    async with server(hello, middle.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=str(tmp_path / "middle.pem"))
    assert result.status is Status.OK
