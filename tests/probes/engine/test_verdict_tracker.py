"""Verdicts become due with the last row of a target, in whatever order results arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.engine.plan import plan
from probes.engine.verdict_tracker import VerdictTracker
from probes.model import (
    Finished,
    Job,
    Observation,
    Reason,
    Result,
    Ruling,
    State,
    Status,
    Target,
    Verdict,
)
from profiles.model import Capability, Category, Check, Elsewhere, Instead, Profile, Role, Unless


def check(id: str, port: int, role: str, **more) -> Check:
    return Check(id, "c", role, id.upper(), "tcp", "tcp", "p", "It is lost.", "f", port, **more)


@pytest.fixture(scope="module")
def profile() -> Profile:
    """A computer with one service, another that enables it and a controller; and a printer."""
    return Profile(
        "p",
        "P",
        "1",
        "s",
        "u",
        categories=(Category("c", "C"),),
        roles=(Role("pc", "Computer", "c"), Role("dc", "Controller", "c")),
        checks=(
            check("winrm", 5985, "pc"),
            check("smb", 445, "pc", unless=(Unless("winrm"),)),
            check("kerberos", 88, "dc"),
            check("raw", 9100, "printer", custom_port=True),
        ),
        capabilities=(
            Capability(
                "audit",
                "pc",
                "Audit",
                "it can be audited",
                "it cannot be audited",
                ("winrm",),
                instead=(Instead("winrm", ("smb",), "it can be enabled"),),
                elsewhere=(Elsewhere("kerberos", "nobody is known"),),
            ),
        ),
    )


def jobs_of(profile: Profile, *targets: str) -> list[Job]:
    """Rows of ROLE=HOST[:PORT]."""
    made = []
    for text in targets:
        role, host = text.split("=")
        host, _, port = host.partition(":")
        made.append(Target(role, host, int(port) if port else None))
    return list(plan(profile, made))


class Session:
    """A verdict tracker with the results its rows will get."""

    def __init__(self, profile: Profile, jobs: Iterable[Job]) -> None:
        self.jobs = {job.key: job for job in jobs}
        self.results: dict[str, Result] = {}
        self.tracker = VerdictTracker(profile, {}, self.jobs, self.results)
        self.told: list[Verdict] = []
        for job in self.jobs.values():
            self.tracker.row_opened(job)

    def close(self, key: str, status: Status = Status.OK) -> list[Verdict]:
        job = self.jobs[key]
        seen = Observation(State.OPEN, Reason.SYN_ACK)
        self.results[key] = Result(job, status, "n", seen)
        verdicts = self.tracker.row_closed(job)
        self.told += verdicts
        return verdicts

    def end(self) -> list[Verdict]:
        verdicts = self.tracker.finish()
        self.told += verdicts
        return verdicts

    def again(self, key: str, status: Status) -> list[Verdict]:
        self.tracker.row_opened(self.jobs[key])
        return self.close(key, status)

    @property
    def last(self) -> dict[tuple[Target, str], Verdict]:
        return {(one.target, one.capability): one for one in self.told}


def test_a_verdict_comes_with_the_last_row_of_its_target(profile):
    session = Session(profile, jobs_of(profile, "pc=a"))
    assert session.close("winrm|a") == []
    (verdict,) = session.close("smb|a", Status.NOT_NEEDED)
    assert (verdict.target, verdict.capability) == (Target("pc", "a"), "audit")
    assert verdict.text == "It can be audited; no controller was checked for KERBEROS (TCP 88)."
    assert session.end() == []


def test_a_computer_waits_for_the_controllers_and_is_judged_with_the_last_of_them(profile):
    session = Session(profile, jobs_of(profile, "pc=a", "pc=b", "dc=x", "dc=y"))
    for host in ("a", "b"):
        session.close(f"winrm|{host}")
        assert session.close(f"smb|{host}", Status.NOT_NEEDED) == []
    assert [one.target.host for one in session.close("kerberos|x", Status.BLOCKED)] == ["x"]
    assert [one.target.host for one in session.close("kerberos|y")] == ["y", "a", "b"]
    assert session.last[Target("pc", "a"), "audit"].ruling is Ruling.READY


def test_a_controller_that_is_lost_later_changes_the_verdict_of_every_computer(profile):
    session = Session(profile, jobs_of(profile, "pc=a", "dc=x"))
    session.close("winrm|a")
    session.close("smb|a", Status.NOT_NEEDED)
    session.close("kerberos|x")
    changed = session.again("kerberos|x", Status.BLOCKED)
    assert {one.target.host: one.ruling for one in changed} == {
        "x": Ruling.BLOCKED,
        "a": Ruling.BLOCKED,
    }
    (verdict,) = [one for one in changed if one.target.host == "a"]
    assert verdict.because == ("kerberos",)


def test_the_same_verdict_is_not_emitted_twice(profile):
    session = Session(profile, jobs_of(profile, "printer=a"))
    assert len(session.close("raw|a", Status.BLOCKED)) == 1
    assert session.again("raw|a", Status.BLOCKED) == []
    assert len(session.again("raw|a", Status.OK)) == 1


def test_a_port_of_its_own_makes_another_target_and_stands_in_its_sentence(profile):
    session = Session(profile, jobs_of(profile, "printer=a:9101", "printer=a:9102"))
    (one,) = session.close("raw|a:9101", Status.BLOCKED)
    (two,) = session.close("raw|a:9102", Status.BLOCKED)
    assert (one.target.port, two.target.port) == (9101, 9102)
    assert "(TCP 9101)" in one.text and "(TCP 9102)" in two.text


def test_a_target_with_cancelled_rows_gets_no_verdict_until_it_is_measured(profile):
    session = Session(profile, jobs_of(profile, "pc=a", "pc=b"))
    session.close("winrm|a")
    session.close("smb|a", Status.NOT_NEEDED)
    session.close("winrm|b")
    assert session.end() == []
    assert [one.target.host for one in session.told] == ["a"]
    assert [one.target.host for one in session.again("smb|b", Status.NOT_NEEDED)] == ["b"]


def test_controllers_with_cancelled_rows_are_not_taken_for_absent(profile):
    session = Session(profile, jobs_of(profile, "pc=a", "dc=x"))
    session.close("winrm|a")
    session.close("smb|a", Status.NOT_NEEDED)
    (verdict,) = session.end()
    assert verdict.ruling is Ruling.UNKNOWN
    assert verdict.because == ("kerberos",)


def test_more_combinations_of_rows_than_are_cached_are_judged_all_the_same(profile, monkeypatch):
    monkeypatch.setattr("probes.engine.verdict_tracker.MAX_CACHED", 1)
    session = Session(profile, jobs_of(profile, "printer=a", "printer=b", "printer=c"))
    found = [session.close("raw|a"), session.close("raw|b", Status.BLOCKED), session.close("raw|c")]
    assert [one.ruling for (one,) in found] == [Ruling.READY, Ruling.BLOCKED, Ruling.READY]


TARGETS = ("pc=a", "pc=b", "dc=x", "dc=y", "printer=a", "printer=a:9101")


@given(st.data())
def test_the_last_verdicts_do_not_depend_on_the_order_of_arrival(profile, data):
    jobs = jobs_of(profile, *TARGETS)
    unfinished_or_absent = (Status.QUEUED, Status.RUNNING, Status.NO_HOST)
    finished = [status for status in Status if status not in unfinished_or_absent]
    statuses = {job.key: data.draw(st.sampled_from(finished)) for job in jobs}
    found = []
    for order in (sorted(statuses), data.draw(st.permutations(sorted(statuses)))):
        session = Session(profile, jobs)
        for key in order:
            session.close(key, statuses[key])
        assert session.end() == []
        found.append(session.last)
    assert found[0] == found[1]
    assert len(found[0]) == len(TARGETS)


@given(st.data())
def test_measuring_again_leads_to_the_verdicts_of_measuring_once(profile, data):
    jobs = jobs_of(profile, *TARGETS)
    any_status = st.sampled_from([Status.OK, Status.BLOCKED, Status.ERROR, Status.NOT_NEEDED])
    session, once = Session(profile, jobs), Session(profile, jobs)
    final = {}
    for job in jobs:
        session.close(job.key, data.draw(any_status))
    for job in data.draw(st.permutations(jobs)):
        final[job.key] = data.draw(any_status)
        session.again(job.key, final[job.key])
    for key, status in final.items():
        once.close(key, status)
    assert session.last == once.last


async def test_a_run_reports_the_verdict_after_the_rows_and_before_its_end(kit, profile):
    vantage = kit.Scripted({("10.0.0.1", 5985): kit.CLOSED})
    session = kit.Session(vantage, profile)
    await session.measure(*jobs_of(profile, "pc=10.0.0.1", "dc=10.0.0.2"))
    told = [one for one in session.events if isinstance(one, (Result, Verdict, Finished))]
    assert isinstance(told[-1], Finished)
    rulings = {one.target.role: one.ruling for one in told if isinstance(one, Verdict)}
    assert rulings == {"pc": Ruling.READY_AFTER, "dc": Ruling.READY}
    where = [one.target.role for one in told if isinstance(one, Verdict)]
    assert where.index("dc") < where.index("pc")


async def test_a_rerun_tells_the_new_verdict(kit, profile):
    vantage = kit.Scripted({("10.0.0.1", 9100): [kit.CLOSED, kit.OPEN]})
    session = kit.Session(vantage, profile)
    await session.measure(*jobs_of(profile, "printer=10.0.0.1"))
    session.scheduler.rerun(["raw|10.0.0.1"])
    await session.idle()
    rulings = [one.ruling for one in session.events if isinstance(one, Verdict)]
    assert rulings == [Ruling.BLOCKED, Ruling.READY]


async def test_a_rerun_that_makes_another_row_necessary_has_no_verdict_between(kit, profile):
    vantage = kit.Scripted(
        {("10.0.0.1", 5985): [kit.OPEN, kit.CLOSED], ("10.0.0.1", 445): kit.CLOSED}
    )
    session = kit.Session(vantage, profile)
    await session.measure(*jobs_of(profile, "pc=10.0.0.1"))
    session.scheduler.rerun(["winrm|10.0.0.1"])
    await session.idle()
    told = [one for one in session.events if isinstance(one, Verdict)]
    assert [one.ruling for one in told] == [Ruling.READY, Ruling.BLOCKED]
    assert told[-1].because == ("winrm", "smb")


async def test_a_stopped_run_judges_only_what_it_measured(kit, profile):
    vantage = kit.Scripted(held=True)
    session = kit.Session(vantage, profile)
    session.scheduler.add(jobs_of(profile, "printer=10.0.0.1"))
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    session.scheduler.stop()
    await session.idle()
    assert [one for one in session.events if isinstance(one, Verdict)] == []
    vantage.held = False
    session.scheduler.rerun(["raw|10.0.0.1"])
    await session.idle()
    assert [one.ruling for one in session.events if isinstance(one, Verdict)] == [Ruling.READY]
