"""Reasons given for a name without an address."""

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from probes.vantage.local.dns import Resolver
from tests.probes.vantage.local.dns.zone import FOUND, Zone, fails, gives, nobody


def entry(address: str) -> tuple[object, ...]:
    """An entry as getaddrinfo gives it."""
    return (None, socket.SOCK_STREAM, 6, "", (address, 0))


async def test_no_such_name_is_said_by_the_server_that_said_it(serve, hosts):
    resolver = Resolver(lookup=fails(), hosts=hosts, nameservers=await serve(Zone({})))
    resolution = await resolver.resolve("nowhere.corp")
    assert resolution.addresses == ()
    assert (resolution.server, resolution.problem) == (
        "127.0.0.1",
        "127.0.0.1 says no such name",
    )


async def test_a_short_name_is_tried_with_the_search_list(serve, hosts):
    zone = Zone({("app.corp.example", "A"): ["10.0.0.7"]})
    nameservers = await serve(zone, search=("corp.example.",))
    resolver = Resolver(lookup=gives(*FOUND), hosts=hosts, nameservers=nameservers)
    assert (await resolver.resolve("app")).server == "127.0.0.1"
    assert zone.asked == [("app.corp.example", "A")]


async def test_servfail_and_silence_are_told_apart_and_the_next_server_is_asked(serve, hosts):
    broken = Zone({}, rcode=dns.rcode.SERVFAIL)
    refusing = Zone({}, rcode=dns.rcode.REFUSED)
    resolver = Resolver(
        lookup=fails(socket.EAI_AGAIN), hosts=hosts, nameservers=await serve(broken, refusing)
    )
    resolution = await resolver.resolve("app.corp")
    assert resolution.problem == "127.0.0.1 answers SERVFAIL; 127.0.0.2 answers REFUSED"


async def test_a_lame_server_is_passed_over_for_the_next(serve, hosts):
    lame = Zone({}, rcode=dns.rcode.NOERROR, recursion=False)
    knowing = Zone({("app.corp", "A"): ["10.0.0.7"]})
    nameservers = await serve(lame, knowing)
    resolver = Resolver(lookup=gives(*FOUND), hosts=hosts, nameservers=nameservers)
    assert (await resolver.resolve("app.corp")).server == "127.0.0.2"
    assert lame.asked == [("app.corp", "A")]


async def test_where_every_server_is_lame_that_is_said(serve, hosts):
    nameservers = await serve(Zone({}, rcode=dns.rcode.NOERROR, recursion=False))
    resolver = Resolver(lookup=fails(), hosts=hosts, nameservers=nameservers)
    assert (await resolver.resolve("app.corp")).problem == (
        "127.0.0.1 does not know the name and offers no recursion"
    )


async def test_a_dead_server_is_named(serve, hosts):
    resolver = Resolver(
        timeout=1.0,
        lookup=fails(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        hosts=hosts,
        nameservers=await serve(Zone({}, mute=True)),
    )
    assert (await resolver.resolve("app.corp")).problem == "127.0.0.1 does not answer"


async def test_a_name_the_dns_knows_and_the_system_does_not_is_told(serve, hosts):
    zone = Zone({("app.corp", "AAAA"): ["2001:db8::1"]})
    resolver = Resolver(lookup=fails(), hosts=hosts, nameservers=await serve(zone))
    assert (await resolver.resolve("app.corp")).problem == (
        "this machine's resolver says no such name, though 127.0.0.1 knows the name"
    )
    assert zone.asked == [("app.corp", "A"), ("app.corp", "AAAA")]


async def test_a_name_without_addresses_is_told(serve, hosts):
    zone = Zone({("corp", "SRV"): ["0 0 1 x."]})
    resolver = Resolver(lookup=fails(), hosts=hosts, nameservers=await serve(zone))
    assert (await resolver.resolve("corp")).problem == ("127.0.0.1 has no A or AAAA record for it")


async def test_no_server_configured_is_told(hosts):
    resolver = Resolver(lookup=fails(), hosts=hosts, nameservers=nobody())
    assert (await resolver.resolve("app.corp")).problem == (
        "no DNS server is configured on this machine"
    )


async def test_a_look_up_that_never_returns_ends_in_a_sentence_and_holds_no_exit(hosts):
    release = threading.Event()

    def lookup(name, port, *, type):
        assert threading.current_thread().daemon
        release.wait(60)
        return FOUND

    resolver = Resolver(timeout=0.05, lookup=lookup, hosts=hosts, nameservers=nobody())
    resolution = await resolver.resolve("app.corp")
    release.set()
    assert resolution.addresses == ()
    assert resolution.problem == (
        "the look-up did not answer in 0.05 s: no DNS server is configured on this machine"
    )
    assert resolution.ms >= 50


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        (["0.0.0.0"], "0.0.0.0 is the address of no host (DNS filters answer so"),
        (["::"], ":: is the address of no host (DNS filters answer so"),
        (["0.0.0.0", "::"], "0.0.0.0 is the address of no host, and :: is the address of no host"),
        (["224.0.0.251"], "224.0.0.251 is the address of a multicast group"),
        (["255.255.255.255"], "255.255.255.255 is the broadcast address"),
        (["fe80::1"], "fe80::1 is link-local and wants the interface"),
    ],
)
async def test_a_name_with_no_hosts_address_does_not_lead_to_this_machine(
    serve, hosts, addresses: list[str], said: str
) -> None:
    zone = Zone({("app.corp", "A"): ["192.0.2.1"]})
    resolver = Resolver(
        lookup=gives(*map(entry, addresses)), hosts=hosts, nameservers=await serve(zone)
    )
    found = await resolver.resolve("app.corp")
    assert found.addresses == ()
    assert f"it is given no host's address: {said}" in found.problem


async def test_of_the_addresses_of_a_name_those_of_hosts_are_tried(serve, hosts) -> None:
    resolver = Resolver(
        lookup=gives(*map(entry, ("0.0.0.0", "192.0.2.7", "fe80::1"))),
        hosts=hosts,
        nameservers=await serve(Zone({})),
    )
    found = await resolver.resolve("app.corp")
    assert found.addresses == ("192.0.2.7",)
    assert not found.problem


@pytest.mark.parametrize("name", ["a..b", ".a", f"{'x' * 64}.corp", "a.b.."])
async def test_a_name_with_a_part_that_dns_cannot_hold_is_asked_of_nobody(
    serve, hosts, name: str
) -> None:
    zone = Zone({})
    resolver = Resolver(lookup=fails(), hosts=hosts, nameservers=await serve(zone))
    assert "a part that DNS cannot hold" in (await resolver.resolve(name)).problem
    assert "a part that DNS cannot hold" in (await resolver.srv(name)).problem
    assert zone.asked == []


@pytest.mark.parametrize(
    "number",
    [socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_MEMORY, -9999],
)
async def test_no_error_of_the_resolver_is_told_in_its_own_words(serve, hosts, number: int) -> None:
    words = "Words of the system"
    resolver = Resolver(lookup=fails(number, words), hosts=hosts, nameservers=await serve(Zone({})))
    found = await resolver.resolve("app.corp")
    assert found.problem and words not in found.problem
