"""Detail text of one row: seen, means, change, same cause, verify; evidence; requirement."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from probes.judging.party import UNHEARD, HostState
from probes.model import (
    MISSING,
    TO_CHANGE,
    Evidence,
    Icmp,
    Job,
    Observation,
    Result,
    Status,
)
from probes.remediation import Remedy, commands, remedy
from probes.wire.text import printable
from profiles.model import Profile
from tui.models.columns import latency_of, latency_text
from tui.models.same_cause import Shared
from tui.text.pages import page_of
from tui.text.row_parts import (
    Part,
    asked_text,
    attempts_text,
    means_text,
    rest_of_note,
    same_text,
    seen_parts,
)
from tui.text.status import UNICODE

_LONG = 600

PART_COLUMN = 8
"""Cells of the labels of the first parts."""
_REST_COLUMN = 11
"""Cells of the labels below."""


@dataclass(frozen=True, slots=True)
class Line:
    """One label, empty to continue the one above, and its text.

    A `{command-id}` in a label or hint stands for its key.
    """

    label: str
    text: str
    hint: str = ""
    """Stands at the right end of a line of the text, where there is room."""
    column: int = _REST_COLUMN
    """Cells of a label; of a longer one as many as it needs."""
    extra: tuple[str, ...] = ()
    """Parts that go on the text's last line as far as there is room; they stand elsewhere too."""


def detail_lines(
    job: Job,
    result: Result | None,
    profile: Profile,
    host: HostState = UNHEARD,
    *,
    status: Status | None = None,
    shared: Shared | None = None,
    signs: Mapping[Status, str] = UNICODE.status,
    history: Iterable[tuple[str, str]] = (),
) -> Iterator[Line]:
    """Lines of a row's details, the heading first; all text is harmless.

    `host` is the state of the row's host, `status` what the table shows, if that is not the
    result's, `shared` the cause that other rows have too, `history` lines about earlier rounds.
    """
    yield Line("", _heading(job, result, status, signs))
    fix = None if result is None else remedy(result, host)
    if result is None:
        yield _part(Part.SEEN, asked_text(job))
    else:
        yield from _first_parts(result, fix, shared)
        if note := rest_of_note(result):
            yield Line("note", note)
        if shared is not None and shared.finding:
            yield Line("cause", f"{shared.finding}.")
        yield from _paste_lines(fix)
        yield from _observation_lines(result.observation)
        yield from (Line(*words) for words in history)
        yield Line("meaning, {explain}", f"the page {page_of(result.status)}")
    yield from _requirement_lines(job, result, profile)


def _heading(
    job: Job, result: Result | None, status: Status | None, signs: Mapping[Status, str]
) -> str:
    measured = Status.QUEUED if result is None else result.status
    now = status or measured
    was = f", was {measured}" if result is not None and now is not measured else ""
    return f"{printable(job.target.label)}  {job.check_text}  {signs[now]} {now}{was}"


def _part(part: Part, text: str, hint: str = "") -> Line:
    return Line(part, text, hint, PART_COLUMN)


def _first_parts(result: Result, fix: Remedy | None, shared: Shared | None) -> Iterator[Line]:
    seen, *extra = seen_parts(result)
    yield Line(Part.SEEN, seen, column=PART_COLUMN, extra=tuple(extra))
    if means := means_text(result):
        yield _part(Part.MEANS, means)
    if fix is not None:
        yield _part(Part.CHANGE, fix.change, "{copy-change} copies it" if fix.snippets else "")
    if result.status in TO_CHANGE:
        hint = "" if shared is None else "{diagnosis} lists the causes"
        yield _part(Part.SAME, same_text(result, shared), hint)
    for place, command in enumerate(commands(result, windows=sys.platform == "win32")):
        if place:
            yield Line("", command.text, column=PART_COLUMN)
        else:
            yield _part(Part.VERIFY, command.text, "{copy-command} copies it")


def _paste_lines(fix: Remedy | None) -> Iterator[Line]:
    """Blocks to paste for the change, each under the place where it belongs."""
    for place, paste in enumerate(fix.snippets if fix else ()):
        yield Line("" if place else "paste, {copy-change}", f"{paste.where}:")
        for line in paste.lines:
            yield Line("", line)


def _requirement_lines(job: Job, result: Result | None, profile: Profile) -> Iterator[Line]:
    """Requirement, its condition, what its loss costs, and where the host is from."""
    check = job.check
    role = next((role.title for role in profile.roles if role.id == job.target.role), "")
    where = ", ".join(filter(None, (role, job.port_text)))
    yield Line("required", f"{check.purpose} ({where})")
    if check.required_when:
        yield Line("when", f"{check.required_when}.")
    if result is None or result.status not in MISSING:
        yield Line("if missing", check.consequence)
    if job.target.friendly_name:
        yield Line("known as", printable(job.target.friendly_name, _LONG))
    if job.target.network:
        yield Line("from", printable(job.target.network, _LONG))


def _observation_lines(observation: Observation) -> Iterator[Line]:
    state = f"{observation.state}, {observation.reason}; service {observation.service}"
    yield Line("state", state)
    if observation.address:
        via = f" ({observation.interface})" if observation.interface else ""
        source = f" from {observation.source}{via}" if observation.source else ""
        yield Line("path", printable(f"{observation.address}{source}", _LONG))
    if observation.icmp is not None:
        yield Line("error from", printable(_icmp(observation.icmp), _LONG))
    timings = ", ".join(f"{name} {latency_text(ms)}" for name, ms in observation.timings_ms.items())
    if observation.latency_ms is not None:
        clock = f"latency {latency_of(observation)} ({observation.latency_source})"
        timings = f"{clock}; {timings}" if timings else clock
    if timings:
        yield Line("time", timings)
    if observation.started:
        yield Line("asked at", f"{observation.started}, {attempts_text(observation.attempts)}")
    for name, value in observation.facts.items():
        if name not in ("summary", "problem", "fix"):
            yield Line(name.replace("_", " "), printable(_value_text(value), _LONG))
    for number, evidence in enumerate(observation.evidence, 1):
        yield Line(f"exchange {number}", exchange_text(evidence))


def beginning_text(evidence: Evidence) -> str:
    """Time and destination of an exchange: `at 12 ms to 10.0.0.2`."""
    when = "beside the row's own" if evidence.at_ms is None else f"at {evidence.at_ms:.0f} ms"
    return f"{when} to {evidence.address}"


def exchange_text(evidence: Evidence) -> str:
    """One exchange as harmless text."""
    parts = [beginning_text(evidence)]
    if evidence.sent:
        parts.append(f"sent {evidence.sent}")
    if evidence.received:
        parts.append(f"received {evidence.received}")
    if evidence.state:
        parts.append(f"{evidence.state} ({evidence.reason})")
    if evidence.icmp is not None:
        parts.append(_icmp(evidence.icmp))
    if evidence.errno is not None:
        parts.append(f"errno {evidence.errno}")
    return printable(", ".join(parts), _LONG)


def _icmp(icmp: Icmp) -> str:
    name = "ICMPv6" if icmp.version == 6 else "ICMP"
    return f"{icmp.offender}, {name} type {icmp.type} code {icmp.code}"


def _value_text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{name} {_value_text(item)}" for name, item in value.items() if item != ""
        )
    if isinstance(value, (list, tuple)):
        return "; ".join(_value_text(item) for item in value)
    return str(value)
