"""Credentials against the agents and servers that people run: net-snmp and OpenSSH."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from probes.engine.scheduler import Scheduler
from probes.model import Event, Job, Result, Service, Status, Target
from probes.options import Options, SnmpCredential, SshCredential
from probes.registry import PROBES
from probes.settings import Settings
from probes.vantage.local.vantage import LocalVantage
from profiles.model import Check, Profile
from tests.real.processes import running

HERE = "127.0.0.78"
AUTHS = ("MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512")
PRIVS = ("DES", "AES", "AES-192", "AES-256")
AUTH_KEY = "Signs-Xyzzy"
PRIV_KEY = "Hides-Plugh"
VIEWS = {
    "empty": "view vempty excluded .1",
    "none": "",
    "interfaces": "view vinterfaces included .1.3.6.1.2.1.2",
    "name": "view vname included .1.3.6.1.2.1.1.5",
}
"""Logins, a community and a user, that may read only a part, and the view of each."""


async def measured(probe: str, port: int, options: Options, timeout: float = 2.0) -> Result:
    """The row of one check, measured as a run does it; a server that still starts is waited for."""
    check = Check(
        f"t.{probe}", "c", "r", probe, probe, PROBES[probe].transport, "", "", "", port=port
    )
    profile = Profile("p", "P", "1", "s", "https://example.com", checks=(check,))
    job = Job("k", check, Target("r", HERE), port)
    events: list[Event] = []
    vantage = LocalVantage()
    try:
        async with asyncio.timeout(30):
            while True:
                run = Scheduler(
                    *(vantage, PROBES, profile, {}, Settings(timeout=timeout)),
                    events.extend,
                    options,
                )
                run.add([job])
                await run.wait_idle()
                run.flush()
                result = [event for event in events if isinstance(event, Result)][-1]
                if result.observation.state != "closed":
                    return result
                await asyncio.sleep(0.05)
    finally:
        await vantage.close()


@pytest.fixture(scope="module")
def agent(need: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """An agent with a user for every pair of protocols, and some with less or without a view."""
    need("snmpd", root=False)
    folder = tmp_path_factory.mktemp("agent")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HERE, 0))
        port = sock.getsockname()[1]
    lines = [
        f"agentaddress udp:{HERE}:{port}",
        "sysName lab-agent",
        f"[snmp] persistentDir {folder}",
        "rocommunity second-Xyzzy",
        "createUser plain",
        "rouser plain noauth",
        f"createUser blind SHA {AUTH_KEY} AES {PRIV_KEY}",
    ]
    for name, view in VIEWS.items():
        lines += [f"createUser u{name}", f"com2sec s{name} default c{name}"]
        members = (("v1", f"s{name}"), ("v2c", f"s{name}"), ("usm", f"u{name}"))
        lines += [f"group g{name} {model} {member}" for model, member in members]
        shown = f"v{name}" if view else "none"
        lines += [view, f'access g{name} "" any noauth exact {shown} none none']
    for auth in AUTHS:
        lines += [f"createUser only{auth} {auth} {AUTH_KEY}", f"rouser only{auth} auth"]
        for priv in PRIVS:
            name = f"{auth}{priv}"
            lines += [
                f"createUser {name} {auth} {AUTH_KEY} {priv} {PRIV_KEY}",
                f"rouser {name} priv",
            ]
    config = folder / "snmpd.conf"
    config.write_text("\n".join((*lines, "")))
    with running("snmpd", "-f", "-C", "-c", str(config), "-Lf", "/dev/null", "-I", "-smux"):
        yield port


def user(name: str, auth: str = "", priv: str = "", **more: str) -> Options:
    keys = {"auth_key": AUTH_KEY if auth else "", "priv_key": PRIV_KEY if priv else ""}
    return Options(snmp=(SnmpCredential("3", user=name, auth=auth, priv=priv, **(keys | more)),))


@pytest.mark.parametrize("auth", AUTHS)
async def test_net_snmp_takes_a_user_who_signs(agent: int, auth: str) -> None:
    result = await measured("snmp", agent, user(f"only{auth}", auth))
    assert result.status is Status.OK
    assert result.observation.facts["level"] == "authNoPriv"
    assert result.observation.facts["sys_name"] == "lab-agent"


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("priv", PRIVS)
async def test_net_snmp_takes_a_user_who_encrypts(agent: int, auth: str, priv: str) -> None:
    result = await measured("snmp", agent, user(f"{auth}{priv}", auth, priv))
    assert result.status is Status.OK
    assert result.observation.facts["level"] == "authPriv"
    assert result.observation.facts["sys_name"] == "lab-agent"


async def test_net_snmp_takes_a_user_without_keys(agent: int) -> None:
    result = await measured("snmp", agent, user("plain"))
    assert result.status is Status.OK
    assert result.observation.facts["level"] == "noAuthNoPriv"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (user("nobody", "SHA"), "unknown user"),
        (user("SHAAES", "SHA", "AES", auth_key="another-key"), "wrong authentication key"),
        (user("SHAAES", "MD5", "AES"), "wrong authentication key"),
        (user("SHAAES", "SHA", "AES", priv_key="another-key"), "wrong privacy key"),
        (user("SHADES", "SHA", "DES", priv_key="another-key"), "wrong privacy key"),
        (user("SHA-512AES-256", "SHA-512", "AES-256", priv_key="another-key"), "wrong privacy key"),
        (user("SHAAES", "SHA", "DES"), "wrong privacy key"),
        (user("onlySHA", "SHA", "AES"), "level not supported"),
        (user("blind", "SHA", "AES"), "no access"),
        (user("SHAAES", "SHA"), "no access"),
        (user("SHAAES", "SHA", "AES", priv_key="short"), "key too short"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_net_snmp_tells_which_part_of_a_login_is_wrong(
    agent: int, options: Options, said: str
) -> None:
    result = await measured("snmp", agent, options)
    assert result.status is Status.WARNING
    assert result.observation.service is Service.CONFIRMED
    [credential] = result.observation.facts["credentials"]
    assert credential["result"] == said
    assert "the audit's login would fail" in result.note
    for secret in (AUTH_KEY, PRIV_KEY, "another-key"):
        assert secret not in repr(result)


def login(version: str, name: str) -> Options:
    """Login of one of VIEWS."""
    if version == "3":
        return user(f"u{name}")
    return Options(snmp=(SnmpCredential(version, f"c{name}"),))


@pytest.mark.parametrize("version", ["1", "2c", "3"])
@pytest.mark.parametrize("view", ["empty", "none"])
async def test_net_snmp_login_that_may_read_nothing_is_a_warning(
    agent: int, view: str, version: str
) -> None:
    result = await measured("snmp", agent, login(version, view))
    assert result.status is Status.WARNING
    assert result.observation.facts["credentials"][0]["result"] == "no access"
    assert result.observation.facts["shortfall"] == "nothing can be read with the login given"
    assert "may read nothing there" in result.note


@pytest.mark.parametrize("version", ["1", "2c", "3"])
async def test_net_snmp_login_that_may_read_no_system_group_is_a_warning(
    agent: int, version: str
) -> None:
    result = await measured("snmp", agent, login(version, "interfaces"))
    assert result.status is Status.WARNING
    assert result.observation.facts["credentials"][0]["result"] == "accepted"
    assert "shortfall" not in result.observation.facts


@pytest.mark.parametrize("version", ["1", "2c", "3"])
async def test_net_snmp_login_that_may_read_the_name_alone_is_ok(agent: int, version: str) -> None:
    result = await measured("snmp", agent, login(version, "name"))
    assert result.status is Status.OK
    assert result.observation.facts["sys_name"] == "lab-agent"


async def test_credentials_are_tried_in_their_order(agent: int) -> None:
    options = Options(
        snmp=(
            SnmpCredential("2c", "first-Xyzzy"),
            *user("nobody", "SHA").snmp,
            SnmpCredential("2c", "second-Xyzzy"),
        )
    )
    result = await measured("snmp", agent, options)
    assert result.status is Status.OK
    assert [one["result"] for one in result.observation.facts["credentials"]] == [
        "no answer",
        "unknown user",
        "accepted",
    ]
    assert "Xyzzy" not in repr(result)


@pytest.fixture(scope="module")
def sshd(
    need: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, Path]]:
    """An OpenSSH that knows one key of root's; its port and the folder with the keys."""
    need("sshd", "ssh-keygen", "ssh-agent", "ssh-add")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "known", "other"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
        )
    shutil.copy(folder / "known.pub", folder / "authorized")
    with socket.socket() as sock:
        sock.bind((HERE, 0))
        port = sock.getsockname()[1]
    config = folder / "sshd_config"
    config.write_text(
        f"ListenAddress {HERE}:{port}\nHostKey {folder / 'host'}\nPidFile none\nStrictModes no\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nPermitRootLogin prohibit-password\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    program = shutil.which("sshd")
    assert program is not None
    with running(program, "-D", "-e", "-f", str(config)):
        yield port, folder


async def test_openssh_takes_a_key_it_knows(sshd: tuple[int, Path]) -> None:
    port, folder = sshd
    options = Options(ssh=SshCredential("root", key=str(folder / "known")))
    result = await measured("ssh", port, options, timeout=5)
    assert result.status is Status.OK
    assert result.observation.facts["login"] == "accepted"
    assert "accepted (publickey)" in result.note


def add_key(key: Path, agent: Path) -> None:
    """Give the agent a key, once it listens."""
    until = time.monotonic() + 10
    while not agent.exists() and time.monotonic() < until:
        time.sleep(0.02)
    subprocess.run(["ssh-add", "-q", str(key)], check=True)


async def test_openssh_takes_a_key_of_the_agent(
    sshd: tuple[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, folder = sshd
    where = tmp_path / "a"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(where))
    with running("ssh-agent", "-D", "-a", str(where)):
        add_key(folder / "known", where)
        result = await measured("ssh", port, Options(ssh=SshCredential("root", agent=True)), 5)
    assert result.status is Status.OK
    assert result.observation.facts["login"] == "accepted"


@pytest.mark.parametrize(
    "credential", [{"key": "other"}, {"password": "wrong-Xyzzy"}], ids=["key", "password"]
)
async def test_openssh_refuses_and_the_row_warns(
    sshd: tuple[int, Path], credential: dict[str, str]
) -> None:
    port, folder = sshd
    if "key" in credential:
        credential = {"key": str(folder / credential["key"])}
    options = Options(ssh=SshCredential("root", **credential))
    result = await measured("ssh", port, options, timeout=8)
    assert result.status is Status.WARNING
    assert result.observation.facts["login"] == "refused"
    assert "the audit's login as root would fail: refused; methods left: publickey" in result.note
    assert "Xyzzy" not in repr(result)
