"""Markdown: tables that keep their columns, text that stays text."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Result, Status
from tui.reports import markdown
from tui.reports.model import Report

Make = Callable[..., Result]
Reports = Callable[..., Report]


def columns(line: str) -> int:
    return len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1


def test_failures_come_first_and_then_every_row(make_report: Reports, make_result: Make) -> None:
    text = "".join(
        markdown.render(
            make_report(
                make_result("a", status=Status.OK, note="Fine."),
                make_result("b", status=Status.DEGRADED, note="Less."),
                make_result("c", note="No."),
                remarks=("before the change",),
            )
        )
    )
    _, _, head = text.partition("## To change (2)")
    head, _, rows = head.partition("## All rows")
    assert head.index("| blocked | c |") < head.index("| degraded | b |")
    assert "| a |" not in head
    assert "### Windows target" in rows
    assert all(f"| {host} | WinRM TCP 5985 |" in rows for host in "abc")
    assert rows.rstrip().endswith(": before the change")


def test_the_rows_of_a_host_stand_together(make_report: Reports, make_result: Make) -> None:
    checks = ("windows.winrm", "enable.smb")
    report = make_report(*(make_result(host, check) for check in checks for host in "ab"))
    _, _, rows = "".join(markdown.render(report)).partition("### Windows target")
    assert re.findall(r"\| blocked \| (\w) \|", rows) == ["a", "a", "b", "b"]


def test_a_verdict_is_for_something_that_has_a_name(
    make_report: Reports, make_result: Make
) -> None:
    text = "".join(markdown.render(make_report(make_result("pc1", "unix.ssh"))))
    assert "| blocked | pc1 | Linux and macOS audit |" in text


def test_a_session_without_a_failure_says_so(make_report: Reports, make_result: Make) -> None:
    text = "".join(markdown.render(make_report(make_result(status=Status.OK))))
    assert "Nothing has to change." in text


@settings(max_examples=150)
@given(
    text=st.text(max_size=40)
    | st.sampled_from(
        ["a|b", "\\|", "|\n|x|", "# x", "![x](http://x)", "<img src=x>", "```", "---"]
    )
)
def test_no_text_breaks_a_table_or_becomes_markup(
    forged: Callable[[str], Report], text: str
) -> None:
    made = "".join(markdown.render(forged(text)))
    width = 0
    for line in made.splitlines():
        if line.startswith("|"):
            width = width or columns(line)
            assert columns(line) == width
        else:
            width = 0
            assert not line or line.startswith(("#", ">", "- ", "Nothing"))
        assert not re.search(r"(?<!\\)(?:\\\\)*[<`\[\]*]", line)
        assert not re.search(r"(?<!\\)://", line)


def test_words_are_left_legible() -> None:
    assert markdown.text("pc-014.corp.example (TCP 5985)") == "pc-014.corp.example (TCP 5985)"
    assert markdown.line_start("- x") == "\\- x"
    assert markdown.line_start("# x") == "\\# x"
    assert markdown.line_start("1. x") == "1&#8203;. x"


def test_what_a_loss_costs_stands_once_for_each_check(
    make_report: Reports, make_result: Make
) -> None:
    rows = [make_result(host) for host in ("pc1", "pc2")]
    works = make_result("pc3", "unix.ssh", Status.OK)
    whole = "".join(markdown.render(make_report(*rows, works)))
    assert whole.count(rows[0].job.check.consequence) == 1
    assert f"| WinRM TCP 5985 | 2 | {rows[0].job.check.consequence} |" in whole
    assert works.job.check.consequence not in whole
    assert "What is lost" not in "".join(markdown.render(make_report(works)))
