"""Processes of the program, their work, and its log."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.terminal import processor
from probes.session import Session, read_session, verify

ROOT = Path(__file__).parents[3]
SITE = ROOT / "tests" / "sessions" / "site.jsonl"
"""A session that was measured long ago."""
WITHIN = 20
GONE = 3
"""Seconds after which nothing is left of a program whose terminal broke."""
MANY = "hyperv.host=127.77.0.0/24"
"""254 loopback hosts that refuse at once."""


def results(log: Path) -> int:
    """Number of results in a log now."""
    return log.read_bytes().count(b'"type":"result"') if log.exists() else 0


def until_results(log: Path, count: int) -> None:
    """Wait until so many results are in a log."""
    end = time.monotonic() + WITHIN
    while results(log) < count:
        assert time.monotonic() < end, f"there are {results(log)} of {count} results in the log"
        time.sleep(0.05)


def until_gone(*words: str) -> None:
    """Wait until no such process is left."""
    end = time.monotonic() + GONE
    while running(*words):
        assert time.monotonic() < end, "it is still there"
        time.sleep(0.02)


def spins(pid: int) -> bool:
    """True if a process computes most of the next second."""
    before, began = processor(pid), time.monotonic()
    time.sleep(1)
    return processor(pid) - before > (time.monotonic() - began) / 2


def whole(log: Path) -> Session:
    """Session of a log that must be intact and ended."""
    found = verify(log)
    assert found.intact, found.text
    session = read_session(log)
    assert session.ended and not session.messages
    return session


def running(*words: str) -> list[int]:
    """Processes of this interpreter with all these words on their command line."""
    pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    lines = {pid: _cmdline(pid) for pid in pids}
    return [
        pid
        for pid, line in lines.items()
        if line.startswith(sys.executable) and all(word in line for word in words)
    ]


def _cmdline(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
