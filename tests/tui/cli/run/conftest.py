"""Ports of every kind, a profile whose roles are ways to end, and a run of it."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.tui.cli.run.process import ROOT, Command, Ports, Run
from tests.tui.own_profile import HEAD, check, role


@pytest.fixture(scope="module")
def ports() -> Iterator[Ports]:
    with ExitStack() as stack:

        def bound(kind: socket.SocketKind) -> socket.socket:
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            sock.bind(("", 0))
            return sock

        listening = bound(socket.SOCK_STREAM)
        listening.listen()
        # Bound and not listening: refused, and no other process can begin to listen there.
        numbers = [
            sock.getsockname()[1]
            for sock in (listening, bound(socket.SOCK_STREAM), bound(socket.SOCK_DGRAM))
        ]
        yield Ports(*numbers)


@pytest.fixture
def profile(tmp_path: Path, ports: Ports) -> Path:
    """Every role is a way for a run to end."""
    checks = [
        ("ready", "open", "tcp", ports.open),
        ("blocked", "closed", "tcp", ports.closed),
        ("mixed", "mixopen", "tcp", ports.open),
        ("mixed", "mixclosed", "tcp", ports.closed),
        ("degraded", "optional", "tcp", ports.closed, "degraded"),
        ("untested", "first", "tcp", ports.closed, "degraded"),
        ("untested", "second", "tcp", ports.open, "blocked", "all.first"),
        ("slow", "quick", "tcp", ports.open),
        ("slow", "mute", "udp", ports.mute),
    ]
    roles = dict.fromkeys(name for name, *_ in checks)
    text = HEAD + "".join(map(role, roles)) + "".join(check(*one) for one in checks)
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def command(profile: Path, tmp_path: Path) -> Callable[..., Command]:
    def make(*words: str) -> Command:
        state = tmp_path / "state"
        environment = {**os.environ, "XDG_STATE_HOME": str(state), "TERM": "xterm"}
        environment.pop("NO_COLOR", None)
        start = [sys.executable, "-m", "tui", "run", "--profile", str(profile)]
        return Command([*start, *words], environment, state)

    return make


@pytest.fixture
def run(command: Callable[..., Command]) -> Run:
    """A whole run with its output in pipes."""

    def finish(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        one = command(*words)
        return subprocess.run(
            one.words,
            cwd=ROOT,
            env={**one.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return finish
