"""Changes of rows and verdicts: who is named, by what came back and what other rows tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from probes.engine.verdict_tracker import VerdictTracker, verdicts_of
from probes.judging.change import Change, merged_texts, required_change
from probes.judging.findings import diagnose
from probes.judging.host_states import HostStates
from probes.judging.party import Party
from probes.judging.status import judge
from probes.judging.text import Port
from probes.model import (
    Confidence,
    Evidence,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
    Verdict,
)
from probes.registry import PROBES
from probes.remediation import remedy
from profiles.loader import load_profile

CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
HERE, ROUTER, HOST = "10.77.0.9", "10.77.0.1", "10.77.1.31"
SILENT = (State.FILTERED, Reason.NO_RESPONSE)
REFUSED = (State.CLOSED, Reason.CONN_REFUSED)
OPEN = (State.OPEN, Reason.SYN_ACK)
REJECTED = (State.FILTERED, Reason.ADMIN_PROHIBITED)
DENIED = (State.ERROR, Reason.PERMISSION_DENIED)

Make = Callable[..., Result]


def row(
    check: str, ended: tuple[State, Reason], host: str = HOST, *, icmp: Icmp | None = None, **more
) -> Result:
    known = CATALOG.check(check)
    state, reason = ended
    if known.transport == "udp" and ended == SILENT:
        state = State.OPEN_FILTERED
    service = Service.CONFIRMED if state is State.OPEN else Service.NOT_ASKED
    address = None if state is State.ERROR else host
    seen = Observation(state, reason, service, address, HERE, icmp, **more)
    return judge(Job(f"{check}|{host}", known, Target(known.role, host), known.port), seen)


def windows(ended: tuple[State, Reason], host: str = HOST, **more) -> list[Result]:
    checks = [one for one in CATALOG.checks_of("windows.target") if one.id != "enable.rpc_dynamic"]
    return [row(one.id, ended, host, **more) for one in checks]


def fixes(results: list[Result], role: str) -> tuple[str, ...]:
    (verdict,) = (
        one
        for one in verdicts_of(CATALOG, CATALOG.default_answers, results)
        if one.target.role == role
    )
    return verdict.fix


@pytest.mark.parametrize(
    ("check", "port"), [("unix.ssh", 22), ("hyperv.winrm", 5985), ("snmp.snmp", 161)]
)
@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Reason.ADMIN_PROHIBITED, 13),
        (Reason.ADMIN_PROHIBITED, 10),
        (Reason.ADMIN_PROHIBITED, 9),
        (Reason.PORT_UNREACH, 3),
    ],
)
def test_a_router_that_rejects_is_named_by_the_verdict_and_nobody_else_is(
    check, port, reason, code
):
    result = row(check, (State.FILTERED, reason), icmp=Icmp(3, code, ROUTER))
    transport = result.job.check.transport.upper()
    assert fixes([result], result.job.target.role) == (
        f"Allow {transport} {port} from {HERE} to the host on {ROUTER}.",
    )
    (finding,) = diagnose([result], {})
    assert finding.text == f"{ROUTER} rejects {transport} {port} towards {HOST}"
    assert finding.fix == f"Allow {transport} {port} from {HERE} to {HOST} on {ROUTER}."


def test_all_that_one_device_rejects_is_one_finding_whatever_host_port_or_code():
    results = [
        row("unix.ssh", REJECTED, "10.77.1.31", icmp=Icmp(3, 13, ROUTER)),
        row("hyperv.winrm", REJECTED, "10.77.1.32", icmp=Icmp(3, 10, ROUTER)),
        row(
            "snmp.snmp", (State.FILTERED, Reason.PORT_UNREACH), "10.77.2.5", icmp=Icmp(3, 3, ROUTER)
        ),
        # The host answers elsewhere, so that this is a rule as well.
        row(
            "xen.ssh",
            (State.UNREACHABLE, Reason.HOST_UNREACH),
            "10.77.1.9",
            icmp=Icmp(3, 1, ROUTER),
        ),
        row("esxi.https", OPEN, "10.77.1.9"),
    ]
    (finding,) = diagnose(results, {})
    assert finding.rows == 4
    assert finding.text == (
        f"{ROUTER} rejects TCP 22 towards 10.77.1.0/24 (2 hosts), TCP 5985 towards 10.77.1.32 and "
        "UDP 161 towards 10.77.2.5"
    )
    assert finding.fix == (
        f"Allow TCP 22 from {HERE} to 2 hosts in 10.77.1.0/24, TCP 5985 from {HERE} to "
        f"10.77.1.32 and UDP 161 from {HERE} to 10.77.2.5 on {ROUTER}."
    )


def test_a_device_that_rejects_much_is_told_in_part_and_counted():
    checks = ["unix.ssh", "hyperv.winrm", "esxi.https", "nas.netbios", "printer.raw"]
    results = [
        row(check, REJECTED, f"10.77.{number}.1", icmp=Icmp(3, 13, ROUTER))
        for number, check in enumerate(checks, 1)
    ]
    (finding,) = diagnose(results, {})
    assert finding.rows == 5
    assert "other ports of 2 more groups of hosts" in finding.text
    assert finding.fix.endswith(f"and the flows of the other rows on {ROUTER}.")


def test_a_drop_by_this_machine_and_its_refusals_are_its_own_firewalls_and_one_finding():
    results = [
        row("unix.ssh", SILENT, facts={"not_sent": True}),
        row("snmp.snmp", DENIED, evidence=(Evidence(HOST, errno=1),), facts={"problem": "p"}),
        row("nas.netbios", REJECTED, icmp=Icmp(3, 13, HERE)),
    ]
    assert {required_change(one).party for one in results} == {Party.THIS_MACHINE}
    assert fixes(results, "unix.target") == (
        "Allow TCP 22 to the host in the firewall of this machine.",
    )
    assert fixes(results, "snmp.device") == (
        "Allow UDP 161 to the host in the firewall of this machine.",
    )
    (finding,) = diagnose(results, {})
    assert finding.rows == 3
    assert finding.text == (
        f"This machine's own firewall does not let out TCP 22 and 139 and UDP 161 towards {HOST}"
    )
    assert finding.confidence == "likely"
    assert finding.why == "the kernel could not hand TCP 22 over; a full queue of it looks the same"
    assert finding.fix.endswith("in the firewall of this machine.")


def test_a_permission_that_is_no_firewalls_is_not_laid_on_one():
    result = row("discovery.ping", DENIED, evidence=(Evidence(HOST, errno=13),))
    assert required_change(result).party is Party.NOT_TESTED


def test_a_controller_that_refuses_ldap_has_it_started_in_both_verdicts():
    results = [
        *windows(OPEN, "10.77.1.40"),
        row("windows.kerberos", OPEN, "dc1"),
        row("windows.ldap", REFUSED, "dc1"),
    ]
    nothing = "nothing listens on TCP 389, or a firewall refuses it."
    assert fixes(results, "windows.dc") == (
        f"Start LDAP on the host or correct the port: {nothing}",
    )
    assert fixes(results, "windows.target") == (
        f"Start LDAP on dc1 or correct the port: {nothing}",
    )


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_controllers_the_one_of_which_most_is_known_gives_the_change(order):
    controllers = [
        row("windows.ldap", SILENT, "dc1"),
        row("windows.ldap", REFUSED, "dc2"),
        row("windows.kerberos", OPEN, "dc1"),
        row("windows.kerberos", OPEN, "dc2"),
    ]
    results = [*windows(OPEN, "10.77.1.40"), *controllers[::order]]
    (fix,) = fixes(results, "windows.target")
    assert fix.startswith("Start LDAP on dc2")


@pytest.mark.parametrize("role", ["windows.target", "hyperv.host", "esxi.host", "unix.target"])
def test_a_host_that_answers_nothing_is_to_be_started_or_let_through(role):
    checks = [one for one in CATALOG.checks_of(role) if one.id != "enable.rpc_dynamic"]
    results = [row(one.id, SILENT) for one in checks]
    (fix,) = fixes(results, role)
    assert fix.startswith("Start the host or correct its address, or allow TCP ")
    assert fix.endswith(f" from {HERE} on the firewalls before it.") and "PowerShell" not in fix


def test_the_ports_of_a_silent_host_are_one_sentence():
    results = [row(id, SILENT) for id in ("esxi.https", "esxi.authd", "esxi.http")]
    assert fixes(results, "esxi.host") == (
        "Start the host or correct its address, or allow TCP 80, 443 and 902 from "
        f"{HERE} on the firewalls before it.",
    )


def test_a_silent_port_of_a_host_that_answers_is_the_hosts_or_a_firewalls():
    results = [row("hyperv.winrm", SILENT), row("nas.netbios", OPEN)]
    (fix,) = fixes(results, "hyperv.host")
    assert fix.startswith("Enable PowerShell Remoting on the Hyper-V host and allow inbound TCP")
    assert fix.endswith("If it is, a firewall on the way drops it.")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"icmp": Icmp(3, 13, ROUTER)}, f"on {ROUTER}, which rejects other rows, then on any"),
        ({"icmp": Icmp(3, 13, HOST)}, f"from {HERE} in the firewall of the host itself."),
    ],
)
def test_silence_beside_rejections_may_be_more_of_them(other, named):
    up = row("esxi.https", OPEN)
    results = [row("hyperv.winrm", SILENT), row("nas.netbios", REJECTED, **other), up]
    (fix,) = fixes(results, "hyperv.host")
    assert named in fix


def test_silence_beside_rejections_of_a_host_never_heard_may_be_its_end_as_well():
    rejected = row("nas.netbios", REJECTED, icmp=Icmp(3, 13, ROUTER))
    (fix,) = fixes([row("hyperv.winrm", SILENT), rejected], "hyperv.host")
    assert fix == (
        f"Start the host or correct its address, or allow TCP 5985 from {HERE} on {ROUTER}, which "
        "rejects other rows, then on any other firewall before it."
    )


def test_silence_beside_a_router_that_cannot_deliver_is_the_same_host_that_is_down():
    down = (State.UNREACHABLE, Reason.HOST_UNREACH)
    results = [row("hyperv.winrm", SILENT), row("nas.netbios", down, icmp=Icmp(3, 1, ROUTER))]
    expected = (
        f"Start the host or correct its address; if it is up, check {ROUTER} for a rule or a "
        "route that stops it.",
    )
    assert fixes(results, "hyperv.host") == fixes(results, "nas") == expected


def test_a_cloud_that_is_silent_is_not_to_be_started():
    (fix,) = fixes([row("cloud.aws", SILENT, "sts.amazonaws.com")], "cloud.aws")
    assert fix.startswith("Allow outbound TCP 443")


def test_changes_that_differ_in_the_port_only_are_one_sentence():
    def one(number: int) -> Change:
        return Change(Party.DEVICE, "r", "Allow ", " on r.", Port("tcp", number, str(number)))

    whole = Change(Party.SERVICE, "", "Mend it.")
    assert merged_texts([one(443), whole, one(22), whole, one(22)]) == (
        "Allow TCP 22 and 443 on r.",
        "Mend it.",
    )


@pytest.fixture
def tracked():
    """A tracker with the function that gives it results, one by one."""
    jobs: dict[str, Job] = {}
    results: dict[str, Result] = {}
    tracker = VerdictTracker(CATALOG, CATALOG.default_answers, jobs, results)

    def closed(*given: Result) -> list[Verdict]:
        for one in given:
            jobs[one.job.key] = one.job
            tracker.row_opened(one.job)
        verdicts: list[Verdict] = []
        for one in given:
            results[one.job.key] = one
            verdicts += tracker.row_closed(one.job)
        return verdicts

    return tracker, closed


def test_a_verdict_follows_what_another_role_tells_of_the_same_host(tracked):
    tracker, closed = tracked
    (before,) = closed(row("hyperv.winrm", SILENT))
    assert before.fix[0].startswith("Start the host")
    after, nas = closed(row("nas.netbios", OPEN))
    assert (after.target, nas.target.role) == (before.target, "nas")
    assert after.fix[0].startswith("Enable PowerShell Remoting")
    (again,) = tracker.targets_removed([nas.target], [row("nas.netbios", OPEN).job])
    assert again == before


def test_a_verdict_that_another_role_does_not_change_is_not_told_again(tracked):
    _, closed = tracked
    closed(row("hyperv.winrm", SILENT), row("nas.netbios", OPEN))
    (verdict,) = closed(row("esxi.https", OPEN), row("esxi.authd", OPEN), row("esxi.http", OPEN))
    assert verdict.target.role == "esxi.host"


def test_the_last_result_of_a_row_tells_the_state_of_its_host():
    states = HostStates([row("nas.netbios", OPEN)])
    silent = row("hyperv.winrm", SILENT)
    assert states.of(silent).heard
    assert states.add(row("nas.netbios", SILENT)) == (HOST,)
    assert not states.of(silent).heard
    assert states.add(silent) == ()
    moved = row("nas.netbios", OPEN, "10.77.1.99")
    assert states.add(moved) == ("10.77.1.99",)
    assert not states.of(silent).heard
    assert states.remove(moved.job.key) == ("10.77.1.99",)
    assert states.remove(moved.job.key) == ()


def test_hosts_with_the_same_rows_share_one_change():
    alike = {required_change(row("unix.ssh", SILENT, f"10.77.1.{n}")) for n in range(1, 20)}
    assert len(alike) == 1
    result = row("unix.ssh", SILENT)
    assert result.status is Status.BLOCKED


def test_silence_beyond_a_routers_limit_of_errors_is_laid_on_the_router_too():
    told = [
        row("unix.ssh", REJECTED, f"10.77.1.{n}", icmp=Icmp(3, 13, ROUTER)) for n in range(1, 4)
    ]
    silent = [row("unix.ssh", SILENT, f"10.77.1.{n}") for n in range(4, 30)]
    others = [row("unix.ssh", SILENT, "10.77.2.1"), row("nas.netbios", SILENT, "10.77.1.99")]
    by_host = {
        (one.target.role, one.target.host): one.fix
        for one in verdicts_of(CATALOG, CATALOG.default_answers, [*told, *silent, *others])
    }
    for one in silent:
        (fix,) = by_host["unix.target", one.job.target.host]
        assert fix == (
            f"Start the host or correct its address, or allow TCP 22 from {HERE} on {ROUTER}, "
            "which rejects other rows, then on any other firewall before it."
        )
    # Another network, and another port: nothing points at the router.
    for one in others:
        (fix,) = by_host[one.job.target.role, one.job.target.host]
        assert fix.startswith("Start the host")
    (finding,) = (one for one in diagnose([*told, *silent, *others], {}) if ROUTER in one.text)
    assert (finding.rows, finding.confidence) == (29, Confidence.LIKELY)
    assert ROUTER in finding.fix


def test_a_silent_hosts_verdict_follows_a_rejection_of_its_neighbour(tracked):
    tracker, closed = tracked
    (before,) = closed(row("unix.ssh", SILENT, "10.77.1.4"))
    rejected = row("unix.ssh", REJECTED, "10.77.1.5", icmp=Icmp(3, 13, ROUTER))
    verdicts = {one.target.host: one for one in closed(rejected)}
    assert ROUTER in verdicts["10.77.1.4"].fix[0]
    (again,) = tracker.targets_removed([rejected.job.target], [rejected.job])
    assert again == before


def test_ipv6_neighbours_are_those_of_one_64(tracked):
    _, closed = tracked
    closed(row("unix.ssh", SILENT, "2001:db8::4"), row("unix.ssh", SILENT, "2001:db8:0:1::4"))
    rejected = row("unix.ssh", REJECTED, "2001:db8::ffff:5", icmp=Icmp(1, 1, "2001:db8::1", 6))
    changed = {one.target.host for one in closed(rejected)}
    assert changed == {"2001:db8::4", "2001:db8::ffff:5"}


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("printer.raw", "Retest, as it may serve one client at a time"),
        ("enable.rpc_dynamic", "Make RPC dynamic on the host listen again"),
        ("hyperv.winrm", "Enable PowerShell Remoting on the Hyper-V host"),
        ("esxi.https", "Start HTTPS on the host or correct the port"),
    ],
)
def test_what_is_refused_is_to_listen_and_no_rule_is_asked_for(check, words):
    change = required_change(row(check, REFUSED))
    assert change.party is Party.HOST
    assert change.text.startswith(words) and "listen" in change.text
    assert not change.text.startswith("Allow")


@pytest.mark.parametrize(
    ("reason", "source", "party"),
    [
        (Reason.HOST_UNREACH, None, Party.ROUTE),
        (Reason.NET_UNREACH, None, Party.ROUTE),
        (Reason.NET_UNREACH, HERE, Party.ROUTE),
        # Another system may have heard it from a router, and does not tell.
        (Reason.HOST_UNREACH, HERE, Party.UNDELIVERED),
    ],
)
def test_a_connect_that_ends_in_our_own_routes_is_theirs(reason, source, party):
    check = CATALOG.check("unix.ssh")
    seen = Observation(State.UNREACHABLE, reason, address=HOST, source=source)
    change = required_change(judge(Job("k", check, Target(check.role, HOST), 22), seen))
    assert change.party is party
    assert ("route to" in change.text) is (party is Party.ROUTE)


def test_a_service_that_answers_and_falls_short_is_not_called_silent():
    seen = Observation(*OPEN, Service.CONFIRMED, HOST, HERE)
    check = CATALOG.check("windows.ldap")
    job = Job("k", check, Target(check.role, HOST), 389)
    change = required_change(Result(job, Status.DEGRADED, "", seen))
    assert change.party is Party.SERVICE
    assert change.text == "Check on the host why LDAP falls short on TCP 389: it answers."


@pytest.mark.parametrize(
    ("name", "who"),
    [("squid/5.7", "the proxy squid/5.7 on the path"), ("", "a proxy or filter on the path")],
)
def test_a_proxy_that_answers_in_the_hosts_place_has_to_let_through(name, who):
    facts = {
        "http_problem": "proxy",
        "answered_by": name,
        "fix": "Exempt the host.",
        "summary": "x",
    }
    seen = Observation(*OPEN, Service.UNEXPECTED, HOST, HERE, facts=facts)
    check = CATALOG.check("windows.winrm")
    change = required_change(judge(Job("k", check, Target(check.role, HOST), 5985), seen))
    assert (change.party, change.who) == (Party.INTERCEPTOR, who)
    assert change.text == "Exempt the host."


@pytest.mark.parametrize(
    ("facts", "party"),
    [
        ({"fix": "Give the audit a client certificate."}, Party.SERVICE),
        ({"fix": "Exempt the host.", "interception": True}, Party.INTERCEPTOR),
        ({}, None),
    ],
)
def test_a_warning_needs_the_change_that_its_probe_names_and_nothing_to_paste(facts, party):
    seen = Observation(
        *OPEN, Service.CONFIRMED, HOST, HERE, facts=facts | {"warning": True, "summary": "x"}
    )
    check = CATALOG.check("cloud.aws")
    result = judge(Job("k", check, Target(check.role, HOST), 443), seen)
    assert result.status is Status.WARNING
    change = required_change(result)
    assert (change and change.party) == party
    advice = remedy(result)
    assert (advice and advice.change, advice.snippets if advice else ()) == (facts.get("fix"), ())


def test_an_answer_from_another_address_is_no_firewalls_and_no_host_that_is_down():
    result = row("snmp.snmp", SILENT, facts={"answered_from": "10.77.1.99"})
    change = required_change(result)
    assert change.party is Party.SERVICE
    assert change.text == (
        "Have SNMP answer from the address that is asked, or name 10.77.1.99 instead."
    )
    assert HostStates([result]).of(row("nas.netbios", SILENT)).heard


@pytest.mark.parametrize(
    ("ended", "icmp", "said"),
    [
        (
            (State.UNREACHABLE, Reason.NET_UNREACH),
            Icmp(3, 0, ROUTER),
            f"Give {ROUTER} a route to {HOST}, or change the rule on it that sends this error.",
        ),
        (
            (State.UNREACHABLE, Reason.TIME_EXCEEDED),
            Icmp(11, 0, ROUTER),
            f"Fix the routing loop on the way to {HOST}, which {ROUTER} reported.",
        ),
    ],
)
def test_a_fault_of_routes_is_the_routers_and_not_the_hosts(ended, icmp, said):
    change = required_change(row("unix.ssh", ended, icmp=icmp), to=HOST)
    assert (change.party, change.who, change.text) == (Party.ROUTER, ROUTER, said)


def test_an_address_that_nobody_answers_for_is_no_matter_of_a_router():
    ended = (State.UNREACHABLE, Reason.HOST_UNREACH)
    change = required_change(row("unix.ssh", ended, icmp=Icmp(3, 1, HERE)), to=HOST)
    assert change.who == "the host or its address"
    assert change.text == f"Start {HOST} or correct its address: nobody answers for it."


def through_proxy(ended: tuple[State, Reason], host: str = "cloud.example", **more) -> Result:
    known = CATALOG.check("alloyscan.https")
    state, reason = ended
    address = None if state is State.ERROR else "10.77.0.77"
    facts = {**more.pop("facts", {}), "proxy": "px.corp.example:3128"}
    seen = Observation(state, reason, address=address, source=HERE, facts=facts, **more)
    job = Job(f"{known.id}|{host}", known, Target(known.role, host), known.port)
    return judge(job, seen)


def test_the_name_of_a_proxy_is_what_is_to_be_corrected():
    facts = {"problem": "10.0.0.53 says no such name"}
    unresolved = through_proxy((State.ERROR, Reason.NAME_NOT_RESOLVED), facts=facts)
    change = required_change(unresolved)
    assert (change.party, change.name) == (Party.NAME, "px.corp.example")
    assert "make px.corp.example resolve here" in change.text
    (verdict,) = verdicts_of(CATALOG, CATALOG.default_answers, [unresolved])
    assert verdict.text.endswith("the name of the proxy px.corp.example:3128 does not resolve.")


@pytest.mark.parametrize(
    "seen",
    [
        {"ended": (State.UNREACHABLE, Reason.HOST_UNREACH), "icmp": Icmp(3, 1, HERE)},
        {"ended": SILENT, "facts": {"no_arp_reply": True}},
    ],
)
def test_a_proxy_that_nobody_answers_for_is_the_party_and_no_host_is(seen):
    change = required_change(through_proxy(**seen))
    assert (change.party, change.who) == (Party.PROXY, "the proxy px.corp.example:3128")
    assert change.text == (
        "Start the proxy px.corp.example:3128 or correct its address: nobody answers for it."
    )


def test_a_proxy_that_refuses_several_destinations_is_told_which():
    facts = {"unproven": "proxy", "proxy_status": 403, "summary": "refused"}
    rows = [
        through_proxy(
            OPEN,
            host,
            service=Service.SILENT,
            facts={**facts, "fix": f"Allow CONNECT to {host}:443 in the rules of the proxy."},
        )
        for host in ("a.example", "b.example")
    ]
    (finding,) = diagnose(rows, {})
    assert finding.fix == "Let the proxy px.corp.example:3128 connect to a.example and b.example."
