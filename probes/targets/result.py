"""What was made of an operator's text: targets, domains to look up, and what was refused."""

from __future__ import annotations

from dataclasses import dataclass

from probes.model import Target
from profiles.errors import harmless

MAX_HOSTS = 262_144
"""Hosts one run may have: four networks of 65,536."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain whose controllers become targets of the role once DNS has named them."""

    role: str
    name: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """An entry that is no target: the entry, safe to show, and a clause that says why."""

    entry: str
    reason: str
    role: str = ""
    """The role it was entered for, where that is known."""
    is_warning: bool = False
    """It is measured all the same, as far as it goes: a warning, not a refusal."""
    editable: str | None = None
    """What goes back into the line where that is not ROLE=ENTRY; empty for what is in a file."""

    @property
    def editable_text(self) -> str:
        """The entry as it would have to stand alone, to be corrected."""
        if self.editable is not None:
            return self.editable
        return f"{self.role}={self.entry}" if self.role else self.entry

    def __str__(self) -> str:
        return f"{self.entry}: {self.reason}."


@dataclass(frozen=True, slots=True)
class ParseResult:
    """Everything that was entered, in the order it was, each target once."""

    targets: tuple[Target, ...] = ()
    domains: tuple[Domain, ...] = ()
    problems: tuple[EntryProblem, ...] = ()


def entry_problem(entry: str, reason: str, *, where: str = "", role: str = "") -> EntryProblem:
    """A Bad whose texts are cut and cannot steer a terminal; `where` is a place in a file."""
    return EntryProblem(harmless(where, 80) + harmless(entry), harmless(reason, 400), role)


def target_key(target: Target) -> tuple[str, str, int | None]:
    """What makes two targets the same: names differ in more than case, addresses as written."""
    host = target.host if ":" in target.host else target.host.casefold()
    return target.role, host, target.port


def merge_results(*results: ParseResult) -> ParseResult:
    """Several results as one, duplicates collapsed onto the first."""
    targets: dict[tuple[str, str, int | None], Target] = {}
    for result in results:
        for target in result.targets:
            targets.setdefault(target_key(target), target)
    return ParseResult(
        tuple(targets.values()),
        tuple(dict.fromkeys(domain for result in results for domain in result.domains)),
        tuple(problem for result in results for problem in result.problems),
    )
