"""Parser of typed hosts: ROLE=HOST entries to targets, mistakes to sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from probes.targets.domain import find_domain_controllers
from probes.targets.parser import TargetParser
from probes.targets.result import MAX_HOSTS, Domain, EntryProblem, ParseResult, merge_results
from probes.targets.roles import ROLE, Roles
from probes.targets.tokens import QUOTES
from profiles.model import Profile

__all__ = [
    "MAX_HOSTS",
    "Domain",
    "EntryProblem",
    "ParseResult",
    "begins_with_role",
    "find_domain_controllers",
    "merge_results",
    "parse",
]


def begins_with_role(text: str, profile: Profile) -> bool:
    """True for a line of hosts that names its role itself."""
    roles = Roles(profile)
    words = roles.with_ids(text)[0].split(maxsplit=1)
    if not words:
        return False
    key, equals, _ = words[0].lstrip(QUOTES).partition("=")
    return bool(ROLE.fullmatch(key)) if equals else bool(roles.spelled(key.rstrip(",;")))


def parse(
    entries: Iterable[str],
    profile: Profile,
    *,
    resolvers: Sequence[str] = (),
    base: Path = Path(),
    read_files: bool = True,
) -> ParseResult:
    """Parse `ROLE=HOST[,HOST…]` entries that were typed, pasted or put in files named with @.

    `resolvers` are the hosts of a role such as `dns.server` that is given without any, `base` is
    the folder of relative files; with `read_files` false no file is read or looked for. Never
    raises: `problems` of the result names what is no target, and the rest is kept.
    """
    parser = TargetParser(profile, resolvers, base if read_files else None)
    for entry in [entries] if isinstance(entries, str) else entries:
        if not parser.feed(entry):
            break
    return parser.result()
