"""Parser of the command line: subcommands, option types, help and usage errors."""

from __future__ import annotations

import argparse
import re
from argparse import ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from probes.lab.site import TIMEOUT, target_arguments
from probes.model import FINE, UNFINISHED, Status, version
from probes.settings import Settings
from tui.cli.mistyped import command_problem, option_problem
from tui.cli.options import Options, UsageError, quoted
from tui.reports import FORMATS
from tui.sessions import playback

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}")


def seconds(text: str) -> float:
    """A time, 0.1 to 300 seconds."""
    value = float(text) if _DECIMAL.fullmatch(text) else 0.0
    if not 0.1 <= value <= 300:
        raise ArgumentTypeError(f"{quoted(text)} is not a number of seconds from 0.1 to 300")
    return value


def speed(text: str) -> float:
    """Parse the speed factor of a replay."""
    try:
        return playback.parse_speed(text)
    except playback.SpeedError as error:
        raise ArgumentTypeError(f"{quoted(text)} is no speed. {error}") from None


def filled(text: str) -> str:
    """A value that is not empty, as an unset variable of a shell leaves it."""
    if not text.strip():
        raise ArgumentTypeError("nothing is given for it, as where a variable is not set")
    return text


def path(text: str) -> Path:
    """The path of a file, which is not empty: that would be the directory."""
    return Path(filled(text))


def dns_name(text: str) -> str:
    """A name for DNS."""
    labels = text.rstrip(".").split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ArgumentTypeError(f"{quoted(text)} is no DNS name, such as www.corp.example")
    return text


def statuses(text: str) -> tuple[Status, ...]:
    """The statuses in a list; `failed` is all that are not well."""
    known: dict[str, tuple[Status, ...]] = {
        _typed(status): (status,) for status in Status if status not in UNFINISHED
    }
    known["failed"] = tuple(status for status in Status if status not in UNFINISHED | FINE)
    found: dict[Status, None] = {}
    for word in text.split(","):
        name = word.strip().lower().replace(" ", "-")
        if name not in known:
            raise ArgumentTypeError(f"{quoted(word)} is none of {', '.join(known)}")
        found.update(dict.fromkeys(known[name]))
    return tuple(found)


def _typed(status: Status) -> str:
    return status.replace(" ", "-")


def count(text: str) -> int:
    """A number of attempts in flight."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 60000:
        raise ArgumentTypeError(f"{quoted(text)} is not a number from 1 to 60000")
    return int(text)


COMMANDS = {
    "run": "no screen: a line for each result, then a summary",
    "demo": "the screen over simulated services on this machine's loopback; no network is touched",
    "open": "show an old session on the screen; nothing is sent before you ask for it",
    "export": "write an old session as a report, or as a request for the firewall team",
    "diff": "compare two sessions: fixed, regressed, not comparable; status 1 on regressions",
    "verify": "check the log's integrity; status 1 if it is not intact",
    "config": "print a configuration file with all settings, to be edited",
    "checks": "list every check of the profile: id, role, port",
}

THEMES = (
    "dark",
    "light",
    "contrast-dark",
    "contrast-light",
    "blue-orange-dark",
    "blue-orange-light",
)
"""The names of the colours in tui.themes."""

*_FORMATS, _LAST_FORMAT = (name for name in FORMATS if "-" not in name)
OVERVIEW = f"""\
auditreach                                   the screen
auditreach ROLE=HOST[,HOST...] ...           the screen, filled in; --run starts at once
auditreach run ROLE=HOST[,HOST...] ...       no screen: a line for each result, then a summary
auditreach run --from SESSION --only blocked retest what was blocked then
auditreach demo                              the screen over simulated services on loopback
auditreach open SESSION                      an old session on the screen
auditreach export SESSION --format FORMAT    {", ".join(_FORMATS)} or {_LAST_FORMAT}
auditreach diff BEFORE AFTER                 fixed, regressed, new, gone, not comparable
auditreach verify SESSION                    check the log's integrity
auditreach checks                            every check, with ids, roles and ports
auditreach config                            a configuration file, to be edited

HOST is a name, an address, 10.0.0.0/24, 10.0.0.10-20, @file (one a line, # comments),
@file:COLUMN of a table, or domain:NAME (its domain controllers, by DNS). HOST:PORT sets
another port where a role has a single one. `auditreach checks` lists the roles; a plain
word (linux=, windows=, dc=, printer=) does too. HOST alone is auto=HOST: what answers
decides its role. `auditreach COMMAND --help` helps.

Exit status of run: 0 ready, 4 degraded, 3 something required is blocked,
5 something could not be tested, 2 usage or a bad profile,
6 the session log is not whole, 70 a fault in auditreach, 130 interrupted."""


_UNKNOWN = "unrecognized arguments: "
_SCREEN = "screen"
_AS_OPTIONS = {"help": "--help", "version": "--version"}
"""Words that mean an option, as many programs take them."""


class _Parser(argparse.ArgumentParser):
    """Parser that knows its options and raises UsageError."""

    def __init__(self, **how: Any) -> None:
        self.options: list[str] = []
        super().__init__(**how)

    def add_argument(self, *names: Any, **how: Any) -> argparse.Action:
        action = super().add_argument(*names, **how)
        self.options += action.option_strings
        return action

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix(_UNKNOWN)
        if unknown != message and unknown.startswith("-"):
            raise UsageError(option_problem(unknown.split()[0], self.prog, _options_by_program()))
        raise UsageError(f"{message[:1].upper()}{message[1:]}; {self.prog} --help shows how.")


def _options_by_program() -> dict[str, list[str]]:
    return {one.prog: one.options for one in map(parser_of, (_SCREEN, *COMMANDS))}


def parser_of(command: str) -> _Parser:
    """The parser of `screen` or one of COMMANDS; it raises UsageError."""
    prog = "auditreach" if command == _SCREEN else f"auditreach {command}"
    parser = _Parser(
        prog=prog,
        description=OVERVIEW if command == "screen" else f"{COMMANDS[command].capitalize()}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    add = parser.add_argument
    add(
        "-h",
        "--help",
        action=_Help,
        nargs=0,
        default=argparse.SUPPRESS,
        help="show this help and exit",
    )
    if command not in ("verify", "demo", "config"):
        add("--profile", type=path, metavar="FILE", help="your own profile instead of AlloyScan's")
    if command == "screen":
        add("--version", action=_Version, nargs=0, help="show the version and exit")
    if command in ("screen", "open", "demo", "run"):
        add(
            "--config",
            type=path,
            metavar="FILE",
            help="use this configuration file; `auditreach config` prints one",
        )
    if command in ("screen", "open", "demo"):
        _add_appearance(parser)
    else:
        parser.set_defaults(ascii=None, slow_link=False, mouse=True, theme=None, kiosk=False)
    _add_sessions(parser, command)
    if command == "export":
        _add_export(parser)
    if command in ("screen", "run", "demo"):
        add("--log", type=path, metavar="FILE", help="where the session log is written")
    if command in ("screen", "run"):
        _add_measuring(parser, command)
    if command in ("screen", "run", "open"):
        _add_peers(parser)
    if command in ("screen", "run"):
        add("--yes", action="store_true", help="test more than 1,024 endpoints without asking")
    if command == "screen":
        add("--run", action="store_true", help="start at once")
    if command == "run":
        _add_run(parser)
    return parser


def _add_appearance(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        help="draw with ASCII characters only (default: where the locale or the console has "
        "no others)",
    )
    add("--theme", choices=THEMES, help="the colours")
    add(
        "--slow-link",
        action="store_true",
        help="draw once a second instead of five times, and leave the mouse to the terminal",
    )
    add("--no-mouse", dest="mouse", action="store_false", help="leave the mouse to the terminal")
    add(
        "--kiosk",
        action="store_true",
        help="restricted mode (sshd ForceCommand): no shell, no files of the user's choice",
    )


def _add_sessions(parser: argparse.ArgumentParser, command: str) -> None:
    add = parser.add_argument
    if command in ("open", "export", "verify"):
        add("session", type=path, metavar="SESSION", help="a session log (.jsonl)")
    if command == "open":
        add(
            "--replay",
            nargs="?",
            const=1.0,
            type=speed,
            metavar="SPEED",
            help="play it as it came; 10 is ten times as fast (default 1)",
        )
    if command == "diff":
        add("session", type=path, metavar="BEFORE", help="the earlier session log")
        add("after", type=path, metavar="AFTER", help="the later session log")


def _add_measuring(parser: argparse.ArgumentParser, command: str) -> None:
    add = parser.add_argument
    earlier = ", with --from what the session had" if command == "run" else ""
    longer = ", with --from at least what the session had" if command == "run" else ""
    add("target", nargs="*", metavar="[ROLE=]HOST", help="what to test")
    add(
        "--answer",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="answer a question of the profile, e.g. domain_credentials=no",
    )
    add(
        "--timeout",
        type=seconds,
        metavar="S",
        help=f"seconds one attempt may take (default {Settings().timeout:g}{earlier}; under 3.2 a "
        "dead host looks silent)",
    )
    add(
        "--answer-timeout",
        type=seconds,
        metavar="S",
        help="seconds to wait for the service's answer on an open port (default "
        f"{Settings().answer_timeout:g}{longer})",
    )
    add(
        "--concurrency",
        type=count,
        metavar="N",
        help=f"attempts in flight at once (default {Settings().concurrency})",
    )


def _add_peers(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--credentials",
        type=path,
        metavar="FILE",
        help="communities, SNMPv3 users and an SSH login (TOML, mode 0600); also from the "
        "environment: AUDITREACH_SNMP_COMMUNITY, AUDITREACH_SSH_PASSWORD ...",
    )
    add(
        "--ca-file",
        type=filled,
        metavar="FILE",
        help="certificates (PEM) that HTTPS checks trust beside the system's",
    )
    add(
        "--proxy",
        type=filled,
        metavar="URL",
        help="HTTP proxy of HTTPS checks (default: HTTPS_PROXY and NO_PROXY; none for none)",
    )
    add(
        "--dns-name",
        type=dns_name,
        metavar="NAME",
        help="the name to ask DNS servers for (default: the PTR of their own address)",
    )
    add(
        "--pjl",
        action="store_true",
        help="send printers '@PJL INFO ID' on 9100 and read their name; a printer without PJL "
        "may print a line (default: connect, send nothing)",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--json", action="store_true", help="write the session log to standard output")
    add(
        "--from",
        type=path,
        dest="session",
        metavar="SESSION",
        help="retest an earlier session: its targets, ports and answers",
    )
    add(
        "--only",
        type=statuses,
        default=(),
        metavar="STATUS,...",
        help="with --from: only rows that were blocked, error, degraded ...; failed is all but "
        + ", ".join(_typed(status) for status in Status if status in FINE),
    )


def _add_export(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--format", choices=tuple(FORMATS), required=True, help="firewall is Markdown")
    add("--output", type=path, metavar="FILE", help="a new file (default: standard output)")
    add("--force", action="store_true", help="overwrite the file")
    add(
        "--pseudonymise",
        action="store_true",
        help="replace every name and address with a stable alias; leave out what is not known to "
        "be harmless",
    )


class _Help(argparse.Action):
    """Prints the help; that of argparse says nothing where it cannot be written."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(parser.format_help(), end="")
        parser.exit()


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes longer than all the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"auditreach {version()}")
        parser.exit()


def parse_options(argv: Sequence[str]) -> Options:
    """The options of an invocation; raises UsageError, and SystemExit for --help."""
    argv = _with_options_for_words(argv)
    command = argv[0] if argv and argv[0] in COMMANDS else _SCREEN
    if command == _SCREEN and argv:
        # Before the options, which may be those of the command that was meant.
        _refuse_command(argv[0])
    parser = parser_of(command)
    given = parser.parse_intermixed_args(argv[command != _SCREEN :])
    if command == _SCREEN:
        known = {*COMMANDS, *_AS_OPTIONS}
        late = next((one for one in given.target if one in known), None)
        if late is not None:
            raise UsageError(f"{late} is a command and comes first, as in `auditreach {late}`.")
        _refuse_command(given.target[0] if given.target else "")
    if command == "open":
        return Options(
            command,
            session=given.session,
            profile=given.profile,
            **_drawing(given),
            **_peers(given),
            replay=given.replay,
        )
    if command == "demo":
        return _demo(given)
    if command in ("export", "diff", "verify", "checks", "config"):
        return Options(command, **vars(given))
    timeout = Settings().timeout if given.timeout is None else given.timeout
    concurrency = given.concurrency or Settings().concurrency
    answer_timeout = given.answer_timeout or Settings().answer_timeout
    settings = Settings(timeout, answer_timeout, concurrency=concurrency)
    session = given.session if command == "run" else None
    only = given.only if command == "run" else ()
    if only and session is None:
        raise UsageError("--only goes with --from SESSION, whose rows it chooses from.")
    return Options(
        command,
        entries=tuple(given.target),
        profile=given.profile,
        answers=_answers(given.answer),
        settings=settings,
        session=session,
        only=only,
        timeout_given=given.timeout is not None,
        answer_timeout_given=given.answer_timeout is not None,
        concurrency_given=given.concurrency is not None,
        log=given.log,
        json=command == "run" and given.json,
        yes=given.yes,
        start=command == "run" or given.run,
        **_drawing(given),
        **_peers(given),
    )


def _with_options_for_words(argv: Sequence[str]) -> Sequence[str]:
    """`help`, `help COMMAND` and `version` as the options that they mean."""
    match argv:
        case ["help", command] if command in COMMANDS:
            return [command, "--help"]
        case ["help", word, *_] if word not in ("help", "version"):
            _refuse_command(word)
    return [_AS_OPTIONS[argv[0]], *argv[1:]] if argv and argv[0] in _AS_OPTIONS else argv


def _refuse_command(word: str) -> None:
    if problem := command_problem(word, COMMANDS):
        raise UsageError(problem)


def _drawing(given: argparse.Namespace) -> dict[str, Any]:
    names = ("ascii", "slow_link", "mouse", "theme", "kiosk", "config")
    return {name: getattr(given, name) for name in names}


def _peers(given: argparse.Namespace) -> dict[str, Any]:
    return {
        "credentials": given.credentials,
        "ca_file": given.ca_file or "",
        "proxy": given.proxy or "",
        "dns_name": given.dns_name or "",
        "pjl": given.pjl,
    }


def _demo(given: argparse.Namespace) -> Options:
    return Options(
        "demo",
        entries=target_arguments(),
        settings=Settings(timeout=TIMEOUT, answer_timeout=TIMEOUT),
        log=given.log,
        start=True,
        **_drawing(given),
    )


def _answers(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    answers = tuple(map(_answer, texts))
    names = [name for name, _ in answers]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        values = " and ".join(value for name, value in answers if name == twice)
        raise UsageError(f"--answer gives {twice} more than once, as {values}; give it once.")
    return answers


def _answer(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(
            f"--answer takes NAME=VALUE, such as domain_credentials=no, not {quoted(text)}."
        )
    return name.strip(), value.strip().lower()
