"""Terminals that break: tmux, and a pseudo-terminal that nobody reads."""

from __future__ import annotations

import shlex
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.real.terminal.line import Line
from tests.real.terminal.server import Sshd
from tests.real.terminal.tmux import Tmux


@pytest.fixture
def terminal(need, tmp_path: Path) -> Iterator[Tmux]:
    need("tmux", "pgrep", root=False)
    one = Tmux(tmp_path, tmp_path / "state")
    yield one
    one.tmux("kill-server")


@pytest.fixture
def program() -> str:
    return f"{shlex.quote(sys.executable)} -m tui"


@pytest.fixture
def mute() -> Iterator[int]:
    """A port that accepts and stays silent, so that a row is in flight until its deadline."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def banner() -> Iterator[int]:
    """A port that says at once that it is no SSH server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with listening.accept()[0] as one:
                        one.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def sshd(need: Callable[..., None], tmp_path: Path) -> Iterator[Callable[..., Sshd]]:
    """Starts an sshd with these settings at the end of its configuration."""
    need("sshd", "ssh", "scp", "sftp", "ssh-keygen")
    servers: list[Sshd] = []

    def start(settings: str = "") -> Sshd:
        servers.append(Sshd(tmp_path, settings))
        return servers[-1]

    yield start
    for one in servers:
        one.end()


@pytest.fixture
def line(need: Callable[..., None], tmp_path: Path) -> Iterator[Callable[..., Line]]:
    """Starts the program at the end of a line; ended with the test."""
    need("setsid", root=False)
    lines: list[Line] = []

    def start(*words: str, before: tuple[str, ...] = (), controlling: bool = True) -> Line:
        lines.append(Line(tmp_path, words, before, controlling))
        return lines[-1]

    yield start
    for one in lines:
        one.terminal.end()
