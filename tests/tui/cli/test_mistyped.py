"""Mistyped commands and options: the nearest one is told, and hosts stay hosts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cli.main import main
from tui.cli.mistyped import command_problem
from tui.cli.options import Options, UsageError
from tui.cli.parser import COMMANDS, parse_options


def refusal(*argv: str) -> str:
    with pytest.raises(UsageError) as refused:
        parse_options(argv)
    return str(refused.value)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rnu", "run"),
        ("runn", "run"),
        ("RUN", "run"),
        ("exprot", "export"),
        ("opne", "open"),
        ("dif", "diff"),
        ("verfiy", "verify"),
        ("confg", "config"),
        ("check", "run or checks"),
        ("status", "run or open"),
        ("scan", "run"),
    ],
)
def test_a_word_near_a_command_is_told_with_it_and_how_a_host_of_that_name_is_given(typed, meant):
    expected = (
        f"There is no command '{typed}'; did you mean {meant}? "
        f"A host of this name is given as auto={typed}."
    )
    assert refusal(typed) == expected
    assert refusal(typed, "f.jsonl", "--json") == expected
    assert refusal("--ascii", typed) == expected
    assert refusal("help", typed) == expected


@pytest.mark.parametrize(
    "host",
    ["web1", "run1", "demo.corp.example", "10.0.0.1", "dc", "pc-014", "printer", "linux", "mail"],
)
def test_a_host_is_no_mistyped_command(host: str) -> None:
    assert parse_options([host]) == Options("screen", entries=(host,))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_word_like_a_command_is_a_host_behind_its_role(command: str) -> None:
    assert parse_options([f"auto={command}s"]).entries == (f"auto={command}s",)
    assert parse_options(["run", f"{command}s"]).entries == (f"{command}s",)


@given(st.text(max_size=200))
def test_any_word_is_judged_without_an_error(word: str) -> None:
    problem = command_problem(word, COMMANDS)
    assert not problem or problem.isprintable()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["run", "--form", "x"], "'--form' of `auditreach run`; did you mean --from?"),
        (["run", "--jsn"], "'--jsn' of `auditreach run`; did you mean --json?"),
        (["run", "--time=3"], "'--time' of `auditreach run`; did you mean --timeout?"),
        (["--jsn"], "'--jsn' of `auditreach`; did you mean --json of `auditreach run`?"),
        (["--json"], "'--json' of `auditreach`; it is one of `auditreach run`."),
        (["-V"], "'-V' of `auditreach`; did you mean --version?"),
        (["run", "-v"], "'-v' of `auditreach run`; did you mean --version of `auditreach`?"),
        (["verify", "f", "--profle", "p"], "did you mean --profile of `auditreach`?"),
        (["run", "--nope"], "'--nope' of `auditreach run`; auditreach run --help lists them."),
        (["-x"], "'-x' of `auditreach`; auditreach --help lists them."),
    ],
)
def test_an_option_that_is_none_is_told_with_the_nearest(argv: list[str], said: str) -> None:
    assert refusal(*argv).startswith("There is no option '")
    assert refusal(*argv).endswith(said)


@pytest.mark.parametrize(
    ("argv", "printed"),
    [
        (["help"], "usage: auditreach ["),
        (["help", "run"], "usage: auditreach run ["),
        (["help", "help"], "usage: auditreach ["),
        (["version"], "auditreach "),
    ],
)
def test_the_words_help_and_version_do_what_their_options_do(argv, printed, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_options(argv)
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(printed)


def test_help_behind_an_option_is_told_to_come_first() -> None:
    assert refusal("--ascii", "help").startswith("help is a command and comes first")


def test_an_answer_that_is_given_twice_is_refused() -> None:
    twice = ("--answer", "wanted=yes", "--answer", "wanted=no")
    assert refusal("run", "nas=a", *twice) == (
        "--answer gives wanted more than once, as yes and no; give it once."
    )
    assert "more than once, as yes and yes" in refusal("run", *twice[:2], *twice[:2])


def test_a_list_of_comments_is_named(tmp_path, capsys) -> None:
    path = tmp_path / "hosts.txt"
    path.write_text("# web1\n", encoding="utf-8")
    assert main(["run", f"unix.target=@{path}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("auditreach: 'unix.target=@")
    assert "hosts.txt' holds no host;" in said or "…' holds no host;" in said
