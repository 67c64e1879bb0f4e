"""A profile, a header and rows, and the schema every line is held against."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import probes.session
from probes.model import (
    Evidence,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
    VantageInfo,
)
from probes.session import Header, SessionLog, new_header
from probes.settings import Settings
from profiles.model import Check, Profile
from profiles.ports import with_port


def _check(id: str, role: str, port: int | None, transport: Any = "tcp") -> Check:
    return Check(
        id, "c", role, id[-12:], transport, transport, "p", "c", "f", port, custom_port=port == 22
    )


@pytest.fixture(scope="session")
def profile() -> Profile:
    checks = (
        _check("windows.ldap", "windows.dc", 389),
        _check("unix.ssh", "unix.target", 22),
        _check("discovery.ping", "discovery.host", None, "icmp"),
    )
    return Profile("alloyscan", "AlloyScan", "1", "Required Ports", "", checks=checks, file=b"ab")


@pytest.fixture(scope="session")
def header(profile: Profile) -> Header:
    return new_header(
        profile,
        VantageInfo("local", "jump1", "root", "Linux 6.1", ("192.0.2.9",), ("192.0.2.53",)),
        Settings(timeout=2.5, concurrency=10),
        {"domain_credentials": "yes", "current_user": "no", "enable_remoting": "auto"},
        (
            Target("windows.dc", "dc1"),
            Target("unix.target", "web", 2222),
            Target("unix.target", "fe80::1", 2222),
        ),
        remark="before the change",
        only=("windows.ldap", "unix.ssh"),
    )


@pytest.fixture(scope="session")
def make_result(profile: Profile) -> Callable[..., Result]:
    def make(
        host: str = "dc1",
        check: str = "windows.ldap",
        *,
        status: Status = Status.OK,
        note: str = "Answered.",
        target_port: int | None = None,
        **seen: Any,
    ) -> Result:
        asked = with_port(profile.check(check), target_port)
        target = Target(asked.role, host, target_port)
        job = Job(f"{check}|{target.label}", asked, target, asked.port)
        usual: dict[str, Any] = {
            "service": Service.CONFIRMED,
            "address": "192.0.2.1",
            "source": "192.0.2.9",
            "latency_ms": 0.25,
            "latency_source": "kernel",
            "timings_ms": {"connect": 0.31},
            "started": "2026-01-31T12:00:00.123+01:00",
            "evidence": (Evidence("192.0.2.1", "TCP connect to port 389", "", "open", "syn-ack"),),
        }
        observation = Observation(State.OPEN, Reason.SYN_ACK, **(usual | seen))
        return Result(job, status, note, observation, "a reason")

    return make


@pytest.fixture
def write_log(tmp_path: Path, header: Header) -> Callable[..., Path]:
    def write(*results: Result, end: bool = True) -> Path:
        path = tmp_path / "session.jsonl"
        log = SessionLog.create(path)
        log.write_header(header)
        log.write_results(results)
        if end:
            log.write_end(True, {"ok": len(results)})
        log.close()
        return path

    return write


@pytest.fixture(scope="session")
def validate() -> Callable[[object], None]:
    """Validate a decoded line against the schema; raises ValidationError."""
    package = Path(probes.session.__file__).parent
    schema = json.loads((package / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).validate
