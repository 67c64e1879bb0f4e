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
from tui.reports.model import Report
from tui.text.status import RULING, STATUS

Make = Callable[..., Result]
Reports = Callable[..., Report]

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "span"),
    *("dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "section", "ul", "li", "pre"),
}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class"}
VOID = {"meta"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and insists that every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
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
