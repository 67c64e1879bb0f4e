"""Root causes instead of noise: results as findings, each with what it rests on. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from probes.judging.findings import clocks, dns_mismatch, duplicates, middleboxes, names, outages
from probes.judging.findings.hosts import Survey, survey
from probes.judging.findings.ports import ports
from probes.model import TO_CHANGE, Confidence, Finding, FindingKind, Reason, Result
from probes.wire.text import printable

__all__ = ["Confidence", "Finding", "FindingKind", "diagnose"]

_ORDER = {kind: place for place, kind in enumerate(FindingKind)}
_TEXT = 600


def diagnose(results: Iterable[Result], answers: Mapping[str, str]) -> tuple[Finding, ...]:
    """The findings of a session, those behind most rows first within each kind.

    Takes the latest result of every row, in any order, and the answers to the profile's questions.
    Every row that is blocked, degraded or not tested is behind at most one finding.
    """
    found = survey(results)
    lost = {result.job.key for result in found.results if result.status in TO_CHANGE}
    claimed: dict[str, int] = {}
    findings: list[Finding] = []
    for rule in _RULES:
        for finding in [*rule(found, claimed)]:
            claimed.update(dict.fromkeys(lost.intersection(finding.keys), len(findings)))
            findings.append(finding)
    findings += duplicates.addressed(found, answers)
    _follow(found, claimed, findings)
    return tuple(sorted(map(_shown, findings), key=_place))


_RULES: tuple[Callable[[Survey, Collection[str]], Iterator[Finding]], ...] = (
    lambda found, _: outages.local(found),
    lambda found, _: outages.untested(found),
    lambda found, _: names.unresolved(found),
    lambda found, _: middleboxes.proxies(found),
    lambda found, _: outages.cut_off(found),
    lambda found, _: outages.dead(found),
    ports,
    lambda found, _: middleboxes.accepting(found),
    middleboxes.authorities,
    duplicates.certificates,
    lambda found, _: duplicates.keys_shared(found),
    duplicates.namesakes,
    lambda found, _: dns_mismatch.reverse(found),
    lambda found, _: dns_mismatch.unlisted(found),
    lambda found, _: names.misnamed(found),
    lambda found, _: clocks.clocks(found),
)
"""In this order; a rule leaves out rows that are claimed where an earlier one may have them."""


def _follow(found: Survey, claimed: Mapping[str, int], findings: list[Finding]) -> None:
    """Rows that wait for another row are behind what that one is behind."""
    waiting = [one for one in found.results if one.observation.reason is Reason.DEPENDENCY]
    if not waiting:
        return
    rows = {
        (result.job.target, result.job.check.id): result.job.key
        for result in found.results
        if result.job.key in claimed
    }
    more: dict[int, list[str]] = defaultdict(list)
    for result in waiting:
        if result.job.key not in claimed:
            needed = rows.get((result.job.target, result.job.check.needs))
            if needed is not None:
                more[claimed[needed]].append(result.job.key)
    for place, keys in more.items():
        finding = findings[place]
        findings[place] = replace(finding, keys=tuple(sorted((*finding.keys, *keys))))


def _shown(finding: Finding) -> Finding:
    """Names and words of the network in it made harmless."""
    return replace(
        finding,
        text=_harmless(finding.text),
        why=_harmless(finding.why),
        fix=_harmless(finding.fix),
    )


def _harmless(text: str) -> str:
    # Character by character takes most of the time of a large session, and hardly any needs it.
    plain = text.isascii() and text.isprintable() and len(text) <= _TEXT
    return text if plain else printable(text, _TEXT)


def _place(finding: Finding) -> tuple[int, int, str, tuple[str, ...]]:
    return _ORDER[finding.kind], -len(finding.keys), finding.text, finding.keys
