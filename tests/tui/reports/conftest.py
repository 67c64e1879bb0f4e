"""Small sessions of the real profile, written as logs and loaded as reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probes.model import (
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
    VantageInfo,
)
from probes.session import FindingRecord, Header, Remark, SessionLog, new_header
from probes.settings import Settings
from profiles.model import Profile
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.reports.model import Report, load_report

VANTAGE = VantageInfo("local", "jump1", "carol", "Linux 6.1", ("10.20.1.9",), ("10.20.2.53",))


@pytest.fixture(scope="session")
def profile() -> Profile:
    return load(Options("export"))


@pytest.fixture(scope="session")
def make_result(profile: Profile) -> Callable[..., Result]:
    def make(
        host: str = "pc1.corp.example",
        check: str = "windows.winrm",
        status: Status = Status.BLOCKED,
        *,
        state: State = State.FILTERED,
        reason: Reason = Reason.NO_RESPONSE,
        note: str = "No answer in 4 s, twice: dropped on the way or the host is down.",
        port: int | None = None,
        **seen: Any,
    ) -> Result:
        asked = profile.check(check)
        target = Target(asked.role, host, port)
        usual: dict[str, Any] = {
            "service": Service.NOT_ASKED,
            "address": "10.20.2.14",
            "source": "10.20.1.9",
            "started": "2026-01-31T12:00:00.000+01:00",
            "attempts": 2,
        }
        job = Job(f"{check}|{target.label}", asked, target, port or asked.port)
        return Result(job, status, note, Observation(state, reason, **(usual | seen)))

    return make


@pytest.fixture
def write_session(tmp_path: Path, profile: Profile) -> Callable[..., Path]:
    def write(
        *results: Result,
        name: str = "session.jsonl",
        complete: bool = True,
        answers: Mapping[str, str] | None = None,
        vantage: VantageInfo = VANTAGE,
        version: str = "",
        timeout: float = 4.0,
        remarks: tuple[str, ...] = (),
        id: str = "",
        header: Callable[[Header], Header] = lambda header: header,
    ) -> Path:
        targets = dict.fromkeys(result.job.target for result in results)
        only = dict.fromkeys(result.job.check.id for result in results)
        made = new_header(
            profile,
            vantage,
            Settings(timeout=timeout),
            {**profile.default_answers, **(answers or {})},
            tuple(targets),
            only=tuple(only),
        )
        made = replace(
            made,
            id=id or made.id,
            profile=replace(made.profile, version=version or profile.version),
        )
        path = tmp_path / name
        log = SessionLog.create(path)
        log.write_header(header(made))
        log.write_results(results)
        for remark in remarks:
            log.write_remark(remark)
        if complete:
            log.write_end(True, {})
        log.close()
        return path

    return write


@pytest.fixture
def make_report(write_session: Callable[..., Path], profile: Profile) -> Callable[..., Report]:
    def make(*results: Result, **how: Any) -> Report:
        path = write_session(*results, **how)
        report = load_report(path, profile)
        path.unlink()
        return report

    return make


@pytest.fixture
def forged(make_report: Callable[..., Report], make_result: Callable[..., Result]):
    """A report in which one text stands everywhere that the network or a forger can reach."""

    def make(text: str) -> Report:
        rows = [
            replace(
                make_result(status=status, note=text, facts={"fix": text, text: [text]}), why=text
            )
            for status in (Status.BLOCKED, Status.OK, Status.ERROR, Status.NOT_NEEDED)
        ]
        report = make_report(rows[0])
        session = report.session
        target = replace(rows[0].job.target, host=text)
        rows = [replace(row, job=replace(row.job, target=target)) for row in rows]
        vantage = replace(session.header.vantage, host=text, user=text, os=text)
        changed = replace(
            session,
            header=replace(session.header, vantage=vantage, remark=text, started=text),
            results=tuple(rows),
            remarks=(Remark(text, text),),
            findings=(FindingRecord(text, text, text, text, 1, (text, rows[0].job.key), text),),
        )
        return replace(report, session=changed, notices=(text,))

    return make
