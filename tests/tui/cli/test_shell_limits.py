"""A shell with little memory or few descriptors: one sentence and a clean end, or all the work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tui.cli.shell_limits import NEEDED

ROOT = Path(__file__).parents[3]
LOG = ROOT / "tests" / "sessions" / "site.jsonl"


def limited(option: str, limit: int, *words: str) -> subprocess.CompletedProcess[str]:
    """A command under `ulimit`, whose exit status is not that of a signal."""
    return subprocess.run(
        [
            *("sh", "-c", f'ulimit {option} {limit}; exec "$@"', "sh"),
            *(sys.executable, "-m", "tui", *words),
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


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
        f"and it may need {NEEDED[words[0]].memory:,}; raise it with `ulimit -v unlimited`.\n"
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
    done = limited("-v", NEEDED[command].memory, *words)
    assert done.returncode == (3 if command == "run" else 0), done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("run", "unix.target=127.0.0.1"),
        ("demo",),
        ("open", str(LOG)),
        (),
        ("export", str(LOG), "--format", "html", "--output", "/dev/null"),
        ("diff", str(LOG), str(LOG)),
        ("verify", str(LOG)),
    ],
    ids=lambda words: words[0] if words else "screen",
)
@pytest.mark.parametrize("limit", [6, 9, 15])
def test_too_few_descriptors_are_one_sentence(limit: int, words: tuple[str, ...]) -> None:
    done = limited("-n", limit, *words)
    needed = NEEDED[words[0] if words else "screen"].descriptors
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"auditreach: A limit of this shell lets the program open {limit} files at once, and it "
        f"needs {needed}; raise it with `ulimit -n {needed}`, in a new shell where this one may "
        "not.\n"
    )


@pytest.mark.parametrize(("limit", "option"), [(NEEDED["run"].descriptors, "-n"), (10, "-S -n")])
def test_a_run_has_enough_descriptors_where_the_hard_limit_allows_it(
    limit: int, option: str, closed: int, tmp_path: Path
) -> None:
    log = str(tmp_path / "log")
    done = limited(option, limit, "run", f"unix.target=127.0.0.1:{closed}", "--log", log)
    assert done.returncode == 3, done.stderr
    assert "Refused with a TCP reset" in done.stdout
