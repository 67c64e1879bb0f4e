"""Parser of typed hosts: ROLE=HOST entries to targets, mistakes to sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from probes.targets.domain import find_domain_controllers
from probes.targets.parser import TargetParser
from probes.targets.result import MAX_HOSTS, Domain, EntryProblem, ParseResult, merge_results
from profiles.model import Profile

__all__ = [
    "MAX_HOSTS",
    "Domain",
    "EntryProblem",
    "ParseResult",
    "find_domain_controllers",
    "merge_results",
    "parse",
]


def parse(
    entries: Iterable[str],
    profile: Profile,
    *,
    resolvers: Sequence[str] = (),
    base: Path = Path(),
    read_files: bool = True,
    default_role: str = "",
) -> ParseResult:
    """Parse `ROLE=HOST[,HOST…]` entries that were typed, pasted or put in files named with @.

    `resolvers` are the hosts of a role such as `dns.server` that is given without any, `base` is
    the folder of relative files; with `read_files` false no file is read or looked for. Hosts
    without a role take `default_role`, and are refused without one. Never raises: `problems` of
    the result names what is no target, and the rest is kept.
    """
    parser = TargetParser(profile, resolvers, base if read_files else None, default_role)
    for entry in [entries] if isinstance(entries, str) else entries:
        if not parser.feed(entry):
            break
    return parser.result()
