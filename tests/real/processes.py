"""Commands, and servers that end with the tests."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO

import pytest

READY_WITHIN = 20


def run(*words: str) -> str:
    """Output of a command; its complaints are part of the failure."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


def follow() -> None:
    """End the server when the tests end, even by SIGKILL (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def listen(command: Sequence[str], sign: str, down: ExitStack) -> None:
    """Start a server and wait until it says that it listens."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=follow
    )
    assert process.stdout is not None
    said: list[str] = []
    ready = threading.Event()

    def read(lines: Iterator[str]) -> None:
        for line in lines:
            said.append(line)
            if sign in line:
                ready.set()
        ready.set()

    reader = threading.Thread(target=read, args=(process.stdout,))
    reader.start()
    down.callback(process.stdout.close)
    down.callback(reader.join)
    down.callback(process.wait)
    down.callback(process.terminate)
    if not ready.wait(READY_WITHIN) or sign not in "".join(said):
        pytest.fail(f"{command[4:6]} does not listen: {''.join(said)[-800:]}")


@contextmanager
def running(
    *argv: str, env: Mapping[str, str] | None = None, stderr: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator[None]:
    """A server in the foreground, which must not end by itself meanwhile."""
    process = subprocess.Popen(
        argv, env=env, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
    )
    try:
        yield
        assert process.poll() is None, f"{argv[0]} ended by itself with {process.returncode}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
