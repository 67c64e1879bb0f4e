"""Hosts without a role, end to end: what is asked, what it decides; nothing is asked twice.

The servers are those of the lab; a vantage before it counts every connection and datagram.
"""

from __future__ import annotations

import queue
from collections import Counter

import pytest

from probes.engine.plan import Planner, plan
from probes.engine.thread import Engine
from probes.judging.recognised_role import recognised_role
from probes.lab import site
from probes.lab.process import LabProcess
from probes.lab.vantage import LabVantage
from probes.model import Diagnosed, Finished, Recognised, Result, Ruling, Status, Target, Verdict
from probes.options import Options, SshCredential
from probes.registry import PROBES
from probes.session import SessionLog, new_header, read_session
from probes.settings import Settings
from profiles.loader import load_profile
from profiles.recognition import AUTO

PROFILE = load_profile(None, {})
SETTINGS = Settings(timeout=1.5, answer_timeout=3.0)
NOBODY = "127.10.9.9"


class CountingVantage(LabVantage):
    """The lab, counting what is sent to each port, and what is written to a printer."""

    def __init__(self, address_map, counts):
        super().__init__(address_map)
        self.counts = counts

    def connect(self, address, port, timeout, done, *, keep):
        self.counts[address, "tcp", port] += 1
        return super().connect(address, port, timeout, done, keep=keep)

    async def exchange(self, address, port, payload, timeout, accept):
        self.counts[address, "udp", port] += 1
        return await super().exchange(address, port, payload, timeout, accept)


@pytest.fixture(scope="module")
def lab():
    process = LabProcess()
    try:
        yield process.address_map()
    finally:
        process.close()


class Run:
    """Events of a run on the lab, and what was sent for them."""

    def __init__(self, lab, targets, *, options=None, log=None, again=()):
        self.counts = Counter()
        self.results, self.verdicts, self.recognised, self.findings = {}, {}, {}, ()
        self.order = []
        events = queue.SimpleQueue()
        engine = Engine(lambda: CountingVantage(lab, self.counts), PROBES, events.put)
        try:
            options = options or Options(ca_file=lab.ca_file)
            logs = [] if log is None else [log]
            answers = dict(PROFILE.default_answers)
            if log is not None:
                log.write_header(new_header(PROFILE, engine.info(), SETTINGS, answers, targets))
            engine.begin(PROFILE, answers, SETTINGS, logs, options)
            engine.add(plan(PROFILE, targets), Planner(PROFILE))
            self._drain(events)
            for keys in again:
                self.counts.clear()
                engine.rerun(keys)
                self._drain(events)
        finally:
            engine.close()

    def _drain(self, events):
        finished = False
        while not finished:
            for event in events.get(timeout=120):
                if isinstance(event, Result):
                    self.results[event.job.key] = event
                    self.order.append(event.job.key)
                elif isinstance(event, Verdict):
                    self.verdicts[event.target] = event
                elif isinstance(event, Recognised):
                    self.recognised[event.target.host] = event
                    self.order.append(event.target)
                elif isinstance(event, Diagnosed):
                    self.findings = event.findings
                elif isinstance(event, Finished):
                    finished = True

    def of(self, host):
        return {key: one for key, one in self.results.items() if one.job.target.host == host}


def named(*hosts, role=AUTO):
    return [Target(role, f"{host}.corp.example") for host in hosts]


HOSTS = [host for host in site.HOSTS if host.name != "mirror.corp.example"]
DECIDED = {
    "pc-014": "windows.target",
    "pc-015": "windows.target",
    "pc-017": "windows.target",
    "pc-018": "windows.target",
    "pc-019": "windows.target",
    "dc1": "windows.dc",
    "web1": "unix.target",
    "esx1": "esxi.host",
    "esx2": "esxi.host",
    "sw-core": "snmp.device",
    "sw-edge": "snmp.device",
    "prn-2f": "printer",
    # Nothing tells these from computers, and a printer without its MIB from any agent.
    "hv1": "windows.target",
    "xen1": "unix.target",
    "prn-3f": "snmp.device",
}


@pytest.fixture(scope="module")
def measured(lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("detection") / "session.jsonl"
    with_log = SessionLog.create(path)
    run = Run(lab, [Target(AUTO, host.name) for host in site.HOSTS], log=with_log)
    with_log.close()
    run.path = path
    return run


@pytest.fixture(scope="module")
def typed(lab):
    """The same hosts, their roles typed."""
    return Run(lab, [Target(role, f"{name}.corp.example") for name, role in DECIDED.items()])


def test_every_host_of_the_site_has_the_role_that_its_services_prove(measured):
    found = {host.removesuffix(".corp.example") for host in measured.recognised}
    assert found == DECIDED.keys()
    for name, role in DECIDED.items():
        event = measured.recognised[f"{name}.corp.example"]
        assert event.target.role == role
        row = measured.results[f"{AUTO}|{name}.corp.example"]
        assert row.status is Status.OK and recognised_role(row) == role


def test_where_nothing_decided_the_row_says_what_answered_and_the_verdict_is_unknown(measured):
    undecided = [
        one
        for one in measured.results.values()
        if one.job.check.role == AUTO and not recognised_role(one)
    ]
    assert len(undecided) == len(site.HOSTS) - len(DECIDED)
    for row in undecided:
        assert row.status is Status.ERROR
        assert row.note.startswith("Nothing decided its role: ")
        assert measured.verdicts[row.job.target].ruling is Ruling.UNKNOWN
    nas = measured.results[f"{AUTO}|nas1.corp.example"]
    assert "only" not in nas.note and "TCP 139 (NetBIOS session) and ping answer." in nas.note
    assert "write nas=nas1.corp.example or windows.target=" in nas.note
    mirror = measured.results[f"{AUTO}|mirror.corp.example"]
    assert "9100 (a device accepts everything here)" in mirror.note


def test_a_host_whose_role_was_found_has_one_verdict_that_of_its_role(measured):
    judged = {target.host: target.role for target in measured.verdicts if target.role != AUTO}
    assert judged == {f"{name}.corp.example": role for name, role in DECIDED.items()}
    roles = Counter(target.host for target in measured.verdicts)
    assert set(roles.values()) == {1}


def test_its_rows_are_those_of_the_role_as_if_that_had_been_typed(measured, typed):
    for key, one in typed.results.items():
        found = measured.results[key]
        assert (found.status, found.observation.service) == (
            one.status,
            # A row that is not needed has been asked for the role.
            found.observation.service if one.status is Status.NOT_NEEDED else
            one.observation.service,
        )  # fmt: skip


def test_nothing_is_asked_twice(measured, typed):
    """A port that the role asks is asked as often as if the role had been typed."""
    addresses = site.addresses()
    asked_anyway = {("tcp", port) for port in (22, 88, 135, 139, 389, 443, 445, 902, 5985, 9100)}
    for name in DECIDED:
        address = addresses[f"{name}.corp.example"]
        for (where, transport, port), times in measured.counts.items():
            if where != address or (transport, port) not in asked_anyway | {("udp", 161)}:
                continue
            as_typed = typed.counts[where, transport, port]
            if as_typed:
                assert times == as_typed, (name, transport, port)


def test_a_printer_is_connected_to_once_and_nothing_is_sent_there(measured):
    address = site.addresses()["prn-2f.corp.example"]
    assert measured.counts[address, "tcp", 9100] == 1
    raw = measured.results["printer.raw|prn-2f.corp.example"]
    assert [one.sent for one in raw.observation.evidence] == ["TCP connect"]


def test_the_rows_of_a_role_come_after_the_row_that_found_it(measured):
    for host, event in measured.recognised.items():
        at = measured.order.index(event.target)
        assert measured.order.index(f"{AUTO}|{host}") < at
        assert all(measured.order.index(job.key) > at for job in event.jobs)


def test_no_finding_is_about_what_was_asked_for_the_role_alone(measured):
    keys = {key for finding in measured.findings for key in finding.keys}
    assert keys and not any(key.startswith(f"{AUTO}|") for key in keys)


def test_the_log_has_what_was_typed_the_decision_and_the_rows(measured):
    session = read_session(measured.path, PROFILE)
    assert session.messages == () and session.complete
    targets = set(session.header.targets)
    assert {Target(AUTO, host.name) for host in site.HOSTS} <= targets
    assert set(named(*DECIDED)) <= targets
    assert {Target(role, f"{name}.corp.example") for name, role in DECIDED.items()} <= targets
    rows = {one.job.key: one for one in session.results}
    assert rows.keys() == measured.results.keys()
    row = rows[f"{AUTO}|pc-015.corp.example"]
    assert recognised_role(row) == "windows.target"
    assert row.observation.facts["because"] == ["enable.smb", "enable.netbios", "enable.rpc"]
    assert {one["port"] for one in row.observation.facts["asked"]} >= {"TCP 22", "UDP 161", "ICMP"}
    # A program that knows nothing of roles that are found reads the rows all the same.
    assert len(read_session(measured.path).results) == len(session.results)


def test_measuring_everything_again_asks_a_host_in_its_role_only(lab):
    host = "pc-014.corp.example"
    keys = [f"{AUTO}|{host}", f"windows.winrm|{host}", f"enable.smb|{host}"]
    run = Run(lab, named("pc-014"), again=[keys])
    ports = {port for (_, transport, port) in run.counts if transport == "tcp"}
    # The unused port shows that no device accepts everything.
    assert {port for port in ports if port < 10_000} == {5985}


def test_finding_the_role_again_measures_its_rows_with_what_was_asked(lab):
    host = "pc-015.corp.example"
    run = Run(lab, named("pc-015"), again=[[f"{AUTO}|{host}"]])
    assert run.order.count(f"enable.smb|{host}") == 2
    address = site.addresses()[host]
    assert run.counts[address, "tcp", 445] == 1


def test_a_host_that_was_also_typed_with_its_role_has_its_rows_once(lab):
    host = "web1.corp.example"
    run = Run(lab, [*named("web1"), *named("web1", role="unix.target")])
    assert sorted(run.of(host)) == [f"{AUTO}|{host}", f"unix.ssh|{host}"]
    assert run.counts[site.addresses()[host], "tcp", 22] == 2


def test_no_login_is_tried_before_the_role_is_known(lab):
    """A password is for computers of the role, and the row that logs in asks for itself."""
    options = Options(ca_file=lab.ca_file, ssh=SshCredential("audit", password="Secret7"), pjl=True)
    run = Run(lab, named("web1", "xen1"), options=options)
    address = site.addresses()["web1.corp.example"]
    assert run.counts[address, "tcp", 22] == 2
    assert "login" in str(run.results["unix.ssh|web1.corp.example"].observation.facts)
    assert "Secret7" not in str(run.results)


def test_a_name_that_does_not_resolve_is_said_once_and_plainly(lab):
    run = Run(lab, [Target(AUTO, "nosuch.corp.example")])
    (row,) = run.results.values()
    assert row.status is Status.ERROR and row.note.startswith("Not tested: the name does not")
    assert run.recognised == {} and not any(port for _, _, port in run.counts)
