"""A run as a process of its own, and what it prints."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[4]


@dataclass(frozen=True)
class Ports:
    """Ports of every address of loopback."""

    open: int
    closed: int
    mute: int
    """UDP: takes everything and never answers."""


@dataclass(frozen=True)
class Command:
    """The words and surroundings of a run that keeps its log below `state`."""

    words: list[str]
    environment: dict[str, str]
    state: Path

    @property
    def logs(self) -> list[Path]:
        return sorted(self.state.rglob("*.jsonl"))


Run = Callable[..., subprocess.CompletedProcess[str]]


def verdicts(output: str) -> list[str]:
    """The lines under their heading, which are the last ones."""
    return output.partition("\n\nVerdicts\n")[2].splitlines()


def rows(output: str) -> list[str]:
    """The lines before the summary."""
    return output.partition("\n\n")[0].splitlines()
