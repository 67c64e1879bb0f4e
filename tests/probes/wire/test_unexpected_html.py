from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.unexpected import MAX_PAGE, MAX_TITLE, is_html, title


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<html><head><title>AlloyScan</title>", "AlloyScan"),
        (b'<TITLE lang="en">\n  Sign in\n</TITLE>', "Sign in"),
        (b"<title>A &amp; B &eacute;</title>", "A & B \u00e9"),
        (b"<title>broken off", "broken off"),
        (b"<title></title><title>second</title>", "second"),
        (b"<titles>no</titles>", ""),
        (b"<svg><desc>no title</desc></svg>", ""),
        (b"", ""),
        (b" " * MAX_PAGE + b"<title>too late</title>", ""),
    ],
)
def test_the_first_title_is_read(page: bytes, expected: str) -> None:
    assert title(page) == expected


def test_the_characters_are_those_the_server_says() -> None:
    page = "<title>Zugriff für alle</title>"
    assert title(page.encode()) == "Zugriff für alle"
    assert title(page.encode("latin-1"), "text/html; charset=ISO-8859-1") == "Zugriff für alle"


@pytest.mark.parametrize(
    ("kind", "expected"), [("", True), ("text/HTML; x", True), ("application/json", False)]
)
def test_what_may_be_a_page(kind: str, expected: bool) -> None:
    assert is_html(kind) is expected


@given(st.binary(max_size=400), st.text(max_size=40))
def test_any_bytes_give_one_harmless_short_line(page: bytes, kind: str) -> None:
    for made in (page, b"<title>" + page + b"&#27;[2J</title>"):
        said = title(made, kind)
        assert len(said) <= MAX_TITLE
        assert said.isprintable()
