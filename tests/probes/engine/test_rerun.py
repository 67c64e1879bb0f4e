"""Rerun of an earlier session: rows that are measured again, and the results of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from probes.engine.plan import plan
from probes.engine.rerun import RerunPlan, plan_rerun
from probes.model import (
    Diagnosed,
    EarlierResult,
    Job,
    Observation,
    Reason,
    Result,
    Ruling,
    Service,
    State,
    Status,
    Target,
    VantageInfo,
    Verdict,
)
from probes.session import Session, new_header
from probes.settings import Settings
from profiles.model import (
    Capability,
    Category,
    Check,
    Cost,
    Elsewhere,
    Instead,
    Profile,
    Question,
    Role,
    Unless,
    When,
)

THEN = "2026-01-31T12:00:00.000+01:00"
HOST, CONTROLLER = "10.0.0.1", "10.0.0.2"


def check(id: str, port: int, role: str = "pc", **more) -> Check:
    return Check(
        id, "c", role, id.upper(), "tcp", "tcp", "p", "It is lost.", "Fix it.", port, **more
    )


@pytest.fixture(scope="module")
def profile() -> Profile:
    """A computer with WinRM, or else RPC and SMB, and its domain controller."""
    spared = (Unless("winrm"),)
    return Profile(
        "p",
        "P",
        "1",
        "s",
        "u",
        categories=(Category("c", "C"),),
        roles=(Role("pc", "Computer", "c"), Role("dc", "Controller", "c")),
        questions=(Question("login", "Is there a login?", ("yes", "no"), "yes"),),
        checks=(
            check("winrm", 5985),
            check("rpc", 135, unless=spared),
            check("dynamic", 49152, unless=spared, needs="rpc"),
            check("smb", 445, unless=spared),
            check("kerberos", 88, "dc", when=(When("login", ("yes",)),)),
            check("ldap", 389, "dc", loss="degraded"),
        ),
        capabilities=(
            Capability(
                "audit",
                "pc",
                "Audit",
                "it can be audited",
                "it cannot be audited",
                ("winrm",),
                instead=(Instead("winrm", ("rpc", "smb"), "it can be enabled"),),
                elsewhere=(Elsewhere("kerberos", "nobody is known"),),
            ),
            Capability(
                "domain",
                "dc",
                "Domain",
                "it serves the domain",
                "it does not serve the domain",
                ("kerberos",),
                optional=(Cost("ldap", "something is lost"),),
            ),
        ),
    )


BLOCKED = (Status.BLOCKED, State.FILTERED, Reason.NO_RESPONSE)
DEGRADED = (Status.DEGRADED, State.FILTERED, Reason.NO_RESPONSE)
OK = (Status.OK, State.OPEN, Reason.SYN_ACK)
UNNEEDED = (Status.NOT_NEEDED, State.NOT_RUN, Reason.NOT_NEEDED)
WAITING = (Status.ERROR, State.NOT_RUN, Reason.DEPENDENCY)

TARGETS = (Target("pc", HOST), Target("dc", CONTROLLER))
Part = Callable[..., RerunPlan]


@pytest.fixture
def jobs(profile: Profile) -> dict[str, Job]:
    return {job.check.id: job for job in plan(profile, TARGETS)}


def results(jobs: dict[str, Job], **seen) -> list[Result]:
    """Rows by check id."""
    made = []
    for id, (status, state, reason) in seen.items():
        service = Service.CONFIRMED if state is State.OPEN else Service.NOT_ASKED
        address = jobs[id].target.host
        observation = Observation(state, reason, service, address, started=THEN)
        made.append(Result(jobs[id], status, f"{id} then.", observation))
    return made


@pytest.fixture
def part(profile: Profile, jobs: dict[str, Job]) -> Part:
    def make(*only: Status, not_comparable: bool = False, answers=None, **seen) -> RerunPlan:
        said = dict(profile.default_answers)
        header = new_header(profile, VantageInfo("local", "here"), Settings(), said, TARGETS)
        session = Session(header, tuple(results(jobs, **seen)), (), True, "", ())
        planned = list(jobs.values())
        return plan_rerun(
            session, planned, profile, answers or said, only, not_comparable=not_comparable
        )

    return make


def ids(jobs: Iterable[Job]) -> set[str]:
    return {job.check.id for job in jobs}


ALL_WELL = {
    "winrm": OK,
    "rpc": UNNEEDED,
    "dynamic": UNNEEDED,
    "smb": UNNEEDED,
    "kerberos": OK,
    "ldap": OK,
}
SHUT = {**ALL_WELL, "winrm": BLOCKED, "rpc": BLOCKED, "dynamic": WAITING, "smb": OK}


def test_only_what_was_blocked_is_measured_and_what_waited_for_it(part: Part) -> None:
    planned_rerun = part(Status.BLOCKED, **SHUT)
    assert ids(planned_rerun.jobs) == {"winrm", "rpc", "dynamic"}
    assert ids(one.job for one in planned_rerun.earlier) == {"smb", "kerberos", "ldap"}
    assert planned_rerun.unknown_rows == 0


def test_a_row_brings_what_decides_whether_it_is_asked(part: Part) -> None:
    assert ids(part(Status.ERROR, **SHUT).jobs) == {"winrm", "rpc", "dynamic"}


def test_a_row_that_decides_brings_what_it_made_unnecessary(part: Part) -> None:
    seen = {**ALL_WELL, "winrm": (Status.WARNING, State.OPEN, Reason.SYN_ACK)}
    assert ids(part(Status.WARNING, **seen).jobs) == {"winrm", "rpc", "dynamic", "smb"}


def test_without_a_status_everything_is_measured(part: Part) -> None:
    planned_rerun = part(**SHUT)
    assert (len(planned_rerun.jobs), planned_rerun.earlier) == (6, ())


def test_nothing_of_a_status_is_nothing_to_do(part: Part) -> None:
    assert part(Status.BLOCKED, **ALL_WELL).jobs == ()


def test_a_row_without_a_result_was_cancelled(part: Part) -> None:
    seen = {id: row for id, row in ALL_WELL.items() if id != "ldap"}
    assert ids(part(Status.CANCELLED, **seen).jobs) == {"ldap"}
    (left,) = [one for one in part(Status.OK, **seen).earlier if one.job.check.id == "ldap"]
    assert left.status is Status.CANCELLED


def test_another_answer_brings_the_rows_that_it_makes_necessary(part: Part) -> None:
    seen = {**SHUT, "kerberos": UNNEEDED}
    assert "kerberos" not in ids(part(Status.BLOCKED, **seen).jobs)
    assert "kerberos" in ids(part(Status.BLOCKED, answers={"login": "no"}, **seen).jobs)


def test_what_was_measured_from_elsewhere_counts_as_not_tested(part: Part) -> None:
    planned_rerun = part(Status.BLOCKED, not_comparable=True, **SHUT)
    assert {one.status for one in planned_rerun.earlier} == {Status.CANCELLED}
    assert {one.observation.state for one in planned_rerun.earlier} == {State.NOT_RUN}


def _run(kit, profile: Profile, planned_rerun: RerunPlan, script: dict, **how):
    return kit.Session(kit.Scripted(script), profile, earlier=planned_rerun.earlier, **how)


def _verdicts(session) -> dict[str, Verdict]:
    return {one.target.role: one for one in session.events if isinstance(one, Verdict)}


async def test_a_verdict_says_which_of_its_rows_are_not_of_today(kit, profile, part) -> None:
    planned_rerun = part(Status.BLOCKED, **SHUT)
    session = _run(kit, profile, planned_rerun, {HOST: kit.OPEN})
    measured = await session.measure(*planned_rerun.jobs)
    assert measured["winrm|" + HOST].status is Status.OK
    # The way to enable WinRM is not asked once WinRM is there, as in any run.
    assert {port for _, port in session.vantage.connects} == {5985}
    verdict = _verdicts(session)["pc"]
    assert verdict.ruling is Ruling.READY
    assert verdict.text == (f"It can be audited. Not retested: KERBEROS (since {THEN}).")
    assert session.finished[-1].counts == {"ok": 1, "not needed": 2}


async def test_a_cost_that_was_not_measured_again_still_counts(kit, profile, part) -> None:
    planned_rerun = part(Status.BLOCKED, **{**ALL_WELL, "kerberos": BLOCKED, "ldap": DEGRADED})
    session = _run(kit, profile, planned_rerun, {})
    await session.measure(*planned_rerun.jobs)
    verdicts = _verdicts(session)
    assert verdicts["dc"].ruling is Ruling.DEGRADED
    assert verdicts["dc"].text.endswith(f" Not retested: LDAP (since {THEN}).")
    # The computer rests on the controller, so it is judged again, without being asked.
    assert verdicts["pc"].ruling is Ruling.READY
    assert "Not retested: WINRM" in verdicts["pc"].text
    assert {address for address, _ in session.vantage.connects} == {CONTROLLER}


async def test_what_was_not_measured_from_here_makes_no_verdict_ready(kit, profile, part) -> None:
    planned_rerun = part(
        Status.BLOCKED, not_comparable=True, **{**ALL_WELL, "kerberos": BLOCKED, "ldap": DEGRADED}
    )
    session = _run(kit, profile, planned_rerun, {})
    await session.measure(*planned_rerun.jobs)
    assert {one.ruling for one in _verdicts(session).values()} == {Ruling.UNKNOWN}


async def test_an_earlier_row_is_judged_anew_when_what_decides_it_changes(
    kit, profile, part
) -> None:
    seen = {**SHUT, "winrm": WAITING, "rpc": OK, "dynamic": OK, "smb": BLOCKED}
    planned_rerun = part(Status.ERROR, **seen)
    assert ids(planned_rerun.jobs) == {"winrm"}
    session = _run(kit, profile, planned_rerun, {})
    await session.measure(*planned_rerun.jobs)
    told = [one.result for one in session.events if isinstance(one, EarlierResult)]
    smb = [one for one in told if one.job.check.id == "smb"]
    assert [one.status for one in smb] == [Status.BLOCKED, Status.NOT_NEEDED]
    assert smb[-1].observation.started == THEN
    assert list(session.latest) == [f"winrm|{HOST}"]
    assert _verdicts(session)["pc"].ruling is Ruling.READY


async def test_rows_of_then_are_evidence_for_findings_and_none_of_their_own(
    kit, profile, part
) -> None:
    seen = {**ALL_WELL, "kerberos": BLOCKED, "ldap": OK}
    planned_rerun = part(Status.BLOCKED, **seen)
    session = _run(kit, profile, planned_rerun, {CONTROLLER: kit.SILENT}, retries=0)
    await session.measure(*planned_rerun.jobs)
    (diagnosed,) = [one for one in session.events if isinstance(one, Diagnosed)]
    texts = [finding.text for finding in diagnosed.findings]
    # Alone the row would look like a dead host.
    assert texts == [f"{CONTROLLER}: only TCP 88 is filtered; its TCP 389 answers"]
    unrelated = part(Status.BLOCKED, **{**SHUT, "kerberos": OK, "ldap": DEGRADED})
    session = _run(kit, profile, unrelated, {})
    await session.measure(*unrelated.jobs)
    (diagnosed,) = [one for one in session.events if isinstance(one, Diagnosed)]
    assert diagnosed.findings == ()


@pytest.mark.parametrize(
    ("other", "taken"), [(OK, True), (BLOCKED, True), (UNNEEDED, False), (None, False)]
)
def test_the_measured_row_of_another_role_on_the_same_port_goes_with_the_chosen_one(
    other, taken
) -> None:
    checks = (check("winrm", 5985), check("hyperv", 5985, "hv"), check("ssh", 22, "hv"))
    small = Profile("p", "P", "1", "s", "u", checks=checks)
    targets = (Target("pc", HOST), Target("hv", HOST), Target("hv", CONTROLLER))
    jobs = {job.key: job for job in plan(small, targets)}
    seen = {f"winrm|{HOST}": BLOCKED, f"hyperv|{CONTROLLER}": OK, f"ssh|{HOST}": OK}
    seen |= {f"hyperv|{HOST}": other} if other else {}
    rows = [
        Result(jobs[key], status, "", Observation(state, reason))
        for key, (status, state, reason) in seen.items()
    ]
    header = new_header(small, VantageInfo("local", "here"), Settings(), {}, targets)
    session = Session(header, tuple(rows), (), True, "", ())
    planned_rerun = plan_rerun(
        session, [*jobs.values()], small, {}, (Status.BLOCKED,), not_comparable=False
    )
    expected = {f"winrm|{HOST}"} | ({f"hyperv|{HOST}"} if taken else set())
    assert {job.key for job in planned_rerun.jobs} == expected


NETWORK = "10.0.0.0/29"


@pytest.fixture
def part_of_network(profile: Profile) -> Callable[..., set[str]]:
    """Hosts that are measured again of a network from which these addresses answered."""

    def make(*only: Status, answered: tuple[str, ...] = ()) -> set[str]:
        targets = tuple(Target("dc", f"10.0.0.{n}", network=NETWORK) for n in (1, 2, 3))
        said = dict(profile.default_answers)
        header = new_header(profile, VantageInfo("local", "here"), Settings(), said, targets)
        planned = plan(profile, targets)
        made = []
        for job in planned:
            is_there = job.target.host in answered
            state, reason = (
                (State.OPEN, Reason.SYN_ACK) if is_there else (State.FILTERED, Reason.NO_RESPONSE)
            )
            seen = Observation(state, reason, address=job.target.host, started=THEN)
            made.append(Result(job, Status.OK if is_there else Status.NO_HOST, "", seen))
        session = Session(header, tuple(made), (), True, "", ())
        again = plan_rerun(session, planned, profile, said, only, not_comparable=False)
        return {job.target.host for job in again.jobs}

    return make


def test_addresses_that_nobody_uses_are_measured_again_only_when_they_are_asked_for(
    part_of_network,
) -> None:
    there = ("10.0.0.1",)
    assert part_of_network(Status.ERROR, Status.BLOCKED, answered=there) == set()
    assert part_of_network(Status.NO_HOST, answered=there) == {"10.0.0.2", "10.0.0.3"}
    assert len(part_of_network(answered=there)) == 3


def test_a_network_from_which_nothing_came_is_measured_again_as_what_was_not_tested(
    part_of_network,
) -> None:
    assert len(part_of_network(Status.ERROR)) == 3
    assert len(part_of_network(Status.NO_HOST)) == 3
    assert part_of_network(Status.BLOCKED) == set()


@pytest.mark.parametrize("not_comparable", [False, True])
def test_the_earlier_results_of_measured_rows_tell_which_hosts_were_there(
    profile: Profile, not_comparable: bool
) -> None:
    targets = (Target("dc", "10.0.0.1", network=NETWORK),)
    said = dict(profile.default_answers)
    header = new_header(profile, VantageInfo("local", "here"), Settings(), said, targets)
    planned = plan(profile, targets)
    seen = Observation(State.OPEN, Reason.SYN_ACK, address="10.0.0.1", started=THEN)
    made = tuple(Result(job, Status.OK, "", seen) for job in planned)
    session = Session(header, made, (), True, "", ())
    again = plan_rerun(session, planned, profile, said, (), not_comparable=not_comparable)
    assert again.recalled == (() if not_comparable else made)
