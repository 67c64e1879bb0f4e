"""The whole site, measured without a screen: every row is what the site means it to be."""

from __future__ import annotations

import queue
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from probes.engine.plan import plan
from probes.engine.thread import Engine
from probes.lab import services, site
from probes.lab.address_map import AddressMap
from probes.lab.process import LabProcess
from probes.lab.vantage import LabVantage
from probes.model import (
    FAILURES,
    REASON_CELLS,
    Event,
    Finished,
    Message,
    Reason,
    Result,
    Ruling,
    Service,
    Status,
    Verdict,
)
from probes.options import Options
from probes.registry import PROBES
from probes.settings import Settings
from probes.targets import find_domain_controllers, merge_results, parse
from probes.vantage import Vantage
from probes.wire.cells import width
from profiles.loader import load_profile
from profiles.model import Profile
from profiles.recognition import AUTO
from tests.docs.pages import ROOT, STATUS_PAGES, of_result, recorded, rows, verdicts
from tests.pipes import Elsewhere
from tui.text.pages import VERDICTS

PATIENCE = 3.0
"""Seconds an attempt may take: twice the demo's, for a machine that runs all the tests."""

ENABLING = ("rpc", "smb", "netbios", "rpc_dynamic", "udp135", "udp139")
NOT_NEEDED = {f"enable.{name}": "not needed" for name in ENABLING}
UDP = {"enable.udp135": "unverifiable", "enable.udp139": "unverifiable"}

TRUTH: dict[str, dict[str, str]] = {
    "alloyscan.corp.example": {"alloyscan.https": "ok"},
    "alloyscan-old.corp.example": {"alloyscan.https": "blocked"},
    "sts.amazonaws.com": {"cloud.aws": "warning"},
    "login.microsoftonline.com": {"cloud.azure": "ok"},
    "management.azure.com": {"cloud.azure": "blocked"},
    "oauth2.googleapis.com": {"cloud.google": "warning"},
    "dc1.corp.example": {"windows.kerberos": "ok", "windows.ldap": "ok"},
    "dc2.corp.example": {"windows.kerberos": "warning", "windows.ldap": "degraded"},
    "pc-014.corp.example": {
        "windows.winrm": "ok",
        **NOT_NEEDED,
        "discovery.ping": "ok",
        "discovery.nbns": "ok",
        "discovery.nbdgm": "unverifiable",
    },
    "pc-015.corp.example": {
        "windows.winrm": "blocked",
        "enable.rpc": "ok",
        "enable.smb": "ok",
        "enable.netbios": "ok",
        "enable.rpc_dynamic": "ok",
        **UDP,
    },
    "pc-016.corp.example": {
        "windows.winrm": "blocked",
        "enable.rpc": "blocked",
        "enable.smb": "blocked",
        "enable.netbios": "blocked",
        "enable.rpc_dynamic": "error",
        **UDP,
    },
    "pc-017.corp.example": {
        "windows.winrm": "blocked",
        "enable.rpc": "ok",
        "enable.smb": "ok",
        "enable.netbios": "ok",
        "enable.rpc_dynamic": "blocked",
        **UDP,
    },
    "pc-018.corp.example": {
        "windows.winrm": "blocked",
        "enable.rpc": "ok",
        "enable.smb": "warning",
        "enable.netbios": "warning",
        "enable.rpc_dynamic": "ok",
        **UDP,
    },
    "pc-019.corp.example": {"windows.winrm": "ok", **NOT_NEEDED},
    "pc-099.corp.example": {"windows.winrm": "error", **dict.fromkeys(NOT_NEEDED, "error")},
    "web1.corp.example": {"unix.ssh": "ok"},
    "web2.corp.example:2222": {"unix.ssh": "ok"},
    "db1.corp.example": {"unix.ssh": "blocked"},
    "mac-03.corp.example": {"unix.ssh": "blocked"},
    "mirror.corp.example": {
        "unix.ssh": "blocked",
        "printer.snmp": "blocked",
        "printer.raw": "unverifiable",
    },
    "hv1.corp.example": {"hyperv.winrm": "ok"},
    "esx1.corp.example": {"esxi.https": "ok", "esxi.authd": "ok", "esxi.http": "ok"},
    "esx2.corp.example": {"esxi.https": "ok", "esxi.authd": "blocked", "esxi.http": "warning"},
    "xen1.corp.example": {"xen.ssh": "ok"},
    "sw-core.corp.example": {"snmp.snmp": "ok"},
    "sw-edge.corp.example": {"snmp.snmp": "ok"},
    "ups1.corp.example": {"snmp.snmp": "blocked"},
    "prn-2f.corp.example": {"printer.snmp": "ok", "printer.raw": "not needed"},
    "prn-3f.corp.example": {"printer.snmp": "ok", "printer.raw": "ok"},
    "nas1.corp.example": {"nas.netbios": "ok"},
    "nas-old.corp.example": {"nas.netbios": "warning"},
    "scan-2.corp.example": {
        "discovery.ping": "ok",
        "discovery.nbns": "blocked",
        "discovery.nbdgm": "unverifiable",
    },
    "ns1.corp.example": {"discovery.dns": "ok"},
    "ns2.corp.example": {"discovery.dns": "blocked"},
}


@dataclass
class Measured:
    """Everything one run over the site brought."""

    results: dict[str, Result]
    rulings: dict[tuple[str, str], Ruling]
    messages: list[str]
    sentences: set[tuple[str, str, str]]

    def facts(self, key: str) -> dict[str, object]:
        return dict(self.results[key].observation.facts)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


@pytest.fixture(scope="module")
def measured(profile: Profile) -> Iterator[Measured]:
    with _measuring(profile, LabVantage) as seen:
        yield seen


@contextmanager
def _measuring(profile: Profile, vantage: Callable[[AddressMap], Vantage]) -> Iterator[Measured]:
    lab = LabProcess()
    directory = lab.address_map()
    events: queue.SimpleQueue[list[Event]] = queue.SimpleQueue()
    engine = Engine(lambda: vantage(directory), PROBES, events.put)
    try:
        entered = parse(site.target_arguments(), profile, resolvers=engine.info().resolvers)
        found = engine.run_with_vantage(
            lambda vantage: find_domain_controllers(entered.domains, vantage)
        ).result(30)
        assert (entered.problems, found.problems) == ((), ())
        settings = Settings(timeout=PATIENCE, answer_timeout=PATIENCE)
        options = Options(ca_file=directory.ca_file)
        engine.begin(profile, dict(profile.default_answers), settings, options=options)
        engine.add(plan(profile, merge_results(entered, found).targets))
        yield _until_finished(events)
    finally:
        engine.close()
        lab.close()


def _until_finished(events: queue.SimpleQueue[list[Event]]) -> Measured:
    seen = Measured({}, {}, [], set())
    while True:
        for event in events.get(timeout=120):
            match event:
                case Result():
                    seen.results[event.job.key] = event
                case Verdict():
                    seen.rulings[event.target.label, event.capability] = event.ruling
                    seen.sentences.add((str(event.ruling), event.target.label, event.text))
                case Message():
                    seen.messages.append(event.text)
                case Finished():
                    assert event.complete
                    return seen


def _statuses(measured: Measured) -> dict[str, dict[str, str]]:
    seen: dict[str, dict[str, str]] = {}
    for result in measured.results.values():
        host = result.job.target.label
        seen.setdefault(host, {})[result.job.check.id] = str(result.status)
    return seen


def _services(measured: Measured) -> dict[str, Service]:
    return {key: result.observation.service for key, result in measured.results.items()}


def test_every_row_is_what_the_site_means_it_to_be(measured: Measured) -> None:
    assert _statuses(measured) == TRUTH


def test_every_row_has_a_reason_that_is_whole_in_its_column(measured: Measured) -> None:
    for key, result in measured.results.items():
        assert 0 < width(result.why) <= REASON_CELLS, key
        assert result.why[-1] not in "… ", key
    whys = {key: result.why for key, result in measured.results.items()}
    assert whys["unix.ssh|db1.corp.example"].startswith("refused: ")
    assert whys["windows.kerberos|dc2.corp.example"] == "clock 7 min ahead"
    assert whys["windows.winrm|pc-016.corp.example"] == "no answer, nor any other port"


def test_rows_over_connections_that_show_no_socket_are_the_same(
    measured: Measured, profile: Profile
) -> None:
    """SSH, TLS and all the others need no more of a connection than a Pipe promises."""
    with _measuring(profile, lambda directory: Elsewhere(LabVantage(directory))) as elsewhere:
        assert _statuses(elsewhere) == TRUTH
        assert _services(elsewhere) == _services(measured)


def test_there_is_a_verdict_of_every_kind(measured: Measured) -> None:
    assert set(measured.rulings.values()) == set(Ruling)
    assert measured.rulings["pc-014.corp.example", "windows.audit"] is Ruling.READY
    assert measured.rulings["pc-015.corp.example", "windows.audit"] is Ruling.READY_AFTER
    assert measured.rulings["dc2.corp.example", "windows.domain"] is Ruling.DEGRADED
    assert measured.rulings["pc-016.corp.example", "windows.audit"] is Ruling.BLOCKED
    assert measured.rulings["pc-099.corp.example", "windows.audit"] is Ruling.UNKNOWN


def test_every_row_that_is_ok_heard_the_right_protocol(measured: Measured) -> None:
    unproven = {
        key
        for key, result in measured.results.items()
        if result.status in (Status.OK, Status.WARNING)
        and result.observation.service is not Service.CONFIRMED
    }
    # Nothing is sent to a printer, so nothing can be confirmed.
    assert unproven == {"printer.raw|prn-3f.corp.example"}


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("unix.ssh|db1.corp.example", Reason.CONN_REFUSED),
        ("windows.winrm|pc-016.corp.example", Reason.NO_RESPONSE),
        ("discovery.dns|ns2.corp.example", Reason.PORT_UNREACH),
        ("snmp.snmp|ups1.corp.example", Reason.NO_RESPONSE),
        ("windows.winrm|pc-099.corp.example", Reason.NAME_NOT_RESOLVED),
    ],
)
def test_who_says_no_is_the_kernel(measured: Measured, key: str, reason: Reason) -> None:
    assert measured.results[key].observation.reason is reason


@pytest.mark.parametrize(
    ("key", "fact", "value"),
    [
        ("alloyscan.https|alloyscan-old.corp.example", "distrust", "expired"),
        ("cloud.azure|management.azure.com", "distrust", "name-mismatch"),
        ("cloud.aws|sts.amazonaws.com", "interception", True),
        ("windows.ldap|dc1.corp.example", "domain", "corp.example"),
        ("enable.smb|pc-015.corp.example", "signing", "required"),
        ("enable.smb|pc-017.corp.example", "signing", "enabled"),
        ("enable.smb|pc-018.corp.example", "smb1_only", True),
        ("enable.smb|pc-015.corp.example", "cipher", "AES-128-GCM"),
        ("enable.smb|pc-015.corp.example", "login", ["Kerberos", "NTLM"]),
        ("enable.rpc|pc-015.corp.example", "ports", list(site.DYNAMIC)),
        ("nas.netbios|nas1.corp.example", "computer", "NAS1"),
        ("unix.ssh|web1.corp.example", "product", "OpenSSH"),
        ("unix.ssh|web2.corp.example:2222", "version", "8.9p1"),
        ("esxi.https|esx1.corp.example", "api_type", "HostAgent"),
        ("printer.snmp|prn-2f.corp.example", "model", "HP LaserJet 600 M602"),
        ("snmp.snmp|sw-core.corp.example", "sys_name", "sw-core"),
        ("snmp.snmp|sw-edge.corp.example", "engine_id", "80001f8804616263"),
        ("discovery.nbns|pc-014.corp.example", "mac", "02:00:5e:00:00:0e"),
        ("discovery.dns|ns1.corp.example", "software", "auditreach lab"),
    ],
)
def test_services_say_what_the_real_ones_say(
    measured: Measured, key: str, fact: str, value: object
) -> None:
    assert measured.facts(key)[fact] == value


def test_a_clock_is_seven_minutes_fast(measured: Measured) -> None:
    skew = measured.facts("windows.kerberos|dc2.corp.example")["clock_skew_s"]
    assert isinstance(skew, float)
    assert 410 < skew < 430


def test_latencies_are_the_kernels_own(measured: Measured) -> None:
    opened = [
        result.observation
        for result in measured.results.values()
        if result.job.check.transport == "tcp" and result.observation.latency_source == "kernel"
    ]
    assert opened
    assert all(seen.source == "127.0.0.1" for seen in opened)


def test_the_engine_has_nothing_to_complain_of(measured: Measured) -> None:
    assert measured.messages == []


def test_every_role_of_the_profile_is_on_the_site(profile: Profile) -> None:
    roles = {role.partition(":")[0] for host in site.HOSTS for role in host.roles}
    assert roles == {role.id for role in profile.roles} - {AUTO}


def test_the_site_speaks_in_words_that_services_knows() -> None:
    words = {
        *(("tcp", one.kind) for host in site.HOSTS for one in host.tcp.values()),
        *(("udp", one.kind) for host in site.HOSTS for one in host.udp.values()),
        *(pair for host in site.HOSTS for pair in host.default_ports.items()),
    }
    known = {("tcp", kind) for kind in services.TCP} | {("udp", kind) for kind in services.UDP}
    assert words == known


def test_hosts_have_names_and_addresses_of_their_own() -> None:
    assert len({host.name for host in site.HOSTS}) == len(site.HOSTS)
    assert len({host.address for host in site.HOSTS}) == len(site.HOSTS)
    assert all(host.address.startswith("127.10.") for host in site.HOSTS)


def _told_of_the_demo() -> dict[str, str]:
    """Description of each host on the page about the demo."""
    page = (ROOT / "docs" / "demo.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    rows = [line.strip("| ").split(" | ") for line in lines]
    return {host: said for host, _, said in rows if host != "host"}


def test_the_page_about_the_demo_has_every_host() -> None:
    assert {*_told_of_the_demo()} == set(TRUTH)


@pytest.mark.parametrize("host", TRUTH)
def test_the_page_about_the_demo_says_what_became_of_a_host(measured: Measured, host: str) -> None:
    """It names statuses that rows have, the worst ones unless a verdict says it all."""
    said = _told_of_the_demo()[host]
    seen = {str(one.status) for one in measured.results.values() if one.job.target.label == host}
    rulings = {str(found) for (label, _), found in measured.rulings.items() if label == host}
    statuses = {*re.findall("`([^`]+)`", said)} & {*map(str, Status)}
    verdicts = {*re.findall(r"(?<!\*)\*([^*]+)\*", said)}
    denied = {*re.findall("never `([^`]+)`", said)}
    assert statuses - denied <= seen
    assert denied.isdisjoint(seen)
    assert verdicts <= rulings
    assert verdicts or seen & {*map(str, FAILURES)} <= statuses


def test_the_pages_of_the_statuses_quote_rows_as_they_are(measured: Measured) -> None:
    real = {of_result(one) for one in measured.results.values()} | recorded()
    told = {row for path in STATUS_PAGES for row in rows(path.read_text())}
    assert len(told) > 20
    assert told <= real


def test_the_page_of_the_verdicts_quotes_one_of_each(measured: Measured) -> None:
    told = set(verdicts((ROOT / VERDICTS).read_text()))
    assert {ruling for ruling, _, _ in told} == {*map(str, Ruling)}
    # A verdict may be worded anew as more is known: the last one is among those that were said.
    assert told <= measured.sentences
