"""Log that others delete, rename, cut or write to while it is written: said, and written anew."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from probes.judging.findings import Confidence, Finding, FindingKind
from probes.model import Removed, Restored, Result, Ruling, Target, Verdict
from probes.session import Header, LogError, Session, SessionLog, read_session, verify, writer
from tests.probes.session.test_write_errors import ALWAYS, failing

Make = Callable[..., Result]

DOWN = Finding(FindingKind.HOST, "dc4 is down", Confidence.LIKELY, "silence", ("windows.ldap|dc4",))
DC1, DC2, DC3 = (Target("windows.dc", f"dc{number}") for number in (1, 2, 3))


def replaced(path: Path) -> None:
    path.with_name("other").write_bytes(path.read_bytes())
    path.with_name("other").replace(path)


def overwritten(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"x" * size)
    # Some file systems note the time of a change to a few milliseconds only.
    os.utime(path, ns=(1, 1))


def copied_and_truncated(path: Path) -> None:
    """As `copytruncate` of logrotate does it."""
    shutil.copy(path, path.with_name("log.jsonl.1"))
    os.truncate(path, 0)


def appended_to(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"type":"remark"}\n')


def hidden_by_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def hidden_by_a_link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


LOSSES: dict[Callable[[Path], object], str] = {
    Path.unlink: "was deleted",
    lambda path: path.rename(path.with_name("renamed")): "was renamed",
    replaced: "was replaced by another file",
    hidden_by_a_directory: "was replaced by another file",
    hidden_by_a_link: "was replaced by another file",
    lambda path: os.truncate(path, 0): "was cut short",
    lambda path: os.truncate(path, path.stat().st_size - 1): "was cut short",
    copied_and_truncated: "was cut short",
    appended_to: "was written to by another program",
    overwritten: "was changed by another program",
}


@pytest.fixture
def begun(tmp_path: Path, header: Header, make_result: Make) -> SessionLog:
    """A log with some of everything."""
    log = SessionLog.create(tmp_path / "log.jsonl")
    log.write_header(header)
    log.write_earlier([make_result("dc0")])
    log.write_targets([DC3])
    log.write_results([make_result("dc1"), make_result("dc2"), make_result("dc3")])
    log.write_removal(Removed((DC2, DC3)))
    log.write_removal(Restored((DC3,)))
    log.write_verdicts([Verdict(DC1, "inventory", Ruling.BLOCKED, (), (), "Closed.")])
    log.write_verdicts([Verdict(DC1, "inventory", Ruling.READY, (), (), "Works.")])
    log.write_remark("opened 389")
    log.write_results([make_result("dc1", note="Again.")])
    return log


def finish(log: SessionLog, make_result: Make) -> None:
    log.write_results([make_result("dc4")])
    log.write_findings(
        [
            Finding(
                FindingKind.HOST, "dc4 is down", Confidence.LIKELY, "silence", ("windows.ldap|dc4",)
            )
        ]
    )
    log.write_end(True, {"ok": 4})
    log.close()


def told(session: Session) -> list[object]:
    """Everything a session says, but the remark on where it was written."""
    return [
        session.header,
        {row.job.key: row for row in session.results},
        session.earlier,
        session.verdicts,
        session.findings,
        session.removed,
        [remark.text for remark in session.remarks if "written anew" not in remark.text],
        session.complete,
        session.messages,
    ]


@pytest.mark.parametrize(("lose", "said"), LOSSES.items(), ids=lambda value: str(value))
@pytest.mark.parametrize("checked", [True, False], ids=["at once", "at the end"])
def test_a_log_that_was_lost_is_written_anew_beside_it_and_that_is_said(
    tmp_path: Path,
    begun: SessionLog,
    make_result: Make,
    monkeypatch: pytest.MonkeyPatch,
    lose: Callable[[Path], object],
    said: str,
    checked: bool,
) -> None:
    monkeypatch.setattr(writer, "_CHECK_INTERVAL", 0 if checked else 1e6)
    begun._next_check = 0 if checked else 1e12
    path, anew = tmp_path / "log.jsonl", tmp_path / "log-2.jsonl"
    lose(path)
    finish(begun, make_result)
    (notice,) = begun.take_notices()
    assert notice == (
        f"The session log {path} {said} while it was written. It was written anew to {anew}, "
        "with the last result of every row."
    )
    assert begun.path == begun.name == str(anew)
    assert not begun.loss
    assert anew.stat().st_mode & 0o777 == 0o600
    assert verify(anew).intact


def test_the_log_written_anew_tells_the_same_session(
    tmp_path: Path, begun: SessionLog, make_result: Make, header: Header
) -> None:
    shutil.copy(tmp_path / "log.jsonl", tmp_path / "copy.jsonl")
    (tmp_path / "log.jsonl").unlink()
    finish(begun, make_result)
    whole = SessionLog.append(tmp_path / "copy.jsonl")
    finish(whole, make_result)
    anew = read_session(tmp_path / "log-2.jsonl")
    assert told(anew) == told(read_session(tmp_path / "copy.jsonl"))
    assert anew.complete
    assert anew.remarks[0].text == (
        f"The session log {tmp_path / 'log.jsonl'} was deleted while it was written. This one was "
        "written anew and holds the last result of every row."
    )


def test_every_line_of_a_log_written_anew_fits_the_schema(
    tmp_path: Path, begun: SessionLog, make_result: Make, validate: Callable[[object], None]
) -> None:
    (tmp_path / "log.jsonl").unlink()
    finish(begun, make_result)
    for line in (tmp_path / "log-2.jsonl").read_text(encoding="ascii").splitlines():
        validate(json.loads(line))


def test_a_log_deleted_after_its_end_is_written_anew_when_it_is_closed(
    tmp_path: Path, begun: SessionLog
) -> None:
    begun.write_end(True, {"ok": 3})
    (tmp_path / "log.jsonl").unlink()
    begun.close()
    assert verify(tmp_path / "log-2.jsonl").intact
    assert read_session(tmp_path / "log-2.jsonl").complete


def test_a_log_that_is_lost_again_and_again_gets_a_name_of_its_own_each_time(
    tmp_path: Path, begun: SessionLog, make_result: Make
) -> None:
    mine = tmp_path / "log-3.jsonl"
    mine.write_text("mine")
    for name in ("log.jsonl", "log-2.jsonl"):
        (tmp_path / name).rename(tmp_path / f"moved-{name}")
        begun.write_end(True, {})
    finish(begun, make_result)
    assert mine.read_text() == "mine"
    assert begun.path == str(tmp_path / "log-2.jsonl")
    assert verify(begun.path).intact


def test_a_log_whose_directory_is_gone_is_written_to_the_default_place(
    tmp_path: Path, header: Header, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "gone").mkdir()
    log = SessionLog.create(tmp_path / "gone" / "log.jsonl")
    log.write_header(header)
    shutil.rmtree(tmp_path / "gone")
    finish(log, make_result)
    assert log.path == str(tmp_path / "state" / "auditreach" / "sessions" / "log.jsonl")
    assert verify(log.path).intact


def test_what_cannot_be_written_anew_is_said_and_tried_again(
    tmp_path: Path, begun: SessionLog, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    path.unlink()
    begun._next_check = 0
    with failing(monkeypatch, 1, ALWAYS):
        for number in (4, 5):
            with pytest.raises(LogError):
                begun.write_results([make_result(f"dc{number}")])
        with pytest.raises(LogError, match="was deleted, and it cannot be written anew: no space"):
            begun.write_end(True, {"ok": 5})
        assert begun.loss
        assert list(tmp_path.iterdir()) == []
    begun.close()
    assert not begun.loss
    session = read_session(tmp_path / "log-2.jsonl")
    assert [row.job.target.host for row in session.results] == ["dc1", "dc3", "dc4", "dc5"]
    assert session.complete
    assert verify(tmp_path / "log-2.jsonl").intact


def test_the_attempts_to_write_a_lost_log_anew_become_rarer(
    tmp_path: Path, begun: SessionLog, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log.jsonl").unlink()
    begun._next_check = 0
    with failing(monkeypatch, 1, ALWAYS) as calls:
        for _ in range(50):
            with pytest.raises(LogError):
                begun.write_results([make_result("dc4")])
        assert calls.calls == 1
        with suppress(LogError):
            begun.close()
    assert begun.loss


def test_a_row_measured_again_after_its_log_was_written_anew_is_a_short_line(
    tmp_path: Path, begun: SessionLog, make_result: Make
) -> None:
    (tmp_path / "log.jsonl").unlink()
    begun.write_end(True, {})
    again = make_result("dc2")
    later = replace(again.observation, started="2026-01-31T12:00:09.123+01:00")
    begun.write_results([replace(again, observation=later)])
    begun.write_end(True, {})
    begun.close()
    lines = (tmp_path / "log-2.jsonl").read_text().splitlines()
    assert json.loads(lines[-2])["type"] == "unchanged"
    assert verify(tmp_path / "log-2.jsonl").intact


@pytest.mark.parametrize("touch", [Path.touch, lambda path: path.chmod(0o640), Path.read_bytes])
def test_what_changes_no_byte_loses_no_log(
    tmp_path: Path, begun: SessionLog, make_result: Make, touch: Callable[[Path], object]
) -> None:
    touch(tmp_path / "log.jsonl")
    os.link(tmp_path / "log.jsonl", tmp_path / "backup")
    finish(begun, make_result)
    assert begun.take_notices() == []
    assert begun.path == str(tmp_path / "log.jsonl")
    assert verify(tmp_path / "log.jsonl").intact


def test_a_relative_name_stays_the_log_where_the_directory_changes(
    tmp_path: Path, header: Header, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = SessionLog.create("log.jsonl")
    log.write_header(header)
    monkeypatch.chdir("/")
    finish(log, make_result)
    assert log.take_notices() == []
    assert verify(tmp_path / "log.jsonl").intact
