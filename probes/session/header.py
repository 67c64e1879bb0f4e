"""Header of a session log, its first line: targets, profile, vantage, settings."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from probes.model import Removed, Restored, Target, VantageInfo, version
from probes.session.json_line import (
    get_integer,
    get_items,
    get_mapping,
    get_number,
    get_text,
    get_texts,
)
from probes.settings import Settings
from profiles.model import Profile

SCHEMA = "auditreach.session/1"
"""Name and version of the format."""
MAX_TARGETS_PER_RECORD = 2000
"""Targets in one `targets` record, so that it stays far below the longest line."""

SIMULATED_REMARK = (
    "This is the demo of auditreach: its hosts and services are simulated on this machine's "
    "loopback. Nothing in it says anything about a network."
)
"""Remark in the header of every demo."""

_JSON_ANSWERS: Mapping[str, object] = {"yes": True, "no": False, "auto": "auto"}


@dataclass(frozen=True, slots=True)
class Tool:
    """Program that measured."""

    name: str
    version: str
    python: str


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """Reference to the profile; `source` is the document it was made from."""

    id: str
    version: str
    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Earlier session that is measured again, and the statuses of the rows chosen."""

    id: str
    started: str
    only: tuple[str, ...] = ()
    """Statuses; empty for all rows."""


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
    """Ids of the checks, where not all checks of the roles were chosen."""
    origin: Origin | None = None


def timestamp() -> str:
    """Local time, RFC 3339 with the offset, to the millisecond."""
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
    """Header of a session that starts now, with a new random id; a demo's has a remark."""
    if vantage.simulated:
        remark = f"{SIMULATED_REMARK} {remark}".rstrip()
    return Header(
        id=os.urandom(8).hex(),
        started=timestamp(),
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
    """Reference to a profile, with the hash of the file it was read from."""
    hashed = hashlib.sha256(profile.file).hexdigest()
    return ProfileRef(profile.id, profile.version, profile.source, hashed)


def header_record(header: Header) -> dict[str, object]:
    """`session` record of a header."""
    record: dict[str, object] = {
        "type": "session",
        "schema": SCHEMA,
        "id": header.id,
        "started": header.started,
        "tool": asdict(header.tool),
        "profile": asdict(header.profile),
        "vantage": asdict(header.vantage),
        "settings": asdict(header.settings),
        "answers": {
            name: _JSON_ANSWERS.get(value, value) for name, value in header.answers.items()
        },
        "targets": [_target_record(target) for target in header.targets],
        "remark": header.remark,
    }
    if header.only:
        record["only"] = list(header.only)
    if header.origin is not None:
        record["from"] = asdict(header.origin)
    return record


def targets_records(targets: Sequence[Target]) -> Iterator[dict[str, object]]:
    """`targets` records for hosts that were added to a running session."""
    for chunk in _target_chunks(targets):
        yield {"type": "targets", "targets": chunk}


def removal_records(event: Removed | Restored) -> Iterator[dict[str, object]]:
    """`removed` or `restored` records for hosts, at the current time."""
    kind = "removed" if isinstance(event, Removed) else "restored"
    for chunk in _target_chunks(event.targets):
        yield {"type": kind, "at": timestamp(), "targets": chunk}


def _target_chunks(targets: Sequence[Target]) -> Iterator[list[dict[str, object]]]:
    for first in range(0, len(targets), MAX_TARGETS_PER_RECORD):
        yield [_target_record(target) for target in targets[first : first + MAX_TARGETS_PER_RECORD]]


def parse_targets(record: Mapping[str, object]) -> tuple[Target, ...]:
    """Targets of a record; raises BadLine."""
    return tuple(_parse_target(item) for item in get_items(record, "targets"))


def parse_header(record: Mapping[str, object]) -> Header:
    """Header from its record; raises BadLine naming the key that is wrong."""
    tool, profile = get_mapping(record, "tool"), get_mapping(record, "profile")
    vantage, settings = get_mapping(record, "vantage"), get_mapping(record, "settings")
    defaults = Settings()
    timeout = get_number(settings, "timeout", defaults.timeout, least=0.001)
    return Header(
        id=get_text(record, "id"),
        started=get_text(record, "started"),
        tool=Tool(get_text(tool, "name"), get_text(tool, "version"), get_text(tool, "python")),
        profile=ProfileRef(
            get_text(profile, "id"),
            get_text(profile, "version"),
            get_text(profile, "source"),
            get_text(profile, "sha256"),
        ),
        vantage=VantageInfo(
            get_text(vantage, "kind"),
            get_text(vantage, "host"),
            get_text(vantage, "user"),
            get_text(vantage, "os"),
            get_texts(vantage, "addresses"),
            get_texts(vantage, "resolvers"),
        ),
        settings=Settings(
            timeout=timeout,
            # Before there was this setting, one timeout was for both.
            answer_timeout=get_number(settings, "answer_timeout", timeout, least=0.001),
            retries=get_integer(settings, "retries", defaults.retries),
            concurrency=get_integer(settings, "concurrency", defaults.concurrency, least=1),
            per_host=get_integer(settings, "per_host", defaults.per_host, least=1),
        ),
        answers=_parse_answers(get_mapping(record, "answers")),
        targets=parse_targets(record),
        remark=get_text(record, "remark"),
        only=get_texts(record, "only"),
        origin=_parse_origin(get_mapping(record, "from")),
    )


def _parse_origin(record: Mapping[str, object]) -> Origin | None:
    if not record:
        return None
    return Origin(get_text(record, "id"), get_text(record, "started"), get_texts(record, "only"))


def _parse_answers(record: Mapping[str, object]) -> dict[str, str]:
    words = {True: "yes", False: "no", "auto": "auto"}
    return {
        name: words[value]
        for name, value in record.items()
        if isinstance(value, (bool, str)) and value in words
    }


def _target_record(target: Target) -> dict[str, object]:
    record: dict[str, object] = {"role": target.role, "name": target.host}
    if target.port is not None:
        record["port"] = target.port
    if target.friendly_name:
        record["friendly_name"] = target.friendly_name
    if target.network:
        record["network"] = target.network
    return record


def _parse_target(record: Mapping[str, object]) -> Target:
    port = get_integer(record, "port", 0, most=65535) or None
    friendly = get_text(record, "friendly_name")
    network = get_text(record, "network")
    return Target(get_text(record, "role"), get_text(record, "name"), port, friendly, network)
