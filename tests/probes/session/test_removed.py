"""Hosts that were removed from a session, in its log and read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from probes.model import Removed, Restored, Result, Target
from probes.session import Header, Session, SessionLog, read_session

Make = Callable[..., Result]


@pytest.fixture
def written(tmp_path: Path, header: Header, make_result: Make):
    """Session after a row, and then a record for each of these words."""
    target = make_result().job.target

    def write(*words: str) -> Session:
        path = tmp_path / "one.jsonl"
        log = SessionLog.create(path)
        log.write_header(header)
        log.write_results([make_result()])
        log.write_end(True, {})
        for word in words:
            if word == "removed":
                log.write_removal(Removed((target,)))
            elif word == "restored":
                log.write_removal(Restored((target,)))
            elif word == "row":
                log.write_results([make_result()])
            elif word == "named":
                log.write_targets([target])
            else:
                log.write_end(True, {})
        log.close()
        session = read_session(path)
        assert session.messages == ()
        path.unlink()
        return session

    return write


def test_a_removed_host_is_named_and_its_rows_are_not_among_the_results(written, header) -> None:
    session = written("removed", "end")
    assert session.results == ()
    assert len(session.removed) == 1
    assert session.removed[0] not in session.header.targets
    assert session.complete


def test_a_row_that_was_written_after_the_removal_does_not_come_back(written) -> None:
    assert written("removed", "row", "end").results == ()


@pytest.mark.parametrize("back", ["restored", "named"])
def test_restored_or_named_again_it_has_its_rows(written, back) -> None:
    session = written("removed", "end", back, "end")
    assert len(session.results) == 1
    assert session.removed == ()
    assert isinstance(session.header.targets[-1], Target)


def test_many_hosts_are_written_in_lines_that_a_reader_accepts(tmp_path, header) -> None:
    path = tmp_path / "one.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    gone = tuple(Target("unix.target", f"host{number}") for number in range(5000))
    log.write_removal(Removed(gone))
    log.close()
    assert set(read_session(path).removed) == set(gone)
    assert len(path.read_text().splitlines()) == 4
