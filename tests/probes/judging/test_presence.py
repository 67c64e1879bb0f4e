"""The sign that one row gives of the host at its address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.judging.presence import Sign, shows_host, sign_of
from probes.model import (
    ACCEPTS_EVERYTHING,
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
)
from profiles.model import Check

ADDRESS, HERE = "10.0.0.1", "192.0.2.9"
CHECK = Check("r.ssh", "c", "r", "SSH", "ssh", "tcp", "p", "c", "f", 22)
JOB = Job("r.ssh|10.0.0.1", CHECK, Target("r", ADDRESS, network="10.0.0.0/24"), 22)
SILENT = Observation(State.FILTERED, Reason.NO_RESPONSE, address=ADDRESS, source=HERE)
OPEN = Observation(State.OPEN, Reason.SYN_ACK, address=ADDRESS, source=HERE)


@pytest.mark.parametrize(
    ("seen", "sign"),
    [
        (OPEN, Sign.LIFE),
        (replace(OPEN, service=Service.SILENT), Sign.LIFE),
        (replace(OPEN, state=State.CLOSED, reason=Reason.CONN_REFUSED), Sign.LIFE),
        (replace(OPEN, state=State.CLOSED, reason=Reason.PORT_UNREACH), Sign.LIFE),
        (replace(OPEN, facts={ACCEPTS_EVERYTHING: True}), Sign.REFUSAL),
        (
            replace(OPEN, service=Service.CONFIRMED, facts={ACCEPTS_EVERYTHING: True}),
            Sign.LIFE,
        ),
        (SILENT, Sign.ABSENCE),
        (replace(SILENT, state=State.OPEN_FILTERED), Sign.ABSENCE),
        (replace(SILENT, facts={"mac": "02:00:00:00:00:01"}), Sign.NEIGHBOUR),
        (replace(SILENT, facts={"no_arp_reply": True}), Sign.ABSENCE),
        (replace(SILENT, evidence=(Evidence(ADDRESS, state=State.OPEN),)), Sign.LIFE),
        (replace(SILENT, evidence=(Evidence(ADDRESS, state=State.FILTERED),)), Sign.ABSENCE),
        (replace(SILENT, evidence=(Evidence("10.9.9.9", state=State.OPEN),)), Sign.ABSENCE),
        (Observation(State.ERROR, Reason.PERMISSION_DENIED), Sign.NOTHING),
        (Observation(State.NOT_RUN, Reason.NOT_OFFERED), Sign.NOTHING),
        (Observation(State.UNREACHABLE, Reason.NET_UNREACH, address=ADDRESS), Sign.REFUSAL),
        (replace(SILENT, facts={"not_sent": True}), Sign.REFUSAL),
        (Observation(State.UNREACHABLE, Reason.HOST_UNREACH, address=ADDRESS), Sign.REFUSAL),
        (
            Observation(State.UNREACHABLE, Reason.HOST_UNREACH, address=ADDRESS, source=HERE),
            Sign.ABSENCE,
        ),
        (Observation(State.FILTERED, Reason.ADMIN_PROHIBITED, address=ADDRESS), Sign.REFUSAL),
    ],
)
def test_each_observation_gives_one_sign(seen: Observation, sign: Sign) -> None:
    assert sign_of(JOB, seen) is sign


@pytest.mark.parametrize(
    ("unanswered", "sign"),
    [
        (None, Sign.ABSENCE),
        (ADDRESS, Sign.ABSENCE),
        ("192.0.2.1", Sign.REFUSAL),
        ("", Sign.REFUSAL),
    ],
)
def test_only_the_hosts_own_neighbour_search_says_that_it_is_not_there(
    unanswered: str | None, sign: Sign
) -> None:
    seen = Observation(
        State.UNREACHABLE,
        Reason.HOST_UNREACH,
        address=ADDRESS,
        source=HERE,
        icmp=Icmp(3, 1, HERE),
        facts={} if unanswered is None else {"unanswered": unanswered},
    )
    assert sign_of(JOB, seen) is sign


@pytest.mark.parametrize("seen", [OPEN, SILENT])
def test_a_row_through_a_proxy_is_about_the_proxy(seen: Observation) -> None:
    assert sign_of(replace(JOB, via=("proxy", 3128)), seen) is Sign.REFUSAL


observations = st.builds(
    Observation,
    state=st.sampled_from(State),
    reason=st.sampled_from(Reason),
    service=st.sampled_from(Service),
    address=st.sampled_from([None, ADDRESS, "x"]),
    source=st.sampled_from([None, HERE]),
    icmp=st.none()
    | st.builds(
        Icmp,
        st.integers(0, 255),
        st.integers(0, 255),
        st.sampled_from([ADDRESS, HERE, "10.9.9.1", "\x1b[2J"]),
        st.sampled_from([4, 6]),
    ),
    facts=st.dictionaries(
        st.sampled_from(["mac", "unanswered", ACCEPTS_EVERYTHING, "no_arp_reply"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.none()),
    ),
)


@given(observations)
def test_anything_in_a_log_gives_a_sign(seen: Observation) -> None:
    sign = sign_of(JOB, seen)
    tested = seen.state not in (State.ERROR, State.NOT_RUN)
    assert (sign is not Sign.NOTHING) is tested
    for status in Status:
        result = Result(JOB, status, "", seen)
        assert shows_host(result) in (True, False)


@given(observations)
def test_without_a_word_from_the_host_itself_nothing_shows_it(seen: Observation) -> None:
    said = seen.state in (State.OPEN, State.CLOSED) or (
        seen.icmp is not None and seen.icmp.offender == seen.address
    )
    if not said:
        assert sign_of(JOB, seen) is not Sign.LIFE
