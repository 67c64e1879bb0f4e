"""Options of the command line, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from probes.model import Status
from probes.settings import Settings
from probes.wire.text import printable


class UsageError(Exception):
    """The command line is wrong; the text is one sentence."""


def quoted(text: str) -> str:
    """A typed text, quoted for a sentence about it."""
    return f"'{printable(text, 60)}'"


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
    timeout_given: bool = False
    """True if there was a --timeout."""
    answer_timeout_given: bool = False
    """True if there was an --answer-timeout."""
    concurrency_given: bool = False
    """True if there was a --concurrency."""
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
    answers_file: Path | None = None
    """File of the usual answers."""
    """The configuration's answers, below those of a session and of the command line."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The configuration's keys by command id."""
    replay: float | None = None
    """Speed factor of a replay; None shows the end of the session."""
