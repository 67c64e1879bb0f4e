"""Verdicts where a check is required, and others may substitute for it: a truth table."""

from __future__ import annotations

import pytest

from probes.judging.check_outcome import VerdictRow
from probes.judging.verdict import Judgement, judge_capability
from probes.model import Reason, Ruling, Status
from profiles.model import Capability, Category, Check, Instead, Profile, Role
from tests.probes.judging.verdict_reference.case import (
    BAD,
    LESS,
    MUTE,
    NO_NAME,
    NO_RIGHT,
    OK,
    SPARED,
    WAITING,
    WARNED,
)

SHORT = VerdictRow(Status.WARNING, shortfall="serves nobody")
REFUSED = VerdictRow(Status.UNVERIFIABLE, Reason.CONN_REFUSED)
LEFT_OUT = None

Row = VerdictRow | None

UNKNOWN = "It is not known whether the host can be audited"
BESIDE = "which matters only without Main (TCP 5985)"


def a_check(id: str, port: int) -> Check:
    texts = {"purpose": "It is asked.", "consequence": "It is lost.", "fix": f"Allow {id}."}
    return Check(id, "own", "own", id.title(), "tcp", "tcp", port=port, **texts)


# Without conditions: what substitutes is asked of every host, also where the required one works.
PROFILE = Profile(
    "own",
    "Own",
    "1",
    "Our ports",
    "https://intra.example/ports",
    categories=(Category("own", "Own"),),
    roles=(Role("own", "Host", "own"),),
    checks=(a_check("main", 5985), a_check("spare", 445), a_check("other", 135)),
    capabilities=(
        Capability(
            "own",
            "own",
            "Audit",
            "the host can be audited",
            "the host cannot be audited",
            ("main",),
            instead=(Instead("main", ("spare", "other"), "the host can be enabled"),),
        ),
    ),
)


def judge(main: Row, spare: Row) -> Judgement:
    rows = {"main": main, "spare": spare, "other": OK}
    own = {id: row for id, row in rows.items() if row is not None}
    return judge_capability(PROFILE, PROFILE.capabilities[0], {}, own, {})


LOST = [BAD, LESS, NO_NAME, NO_RIGHT, WAITING, SHORT, LEFT_OUT]


@pytest.mark.parametrize("main", [OK, WARNED])
@pytest.mark.parametrize("spare", LOST)
def test_the_loss_of_a_substitute_costs_nothing_where_the_required_check_works(main, spare):
    found = judge(main, spare)
    assert found.ruling is Ruling.READY
    assert found.text.startswith("The host can be audited")
    assert found.because == ("main", "other")
    assert found.fix == ()


@pytest.mark.parametrize(
    ("spare", "remark"),
    [
        (BAD, f"; Spare (TCP 445) is not available, {BESIDE}"),
        (LESS, f"; Spare (TCP 445) is not available, {BESIDE}"),
        (NO_RIGHT, f"; Spare (TCP 445) is not tested, {BESIDE}"),
        (SHORT, f"; Spare (TCP 445) is not working as required: serves nobody, {BESIDE}"),
        (MUTE, "; Spare (TCP 445) cannot be verified from outside"),
        (WARNED, "; Spare (TCP 445) has a warning"),
        (LEFT_OUT, ""),
        (SPARED, ""),
        (OK, ""),
    ],
)
def test_what_a_substitute_lacks_is_said_beside_a_required_check_that_works(spare, remark):
    assert judge(OK, spare).text == f"The host can be audited{remark}."


def test_several_lost_substitutes_are_one_remark():
    rows = {"main": OK, "spare": BAD, "other": BAD}
    found = judge_capability(PROFILE, PROFILE.capabilities[0], {}, rows, {})
    lost = f"Spare (TCP 445) and Other (TCP 135) are not available, {BESIDE}"
    assert (found.ruling, found.text) == (Ruling.READY, f"The host can be audited; {lost}.")


@pytest.mark.parametrize(
    ("spare", "fix"), [(BAD, "Allow spare."), (LESS, "Allow spare."), (SPARED, "Allow main.")]
)
def test_without_the_required_check_a_lost_substitute_blocks(spare, fix):
    found = judge(BAD, spare)
    assert (found.ruling, found.fix) == (Ruling.BLOCKED, (fix,))


@pytest.mark.parametrize("spare", [OK, WARNED, MUTE, REFUSED])
def test_without_the_required_check_substitutes_that_work_make_it_ready_after_enabling(spare):
    assert judge(BAD, spare).ruling is Ruling.READY_AFTER


@pytest.mark.parametrize("spare", [NO_NAME, NO_RIGHT, WAITING, SHORT, LEFT_OUT])
def test_without_the_required_check_a_substitute_that_was_not_tested_leaves_it_unknown(spare):
    found = judge(BAD, spare)
    assert (found.ruling, found.because) == (Ruling.UNKNOWN, ("main", "spare"))


@pytest.mark.parametrize(
    ("main", "why"),
    [
        (NO_RIGHT, "Main (TCP 5985) could not be tested"),
        (LEFT_OUT, "Main (TCP 5985) was left out"),
        (SHORT, "Main (TCP 5985) answers, but serves nobody"),
        (MUTE, "Main (TCP 5985) cannot be verified from outside"),
        (REFUSED, "Main (TCP 5985) cannot be verified from outside"),
    ],
)
def test_where_the_required_check_is_not_known_a_lost_substitute_blocks_nothing(main, why):
    found = judge(main, BAD)
    assert found.ruling is Ruling.UNKNOWN
    assert found.because == ("main", "spare")
    assert found.text == f"{UNKNOWN}: Spare (TCP 445) is not available, and {why}."


@pytest.mark.parametrize("spare", LOST)
def test_where_the_required_check_is_not_needed_nor_is_what_substitutes_for_it(spare):
    rows = {"main": SPARED, "spare": spare, "other": SPARED}
    own = {id: row for id, row in rows.items() if row is not None}
    found = judge_capability(PROFILE, PROFILE.capabilities[0], {}, own, {})
    assert found.ruling is Ruling.READY
    assert found.text == "Nothing is required here under the answers that were given."


@pytest.mark.parametrize("main", [OK, WARNED, BAD, MUTE, NO_RIGHT, SHORT, LEFT_OUT, SPARED])
@pytest.mark.parametrize("spare", [OK, WARNED, BAD, LESS, MUTE, NO_RIGHT, SHORT, LEFT_OUT, SPARED])
def test_a_required_check_that_works_is_never_worse_than_one_that_does_not(main, spare):
    order = list(Ruling)
    assert order.index(judge(OK, spare).ruling) >= order.index(judge(main, spare).ruling)
