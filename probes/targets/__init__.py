"""What the operator typed becomes targets; nothing that is wrong with it is ever raised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from probes.targets.domain import expand
from probes.targets.parser import Intake
from probes.targets.result import MOST_HOSTS, Bad, Domain, Entered, joined
from profiles.model import Profile

__all__ = ["MOST_HOSTS", "Bad", "Domain", "Entered", "complete", "expand", "joined", "parse"]


def parse(
    entries: Iterable[str],
    profile: Profile,
    *,
    resolvers: Sequence[str] = (),
    base: Path = Path(),
    files: bool = True,
) -> Entered:
    """Read `ROLE=HOST[,HOST…]` entries, typed, pasted or in files named with @.

    `resolvers` are the hosts of a role like `dns.server` that is given without any, `base` the
    folder of relative files; without `files` none is read or even looked for. Never raises: what is
    no target is in `bad`, and the rest is kept.
    """
    intake = Intake(profile, resolvers, base if files else None)
    for entry in [entries] if isinstance(entries, str) else entries:
        if not intake.entry(entry):
            break
    return intake.result()


def complete(text: str, profile: Profile, history: Sequence[str]) -> list[str]:
    """What the text may become: its last word as a role, then earlier texts that begin with it.

    Every answer is a whole text that begins with `text` and is longer.
    """
    word = "" if text[-1:].isspace() else "".join(text.split()[-1:])
    before = text[: len(text) - len(word)]
    found: list[str] = []
    # After a comma a host is expected, not a role.
    if "=" not in word and not before.rstrip().endswith((",", ";")):
        for role in profile.roles:
            # A role that knows its usual hosts is complete without the `=`.
            ends = ["=", ""] if role.hosts or role.resolvers else ["="]
            found += [f"{before}{role.id}{end}" for end in ends if role.id.startswith(word)]
    found += [entry for entry in history if entry.startswith(text)]
    return [entry for entry in dict.fromkeys(found) if entry != text]
