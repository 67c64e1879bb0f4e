from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from probes.vantage import Pipe
from probes.vantage.local.tcp import SocketPipe
from probes.vantage.stream import (
    MAX_QUOTED,
    MAX_RECEIVED,
    MAX_RECORDED,
    LimitExceeded,
    Stream,
    open_stream,
    read_foreign,
)
from probes.wire.masking import in_force, mask_of
from tests.pipes import ChannelPipe

Pair = Callable[[], contextlib.AbstractAsyncContextManager[tuple[Stream, socket.socket]]]


def _socket(sock: socket.socket) -> Pipe:
    return SocketPipe(sock)


def _channel(sock: socket.socket) -> Pipe:
    return ChannelPipe(SocketPipe(sock))


@pytest.fixture(params=[_socket, _channel])
def pair(request: pytest.FixtureRequest) -> Pair:
    """A stream, over a socket and over what shows none, and the socket at its other end."""

    @contextlib.asynccontextmanager
    async def make() -> AsyncIterator[tuple[Stream, socket.socket]]:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        stream = await open_stream(request.param(ours))
        try:
            yield stream, theirs
        finally:
            await stream.close()
            theirs.close()

    return make


async def test_both_directions_are_recorded_up_to_what_is_kept(pair: Pair) -> None:
    async with pair() as (stream, peer):
        await stream.send(b"a" * (MAX_RECORDED + 1))
        peer.send(b"b" * (MAX_RECORDED + 1))
        assert await stream.read_exactly(MAX_RECORDED + 1) == b"b" * (MAX_RECORDED + 1)
        assert stream.sent.hex() == "61" * MAX_RECORDED + "…"
        assert stream.received.hex() == "62" * MAX_RECORDED + "…"


async def test_a_secret_is_sent_and_a_mask_recorded_wherever_it_is_cut(pair: Pair) -> None:
    for before in (0, MAX_RECORDED - 4, MAX_RECORDED):
        with in_force(mask_of(["Xyzzy-Geheim"])):
            async with pair() as (stream, peer):
                sent = b"-" * before + b"Xyzzy-Geheim" + b"." * 200
                await stream.send(sent)
                assert await asyncio.get_running_loop().sock_recv(peer, 400) == sent
                shown = "2d" * before + "***" + "2e" * (MAX_RECORDED - before)
                assert stream.sent.hex() == shown.removesuffix("***") + "…"


async def test_of_a_secret_in_two_pieces_nothing_is_recorded(pair: Pair) -> None:
    with in_force(mask_of(["Xyzzy-Geheim"])):
        async with pair() as (stream, peer):
            for piece in (b"login Xyzzy", b"-Geheim!"):
                peer.send(piece)
                await stream.read_exactly(len(piece))
            assert stream.received.hex() == f"{b'login '.hex()}***{b'!'.hex()}"


async def test_after_a_secret_nothing_tells_its_length_where_the_record_ends(pair: Pair) -> None:
    shown = set()
    for secret in ("Xyzzy", "Xyzzy-Geheim" * 9):
        with in_force(mask_of([secret])):
            async with pair() as (stream, peer):
                data = secret.encode() * 7 + b"." * 9000
                peer.send(data)
                await stream.read_exactly(len(data))
                shown.add(stream.received.hex())
    assert shown == {"***…"}


async def test_the_end_of_the_peer_is_an_eof_error(pair: Pair) -> None:
    async with pair() as (stream, peer):
        peer.send(b"abc")
        peer.shutdown(socket.SHUT_WR)
        assert await stream.read() == b"abc"
        with pytest.raises(EOFError):
            await stream.read()


async def test_an_end_in_the_middle_keeps_what_came(pair: Pair) -> None:
    async with pair() as (stream, peer):
        peer.send(b"abc")
        peer.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            await stream.read_exactly(4)
        assert stream.received[:] == b"abc"


async def test_more_than_a_connection_may_send_is_never_waited_for(pair: Pair) -> None:
    async with pair() as (stream, _):
        with pytest.raises(LimitExceeded):
            await stream.read_exactly(MAX_RECEIVED + 1)


async def test_a_peer_that_sends_without_end_is_cut_off(pair: Pair) -> None:
    async with pair() as (stream, peer):

        async def pour() -> None:
            while True:
                await asyncio.get_running_loop().sock_sendall(peer, bytes(64 * 1024))

        pouring = asyncio.create_task(pour())
        total = 0
        with pytest.raises(LimitExceeded):
            while True:
                total += len(await stream.read(64 * 1024))
        pouring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pouring
    assert total <= MAX_RECEIVED


async def test_bytes_that_are_given_back_are_the_next_reader_s_and_counted_once(pair: Pair) -> None:
    async with pair() as (stream, peer):
        peer.send(b"one two three")
        assert await stream.read() == b"one two three"
        stream.unread(b"two three")
        assert stream.consumed == 4
        assert await stream.read(2) == b"tw"
        stream.unread(b"tw")
        assert await stream.read_exactly(4) == b"two "
        peer.send(b"!")
        assert await stream.read_exactly(6) == b"three!"
        assert stream.received[:] == b"one two three!"
        assert stream.consumed == 14


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ((b"2", b"20 ma", b"il\r\nmore"), b"220 mail\r\n"),
        ((b"220 mail\r\nmore",), b"220 mail\r\n"),
        ((b"\r\n", b"\r\nhello\n"), b"hello\n"),
        ((b"J\0\0\0\n", b"8.0"), b"J\0\0\0\n8.0"),
        ((b"no end",), b"no end"),
        ((b"x" * 300,), b"x" * MAX_QUOTED),
    ],
)
async def test_a_foreign_answer_is_its_first_line_however_it_is_cut(
    pair: Pair, pieces: tuple[bytes, ...], said: bytes
) -> None:
    async with pair() as (stream, peer):
        peer.send(pieces[0])
        start = await stream.read()
        for piece in pieces[1:]:
            peer.send(piece)
        assert await read_foreign(stream, start) == said
