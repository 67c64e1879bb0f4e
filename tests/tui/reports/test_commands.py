"""`export`, `diff` and `verify` as they are called: status, streams, files, and every mistake."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from probes.model import Result, Status
from probes.session import SessionLog
from tui.cli.main import main
from tui.reports import FORMATS

Make = Callable[..., Result]
Write = Callable[..., Path]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def ran(*argv: str | os.PathLike[str]) -> tuple[int, str, str]:
        status = main([os.fspath(word) for word in argv])
        out, err = capfd.readouterr()
        return status, out, err

    return ran


@pytest.fixture
def session(write_session: Write, make_result: Make) -> Path:
    return write_session(make_result("a"), make_result("b", status=Status.OK))


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_goes_to_standard_output_alone(run: Run, session: Path, format: str) -> None:
    status, out, err = run("export", session, "--format", format)
    assert (status, err) == (0, "")
    assert "5985" in out
    assert out.endswith("\n")


def test_a_file_is_private_and_the_same_as_standard_output(
    run: Run, session: Path, tmp_path: Path
) -> None:
    target = tmp_path / "report.csv"
    status, out, err = run("export", session, "--format", "csv", "--output", target)
    assert (status, out, err) == (0, "", "")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_text() == run("export", session, "--format", "csv")[1]


def test_a_file_is_overwritten_only_by_force(run: Run, session: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.csv"
    target.write_text("mine")
    target.chmod(0o644)
    status, out, err = run("export", session, "--format", "csv", "--output", target)
    assert (status, out) == (2, "")
    assert err == f"auditreach: {target} exists already; --force overwrites it.\n"
    assert target.read_text() == "mine"
    assert run("export", session, "--format", "csv", "--output", target, "--force")[0] == 0
    assert target.read_text().startswith("status,")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.csv", "session.jsonl"]


def test_not_even_force_overwrites_the_session_or_a_device(
    run: Run, session: Path, tmp_path: Path
) -> None:
    before = session.read_bytes()
    link = tmp_path / "link"
    link.hardlink_to(session)
    for target, said in ((session, "itself"), (link, "itself"), (Path(os.devnull), "regular")):
        argv = ("export", session, "--format", "csv", "--output", target, "--force")
        status, _, err = run(*argv)
        assert status == 2
        assert said in err
    assert session.read_bytes() == before
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize("name", ["", ".", "absent/x", "session.jsonl/x", "nul\0", "x" * 300])
def test_a_file_that_cannot_be_is_one_sentence(
    run: Run, session: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run("export", session, "--format", "csv", "--output", name)
    assert (status, out) == (2, "")
    assert err.startswith("auditreach: ")
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["session.jsonl"]


def test_what_could_not_be_read_is_said_beside_the_report(
    run: Run, write_session: Write, make_result: Make
) -> None:
    path = write_session(make_result("a"), make_result("b"), complete=False)
    path.write_bytes(path.read_bytes()[:-20])
    status, out, err = run("export", path, "--format", "json")
    assert status == 0
    assert "cut off" in err
    assert "not complete" in err
    rows = {row["host"]: row["status"] for row in json.loads(out)["results"]}
    assert rows == {"a": "blocked", "b": "cancelled"}


def test_a_session_of_another_profile_is_exported_with_a_word_about_it(
    run: Run, write_session: Write, make_result: Make
) -> None:
    path = write_session(make_result("a"), version="1999.1")
    status, out, err = run("export", path, "--format", "csv")
    assert status == 0
    assert "It was tested with profile alloyscan 1999.1" in err
    assert ",a,windows.target," in out


@pytest.mark.parametrize(
    "argv",
    [
        ("export",),
        ("export", "absent.jsonl"),
        ("export", "absent.jsonl", "--format", "csv"),
        ("export", "absent.jsonl", "--format", "docx"),
        ("export", ".", "--format", "csv"),
        ("diff", "absent.jsonl"),
        ("diff", "absent.jsonl", "absent.jsonl"),
        ("verify",),
        ("verify", "absent.jsonl"),
        ("verify", "."),
        ("verify", "absent.jsonl", "--profile", "x"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(run: Run, argv: tuple[str, ...]) -> None:
    status, out, err = run(*argv)
    assert (status, out) == (2, "")
    assert err.startswith("auditreach: ")
    assert err.count("\n") == 1


def test_a_regression_is_status_1_and_stands_first(
    run: Run, write_session: Write, make_result: Make
) -> None:
    before = write_session(make_result("a"), make_result("b", status=Status.OK), name="1")
    after = write_session(
        make_result("a", status=Status.OK, note="Answered."), make_result("b"), name="2"
    )
    status, out, _ = run("diff", before, after)
    assert status == 1
    assert out.index("regressed (1)") < out.index("fixed (1)")
    assert "  b WinRM TCP 5985: ok -> blocked. No answer" in out
    assert "  a WinRM TCP 5985: blocked -> ok. Answered." in out
    assert out.splitlines()[-1] == (
        "2 rows: 1 regressed, 1 fixed, 0 not comparable, 0 new, 0 gone, 0 unchanged"
    )


def test_what_was_fixed_is_status_0_and_what_still_fails_is_named(
    run: Run, write_session: Write, make_result: Make
) -> None:
    before = write_session(make_result("a"), make_result("b"), name="1")
    after = write_session(make_result("a", status=Status.OK), make_result("b"), name="2")
    status, out, _ = run("diff", before, after)
    assert status == 0
    assert "fixed (1)" in out
    assert "unchanged, and still to change (1)\n  b WinRM TCP 5985: blocked." in out


def test_what_is_not_comparable_is_told_once_a_reason(
    run: Run, write_session: Write, make_result: Make
) -> None:
    rows = [make_result(f"dc{n}", "windows.kerberos", Status.OK) for n in range(3)]
    before = write_session(*rows, name="1", answers={"domain_credentials": "no"})
    after = write_session(
        *(replace(row, status=Status.BLOCKED) for row in rows),
        name="2",
        answers={"domain_credentials": "yes"},
    )
    status, out, _ = run("diff", before, after)
    assert status == 0
    assert "not comparable (3)" in out
    assert out.count("\n  domain_credentials was answered no before and yes after.\n") == 1


def test_a_row_the_killed_run_did_not_reach_is_not_gone(
    run: Run, write_session: Write, make_result: Make
) -> None:
    before = write_session(make_result("a"), make_result("b", status=Status.OK), name="1")
    after = write_session(make_result("a"), make_result("b"), name="2", complete=False)
    after.write_bytes(b"".join(after.read_bytes().splitlines(keepends=True)[:-1]))
    status, out, _ = run("diff", before, after)
    assert status == 0
    assert "0 gone" in out
    assert "b WinRM TCP 5985: ok -> cancelled" in out


def test_text_of_a_log_cannot_write_to_the_terminal(
    run: Run, write_session: Write, make_result: Make
) -> None:
    note = "\x1b[2J\x1b]0;x\x07\u202e"
    before = write_session(make_result(note, note=note), name="1")
    after = write_session(make_result(note, note=note, status=Status.DEGRADED), name="2")
    for argv in (("diff", before, after), *(("export", before, "--format", f) for f in FORMATS)):
        _, out, err = run(*argv)
        assert "fixed (1)" in out or argv[0] == "export"
        assert all(char.isprintable() or char == "\n" for char in out + err)


def test_verify_says_whether_the_log_is_as_it_was_written(
    run: Run, session: Path, write_session: Write, make_result: Make
) -> None:
    status, out, _ = run("verify", session)
    assert (status, out) == (0, "Intact: all 4 lines are as they were written.\n")
    session.write_bytes(session.read_bytes().replace(b"filtered", b"unwanted", 1))
    status, out, _ = run("verify", session)
    assert status == 1
    assert out.startswith("Altered: one of the lines 1 to 3 ")
    killed = write_session(make_result("a"), name="killed", complete=False)
    status, out, _ = run("verify", killed)
    assert status == 1
    assert out.startswith("Incomplete: ")


def test_what_lacks_in_a_log_with_an_end_is_not_said_to_be_unmeasured(
    run: Run, write_session: Write, make_result: Make
) -> None:
    path = write_session(make_result("a"), complete=False)
    # As it ends where the disk was full until then.
    log = SessionLog.append(path)
    log.write_end(False, {"blocked": 2})
    log.close()
    status, out, _ = run("verify", path)
    assert status == 0
    assert out.endswith("was tested, or its log could not be written in full.\n"), out
    _, out, _ = run("export", path, "--format", "markdown")
    assert "was not tested, or could not be written to its log." in out


@pytest.mark.parametrize("word", ["export", "diff", "verify"])
def test_the_help_names_the_command(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["--help"], [word, "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(argv)
        assert ended.value.code == 0
        assert f"auditreach {word}" in capsys.readouterr().out


def test_the_example_in_the_documents_is_as_it_was_written(run: Run) -> None:
    example = Path(__file__).parents[2] / "sessions" / "site.jsonl"
    assert run("verify", example)[0] == 0
