"""The first line of a session log: what was asked, of whom, from where and with what."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from probes.model import Removed, Restored, Settings, Target, VantageInfo, version
from probes.session.json_line import integer, items, mapping, number, text, texts
from profiles.model import Profile

SCHEMA = "auditreach.session/1"
"""Name and version of the format."""
MOST_TARGETS = 2000
"""Targets in one `targets` record, so that it stays far below the longest line."""

SIMULATED_REMARK = (
    "This is the demo of auditreach: its hosts and services are simulated on this machine's "
    "loopback. Nothing in it says anything about a network."
)
"""What the header of a demo says, whatever else is remarked."""

_SAID: Mapping[str, object] = {"yes": True, "no": False, "auto": "auto"}


@dataclass(frozen=True, slots=True)
class Tool:
    """The program that measured."""

    name: str
    version: str
    python: str


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """Which profile was checked; `source` is the document it was made from."""

    id: str
    version: str
    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The earlier session whose rows are measured again, and those of which statuses."""

    id: str
    started: str
    only: tuple[str, ...] = ()
    """Statuses; all rows if empty."""


@dataclass(frozen=True, slots=True)
class Header:
    """Everything needed to plan the same session again. No secrets."""

    id: str
    started: str
    """RFC 3339 with the offset."""
    tool: Tool
    profile: ProfileRef
    vantage: VantageInfo
    settings: Settings
    answers: Mapping[str, str]
    """By question id: `yes`, `no` or `auto`."""
    targets: tuple[Target, ...]
    remark: str = ""
    only: tuple[str, ...] = ()
    """Ids of the checks that were asked, where not all of the roles' checks were."""
    origin: Origin | None = None


def now() -> str:
    """The local time, RFC 3339 with the offset, to the millisecond."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def new_header(
    profile: Profile,
    vantage: VantageInfo,
    settings: Settings,
    answers: Mapping[str, str],
    targets: Sequence[Target],
    *,
    remark: str = "",
    only: Sequence[str] = (),
    origin: Origin | None = None,
) -> Header:
    """The header of a session that starts now, with a new random id; a demo's says so."""
    if vantage.simulated:
        remark = f"{SIMULATED_REMARK} {remark}".rstrip()
    return Header(
        id=os.urandom(8).hex(),
        started=now(),
        tool=Tool("auditreach", version(), platform.python_version()),
        profile=profile_ref(profile),
        vantage=vantage,
        settings=settings,
        answers=answers,
        targets=tuple(targets),
        remark=remark,
        only=tuple(only),
        origin=origin,
    )


def profile_ref(profile: Profile) -> ProfileRef:
    """The reference to a profile, with the hash of the file it was read from."""
    hashed = hashlib.sha256(profile.file).hexdigest()
    return ProfileRef(profile.id, profile.version, profile.source, hashed)


def header_record(header: Header) -> dict[str, object]:
    """The `session` record."""
    record: dict[str, object] = {
        "type": "session",
        "schema": SCHEMA,
        "id": header.id,
        "started": header.started,
        "tool": asdict(header.tool),
        "profile": asdict(header.profile),
        "vantage": asdict(header.vantage),
        "settings": asdict(header.settings),
        "answers": {name: _SAID.get(value, value) for name, value in header.answers.items()},
        "targets": [_target_record(target) for target in header.targets],
        "remark": header.remark,
    }
    if header.only:
        record["only"] = list(header.only)
    if header.origin is not None:
        record["from"] = asdict(header.origin)
    return record


def targets_records(targets: Sequence[Target]) -> Iterator[dict[str, object]]:
    """`targets` records for hosts that were added to a session that is under way."""
    for some in _shares(targets):
        yield {"type": "targets", "targets": some}


def removal_records(event: Removed | Restored) -> Iterator[dict[str, object]]:
    """`removed` or `restored` records for hosts that the operator took out or in again, now."""
    kind = "removed" if isinstance(event, Removed) else "restored"
    for some in _shares(event.targets):
        yield {"type": kind, "at": now(), "targets": some}


def _shares(targets: Sequence[Target]) -> Iterator[list[dict[str, object]]]:
    for first in range(0, len(targets), MOST_TARGETS):
        yield [_target_record(target) for target in targets[first : first + MOST_TARGETS]]


def targets_of(record: Mapping[str, object]) -> tuple[Target, ...]:
    """The targets in a record that names some; raises BadLine."""
    return tuple(_target(item) for item in items(record, "targets"))


def header_of(record: Mapping[str, object]) -> Header:
    """The header back from its record; raises BadLine naming the key that is wrong."""
    tool, profile = mapping(record, "tool"), mapping(record, "profile")
    vantage, settings = mapping(record, "vantage"), mapping(record, "settings")
    usual = Settings()
    return Header(
        id=text(record, "id"),
        started=text(record, "started"),
        tool=Tool(text(tool, "name"), text(tool, "version"), text(tool, "python")),
        profile=ProfileRef(
            text(profile, "id"),
            text(profile, "version"),
            text(profile, "source"),
            text(profile, "sha256"),
        ),
        vantage=VantageInfo(
            text(vantage, "kind"),
            text(vantage, "host"),
            text(vantage, "user"),
            text(vantage, "os"),
            texts(vantage, "addresses"),
            texts(vantage, "resolvers"),
        ),
        settings=Settings(
            timeout=number(settings, "timeout", usual.timeout, least=0.001),
            retries=integer(settings, "retries", usual.retries),
            concurrency=integer(settings, "concurrency", usual.concurrency, least=1),
            per_host=integer(settings, "per_host", usual.per_host, least=1),
        ),
        answers=_answers(mapping(record, "answers")),
        targets=targets_of(record),
        remark=text(record, "remark"),
        only=texts(record, "only"),
        origin=_origin(mapping(record, "from")),
    )


def _origin(record: Mapping[str, object]) -> Origin | None:
    if not record:
        return None
    return Origin(text(record, "id"), text(record, "started"), texts(record, "only"))


def _answers(record: Mapping[str, object]) -> dict[str, str]:
    words = {True: "yes", False: "no", "auto": "auto"}
    return {
        name: words[said]
        for name, said in record.items()
        if isinstance(said, (bool, str)) and said in words
    }


def _target_record(target: Target) -> dict[str, object]:
    record: dict[str, object] = {"role": target.role, "name": target.host}
    if target.port is not None:
        record["port"] = target.port
    if target.friendly_name:
        record["friendly_name"] = target.friendly_name
    return record


def _target(record: Mapping[str, object]) -> Target:
    port = integer(record, "port", 0, most=65535) or None
    friendly = text(record, "friendly_name")
    return Target(text(record, "role"), text(record, "name"), port, friendly)
