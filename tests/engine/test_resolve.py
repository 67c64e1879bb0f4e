"""Names: what a client gets, who answered, and who is to blame when nobody does."""

import asyncio
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from probes.engine.local.nameservers import Configuration, Nameservers, configured
from probes.engine.local.resolve import Resolver
from probes.engine.model import Resolution

FOUND = [
    (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::7", 0, 0, 0)),
    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 0)),
    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 0)),
]


class Zone(asyncio.DatagramProtocol):
    """A name server: records by (name, type), else NXDOMAIN; or one rcode for everything."""

    def __init__(self, records, rcode=None, mute=False):
        self.records = records
        self.rcode = rcode
        self.mute = mute
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        kind = question.rdtype.name
        self.asked.append((name, kind))
        if self.mute:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        known = {owner for owner, _ in self.records}
        if self.rcode is not None:
            response.set_rcode(self.rcode)
        elif name not in known:
            response.set_rcode(dns.rcode.NXDOMAIN)
        for text in self.records.get((name, kind), ()):
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, text))
        self.transport.sendto(response.to_wire(), peer)


@pytest.fixture
async def serve():
    """Name servers on 127.0.0.1, 127.0.0.2 … with one port, and a Nameservers that asks them."""
    transports = []

    async def start(*zones, search=()):
        loop = asyncio.get_running_loop()
        port = 0
        servers = []
        for number, zone in enumerate(zones, 1):
            servers.append(f"127.0.0.{number}")
            transport, _ = await loop.create_datagram_endpoint(
                lambda zone=zone: zone, local_addr=(servers[-1], port)
            )
            transports.append(transport)
            port = transport.get_extra_info("sockname")[1]
        return Nameservers(lambda: Configuration(tuple(servers), search, 1, port))

    yield start
    for transport in transports:
        transport.close()
    await asyncio.sleep(0)


def nobody():
    return Nameservers(lambda: Configuration())


def gives(*entries):
    def lookup(name, port, *, type):
        assert type == socket.SOCK_STREAM
        lookup.names.append(name)
        return list(entries)

    lookup.names = []
    return lookup


def fails(number=socket.EAI_NONAME, text="Name or service not known"):
    def lookup(name, port, *, type):
        raise socket.gaierror(number, text)

    return lookup


@pytest.fixture
def hosts(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n10.0.0.7\tdc1.corp DC1 # not dc2\n# 10.0.0.8 dc3\n")
    return path


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
    resolution = await Resolver(lookup=lookup, nameservers=None).resolve(literal)
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


async def test_a_dead_server_is_named(serve, hosts):
    resolver = Resolver(
        1.0,
        lookup=fails(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        hosts=hosts,
        nameservers=await serve(Zone({}, mute=True)),
    )
    assert (await resolver.resolve("app.corp")).problem == "127.0.0.1 does not answer"


async def test_a_name_the_dns_knows_and_the_system_does_not_is_told(serve, hosts):
    zone = Zone({("app.corp", "AAAA"): ["2001:db8::1"]})
    resolver = Resolver(lookup=fails(), hosts=hosts, nameservers=await serve(zone))
    assert (await resolver.resolve("app.corp")).problem == (
        "this machine's resolver says: Name or service not known, though 127.0.0.1 knows the name"
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

    resolver = Resolver(0.05, lookup=lookup, hosts=hosts, nameservers=nobody())
    resolution = await resolver.resolve("app.corp")
    release.set()
    assert resolution.addresses == ()
    assert resolution.problem == (
        "the look-up did not answer in 0.05 s: no DNS server is configured on this machine"
    )
    assert resolution.ms >= 50


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


async def test_srv_targets_come_by_priority_and_then_by_weight(serve):
    name = "_ldap._tcp.dc._msdcs.corp.example"
    zone = Zone(
        {
            (name, "SRV"): [
                "10 50 389 dc3.corp.example.",
                "0 1 389 dc2.corp.example.",
                "0 9 389 dc1.corp.example.",
                "10 50 3268 dc3.corp.example.",
            ]
        }
    )
    resolution = await Resolver(nameservers=await serve(zone)).srv(name)
    assert resolution.addresses == ("dc1.corp.example", "dc2.corp.example", "dc3.corp.example")
    assert (resolution.server, resolution.problem) == ("127.0.0.1", "")


async def test_srv_says_why_there_is_no_target(serve):
    zone = Zone({("_a.corp", "A"): ["10.0.0.1"], ("_b.corp", "SRV"): ["0 0 0 ."]})
    resolver = Resolver(nameservers=await serve(zone))
    assert (await resolver.srv("_a.corp")).problem == "127.0.0.1 has no SRV record for it"
    assert (await resolver.srv("_b.corp")).problem == ("127.0.0.1 says this service is not offered")
    assert (await resolver.srv("_c.corp")).problem == "127.0.0.1 says no such name"
    assert (await resolver.srv("bad name")).problem
    assert (await resolver.srv("a" * 64 + ".corp")).problem


async def test_a_hostile_target_name_carries_no_control_characters(serve):
    zone = Zone({("_a.corp", "SRV"): [r"0 0 389 dc\027\[2J.corp."]})
    resolution = await Resolver(nameservers=await serve(zone)).srv("_a.corp")
    assert all(name.isprintable() for name in resolution.addresses)


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
    configuration = configured()
    assert all(isinstance(server, str) for server in configuration.servers)
    assert configuration.port == 53


async def test_the_real_look_up_knows_localhost(tmp_path):
    resolver = Resolver(hosts=tmp_path / "none", nameservers=nobody())
    resolution = await resolver.resolve("localhost")
    assert {"127.0.0.1", "::1"} & set(resolution.addresses)
    assert resolution.problem == ""


async def test_the_names_an_address_leads_back_to(serve):
    zone = Zone(
        {
            ("7.0.0.10.in-addr.arpa", "PTR"): ["pc7.corp.", "www.corp."],
            ("8.b.d.0.1.0.0.2.ip6.arpa", "PTR"): [],
        }
    )
    resolver = Resolver(nameservers=await serve(zone))
    found = await resolver.reverse("10.0.0.7")
    assert found.addresses == ("pc7.corp", "www.corp")
    assert found.server == "127.0.0.1"
    assert (await resolver.reverse("10.0.0.8")).problem == "127.0.0.1 says no such name"
    assert (await resolver.reverse("fe80::1%eth0")).addresses == ()
    assert zone.asked[-1][0].startswith("1.0.0.0.")
    assert (await resolver.reverse("pc7")).problem == "it is no address"
