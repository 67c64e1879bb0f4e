"""`auditreach demo` in a real terminal: the table fills, and nothing of it is left."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path


def test_the_demo_fills_the_table_and_leaves_nothing_behind(terminal, program, tmp_path) -> None:
    # Its files are looked for in a folder of its own: another demo may be running.
    terminal.start(f"TMPDIR={shlex.quote(str(tmp_path))} {program} demo")
    text = terminal.until(lambda text: "91/91" in text)
    assert "from demo: simulated services on" in text
    (screen,) = terminal.pids()
    found = subprocess.run(["pgrep", "-P", str(screen)], capture_output=True, text=True, check=True)
    lab = int(found.stdout)
    assert list(tmp_path.glob("auditreach-demo-*"))
    terminal.press("q")
    terminal.until(lambda text: "ended with 0" in text and "/demo-" in text.replace("\n", ""))
    assert not Path(f"/proc/{lab}").exists()
    assert not list(tmp_path.glob("auditreach-demo-*"))
