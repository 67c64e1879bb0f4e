"""The real program in a real terminal: tmux at 80x24, a real sshd, and violent ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 20


class Tmux:
    """One tmux server of its own with one window, and what can be read in it."""

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder = folder
        self._socket = ""
        self.state = state

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        return done.stdout

    def start(self, command: str, columns: int = 80, rows: int = 24) -> None:
        # A server that was just killed may still hold its socket.
        self._socket = str(self._folder / f"tmux{len(list(self._folder.glob('tmux*')))}")
        size = ["-x", str(columns), "-y", str(rows)]
        keep = f"XDG_STATE_HOME={shlex.quote(str(self.state))} {command}; echo ended with $?; cat"
        self.tmux("new-session", "-d", "-s", "screen", *size, keep)
        self.tmux("set", "status", "off")
        self.tmux("resize-window", "-t", "screen", *size)

    def seen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "screen")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "screen", *keys)

    def until(self, happened: Callable[[str], object]) -> str:
        """What is seen once something holds of it; the terminal has no event to wait for."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.seen()
            if happened(text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"it never came to that:\n{self.seen()}")

    def pids(self) -> list[int]:
        """Processes of the program in the window."""
        shell = self.tmux("display", "-p", "-t", "screen", "#{pane_pid}").strip()
        found = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def logs(self) -> list[Path]:
        return sorted((self.state / "auditreach" / "sessions").glob("*.jsonl"))


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
def closed() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def keys_in(log: Path) -> set[str]:
    """Keys of the results in a log, a torn last line left out."""
    whole = log.read_bytes().rpartition(b"\n")[0].splitlines()
    records = (json.loads(line) for line in whole)
    return {record["key"] for record in records if record["type"] == "result"}


def test_hosts_are_typed_and_results_seen_at_80x24(terminal, program, closed) -> None:
    terminal.start(program)
    terminal.until(lambda text: "AlloyScan" in text and socket.gethostname() in text)
    terminal.press("-l", f"unix.target=127.0.0.1:{closed}")
    terminal.press("Enter")
    text = terminal.until(lambda text: "1/1" in text and "blocked" in text)
    for part in ("Hosts", "SSH", "127.0.0.1", "The host itself refused", "q Quit"):
        assert part in text
    assert max(len(line) for line in text.splitlines()) <= 80
    terminal.press("q")
    text = terminal.until(lambda text: "ended with 0" in text)
    assert "The session log is" in text
    assert "AlloyScan" not in text, "the terminal was not left clean"


def test_a_killed_process_loses_nothing_that_was_on_the_screen(terminal, program, closed) -> None:
    terminal.start(f"{program} --run unix.target=127.77.0.1-120:{closed}", 120, 50)
    terminal.until(lambda text: "127.77.0.20" in text and "120/120" in text)
    shown = {
        word
        for line in terminal.seen().splitlines()
        if "blocked" in line
        for word in line.split()
        if word.startswith("127.77.0.")
    }
    (pid,) = terminal.pids()
    os.kill(pid, signal.SIGKILL)
    terminal.until(lambda text: "ended with 137" in text)
    (log,) = terminal.logs()
    assert len(shown) >= 20
    logged = {key.partition("|")[2].rpartition(":")[0] for key in keys_in(log)}
    # The table may have cut the port off the host.
    assert all(
        any(host.startswith(one.partition(":")[0].rstrip("…")) for host in logged) for one in shown
    )

    terminal.tmux("kill-server")
    terminal.start(f"{program} open {shlex.quote(str(log))}", 120, 50)
    text = terminal.until(lambda text: "120/120" in text)
    assert "old session" in text
    assert "127.77.0.1" in text


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_soon_with_a_complete_log_and_a_clean_terminal(
    terminal, program, closed, number
) -> None:
    terminal.start(f"{program} --run unix.target=127.0.0.1:{closed}")
    terminal.until(lambda text: "1/1" in text)
    (pid,) = terminal.pids()
    os.kill(pid, number)
    text = terminal.until(lambda text: f"ended with {128 + number}" in text)
    assert "AlloyScan" not in text
    (log,) = terminal.logs()
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert [record["type"] for record in records] == ["session", "result", "verdict", "end"]


def test_the_screen_refuses_a_pipe_and_a_dumb_terminal_in_one_sentence(
    terminal, program, need
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "auditreach run" in done.stderr
    assert done.stderr.count("\n") == 1
    terminal.start(f"TERM=dumb {program}")
    text = terminal.until(lambda text: "ended with 2" in text)
    assert "auditreach run" in " ".join(text.split())


def test_it_works_over_ssh_and_is_gone_when_the_line_drops(
    terminal, program, closed, need, tmp_path
) -> None:
    need("sshd", "ssh", "ssh-keygen")
    key, port = tmp_path / "key", _free_port()
    for name in ("key", "host"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name))
    (tmp_path / "authorized").write_text((tmp_path / "key.pub").read_text())
    (tmp_path / "authorized").chmod(0o600)
    Path("/run/sshd").mkdir(exist_ok=True)
    config = tmp_path / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {tmp_path}/host\nUsePAM no\n"
        f"AuthorizedKeysFile {tmp_path}/authorized\nStrictModes no\nPermitRootLogin yes\n"
        f"PidFile none\n"
    )
    sshd = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-e", "-f", str(config)],
        stderr=subprocess.DEVNULL,
    )
    try:
        _listening(port)
        state = shlex.quote(str(terminal.state))
        remote = (
            f"cd {ROOT} && XDG_STATE_HOME={state} exec {program} unix.target=127.0.0.1:{closed}"
        )
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        terminal.start(f"ssh -tt -i {key} {options} -p {port} root@127.0.0.1 {shlex.quote(remote)}")
        terminal.until(lambda text: "AlloyScan" in text and f"127.0.0.1:{closed}" in text)
        terminal.press("Enter")
        terminal.until(lambda text: "1/1" in text)
        programs = _running("-m tui", f"127.0.0.1:{closed}")
        assert programs
        (ssh,) = terminal.pids()
        os.kill(ssh, signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while _alive(programs) and time.monotonic() < end:
            time.sleep(0.05)
        assert not _alive(programs)
        (log,) = terminal.logs()
        assert json.loads(log.read_text().splitlines()[-1])["type"] == "end"
    finally:
        sshd.terminate()
        sshd.wait()


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _listening(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server does not listen")


def _running(*words: str) -> list[int]:
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


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _cmdline(pid)]
