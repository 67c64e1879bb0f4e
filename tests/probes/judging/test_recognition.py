"""The role of a host that was named without one: by what its services prove, and never more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.judging.recognised_role import RECOGNISED
from probes.judging.recognition import (
    answer_words,
    decide,
    detection_observation,
    first_questions,
    next_questions,
)
from probes.judging.status import judge
from probes.model import (
    ACCEPTS_EVERYTHING,
    REASON_CELLS,
    WRONG_PRODUCT,
    Evidence,
    Icmp,
    Job,
    Observation,
    Reason,
    Service,
    State,
    Status,
    Target,
)
from probes.registry import PROBES
from probes.wire.cells import width
from profiles.loader import load_profile
from profiles.recognition import AUTO, detection_checks, later_checks, question

PROFILE = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
CHECKS = {check.id: check for check in PROFILE.checks}
SILENT = Observation(State.FILTERED, Reason.NO_RESPONSE, address="10.0.0.9")
REFUSED = Observation(State.CLOSED, Reason.CONN_REFUSED, address="10.0.0.9")


def confirmed(**facts):
    return Observation(
        State.OPEN, Reason.SYN_ACK, Service.CONFIRMED, address="10.0.0.9", facts=facts
    )


def accepted(service=Service.SILENT, **facts):
    return Observation(State.OPEN, Reason.SYN_ACK, service, address="10.0.0.9", facts=facts)


SSH = {"unix.ssh": confirmed(product="OpenSSH", summary="OpenSSH 9.2p1")}
SMB = {"enable.smb": confirmed(windows="10.0.20348", summary="SMB 3.1.1, signing required; PC1")}
SAMBA = {"enable.smb": confirmed(software="Samba", windows="6.1.0", summary="SMB 3.1.1, x")}
WINRM = {"windows.winrm": confirmed(product="OS: 10.0.20348", summary="WinRM by Microsoft")}
RPC = {"enable.rpc": confirmed(summary="endpoint mapper")}
NETBIOS = {"enable.netbios": confirmed(summary="NetBIOS session, SMB 3.1.1")}
ESXI = {"esxi.https": confirmed(product="VMware ESXi 8.0.2", summary="VMware ESXi 8.0.2")}
AUTHD = {"esxi.authd": confirmed(summary="VMware Authentication Daemon 1.10")}
KDC = {"windows.kerberos": confirmed(summary="Kerberos KDC of CORP")}
LDAP = {"windows.ldap": confirmed(product="Active Directory", summary="Active Directory of x")}
OPENLDAP = {
    "windows.ldap": confirmed(
        shortfall="it is no domain controller's directory",
        summary="An LDAP server answers, but it is no domain controller",
    )
}
RAW = {"printer.raw": accepted(Service.NOT_ASKED, summary="accepts connections")}
WEB = {"esxi.https": accepted(Service.UNEXPECTED, summary="a web server (nginx)")}
NODE = {"discovery.nbns": confirmed(summary="NetBIOS name service of PC1")}
FOUR = ("unix.ssh", "enable.rpc", "enable.smb", "snmp.snmp")
PING = {
    "discovery.ping": Observation(State.OPEN, Reason.ECHO_REPLY, address="10.0.0.9"),
}


def rejecting(*checks, by="10.0.0.1"):
    error = Observation(
        State.FILTERED, Reason.ADMIN_PROHIBITED, address="10.0.0.9", icmp=Icmp(3, 13, by)
    )
    return dict.fromkeys(checks, error)


def snmp(descr, oid="1.3.6.1.4.1.9.1.1", **facts):
    return {
        "snmp.snmp": confirmed(
            sys_descr=descr, sys_object_id=oid, summary="SNMPv2c agent: x", **facts
        )
    }


def seen(*found):
    return {question(CHECKS[id]): one for group in found for id, one in group.items()}


@pytest.mark.parametrize(
    ("found", "role", "because"),
    [
        ([SSH], "unix.target", ["unix.ssh"]),
        ([SSH, SAMBA, WEB], "unix.target", ["unix.ssh"]),
        ([SSH, snmp("Linux web1 6.1.0", "1.3.6.1.4.1.8072.3.2.10")], "unix.target", ["unix.ssh"]),
        ([WINRM], "windows.target", ["windows.winrm"]),
        ([SMB], "windows.target", ["enable.smb"]),
        ([SMB, WINRM, RPC], "windows.target", ["windows.winrm", "enable.smb", "enable.rpc"]),
        ([RPC], "windows.target", ["enable.rpc"]),
        ([{"unix.ssh": confirmed(product="OpenSSH_for_Windows")}], "windows.target", ["unix.ssh"]),
        (
            [SMB, {"unix.ssh": confirmed(product="OpenSSH_for_Windows")}],
            "windows.target",
            ["enable.smb", "unix.ssh"],
        ),
        (
            [snmp("Hardware: Intel64 - Software: Windows Version 10.0", "1.3.6.1.4.1.311.1.1.3.1")],
            "windows.target",
            ["snmp.snmp"],
        ),
        ([SMB, KDC, LDAP], "windows.dc", ["windows.kerberos", "windows.ldap"]),
        ([KDC, LDAP], "windows.dc", ["windows.kerberos", "windows.ldap"]),
        ([SSH, WINRM], "windows.target", ["windows.winrm"]),
        ([ESXI], "esxi.host", ["esxi.https"]),
        ([ESXI, AUTHD, SSH], "esxi.host", ["esxi.https"]),
        ([AUTHD, WEB], "esxi.host", ["esxi.authd"]),
        ([snmp("HP ETHERNET MULTI-ENVIRONMENT", printer=True), RAW], "printer", ["snmp.snmp"]),
        ([snmp("Linux nas 4.4", "1.3.6.1.4.1.24681.1"), SSH, SAMBA], "nas", ["snmp.snmp"]),
        ([snmp("Linux DiskStation 4.4.302+", "1.3.6.1.4.1.8072.3.2.10")], "nas", ["snmp.snmp"]),
        ([snmp("NetApp Release 9.12", "1.3.6.1.4.1.789.2.5")], "nas", ["snmp.snmp"]),
        ([snmp("Cisco IOS Software")], "snmp.device", ["snmp.snmp"]),
        (
            [snmp("Cisco IOS Software"), {"unix.ssh": confirmed(product="Cisco")}],
            "snmp.device",
            ["snmp.snmp"],
        ),
        ([snmp("")], "snmp.device", ["snmp.snmp"]),
    ],
)
def test_what_services_prove_decides_the_role(found, role, because):
    decision = decide(PROFILE, seen(*found, PING))
    assert (decision.role, sorted(decision.because)) == (role, sorted(because))
    assert decision.rule in {one.id for one in PROFILE.recognitions}


@pytest.mark.parametrize(
    ("found", "may_be"),
    [
        ([], []),
        ([PING], []),
        ([WEB], []),
        ([{"unix.ssh": accepted()}], []),
        ([{"unix.ssh": accepted(Service.UNEXPECTED, summary="an FTP server")}], []),
        ([{"unix.ssh": accepted(Service.NOT_ASKED, **{ACCEPTS_EVERYTHING: True})}], []),
        ([{"esxi.https": confirmed(**{WRONG_PRODUCT: "vCenter"})}], []),
        ([{"windows.winrm": confirmed(**{WRONG_PRODUCT: "OMI"})}], []),
        ([RAW], ["printer"]),
        ([RAW, WEB], ["printer"]),
        ([{"printer.raw": accepted(Service.UNEXPECTED, summary="SSH")}], []),
        ([SAMBA], ["nas", "unix.target"]),
        ([SAMBA, WEB, NODE], ["nas", "unix.target"]),
        ([NETBIOS], ["nas", "windows.target"]),
        ([NODE], ["windows.target"]),
        ([SSH, AUTHD], ["unix.target", "esxi.host"]),
        ([SAMBA, RPC], ["nas", "unix.target"]),
        ([{"enable.rpc": confirmed(software="Samba")}], ["unix.target"]),
        ([KDC], ["windows.dc"]),
        ([OPENLDAP], []),
        ([KDC, OPENLDAP], []),
        ([{"unix.ssh": confirmed(product="Cisco")}], ["snmp.device"]),
        ([{"unix.ssh": confirmed(product="ROSSSH")}, NODE], ["snmp.device", "windows.target"]),
    ],
)
def test_what_proves_nothing_decides_nothing_and_is_named(found, may_be):
    decision = decide(PROFILE, seen(*found))
    assert (decision.role, decision.because) == ("", ())
    assert sorted(one.role for one in decision.others) == sorted(may_be)


def test_a_role_that_other_answers_speak_for_is_named_beside_the_one_that_was_taken():
    found = seen(ESXI, SSH)
    decision = decide(PROFILE, found)
    assert [one.role for one in decision.others] == ["unix.target"]
    result = row(ESXI, SSH)
    assert result.note == (
        "VMware ESXi host, by what answers: VMware ESXi 8.0.2 (TCP 443). "
        "OpenSSH 9.2p1 would fit unix.target too; write unix.target=h1 to check that as well."
    )


def row(*found, network="", default=SILENT):
    """Result of the row of a host of which these questions were answered, the others silent."""
    known = seen(*found)
    target = Target(AUTO, "h1" if not network else "10.0.0.9", network=network)
    job = Job(f"{AUTO}|{target.host}", CHECKS[AUTO], target, None)
    parts = [
        (Job(f"{job.key}|{one.id}", one, target, one.port), known.get(question(one), default))
        for one in sorted(
            detection_checks(PROFILE),
            key=lambda one: (("tcp", "udp", "icmp").index(one.transport), one.port or 0),
        )
    ]
    decision = decide(PROFILE, {question(part.check): one for part, one in parts})
    observation = detection_observation(PROFILE, job, parts, decision)
    return judge(job, observation, absent=bool(network))


def test_a_decided_row_says_what_it_rests_on():
    result = row(SMB, WINRM)
    assert result.status is Status.OK
    assert result.note == (
        "Windows target, by what answers: WinRM by Microsoft (TCP 5985), SMB 3.1.1 (TCP 445)."
    )
    assert result.observation.facts[RECOGNISED] == "windows.target"
    assert result.observation.facts["because"] == ["windows.winrm", "enable.smb"]
    assert row(SMB).why == "Windows target: SMB 3.1.1"


def test_an_undecided_row_says_what_answered_and_what_did_not():
    result = row(WEB, default=REFUSED)
    assert result.status is Status.ERROR
    assert result.why == "role unknown: only 443 answers"
    assert result.note == (
        "Nothing decided its role: only TCP 443 (a web server (nginx)) answers. Refused: TCP 22, "
        "88, 135, 139, 389, 445, 902, 5985, 9100, UDP 137, 161, ping. What a role requires was "
        "not checked. Write ROLE=h1."
    )


ACCEPTED = [*("unix.ssh", "esxi.https", "enable.smb", "enable.rpc", "windows.winrm", "esxi.authd")]
DROPBEAR = {"unix.ssh": confirmed(product="dropbear", summary="dropbear 2022.83")}
EVIL = {"unix.ssh": confirmed(product="x" * 40, summary="x" * 40)}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([RAW, PING], "role unknown: 9100, ping answer"),
        ([{id: accepted() for id in ACCEPTED[:3]}], "role unknown: 22, 443, 445 answer"),
        ([{id: accepted() for id in ACCEPTED[:4]}, PING], "role unknown: 4 ports, ping answer"),
        ([{id: accepted() for id in ACCEPTED}], "role unknown: 6 ports answer"),
        ([SMB, WINRM, RPC], "Windows target: WinRM by Microsoft"),
        ([DROPBEAR], "Linux or macOS target: dropbear"),
        ([EVIL], "Linux or macOS target"),
    ],
)
def test_the_short_reason_of_the_row_is_whole(found, why):
    assert row(*found).why == why


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([RAW], "write printer=h1."),
        ([SAMBA], "write nas=h1 or unix.target=h1."),
        ([SSH, AUTHD], "write unix.target=h1 or esxi.host=h1."),
    ],
)
def test_an_undecided_row_names_the_roles_it_may_have(found, said):
    assert row(*found).note.endswith(f"If it is what the answers suggest, {said}")


def test_a_silent_host_that_was_named_is_not_known_and_one_of_a_network_is_no_host():
    named, unused = row(), row(network="10.0.0.0/24")
    assert named.status is Status.ERROR and named.why == "role unknown: no answer"
    assert "no answer: TCP 22, 88," in named.note and named.note.endswith("Write ROLE=h1.")
    assert unused.status is Status.NO_HOST
    assert row(PING, network="10.0.0.0/24").status is Status.ERROR
    assert row(SSH, network="10.0.0.0/24").status is Status.OK


def test_a_device_that_rejects_everything_leaves_the_host_undecided_and_names_itself():
    rejected = Observation(
        State.FILTERED,
        Reason.ADMIN_PROHIBITED,
        address="10.0.0.9",
        icmp=Icmp(3, 13, "10.0.0.1"),
    )
    result = row(default=rejected)
    assert result.status is Status.ERROR and "rejected by 10.0.0.1: TCP 22," in result.note


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([PING, rejecting("unix.ssh")], "no role: 10.0.0.1 rejects 22"),
        ([rejecting("windows.winrm")], "no role: 10.0.0.1 rejects 5985"),
        ([PING, rejecting("unix.ssh", by="10.0.0.9")], "no role: its own address rejects 22"),
        ([PING, rejecting("unix.ssh", "enable.rpc")], "no role: 10.0.0.1 rejects 22, 135"),
        (
            [rejecting("unix.ssh", "enable.rpc", "enable.smb", "snmp.snmp")],
            "no role: 10.0.0.1 rejects 4 ports",
        ),
        ([WEB, rejecting("unix.ssh")], "role unknown: only 443 answers"),
    ],
)
def test_the_reason_of_an_undecided_row_names_who_rejects_what(found, why):
    assert row(*found, default=REFUSED).why == why


def test_a_router_that_cannot_reach_a_host_is_not_said_to_reject_it():
    gone = Observation(
        State.UNREACHABLE, Reason.HOST_UNREACH, address="10.0.0.9", icmp=Icmp(3, 1, "10.0.0.1")
    )
    result = row({"unix.ssh": gone})
    assert "not reachable, says 10.0.0.1: TCP 22" in result.note
    assert "reject" not in result.note + result.why
    assert result.why == "host down, says 10.0.0.1"
    # Silence on other ports, before or behind it, does not hide the router's word.
    for check in ("unix.ssh", "printer.raw", "snmp.snmp"):
        seen = row({check: gone}).observation
        assert seen.reason is Reason.HOST_UNREACH and seen.icmp == Icmp(3, 1, "10.0.0.1")


def test_what_was_exchanged_is_evidence_of_an_undecided_row_only():
    exchange = Evidence("10.0.0.9", "TCP connect", "")
    open_port = Observation(
        State.OPEN, Reason.SYN_ACK, Service.UNEXPECTED, evidence=(exchange,), address="10.0.0.9"
    )
    assert row({"esxi.https": open_port}).observation.evidence == (exchange,)
    assert row({"esxi.https": open_port}, SSH).observation.evidence == ()


def test_controllers_are_asked_for_only_where_windows_answers_or_nothing_decided():
    target, address = Target(AUTO, "h1"), Target(AUTO, "10.0.0.9", network="10.0.0.0/24")
    later = {"windows.kerberos", "windows.ldap"}
    assert later_checks(PROFILE) == later
    assert not later & {one.id for one in first_questions(PROFILE)}

    def asked(found, of):
        return {one.id for one in next_questions(PROFILE, seen(*found), of)}

    assert asked([SMB], target) == asked([PING], target) == asked([], target) == later
    assert asked([SSH], target) == asked([ESXI], target) == set()
    assert asked([], address) == set()
    assert asked([{"unix.ssh": REFUSED}], address) == later
    assert asked([SMB, KDC, LDAP], target) == set()


def test_only_the_ports_that_the_page_names_are_asked():
    asked = {(one.transport, one.port) for one in detection_checks(PROFILE)}
    tcp = (22, 88, 135, 139, 389, 443, 445, 902, 5985, 9100)
    assert asked == {
        *(("tcp", port) for port in tcp), ("udp", 137), ("udp", 161), ("icmp", None)
    }  # fmt: skip


FACTS = st.dictionaries(
    st.sampled_from(
        ["product", "windows", "software", "sys_descr", "sys_object_id", "printer", "summary",
         WRONG_PRODUCT, ACCEPTS_EVERYTHING, "shortfall"]
    ),
    st.one_of(st.none(), st.booleans(), st.text(max_size=50), st.just("Samba"), st.just("OpenSSH")),
)  # fmt: skip
OBSERVATIONS = st.builds(
    Observation,
    st.sampled_from([*State]),
    st.sampled_from([Reason.SYN_ACK, Reason.NO_RESPONSE, Reason.CONN_REFUSED]),
    st.sampled_from([*Service]),
    address=st.just("10.0.0.9"),
    facts=FACTS,
)
ASKED = st.dictionaries(
    st.sampled_from([one.id for one in detection_checks(PROFILE)]), OBSERVATIONS
)


@given(ASKED)
def test_nothing_but_a_proven_service_decides_a_role(found):
    decision = decide(PROFILE, seen(found))
    roles = {role.id for role in PROFILE.roles}
    assert decision.role in {"", *roles} - {AUTO}
    assert bool(decision.role) == bool(decision.because)
    for id in decision.because:
        one = seen(found)[question(CHECKS[id])]
        assert one.state is State.OPEN and one.service is Service.CONFIRMED
        assert not one.facts.get(WRONG_PRODUCT) and not one.facts.get("shortfall")
    assert decision.role not in {one.role for one in decision.others}


@given(ASKED)
def test_whatever_was_seen_its_row_is_harmless_and_never_blocked(found):
    for network in ("", "10.0.0.0/24"):
        result = row(found, network=network)
        assert result.status in (Status.OK, Status.ERROR, Status.NO_HOST)
        assert (result.status is Status.OK) == bool(result.observation.facts.get(RECOGNISED))
        assert width(result.why) <= REASON_CELLS
        assert all(char.isprintable() or ord(char) > 0x9F for char in result.note + result.why)


@given(st.sampled_from(detection_checks(PROFILE)), OBSERVATIONS)
def test_the_words_for_an_answer_are_short_and_never_empty(check, found):
    assert 1 <= len(answer_words(check, found)) <= 40
