"""Hash and seal of the end record: every change is found, and its lines are named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Result
from probes.session import Header, LogError, SessionError, SessionLog, verify, writer

Make = Callable[..., Result]
Write = Callable[..., Path]


def last_record(path: Path) -> dict[str, object]:
    record: dict[str, object] = json.loads(path.read_bytes().splitlines()[-1])
    return record


def test_the_end_carries_the_hash_of_every_byte_before_it(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("a"), make_result("b"))
    before = b"".join(path.read_bytes().splitlines(keepends=True)[:-1])
    assert last_record(path)["sha256"] == hashlib.sha256(before).hexdigest()


def test_the_end_is_sealed_by_the_hash_of_every_byte_up_to_its_own(
    write_log: Write, make_result: Make
) -> None:
    content = write_log(make_result("a")).read_bytes()
    sealed, mark, seal = content.rpartition(b'"seal":"')
    assert seal == hashlib.sha256(sealed + mark).hexdigest().encode() + b'"}\n'


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b'"complete":true', b'"complete":1234'),
        (b'"counts":{"ok":1}', b'"counts":{"ok":2}'),
        (b'"}\n', b'","more":1}\n'),
        (b'"seal":"', b'"seal": "'),
        (b'{"type":"end"', b'{"seal":"","type":"end"'),
    ],
)
def test_an_end_that_says_something_else_is_found(
    write_log: Write, make_result: Make, was: bytes, now: bytes
) -> None:
    path = write_log(make_result("a"))
    *before, end = path.read_bytes().splitlines(keepends=True)
    assert end.count(was) == 1
    path.write_bytes(b"".join([*before, end.replace(was, now)]))
    assert verify(path).text == "Altered: line 3, the end record, is not as it was written."


def test_a_session_does_not_end_before_it_began_where_the_clock_was_set_back(
    tmp_path: Path, header: Header
) -> None:
    before_the_change = datetime.now().astimezone() + timedelta(hours=1)
    log = SessionLog.create(tmp_path / "session.jsonl")
    log.write_header(replace(header, started=before_the_change.isoformat()))
    log.write_end(True, {})
    log.close()
    end = json.loads((tmp_path / "session.jsonl").read_bytes().splitlines()[-1])
    assert datetime.fromisoformat(end["ended"]) >= before_the_change.replace(microsecond=0)


def test_a_log_whose_end_has_no_seal_is_not_called_intact(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("a"))
    old = path.read_bytes().rpartition(b',"seal":"')[0] + b"}\n"
    path.write_bytes(old)
    found = verify(path)
    assert (found.intact, found.complete) == (False, True)
    assert found.text == (
        "Not verifiable: the 2 lines before the end are as they were written; line 3, the end "
        "itself, has no seal: an old version wrote it, or it was taken off."
    )
    log = SessionLog.append(path)
    log.write_end(True, {"ok": 1})
    log.close()
    assert verify(path).text == "Intact: all 4 lines are as they were written."


def test_a_log_as_it_was_written_is_intact(write_log: Write, make_result: Make) -> None:
    found = verify(write_log(make_result("a"), make_result("b")))
    assert (found.intact, found.complete) == (True, True)
    assert found.text == "Intact: all 4 lines are as they were written."


@settings(max_examples=60)
@given(data=st.data())
def test_any_other_byte_is_found(
    write_log: Write, make_result: Make, data: st.DataObject, tmp_path: Path
) -> None:
    original = tmp_path / "session.jsonl"
    original.unlink(missing_ok=True)
    lines = write_log(make_result("a"), make_result("b")).read_bytes().splitlines(keepends=True)
    content = bytearray(b"".join(lines))
    # The first bytes say that it is a session log at all.
    at = data.draw(st.integers(20, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(content)
    found = verify(changed)
    assert not found.intact
    # Without the newline before it, or its type, the end is no end any more.
    assert found.text.startswith(("Altered: ", "Incomplete: ", "Not verifiable: "))


@pytest.mark.parametrize("gone", [1, 2])
def test_a_line_taken_out_is_found(write_log: Write, make_result: Make, gone: int) -> None:
    path = write_log(make_result("a"), make_result("b"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
    assert verify(path).text == (
        "Altered: one of the lines 1 to 2 is not as it was written, "
        "or the SHA-256 in line 3 is not."
    )


def test_a_rerun_is_under_a_hash_of_its_own_and_the_part_that_was_altered_is_named(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("a"))
    log = SessionLog.append(path)
    log.write_results([make_result("a", note="Again.")])
    log.write_end(False, {"ok": 1})
    log.close()
    found = verify(path)
    assert (found.intact, found.complete) == (True, False)
    path.write_bytes(path.read_bytes().replace(b"Again.", b"Begin."))
    assert verify(path).text.startswith("Altered: line 4 is not as it was written")


def test_a_log_that_was_torn_and_appended_to_is_intact_again(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("a"), end=False)
    path.write_bytes(path.read_bytes()[:-30])
    assert verify(path).text == "Incomplete: line 2, the last one, was cut off."
    log = SessionLog.append(path)
    log.write_results([make_result("a")])
    log.write_end(True, {"ok": 1})
    log.close()
    assert verify(path).intact


def test_a_killed_run_is_incomplete(write_log: Write, make_result: Make) -> None:
    found = verify(write_log(make_result("a"), end=False))
    assert not found.intact
    assert found.text.startswith("Incomplete: no end record follows line 2, the last one")


def test_lines_after_the_end_are_named(write_log: Write, make_result: Make) -> None:
    path = write_log(make_result("a"))
    log = SessionLog.append(path)
    log.write_results([make_result("b"), make_result("c")])
    log.close()
    assert verify(path).text.startswith("Incomplete: no end record follows lines 4 to 5;")


def test_an_end_of_an_old_version_verifies_nothing_until_a_new_one_covers_it(
    write_log: Write, make_result: Make
) -> None:
    path = write_log(make_result("a"), end=False)
    with path.open("ab") as file:
        file.write(b'{"type":"end","ended":"","complete":true,"counts":{}}\n')
    assert verify(path).text == (
        "Not verifiable: the end record in line 3 has no SHA-256; an old version wrote it."
    )
    log = SessionLog.append(path)
    log.write_end(True, {})
    log.close()
    assert verify(path).intact


def test_what_was_lost_stands_before_the_end_and_under_its_hash(
    tmp_path: Path, header: Header, make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SessionLog.create(tmp_path / "lost.jsonl")
    log.write_header(header)
    monkeypatch.setattr(writer, "MAX_PENDING", 100)
    with monkeypatch.context() as broken:
        broken.setattr(writer.os, "write", _no_space)
        for note in ("kept", "lost", "kept as well"):
            with suppress(LogError):
                log.write_results([make_result(note=note)])
    log.write_end(True, {"ok": 1})
    log.close()
    kinds = [json.loads(line)["type"] for line in log_lines(tmp_path)]
    assert kinds == ["session", "result", "result", "remark", "end"]
    assert verify(tmp_path / "lost.jsonl").intact


def log_lines(folder: Path) -> list[bytes]:
    return (folder / "lost.jsonl").read_bytes().splitlines()


def _no_space(*_: object) -> int:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("value", ["null", "7", '"x"', "[]"])
def test_a_hash_that_is_none_is_altered_and_no_traceback(
    write_log: Write, make_result: Make, value: str
) -> None:
    path = write_log(make_result("a"), end=False)
    with path.open("a") as file:
        file.write(f'{{"type":"end","sha256":{value}}}\n')
    assert verify(path).text.startswith("Altered: ")


@pytest.mark.parametrize("content", [b"root:x:0:0\n", b"\x00" * 100])
def test_what_is_no_session_log_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(SessionError, match="is not a session log"):
        verify(path)


@pytest.mark.parametrize("name", ["absent", ".", "nul\0"])
def test_a_path_without_a_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(SessionError) as caught:
        verify(f"{tmp_path}/{name}")
    assert str(caught.value).endswith(".")
    assert str(caught.value).isprintable()
