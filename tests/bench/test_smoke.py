"""The smoke run of the benches: which it finds, and what it calls a failure."""

from __future__ import annotations

import pytest

from bench.command import SKIPPED, require
from bench.smoke import Run, benches, verdict

TABLE = "| auditreach | 1.06 |\n"
SKIP = Run("site", SKIPPED, "", "This bench needs nginx.", 0.1)


def test_every_module_that_can_be_run_is_a_bench(tmp_path):
    (tmp_path / "speed.py").write_text('if __name__ == "__main__":\n    print(1)\n')
    (tmp_path / "part.py").write_text('HOSTS = 2000\n"""Not a __main__."""\n')
    assert benches(tmp_path) == ["speed"]


def test_the_benches_of_the_project_are_found_without_what_runs_them():
    found = benches()
    assert {"stall", "services"} <= {*found}
    assert not {"smoke", "lab", "terminal"} & {*found}


def test_a_bench_that_prints_figures_works():
    assert verdict(Run("log", 0, TABLE, "", 0.1), {}) == ""


def test_a_bench_that_ends_with_an_error_does_not_work():
    assert verdict(Run("log", 1, TABLE, "Traceback", 0.1), {}) == "ended with 1"


def test_a_bench_that_prints_no_figure_does_not_work():
    assert verdict(Run("log", 0, "| what | s |\n", "", 0.1), {}) == "printed no figure"


def test_what_a_bench_needs_may_be_missing_except_in_ci():
    assert verdict(SKIP, {}) == ""
    assert verdict(SKIP, {"CI": "false"}) == ""
    assert verdict(SKIP, {"CI": "true"}) == "skipped, and CI must have it"


def test_a_missing_program_is_named(capsys):
    with pytest.raises(SystemExit) as ended:
        require("no-such-program", "sh")
    assert ended.value.code == SKIPPED
    said = capsys.readouterr().err
    assert "no-such-program" in said
    assert " sh" not in said
