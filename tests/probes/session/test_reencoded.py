"""A log that another program saved in another form: read as it was, and never called intact."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.session import SessionError, read_session, summarize, verify
from probes.session.log_encoding import open_log
from probes.session.replay import timeline
from probes.session.writer import annotate
from profiles.loader import load_profile

SITE = Path(__file__).parents[2] / "sessions" / "site.jsonl"
TEXT = SITE.read_text(encoding="utf-8")
FORMS = {
    "UTF-16": b"\xff\xfe" + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
    "UTF-16 ": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-32": b"\xff\xfe\0\0" + TEXT.encode("utf-32-le"),
    "UTF-8 behind a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "UTF-8 behind a byte order mark with lines ended by CR LF": (
        b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    ),
    "UTF-8 with lines ended by CR LF": TEXT.replace("\n", "\r\n").encode(),
    "UTF-8 with lines ended by CR": TEXT.replace("\n", "\r").encode(),
}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def log(form: str, tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(FORMS[form])
    return path


def test_it_is_not_intact_and_says_why(form: str, log: Path) -> None:
    found = verify(log)
    assert (found.intact, found.altered, found.complete) == (False, True, True)
    assert found.text == (
        f"Altered: the file is {form.strip()}, but a log is written and hashed as UTF-8 with "
        f"lines ended by LF. Converted back: all {TEXT.count(chr(10))} lines are as they were "
        "written."
    )


def test_it_is_marked_wherever_it_is_shown(log: Path) -> None:
    assert read_session(log).altered == verify(log).text
    assert summarize(log).altered


def test_it_holds_what_it_held(log: Path) -> None:
    profile = load_profile(None, {})
    before, after = read_session(SITE, profile), read_session(log, profile)
    assert (after.header, after.results, after.verdicts) == (
        before.header,
        before.results,
        before.verdicts,
    )
    assert (after.findings, after.messages, after.ended) == (before.findings, (), before.ended)
    assert [*timeline(log, profile)] == [*timeline(SITE, profile)]


def test_nothing_is_added_to_it(log: Path) -> None:
    before = log.read_bytes()
    with pytest.raises(SessionError, match=r"but a log is written and hashed as .*; nothing was"):
        annotate(log, "a remark")
    assert log.read_bytes() == before


def test_what_was_edited_before_is_told_beside_the_form(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    edited = TEXT.replace('"status":"blocked"', '"status":"ok"', 1)
    assert edited != TEXT
    path.write_bytes(b"\xff\xfe" + edited.encode("utf-16-le"))
    assert "Altered: the file is UTF-16, but" in verify(path).text
    assert "Converted back: altered: one of the lines 1 to " in verify(path).text


@pytest.mark.parametrize("cut", [1, 2, 3, 101])
def test_one_that_was_cut_off_is_read_up_to_there(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(FORMS["UTF-16"][:-cut])
    assert "Converted back: " in verify(path).text
    assert verify(path).altered
    assert len(read_session(path).results) == len(read_session(SITE).results)


def test_a_carriage_return_within_a_line_is_damage_and_no_form(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(TEXT.encode().replace(b",", b",\r", 1))
    assert verify(path).text.startswith("Altered: one of the lines 1 to ")


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60), size=st.integers(1, 9))
def test_any_text_is_converted_whatever_is_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, text: str, size: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(b"\xfe\xff" + text.encode("utf-16-be"))
    plain = io.IncrementalNewlineDecoder(None, translate=True).decode(text, final=True).encode()
    with open_log(path) as log:
        for _ in range(2):
            pieces = []
            while piece := log.file.readline(size):
                pieces.append(piece)
            assert b"".join(pieces) == plain
            log.file.seek(0)
