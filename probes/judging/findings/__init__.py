"""Findings: root causes behind the rows of a session, with their grounds. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from probes.judging.findings import (
    clocks,
    dns_mismatch,
    duplicates,
    middleboxes,
    names,
    outages,
    unused,
)
from probes.judging.findings.hosts import ClassifiedResults, classify
from probes.judging.findings.ports import lost_ports
from probes.judging.recognised_role import RECOGNISED
from probes.model import TO_CHANGE, Confidence, Finding, FindingKind, Reason, Result
from probes.wire.text import printable

__all__ = ["Confidence", "Finding", "FindingKind", "diagnose", "rows_in_no_finding"]

_ORDER = {kind: place for place, kind in enumerate(FindingKind)}
_MAX_TEXT = 600


def diagnose(results: Iterable[Result], answers: Mapping[str, str]) -> tuple[Finding, ...]:
    """Findings of a session, those behind most rows first within each kind.

    Takes the latest result of every row, in any order, and the answers to the profile's questions.
    Every row that is blocked, degraded or not tested is behind at most one finding. What answers
    of a host without a role is no cause: its row tells it, and those of its role have causes.
    """
    every = tuple(results)
    classified = classify(one for one in every if RECOGNISED not in one.observation.facts)
    lost = {result.job.key for result in classified.rows if result.status in TO_CHANGE}
    claimed: dict[str, int] = {}
    findings: list[Finding] = []
    for rule in _RULES:
        for finding in [*rule(classified, claimed)]:
            claimed.update(dict.fromkeys(lost.intersection(finding.keys), len(findings)))
            findings.append(finding)
    findings += unused.unused_addresses(classify(every))
    findings += duplicates.hosts_named_by_address(classified, answers)
    _add_dependents(classified, claimed, findings)
    return tuple(sorted(map(_sanitized, findings), key=_sort_key))


class Explains(Protocol):
    """A finding, or its record in a log."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the rows behind it."""


def rows_in_no_finding(results: Iterable[Result], findings: Iterable[Explains]) -> tuple[str, ...]:
    """Keys of the rows to change that are behind no finding, in the order of the results."""
    explained = {key for finding in findings for key in finding.keys}
    keys = (result.job.key for result in results if result.status in TO_CHANGE)
    return tuple(key for key in keys if key not in explained)


_RULES: tuple[Callable[[ClassifiedResults, Collection[str]], Iterator[Finding]], ...] = (
    lambda found, _: outages.local_failures(found),
    lambda found, _: outages.untested_locally(found),
    lambda found, _: names.unresolved_names(found),
    lambda found, _: middleboxes.failing_proxies(found),
    lambda found, _: middleboxes.answering_proxies(found),
    lambda found, _: outages.unreachable_networks(found),
    lambda found, _: outages.unreachable_hosts(found),
    lost_ports,
    lambda found, _: middleboxes.accepting_middleboxes(found),
    middleboxes.untrusted_authorities,
    duplicates.foreign_certificates,
    lambda found, _: duplicates.shared_host_keys(found),
    duplicates.shared_addresses,
    lambda found, _: dns_mismatch.reverse_mismatches(found),
    lambda found, _: dns_mismatch.unlisted_controllers(found),
    lambda found, _: names.wrong_names(found),
    lambda found, _: clocks.clock_differences(found),
)
"""Rules in order; a rule skips claimed rows where an earlier rule may have explained them."""


def _add_dependents(
    results: ClassifiedResults, claimed: Mapping[str, int], findings: list[Finding]
) -> None:
    """Add rows to the finding of the row that they wait for."""
    waiting = [one for one in results.rows if one.observation.reason is Reason.DEPENDENCY]
    if not waiting:
        return
    rows = {
        (result.job.target, result.job.check.id): result.job.key
        for result in results.rows
        if result.job.key in claimed
    }
    dependents: dict[int, list[str]] = defaultdict(list)
    for result in waiting:
        if result.job.key not in claimed:
            dependency = rows.get((result.job.target, result.job.check.needs))
            if dependency is not None:
                dependents[claimed[dependency]].append(result.job.key)
    for index, keys in dependents.items():
        finding = findings[index]
        findings[index] = replace(finding, keys=tuple(sorted((*finding.keys, *keys))))


def _sanitized(finding: Finding) -> Finding:
    """Finding whose texts, which may come from the network, are harmless to show."""
    return replace(
        finding,
        text=_sanitized_text(finding.text),
        why=_sanitized_text(finding.why),
        fix=_sanitized_text(finding.fix),
    )


def _sanitized_text(text: str) -> str:
    # Going through a text by character is slow in a large session, and few texts need it.
    plain = text.isascii() and text.isprintable() and len(text) <= _MAX_TEXT
    return text if plain else printable(text, _MAX_TEXT)


def _sort_key(finding: Finding) -> tuple[int, int, str, tuple[str, ...]]:
    return _ORDER[finding.kind], -len(finding.keys), finding.text, finding.keys
