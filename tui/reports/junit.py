"""JUnit XML as CI servers read it: a test suite a role, a test case a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from probes.model import TO_CHANGE, Result
from probes.remediation import commands
from probes.session import VerdictRecord
from tui.models.same_cause import SameCause
from tui.reports.model import (
    Report,
    by_role,
    causes_of,
    first_parts,
    header_lines,
    line,
    notices,
    path_text,
    role_titles,
    unexplained,
    verdict_host,
    verdicts,
)
from tui.text.findings import in_no_finding_text, sentence
from tui.text.row_parts import Part, attempts_text
from tui.text.status import STATUS

_MAX_SECONDS = 1e6
"""Seconds of a row; a forged log may claim any number."""


def render(report: Report) -> Iterator[str]:
    """The document, a piece a row."""
    titles = role_titles(report)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    counted = _numbers(report.session.results)
    # Jenkins' schema has no such attribute here.
    del counted["skipped"]
    yield f"<testsuites{_attributes(name='auditreach', **counted)}>\n"
    causes = causes_of(report)
    for role, rows in by_role(report).items():
        yield from _suite(report, causes, role, titles.get(role, ""), rows)
    yield "</testsuites>\n"


def _suite(
    report: Report, causes: SameCause, role: str, title: str, rows: list[Result]
) -> Iterator[str]:
    header = report.session.header
    named = {"name": line(f"{role}: {title}" if title else role)}
    named |= {"timestamp": line(header.started)} if header.started else {}
    named |= {"hostname": line(header.vantage.host)}
    yield f"<testsuite{_attributes(**named, **_numbers(rows))}>\n<properties>\n"
    for name, value in header_lines(report):
        yield f"<property{_attributes(name=name, value=value)}/>\n"
    for notice in notices(report):
        yield f"<property{_attributes(name='Notice', value=notice)}/>\n"
    yield "</properties>\n"
    for result in rows:
        yield _case(report, causes, result)
    yield from _conclusions(report, role, rows)
    yield "</testsuite>\n"


def _conclusions(report: Report, role: str, rows: list[Result]) -> Iterator[str]:
    """The verdicts of this suite's hosts and what is behind its rows, a line each."""
    keys = {result.job.key for result in rows}
    verdict_lines = [
        f"{one.verdict}: {verdict_host(one)}: {one.text}{_fixes(one)}"
        for one in verdicts(report)
        if one.role == role
    ]
    verdict_lines += [
        f"{one.sure}: {sentence(one)}"
        for one in report.session.findings
        if not keys.isdisjoint(one.keys)
    ]
    if alone := keys.intersection(unexplained(report)):
        verdict_lines.append(in_no_finding_text(len(alone)))
    if verdict_lines:
        lines = "\n".join(map(line, verdict_lines))
        yield f"<system-out>{escape(lines)}</system-out>\n"


def _fixes(verdict: VerdictRecord) -> str:
    return f" To change: {' '.join(verdict.fix)}" if verdict.fix else ""


def _case(report: Report, causes: SameCause, result: Result) -> str:
    job, seen = result.job, result.observation
    name = line(f"{job.check_text} ({job.check.id})")
    took = min(max(sum(seen.timings_ms.values()) / 1000, 0), _MAX_SECONDS)
    where = _attributes(classname=line(job.target.label), name=name, time=f"{took:.3f}")
    note = line(result.note)
    kind = line(f"{result.status}: {seen.state}, {seen.reason}")
    said = _attributes(message=line(result.why or result.note), type=kind)
    ended = STATUS[result.status].junit
    if ended in ("failure", "error"):
        inside = f"<{ended}{said}>{escape(_details(report, causes, result))}</{ended}>"
    elif ended == "skipped":
        inside = f"<skipped{_attributes(message=f'{result.status}: {note}')}/>"
    else:
        # JUnit knows no warning: a degraded row passes and says so in its output.
        told = _details(report, causes, result) if result.status in TO_CHANGE else note
        inside = f"<system-out>{escape(f'{result.status}: {told}')}</system-out>"
    return f"<testcase{where}>{inside}</testcase>\n"


def _details(report: Report, causes: SameCause, result: Result) -> str:
    seen = result.observation
    parts = first_parts(report, causes, result)
    lines = [line(f"{heading}: {text}") for heading, text in parts if text]
    asked = " | ".join(one.text for one in commands(result))
    lines += [line(f"{Part.VERIFY.heading}: {asked}")] if asked else []
    lines.append(line(f"State: {seen.state}, {seen.reason}; {attempts_text(seen.attempts)}"))
    if seen.address:
        lines.append(line(f"Path: {path_text(seen)}"))
    if seen.icmp is not None:
        lines.append(
            line(
                f"ICMP error from: {seen.icmp.offender}, type {seen.icmp.type} code "
                f"{seen.icmp.code}"
            )
        )
    return "\n".join(lines)


def _numbers(rows: tuple[Result, ...] | list[Result]) -> dict[str, str]:
    """The attributes that count test cases."""
    ended = Counter(STATUS[result.status].junit for result in rows)
    return {
        "tests": str(len(rows)),
        "failures": str(ended["failure"]),
        "errors": str(ended["error"]),
        "skipped": str(ended["skipped"]),
    }


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items())
