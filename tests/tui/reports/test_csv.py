"""CSV: read back by Python's reader, without a formula in any cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Icmp, Reason, Result, State
from tui.reports import csv as report_csv
from tui.reports.model import Report

Make = Callable[..., Result]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_a_row_has_what_was_seen_and_who_said_no(
    make_report: Callable[..., Report], make_result: Make
) -> None:
    row = make_result(
        state=State.FILTERED,
        reason=Reason.ADMIN_PROHIBITED,
        icmp=Icmp(3, 13, "10.20.1.1"),
        latency_ms=2.5,
        latency_source="monotonic",
        note='10.20.1.1 rejected it, "prohibited".',
    )
    (found,) = read("".join(report_csv.render(make_report(row))))
    assert found["status"] == "blocked"
    assert found["host"] == "pc1.corp.example"
    assert (found["transport"], found["port"], found["address"]) == ("tcp", "5985", "10.20.2.14")
    assert (found["state"], found["reason"]) == ("filtered", "admin-prohibited")
    assert (found["said no"], found["icmp type"], found["icmp code"]) == ("10.20.1.1", "3", "13")
    assert found["note"] == '10.20.1.1 rejected it, "prohibited".'
    assert found["to change"] == "Allow TCP 5985 from 10.20.1.9 to 10.20.2.14 on 10.20.1.1."
    assert (found["latency ms"], found["latency at most"]) == ("2.500", "")


def test_a_bound_is_a_number_too_and_said_in_a_column_of_its_own(
    make_report: Callable[..., Report], make_result: Make
) -> None:
    row = make_result(latency_ms=18.25, latency_source="monotonic", latency_at_most=True)
    (found,) = read("".join(report_csv.render(make_report(row))))
    assert (found["latency ms"], found["latency at most"]) == ("18.250", "yes")


def test_columns_keep_their_places_and_their_numbers_have_no_gap(
    make_report: Callable[..., Report], make_result: Make
) -> None:
    headings = "".join(report_csv.render(make_report(make_result()))).splitlines()[0]
    assert headings.startswith(
        "status,host,role,check,title,transport,port,address,source,interface,state,reason,service,"
        "note,to change,latency ms,latency source,started,attempts,said no,icmp type,icmp code"
    )
    assert list(range(1, len(report_csv.HEADINGS) + 1)) == report_csv.NUMBERS


@settings(max_examples=150)
@given(text=st.text(max_size=40) | st.sampled_from(FORMULA).map(lambda sign: f"{sign}cmd|' /c'!A0"))
def test_no_cell_is_a_formula_and_none_breaks_out(
    forged: Callable[[str], Report], text: str
) -> None:
    rows = read("".join(report_csv.render(forged(text))))
    assert len(rows) == 4
    for row in rows:
        assert None not in row
        assert None not in row.values()
        for cell in row.values():
            assert not cell.startswith(FORMULA)
            assert all(char.isprintable() for char in cell)


def test_a_formula_is_still_legible() -> None:
    assert report_csv.escape_formula("=1+1") == "'=1+1"
    assert report_csv.escape_formula("＝1") == "'＝1"
    assert report_csv.escape_formula("1-2") == "1-2"
    assert report_csv.escape_formula("") == ""
