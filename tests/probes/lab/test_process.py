"""The lab's process ends with whoever started it, and leaves nothing behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from probes.lab.process import LabFailed, LabProcess

STARTS = """
import sys
from probes.lab.process import LabProcess
lab = LabProcess()
print(lab._process.pid, lab.address_map().ca_file, flush=True)
sys.stdin.read()
"""


def ended(pid: int) -> bool:
    """True once a process is gone; waits for it, though it is nobody's child here."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(20_000))
    finally:
        os.close(handle)


def test_it_ends_when_it_is_told_to_and_takes_its_files_along() -> None:
    lab = LabProcess()
    ca_file = Path(lab.address_map().ca_file)
    assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
    lab.close()
    assert lab._process.returncode == 0
    assert not ca_file.parent.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="pidfd_open is Linux's")
def test_it_ends_when_its_user_is_killed() -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", STARTS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert user.stdout is not None
    assert user.stdin is not None
    pid, ca_file = user.stdout.readline().split()
    user.send_signal(signal.SIGKILL)
    user.wait()
    assert ended(int(pid))
    assert not Path(ca_file).parent.exists()
    user.stdin.close()
    user.stdout.close()


def test_a_folder_named_probes_where_the_operator_stands_is_not_run(tmp_path, monkeypatch) -> None:
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "__init__.py").write_text("raise SystemExit('wrong one')")
    monkeypatch.chdir(tmp_path)
    lab = LabProcess()
    try:
        assert lab.address_map().ports
    finally:
        lab.close()


@pytest.mark.parametrize("program", ["/nonexistent/python", "/bin/false"])
def test_servers_that_cannot_be_started_are_one_sentence(monkeypatch, program: str) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with pytest.raises(LabFailed, match=r"^The demo's servers could not be started: .*\.$"):
        _started()


def _started() -> None:
    lab = LabProcess()
    try:
        lab.address_map()
    finally:
        lab.close()
