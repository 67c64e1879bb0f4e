"""Judgements for any rows: never better than the worst of them, and never a guess."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.judging.check_outcome import VerdictRow, best_row, verdict_row
from probes.judging.verdict import judge_capability
from probes.model import (
    AVAILABLE,
    UNTESTED,
    Job,
    Observation,
    Reason,
    Result,
    Ruling,
    Service,
    State,
    Status,
    Target,
)
from probes.registry import PROBES
from profiles.loader import load_profile
from profiles.model import Capability, Check, Profile, capabilities_of

CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
ROLES = [role.id for role in CATALOG.roles]
GOOD = {Status.OK, Status.WARNING, Status.UNVERIFIABLE, Status.NOT_NEEDED}
RANK = {ruling: number for number, ruling in enumerate(Ruling)}
"""0 is the worst."""

# A target with a row without a host is judged by nobody.
rows = st.sampled_from([one for one in Status if one is not Status.NO_HOST]).map(VerdictRow)
answers = st.fixed_dictionaries(
    {question.id: st.sampled_from(question.answers) for question in CATALOG.questions}
)


def own_rows(role: str):
    return st.fixed_dictionaries({check.id: rows for check in CATALOG.checks_of(role)})


@st.composite
def sessions(draw, roles=tuple(ROLES)):
    """A role, its rows, those of the domain controllers, and the answers."""
    role = draw(st.sampled_from(roles))
    dcs = {"windows.kerberos": rows, "windows.ldap": rows}
    elsewhere = draw(st.fixed_dictionaries({}, optional=dcs))
    return role, draw(own_rows(role)), elsewhere, draw(answers)


def judge(role, own, elsewhere, given_answers):
    (capability,) = capabilities_of(CATALOG, role)
    return judge_capability(CATALOG, capability, given_answers, own, elsewhere)


UNNECESSARY = AVAILABLE | {Status.NOT_NEEDED}
"""Statuses of a row for which no other need stand in."""


def has_substitute(role: str, own: dict[str, VerdictRow]) -> bool:
    """WinRM is missing, and all that enables it is there."""
    if role != "windows.target" or own["windows.winrm"].status is not Status.BLOCKED:
        return False
    enabling = {row.status for id, row in own.items() if id.startswith("enable.")}
    return enabling <= GOOD - {Status.NOT_NEEDED}


@given(sessions())
def test_a_verdict_is_never_better_than_its_worst_required_row(session):
    role, own, _, _ = session
    ruling = judge(*session).ruling
    optional = {check.id for check in CATALOG.checks if check.loss == "degraded"}
    required = {
        id: row for id, row in own.items() if not (id in optional and row.status is Status.ERROR)
    }
    if has_substitute(role, own):
        assert ruling is not Ruling.READY
        del required["windows.winrm"]
    elif role == "windows.target" and own["windows.winrm"].status in UNNECESSARY:
        # What enables remoting is no loss where it is enabled, or not needed itself.
        required = {id: row for id, row in required.items() if not id.startswith("enable.")}
    statuses = {row.status for row in required.values()}
    if ruling in (Ruling.READY, Ruling.READY_AFTER):
        assert statuses <= GOOD
    elif ruling is Ruling.DEGRADED:
        assert statuses <= GOOD | {Status.DEGRADED}


@given(sessions(["windows.target"]))
def test_a_computer_is_never_better_than_the_controllers_its_logins_need(session):
    role, own, elsewhere, given_answers = session
    asked = {**given_answers, "domain_credentials": "yes"}
    kerberos = elsewhere.get("windows.kerberos")
    if kerberos is None or kerberos.status in GOOD:
        return
    ruling = judge(role, own, elsewhere, asked).ruling
    assert ruling in (Ruling.BLOCKED, Ruling.UNKNOWN, Ruling.DEGRADED)
    # No status but this one says that the audit goes on without it.
    assert (ruling is Ruling.DEGRADED) <= (kerberos.status is Status.DEGRADED)


@given(sessions())
def test_blocked_rests_on_a_row_that_is_really_blocked_and_unknown_on_one_that_was_not_tested(
    session,
):
    _, own, elsewhere, _ = session
    found = judge(*session)
    status = {id: row.status for id, row in (elsewhere | own).items()}
    if found.ruling is Ruling.BLOCKED:
        assert found.because
        assert {status[id] for id in found.because} == {Status.BLOCKED}
    elif found.ruling is Ruling.UNKNOWN:
        seen = {status[id] for id in found.because}
        assert seen & (UNTESTED | {Status.UNVERIFIABLE})


@given(sessions())
def test_every_judgement_is_one_sentence_and_its_changes_are_those_of_missing_checks(session):
    _, own, elsewhere, _ = session
    found = judge(*session)
    assert found.text[0].isupper()
    assert found.text.endswith(".") and ".." not in found.text
    missing = {
        id
        for id, row in (elsewhere | own).items()
        if row.status in (Status.BLOCKED, Status.DEGRADED)
    }
    assert set(found.fix) <= {CATALOG.check(id).fix for id in missing}
    if found.ruling in (Ruling.BLOCKED, Ruling.DEGRADED):
        assert found.fix


def test_a_substitute_for_a_blocked_check_does_not_repair_one_that_is_only_degraded():
    own = {check.id: VerdictRow(Status.OK) for check in CATALOG.checks_of("windows.target")}
    own["windows.winrm"] = VerdictRow(Status.DEGRADED)
    found = judge("windows.target", own, {}, {**CATALOG.default_answers, "enable_remoting": "yes"})
    assert found.ruling is Ruling.DEGRADED
    assert found.fix == (CATALOG.check("windows.winrm").fix,)


@given(sessions(), st.data())
def test_repairing_a_row_never_makes_a_verdict_worse(session, data):
    role, own, elsewhere, given_answers = session
    id = data.draw(st.sampled_from(sorted(own)))
    before = judge(*session).ruling
    # What was not tested is another matter: once it is, another row may be required for certain.
    if own[id].status in UNTESTED:
        return
    after = judge(role, {**own, id: VerdictRow(Status.OK)}, elsewhere, given_answers).ruling
    assert RANK[after] >= RANK[before]


@given(sessions([role for role in ROLES if role != "windows.target"]), st.data())
def test_a_row_that_cannot_be_verified_makes_a_verdict_neither_worse_nor_better(session, data):
    role, own, elsewhere, given_answers = session
    id = data.draw(st.sampled_from(sorted(own)))
    needed = {row.status for other, row in own.items() if other != id} - {Status.NOT_NEEDED}
    if needed <= {Status.UNVERIFIABLE}:
        return
    found = {
        judge(role, {**own, id: VerdictRow(status)}, elsewhere, given_answers).ruling
        for status in (Status.UNVERIFIABLE, Status.NOT_NEEDED)
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    ("others", "ruling"),
    [
        (Status.OK, Ruling.READY_AFTER),
        (Status.UNVERIFIABLE, Ruling.BLOCKED),
        (Status.ERROR, Ruling.UNKNOWN),
        (Status.BLOCKED, Ruling.BLOCKED),
    ],
)
def test_a_protocol_that_the_host_cannot_have_keeps_no_substitute_from_standing_in(others, ruling):
    own = {check.id: VerdictRow(others) for check in CATALOG.checks_of("windows.target")}
    own["windows.winrm"] = VerdictRow(Status.BLOCKED)
    own["enable.netbios"] = VerdictRow(Status.NOT_NEEDED, Reason.NOT_NEEDED)
    found = judge("windows.target", own, {}, CATALOG.default_answers)
    assert found.ruling is ruling
    assert "enable.netbios" not in found.because


def test_where_nothing_can_be_verified_it_is_unknown():
    (capability,) = capabilities_of(CATALOG, "nas")
    found = judge_capability(
        CATALOG, capability, {}, {"nas.netbios": VerdictRow(Status.UNVERIFIABLE)}, {}
    )
    assert found.ruling is Ruling.UNKNOWN
    assert found.because == ("nas.netbios",)
    assert found.text == (
        "It is not known whether the device can be recognized as a NAS: NetBIOS (TCP 139) cannot "
        "be verified from outside."
    )


def test_controllers_that_answer_and_do_not_serve_leave_a_computer_unknown():
    fault = VerdictRow(Status.WARNING, shortfall="it says it cannot serve now")
    own = {"windows.winrm": VerdictRow(Status.OK)}
    for found, ruling in (
        ([fault, fault], Ruling.UNKNOWN),
        ([fault, VerdictRow(Status.WARNING)], Ruling.READY),
        ([VerdictRow(Status.BLOCKED), fault], Ruling.UNKNOWN),
        ([fault, VerdictRow(Status.OK)], Ruling.READY),
    ):
        rows = {"windows.kerberos": best_row(found), "windows.ldap": VerdictRow(Status.OK)}
        verdict = judge("windows.target", own, rows, CATALOG.default_answers)
        assert verdict.ruling is ruling
        if ruling is Ruling.UNKNOWN:
            assert verdict.because == ("windows.kerberos",)
            assert verdict.text == (
                "Kerberos (TCP 88) answers and does not serve on any domain controller checked."
            )


def test_what_answers_and_shows_nothing_is_said_beside_what_was_not_tested():
    (audit,) = capabilities_of(CATALOG, "esxi.host")
    own = {
        "esxi.https": VerdictRow(Status.WARNING, shortfall="it is no vSphere"),
        "esxi.authd": VerdictRow(Status.ERROR, Reason.PERMISSION_DENIED),
        "esxi.http": VerdictRow(Status.OK),
    }
    found = judge_capability(CATALOG, audit, {}, own, {})
    assert (found.ruling, found.because) == (Ruling.UNKNOWN, ("esxi.https", "esxi.authd"))
    assert found.text.endswith(
        ": ESXi authd (TCP 902) could not be tested, and HTTPS (TCP 443) answers, but it is no "
        "vSphere."
    )


REFUSED = VerdictRow(Status.UNVERIFIABLE, Reason.PORT_UNREACH)
NOT_PERMITTED = VerdictRow(Status.ERROR, Reason.PERMISSION_DENIED)
MUTE = VerdictRow(Status.UNVERIFIABLE)


@pytest.mark.parametrize(
    ("ping", "nbns", "nbdgm", "ruling", "text"),
    [
        (
            *(VerdictRow(Status.OK), REFUSED, REFUSED, Ruling.READY),
            "The host can be discovered; NetBIOS name (UDP 137) and NetBIOS dgm (UDP 138) cannot "
            "be verified from outside.",
        ),
        (
            *(NOT_PERMITTED, VerdictRow(Status.OK), MUTE, Ruling.READY),
            "The host can be discovered; NetBIOS dgm (UDP 138) cannot be verified from outside; "
            "Ping (ICMP) could not be tested.",
        ),
        (
            *(NOT_PERMITTED, REFUSED, MUTE, Ruling.READY),
            "The host can be discovered; NetBIOS name (UDP 137) and NetBIOS dgm (UDP 138) cannot "
            "be verified from outside; Ping (ICMP) could not be tested.",
        ),
        (
            *(NOT_PERMITTED, MUTE, MUTE, Ruling.UNKNOWN),
            "It is not known whether the host can be discovered: Ping (ICMP) could not be tested, "
            "and NetBIOS name (UDP 137) and NetBIOS dgm (UDP 138) cannot be verified from outside.",
        ),
        (
            *(NOT_PERMITTED, VerdictRow(Status.BLOCKED), MUTE, Ruling.BLOCKED),
            "The host cannot be fully discovered: NetBIOS name (UDP 137) is not available.",
        ),
        (
            *(
                VerdictRow(Status.ERROR, Reason.NAME_NOT_RESOLVED),
                VerdictRow(Status.ERROR, Reason.NAME_NOT_RESOLVED),
                VerdictRow(Status.ERROR, Reason.NAME_NOT_RESOLVED),
                Ruling.UNKNOWN,
            ),
            "It is not known whether the host can be discovered: the name does not resolve.",
        ),
    ],
)
def test_a_ping_that_is_not_permitted_and_a_host_without_netbios_block_no_discovery(
    ping, nbns, nbdgm, ruling, text
):
    own = {"discovery.ping": ping, "discovery.nbns": nbns, "discovery.nbdgm": nbdgm}
    found = judge("discovery.host", own, {}, CATALOG.default_answers)
    assert (found.ruling, found.text) == (ruling, text)


def test_an_optional_check_that_could_not_be_tested_is_remarked_and_decides_nothing():
    asked = CATALOG.default_answers
    own = {"windows.kerberos": VerdictRow(Status.OK), "windows.ldap": NOT_PERMITTED}
    found = judge("windows.dc", own, {}, asked)
    assert found.ruling is Ruling.READY
    assert found.text.endswith("; LDAP (TCP 389) could not be tested.")
    computer = {"windows.winrm": VerdictRow(Status.OK)}
    found = judge("windows.target", computer, own, asked)
    assert found.ruling is Ruling.READY
    assert found.text.endswith("; LDAP (TCP 389) could not be tested on any domain controller.")
    alone = {"windows.kerberos": VerdictRow(Status.NOT_NEEDED), "windows.ldap": NOT_PERMITTED}
    found = judge("windows.dc", alone, {}, {**asked, "domain_credentials": "no"})
    assert (found.ruling, found.because) == (Ruling.UNKNOWN, ("windows.ldap",))
    assert found.text.endswith(": LDAP (TCP 389) could not be tested.")


@pytest.mark.parametrize(
    ("state", "reason"),
    [(State.CLOSED, Reason.PORT_UNREACH), (State.OPEN_FILTERED, None), (State.OPEN, None)],
)
def test_only_a_refusal_by_the_host_itself_shows_that_it_is_there(state, reason):
    check = CATALOG.check("discovery.nbns")
    job = Job("k", check, Target("discovery.host", "h"), 137)
    seen = Observation(state, Reason.PORT_UNREACH)
    assert verdict_row(Result(job, Status.UNVERIFIABLE, "", seen)).reason is reason


def test_a_required_check_that_was_left_out_is_unknown_and_an_optional_one_is_not_missed():
    asked = CATALOG.default_answers
    (scan,) = capabilities_of(CATALOG, "discovery.host")
    rest = {
        "discovery.nbdgm": VerdictRow(Status.UNVERIFIABLE),
        "discovery.ping": VerdictRow(Status.OK),
    }
    found = judge_capability(CATALOG, scan, asked, rest, {})
    assert (found.ruling, found.because) == (Ruling.UNKNOWN, ("discovery.nbns",))
    assert found.text.endswith(": NetBIOS name (UDP 137) was left out.")
    rest = {
        "discovery.nbdgm": VerdictRow(Status.UNVERIFIABLE),
        "discovery.nbns": VerdictRow(Status.OK),
    }
    assert judge_capability(CATALOG, scan, asked, rest, {}).ruling is Ruling.READY


def test_enabling_ports_that_were_left_out_are_missed_only_without_winrm():
    (audit,) = capabilities_of(CATALOG, "windows.target")
    asked = CATALOG.default_answers
    for winrm, ruling in ((Status.OK, Ruling.READY), (Status.BLOCKED, Ruling.UNKNOWN)):
        found = judge_capability(CATALOG, audit, asked, {"windows.winrm": VerdictRow(winrm)}, {})
        assert found.ruling is ruling


@given(st.lists(rows, max_size=5))
def test_one_host_that_succeeds_is_enough_and_one_that_was_not_tested_may_be_it(found):
    one = best_row(found)
    statuses = {row.status for row in found}
    if not found:
        assert one is None
    elif statuses & {Status.OK, Status.WARNING}:
        assert one.status in (Status.OK, Status.WARNING)
    elif statuses & UNTESTED:
        assert one.status is Status.ERROR
    else:
        assert one.status in statuses
    assert best_row(reversed(found)) == one


def test_a_role_without_capabilities_is_judged_by_the_loss_of_its_checks():
    must = Check("a", "c", "r", "A", "tcp", "tcp", "p", "It is lost.", "Mend A.", port=1)
    may = Check(
        "b", "c", "r", "B", "tcp", "tcp", "p", "Less is seen.", "Mend B.", port=2, loss="degraded"
    )
    profile = Profile("p", "P", "1", "s", "u", checks=(must, may))
    (capability,) = capabilities_of(profile, "r")

    def found(a: Status, b: Status):
        return judge_capability(
            profile, capability, {}, {"a": VerdictRow(a), "b": VerdictRow(b)}, {}
        )

    assert found(Status.OK, Status.OK).text == "Everything that is required here is available."
    degraded = found(Status.OK, Status.DEGRADED)
    assert degraded.ruling is Ruling.DEGRADED
    assert degraded.text == (
        "Everything that is required here is available, but less is seen, because B (TCP 2) is "
        "not available."
    )
    assert found(Status.BLOCKED, Status.DEGRADED).fix == ("Mend A.", "Mend B.")


@pytest.mark.parametrize("status", list(Status))
def test_a_result_brings_its_own_fix_only_where_something_is_missing(status):
    job = Job("k", CATALOG.check("nas.netbios"), Target("nas", "h"), 139)
    seen = Observation(State.FILTERED, Reason.NO_RESPONSE, facts={"fix": "Ask them."})
    row = verdict_row(Result(job, status, "", seen))
    assert row.status is status
    change = None if row.change is None else row.change.text
    assert change == ("Ask them." if status in (Status.BLOCKED, Status.DEGRADED) else None)
    assert (row.reason is not None) is (status in UNTESTED)


@pytest.mark.parametrize(
    ("state", "reason", "service", "facts", "words"),
    [
        (State.OPEN, Reason.SYN_ACK, Service.UNEXPECTED, {}, "Another service answers"),
        (State.OPEN, Reason.SYN_ACK, Service.SILENT, {}, "no usable NetBIOS answer follows"),
        (
            State.OPEN,
            Reason.SYN_ACK,
            Service.SILENT,
            {"unproven": "tls"},
            "but NetBIOS does not work",
        ),
        (State.UNREACHABLE, Reason.HOST_UNREACH, Service.NOT_ASKED, {}, "Start the host"),
        (State.UNREACHABLE, Reason.NET_UNREACH, Service.NOT_ASKED, {}, "a route to the host"),
        (State.FILTERED, Reason.NO_RESPONSE, Service.NOT_ASKED, {}, "Start the host"),
        (State.CLOSED, Reason.CONN_REFUSED, Service.NOT_ASKED, {}, "nothing listens on TCP 139"),
    ],
)
def test_no_verdict_asks_to_allow_a_port_that_is_open_or_a_host_that_is_not_there(
    state, reason, service, facts, words
):
    job = Job("k", CATALOG.check("nas.netbios"), Target("nas", "h"), 139)
    seen = Observation(state, reason, service, source="10.0.0.9", facts=facts)
    fix = verdict_row(Result(job, Status.BLOCKED, "", seen)).change.text
    assert words in fix and not fix.startswith("Allow")


def test_a_refused_winrm_is_enabled_and_not_only_started():
    job = Job("k", CATALOG.check("windows.winrm"), Target("windows.target", "h"), 5985)
    seen = Observation(State.CLOSED, Reason.CONN_REFUSED, Service.NOT_ASKED)
    fix = verdict_row(Result(job, Status.BLOCKED, "", seen)).change.text
    assert fix == (
        "Enable PowerShell Remoting on the Windows target and allow inbound TCP 5985 from the "
        "Audit Service host: nothing listens on TCP 5985, or a firewall refuses it."
    )


def test_a_fix_from_the_network_is_shortened():
    job = Job("k", CATALOG.check("nas.netbios"), Target("nas", "h"), 139)
    seen = Observation(State.FILTERED, Reason.NO_RESPONSE, facts={"fix": "x" * 10_000})
    assert len(verdict_row(Result(job, Status.BLOCKED, "", seen)).change.text) < 1000


def test_a_status_the_profile_does_not_expect_still_ends_in_a_sentence():
    """An old session, opened with a profile whose losses are others."""
    (capability,) = capabilities_of(CATALOG, "nas")
    found = judge_capability(
        CATALOG, capability, {}, {"nas.netbios": VerdictRow(Status.DEGRADED)}, {}
    )
    assert found.ruling is Ruling.DEGRADED
    assert "not recognized as a NAS" in found.text
    assert isinstance(capability, Capability) and dataclasses.is_dataclass(found)


@given(st.text(max_size=400))
def test_a_hostile_name_of_a_product_is_harmless_and_short_in_the_sentence(name):
    observation = Observation(
        State.OPEN,
        Reason.SYN_ACK,
        Service.CONFIRMED,
        facts={"warning": True, "wrong_product": f"it is {name}"},
    )
    check = CATALOG.check("unix.ssh")
    job = Job("k", check, Target("unix.target", "h"), 22)
    row = verdict_row(Result(job, Status.WARNING, "", observation))
    text = judge("unix.target", {"unix.ssh": row}, {}, {}).text
    assert text.isprintable()
    assert len(text) < 400
    assert text.endswith(".") and not text.endswith("..")
