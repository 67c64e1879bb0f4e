from __future__ import annotations

import asyncio

import pytest

from probes import authd
from probes.lab import vsphere as lab
from probes.model import Service

SHORT = 0.4


def port_of(server: asyncio.Server) -> int:
    return server.sockets[0].getsockname()[1]


async def test_the_daemon_is_named_and_nothing_is_sent(call_to) -> None:
    async with await lab.start_authd() as server, call_to(port_of(server)) as call:
        answer = await authd.ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["version"] == "1.10"
    assert answer.facts["summary"] == "VMware Authentication Daemon 1.10, login over TLS only"
    assert "NFCSSL supported" in answer.facts["features"]
    assert call.evidence
    assert not any(one.sent for one in call.evidence)


async def test_nothing_is_said_of_esxi_because_workstation_has_the_daemon_too(observed) -> None:
    greeting = b"220 VMware Authentication Daemon Version 1.0, ServerDaemonProtocol:SOAP\r\n"
    async with await lab.start_authd(greeting=greeting) as server:
        seen = await observed(authd.ask, port_of(server))
    assert seen.facts["summary"] == "VMware Authentication Daemon 1.0"
    assert "ESXi" not in repr(seen.facts)


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"220 mail.example ESMTP\r\n", "220 mail.example ESMTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2"),
        (b"220 VMware Authentication Daemon Version \x1b[2J\r\n", r"\x1b[2J"),
    ],
)
async def test_another_greeting_is_unexpected(observed, greeting: bytes, said: str) -> None:
    async with await lab.start_authd(greeting=greeting) as server:
        seen = await observed(authd.ask, port_of(server), timeout=60)
    assert seen.service is Service.UNEXPECTED
    assert said in str(seen.facts["summary"])


async def test_bad_manners_end_in_the_right_result_before_the_deadline(
    observed, peer, hostile
) -> None:
    name, server = hostile
    async with peer(server(lab.AUTHD[:40])) as port:
        seen = await observed(authd.ask, port, timeout=SHORT)
    expected = Service.UNEXPECTED if name in ("garbage", "endless") else Service.SILENT
    assert seen.service is expected
    assert str(seen.facts["summary"]).isprintable()
