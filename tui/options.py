"""What stood on the command line, checked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.engine.model import Settings, Status
from tui.argument_types import quoted
from tui.usage import COMMANDS, UsageError, parser_of

__all__ = ["Options", "UsageError", "parse_options"]


@dataclass(frozen=True, slots=True)
class Options:
    """One invocation."""

    command: str
    """`screen` or one of COMMANDS."""
    entries: tuple[str, ...] = ()
    profile: Path | None = None
    answers: tuple[tuple[str, str], ...] = ()
    settings: Settings = field(default_factory=Settings)
    log: Path | None = None
    json: bool = False
    yes: bool = False
    start: bool = False
    ascii: bool | None = None
    """None where the terminal decides."""
    theme: str | None = None
    """One of THEMES, or what was chosen last."""
    slow_link: bool = False
    mouse: bool = True
    kiosk: bool = False
    session: Path | None = None
    """An old session; of `run` the one under --from."""
    only: tuple[Status, ...] = ()
    """Statuses of the rows that are measured again; all of them if empty."""
    patience_given: bool = False
    """Whether there was a --timeout."""
    width_given: bool = False
    """Whether there was a --concurrency."""
    after: Path | None = None
    """The later session of a `diff`."""
    format: str = ""
    """One of FORMATS."""
    output: Path | None = None
    force: bool = False
    pseudonymise: bool = False
    credentials: Path | None = None
    ca_file: str = ""
    proxy: str = field(default="", repr=False)
    dns_name: str = ""
    pjl: bool = False
    config: Path | None = None
    """The configuration file; None is the usual one."""
    usual_answers: Mapping[str, str] = field(default_factory=dict)
    """The configuration's answers, below those of a session and of the command line."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The configuration's keys by command id."""
    replay: float | None = None
    """How many times as fast an old session is played; None shows its end."""


def parse_options(argv: Sequence[str]) -> Options:
    """The options of an invocation; raises UsageError, and SystemExit for --help."""
    command = argv[0] if argv and argv[0] in COMMANDS else "screen"
    parser = parser_of(command)
    given = parser.parse_intermixed_args(argv[command != "screen" :])
    if command == "open":
        return Options(
            command,
            session=given.session,
            profile=given.profile,
            **_drawing(given),
            replay=given.replay,
        )
    if command == "demo":
        return _demo(given)
    if command in ("export", "diff", "verify", "checks", "config"):
        return Options(command, **vars(given))
    timeout = Settings().timeout if given.timeout is None else given.timeout
    concurrency = given.concurrency or Settings().concurrency
    settings = Settings(timeout=timeout, concurrency=concurrency)
    session = given.session if command == "run" else None
    only = given.only if command == "run" else ()
    if only and session is None:
        raise UsageError("--only goes with --from SESSION, whose rows it chooses from.")
    return Options(
        command,
        entries=tuple(given.target),
        profile=given.profile,
        answers=tuple(_answer(text) for text in given.answer),
        settings=settings,
        session=session,
        only=only,
        patience_given=given.timeout is not None,
        width_given=given.concurrency is not None,
        log=given.log,
        json=command == "run" and given.json,
        yes=given.yes,
        start=command == "run" or given.run,
        **_drawing(given),
        credentials=given.credentials,
        ca_file=given.ca_file,
        proxy=given.proxy,
        dns_name=given.dns_name or "",
        pjl=given.pjl,
    )


def _drawing(given: argparse.Namespace) -> dict[str, Any]:
    names = ("ascii", "slow_link", "mouse", "theme", "kiosk", "config")
    return {name: getattr(given, name) for name in names}


def _demo(given: argparse.Namespace) -> Options:
    from probes.lab.site import TIMEOUT, entries

    return Options(
        "demo",
        entries=entries(),
        settings=Settings(timeout=TIMEOUT),
        log=given.log,
        start=True,
        **_drawing(given),
    )


def _answer(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(
            f"--answer takes NAME=VALUE, such as domain_credentials=no, not {quoted(text)}."
        )
    return name.strip(), value.strip().lower()
