from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from probes.engine.stream import MOST, Stream, TooMuch, opened

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def server_context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.fixture
def anything() -> ssl.SSLContext:
    """A client that trusts every certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.asynccontextmanager
async def stream_to(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[Stream]:
    ended: list[asyncio.Task[None]] = []

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        ended.append(task)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context)
    sock = socket.socket()
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, server.sockets[0].getsockname())
    stream = await opened(sock)
    try:
        yield stream
    finally:
        await stream.close()
        server.close()
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        await server.wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()


async def test_a_stream_goes_on_in_tls_and_records_the_plain_text(server_context, anything) -> None:
    async with stream_to(echo, server_context) as stream:
        secured = await stream.start_tls(anything, "server.example")
        await stream.send(b"hello")
        assert await stream.exactly(5) == b"hello"
        assert secured.getpeercert(binary_form=True)
        assert bytes(stream.sent) == bytes(stream.received) == b"hello"


async def test_an_endless_stream_in_tls_is_cut_off(server_context, anything) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(bytes(64 * 1024))
            await writer.drain()

    async with stream_to(endless, server_context) as stream:
        await stream.start_tls(anything)
        total = 0
        with pytest.raises(TooMuch):
            while True:
                total += len(await stream.read(64 * 1024))
    assert total <= MOST


async def test_a_certificate_that_is_not_trusted_is_an_ssl_error(server_context) -> None:
    async with stream_to(echo, server_context) as stream:
        with pytest.raises(ssl.SSLCertVerificationError) as raised:
            await stream.start_tls(ssl.create_default_context(), "server.example")
    assert raised.value.verify_code == 18


async def test_a_server_that_speaks_before_the_handshake_is_an_ssl_error(anything) -> None:
    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\r\n")
        await asyncio.Event().wait()

    async with stream_to(banner) as stream:
        stream.reader.feed_data(await stream.reader.readline())
        with pytest.raises(ssl.SSLError):
            await stream.start_tls(anything)
    assert bytes(stream.received).startswith(b"SSH-")


async def test_a_plain_text_answer_to_the_handshake_is_an_ssl_error(anything) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await asyncio.Event().wait()

    async with stream_to(plain) as stream:
        with pytest.raises(ssl.SSLError):
            await stream.start_tls(anything)


async def test_a_close_in_the_handshake_is_the_end_and_no_reset(anything) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Everything is read first, otherwise the kernel makes a reset of the close.
        await reader.read(4096)
        writer.close()
        await writer.wait_closed()

    async with stream_to(close) as stream:
        with pytest.raises(EOFError):
            await stream.start_tls(anything)


async def test_a_close_before_the_handshake_is_the_end(anything) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    async with stream_to(close) as stream:
        assert await stream.reader.read() == b""
        with pytest.raises(EOFError):
            await stream.start_tls(anything)


async def test_a_reset_in_the_handshake_passes_through(anything) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async with stream_to(reset) as stream:
        with pytest.raises(ConnectionResetError):
            await stream.start_tls(anything)


async def test_a_silent_handshake_is_ended_by_the_deadline_and_leaves_nothing(anything) -> None:
    gone = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(4096):
                pass
        finally:
            gone.set()

    async with stream_to(mute) as stream:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await stream.start_tls(anything)
        await stream.close()
        await gone.wait()
