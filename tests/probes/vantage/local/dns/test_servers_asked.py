"""Queries to the servers themselves: SRV records of a service, PTR records of an address."""

from probes.vantage.local.dns import Resolver
from tests.probes.vantage.local.dns.zone import Zone


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
