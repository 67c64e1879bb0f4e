"""Detail text of one row: requirement, observation, fix and commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from probes.judging.party import UNHEARD, HostState
from probes.model import Evidence, Icmp, Job, Observation, Result
from probes.remediation import Remedy, commands, remedy
from probes.wire.text import printable
from profiles.model import Profile
from tui.models.columns import latency_of, latency_text
from tui.text.pages import page_of

_LONG = 600

Line = tuple[str, str]
"""A label, empty to continue the one above, and its text."""


def detail_lines(
    job: Job, result: Result | None, profile: Profile, host: HostState = UNHEARD
) -> Iterator[Line]:
    """Label and text, line by line; all text is harmless. `host` is the state of the row's host.

    A `{command-id}` in a label stands for its key.
    """
    check = job.check
    yield "", f"{job.check_text} to {printable(job.target.label)}"
    if result is None:
        yield "status", "not measured yet"
    else:
        yield "status", f"{result.status}: {printable(result.note, _LONG)}"
    if job.target.friendly_name:
        yield "known as", printable(job.target.friendly_name, _LONG)
    if job.target.network:
        yield "from", printable(job.target.network, _LONG)
    role = next((role.title for role in profile.roles if role.id == job.target.role), "")
    yield "required", _requirement(job, role)
    fix = None if result is None else remedy(result, host)
    if fix is not None:
        yield "to change", fix.change
    else:
        yield "if missing", check.consequence
    if result is not None:
        yield from _observation_lines(result.observation)
        yield from _paste_lines(fix)
        for place, command in enumerate(commands(result, windows=sys.platform == "win32")):
            yield "" if place else "confirm, {copy-command}", command.text
        yield "meaning, {explain}", f"the page {page_of(result.status)}"


def _paste_lines(fix: Remedy | None) -> Iterator[Line]:
    """Blocks to paste for the change, each under the place where it belongs."""
    for place, paste in enumerate(fix.snippets if fix else ()):
        yield "" if place else "paste, {copy-change}", f"{paste.where}:"
        for line in paste.lines:
            yield "", line


def _requirement(job: Job, role: str) -> str:
    check = job.check
    when = f"when: {check.required_when}. " if check.required_when else ""
    return f"{when}{check.purpose} ({role}, {job.port_text})"


def _observation_lines(observation: Observation) -> Iterator[Line]:
    yield "seen", f"{observation.state}, {observation.reason}; service {observation.service}"
    if observation.address:
        via = f" ({observation.interface})" if observation.interface else ""
        source = f" from {observation.source}{via}" if observation.source else ""
        yield "path", printable(f"{observation.address}{source}", _LONG)
    if observation.icmp is not None:
        yield "said no", printable(_icmp(observation.icmp), _LONG)
    timings = ", ".join(f"{name} {latency_text(ms)}" for name, ms in observation.timings_ms.items())
    if observation.latency_ms is not None:
        clock = f"latency {latency_of(observation)} ({observation.latency_source})"
        timings = f"{clock}; {timings}" if timings else clock
    if timings:
        yield "time", timings
    if observation.started:
        tries = "1 attempt" if observation.attempts == 1 else f"{observation.attempts} attempts"
        yield "when", f"{observation.started}, {tries}"
    for name, value in observation.facts.items():
        if name not in ("summary", "problem", "fix"):
            yield name.replace("_", " "), printable(_value_text(value), _LONG)
    for number, evidence in enumerate(observation.evidence, 1):
        yield f"exchange {number}", exchange_text(evidence)


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
