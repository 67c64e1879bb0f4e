"""A shell with few descriptors: one sentence and a clean end, or the whole work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.cli.limits import limited
from tui.cli.descriptors import NEEDED

LOG = Path(__file__).parents[3] / "tests" / "sessions" / "site.jsonl"


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
    needed = NEEDED[words[0] if words else "screen"]
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"auditreach: A limit of this shell lets the program open {limit} files at once, and it "
        f"needs {needed}; raise it with `ulimit -n {needed}`, in a new shell where this one may "
        "not.\n"
    )


@pytest.mark.parametrize(("limit", "option"), [(NEEDED["run"], "-n"), (10, "-S -n")])
def test_a_run_has_enough_descriptors_where_the_hard_limit_allows_it(
    limit: int, option: str, closed: int, tmp_path: Path
) -> None:
    log = str(tmp_path / "log")
    done = limited(option, limit, "run", f"unix.target=127.0.0.1:{closed}", "--log", log)
    assert done.returncode == 3, done.stderr
    assert "Refused with a TCP reset" in done.stdout
