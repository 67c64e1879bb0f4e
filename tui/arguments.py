"""From the words of a command line to options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from probes.model import Settings
from tui.argument_types import quoted
from tui.options import Options, UsageError
from tui.usage import COMMANDS, parser_of


def parse_options(argv: Sequence[str]) -> Options:
    """The options of an invocation; raises UsageError, and SystemExit for --help."""
    command = argv[0] if argv and argv[0] in COMMANDS else "screen"
    parser = parser_of(command)
    given = parser.parse_intermixed_args(argv[command != "screen" :])
    late = next((one for one in getattr(given, "target", ()) if one in COMMANDS), None)
    if command == "screen" and late is not None:
        raise UsageError(f"{late} is a command and comes first, as in `auditreach {late}`.")
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
