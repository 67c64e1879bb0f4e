"""Order of the sessions in the list, and what the trash leaves alone."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from tui.sessions import store

SITE = Path(__file__).parents[2] / "sessions" / "site.jsonl"


def session(path: Path, started: str) -> Path:
    path.write_text(
        f'{{"type":"session","schema":"auditreach.session/1","id":"a","started":"{started}"}}\n'
    )
    return path


def test_sessions_are_sorted_by_their_start_whatever_they_are_called(tmp_path: Path) -> None:
    newest = session(tmp_path / "a.jsonl", "2026-03-01T00:30:00.000+02:00")
    middle = session(tmp_path / "zzz.jsonl", "2026-02-28T22:00:00.000+00:00")
    oldest = session(tmp_path / "20991231-235959-abcdef12.jsonl", "2026-02-28T23:30:00.000+02:00")
    demo = session(tmp_path / "demo-20260101-000000-1.jsonl", "2027-01-01T00:00:00.000+00:00")
    assert store.paths(tmp_path) == [demo, newest, middle, oldest]


def test_a_file_without_a_start_has_the_time_of_its_last_change(tmp_path: Path) -> None:
    known = session(tmp_path / "known.jsonl", "2026-02-28T22:00:00.000+00:00")
    texts = ("", "x" * 5000, '{"type":"session","started":"soon"}', '"started":"2026-99-99T"')
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.jsonl"
        path.write_text(text)
        os.utime(path, (number, number))
    names = [path.name for path in store.paths(tmp_path)]
    assert names == [known.name, "3.jsonl", "2.jsonl", "1.jsonl", "0.jsonl"]


def test_a_real_log_is_sorted_by_its_header(tmp_path: Path) -> None:
    shutil.copy(SITE, tmp_path / "site.jsonl")
    after = session(tmp_path / "b.jsonl", "2999-01-01T00:00:00+00:00")
    before = session(tmp_path / "c.jsonl", "1971-01-01T00:00:00+00:00")
    assert store.paths(tmp_path) == [after, tmp_path / "site.jsonl", before]


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    # The kernel's messages are as young as the machine.
    known = session(tmp_path / "known.jsonl", "2999-01-01T00:00:00+00:00")
    os.mkfifo(tmp_path / "pipe.jsonl")
    # Reading it waits for the next message, for whoever may read it at all.
    kernel = tmp_path / "kernel.jsonl"
    kernel.symlink_to("/proc/kmsg")
    found: list[Path] = []
    reader = threading.Thread(target=lambda: found.extend(store.paths(tmp_path)), daemon=True)
    reader.start()
    reader.join(30)
    assert found[:1] == [known]
    assert tmp_path / "pipe.jsonl" not in found


def test_no_link_is_overwritten_by_what_is_thrown_away_or_brought_back(tmp_path: Path) -> None:
    log = session(tmp_path / "a.jsonl", "2026-02-28T22:00:00.000+00:00")
    (tmp_path / "trash").mkdir()
    (tmp_path / "trash" / "a.jsonl").symlink_to("nowhere")
    assert store.discard(log) == tmp_path / "trash" / "a-2.jsonl"
    assert (tmp_path / "trash" / "a.jsonl").is_symlink()
