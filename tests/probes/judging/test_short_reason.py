"""Short reasons: each with its example, and what holds for all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from probes.judging.host_rows import HostRows, with_reasons
from probes.judging.party import UNHEARD, HostState, Party, locate
from probes.judging.short_reason import NO_OTHERS, OtherPorts, short_reason
from probes.judging.status import judge
from probes.model import (
    REASON_CELLS,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
)
from probes.registry import PROBES
from profiles.loader import load_profile

CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
HERE, HOST, DEVICE = "10.0.0.9", "10.0.1.4", "10.88.9.1"
SIX = "2001:db8:1111:2222:3333:4444:5555:6666"
REJECTED = Icmp(3, 13, DEVICE)
UNREACHABLE = Icmp(3, 1, DEVICE)
ANSWERS = OtherPorts("88 answers")


def job(id: str = "windows.winrm", via: tuple[str, int] | None = None) -> Job:
    check = CATALOG.check(id)
    return Job("k", check, Target(check.role, HOST), check.port, via)


def seen(state: State, reason: Reason, service: Service = Service.NOT_ASKED, **more) -> Observation:
    facts = {key: more.pop(key) for key in [*more] if key not in ("icmp", "address", "source")}
    known = {"address": HOST, "source": HERE, **more}
    return Observation(state, reason, service, facts=facts, **known)


def opened(service: Service, summary: str = "", **facts: object) -> Observation:
    return seen(State.OPEN, Reason.SYN_ACK, service, summary=summary, **facts)


SILENCE = seen(State.FILTERED, Reason.NO_RESPONSE)
UNANSWERED = seen(State.OPEN_FILTERED, Reason.NO_RESPONSE)
RESET = seen(State.CLOSED, Reason.CONN_REFUSED)
WRONG, SILENT, RIGHT = Service.UNEXPECTED, Service.SILENT, Service.CONFIRMED


def icmp(error: Icmp, state: State, reason: Reason, **more: object) -> Observation:
    return seen(state, reason, icmp=error, **more)


def untested(reason: Reason, problem: str = "", **facts: object) -> Observation:
    return seen(State.ERROR, reason, problem=problem, address=None, source=None, **facts)


UNREACHED = [
    (RESET, "refused: not listening, or firewall"),
    (SILENCE, "no answer"),
    (seen(State.FILTERED, Reason.NO_RESPONSE, mac="0:1"), "dropped: its address answers ARP"),
    (seen(State.FILTERED, Reason.NO_RESPONSE, no_arp_reply=True), "no ARP reply: down or unused"),
    (
        seen(State.FILTERED, Reason.NO_RESPONSE, not_sent=True),
        "dropped by this machine's firewall",
    ),
    (icmp(REJECTED, State.FILTERED, Reason.ADMIN_PROHIBITED), "rejected by 10.88.9.1"),
    (icmp(Icmp(3, 3, DEVICE), State.FILTERED, Reason.PORT_UNREACH), "rejected by 10.88.9.1"),
    (
        icmp(Icmp(3, 13, HOST), State.FILTERED, Reason.ADMIN_PROHIBITED),
        "rejected from the host's address",
    ),
    (icmp(Icmp(3, 13, HERE), State.FILTERED, Reason.ADMIN_PROHIBITED), "rejected by this machine"),
    (icmp(UNREACHABLE, State.UNREACHABLE, Reason.HOST_UNREACH), "host down, says 10.88.9.1"),
    (icmp(Icmp(3, 0, DEVICE), State.UNREACHABLE, Reason.NET_UNREACH), "no route, says 10.88.9.1"),
    (
        icmp(Icmp(11, 0, DEVICE), State.UNREACHABLE, Reason.TIME_EXCEEDED),
        "routing loop at 10.88.9.1",
    ),
    (
        icmp(Icmp(3, 1, HERE), State.UNREACHABLE, Reason.HOST_UNREACH),
        "no ARP reply: down or unused",
    ),
    (
        icmp(Icmp(3, 1, HERE), State.UNREACHABLE, Reason.HOST_UNREACH, unanswered="10.0.0.1"),
        "next router 10.0.0.1 is silent",
    ),
    (
        seen(State.UNREACHABLE, Reason.NET_UNREACH, address=HOST, source=None),
        "no route from here",
    ),
    (
        icmp(Icmp(1, 1, "2001:db8::1", 6), State.FILTERED, Reason.ADMIN_PROHIBITED),
        "rejected by 2001:db8::1",
    ),
    (
        icmp(Icmp(1, 1, "fe80::1234:56ff:fe78:9abc", 6), State.FILTERED, Reason.ADMIN_PROHIBITED),
        "rejected: fe80::1234:56ff:fe78:9abc",
    ),
    (
        icmp(Icmp(1, 1, SIX, 6), State.FILTERED, Reason.ADMIN_PROHIBITED),
        "rejected by 2001:db8:111…4:5555:6666",
    ),
    (
        icmp(Icmp(1, 1, "2001:db8:1:2:3:4:5:6", 6), State.FILTERED, Reason.ADMIN_PROHIBITED),
        "rejected by 2001:db8:1:2:3:4:5:6",
    ),
]


@pytest.mark.parametrize(("observation", "reason"), UNREACHED, ids=lambda one: str(one)[:40])
def test_a_port_that_did_not_open_says_who_and_how(observation: Observation, reason: str) -> None:
    assert judge(job(), observation).why == reason


OTHER_PORTS = [
    ("windows.winrm", SILENCE, UNHEARD, ANSWERS, "dropped: 88 answers"),
    ("windows.winrm", SILENCE, UNHEARD, OtherPorts("22 refuses"), "dropped: 22 refuses"),
    ("windows.winrm", SILENCE, UNHEARD, OtherPorts("", True), "no answer, nor any other port"),
    (
        "windows.winrm",
        SILENCE,
        HostState(heard=True, rejecting=DEVICE),
        ANSWERS,
        "no answer; 10.88.9.1 rejects others",
    ),
    (
        "windows.winrm",
        SILENCE,
        HostState(heard=True, own_firewall=True),
        NO_OTHERS,
        "silent; its firewall rejects others",
    ),
    (
        "windows.winrm",
        SILENCE,
        HostState(undelivered=DEVICE),
        NO_OTHERS,
        "host down, says 10.88.9.1",
    ),
    ("snmp.snmp", UNANSWERED, UNHEARD, NO_OTHERS, "no answer: dropped, down, community?"),
    ("snmp.snmp", UNANSWERED, UNHEARD, ANSWERS, "no answer: dropped, or community?"),
    ("discovery.dns", UNANSWERED, UNHEARD, ANSWERS, "no answer; 88 answers"),
    ("enable.udp135", UNANSWERED, UNHEARD, ANSWERS, "cannot be tested (UDP 135)"),
    ("discovery.ping", SILENCE, UNHEARD, ANSWERS, "dropped: 88 answers"),
]


@pytest.mark.parametrize(("check", "observation", "host", "others", "reason"), OTHER_PORTS)
def test_silence_says_what_the_other_rows_of_the_host_add(check, observation, host, others, reason):
    of = job(check)
    status = judge(of, observation).status
    assert short_reason(of, status, observation, host, others) == reason


def tried(state: State, reason: Reason, *ports: int, **more: object) -> Observation:
    ends = [{"port": port, "state": str(state)} for port in ports]
    return seen(state, reason, tried=[*ends, {"port": 50000, "state": "open"}], **more)


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        (
            tried(State.FILTERED, Reason.NO_RESPONSE, 49664, 49665, 49666),
            "dropped: 135 passes, 49664-66 do not",
        ),
        (tried(State.FILTERED, Reason.NO_RESPONSE, 49664), "dropped: 135 passes, 49664 does not"),
        (
            tried(State.FILTERED, Reason.NO_RESPONSE, 49664, 50123),
            "dropped: 49664 and 1 more behind 135",
        ),
        (
            tried(State.FILTERED, Reason.ADMIN_PROHIBITED, 49664, icmp=REJECTED),
            "rejected by 10.88.9.1",
        ),
        (tried(State.CLOSED, Reason.CONN_REFUSED, 49664), "refused: 49664, named by 135"),
    ],
)
def test_the_ports_behind_a_mapper_are_named(observation: Observation, reason: str) -> None:
    assert judge(job("enable.rpc_dynamic"), observation).why == reason


UNTESTED = [
    (untested(Reason.NAME_NOT_RESOLVED, "10.0.0.53 says no such name"), "no such name in DNS"),
    (
        untested(Reason.NAME_NOT_RESOLVED, "10.0.0.53 does not answer", fix="Let it answer."),
        "name not resolved: DNS fails",
    ),
    (untested(Reason.NAME_NOT_RESOLVED, "it is odd"), "the name does not resolve"),
    (untested(Reason.PERMISSION_DENIED, "no ping"), "not permitted on this machine"),
    (
        untested(Reason.DEPENDENCY, "RPC mapper (TCP 135), which it depends on, is not available"),
        "waits for RPC mapper 135",
    ),
    (untested(Reason.NOT_OFFERED, "x"), "not possible from here"),
    (untested(Reason.LOCAL_ERROR, "no descriptor left"), "not tested: no descriptor left"),
    (untested(Reason.CANCELLED), "stopped before it was tested"),
]


@pytest.mark.parametrize(("observation", "reason"), UNTESTED, ids=lambda one: str(one)[:40])
def test_what_was_not_tested_says_what_kept_it(observation: Observation, reason: str) -> None:
    assert judge(job(), observation).why == reason


CERTIFICATE = {"issuer_organisation": "Site", "issuer": "Site Root"}
OPENED = [
    (
        "windows.winrm",
        opened(WRONG, "a web server (Jetty(9.4.51)): HTTP/1.1 404 Not Found"),
        "wrong service: Jetty 9.4.51",
    ),
    (
        "windows.winrm",
        opened(WRONG, "a web server (nginx/1.24.0 (Ubuntu)): 404"),
        "wrong service: nginx 1.24.0",
    ),
    ("alloyscan.https", opened(WRONG, "SSH, not TLS: SSH-2.0-OpenSSH_9.2"), "wrong service: SSH"),
    (
        "enable.smb",
        opened(WRONG, "12 bytes that begin with 00 01"),
        "wrong service: unknown protocol",
    ),
    (
        "unix.ssh",
        opened(SILENT, "it closed the connection without an answer"),
        "accepts, then hangs up",
    ),
    (
        "unix.ssh",
        opened(SILENT, "it reset the connection without an answer"),
        "accepts, then resets",
    ),
    ("unix.ssh", opened(SILENT, "the service did not answer in 5 s"), "accepts, then says nothing"),
    (
        "unix.ssh",
        opened(SILENT, "the service did not finish its answer in 5 s"),
        "does not finish its answer",
    ),
    (
        "alloyscan.https",
        opened(
            WRONG, "Open, but its certificate expired", unproven="certificate", distrust="expired"
        ),
        "certificate: expired",
    ),
    (
        "alloyscan.https",
        opened(WRONG, "…", unproven="certificate", distrust="private-ca", certificate=CERTIFICATE),
        "certificate: unknown CA Site",
    ),
    (
        "alloyscan.https",
        opened(WRONG, "…", unproven="certificate", distrust="name-mismatch"),
        "certificate: for another name",
    ),
    (
        "alloyscan.https",
        opened(WRONG, "…", unproven="certificate", distrust="new word"),
        "certificate: does not verify",
    ),
    (
        "cloud.aws",
        opened(WRONG, "…", unproven="certificate", interception=True, certificate=CERTIFICATE),
        "TLS intercepted by “Site”",
    ),
    (
        "cloud.aws",
        opened(RIGHT, "…", warning=True, interception=True, certificate=CERTIFICATE),
        "TLS intercepted by “Site”",
    ),
    (
        "windows.winrm",
        opened(WRONG, "…", http_problem="proxy", answered_by="squid"),
        "answered by squid on the path",
    ),
    (
        "windows.winrm",
        opened(WRONG, "…", http_problem="no listener", unproven="http"),
        "HTTP.sys: no service at this URL",
    ),
    (
        "cloud.aws",
        opened(WRONG, "…", unproven="proxy", proxy="10.0.0.8:3128"),
        "proxy 10.0.0.8:3128 opens no tunnel",
    ),
    (
        "windows.kerberos",
        opened(
            RIGHT, "Kerberos KDC; its clock …", warning=True, asked_realm="CORP", clock_skew_s=420.0
        ),
        "clock 7 min ahead",
    ),
    (
        "windows.kerberos",
        opened(
            RIGHT,
            "Kerberos KDC; its clock …",
            warning=True,
            asked_realm="CORP",
            clock_skew_s=-9000.0,
        ),
        "clock 2 h behind",
    ),
    (
        "windows.ldap",
        opened(RIGHT, "…", shortfall="it is no domain controller's directory"),
        "is no domain controller's directory",
    ),
    (
        "snmp.snmp",
        opened(RIGHT, "…", warning=True, shortfall="nothing can be read with the community public"),
        "nothing can be read",
    ),
    (
        "snmp.snmp",
        seen(State.OPEN, Reason.UDP_RESPONSE, RIGHT, answered_from="10.0.1.5", warning=True),
        "answers from 10.0.1.5",
    ),
    (
        "printer.raw",
        opened(Service.NOT_ASKED, "Accepts connections; nothing is sent"),
        "accepts connections",
    ),
    (
        "printer.raw",
        opened(Service.NOT_ASKED, "Accepts", accepts_everything=True),
        "everything is accepted: no proof",
    ),
    (
        "enable.smb",
        opened(
            RIGHT,
            "SMB 3.1.1, signing required; DC1 in CORP",
            dialect="3.1.1",
            signing_required=True,
        ),
        "SMB 3.1.1, signing required",
    ),
    (
        "enable.rpc",
        opened(RIGHT, "RPC endpoint mapper with 53 endpoints", listed=53),
        "endpoint mapper, 53 endpoints",
    ),
    (
        "unix.ssh",
        opened(RIGHT, "OpenSSH 9.2p1, login by password", product="OpenSSH", version="9.2p1"),
        "OpenSSH 9.2p1",
    ),
    *(
        (
            "discovery.nbns",
            seen(
                State.OPEN,
                Reason.UDP_RESPONSE,
                RIGHT,
                summary="NetBIOS name service of a node without a name",
                **facts,
            ),
            reason,
        )
        for facts, reason in (
            ({"computer": "", "workgroup": "__SAMBA__"}, "no computer name in __SAMBA__"),
            ({"computer": "", "workgroup": "W" * 30}, "lists no computer name"),
            ({"computer": "", "workgroup": "", "warning": True}, "lists no computer name"),
            ({"computer": "PC1", "workgroup": "CORP"}, "PC1 in CORP"),
            ({"computer": "PC1", "workgroup": "W" * 34}, "PC1"),
        )
    ),
    ("alloyscan.https", opened(RIGHT, "TLS 1.3, HTTP 200", tls="TLS 1.3"), "TLS 1.3"),
    ("enable.udp135", opened(RIGHT, "12 bytes came back; odd"), "12 bytes came back"),
    (
        "discovery.nbns",
        opened(RIGHT, "NetBIOS name service of PC-14 in CORP", computer="PC-14", workgroup="CORP"),
        "PC-14 in CORP",
    ),
    (
        "discovery.ping",
        seen(State.OPEN, Reason.ECHO_REPLY, RIGHT, summary="Answers the ping"),
        "answers the ping",
    ),
]


@pytest.mark.parametrize(("check", "observation", "reason"), OPENED, ids=lambda one: str(one)[:40])
def test_an_open_port_says_its_proof_or_what_is_wrong(check, observation, reason) -> None:
    assert judge(job(check), observation).why.casefold() == reason.casefold()


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("Not needed while WinRM (TCP 5985) answers", "WinRM works"),
        ("Not needed while Raw (TCP 9100) found this to be a printer", "Raw shows a printer"),
        ("Not needed: you answered no to “Are they?”", "not needed: you answered no"),
        ("For no reason that is known", "not needed"),
    ],
)
def test_a_row_that_is_not_needed_says_what_makes_it_so(note: str, reason: str) -> None:
    observation = seen(State.NOT_RUN, Reason.NOT_NEEDED)
    assert judge(job(), observation, note).why == reason


def test_no_host_says_so_and_who_says_it() -> None:
    assert judge(job(), SILENCE, absent=True).why == "no answer: no host seen there"
    said = icmp(UNREACHABLE, State.UNREACHABLE, Reason.HOST_UNREACH)
    assert judge(job(), said, absent=True).why == "host down, says 10.88.9.1"


def test_a_proxy_that_is_not_reached_is_named() -> None:
    through = job("cloud.aws", via=("10.0.0.8", 3128))
    assert judge(through, RESET).why == "proxy 10.0.0.8:3128 refuses"
    assert judge(through, SILENCE).why == "no answer from proxy 10.0.0.8:3128"


ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str), st.sampled_from([HOST, HERE, ""])
)
ICMP = st.none() | st.builds(
    Icmp, st.integers(0, 255), st.integers(0, 255), ADDRESSES, st.sampled_from([4, 6])
)
TEXTS = st.text(max_size=80) | st.sampled_from(
    ["it closed the connection", "a web server (…)", SIX]
)
FACTS = st.dictionaries(
    st.sampled_from(
        [
            *("summary", "problem", "shortfall", "warning", "fix", "answered_from", "answered_by"),
            *("unproven", "http_problem", "distrust", "interception", "accepts_everything"),
            *("wrong_product", "no_arp_reply", "mac", "not_sent", "unanswered", "dialect", "tls"),
            *("product", "version", "asked_realm", "clock_skew_s", "certificate", "tried", "proxy"),
            *("ipv4_only", "listed", "answered_after_s", "realm_proven"),
        ]
    ),
    TEXTS
    | st.booleans()
    | st.floats(allow_nan=True)
    | st.integers()
    | st.lists(st.fixed_dictionaries({"port": st.integers(0, 2**70), "state": TEXTS}), max_size=4)
    | st.dictionaries(st.sampled_from(["issuer", "issuer_organisation", "not_after"]), TEXTS),
)
OBSERVATIONS = st.builds(
    Observation,
    st.sampled_from(State),
    st.sampled_from(Reason),
    st.sampled_from(Service),
    address=st.none() | ADDRESSES,
    source=st.none() | ADDRESSES,
    icmp=ICMP,
    facts=FACTS,
)
HOSTS = st.builds(HostState, st.booleans(), st.booleans(), ADDRESSES, st.none() | ADDRESSES)
OTHERS = st.sampled_from([NO_OTHERS, ANSWERS, OtherPorts("", True), OtherPorts("ping answers")])
JOBS = st.sampled_from(
    [job(check.id) for check in CATALOG.checks] + [job("cloud.aws", via=("proxy.example", 3128))]
)


@given(JOBS, st.sampled_from(Status), OBSERVATIONS, HOSTS, OTHERS, TEXTS)
def test_every_reason_is_one_harmless_line_that_fits(of, status, observation, host, others, note):
    why = short_reason(of, status, observation, host, others, note)
    assert why
    assert cell_len(why) <= REASON_CELLS
    assert why.isprintable()


NAMED = {Party.DEVICE, Party.ROUTER, Party.UNDELIVERED, Party.ROUTE, Party.UNKNOWN}


@given(JOBS, OBSERVATIONS, HOSTS, OTHERS)
def test_the_party_of_a_reason_is_the_one_that_has_to_change_something(
    of, observation, host, others
):
    if observation.state in (State.OPEN, State.ERROR, State.NOT_RUN):
        return
    status = judge(of, observation).status
    if "answered_from" in observation.facts or observation.facts.get("ipv4_only"):
        return
    why = short_reason(of, status, observation, host, others)
    party, name = locate(of, observation, host)
    is_mute = observation.reason is Reason.NO_RESPONSE and not of.check.answers
    if party in NAMED and name and not (party is Party.UNKNOWN and is_mute):
        # A long address is cut in its middle alone.
        word = next((one for one in why.split() if "…" in one), "…")
        begin, _, end = word.partition("…")
        assert name in why or (end and name.startswith(begin) and name.endswith(end))
    if party is not Party.HOST_FIREWALL:
        assert "in the host's name" not in why
    if party not in (Party.THIS_MACHINE, Party.ROUTE):
        assert "this machine" not in why
    if "rejected by" in why or "says" in why or "not listening" in why:
        assert party in NAMED | {Party.HOST, Party.THIS_MACHINE}
    if observation.state is State.FILTERED:
        assert "refused:" not in why


def row(key: str, port_check: str, observation: Observation) -> Result:
    of = replace(job(port_check), key=key)
    return judge(of, observation)


def test_silent_rows_say_the_same_in_any_order_of_their_results() -> None:
    rows = [
        row("a", "windows.winrm", SILENCE),
        row("b", "enable.smb", SILENCE),
        row("c", "enable.rpc", RESET),
    ]
    expected = {"a": "dropped: 135 refuses", "b": "dropped: 135 refuses", "c": rows[2].why}
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        made = with_reasons([rows[at] for at in order])
        assert {one.job.key: one.why for one in made} == expected


def test_of_a_silent_host_one_row_is_said_again() -> None:
    states = HostRows()
    checks = ("windows.winrm", "enable.smb", "enable.rpc", "unix.ssh", "esxi.authd")
    rows = [row(check, check, SILENCE) for check in checks]
    again = [states.add(one) for one in rows]
    assert [len(one) for one in again] == [0, 1, 0, 0, 0]
    assert {states.reason(one) for one in rows} == {"no answer, nor any other port"}


@pytest.mark.parametrize(
    ("type", "code", "reason", "alone"),
    [
        (3, 1, Reason.HOST_UNREACH, "host down, says 10.88.9.1"),
        (3, 0, Reason.NET_UNREACH, "no route, says 10.88.9.1"),
        (3, 12, Reason.HOST_UNREACH, "host down, says 10.88.9.1"),
        (11, 0, Reason.TIME_EXCEEDED, "routing loop at 10.88.9.1"),
    ],
)
@pytest.mark.parametrize("heard", [opened(RIGHT, "SMB"), RESET])
def test_of_a_host_that_is_up_no_row_says_that_it_is_down(
    type: int, code: int, reason: Reason, alone: str, heard: Observation
) -> None:
    said = row("a", "windows.winrm", icmp(Icmp(type, code, DEVICE), State.UNREACHABLE, reason))
    other = row("b", "enable.smb", heard)
    for rows in ([said, other], [other, said]):
        whys = {one.job.key: one.why for one in with_reasons(rows)}
        assert whys == {"a": "rejected by 10.88.9.1", "b": other.why}
    states = HostRows()
    assert states.add(said) == ()
    assert states.add(other) == ("a",)
    assert states.remove("b") == ("a",)
    assert states.reason(said) == said.why == alone


def test_one_port_that_two_roles_ask_is_not_any_other_port() -> None:
    both = with_reasons([row("a", "windows.winrm", SILENCE), row("b", "hyperv.winrm", SILENCE)])
    assert {one.why for one in both} == {"no answer"}


def test_a_row_whose_silence_means_nothing_keeps_its_reason_in_any_order() -> None:
    rows = [
        row("a", "enable.udp135", UNANSWERED),
        row("b", "windows.winrm", UNREACHED[7][0]),
        row("c", "enable.rpc_dynamic", tried(State.FILTERED, Reason.NO_RESPONSE, 49664)),
    ]
    expected = {
        "a": "cannot be tested (UDP 135)",
        "b": "rejected from the host's address",
        "c": "dropped: 135 passes, 49664 does not",
    }
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        made = with_reasons([rows[at] for at in order])
        assert {one.job.key: one.why for one in made} == expected


@pytest.mark.parametrize("party", [Party.DEVICE, Party.ROUTER, Party.UNDELIVERED])
def test_an_address_of_26_characters_is_whole_beside_fewer_words(party: Party) -> None:
    address = "fe80::1234:56ff:fe78:9abc"
    state, reason = {
        Party.DEVICE: (State.FILTERED, Reason.ADMIN_PROHIBITED),
        Party.ROUTER: (State.UNREACHABLE, Reason.NET_UNREACH),
        Party.UNDELIVERED: (State.UNREACHABLE, Reason.HOST_UNREACH),
    }[party]
    seen_six = icmp(Icmp(1, 0, address, 6), state, reason)
    assert locate(job(), seen_six) == (party, address)
    assert judge(job(), seen_six).why.endswith(f" {address}")


def test_a_row_that_is_taken_away_tells_nothing_any_more() -> None:
    states = HostRows()
    silent, answers = row("a", "windows.winrm", SILENCE), row("b", "unix.ssh", OPENED[-3][1])
    states.add(silent)
    assert states.add(answers) == ("a",)
    assert states.reason(silent) == "dropped: 22 answers"
    assert states.remove("b") == ("a",)
    assert states.reason(silent) == "no answer"
