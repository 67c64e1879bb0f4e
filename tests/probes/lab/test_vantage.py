"""Names and port numbers are mapped, and nothing else: what is not of the lab is not reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from probes.lab import site
from probes.lab.address_map import AddressMap, from_json
from probes.lab.server import run_lab
from probes.lab.vantage import NOT_IN_LAB, LabVantage
from probes.model import Reason, State
from probes.vantage import Outcome

SHORT = 0.3
PC = next(host for host in site.HOSTS if host.name == "pc-017.corp.example")
SILENT = next(host for host in site.HOSTS if host.name == "pc-016.corp.example")
EDGE = next(host for host in site.HOSTS if host.name == "scan-2.corp.example")


@asynccontextmanager
async def lab(*hosts: site.Host) -> AsyncIterator[tuple[LabVantage, AddressMap]]:
    async with run_lab(hosts) as directory:
        vantage = LabVantage(directory)
        try:
            yield vantage, directory
        finally:
            await vantage.close()


async def connected(vantage: LabVantage, address: str, port: int, timeout: float = 5) -> Outcome:
    done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    vantage.connect(address, port, timeout, done.set_result, keep=False)
    return await done


async def test_a_port_of_the_reference_is_one_that_anybody_may_bind() -> None:
    async with lab(PC) as (vantage, directory):
        outcome = await connected(vantage, PC.address, 135)
        where = directory.endpoint("tcp", PC.address, 135)
    assert (outcome.state, outcome.address) == (State.OPEN, PC.address)
    assert where is not None
    assert where[1] > 1023


async def test_every_other_port_of_a_host_refuses() -> None:
    async with lab(PC) as (vantage, _):
        for port in (22, 80, 3389):
            outcome = await connected(vantage, PC.address, port)
            assert (outcome.state, outcome.reason) == (State.CLOSED, Reason.CONN_REFUSED)
        said = await vantage.exchange(PC.address, 161, b"x", 5, lambda data: True)
    assert (said.state, said.reason) == (State.CLOSED, Reason.PORT_UNREACH)


async def test_a_host_behind_a_filter_is_silent() -> None:
    async with lab(SILENT) as (vantage, _):
        tries = [connected(vantage, SILENT.address, port, SHORT) for port in range(1, 40)]
        seen = {(outcome.state, outcome.reason) for outcome in await asyncio.gather(*tries)}
        said = await vantage.exchange(SILENT.address, 135, b"", SHORT, lambda data: True)
    assert seen == {(State.FILTERED, Reason.NO_RESPONSE)}
    assert (said.state, said.reason) == (State.OPEN_FILTERED, Reason.NO_RESPONSE)


async def test_names_are_looked_up_in_the_table_only() -> None:
    async with lab(PC) as (vantage, _):
        found = await vantage.resolve("PC-017.corp.example.")
        lost = await vantage.resolve("localhost")
        domain = await vantage.srv("_ldap._tcp.dc._msdcs.corp.example")
        none = await vantage.srv("_ldap._tcp.dc._msdcs.example.com")
    assert (found.addresses, found.problem) == ((PC.address,), "")
    assert lost.addresses == none.addresses == ()
    assert "the demo's table of names has no such" in lost.problem
    assert domain.addresses == ("dc1.corp.example", "dc2.corp.example")


async def test_what_is_not_of_the_lab_is_not_tested() -> None:
    async with lab(PC) as (vantage, _):
        outcomes = [
            await connected(vantage, "127.0.0.1", 22),
            await vantage.exchange("192.0.2.1", 161, b"x", 5, lambda data: True),
            await vantage.ping("192.0.2.1", 5),
        ]
    for outcome in outcomes:
        assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
        assert outcome.problem == NOT_IN_LAB


async def test_the_vantage_says_that_it_is_a_lab() -> None:
    async with lab(PC) as (vantage, _):
        info = vantage.info
    assert (info.kind, info.addresses) == ("lab", ("127.0.0.1",))
    assert info.resolvers == ("127.10.1.53", "127.10.1.54")
    assert info.label == "demo: simulated services on loopback"


async def test_two_labs_at_once_do_not_meet() -> None:
    async with lab(PC) as (one, first), lab(PC) as (other, second):
        assert set(first.ports.values()) & set(second.ports.values()) == set()
        assert (await connected(one, PC.address, 445)).state is State.OPEN
        assert (await connected(other, PC.address, 445)).state is State.OPEN


async def test_a_host_has_its_own_address_where_the_system_has_one_for_all(monkeypatch) -> None:
    """As on macOS, where 127.0.0.1 is all there is."""
    monkeypatch.setattr("probes.lab.server._is_bindable", lambda address: False)
    async with lab(PC, EDGE) as (vantage, directory):
        tcp = await connected(vantage, PC.address, 445)
        udp = await vantage.exchange(PC.address, 161, b"x", 5, lambda data: True)
        ping = await vantage.ping(EDGE.address, 5)
    assert {host for host, _ in directory.ports.values()} == {"127.0.0.1"}
    assert (tcp.state, tcp.address) == (State.OPEN, PC.address)
    assert (udp.state, udp.address) == (State.CLOSED, PC.address)
    assert udp.icmp is None or udp.icmp.offender == PC.address
    assert (ping.state, ping.address) == (State.OPEN, EDGE.address)


def test_a_directory_is_read_back_from_its_line() -> None:
    written = AddressMap("/tmp/ca", {("tcp", "a", 1): ("b", 2)}, {("udp", "a"): ("c", 3)})
    assert from_json(written.to_json()) == written
    assert "\n" not in written.to_json()


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 64, b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 4]
)
async def test_no_garbage_ends_a_server(data: bytes) -> None:
    """The lab stays up whatever is sent to it: its users are people who try things."""
    loop = asyncio.get_running_loop()
    faults: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: faults.append(context))
    hosts = [host for host in site.HOSTS if host.name != "pc-016.corp.example"]
    async with run_lab(hosts) as directory:
        for (transport, address, port), where in directory.ports.items():
            service = next(host for host in hosts if host.address == address)
            kind = (service.tcp if transport == "tcp" else service.udp)[port].kind
            if transport == "tcp" and kind != "silent":
                await told(where, data)
            elif transport == "udp":
                sender, _ = await loop.create_datagram_endpoint(
                    asyncio.DatagramProtocol, remote_addr=where
                )
                sender.sendto(data)
                sender.close()
        vantage = LabVantage(directory)
        again = await connected(vantage, PC.address, 445)
        await vantage.close()
    assert again.state is State.OPEN
    assert faults == []


async def told(where: tuple[str, int], data: bytes) -> None:
    """Say something to a server, hang up and wait until it does."""
    reader, writer = await asyncio.open_connection(*where)
    with suppress(OSError):
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(20):
            while await reader.read(4096):
                pass
    writer.transport.abort()
