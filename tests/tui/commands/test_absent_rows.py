"""Addresses that nobody uses on the screen: hidden, counted, and shown by a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.engine.plan import plan
from probes.engine.verdict_tracker import verdicts_of
from probes.judging.findings import diagnose
from probes.model import Observation, Reason, Result, Service, State, Status, VantageInfo
from probes.session import SessionLog, new_header
from probes.settings import Settings
from probes.targets import parse
from tui.cli.options import Options
from tui.cli.prepare import load

NETWORK = "10.77.4.0/28"
SILENT = Observation(
    State.FILTERED, Reason.NO_RESPONSE, address="10.77.4.9", started="2026-01-31T12:00:00+01:00"
)
OPEN = Observation(State.OPEN, Reason.SYN_ACK, Service.CONFIRMED, address="10.77.4.1")


@pytest.fixture
def session(tmp_path: Path):
    """Write a session of a network of which these addresses are used."""

    def write(*used: str) -> Path:
        profile = load(Options("screen"))
        targets = parse([f"unix.target={NETWORK}"], profile).targets
        header = new_header(
            profile, VantageInfo("local", "jump1"), Settings(), profile.default_answers, targets
        )
        results = [
            Result(job, Status.OK, "OpenSSH.", OPEN)
            if job.target.host in used
            else Result(job, Status.NO_HOST, "No answer.", SILENT)
            for job in plan(profile, targets)
        ]
        path = tmp_path / "network.jsonl"
        log = SessionLog.create(path)
        log.write_header(header)
        log.write_results(results)
        log.write_verdicts(verdicts_of(profile, profile.default_answers, results))
        log.write_findings(diagnose(results, profile.default_answers))
        log.write_end(True, {})
        log.close()
        return path

    return write


def test_a_key_shows_and_hides_them(opened, session):
    @opened(path=session("10.77.4.1"), size=(110, 24))
    async def _(seat):
        assert seat.seen == ["unix.ssh|10.77.4.1"]
        assert "13 no host" in seat.head
        assert "1 of 14 shown" in seat.head
        await seat.press("A")
        assert len(seat.seen) == 14
        assert seat.notice == "13 of the rows are addresses that nobody uses; A hides them."
        await seat.press("A")
        assert seat.seen == ["unix.ssh|10.77.4.1"]
        assert seat.notice == "13 rows without a host hidden; A shows them."


def test_escape_and_the_other_filters_do_not_show_them(opened, session):
    @opened(path=session("10.77.4.1"))
    async def _(seat):
        await seat.press("f")
        assert seat.seen == []
        await seat.press("escape")
        assert seat.seen == ["unix.ssh|10.77.4.1"]
        await seat.press("A", "escape")
        assert seat.seen == ["unix.ssh|10.77.4.1"]


def test_the_filter_shows_them_by_their_status(opened, session):
    @opened(path=session("10.77.4.1"))
    async def _(seat):
        await seat.press("slash", *"status", "colon", *"no", "minus", *"host", "enter")
        assert len(seat.seen) == 13


def test_m_explains_the_status(opened, session):
    @opened(path=session())
    async def _(seat):
        await seat.press("A", "m")
        await seat.dialog()
        assert seat.top == "HelpDialog"


def test_going_to_a_host_that_is_not_there_shows_its_row(opened, session):
    @opened(path=session("10.77.4.1"))
    async def _(seat):
        await seat.press("G")
        await seat.dialog()
        await seat.press(*"10", "full_stop", *"77", "full_stop", "4", "full_stop", "9", "enter")
        await seat.closed()
        assert seat.table.cursor_key == "unix.ssh|10.77.4.9"


def test_the_verdicts_have_one_line(opened, session):
    @opened(path=session("10.77.4.1"))
    async def _(seat):
        assert [line.target.host for line in seat.panes.verdicts.lines()] == ["10.77.4.1"]


def test_enter_on_the_verdict_of_a_silent_network_shows_its_rows(opened, session):
    @opened(path=session())
    async def _(seat):
        assert seat.seen == []
        (line,) = seat.panes.verdicts.lines()
        assert (line.target.host, str(line.ruling)) == (NETWORK, "unknown")
        await seat.press("v")
        await seat.dialog()
        await seat.press("enter")
        await seat.closed()
        assert len(seat.seen) == 14


def test_enter_on_its_finding_shows_its_rows_too(opened, session):
    @opened(path=session())
    async def _(seat):
        await seat.press("d")
        await seat.dialog()
        await seat.press("enter")
        await seat.closed()
        assert len(seat.seen) == 14


def test_measuring_again_what_failed_takes_a_silent_network(opened, session):
    @opened(path=session())
    async def _(seat):
        assert len(seat.panes.failed) == 14


def test_measuring_again_what_failed_leaves_out_what_nobody_uses(opened, session):
    @opened(path=session("10.77.4.1"))
    async def _(seat):
        assert seat.panes.failed == []
