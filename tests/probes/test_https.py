"""HTTPS against servers of every kind: believed, distrusted, foreign, hostile, behind a proxy."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from probes import https
from probes.engine import observe
from probes.engine.call import Answer, Unexpected
from probes.engine.judge import judge
from probes.engine.lanes import Work
from probes.engine.local.vantage import LocalVantage
from probes.engine.model import Service, Status, Target
from probes.engine.options import Options
from probes.engine.vantage import NotOffered

HOST = "alloyscan.test"
OK = b"HTTP/1.1 200 OK\r\nServer: test/1\r\nContent-Length: 2\r\n\r\nhi"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    await writer.drain()


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.fixture
def server():
    """A server on loopback; yields its port and the number of connections so far."""

    @asynccontextmanager
    async def make(serve: Serve, issued=None, **more: object) -> AsyncIterator[list[int]]:
        context = None
        if issued is not None:
            folder = more.pop("folder")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*issued.files(folder, "server"))
            for name, value in more.items():
                setattr(context, name, value)
        seen = [0, 0]
        tasks = []

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen[1] += 1
            tasks.append((asyncio.current_task(), writer))
            try:
                await serve(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        listening = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context)
        seen[0] = listening.sockets[0].getsockname()[1]
        try:
            yield seen
        finally:
            listening.close()
            for task, writer in tasks:
                task.cancel()
                writer.transport.abort()
            await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
            await listening.wait_closed()

    return make


@pytest.fixture
def asked(call_to):
    """Ask as the engine does, and judge: the answer or what was raised, and the row's result."""

    async def ask(
        port: int,
        *,
        host: str = HOST,
        timeout: float = 5.0,
        via: tuple[str, int] | None = None,
        issuers: tuple[str, ...] = (),
        target_port: int = 0,
        **options: str,
    ):
        vantage = LocalVantage()
        async with call_to(port, timeout=timeout) as call:
            check = dataclasses.replace(
                call.job.check, probe="https", issuers=issuers, consequence="Lost."
            )
            target = Target("r", host)
            number = target_port or (443 if via else port)
            call.job = dataclasses.replace(
                call.job, check=check, target=target, port=number, via=via
            )
            call.vantage = vantage
            call.options = Options(**options)
            work = Work(call.job)
            outcome = call.outcome
            said: list[object] = []

            async def ask(call):
                try:
                    said.append(await https.ask(call))
                except Exception as error:
                    said.append(error)
                    raise
                return said[0]

            try:
                observation = await observe.converse(call, ask, work, outcome, ())
            finally:
                await vantage.close()
        result = judge(call.job, observation)
        json.dumps({**observation.facts})
        return said[0], result

    return ask


# A server that is right


async def test_a_verified_chain_and_any_http_status_prove_the_service(
    server, asked, ca, ca_file, tmp_path
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


@pytest.mark.parametrize("status", [b"403 Forbidden", b"404 Not Found", b"503 Busy", b"301 Moved"])
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


async def test_the_request_names_the_host_and_its_port(server, asked, ca, ca_file, tmp_path):
    heard = []

    async def listen(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)

    async with server(listen, ca.issue(HOST), folder=tmp_path) as (port, _):
        await asked(port, ca_file=ca_file)
    assert f"\r\nHost: {HOST}:{port}\r\n".encode() in heard[0]


async def test_a_certificate_for_an_address_proves_a_host_named_by_its_address(
    server, asked, ca, ca_file, tmp_path
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
    server, asked, ca, ca_file, tmp_path, ends, said
):
    async with server(hello, ca.issue(HOST, ends=ends), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.WARNING
    assert result.note.startswith(said)


async def test_a_certificate_with_15_days_left_is_no_warning(server, asked, ca, ca_file, tmp_path):
    async with server(hello, ca.issue(HOST, ends=15), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.OK


async def test_an_intermediate_alone_in_the_ca_file_is_believed_on_every_python(
    server, asked, ca, tmp_path
):
    middle = ca.intermediate()
    (tmp_path / "middle.pem").write_text(middle.pem)
    async with server(hello, middle.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=str(tmp_path / "middle.pem"))
    assert result.status is Status.OK


# A certificate that is not believed

DISTRUSTED = {
    "expired": (
        lambda ca: ca.issue(HOST, begins=-90, ends=-12.5),
        "expired",
        10,
        "Open, but its certificate expired on 20",
    ),
    "early": (
        lambda ca: ca.issue(HOST, begins=3, ends=90),
        "not-yet-valid",
        9,
        "Open, but its certificate is not valid before 20",
    ),
    "name": (
        lambda ca: ca.issue("www.other.test", "other.test"),
        "name-mismatch",
        62,
        "Open, but its certificate is only for www.other.test, other.test, not for alloyscan.test.",
    ),
    "self-signed": (
        lambda ca: ca.issue(HOST, self_signed=True),
        "self-signed",
        18,
        "Open, but its certificate is self-signed and not trusted here: add it to",
    ),
    "intermediate": (
        lambda ca: ca.intermediate("Middle").issue(HOST),
        "missing-intermediate",
        20,
        "Open, but its certificate is issued by “Middle”, whose certificate the server does not",
    ),
}


@pytest.mark.parametrize("kind", DISTRUSTED)
async def test_a_chain_that_is_not_believed_is_blocked_with_the_reason(
    server, asked, ca, ca_file, tmp_path, kind
):
    make, word, code, note = DISTRUSTED[kind]
    async with server(hello, make(ca), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    facts = result.observation.facts
    assert result.status is Status.BLOCKED
    assert (facts["distrust"], facts["verify_code"]) == (word, code)
    assert facts["unproven"] == "certificate"
    assert facts["certificate"]["sha256"]
    assert result.observation.service is Service.UNEXPECTED
    assert result.note.startswith(note)
    assert result.note.endswith(" Lost.")


async def test_a_private_authority_is_named_with_what_to_do(
    server, asked, new_ca, ca_file, tmp_path
):
    private = new_ca("Corp Root", "Corp")
    issued = private.issue(HOST, sends=(private,))
    async with server(hello, issued, folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.observation.facts["distrust"] == "private-ca"
    assert "from a private CA, “Corp Root”, that is not trusted here" in result.note
    assert "--ca-file" in result.note


async def test_an_expired_certificate_that_is_also_self_signed_is_told_as_both(
    server, asked, ca, ca_file, tmp_path
):
    issued = ca.issue(HOST, begins=-90, ends=-3.5, self_signed=True)
    async with server(hello, issued, folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert "self-signed" in result.note
    assert "; it also expired on 20" in result.note


async def test_the_reason_is_told_even_if_the_second_connection_comes_to_nothing(
    server, asked, ca, ca_file, tmp_path
):
    first = []

    async def once(reader, writer):
        await reader.read()

    async with server(once, ca.issue(HOST, ends=-1, begins=-2), folder=tmp_path) as seen:
        real = https.unverified

        def broken():
            first.append(True)
            raise ConnectionResetError

        https.unverified = broken
        try:
            _, result = await asked(seen[0], ca_file=ca_file)
        finally:
            https.unverified = real
    assert first
    assert result.status is Status.BLOCKED
    assert "has expired (this machine's clock says" in result.note


async def test_a_name_with_escape_sequences_in_it_is_harmless(server, asked, ca, ca_file, tmp_path):
    issued = ca.issue("other.test", common="\x1b[2Jevil\n")
    async with server(hello, issued, folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert "\x1b" not in json.dumps(dict(result.observation.facts), ensure_ascii=False)
    assert result.observation.facts["certificate"]["subject"] == "\\x1b[2Jevil"


# Interception


async def test_an_issuer_foreign_to_a_public_name_that_is_believed_is_a_warning(
    server, asked, new_ca, tmp_path
):
    corp = new_ca("Corp Inspection CA", "Corp Security")
    (tmp_path / "corp.pem").write_text(corp.pem)
    async with server(hello, corp.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(
            port, ca_file=str(tmp_path / "corp.pem"), issuers=("Amazon", "DigiCert")
        )
    assert result.status is Status.WARNING
    assert result.observation.facts["interception"] is True
    assert result.note.startswith(
        "TLS interception: “Corp Security” issued the certificate of alloyscan.test, "
        "not Amazon or DigiCert"
    )


async def test_an_issuer_foreign_to_a_public_name_that_is_not_believed_is_called_interception(
    server, asked, new_ca, ca_file, tmp_path
):
    corp = new_ca("Corp Inspection CA", "Corp Security")
    async with server(hello, corp.issue(HOST, sends=(corp,)), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, issuers=("Amazon",))
    assert result.status is Status.BLOCKED
    assert "TLS interception is likely: “Corp Security” issued it, not Amazon" in result.note


async def test_the_issuer_of_a_public_name_is_known_by_how_it_begins(
    server, asked, new_ca, tmp_path
):
    amazon = new_ca("Amazon RSA 2048 M01", "AMAZON Web")
    (tmp_path / "a.pem").write_text(amazon.pem)
    async with server(hello, amazon.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=str(tmp_path / "a.pem"), issuers=("Amazon",))
    assert result.status is Status.OK


# Something else than HTTPS


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


async def test_a_server_that_stops_at_tls_1_2_is_fine(server, asked, ca, ca_file, tmp_path):
    version = {"maximum_version": ssl.TLSVersion.TLSv1_2}
    async with server(hello, ca.issue(HOST), folder=tmp_path, **version) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.observation.facts["tls"] == "TLS 1.2"
    assert result.status is Status.OK


async def test_a_demand_for_a_certificate_of_the_client_is_told(asked, ca, ca_file, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.issue(HOST).files(tmp_path, "server"))
    context.verify_mode = ssl.CERT_REQUIRED

    # asyncio's server drops the alert that says so.
    def serve(listening: socket.socket) -> None:
        plain, _ = listening.accept()
        with context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as secure:
            with pytest.raises(ssl.SSLError):
                secure.do_handshake()
            # Closing with something unread resets, and the alert would be lost.
            while socket.socket.recv(secure, 4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.ensure_future(asyncio.to_thread(serve, listening))
        _, result = await asked(listening.getsockname()[1], ca_file=ca_file)
        await serving
    assert result.status is Status.BLOCKED
    assert "demands a certificate of the client" in result.note


async def test_an_alert_in_the_handshake_is_told_in_its_own_words(server, asked, ca_file):
    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")
        await reader.read()

    async with server(refuse) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.observation.facts["unproven"] == "tls"
    assert "Open, but the TLS handshake fails:" in result.note
    assert "handshake failure" in result.note


@pytest.mark.parametrize(("code", "text"), [(70, "no TLS version from 1.2 on"), (112, "this name")])
async def test_the_alerts_that_say_what_to_change_are_explained(server, asked, ca_file, code, text):
    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02\x02" + bytes([code]))
        await reader.read()

    async with server(refuse) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert text in result.note


# Hostile and broken servers, before and after the handshake


async def test_silence_in_the_handshake_ends_with_the_deadline(server, asked, ca_file):
    async with server(mute) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=0.5)
    assert result.status is Status.BLOCKED
    assert result.observation.service is Service.SILENT
    assert result.note.startswith("Open, but it says nothing useful for 0.45 s in the TLS")


async def test_silence_after_the_handshake_keeps_what_was_learned(
    server, asked, ca, ca_file, tmp_path
):
    async with server(mute, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=1)
    assert result.observation.service is Service.SILENT
    assert result.observation.facts["certificate"]["subject"] == HOST
    assert "tls" in result.observation.timings_ms
    assert "TLS is right, but it says nothing useful" in result.note


@pytest.mark.parametrize("secure", [False, True])
async def test_a_drip_ends_with_the_deadline(server, asked, ca, ca_file, tmp_path, secure):
    async def drip(reader, writer):
        for byte in (OK if secure else b"\x16\x03\x03\x40\x00") + b"\0" * 10_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    issued = {"issued": ca.issue(HOST), "folder": tmp_path} if secure else {}
    async with server(drip, **issued) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=0.8)
    assert result.status is Status.BLOCKED
    assert result.observation.service is Service.SILENT


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_connection_that_ends_without_a_word_is_silent(
    server, asked, ca, ca_file, tmp_path, secure, reset
):
    async def leave(reader, writer):
        if reset:
            raw = writer.transport.get_extra_info("socket")
            raw.setsockopt(1, 13, struct.pack("ii", 1, 0))
            writer.transport.abort()

    issued = {"issued": ca.issue(HOST), "folder": tmp_path} if secure else {}
    async with server(leave, **issued) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.observation.service is Service.SILENT
    phase = "http" if secure else "tls"
    assert result.observation.facts["unproven"] == phase
    if not secure:
        assert "a firewall that filters by server name (SNI) does this" in result.note


async def test_an_endless_stream_over_tls_is_cut_off(server, asked, ca, ca_file, tmp_path):
    async def flood(reader, writer):
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 400)
            await writer.drain()

    async with server(flood, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=20)
    assert result.status is Status.BLOCKED
    assert result.observation.service is Service.UNEXPECTED


async def test_an_endless_stream_of_tls_records_is_cut_off(server, asked, ca_file):
    async def flood(reader, writer):
        while True:
            # Handshake records with one message that never ends.
            writer.write(b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + b"\0" * 0x3FFC)
            await writer.drain()

    async with server(flood) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=20)
    assert result.status is Status.BLOCKED


@pytest.mark.parametrize("garbage", [b"\x16\x03\x03" + bytes(range(256)), b"\xff" * 5000])
async def test_garbage_is_no_fault_of_ours(server, asked, ca_file, garbage):
    async def talk(reader, writer):
        writer.write(garbage)
        await reader.read()

    async with server(talk) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert "fault" not in result.note


# The CA file


async def test_a_ca_file_that_went_away_is_not_run_and_never_blocked(server, asked, tmp_path):
    async with server(mute) as (port, _):
        with pytest.raises(NotOffered, match="cannot be read: no such file"):
            await asked(port, ca_file=str(tmp_path / "gone.pem"))


# Through a proxy


def proxy(status: bytes = b"", headers: bytes = b"", heard: list[bytes] | None = None):
    """A proxy that relays to the port in CONNECT on loopback, or answers with a status."""

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(head)
        if status:
            writer.write(b"HTTP/1.1 " + status + b"\r\n" + headers + b"Content-Length: 0\r\n\r\n")
            await writer.drain()
            return
        port = int(head.split()[1].rpartition(b":")[2])
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def pump(source, sink):
            try:
                while data := await source.read(4096):
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.transport.abort()

        await asyncio.gather(pump(reader, back), pump(there, writer))

    return serve


async def test_the_host_is_proven_through_a_proxy(server, asked, ca, ca_file, tmp_path):
    heard = []
    async with (
        server(hello, ca.issue(HOST), folder=tmp_path) as (port, _),
        server(proxy(heard=heard)) as (through, _),
    ):
        via = ("127.0.0.1", through)
        _, result = await asked(
            through,
            via=via,
            target_port=port,
            ca_file=ca_file,
            proxy=f"http://127.0.0.1:{through}",
        )
    assert result.status is Status.OK
    assert heard[0].startswith(f"CONNECT {HOST}:{port} HTTP/1.1\r\n".encode())
    assert b"Authorization" not in heard[0]
    assert result.observation.facts["proxy"] == f"127.0.0.1:{through}"
    assert set(result.observation.timings_ms) >= {"proxy", "tls", "answer"}


async def test_a_distrusted_chain_behind_a_proxy_is_looked_at_through_the_proxy(
    server, asked, ca, ca_file, tmp_path
):
    async with (
        server(hello, ca.issue("other.test"), folder=tmp_path) as (port, _),
        server(proxy()) as seen,
    ):
        _, result = await asked(
            seen[0],
            via=("127.0.0.1", seen[0]),
            target_port=port,
            ca_file=ca_file,
            proxy=f"127.0.0.1:{seen[0]}",
        )
        assert seen[1] == 2
    assert result.observation.facts["distrust"] == "name-mismatch"
    assert "only for other.test" in result.note


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (
            b"407 Proxy Authentication Required",
            b'Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm="x"\r\n',
            "The proxy {proxy} wants a login (Negotiate, Basic): "
            "407 Proxy Authentication Required; give it in HTTPS_PROXY",
        ),
        (
            b"403 Forbidden",
            b"X-Squid-Error: ERR_ACCESS_DENIED 0\r\n",
            "The proxy {proxy} refuses to connect to alloyscan.test:443: "
            "403 Forbidden, ERR_ACCESS_DENIED 0. Lost.",
        ),
        (
            b"503 Service Unavailable",
            b"X-Squid-Error: ERR_DNS_FAIL 0\r\n",
            "The proxy {proxy} cannot reach alloyscan.test:443: "
            "503 Service Unavailable, ERR_DNS_FAIL 0. Lost.",
        ),
        (b"502 Bad Gateway", b"", "The proxy {proxy} cannot reach alloyscan.test:443: 502 Bad"),
        (b"504 Gateway Timeout", b"", "The proxy {proxy} cannot reach alloyscan.test:443: 504"),
        (b"405 Not \x1b[2J", b"", "The proxy {proxy} "),
    ],
)
async def test_the_proxys_refusal_is_shown_as_the_proxys(
    server, asked, ca_file, status, headers, said
):
    async with server(proxy(status, headers)) as (port, _):
        via = ("127.0.0.1", port)
        _, result = await asked(port, via=via, ca_file=ca_file, proxy=f"127.0.0.1:{port}")
    assert result.status is Status.BLOCKED
    assert result.note.startswith(said.format(proxy=f"127.0.0.1:{port}")) or b"\x1b" in status
    assert "\x1b" not in result.note
    assert result.observation.facts["unproven"] == "proxy"


async def test_the_login_for_the_proxy_is_sent_and_is_nowhere_to_be_found_afterwards(
    server, asked, ca_file
):
    heard = []
    async with server(proxy(b"407 Login", heard=heard)) as (port, _):
        via = ("127.0.0.1", port)
        url = f"http://audit:hunter2%40@127.0.0.1:{port}"
        _, result = await asked(port, via=via, ca_file=ca_file, proxy=url, host="a.b")
    secret = base64.b64encode(b"audit:hunter2@")
    assert b"Proxy-Authorization: Basic " + secret in heard[0]
    assert "does not accept the login it was given: 407 Login" in result.note
    everything = repr(result)
    decoded = "".join(
        bytes.fromhex(one.sent).decode("latin-1")
        for one in result.observation.evidence
        if one.sent.startswith("434f")
    )
    assert "Proxy-Authorization: Basic ..." in decoded
    for text in (everything, decoded):
        assert "hunter2" not in text
        assert secret.decode() not in text
    assert secret.hex() not in everything


@pytest.mark.parametrize(
    ("serve", "timeout", "said"),
    [
        (mute, 0.5, "The proxy {proxy} says nothing useful for 0.45 s when asked for"),
        ("close", 5, "The proxy {proxy} closes the connection when asked for alloyscan.test:443"),
        ("ssh", 5, "The proxy {proxy} is no HTTP proxy: it is an SSH server, not HTTP"),
    ],
)
async def test_a_proxy_that_is_none_or_says_nothing_is_blamed(
    server, asked, ca_file, serve, timeout, said
):
    async def close(reader, writer):
        await reader.readuntil(b"\r\n\r\n")

    async def ssh(reader, writer):
        writer.write(b"SSH-2.0-x\r\n")
        await reader.read()

    serve = {"close": close, "ssh": ssh}.get(serve, serve)
    async with server(serve) as (port, _):
        via = ("127.0.0.1", port)
        _, result = await asked(
            port, via=via, ca_file=ca_file, timeout=timeout, proxy=f"127.0.0.1:{port}"
        )
    assert result.status is Status.BLOCKED
    assert result.note.startswith(said.format(proxy=f"127.0.0.1:{port}"))
    assert result.observation.facts["unproven"] == "proxy"
