"""The command line: what it means, and that every mistake is one sentence and status 2."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from probes.engine.plan import CONFIRM_ABOVE
from probes.model import UNFINISHED, Status
from probes.settings import Settings
from tui.cli.main import main
from tui.cli.options import Options, UsageError
from tui.cli.parser import parse_options, parser_of, statuses

ROOT = Path(__file__).parents[3]

Mistake = Callable[..., str]


@pytest.fixture
def mistake(capfd: pytest.CaptureFixture[str]) -> Mistake:
    """Runs the command, which must refuse in one line; returns that line."""

    def refused(*argv: str | os.PathLike[str]) -> str:
        status = main([os.fspath(word) for word in argv])
        out, err = capfd.readouterr()
        assert (status, out) == (2, "")
        assert err.startswith("auditreach: ")
        assert err.endswith((".\n", "?\n"))
        line = err.removesuffix("\n")
        assert line.isprintable(), line
        assert len(line) < 500
        return line.removeprefix("auditreach: ")

    return refused


def test_without_a_word_the_screen_is_meant() -> None:
    assert parse_options([]) == Options("screen")


def test_hosts_alone_fill_the_screen_in_and_start_nothing() -> None:
    options = parse_options(["unix.target=a", "printer=b"])
    assert (options.command, options.entries) == ("screen", ("unix.target=a", "printer=b"))
    assert not options.start
    assert parse_options(["unix.target=a", "--run"]).start


def test_a_command_behind_an_option_is_no_host(mistake: Mistake) -> None:
    assert mistake("--ascii", "demo").startswith("demo is a command and comes first")


def test_options_may_stand_between_the_hosts() -> None:
    options = parse_options(["run", "unix.target=a", "--timeout", "2.5", "nas=b", "--json"])
    assert options.entries == ("unix.target=a", "nas=b")
    assert options.settings == Settings(timeout=2.5)
    assert options.json


def test_everything_that_can_be_said_arrives() -> None:
    options = parse_options(
        [
            *("run", "nas=b", "--answer", "current_user=No", "--answer", "domain_credentials=yes"),
            *("--log", "l.jsonl", "--concurrency", "7", "--profile", "p.toml", "--yes"),
        ]
    )
    assert options.answers == (("current_user", "no"), ("domain_credentials", "yes"))
    assert options.settings == Settings(concurrency=7)
    assert (options.log, options.profile, options.yes) == (Path("l.jsonl"), Path("p.toml"), True)


@pytest.mark.parametrize("command", [(), ("run",)])
def test_a_printer_is_sent_something_only_by_a_word_for_it(command: tuple[str, ...]) -> None:
    assert not parse_options([*command, "printer=a"]).pjl
    assert parse_options([*command, "printer=a", "--pjl"]).pjl


def test_a_dns_name_is_one_or_is_refused_in_a_sentence():
    asked = parse_options(["run", "dns.server", "--dns-name", "_ldap._tcp.corp.example."])
    assert asked.dns_name == "_ldap._tcp.corp.example."
    for text in ("", "a..b", "a-", "a b", "x" * 64, "\x1b[2J", "é.example"):
        with pytest.raises(UsageError, match="is no DNS name"):
            parse_options(["run", "dns.server", "--dns-name", text])


def test_a_session_is_opened_by_its_path() -> None:
    options = parse_options(["open", "s.jsonl", "--ascii"])
    assert (options.command, options.session, options.ascii) == ("open", Path("s.jsonl"), True)


@pytest.mark.parametrize("seconds", ["0.1", "4", "300", ".5", "3."])
def test_a_timeout_is_a_number_of_seconds(seconds: str) -> None:
    assert parse_options(["run", "--timeout", seconds]).settings.timeout == float(seconds)


@pytest.mark.parametrize(
    "seconds",
    [
        "0",
        "0.09",
        "301",
        "nan",
        "inf",
        "1e2",
        "four",
        "",
        "1_0",
        "٣",
        pytest.param("9" * 5000, id="long"),
        "\x1b[31m",
    ],
)
def test_any_other_timeout_is_refused(mistake: Mistake, seconds: str) -> None:
    assert "is not a number of seconds from 0.1 to 300" in mistake("run", f"--timeout={seconds}")


@pytest.mark.parametrize(
    "count",
    ["0", "60001", "1.5", "many", "", "٣", "000001000000", pytest.param("9" * 5000, id="long")],
)
def test_a_concurrency_that_is_no_count_is_refused(mistake: Mistake, count: str) -> None:
    assert "is not a number from 1 to 60000" in mistake("run", f"--concurrency={count}")


@pytest.mark.parametrize("command", ["run", "checks", "open"])
def test_an_unknown_option_is_named(mistake: Mistake, command: str) -> None:
    line = mistake(command, *(["s.jsonl"] if command == "open" else []), "--nope")
    assert line == (
        f"There is no option '--nope' of `auditreach {command}`; auditreach {command} --help "
        "lists them."
    )


def test_an_option_is_never_guessed_from_its_beginning(mistake: Mistake) -> None:
    assert "--time" in mistake("run", "nas=a", "--time", "3")


def test_an_unknown_option_cannot_write_to_the_terminal(mistake: Mistake) -> None:
    assert "--\\x1b[31mred" in mistake("run", "--\x1b[31mred")


def test_a_value_that_is_missing_is_asked_for(mistake: Mistake) -> None:
    assert mistake("run", "nas=a", "--log").startswith("Argument --log: expected one argument")


def test_an_unknown_role_is_named_and_so_are_the_known_ones(mistake: Mistake) -> None:
    line = mistake("run", "windows.targets=10.0.0.1")
    assert "windows.targets" in line
    assert "windows.target" in line


def test_a_port_of_a_host_without_a_role_is_refused(mistake: Mistake) -> None:
    assert "a port needs a role; write ROLE=HOST:PORT" in mistake("run", "127.0.0.1:22")


def test_a_role_without_a_host_is_refused(mistake: Mistake) -> None:
    assert "a host is missing" in mistake("run", "windows.target=")


def test_a_port_where_the_role_has_several_is_refused(mistake: Mistake) -> None:
    assert "takes no other port" in mistake("run", "windows.target=10.0.0.1:99")


def test_nothing_to_measure_is_refused_with_an_example(mistake: Mistake) -> None:
    line = mistake("run")
    assert line == "Nothing to test; name a ROLE=HOST, such as windows.target=pc1."


def test_a_list_without_a_host_is_refused(mistake: Mistake, tmp_path: Path) -> None:
    empty = tmp_path / "hosts.txt"
    empty.write_text("# none yet\n\n", encoding="utf-8")
    mistake("run", f"unix.target=@{empty}")


def test_a_list_that_is_missing_is_named(mistake: Mistake) -> None:
    assert "@/nowhere/hosts.txt" in mistake("run", "unix.target=@/nowhere/hosts.txt")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("domain_credentials", "--answer takes NAME=VALUE"),
        ("domain_credentials=perhaps", "takes yes or no, not 'perhaps'"),
        ("domain_credential=no", "did you mean domain_credentials?"),
        ("weather=fine", "it asks domain_credentials, current_user, enable_remoting"),
        ("enable_remoting=\x1b]0;owned\x07", "enable_remoting takes yes, no or auto"),
        ("=", "asks no question ''"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(mistake: Mistake, answer: str, said: str) -> None:
    assert said in mistake("run", "windows.target=127.0.0.1", "--answer", answer)


@pytest.mark.parametrize("command", ["run", "checks"])
def test_a_profile_that_is_missing_is_named(mistake: Mistake, command: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    hosts = ["nas=127.0.0.1"] if command == "run" else []
    assert str(path) in mistake(command, *hosts, "--profile", path)


def test_a_profile_that_is_broken_is_refused_with_the_place(
    mistake: Mistake, tmp_path: Path
) -> None:
    path = tmp_path / "own.toml"
    path.write_text('id = "own"\nname =\n', encoding="utf-8")
    line = mistake("checks", "--profile", path)
    assert str(path) in line
    assert "line 2" in line


def test_more_than_1024_endpoints_want_a_yes(mistake: Mistake) -> None:
    line = mistake("run", "unix.target=10.0.0.0/21")
    assert line.startswith("This would ask 2,046 endpoints, more than 1,024; add --yes")


def test_a_network_too_large_for_any_run_is_refused(mistake: Mistake) -> None:
    assert "16,777,214 hosts" in mistake("run", "unix.target=10.0.0.0/8", "--yes")


def test_a_log_that_exists_is_never_overwritten(mistake: Mistake, tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    path.write_text("mine", encoding="utf-8")
    assert "exists already" in mistake("run", "nas=127.0.0.1", "--log", path)
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_log_that_cannot_be_made_is_said_before_anything_is_measured(mistake: Mistake) -> None:
    assert "/dev/null/session.jsonl" in mistake(
        "run", "nas=127.0.0.1", "--log", "/dev/null/session.jsonl"
    )


def test_a_session_to_open_must_be_named(mistake: Mistake) -> None:
    assert "SESSION" in mistake("open")


@pytest.mark.parametrize("argv", [[], ["unix.target=127.0.0.1", "--run"], ["open", "s.jsonl"]])
def test_the_screen_without_a_terminal_names_run(mistake: Mistake, argv: list[str]) -> None:
    line = mistake(*argv)
    assert "terminal" in line
    assert "auditreach run" in line


def test_the_screen_on_a_dumb_terminal_names_run() -> None:
    master, terminal = pty.openpty()
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "tui"],
            cwd=ROOT,
            env={**os.environ, "TERM": "dumb"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            timeout=60,
            check=False,
        )
        said = os.read(master, 4096).decode()
    finally:
        os.close(terminal)
        os.close(master)
    assert ran.returncode == 2
    assert "auditreach run" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("argv", [["--help"], ["run", "--help"], ["open", "-h"], ["checks", "-h"]])
def test_help_is_printed_and_is_no_mistake(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_options(argv)
    assert ended.value.code == 0
    assert "usage: auditreach" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["run", "open", "checks"])
def test_the_help_names_every_command(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["--help"])
    assert f"auditreach {word}" in capsys.readouterr().out


def test_a_mistake_is_an_exception_with_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"^There is no option '--nope' of .*\.$"):
        parse_options(["run", "--nope"])


def test_the_command_ends_with_the_status_of_main() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tui", "run", "--timeout", "x"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1


def test_an_output_of_few_characters_gets_the_others_replaced() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tui", "run", "--answer", "é=no", "nas=127.0.0.1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert "asks no question '?'" in ran.stderr


@pytest.mark.parametrize("command", [(), ("open", "a.jsonl")])
def test_a_slow_link_is_for_the_screen(command: tuple[str, ...]) -> None:
    assert parse_options([*command, "--slow-link"]).slow_link
    assert not parse_options([*command]).slow_link


def test_a_run_draws_nothing_and_takes_no_slow_link() -> None:
    with pytest.raises(UsageError, match="slow-link"):
        parse_options(["run", "--slow-link", "unix.target=h"])


def test_the_help_of_only_and_yes_says_what_they_do() -> None:
    """`failed` leaves out what is well, and the screen has no --from to speak of."""
    help = " ".join(parser_of("run").format_help().split())
    told = help.partition("failed is all but ")[2].split(" ROLE")[0]
    named = {word.strip().replace("-", " ") for word in told.split(",")}
    assert named == {*map(str, {*Status} - {*statuses("failed")} - UNFINISHED)}
    assert f"more than {CONFIRM_ABOVE:,} endpoints" in help
    assert "--from" not in parser_of("screen").format_help().replace("run --from", "")


@pytest.mark.parametrize("empty", ["", " ", "\t"])
@pytest.mark.parametrize(
    "words",
    [
        *(("run", "unix.target=a", name) for name in ("--log", "--profile", "--config", "--from")),
        *(("run", "unix.target=a", name) for name in ("--credentials", "--ca-file", "--proxy")),
        ("export", "log", "--format", "csv", "--output"),
        ("export", "--format", "csv"),
        ("checks", "--profile"),
        ("diff", "log"),
        ("verify",),
        ("open",),
    ],
    ids=" ".join,
)
def test_a_file_or_proxy_of_no_name_is_no_other_one(
    mistake: Mistake, words: tuple[str, ...], empty: str
) -> None:
    name = words[-1] if words[-1].startswith("--") else ""
    said = mistake(*words, empty)
    assert said.startswith(f"Argument {name}")
    assert ": nothing is given for it, as where a variable is not set; " in said
