"""Short reasons in a log: written, read, of logs that have none, and of hostile ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from probes.model import REASON_CELLS, Reason, Result, Service, State, Status
from probes.registry import PROBES
from probes.session import read_session
from probes.session.records import RowParser, result_record
from profiles.loader import load_profile
from profiles.model import Profile
from tests.docs.pages import ROOT

Make = Callable[..., Result]
Write = Callable[..., Path]
CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


def without_reasons(path: Path) -> None:
    """Make a log one of an older version."""
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    for record in records:
        record.pop("why", None)
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="ascii")


def test_a_reason_is_read_as_it_was_written(
    write_log: Write, make_result: Make, profile: Profile, validate: Callable[[object], None]
) -> None:
    written = replace(make_result(), why="TLS intercepted by “Site”")
    path = write_log(written)
    validate(json.loads(path.read_bytes().splitlines()[1]))
    assert read_session(path, profile).results == (written,)


def test_a_log_without_reasons_gets_them_beside_the_other_rows_of_a_host(
    write_log: Write, make_result: Make, profile: Profile
) -> None:
    silent = make_result(check="unix.ssh", status=Status.BLOCKED)
    seen = replace(
        silent.observation,
        state=State.FILTERED,
        reason=Reason.NO_RESPONSE,
        service=Service.NOT_ASKED,
    )
    path = write_log(replace(silent, observation=seen), make_result())
    without_reasons(path)
    whys = {one.job.check.id: one.why for one in read_session(path, profile).results}
    assert whys == {"unix.ssh": "dropped: 389 answers", "windows.ldap": "accepts connections"}


@given(st.text(max_size=300))
def test_a_forged_reason_is_one_harmless_line_that_fits(text: str) -> None:
    record = json.loads(next(iter(example_lines())))
    read = RowParser(CATALOG, ()).parse({**record, "why": text})
    assert 0 < cell_len(read.why) <= REASON_CELLS
    assert read.why.isprintable()


@pytest.mark.parametrize("empty", ["", "  ", "  \n"])
def test_an_empty_reason_is_worked_out_as_one_that_is_absent(empty: str) -> None:
    record = json.loads(next(iter(example_lines())))
    absent = {key: value for key, value in record.items() if key != "why"}
    read = RowParser(CATALOG, ()).parse({**record, "why": empty})
    assert read.why == RowParser(CATALOG, ()).parse(absent).why != ""


@pytest.mark.parametrize("value", [None, 3, ["x"], {"a": 1}])
def test_a_reason_that_is_no_text_makes_a_bad_line(
    write_log: Write, make_result: Make, profile: Profile, value: object
) -> None:
    path = write_log(make_result())
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    records[1]["why"] = value
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="ascii")
    session = read_session(path, profile)
    assert session.results == ()
    assert "its why is not text" in session.messages[0]


def example_lines() -> list[str]:
    """Lines of the results of the example session."""
    lines = (ROOT / "docs" / "example.jsonl").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith('{"type":"result"')]


def test_every_row_of_the_example_has_a_reason_that_fits_also_if_it_is_worked_out_anew(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.jsonl"
    path.write_bytes((ROOT / "docs" / "example.jsonl").read_bytes())
    without_reasons(path)
    for one in (ROOT / "docs" / "example.jsonl", path):
        results = read_session(one, CATALOG).results
        assert len(results) > 50
        assert [row.job.key for row in results if not 0 < cell_len(row.why) <= REASON_CELLS] == []
        assert [row.job.key for row in results if row.why.endswith("…")] == []


def test_a_record_has_its_reason_after_its_note(make_result: Make) -> None:
    names = [*result_record(make_result())]
    assert names.index("why") == names.index("note") + 1
