"""DNS look-ups beside the rows: few, once each, and no row waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from probes.engine import dns_consistency
from probes.model import Diagnosed, Resolution, Result
from profiles.model import Role

HOST, ADDRESS = "pc7.corp.example", "10.0.0.7"
OTHER = "pc9.corp.example"


def name(vantage, **names: tuple[str, ...]) -> None:
    """Give names addresses, and addresses names."""
    vantage.names |= {
        one: Resolution(one, found, server="10.0.0.53") for one, found in names.items()
    }


@pytest.fixture
def vantage(kit):
    made = kit.Scripted()
    name(made, **{HOST: (ADDRESS,), ADDRESS: (OTHER,), OTHER: (ADDRESS,)})
    return made


@pytest.fixture
def start(kit, vantage) -> Callable[..., object]:
    def begun(*checks, **how):
        return kit.Session(vantage, kit.profile(*checks), **how)

    return begun


def told(session) -> list[dict[str, object]]:
    """Facts of DNS in the latest rows."""
    known = (one.observation.facts.get("resolved", {}) for one in session.latest.values())
    return [one for one in known if "reverse" in one or "controllers" in one]


async def test_one_row_of_a_host_tells_where_its_address_leads(kit, start, vantage) -> None:
    checks = [kit.check(id, port) for id, port in (("a", 80), ("b", 81), ("c", 82))]
    session = start(*checks)
    await session.measure(*(kit.job(check, HOST) for check in checks))
    (known,) = told(session)
    assert known["reverse"] == {
        "address": ADDRESS,
        "names": [{"name": OTHER, "addresses": [ADDRESS]}],
    }
    assert vantage.looked_back == [ADDRESS]
    assert vantage.looked_up.count(OTHER) == 1
    (diagnosed,) = [one for one in session.events if isinstance(one, Diagnosed)]
    (finding,) = diagnosed.findings
    assert finding.text.startswith(f"{HOST} has the address {ADDRESS}, which leads back to {OTHER}")


async def test_a_resolver_that_does_not_answer_delays_no_row_and_claims_nothing(
    kit, start, vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_consistency, "DRAIN_TIMEOUT", 0.01)
    asked = asyncio.Event()

    async def mute(address: str) -> Resolution:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(vantage, "reverse", mute)
    check = kit.check("a")
    session = start(check)
    await session.measure(kit.job(check, HOST))
    assert asked.is_set()
    assert told(session) == []
    assert [type(one) for one in session.events if isinstance(one, Result | Diagnosed)] == [
        Result,
        Diagnosed,
    ]


async def test_stopping_waits_for_no_resolver(kit, start, vantage, monkeypatch) -> None:
    monkeypatch.setattr(dns_consistency, "DRAIN_TIMEOUT", 60)

    async def mute(address: str) -> Resolution:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(vantage, "reverse", mute)
    check = kit.check("a")
    session = start(check)
    session.scheduler.add([kit.job(check, HOST)])
    while not session.latest:
        session.scheduler.flush()
        await asyncio.sleep(0)
    session.scheduler.stop()
    await session.idle()
    assert [one.complete for one in session.finished] == [True]


@pytest.mark.parametrize("fault", [OSError("no"), TimeoutError()])
async def test_a_look_up_that_fails_says_nothing(kit, start, vantage, monkeypatch, fault) -> None:
    async def failing(address: str) -> Resolution:
        raise fault

    monkeypatch.setattr(vantage, "reverse", failing)
    check = kit.check("a")
    session = start(check)
    await session.measure(kit.job(check, HOST))
    assert told(session) == []
    assert len(session.finished) == 1


@pytest.mark.parametrize(
    ("host", "resolution"),
    [
        ("10.0.0.7", None),
        (HOST, Resolution(HOST, (ADDRESS,), server="hosts file")),
        (HOST, Resolution(HOST, (ADDRESS, "10.0.0.8", "10.0.0.9"), server="10.0.0.53")),
        ("api.cloud.example", Resolution("api.cloud.example", (ADDRESS,), server="10.0.0.53")),
    ],
)
async def test_what_dns_says_nothing_about_is_not_asked(
    kit, vantage, host: str, resolution: Resolution | None
) -> None:
    if resolution is not None:
        vantage.names[host] = resolution
    check = kit.check("a")
    profile = kit.profile(check, roles=(Role("r", "R", "c", hosts=("api.cloud.example",)),))
    session = kit.Session(vantage, profile)
    await session.measure(kit.job(check, host))
    assert vantage.looked_back == []


async def test_only_so_many_hosts_are_looked_up(kit, start, vantage, monkeypatch) -> None:
    monkeypatch.setattr(dns_consistency, "MAX_HOSTS", 3)
    hosts = [f"pc{number}.corp.example" for number in range(9)]
    name(vantage, **{host: (f"10.0.0.{number}",) for number, host in enumerate(hosts)})
    check = kit.check("a")
    session = start(check)
    await session.measure(*(kit.job(check, host) for host in hosts))
    assert len(vantage.looked_back) == 3


async def test_a_host_that_is_measured_again_is_looked_up_again(kit, start, vantage) -> None:
    check = kit.check("a")
    session = start(check)
    await session.measure(kit.job(check, HOST))
    name(vantage, **{ADDRESS: (HOST,)})
    session.scheduler.rerun([f"a|{HOST}"])
    await session.idle()
    (known,) = told(session)
    assert known["reverse"]["names"] == [{"name": HOST, "addresses": [ADDRESS]}]
    assert [one.findings for one in session.events if isinstance(one, Diagnosed)][-1] == ()


async def test_the_controllers_of_a_domain_are_asked_for_once(kit, start, vantage) -> None:
    srv = "_ldap._tcp.dc._msdcs.corp.example"
    hosts = {"dc1.corp.example": "10.0.0.1", "dc2.corp.example": "10.0.0.2"}
    name(vantage, **{host: (address,) for host, address in hosts.items()})
    name(vantage, **{address: (host,) for host, address in hosts.items()})
    name(vantage, **{srv: ("dc1.corp.example",)})
    check = kit.check("k", 88, probe="kerberos")
    session = start(check, probes={"kerberos": _Connects()})
    await session.measure(*(kit.job(check, host) for host in hosts))
    assert vantage.looked_up.count(srv) == 1
    assert [one["controllers"]["names"] for one in told(session)] == [["dc1.corp.example"]] * 2


class _Connects:
    """A probe for which the connect is everything."""

    domain_controller = True

    def is_ipv4_only(self, port):
        return False

    def load(self) -> None:
        return None
