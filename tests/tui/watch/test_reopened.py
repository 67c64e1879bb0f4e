"""The history of a watch and that of its log opened again: the same changes at the same times."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from probes.engine.plan import plan
from probes.model import (
    Evidence,
    Icmp,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
    VantageInfo,
)
from probes.session import SessionLog, new_header
from probes.session.replay import timeline
from probes.settings import Settings
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.watch.row_history import Change, RowHistory

PROFILE = load(Options("screen"))
TARGETS = (Target("windows.target", "pc1"), Target("discovery.host", "pc1"))
JOBS = plan(PROFILE, TARGETS)
BEGAN = datetime(2026, 11, 30, 12, tzinfo=UTC)
SEEN = {
    Status.OK: (State.OPEN, Reason.SYN_ACK, Service.CONFIRMED, None),
    Status.BLOCKED: (State.FILTERED, Reason.NO_RESPONSE, Service.NOT_ASKED, None),
    Status.DEGRADED: (
        State.FILTERED,
        Reason.ADMIN_PROHIBITED,
        Service.NOT_ASKED,
        Icmp(3, 13, "10.0.0.1"),
    ),
    Status.UNVERIFIABLE: (State.CLOSED, Reason.PORT_UNREACH, Service.NOT_ASKED, None),
    Status.NOT_NEEDED: (State.NOT_RUN, Reason.NOT_NEEDED, Service.NOT_ASKED, None),
    Status.ERROR: (State.NOT_RUN, Reason.DEPENDENCY, Service.NOT_ASKED, None),
}


@st.composite
def results(draw: st.DrawFn) -> list[Result]:
    """Results of the rows of one host, round by round, some of them judged again."""
    found, now = [], BEGAN
    for job in draw(st.lists(st.sampled_from(JOBS), max_size=30)):
        status = draw(st.sampled_from(list(SEEN)))
        state, reason, service, icmp = SEEN[status]
        before = [one for one in found if one.job is job]
        if before and draw(st.booleans()):
            found.append(Result(job, status, f"{status}.", before[-1].observation))
            continue
        now += timedelta(milliseconds=draw(st.integers(1, 5000)))
        last = draw(st.integers(0, 4000))
        seen = Observation(
            state,
            reason,
            service,
            icmp=icmp,
            started=now.isoformat(timespec="milliseconds"),
            attempts=1 + (last > 1000),
            evidence=(Evidence("10.0.0.2", "x"), Evidence("10.0.0.2", "x", at_ms=last)),
            last_ms=last,
            took_ms=float(last + draw(st.integers(0, 4000))),
        )
        found.append(Result(job, status, f"{status}.", seen))
    return found


@given(results())
def test_a_log_opened_again_has_the_changes_that_were_shown(found: list[Result]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.jsonl")
        log = SessionLog.create(path)
        log.write_header(new_header(PROFILE, VantageInfo("local", "here"), Settings(), {}, TARGETS))
        log.write_results(found)
        log.close()
        shown, reopened = RowHistory(), RowHistory()
        live = told(shown.add(found))
        assert told(reopened.add(event for _, event in timeline(path, PROFILE))) == live
        for job in JOBS:
            assert shown.of(job.key) == reopened.of(job.key)


def told(changes: list[Change]) -> list[tuple[object, ...]]:
    return [
        (one.result.job.key, one.result.status, one.before, one.since, one.not_before, one.at)
        for one in changes
    ]
