"""Result of parsing: targets, domains to look up, and problems."""

from __future__ import annotations

from dataclasses import dataclass, replace

from probes.model import Target
from profiles.errors import harmless

MAX_HOSTS = 262_144
"""Hosts of one run: four networks of 65,536."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Domain whose controllers become targets of the role once DNS has named them."""

    role: str
    name: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """Entry that is no target or an incomplete one: its text, safe to show, and a clause."""

    entry: str
    reason: str
    role: str = ""
    """Role it was entered for, where that is known."""
    is_warning: bool = False
    """The entry is measured all the same, as far as it goes."""
    editable: str | None = None
    """Text for the input line where that is not ROLE=ENTRY; empty for what is in a file."""

    @property
    def editable_text(self) -> str:
        """The entry as the input line offers it for correction."""
        if self.editable is not None:
            return self.editable
        return f"{self.role}={self.entry}" if self.role else self.entry

    def __str__(self) -> str:
        return f"{self.entry}: {self.reason}."


@dataclass(frozen=True, slots=True)
class ParseResult:
    """Targets, domains and problems in the order of the entries, each target once."""

    targets: tuple[Target, ...] = ()
    domains: tuple[Domain, ...] = ()
    problems: tuple[EntryProblem, ...] = ()
    has_plain_hosts: bool = False
    """Of some hosts no role was said: they took the default one, or are among the problems."""


def entry_problem(entry: str, reason: str, *, where: str = "", role: str = "") -> EntryProblem:
    """Problem whose texts are shortened and printable; `where` is a place in a file."""
    return EntryProblem(harmless(where, 80) + harmless(entry), harmless(reason, 400), role)


def target_key(target: Target) -> tuple[str, str, int | None]:
    """Identity of a target: names differ in more than case, addresses as they are written."""
    host = target.host if ":" in target.host else target.host.casefold()
    return target.role, host, target.port


def merge_results(*results: ParseResult) -> ParseResult:
    """Results as one; of equal targets the first is kept, as named singly if one of them is."""
    targets: dict[tuple[str, str, int | None], Target] = {}
    for result in results:
        for target in result.targets:
            known = targets.setdefault(target_key(target), target)
            if known.network and not target.network:
                targets[target_key(target)] = replace(known, network="")
    return ParseResult(
        tuple(targets.values()),
        tuple(dict.fromkeys(domain for result in results for domain in result.domains)),
        tuple(problem for result in results for problem in result.problems),
        any(result.has_plain_hosts for result in results),
    )
