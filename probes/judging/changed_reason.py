"""Changed reason of a row whose status stays: what stood in its way, and what does now. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from probes.judging.party import Party, locate
from probes.model import (
    MISSING,
    Observation,
    Reason,
    Result,
    State,
    Status,
)
from probes.wire.text import printable

WITH_OBSTACLE = MISSING | {Status.WARNING, Status.ERROR}
"""Statuses whose reason is news when it changes."""
_MAX_TEXT = 200
_VOLATILE = re.compile(r"\d[\d.,:]*(?: (?:min|h|d|s)\b)?")
"""Number with its unit of time, which changes with it: `118 min` and `2 h`."""


class Obstacle(NamedTuple):
    """Obstacle in the way of a row, as far as the row itself tells."""

    party: Party
    name: str
    """Address or name of the party; empty where the host or nobody is meant."""
    kind: str
    """Tells reasons of the same party apart, without what differs from one time to the next."""
    why: str
    """The short reason; empty where the party says it all."""

    @property
    def identity(self) -> tuple[Party, str, str]:
        """Identity of a reason: what differs in it is another one.

        A router tells of a host that is down as often as its limit of ICMP errors allows, and is
        silent in between: the same host is as much down.
        """
        if self.party is Party.UNDELIVERED and self.name:
            return Party.UNKNOWN, "", Reason.NO_RESPONSE
        return self.party, self.name, self.kind


def obstacle_of(result: Result) -> Obstacle | None:
    """Obstacle in the way of a row; None without one, or where another row decided it."""
    seen = result.observation
    if result.status not in WITH_OBSTACLE or seen.reason is Reason.DEPENDENCY:
        return None
    party, named = locate(result.job, seen)
    if party is Party.UNKNOWN:
        # A device that may be behind the silence is not in the row.
        named = ""
    why = result.why if party in _TOLD_BY_WHY else ""
    return Obstacle(party, printable(named), _kind(party, seen, why), printable(why))


def _kind(party: Party, seen: Observation, why: str) -> str:
    if seen.state is State.OPEN:
        return f"{seen.service}, {_VOLATILE.sub('', why)}"
    if party in _WITH_CODE and seen.icmp is not None:
        return f"ICMP {seen.icmp.type}/{seen.icmp.code}"
    return str(seen.reason) if party in _WITH_REASON else ""


_TOLD_BY_WHY = frozenset({Party.SERVICE, Party.INTERCEPTOR, Party.PROXY, Party.NOT_TESTED})
_WITH_CODE = frozenset({Party.DEVICE, Party.HOST_FIREWALL})
_WITH_REASON = frozenset({Party.NOT_TESTED, Party.UNKNOWN, Party.ROUTER})


def changed_reason_text(before: Obstacle, after: Obstacle) -> str:
    """Clauses about what became of an obstacle and what stands in the way now; no full stop.

    `10.88.9.1 lets it through now; the host refuses it`.
    """
    if before.party is after.party is Party.SERVICE and before.why and after.why:
        text = f"now {after.why}; before {before.why}"
    elif (before.party, before.name) == (after.party, after.name):
        text = f"{_now(after)}{_by_another_rule(before, after)}"
    else:
        text = f"{_ended(before, after)}; {_now(after)}"
    return printable(text, _MAX_TEXT)


def _by_another_rule(before: Obstacle, after: Obstacle) -> str:
    if after.party in _WITH_CODE:
        return f" by another rule: {after.kind} instead of {before.kind}"
    return f" ({after.why or after.kind}; before {before.why or before.kind})"


class _Words(NamedTuple):
    """Words about one party, with `{}` for its name."""

    depth: float
    """Distance a packet came that was stopped there: one that came further has passed it."""
    passed: str
    """It does not stand in the way any more, as something further away does."""
    gone: str
    """It said no before and does not any more, and nothing shows that it is passed."""
    now: tuple[str, str]
    """It stands in the way now: with its name, of the service its short reason, and without."""


_SILENCE_DEPTH = 2
"""Depth of silence: it left this machine, and nothing tells how far it came."""
_WORDS: Mapping[Party, _Words] = {
    Party.NOT_TESTED: _Words(
        -2, "it can be tested now", "what stopped the test before is gone", ("not tested",) * 2
    ),
    Party.DNS_SERVER: _Words(
        -1, "DNS answers now", "DNS is not the reason any more", ("no DNS server answers",) * 2
    ),
    Party.NAME: _Words(
        0,
        "the name resolves now",
        "the name is not the reason any more",
        ("the name does not resolve",) * 2,
    ),
    Party.THIS_MACHINE: _Words(
        1,
        "this machine's firewall lets it out now",
        "this machine's firewall stops it no more",
        ("this machine's own firewall stops it",) * 2,
    ),
    Party.ROUTE: _Words(
        1,
        "this machine has a route to it now",
        "this machine's route is not the reason any more",
        ("the next router {} does not answer", "this machine has no route to it"),
    ),
    Party.UNKNOWN: _Words(
        _SILENCE_DEPTH,
        "it is not silent any more",
        "it is not silent any more",
        ("nothing answers",) * 2,
    ),
    Party.PROXY: _Words(
        3,
        "{} is in the way no more",
        "{} is in the way no more",
        ("{} is in the way",) * 2,
    ),
    Party.INTERCEPTOR: _Words(
        3,
        "nothing answers in the host's place any more",
        "nothing answers in the host's place any more",
        ("{} answers in the host's place",) * 2,
    ),
    Party.DEVICE: _Words(
        3, "{} lets it through now", "{} rejects it no more", ("{} rejects it",) * 2
    ),
    Party.ROUTER: _Words(
        3,
        "{} routes it to the host now",
        "{} reports no routing error any more",
        ("{} reports a routing error",) * 2,
    ),
    Party.UNDELIVERED: _Words(
        4,
        "the host is there now",
        "it is not reported as down any more",
        ("{} cannot deliver it to the host", "nobody answers for the host's address"),
    ),
    Party.HOST_FIREWALL: _Words(
        5,
        "the host's firewall lets it through now",
        "the host's firewall rejects it no more",
        ("the host's firewall rejects it",) * 2,
    ),
    Party.HOST: _Words(
        6,
        "the host accepts it now",
        "the host refuses it no more",
        ("the host refuses it",) * 2,
    ),
    Party.SERVICE: _Words(
        7,
        "what answered before does so no more",
        "what answered before does so no more",
        ("the host answers ({})", "the host answers, but not as it should"),
    ),
}
"""Words of a changed reason by who stood in the way, and by who does now."""
assert _WORDS.keys() == {*Party}, "_WORDS has a row for each party"

_ANSWERS_ITSELF = frozenset({Party.HOST_FIREWALL, Party.HOST, Party.SERVICE})
"""Parties that show that a packet came to the host."""


def _ended(before: Obstacle, after: Obstacle) -> str:
    """Clause about the obstacle before, no more than the one after it proves."""
    words, depth = _WORDS[before.party], _WORDS[after.party].depth
    reached = after.party in _ANSWERS_ITSELF or words.depth < _SILENCE_DEPTH
    text = words.passed if reached and depth > words.depth else words.gone
    return text.format(_called(before))


def _now(after: Obstacle) -> str:
    named, nameless = _WORDS[after.party].now
    if after.party is Party.SERVICE:
        return named.format(after.why) if after.why else nameless
    return (named if after.name else nameless).format(_called(after))


def _called(obstacle: Obstacle) -> str:
    if obstacle.party is Party.PROXY and obstacle.name:
        return f"{obstacle.party} {obstacle.name}"
    return obstacle.name or obstacle.party
