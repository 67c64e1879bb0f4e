"""The capabilities of a role: the profile's own, or one that is made of its checks."""

from __future__ import annotations

from profiles.model import Capability, Cost, Profile


def capabilities_of(profile: Profile, role: str) -> tuple[Capability, ...]:
    """What a host of this role is judged for; empty where nothing is asked of it.

    For a role without capabilities the loss of each of its checks decides.
    """
    own = tuple(one for one in profile.capabilities if one.role == role)
    checks = profile.checks_of(role)
    if own or not checks:
        return own
    title = next((one.title for one in profile.roles if one.id == role), role)
    return (
        Capability(
            id=role,
            role=role,
            title=title,
            can="everything that is required here is available",
            cannot="not everything that is required here is available",
            requires=tuple(check.id for check in checks if check.loss == "blocked"),
            optional=tuple(
                Cost(check.id, clause(check.consequence))
                for check in checks
                if check.loss == "degraded"
            ),
        ),
    )


def clause(sentence: str) -> str:
    """A sentence or a title as it may stand inside a sentence."""
    text = sentence.rstrip(".!? ")
    # An abbreviation keeps its capitals.
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
