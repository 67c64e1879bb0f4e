"""What the operator typed becomes targets; nothing that is wrong with it is ever raised."""

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
) -> ParseResult:
    """Read `ROLE=HOST[,HOST…]` entries, typed, pasted or in files named with @.

    `resolvers` are the hosts of a role like `dns.server` that is given without any, `base` the
    folder of relative files; without `files` none is read or even looked for. Never raises: what is
    no target is in `bad`, and the rest is kept.
    """
    parser = TargetParser(profile, resolvers, base if read_files else None)
    for entry in [entries] if isinstance(entries, str) else entries:
        if not parser.feed(entry):
            break
    return parser.result()
