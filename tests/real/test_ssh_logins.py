"""Endings of a login at OpenSSH, with PAM and without, and at dropbear."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probes.call import Answer
from probes.model import Service
from probes.options import Options, SshCredential
from probes.ssh import probe as ssh
from tests.real.asking import HERE, call_to, free_port
from tests.real.processes import running

USER = "auditor"
PASSWORD = "Right-Xyzzy"
# The mounts are seen by the server alone.
IN_OWN_ETC = """
for file in passwd shadow pam.d/sshd; do mount --bind "$1/$file" "/etc/$file"; done
shift
exec "$@"
"""
PAM = """
auth {auth}
account {account}
session required pam_permit.so
password required pam_unix.so
"""
YESTERDAY, EXPIRED = "19000", "0"
"""Day of the last change of a password, in the third field of shadow(5)."""

Start = Callable[..., object]


class Host:
    """A user with a password and a key, and the files of /etc that know it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("host", "known", "other"):
            made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(made, check=True)
        home = folder / "home"
        (home / ".ssh").mkdir(parents=True)
        shutil.copy(folder / "known.pub", home / ".ssh" / "authorized_keys")
        (folder / "pam.d").mkdir()
        for path in (home, home / ".ssh"):
            path.chmod(0o755)
        self.home = home

    def write_etc(self, auth: str, account: str, changed: str) -> None:
        hash = subprocess.run(
            ["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True
        ).stdout.strip()
        users, secrets = (Path("/etc", name).read_text() for name in ("passwd", "shadow"))
        (self.folder / "passwd").write_text(f"{users}{USER}:x:0:0::{self.home}:/bin/sh\n")
        (self.folder / "shadow").write_text(f"{secrets}{USER}:{hash}:{changed}:0:99999:7:::\n")
        (self.folder / "pam.d" / "sshd").write_text(PAM.format(auth=auth, account=account))

    def in_own_etc(self, *argv: str) -> tuple[str, ...]:
        return ("unshare", "-m", "sh", "-ec", IN_OWN_ETC, "sh", str(self.folder), *argv)


@pytest.fixture
def host(need: Callable[..., None], tmp_path: Path) -> Host:
    need("ssh-keygen", "openssl", "unshare")
    # Servers look whether everything above a key file belongs to root.
    return Host(tmp_path)


@pytest.fixture
def sshd(need: Callable[..., None], host: Host) -> Start:
    need("sshd")

    @contextmanager
    def start(
        *lines: str,
        auth: str = "required pam_unix.so nodelay",
        account: str = "required pam_unix.so",
        changed: str = YESTERDAY,
    ) -> Iterator[int]:
        host.write_etc(auth, account, changed)
        port = free_port(socket.SOCK_STREAM)
        Path("/run/sshd").mkdir(exist_ok=True)
        config = host.folder / "sshd_config"
        own = (
            *(f"ListenAddress {HERE}:{port}", f"HostKey {host.folder / 'host'}", "PidFile none"),
            *("StrictModes no", "PermitRootLogin yes", "UsePAM yes"),
        )
        config.write_text("\n".join((*lines, *own, "")))
        program = shutil.which("sshd") or ""
        with running(*host.in_own_etc(program, "-D", "-e", "-f", str(config))):
            yield port

    return start


@pytest.fixture
def dropbear(need: Callable[..., None], host: Host) -> Start:
    need("dropbear", "dropbearkey")

    @contextmanager
    def start(*options: str) -> Iterator[int]:
        host.write_etc("required pam_unix.so", "required pam_unix.so", YESTERDAY)
        port = free_port(socket.SOCK_STREAM)
        key = host.folder / "dropbear"
        made = ["dropbearkey", "-t", "ed25519", "-f", str(key)]
        subprocess.run(made, check=True, capture_output=True)
        place = ("-p", f"{HERE}:{port}", "-P", str(host.folder / "pid"))
        with running(*host.in_own_etc("dropbear", "-F", "-E", "-r", str(key), *place, *options)):
            yield port

    return start


async def login(port: int, timeout: float = 20.0, **credential: str) -> Answer:
    """Answer to a login as the user, from a server that may still be starting."""
    async with asyncio.timeout(30):
        while True:
            async with call_to(port, "ssh") as call:
                if call.outcome.pipe is not None:
                    call.timeout = timeout
                    call.options = Options(ssh=SshCredential(USER, **credential))
                    answer = await ssh.ask(call)
                    break
            await asyncio.sleep(0.05)
    assert answer.service is Service.CONFIRMED
    assert "Xyzzy" not in repr(answer) + repr(call.evidence)
    return answer


def told(answer: Answer) -> tuple[str, str]:
    return str(answer.facts["login"]), str(answer.facts["summary"])


async def test_openssh_takes_the_password(sshd: Start) -> None:
    with sshd() as port:
        assert told(await login(port, password=PASSWORD))[0] == "accepted"


async def test_openssh_that_waits_after_a_wrong_password_was_shown_it(sshd: Start) -> None:
    auth = "optional pam_faildelay.so delay=8000000\nauth required pam_unix.so"
    with sshd(auth=auth) as port:
        result, summary = told(await login(port, 2.0, password="wrong-Xyzzy"))
    assert result == "no answer"
    assert "the password was sent, and no answer came in" in summary


@pytest.mark.parametrize("way", ["PasswordAuthentication no", "KbdInteractiveAuthentication no"])
async def test_openssh_refuses_a_wrong_password(sshd: Start, way: str) -> None:
    with sshd(way) as port:
        result, summary = told(await login(port, password="wrong-Xyzzy"))
    assert result == "refused"
    assert "refused; methods left: publickey" in summary


@pytest.mark.parametrize("second", ["password", "keyboard-interactive", "publickey"])
async def test_openssh_that_wants_a_second_method_has_accepted_the_key(
    sshd: Start, host: Host, second: str
) -> None:
    with sshd(f"AuthenticationMethods publickey,{second}") as port:
        result, summary = told(await login(port, key=str(host.folder / "known")))
    assert result == "not enough"
    assert f"publickey is accepted, and the server wants more: {second}" in summary


async def test_openssh_that_wants_a_key_after_the_password_has_accepted_it(sshd: Start) -> None:
    with sshd("AuthenticationMethods password,publickey") as port:
        result, summary = told(await login(port, password=PASSWORD))
    assert result == "not enough"
    assert "password is accepted, and the server wants more: publickey" in summary


async def test_openssh_refuses_a_key_where_it_wants_two_methods(sshd: Start, host: Host) -> None:
    with sshd("AuthenticationMethods publickey,password") as port:
        result, _ = told(await login(port, key=str(host.folder / "other")))
    assert result == "refused"


@pytest.mark.parametrize("credential", [{"password": "wrong-Xyzzy"}, {"key": "other"}])
async def test_openssh_that_takes_one_attempt_has_refused_it(
    sshd: Start, host: Host, credential: dict[str, str]
) -> None:
    if "key" in credential:
        credential = {"key": str(host.folder / credential["key"])}
    with sshd("MaxAuthTries 1", "KbdInteractiveAuthentication no") as port:
        result, summary = told(await login(port, **credential))
    assert result == "refused"
    assert "“Too many authentication failures”" in summary


@pytest.mark.parametrize("credential", ["password", "key"])
async def test_openssh_with_a_locked_account_was_shown_the_login(
    sshd: Start, host: Host, credential: str
) -> None:
    given = {"password": PASSWORD} if credential == "password" else {}
    with sshd("KbdInteractiveAuthentication no", account="required pam_deny.so") as port:
        result, summary = told(await login(port, **(given or {"key": str(host.folder / "known")})))
    assert result == "no answer"
    shown = "the password was sent" if credential == "password" else "the server knows the key"
    assert shown in summary
    assert "the server closed the connection" in summary


async def test_openssh_with_an_expired_password_asks_for_a_new_one(sshd: Start) -> None:
    with sshd("PasswordAuthentication no", changed=EXPIRED) as port:
        result, summary = told(await login(port, password=PASSWORD))
    assert result == "expired"
    assert "the password has expired" in summary


async def test_dropbear_takes_the_password_and_refuses_another(dropbear: Start) -> None:
    with dropbear() as port:
        assert told(await login(port, password=PASSWORD))[0] == "accepted"
        assert told(await login(port, password="wrong-Xyzzy"))[0] == "refused"


async def test_dropbear_that_takes_one_attempt_was_shown_it_and_hangs_up(dropbear: Start) -> None:
    with dropbear("-T", "1") as port:
        result, summary = told(await login(port, password="wrong-Xyzzy"))
    assert result == "no answer"
    assert "the password was sent, and the server closed the connection" in summary


async def test_dropbear_with_two_factors_has_accepted_the_key(dropbear: Start, host: Host) -> None:
    with dropbear("-t") as port:
        result, summary = told(await login(port, key=str(host.folder / "known")))
    assert result == "not enough"
    assert "publickey is accepted, and the server wants more: password" in summary
