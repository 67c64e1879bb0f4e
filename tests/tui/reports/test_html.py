"""HTML: one file, no scripts, nothing from elsewhere, and text that stays text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Evidence, Icmp, Reason, Result, Ruling, Status
from probes.session import VerdictRecord
from tui.reports import html
from tui.reports.grid import MOST_LINES
from tui.reports.model import Report
from tui.text.status import RULING, STATUS

Make = Callable[..., Result]
Reports = Callable[..., Report]

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "span"),
    *("div", "svg", "text", "a"),
    *("dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "section", "ul", "li", "pre"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id"),
    *("width", "height", "viewbox", "x", "y", "transform", "href"),
}
VOID = {"meta"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and insists that every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(report: Report) -> Reader:
    reader = Reader()
    reader.feed("".join(html.render(report)))
    reader.close()
    assert reader.open == []
    return reader


def test_a_failure_tells_its_whole_story(make_report: Reports, make_result: Make) -> None:
    row = make_result(
        reason=Reason.ADMIN_PROHIBITED,
        icmp=Icmp(3, 13, "10.20.1.1"),
        evidence=(Evidence("10.20.2.14", "TCP connect", "", "filtered", "admin-prohibited"),),
    )
    report = make_report(row, make_result("pc2", status=Status.OK, note="Answered."))
    text = "\n".join(read(report).text)
    assert "To change (1)" in text
    assert "10.20.1.1, ICMP type 3 code 13" in text
    assert "10.20.1.9 to 10.20.2.14" in text
    assert "sent TCP connect" in text
    assert "Allow TCP 5985 from 10.20.1.9 to 10.20.2.14 on 10.20.1.1." in text
    assert "destination 10.20.2.14 (pc1.corp.example), protocol TCP, destination port 5985" in text
    assert "nmap -n -Pn -sT -p 5985 --reason" in text
    assert "Test-NetConnection 10.20.2.14 -Port 5985" in text
    assert "carol@jump1 (10.20.1.9)" in text
    assert "Answered." in text


def test_a_verdict_of_another_version_is_shown_as_it_is(
    make_report: Reports, make_result: Make
) -> None:
    report = make_report(make_result())
    told = VerdictRecord("pc1", "windows.target", "x", 'fine" onclick="y', (), (), "It is fine.")
    session = replace(report.session, verdicts=(*report.session.verdicts, told))
    reader = read(replace(report, session=session))
    assert reader.attributes <= ATTRIBUTES
    assert 'fine" onclick="y' in reader.text


def test_every_status_and_ruling_has_the_colour_of_its_row(
    make_report: Reports, make_result: Make
) -> None:
    style = "".join(html.render(make_report(make_result()))).partition("</style>")[0]
    colours = {status: STATUS[status].css_colour for status in Status}
    colours |= {ruling: STATUS[RULING[ruling].status].css_colour for ruling in Ruling}
    for word, colour in colours.items():
        name = re.escape(word.replace(" ", "-"))
        assert re.search(rf"\.{name}(, [^{{]+)? {{ color: {colour};", style), word
    assert "/*" not in style


def test_it_loads_nothing_and_runs_nothing(make_report: Reports, make_result: Make) -> None:
    report = make_report(make_result(), remarks=("before the change",))
    reader = read(report)
    assert set(reader.tags) <= TAGS
    assert reader.attributes <= ATTRIBUTES
    whole = "".join(html.render(report))
    assert "default-src &#x27;none&#x27;" in whole
    style = whole.partition("<style>")[2].partition("</style>")[0]
    assert "@media print" in style
    assert "url(" not in style
    assert "@import" not in style


def test_every_cell_of_the_grid_has_its_reason_and_leads_to_the_part_about_its_row(
    make_report: Reports, make_result: Make
) -> None:
    rows = (
        replace(make_result("pc1"), why="rejected by 10.20.1.1"),
        replace(make_result("pc1", "enable.smb", Status.OK), why="SMB 3.1.1"),
        replace(make_result("pc2"), why="no answer"),
        replace(make_result("web1", "unix.ssh", Status.ERROR), why="no such name in DNS"),
    )
    report = make_report(*rows)
    reader = read(replace(report, session=replace(report.session, results=rows)))
    assert "pc1 WinRM TCP 5985: blocked: rejected by 10.20.1.1" in reader.text
    assert "pc1 SMB TCP 445: ok: SMB 3.1.1" in reader.text
    assert "web1 SSH TCP 22: error: no such name in DNS" in reader.text
    assert sorted(reader.links) == sorted(f"#{one}" for one in reader.ids)
    # One that works has no part of its own.
    assert len(reader.links) == 3


def test_a_grid_shows_the_worst_of_too_many_hosts_and_tells_of_the_others(
    make_report: Reports, make_result: Make
) -> None:
    many = MOST_LINES + 5
    rows = [make_result(f"h{number}", "unix.ssh", Status.OK) for number in range(many)]
    rows[-1] = make_result("worst", "unix.ssh")
    whole = "".join(html.render(make_report(*rows)))
    assert whole.count('class="host"') == MOST_LINES
    assert "<text" in whole and ">worst</text>" in whole
    assert "5 more hosts have no line here" in whole


@settings(max_examples=150)
@given(
    text=st.text(max_size=40)
    | st.sampled_from(
        ["<script>alert(1)</script>", '"><img src=x onerror=a>', "</style>", "<!--", "&lt;b&gt;"]
    )
)
def test_no_text_becomes_markup(forged: Callable[[str], Report], text: str) -> None:
    reader = read(forged(text))
    assert set(reader.tags) <= TAGS
    assert reader.attributes <= ATTRIBUTES
    assert reader.tags.count("section") == 2
    assert all(char.isprintable() or char == "\n" for piece in reader.text for char in piece)


def test_markup_is_shown_as_it_was_written(forged: Callable[[str], Report]) -> None:
    assert "<b>&amp;</b>" in read(forged("<b>&amp;</b>")).text
