from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.judging.messages import outcome_message
from probes.judging.status import judge, not_needed, status_of
from probes.model import (
    SILENCE,
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
from probes.wire.address import same_address
from profiles.model import Check, Profile, Question, Unless, When

TCP = Check("w.winrm", "w", "w.t", "WinRM", "tcp", "tcp", "p", "WinRM is lost.", "fix", port=5985)
UDP = Check("s.snmp", "s", "s.d", "SNMP", "snmp", "udp", "p", "SNMP is lost.", "fix", port=161)
MUTE = Check("e.135", "e", "w.t", "RPC", "udp", "udp", "p", "c.", "f", port=135, answers=False)
PING = Check("d.ping", "d", "d.h", "Ping", "ping", "icmp", "p", "Slower.", "f", loss="degraded")


def job(check: Check = TCP) -> Job:
    return Job(f"{check.id}|h", check, Target(check.role, "h"), check.port)


def seen(state: State, reason: Reason, **more) -> Observation:
    return Observation(state, reason, address="10.2.0.5", source="10.0.0.9", **more)


CASES = [
    (TCP, seen(State.OPEN, Reason.SYN_ACK), Status.OK, "Accepts connections"),
    (
        TCP,
        seen(State.CLOSED, Reason.CONN_REFUSED),
        Status.BLOCKED,
        "Refused with a TCP reset: nothing listens on 5985, or a firewall sent the reset.",
    ),
    (
        TCP,
        seen(State.FILTERED, Reason.NO_RESPONSE, attempts=2),
        Status.BLOCKED,
        "No answer in 4 s, twice: dropped on the way or the host is down.",
    ),
    *(
        (
            TCP,
            seen(
                State.FILTERED, Reason.NO_RESPONSE, attempts=attempts, timings_ms={SILENCE: waited}
            ),
            Status.BLOCKED,
            f"{text}: dropped on the way or the host is down.",
        )
        for attempts, waited, text in (
            (1, 4004.1, "No answer in 4 s"),
            (2, 5204.9, "No answer in 5 s, asked twice"),
            (3, 6999.9, "No answer in 6 s, asked three times"),
            (4, 8003.0, "No answer in 8 s, asked 4 times"),
            (2, 660.0, "No answer in 0.6 s, asked twice"),
            (2, 1000.0, "No answer in 1 s, asked twice"),
        )
    ),
    (
        TCP,
        seen(State.FILTERED, Reason.ADMIN_PROHIBITED, icmp=Icmp(3, 13, "10.1.1.1")),
        Status.BLOCKED,
        "10.1.1.1 (a device on the path) rejected it: administratively prohibited.",
    ),
    (
        TCP,
        seen(State.FILTERED, Reason.PORT_UNREACH, icmp=Icmp(3, 3, "10.2.0.5")),
        Status.BLOCKED,
        "Rejected by the host's firewall, or by a device before it that uses its address: port "
        "unreachable.",
    ),
    (
        TCP,
        seen(State.UNREACHABLE, Reason.HOST_UNREACH, icmp=Icmp(3, 1, "10.0.0.9")),
        Status.BLOCKED,
        "No ARP reply: the host is down or its address is not in use.",
    ),
    (
        TCP,
        seen(
            State.UNREACHABLE,
            Reason.HOST_UNREACH,
            icmp=Icmp(3, 1, "10.0.0.9"),
            facts={"unanswered": "10.0.0.1"},
        ),
        Status.BLOCKED,
        "The next router 10.0.0.1 does not answer (no ARP reply).",
    ),
    (
        TCP,
        seen(
            State.UNREACHABLE,
            Reason.HOST_UNREACH,
            icmp=Icmp(3, 1, "10.0.0.9"),
            facts={"unanswered": ""},
        ),
        Status.BLOCKED,
        "This machine itself (10.0.0.9) rejected it: host unreachable.",
    ),
    (
        TCP,
        seen(State.UNREACHABLE, Reason.HOST_UNREACH, icmp=Icmp(1, 3, "10.0.0.9", 6)),
        Status.BLOCKED,
        "No neighbour reply: the host is down or its address is not in use.",
    ),
    (
        TCP,
        seen(State.UNREACHABLE, Reason.HOST_UNREACH, icmp=Icmp(3, 1, "10.1.1.1")),
        Status.BLOCKED,
        "10.1.1.1 (a device on the path) cannot deliver it: host unreachable",
    ),
    (
        TCP,
        seen(State.UNREACHABLE, Reason.NET_UNREACH),
        Status.BLOCKED,
        "No route from this machine to 10.2.0.5.",
    ),
    (
        TCP,
        seen(State.ERROR, Reason.NAME_NOT_RESOLVED, facts={"problem": "1.1.1.1 says no"}),
        Status.ERROR,
        "Not tested: the name does not resolve: 1.1.1.1 says no.",
    ),
    (
        TCP,
        seen(
            State.OPEN,
            Reason.SYN_ACK,
            service=Service.UNEXPECTED,
            facts={"summary": "an HTTP server"},
        ),
        Status.BLOCKED,
        "Open, but the wrong service answers: an HTTP server.",
    ),
    (
        UDP,
        seen(State.OPEN_FILTERED, Reason.NO_RESPONSE, attempts=2),
        Status.BLOCKED,
        "No answer in 4 s, twice: dropped on the way, the host is down",
    ),
    (
        UDP,
        seen(State.CLOSED, Reason.PORT_UNREACH, icmp=Icmp(3, 3, "10.2.0.5")),
        Status.BLOCKED,
        "Refused with a port unreachable from the host itself: nothing listens on UDP 161, or the "
        "host's firewall rejects it.",
    ),
    (
        MUTE,
        seen(State.OPEN_FILTERED, Reason.NO_RESPONSE),
        Status.UNVERIFIABLE,
        "cannot be tested from outside",
    ),
    (
        MUTE,
        seen(State.CLOSED, Reason.PORT_UNREACH, icmp=Icmp(3, 3, "10.2.0.5")),
        Status.UNVERIFIABLE,
        "firewall rejects it. This alone proves nothing.",
    ),
    (
        MUTE,
        seen(State.FILTERED, Reason.ADMIN_PROHIBITED, icmp=Icmp(3, 13, "10.1.1.1")),
        Status.BLOCKED,
        "10.1.1.1 (a device on the path) rejected it",
    ),
    (
        MUTE,
        seen(State.OPEN, Reason.UDP_RESPONSE, facts={"summary": "Something answers (8 bytes)"}),
        Status.UNVERIFIABLE,
        "Something answers (8 bytes), so this is neither a pass nor a failure.",
    ),
    (
        MUTE,
        seen(
            State.OPEN,
            Reason.UDP_RESPONSE,
            service=Service.UNEXPECTED,
            facts={"summary": "8 bytes came"},
        ),
        Status.BLOCKED,
        "Open, but the wrong service answers: 8 bytes came.",
    ),
    (
        MUTE,
        seen(State.OPEN, Reason.UDP_RESPONSE, service=Service.CONFIRMED, facts={"summary": "RPC"}),
        Status.OK,
        "RPC.",
    ),
    (PING, seen(State.FILTERED, Reason.NO_RESPONSE), Status.DEGRADED, "dropped on the way"),
    (PING, seen(State.ERROR, Reason.PERMISSION_DENIED), Status.ERROR, "not permitted"),
]


@pytest.mark.parametrize(("check", "observation", "status", "words"), CASES)
def test_the_note_names_who_rejected_it(check, observation, status, words):
    result = judge(job(check), observation)
    assert result.status is status
    assert words in result.note


observations = st.builds(
    Observation,
    state=st.sampled_from(State),
    reason=st.sampled_from(Reason),
    service=st.sampled_from(Service),
    address=st.none() | st.ip_addresses().map(str),
    source=st.none() | st.ip_addresses().map(str),
    icmp=st.none()
    | st.builds(
        Icmp, st.integers(0, 255), st.integers(0, 255), st.text(max_size=9), st.sampled_from([4, 6])
    ),
    attempts=st.integers(0, 5),
    facts=st.dictionaries(
        st.sampled_from(["summary", "problem", "warning", "shortfall"]), st.text()
    ),
)


@pytest.mark.parametrize(
    ("check", "warning", "status"),
    [
        (TCP, False, Status.BLOCKED),
        (PING, False, Status.DEGRADED),
        (TCP, True, Status.WARNING),
    ],
)
def test_a_right_service_with_a_shortfall_is_never_ok(check, warning: bool, status: Status):
    facts = {"summary": "It answers, but less", "shortfall": "it does less", "warning": warning}
    observation = seen(State.OPEN, Reason.SYN_ACK, service=Service.CONFIRMED, facts=facts)
    result = judge(job(check), observation)
    assert result.status is status
    assert result.note.startswith("It answers, but less.")
    # It is the same for all rows of a check: details and reports say it once.
    assert check.consequence not in result.note


@given(observations, st.sampled_from([TCP, UDP, MUTE, PING]))
def test_whatever_was_seen_is_judged_and_ends_in_a_sentence(observation, check):
    result = judge(job(check), observation)
    assert result.note
    assert result.note[-1] in ".!?"


@given(observations, st.sampled_from([TCP, UDP, MUTE, PING]))
def test_only_an_open_port_with_the_right_service_is_ever_ok(observation, check):
    if status_of(check, observation) in (Status.OK, Status.WARNING):
        assert observation.state is State.OPEN
        assert observation.service in (Service.CONFIRMED, Service.NOT_ASKED)


@given(observations, st.sampled_from([TCP, UDP, MUTE, PING]))
def test_what_was_not_tested_is_never_blocked(observation, check):
    if observation.state in (State.ERROR, State.NOT_RUN):
        assert status_of(check, observation) in (Status.ERROR, Status.CANCELLED)


@given(observations)
def test_where_nothing_answers_by_nature_only_the_right_service_is_ok(observation):
    if status_of(MUTE, observation) in (Status.OK, Status.WARNING):
        assert observation.service is Service.CONFIRMED


@given(observations)
def test_silence_over_udp_is_never_a_pass(observation):
    if observation.state is State.OPEN_FILTERED:
        assert status_of(UDP, observation) is not Status.OK
        assert status_of(MUTE, observation) in (Status.UNVERIFIABLE, Status.CANCELLED)


@given(observations)
def test_filtered_is_never_called_refused_by_the_host(observation):
    if observation.state is State.FILTERED:
        assert "Refused with a TCP reset" not in outcome_message(job(), observation, 4)


def _profile(check: Check) -> Profile:
    question = Question("domain", "Are domain credentials used?", ("yes", "no"), "yes")
    return Profile("p", "P", "1", "s", "u", questions=(question,), checks=(check,))


def _result(status: Status, facts=None) -> Result:
    return Result(job(), status, "n", seen(State.OPEN, Reason.SYN_ACK, facts=facts or {}))


def test_an_answer_that_rules_a_check_out_is_quoted():
    check = Check("k", "w", "r", "Krb", "tcp", "tcp", "p", "c", "f", port=88)
    check = _with(check, when=(When("domain", ("yes",)),))
    why = not_needed(_profile(check), check, {"domain": "no"}, lambda _: None)
    assert why == "Not needed: you answered no to “Are domain credentials used?”"
    assert not not_needed(_profile(check), check, {"domain": "yes"}, lambda _: None)


def test_a_check_is_unnecessary_only_while_the_other_is_available():
    check = _with(TCP, unless=(Unless("w.winrm"),))
    for status in Status:
        why = not_needed(_profile(check), check, {}, lambda _, status=status: _result(status))
        assert bool(why) is (status in (Status.OK, Status.WARNING))


def test_a_check_is_unnecessary_only_if_the_other_found_the_fact():
    check = _with(TCP, unless=(Unless("p.snmp", fact="printer"),))
    assert not not_needed(_profile(check), check, {}, lambda _: _result(Status.OK))
    why = not_needed(_profile(check), check, {}, lambda _: _result(Status.OK, {"printer": True}))
    assert why.endswith("found this to be a printer")


def test_an_exception_counts_only_under_its_answer():
    check = _with(TCP, unless=(Unless("w.winrm", question="remoting", answers=("auto",)),))
    found = {
        answer: not_needed(
            _profile(check), check, {"remoting": answer}, lambda _: _result(Status.OK)
        )
        for answer in ("auto", "yes")
    }
    assert found["auto"]
    assert not found["yes"]


def test_addresses_are_compared_by_value_and_not_by_spelling():
    assert same_address("2001:db8::1", "2001:0db8:0:0::1")
    assert same_address("fe80::1%eth0", "fe80::1")
    assert not same_address("10.0.0.1", "10.0.0.10")
    assert not same_address("", "")
    assert not same_address("host", "host")


def _with(check: Check, **changes) -> Check:
    import dataclasses

    return dataclasses.replace(check, **changes)
