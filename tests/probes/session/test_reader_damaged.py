"""Old, torn, foreign and hostile files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Result
from probes.session import Header, Session, SessionError, VerdictRecord, read_session, reader
from probes.session.header import header_record
from probes.session.json_line import MAX_LINE, encode_record
from probes.session.records import result_record, verdict_record

Make = Callable[..., Result]
Write = Callable[..., Path]


def add(path: Path, *lines: bytes) -> Session:
    """Put lines before the last one, which is `end`, and read the session."""
    kept = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*kept[:-1], *(line + b"\n" for line in lines), kept[-1]]))
    return read_session(path)


@pytest.mark.parametrize("cut", range(1, 400, 13))
def test_a_torn_last_line_is_dropped_with_a_message(
    write_log: Write, make_result: Make, cut: int
) -> None:
    path = write_log(make_result("a"), make_result("b"), end=False)
    os.truncate(path, path.stat().st_size - cut)
    session = read_session(path)
    if cut == 1:
        assert len(session.results) == 2
        assert session.messages == ()
    else:
        assert [row.job.target.host for row in session.results] == ["a"]
        assert session.messages == ("The last line, 3, was cut off and is left out.",)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "it is not JSON"),
        (b"[1]", "it is not one JSON object"),
        (b'{"type":"remark"}{"type":"remark"}', "it is not one JSON object"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "it is nested too deeply"),
        (b'{"a":NaN}', "NaN is not a JSON number"),
        (b'{"a":' + b"1" * 5000 + b"}", "it holds a number that is too long"),
        (b'{"type":"result"}', "it has no state"),
        (b'{"type":"remark","at":1}', "its at is not a string"),
        (b'"' + b"x" * (MAX_LINE + 5) + b'"', f"it is longer than {MAX_LINE} bytes"),
        (b"x" * (MAX_LINE * 3), f"it is longer than {MAX_LINE} bytes"),
    ],
)
def test_a_broken_line_is_skipped_by_its_number(
    write_log: Write, make_result: Make, line: bytes, why: str
) -> None:
    session = add(write_log(make_result("a")), line)
    assert session.messages == (f"Line 3 was skipped: {why}.",)
    assert len(session.results) == 1
    assert session.complete


def test_a_result_with_a_port_that_is_no_number_is_skipped(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("a"))
    record = json.loads(path.read_bytes().splitlines()[1])
    session = add(path, json.dumps(record | {"key": "k", "port": "x"}).encode())
    assert len(session.results) == 1
    assert session.messages == (
        "Line 3 was skipped: its port is not a number from 1 to 65535 or null.",
    )


def test_unknown_keys_and_records_are_ignored(write_log: Write, make_result: Make) -> None:
    path = write_log(make_result("a"))
    record = json.loads(path.read_bytes().splitlines()[1])
    session = add(
        path,
        b'{"type":"weather","sun":true}',
        b'{"no":"type"}',
        b'{"type":["result"]}',
        b"",
        json.dumps(record | {"key": "k", "colour": "red"}).encode(),
    )
    assert len(session.results) == 2
    assert session.messages == ()


def test_a_thousand_broken_lines_are_twenty_messages_and_a_count(write_log: Write) -> None:
    session = add(write_log(), *[b"?"] * 1000)
    assert len(session.messages) == 21
    assert session.messages[-1] == "980 more lines were skipped."


def test_more_rows_than_a_session_may_have_are_left_out(
    write_log: Write, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_ROWS", 2)
    session = read_session(write_log(*(make_result(host) for host in "abca")))
    assert [row.job.target.host for row in session.results] == ["a", "b"]
    assert session.messages == ("Line 4 was skipped: more than 2 rows.",)


def first_line(header: Header, **change: object) -> bytes:
    return encode_record({**header_record(header), **change}).encode() + b"\n"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is not a session log"),
        (b"hello\n", "is not a session log"),
        (b"\x7fELF\x00", "is not a session log"),
        (b'{"type":"result"}\n', "is not a session log"),
        (b'{"type":"session"}\n', "is not a session log"),
        (b'{"type":"session","schema":"auditreach', "is damaged"),
        (b'{"type":"session","schema":"auditreach.session/2"}', "has the format .*session/2"),
        (b'{"type":"session","schema":"auditreach.session/1","targets":[1]}', "its targets"),
        (b'{"type":"session","schema":"auditreach.session/1","tool":[]}', "its tool"),
        (
            b'{"type":"session","schema":"auditreach.session/1","settings":{"timeout":"x"}}',
            "its timeout",
        ),
    ],
)
def test_what_is_no_session_is_one_sentence(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "x\x1b[2J.jsonl"
    path.write_bytes(data)
    with pytest.raises(SessionError, match=why) as caught:
        read_session(path)
    assert str(caught.value).isprintable()


def test_a_newer_schema_is_named_without_its_control_characters(
    tmp_path: Path, header: Header
) -> None:
    path = tmp_path / "new.jsonl"
    path.write_bytes(first_line(header, schema="auditreach.session/9\x1b[2J"))
    with pytest.raises(SessionError, match=r"session/9<U\+001B>\[2J; this version reads"):
        read_session(path)


def test_places_without_a_file_are_one_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, why in (
        (".", "this is a directory"),
        ("absent", "no such file"),
        ("fifo", "this is a pipe, not a regular file"),
        ("nul\0", "cannot be the name of a file"),
    ):
        with pytest.raises(SessionError, match=why):
            read_session(f"{tmp_path}/{name}")
    with pytest.raises(SessionError, match="this is a device, not a regular file"):
        read_session("/dev/zero")


@given(st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=6))
def test_no_bytes_after_the_header_break_the_reader(
    header: Header, tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.jsonl"
    path.write_bytes(first_line(header) + b"\n".join(lines))
    assert read_session(path).header == header


@given(st.binary(max_size=200))
def test_no_bytes_at_all_are_more_than_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.bin"
    path.write_bytes(data)
    with pytest.raises(SessionError):
        read_session(path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"host": ""}, "its host, role or verdict is empty"),
        ({"verdict": 1}, "its verdict is not a string"),
        ({"because": "k"}, "its because is not a list of strings"),
        ({"fix": [1]}, "its fix is not a list of strings"),
        ({"port": 70000}, "its port is not a number from 0 to 65535"),
    ],
)
def test_a_broken_verdict_is_skipped_by_its_number(
    write_log: Write, make_result: Make, change: dict[str, object], why: str
) -> None:
    good = VerdictRecord("dc1", "windows.dc", "domain", "ready", ("k",), (), "Yes.")
    line = json.dumps(verdict_record(good) | change).encode()
    session = add(write_log(make_result("a")), line)
    assert session.messages == (f"Line 3 was skipped: {why}.",)
    assert session.verdicts == ()


def test_a_row_of_an_old_log_has_no_interface_and_a_forged_one_none_that_is_no_text(
    write_log: Write, make_result
) -> None:
    record = result_record(make_result(interface="eth0"))
    assert record.pop("interface") == "eth0"
    old = encode_record(record | {"key": "windows.ldap|dc1"}).encode()
    path = write_log(make_result(interface="eth0"))
    assert read_session(path).results[0].observation.interface == "eth0"
    session = add(path, old, encode_record(record | {"interface": 7}).encode())
    assert session.results[0].observation.interface is None
    assert session.messages == ("Line 4 was skipped: its interface is not text or null.",)
