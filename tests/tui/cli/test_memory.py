"""A shell with little memory: one sentence and a clean end, or the whole work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.cli.limits import limited
from tui.cli.memory import NEEDED

LOG = Path(__file__).parents[3] / "tests" / "sessions" / "site.jsonl"


@pytest.mark.parametrize("kilobytes", [35_000, 50_000, 70_000])
@pytest.mark.parametrize(
    "words",
    [
        ("run", "unix.target=127.0.0.1"),
        ("export", str(LOG), "--format", "html", "--output", "/dev/null"),
        ("diff", str(LOG), str(LOG)),
        ("verify", str(LOG)),
        ("checks",),
    ],
    ids=lambda words: words[0],
)
def test_too_little_memory_is_one_sentence(kilobytes: int, words: tuple[str, ...]) -> None:
    done = limited("-v", kilobytes, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"auditreach: A limit of this shell leaves the program {kilobytes:,} kB of memory, "
        f"and it may need {NEEDED[words[0]]:,}; raise it with `ulimit -v unlimited`.\n"
    )


def test_the_limit_of_data_is_told_by_its_own_name() -> None:
    done = limited("-d", 50_000, "verify", str(LOG))
    assert done.returncode == 2
    assert "`ulimit -d unlimited`" in done.stderr


@pytest.mark.parametrize("command", ["run", "export", "diff", "verify", "checks"])
def test_as_much_memory_as_is_asked_for_is_enough(command: str, closed: int, tmp_path) -> None:
    words = {
        "run": ("run", f"unix.target=127.0.0.1:{closed}", "--log", str(tmp_path / "log")),
        "export": ("export", str(LOG), "--format", "csv", "--output", str(tmp_path / "rows.csv")),
        "diff": ("diff", str(LOG), str(LOG)),
        "verify": ("verify", str(LOG)),
        "checks": ("checks",),
    }[command]
    done = limited("-v", NEEDED[command], *words)
    assert done.returncode == (3 if command == "run" else 0), done.stderr
