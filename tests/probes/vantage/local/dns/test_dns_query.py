"""DNS query through a vantage: UDP, TCP after a truncated answer, hostile answers."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import dns.flags
import dns.message
import dns.name
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Icmp, Reason, State
from probes.vantage import Outcome
from probes.vantage.local.dns_query import CutOff, _is_response, send_query
from probes.vantage.local.dns_servers import Configuration, DnsAnswer, Nameservers
from probes.vantage.local.udp import MAX_REJECTED
from probes.vantage.local.vantage import LocalVantage
from tests.pipes import Elsewhere

HERE = "127.0.0.1"
NAME = "_ldap._tcp.corp.example"
QUERY = dns.message.make_query(NAME, "SRV", id=4711)
Udp = Callable[[dns.message.Message], list[bytes]]
Tcp = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def response(query: dns.message.Message, *texts: str, cut: bool = False) -> dns.message.Message:
    made = dns.message.make_response(query)
    if texts:
        made.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "SRV", *texts))
    if cut:
        made.flags |= dns.flags.TC
    return made


def cut_off(query: dns.message.Message) -> list[bytes]:
    return [response(query, cut=True).to_wire()]


async def question(reader: asyncio.StreamReader) -> dns.message.Message:
    size = int.from_bytes(await reader.readexactly(2), "big")
    return dns.message.from_wire(await reader.readexactly(size))


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, udp: Udp) -> None:
        self._udp = udp
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        self.asked += 1
        for said in self._udp(dns.message.from_wire(data)):
            self._transport.sendto(said, peer)


class Server:
    """A server on one port of UDP, and of TCP where it has a way to serve that."""

    def __init__(self, port: int, datagrams: Datagrams) -> None:
        self.port = port
        self.datagrams = datagrams
        self.connections: asyncio.Queue[asyncio.StreamReader] = asyncio.Queue()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    closing: list[Callable[[], object]] = []

    async def start(udp: Udp, tcp: Tcp | None = None) -> Server:
        loop = asyncio.get_running_loop()
        for last in (False,) * 9 + (True,):
            datagrams = Datagrams(udp)
            transport, _ = await loop.create_datagram_endpoint(
                lambda made=datagrams: made, local_addr=(HERE, 0)
            )
            server = Server(transport.get_extra_info("sockname")[1], datagrams)
            try:
                if tcp is not None:
                    closing.append(await _listen(server, tcp))
            except OSError:
                # The number is taken in TCP: another one.
                transport.close()
                if last:
                    raise
            else:
                closing.append(transport.close)
                return server
        raise AssertionError

    yield start
    for close in closing:
        close()
    await asyncio.sleep(0)


async def _listen(server: Server, tcp: Tcp) -> Callable[[], object]:
    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections.put_nowait(reader)
        tasks.append(asyncio.current_task())
        try:
            await tcp(reader, writer)
        finally:
            writer.transport.abort()

    def close() -> None:
        listening.close()
        for task in tasks:
            task.cancel()

    tasks: list[asyncio.Task[None]] = []
    listening = await asyncio.start_server(accepted, HERE, server.port)
    return close


@pytest.fixture(params=[lambda vantage: vantage, Elsewhere], ids=["sockets", "channels"])
async def vantage(request) -> AsyncIterator[LocalVantage]:
    local = LocalVantage()
    yield request.param(local)
    await local.close()


async def srv(vantage, port: int, *, timeout: float = 5.0) -> DnsAnswer:
    """SRV answer of a server."""
    nameservers = Nameservers(vantage, lambda: Configuration((HERE,), port=port))
    return await nameservers.query(NAME, ("SRV",), timeout, search=False)


async def forever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_an_answer_that_is_cut_off_is_asked_for_over_tcp(serve, vantage) -> None:
    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        texts = [f"0 {99 - number} 389 dc{number}.corp.example." for number in range(60)]
        writer.write(framed(response(await question(reader), *texts).to_wire()))
        await writer.drain()
        await reader.read()

    server = await serve(cut_off, whole)
    said = await srv(vantage, server.port)
    assert (said.server, said.problem) == (HERE, "")
    assert said.records == tuple(f"dc{number}.corp.example" for number in range(60))
    assert server.datagrams.asked == 1


def cut(port: int, why: str) -> str:
    return f"{HERE} answers, but the answer is cut off, and TCP {port}, which has the rest, {why}"


async def test_one_that_refuses_tcp_after_that_is_said_to(serve, vantage) -> None:
    server = await serve(cut_off)
    said = await srv(vantage, server.port)
    assert said.problem == cut(server.port, "cannot be asked (it refuses the connection)")


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Outcome(State.FILTERED, Reason.NO_RESPONSE, HERE), "gives no answer"),
        (
            Outcome(
                State.FILTERED,
                Reason.ADMIN_PROHIBITED,
                HERE,
                icmp=Icmp(3, 13, "192.0.2.1"),
                errno=errno.EHOSTUNREACH,
            ),
            "cannot be asked (rejected by 192.0.2.1, admin-prohibited)",
        ),
        (
            Outcome(State.CLOSED, Reason.CONN_REFUSED, HERE, errno=errno.ECONNREFUSED),
            "cannot be asked (it refuses the connection)",
        ),
    ],
)
async def test_a_cut_off_answer_without_tcp_is_never_told_as_none(outcome, why: str) -> None:
    asked: list[bytes] = []

    class WithoutTcp:
        async def exchange(self, address, port, payload, timeout, accept):
            asked.append(payload)
            (data,) = cut_off(dns.message.from_wire(payload))
            assert accept(data)
            return Outcome(State.OPEN, Reason.UDP_RESPONSE, HERE, data=data)

        def connect(self, address, port, timeout, done, *, keep):
            done(outcome)
            return lambda: None

    assert (await srv(WithoutTcp(), 53)).problem == cut(53, why)
    assert len(asked) == 1


async def test_one_that_resets_tcp_in_the_middle_is_said_to(serve, vantage) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(framed(response(await question(reader)).to_wire())[:20])
        await writer.drain()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    server = await serve(cut_off, reset)
    assert (await srv(vantage, server.port)).problem == cut(server.port, "hangs up")


async def test_one_that_drops_or_drips_tcp_ends_with_the_deadline(serve, vantage) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = framed(response(await question(reader)).to_wire())
        for byte in (len(wire) * 2).to_bytes(2, "big") + wire[2:]:
            writer.write(bytes([byte]))
            await writer.drain()
        await asyncio.Event().wait()

    for tcp in (forever, drip):
        server = await serve(cut_off, tcp)
        said = await srv(vantage, server.port, timeout=0.2)
        assert said.problem == cut(server.port, "gives no answer")


async def test_one_that_hangs_up_or_answers_something_else_over_tcp_is_not_asked_again(
    serve, vantage
) -> None:
    def says(make: Callable[[dns.message.Message], bytes]) -> Tcp:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(make(await question(reader)))
            await writer.drain()
            writer.close()

        return serve

    def another(query: dns.message.Message) -> bytes:
        made = response(query)
        made.id ^= 1
        return framed(made.to_wire())

    for make, why in (
        (lambda _: b"\xff\xff", "hangs up"),
        (lambda _: framed(b""), "answers something else"),
        (lambda _: framed(b"x" * 99), "answers something else"),
        (another, "answers something else"),
        (lambda query: framed(*cut_off(query)), "cuts it off as well"),
    ):
        server = await serve(cut_off, says(make))
        said = await srv(vantage, server.port)
        assert said.problem == cut(server.port, why)
        assert server.connections.qsize() == 1


async def test_what_does_not_answer_the_question_is_not_looked_at(serve, vantage) -> None:
    def udp(query: dns.message.Message) -> list[bytes]:
        forged = response(query, "0 0 389 evil.example.")
        forged.id ^= 1
        other = dns.message.make_query("other.example", "SRV", id=query.id)
        right = response(query, "0 0 389 dc1.corp.example.").to_wire()
        return [
            forged.to_wire(),
            response(other, "0 0 389 evil.example.").to_wire(),
            response(query, cut=True).to_wire()[:14],
            query.to_wire(),
            right[:-1],
            right + b"x",
            b"",
            bytes(600),
            right,
        ]

    server = await serve(udp)
    assert (await srv(vantage, server.port)).records == ("dc1.corp.example",)


async def test_a_flood_of_wrong_answers_is_silence(serve, vantage) -> None:
    wrong = [dns.message.make_response(dns.message.make_query("x", "A")).to_wire()]
    server = await serve(lambda _: wrong * (MAX_REJECTED + 1))
    said = await srv(vantage, server.port, timeout=0.1)
    assert said.problem == f"{HERE} does not answer"


async def test_a_server_that_is_silent_about_one_name_is_not_said_to_be_down(
    serve, vantage
) -> None:
    def udp(query: dns.message.Message) -> list[bytes]:
        silent = query.question[0].name.to_text() == "silent.example."
        return [] if silent else [response(query, "0 0 389 dc1.corp.example.").to_wire()]

    server = await serve(udp)
    client = Nameservers(vantage, lambda: Configuration((HERE,), port=server.port))
    alone = await client.query("silent.example", ("SRV",), 0.2, search=False)
    assert alone.problem == f"{HERE} does not answer"
    assert (await client.query("x.example", ("SRV",), 5.0, search=False)).records
    said = await client.query("silent.example", ("SRV",), 0.2, search=False)
    assert said.problem == (
        f"{HERE} does not answer for this name, though it has answered other queries"
    )
    does = f"Check on the DNS server {HERE} why it gives no answer for this name"
    assert said.fix.startswith(does)
    assert "Start" not in said.fix and "allow UDP" not in said.fix


async def test_a_host_without_a_server_says_so_and_is_not_waited_for(vantage) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        # Connected, it takes nothing from anybody else: for all others the port is closed.
        taken.bind((HERE, 0))
        taken.connect((HERE, 9))
        said = await srv(vantage, taken.getsockname()[1], timeout=600)
    assert said.problem == f"{HERE} cannot be asked (it refuses the connection)"


async def test_a_firewall_that_rejects_the_question_is_named_and_no_route_is_blamed() -> None:
    class Rejected:
        async def exchange(self, *_):
            said = Icmp(3, 10, "192.0.2.1")
            return Outcome(
                State.FILTERED, Reason.ADMIN_PROHIBITED, HERE, icmp=said, errno=errno.EHOSTUNREACH
            )

    said = await srv(Rejected(), 53)
    assert said.problem == f"{HERE} cannot be asked (rejected by 192.0.2.1, admin-prohibited)"


async def test_a_datagram_that_was_lost_is_sent_again(serve, vantage, monkeypatch) -> None:
    monkeypatch.setattr("probes.vantage.local.dns_servers._TRY_TIMEOUT", 0.05)
    first: list[dns.message.Message] = []

    def udp(query: dns.message.Message) -> list[bytes]:
        if not first:
            first.append(query)
            return []
        assert query.id != first[0].id, "a late answer to the first must not be taken"
        return [response(query, "0 0 389 dc1.corp.example.").to_wire()]

    server = await serve(udp)
    assert (await srv(vantage, server.port)).records == ("dc1.corp.example",)


async def test_without_a_descriptor_the_server_is_not_blamed() -> None:
    class Full:
        async def exchange(self, *_):
            raise OSError(errno.EMFILE, "Too many open files")

    said = await srv(Full(), 53)
    assert said.problem == f"{HERE} cannot be asked (this process has too many files open)"


async def test_one_who_gives_up_leaves_no_connection(serve, vantage) -> None:
    server = await serve(cut_off, forever)
    asking = asyncio.create_task(srv(vantage, server.port, timeout=600))
    reader = await server.connections.get()
    await question(reader)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await reader.readexactly(1)
    # Anything left open would be a warning, and so an error, now.
    gc.collect()


async def test_the_deadline_is_that_of_both_ways_together(monkeypatch) -> None:
    loop = asyncio.get_running_loop()
    late = loop.time() + 601

    class Late:
        async def exchange(self, *_):
            monkeypatch.setattr(loop, "time", lambda: late)
            data = response(QUERY, cut=True).to_wire()
            return Outcome(State.OPEN, Reason.UDP_RESPONSE, HERE, data=data)

        def connect(self, *_, keep):
            return lambda: None

    with pytest.raises(CutOff, match="gives no answer"):
        await send_query(Late(), HERE, 53, QUERY.to_wire(), 600.0)


RIGHT = response(QUERY, "0 0 389 dc1.corp.example.").to_wire()


@given(
    st.one_of(
        st.binary(max_size=80),
        st.binary(max_size=80).map(partial(bytes.__add__, RIGHT[:12])),
        st.tuples(st.integers(0, len(RIGHT) - 1), st.binary(max_size=8)).map(
            lambda change: RIGHT[: change[0]] + change[1] + RIGHT[change[0] + len(change[1]) :]
        ),
    )
)
def test_any_bytes_are_an_answer_or_none(data: bytes) -> None:
    if _is_response(QUERY, data):
        assert data[:2] == RIGHT[:2]
        # Names are one whatever the case of their letters (RFC 4343).
        assert not data[12:] or NAME in dns.name.from_wire(data, 12)[0].to_text().lower()


ANOTHER = "or give this machine another DNS server."


@pytest.mark.parametrize("closed", [True, False], ids=["refused", "hangs up"])
async def test_where_tcp_does_not_have_the_rest_it_is_tcp_that_has_to_be_allowed(
    serve, vantage, closed: bool
) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await serve(cut_off, None if closed else hang_up)
    said = await srv(vantage, server.port)
    assert "the answer is cut off" in said.problem
    assert said.fix == (
        f"Allow TCP {server.port} from this machine to the DNS server {HERE}, and have it answer "
        "there: answers that UDP cuts off come over TCP."
    )


def failing(rcode: int) -> Udp:
    def udp(query: dns.message.Message) -> list[bytes]:
        made = response(query)
        made.set_rcode(rcode)
        return [made.to_wire()]

    return udp


def looping(query: dns.message.Message) -> list[bytes]:
    made = dns.message.make_response(query)
    made.flags |= dns.flags.RA
    name = query.question[0].name
    for one, other in ((name, "b.example."), ("b.example.", name.to_text())):
        made.answer.append(dns.rrset.from_text(one, 60, "IN", "CNAME", other))
    return [made.to_wire()]


def other_question(query: dns.message.Message) -> list[bytes]:
    return [dns.message.make_response(dns.message.make_query("x.", "A", id=query.id)).to_wire()]


@pytest.mark.parametrize(
    ("udp", "problem", "fix"),
    [
        (
            failing(dns.rcode.SERVFAIL),
            f"{HERE} answers SERVFAIL",
            f"Check on the DNS server {HERE} why it answers SERVFAIL, {ANOTHER}",
        ),
        (
            failing(dns.rcode.REFUSED),
            f"{HERE} answers REFUSED",
            f"Let the DNS server {HERE} answer this machine, {ANOTHER}",
        ),
        (
            lambda query: [response(query).to_wire()],
            f"{HERE} does not know the name and offers no recursion",
            f"Let the DNS server {HERE} resolve names for this machine, {ANOTHER}",
        ),
        (
            lambda query: [],
            f"{HERE} does not answer",
            f"Start the DNS server {HERE}, allow UDP PORT to it, {ANOTHER}",
        ),
        (
            looping,
            f"{HERE} answers with aliases that lead on and on",
            f"Correct the alias records (CNAME) of the name, which {HERE} gives.",
        ),
        *(
            (
                rubbish,
                f"{HERE} sends what is no answer to the question",
                f"Check which program answers on UDP PORT of {HERE}, {ANOTHER}",
            )
            for rubbish in (
                lambda query: [b"hello"],
                lambda query: [query.id.to_bytes(2, "big") + b"\xff" * 40],
                lambda query: [query.to_wire()],
                other_question,
            )
        ),
        (failing(dns.rcode.NXDOMAIN), f"{HERE} says no such name", ""),
    ],
)
async def test_what_dns_did_not_answer_has_a_change_of_its_own(
    serve, vantage, monkeypatch, udp: Udp, problem: str, fix: str
) -> None:
    monkeypatch.setattr("probes.vantage.local.dns_servers._TRY_TIMEOUT", 0.05)
    server = await serve(udp)
    said = await srv(vantage, server.port, timeout=0.2)
    assert said.problem == problem
    assert said.fix == fix.replace("PORT", str(server.port))


async def test_a_device_that_rejects_the_question_is_in_the_change() -> None:
    class Rejected:
        async def exchange(self, *_):
            said = Icmp(3, 10, "192.0.2.1")
            return Outcome(State.FILTERED, Reason.ADMIN_PROHIBITED, HERE, icmp=said)

    assert (await srv(Rejected(), 53)).fix == (
        f"Allow UDP 53 from this machine to the DNS server {HERE}: rejected by 192.0.2.1, "
        "admin-prohibited."
    )
