"""Open ports without a service: every connection reset, and a path too narrow for an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
RESET, NARROW = "10.1.2.37", "10.1.2.38"
ASKED = [
    f"unix.target={RESET},{NARROW}",
    *(f"{role}={RESET}" for role in ("hyperv.host", "esxi.host", "nas")),
]


@pytest.fixture(scope="module")
def records(site: Any, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    log = tmp_path_factory.mktemp("logs") / "run.jsonl"
    done = subprocess.run(
        site.command(sys.executable, "-B", "-m", "tui", "run", *ASKED, "--json", "--log", log),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_who_resets_every_connection_has_no_service_and_no_good_verdict(records) -> None:
    """Accepted and reset: in the same moment or one later, both are seen here."""
    rows = [one for one in records if one["type"] == "result" and one["host"] == RESET]
    assert len(rows) == 6
    for row in rows:
        assert (row["state"], row["service"], row["status"]) == ("open", "silent", "blocked"), row
        assert "reset" in row["note"]
    verdicts = [one for one in records if one["type"] == "verdict" and one["host"] == RESET]
    assert {one["verdict"] for one in verdicts} == {"blocked"}
    # The connections are let through: no rule has to be asked for.
    assert not any("Allow" in fix for one in verdicts for fix in one["fix"])


def test_a_greeting_that_passes_where_no_more_does_is_no_ok(records) -> None:
    (row,) = (one for one in records if one.get("key") == f"unix.ssh|{NARROW}")
    assert (row["status"], row["service"]) == ("warning", "confirmed")
    assert "did not finish in time; perhaps the path drops large packets" in row["note"]
