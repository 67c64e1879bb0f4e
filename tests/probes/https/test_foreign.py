"""Something else than HTTPS, and TLS that fails."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from probes.call import Unexpected
from probes.model import Status
from probes.wire.tls import describe_alert

HOST = "alloyscan.test"
OK = b"HTTP/1.1 200 OK\r\nServer: test/1\r\nContent-Length: 2\r\n\r\nhi"


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "plain HTTP without TLS (HTTP/1.1 400 Bad Request)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server, not TLS: SSH-2.0-OpenSSH_9.2"),
        (b"220 mail ready\r\n", "a mail or file transfer server, not TLS: 220 mail ready"),
        (b"\x00\x00\x00\x00", "not TLS: 4 bytes that begin with 00 00 00 00"),
        (b"\x1b[2J\x1b[31m pwned\r\n", "not TLS"),
        (b"\x16\x00\x00\x00", "not TLS: 4 bytes that begin with 16 00 00 00"),
    ],
)
async def test_what_is_not_tls_is_named_and_blocked(server, asked, ca_file, greeting, said):
    async def greet(reader, writer):
        writer.write(greeting)
        await reader.read()

    async with server(greet) as (port, _):
        error, result = await asked(port, ca_file=ca_file)
    assert isinstance(error, Unexpected)
    assert result.status is Status.BLOCKED
    assert f"the wrong service answers: {said}" in result.note
    assert "\x1b" not in result.note


async def test_tls_with_something_else_in_it_is_named(server, asked, ca, ca_file, tmp_path):
    async def smtp(reader, writer):
        writer.write(b"220 mail.test ESMTP\r\n")
        await reader.read()

    async with server(smtp, ca.issue(HOST), folder=tmp_path) as (port, _):
        error, result = await asked(port, ca_file=ca_file)
    assert isinstance(error, Unexpected)
    assert "over TLS 1.3 it is not HTTP: 220 mail.test ESMTP" in result.note


async def test_a_server_that_stops_at_tls_1_2_is_fine(server, asked, ca, ca_file, tmp_path, hello):
    version = {"maximum_version": ssl.TLSVersion.TLSv1_2}
    async with server(hello, ca.issue(HOST), folder=tmp_path, **version) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.observation.facts["tls"] == "TLS 1.2"
    assert result.status is Status.OK


def refuse_clients(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Serve one client that has no certificate; asyncio's server drops the alert that says so."""
    plain, _ = listening.accept()
    with context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as secure:
        with pytest.raises(ssl.SSLError):
            secure.do_handshake()
        # Closing with something unread resets, and the alert would be lost.
        while socket.socket.recv(secure, 4096):
            pass


async def test_a_demand_for_a_certificate_of_the_client_is_told(asked, ca, ca_file, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.issue(HOST).files(tmp_path, "server"))
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.ensure_future(asyncio.to_thread(refuse_clients, listening, context))
        _, result = await asked(listening.getsockname()[1], ca_file=ca_file)
        await serving
    assert result.status is Status.WARNING
    assert result.note.startswith(
        "TLS 1.3 is right and the server's certificate is trusted, but it demands a certificate of "
        "the client: certificate required (alert 116, certificate_required)"
    )
    assert result.observation.facts["http_problem"] == "client certificate"
    assert "certificate that the server accepts" in result.observation.facts["fix"]


async def test_a_demand_before_the_server_shows_itself_proves_nothing(server, asked, ca_file):
    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x74")
        await reader.read()

    async with server(refuse) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert "is trusted" not in result.note
    assert "it demands a certificate of the client, and shows none of its own" in result.note
    assert "certificate that the server accepts" in result.observation.facts["fix"]


@pytest.mark.parametrize(
    ("version", "note", "fix"),
    [
        (
            ssl.TLSVersion.TLSv1_2,
            "the connection in the middle of the TLS handshake: perhaps because it has no "
            "certificate of the client, which it asked for",
            "certificate that the server accepts",
        ),
        (
            ssl.TLSVersion.TLSv1_3,
            "the connection instead of an HTTP answer: perhaps nothing is behind it, or it "
            "demands a certificate of the client",
            "no firewall rule has to change",
        ),
    ],
)
async def test_a_demand_that_ends_without_an_alert_is_guessed_at(
    server, asked, hello, ca, ca_file, tmp_path, version, note, fix
):
    async with server(
        hello,
        ca.issue(HOST),
        folder=tmp_path,
        maximum_version=version,
        verify_mode=ssl.CERT_REQUIRED,
    ) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert note in result.note
    assert fix in result.observation.facts["fix"]


async def test_an_alert_in_the_handshake_is_told_in_its_own_words(server, asked, ca_file):
    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")
        await reader.read()

    async with server(refuse) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.observation.facts["unproven"] == "tls"
    assert result.note.startswith(
        "Open, but the TLS handshake fails: the server sends handshake failure "
        "(alert 40, handshake_failure); perhaps "
    )
    assert "no firewall rule has to change" in result.observation.facts["fix"]


@pytest.mark.parametrize(("code", "text"), [(70, "no TLS version from 1.2 on"), (112, "this name")])
async def test_the_alerts_that_say_what_to_change_are_explained(server, asked, ca_file, code, text):
    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02\x02" + bytes([code]))
        await reader.read()

    async with server(refuse) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert text in result.note


@pytest.mark.parametrize(
    ("version", "name"),
    [(ssl.TLSVersion.TLSv1, "TLS 1.0"), (ssl.TLSVersion.TLSv1_1, "TLS 1.1")],
)
async def test_a_server_of_old_versions_alone_is_told_as_that(
    server, asked, ca, ca_file, tmp_path, hello, version, name
):
    def old(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            context.minimum_version = context.maximum_version = version

    async with server(hello, ca.issue(HOST), folder=tmp_path, prepare=old) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.note.startswith(
        f"Open, but it speaks no TLS version from 1.2 on: it answers with {name}."
    )
    assert result.observation.facts["fix"].startswith("Switch TLS 1.2 or 1.3 on")


@pytest.mark.parametrize(
    ("version", "name"), [(0x0300, "SSL 3.0"), (0x0301, "TLS 1.0"), (0x0302, "TLS 1.1")]
)
async def test_a_server_that_chooses_an_old_version_is_told_by_it(
    server, asked, ca_file, version, name
):
    hello = version.to_bytes(2) + bytes(32) + b"\0" + b"\0\x2f" + b"\0"
    message = b"\x02" + len(hello).to_bytes(3) + hello

    async def choose(reader, writer):
        await reader.read(1)
        writer.write(b"\x16" + version.to_bytes(2) + len(message).to_bytes(2) + message)
        await reader.read()

    async with server(choose) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.note.startswith(
        f"Open, but it speaks no TLS version from 1.2 on: it answers with {name}."
    )


@pytest.mark.parametrize("code", [10, 40, 47, 50, 80, 86, 99, 120, 255])
@pytest.mark.parametrize("level", [1, 2])
async def test_every_alert_is_named_as_in_the_rfc_with_the_side_that_sent_it(
    server, asked, ca_file, code, level
):
    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02" + bytes([level, code]))
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async with server(refuse) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert f"the server sends {describe_alert(code)}" in result.note
    assert result.observation.facts["tls_error"] == describe_alert(code)


async def test_what_this_side_refuses_is_told_as_this_sides(server, asked, ca_file):
    async def break_off(reader, writer):
        await reader.read(1)
        writer.write(b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00")
        await reader.read()

    async with server(break_off) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert "this machine sends unexpected message (alert 10, unexpected_message)" in result.note
    assert "the server sends" not in result.note


async def test_a_handshake_that_breaks_off_is_not_blamed_on_the_name(server, asked, ca_file):
    async def leave(reader, writer):
        await reader.read(1)
        writer.write(b"\x16\x03\x03")
        await writer.drain()

    async with server(leave) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert "in the middle of the TLS handshake" in result.note
    assert "SNI" not in result.note


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_certificate_demanded_in_any_version_does_not_block(
    asked, ca, ca_file, tmp_path, version
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.issue(HOST).files(tmp_path, "server"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.ensure_future(asyncio.to_thread(refuse_clients, listening, context))
        _, result = await asked(listening.getsockname()[1], ca_file=ca_file)
        await serving
    assert result.status is Status.WARNING
    assert "the server's certificate is trusted, but it demands a certificate" in result.note
    assert "give the Audit Service one that it accepts, or exempt it" in result.note
