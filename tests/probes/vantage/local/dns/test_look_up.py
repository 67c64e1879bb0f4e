"""Addresses of a name, and the server that answered."""

import asyncio
import socket
import threading

import pytest

from probes.model import Resolution
from probes.vantage.local.dns import Resolver
from probes.vantage.local.dns_servers import system_configuration
from tests.probes.vantage.local.dns.zone import FOUND, Zone, fails, gives, nobody


@pytest.mark.parametrize(
    ("literal", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
async def test_an_address_resolves_to_itself_and_nobody_is_asked(literal, address):
    lookup = gives()
    resolution = await Resolver(nobody(), lookup=lookup).resolve(literal)
    assert resolution == Resolution(literal, (address,))
    assert lookup.names == []


async def test_addresses_keep_the_clients_order_and_come_once(serve, hosts):
    zone = Zone({("app.corp", "A"): ["10.0.0.7"]})
    resolver = Resolver(lookup=gives(*FOUND), hosts=hosts, nameservers=await serve(zone))
    resolution = await resolver.resolve("app.corp")
    assert resolution.addresses == ("2001:db8::7", "10.0.0.7")
    assert (resolution.server, resolution.problem) == ("127.0.0.1", "")
    assert resolution.ms >= 0


async def test_a_scope_stays_with_its_address(hosts):
    loopback = socket.if_nametoindex("lo")
    entry = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 0, 0, loopback))
    resolver = Resolver(lookup=gives(entry), hosts=hosts, nameservers=nobody())
    assert (await resolver.resolve("router")).addresses == ("fe80::1%lo",)


async def test_the_hosts_file_is_named_and_no_server_is_asked(serve, hosts):
    zone = Zone({})
    resolver = Resolver(lookup=gives(*FOUND), hosts=hosts, nameservers=await serve(zone))
    assert (await resolver.resolve("dc1")).server == "hosts file"
    assert zone.asked == []


async def test_an_address_from_somewhere_else_has_no_server(serve, hosts):
    resolver = Resolver(lookup=gives(*FOUND), hosts=hosts, nameservers=await serve(Zone({})))
    resolution = await resolver.resolve("printer.local")
    assert (resolution.server, resolution.problem) == ("", "")
    assert resolution.addresses


async def test_a_name_is_looked_up_once_however_many_ask_meanwhile(hosts):
    lookup = gives(*FOUND)
    resolver = Resolver(lookup=lookup, hosts=hosts, nameservers=nobody())
    await asyncio.gather(*(resolver.resolve("app.corp") for _ in range(20)))
    assert lookup.names == ["app.corp"]


async def test_one_who_gives_up_does_not_end_the_look_up_of_the_others(hosts):
    release = threading.Event()

    def lookup(name, port, *, type):
        release.wait(10)
        return FOUND

    resolver = Resolver(lookup=lookup, hosts=hosts, nameservers=nobody())
    first = asyncio.ensure_future(resolver.resolve("app.corp"))
    second = asyncio.ensure_future(resolver.resolve("app.corp"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    release.set()
    assert (await second).addresses == ("2001:db8::7", "10.0.0.7")


async def test_a_name_that_is_asked_again_is_looked_up_again(hosts):
    answers = [fails(), gives(*FOUND)]

    def lookup(name, port, *, type):
        return answers.pop(0)(name, port, type=type)

    resolver = Resolver(lookup=lookup, hosts=hosts, nameservers=nobody())
    assert (await resolver.resolve("app.corp")).problem
    assert (await resolver.resolve("app.corp")).addresses


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        (".", "empty"),
        ("a" * 300, "more than 253"),
        ("dc 1", "spaces or control"),
        ("dc\x1b[2J", "spaces or control"),
        ("dc\0", "spaces or control"),
        ("10.1", "neither an address nor a host name"),
        ("1.2.3.400", "neither an address nor a host name"),
        ("0x7f000001", "neither an address nor a host name"),
        ("a" * 64 + ".corp", "DNS cannot hold"),
        ("a..b", "DNS cannot hold"),
        ("dc\ud800", "control"),
    ],
)
async def test_a_name_that_cannot_be_gets_one_sentence_and_never_a_traceback(hosts, name, words):
    resolution = await Resolver(hosts=hosts, nameservers=nobody()).resolve(name)
    assert resolution.addresses == ()
    assert words in resolution.problem or resolution.problem.startswith("no DNS server")
    assert "\n" not in resolution.problem


async def test_closing_gives_up_what_is_under_way(hosts):
    release = threading.Event()
    resolver = Resolver(
        lookup=lambda *_, **__: release.wait(10) and FOUND, hosts=hosts, nameservers=nobody()
    )
    waiting = asyncio.ensure_future(resolver.resolve("app.corp"))
    await asyncio.sleep(0)
    resolver.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()


def test_this_machines_own_configuration_can_be_read():
    configuration = system_configuration()
    assert all(isinstance(server, str) for server in configuration.servers)
    assert configuration.port == 53


async def test_the_real_look_up_knows_localhost(tmp_path):
    resolver = Resolver(hosts=tmp_path / "none", nameservers=nobody())
    resolution = await resolver.resolve("localhost")
    assert {"127.0.0.1", "::1"} & set(resolution.addresses)
    assert resolution.problem == ""
