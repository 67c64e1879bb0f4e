from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from probes.call import Answer
from probes.model import Service
from probes.options import Options, SshCredential
from probes.ssh.probe import ask

SECRET = "Geheim-Xyzzy"


class Server(asyncssh.SSHServer):
    """Takes one password and one key, and writes down what is tried."""

    def __init__(self, seen: list[str], ways: frozenset[str], key: str) -> None:
        self.seen, self.ways, self.key = seen, ways, key

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.seen.append("connection")

    def begin_auth(self, username: str) -> bool:
        self.seen.append(f"user {username}")
        return True

    def public_key_auth_supported(self) -> bool:
        return "publickey" in self.ways

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self.seen.append("key")
        return key.get_fingerprint() == self.key

    def password_auth_supported(self) -> bool:
        return "password" in self.ways

    def validate_password(self, username: str, password: str) -> bool:
        self.seen.append("password")
        return password == SECRET

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self.ways

    def get_kbdint_challenge(self, username, lang, submethods):
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username, responses) -> bool:
        self.seen.append("answer")
        return list(responses) == [SECRET]


@pytest.fixture(scope="module")
def keys() -> list[asyncssh.SSHKey]:
    """The server's key, the user's and another."""
    return [asyncssh.generate_private_key("ssh-ed25519") for _ in range(3)]


@pytest.fixture
def logged_in(call_to, keys) -> Callable[..., object]:
    async def run(
        credential: SshCredential, seen: list[str], *ways: str, timeout: float = 10.0
    ) -> Answer:
        async with (
            serving(keys, seen, ways or ("publickey", "password")) as port,
            call_to(port, timeout=timeout) as call,
        ):
            call.options = Options(ssh=credential)
            answer = await ask(call)
            assert SECRET not in repr(call) + repr(answer)
            return answer

    return run


@asynccontextmanager
async def serving(keys, seen: list[str], ways: tuple[str, ...]) -> AsyncIterator[int]:
    known = keys[1].get_fingerprint()
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[keys[0]],
        server_factory=lambda: Server(seen, frozenset(ways), known),
        gss_host=None,
    )
    try:
        yield server.get_port()
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
def key_file(tmp_path: Path, keys) -> Callable[..., str]:
    def write(key: asyncssh.SSHKey, passphrase: str | None = None) -> str:
        path = tmp_path / "key"
        path.write_bytes(key.export_private_key("pkcs8-pem", passphrase))
        path.chmod(0o600)
        return str(path)

    return write


async def test_a_password_that_is_right_is_accepted_on_the_one_connection(logged_in) -> None:
    seen: list[str] = []
    answer = await logged_in(SshCredential("audit", password=SECRET), seen)
    assert answer.facts["login"] == "accepted"
    assert answer.facts["login_method"] == "password"
    assert set(answer.facts["auth_methods"]) == {"publickey", "password"}
    assert "host_key_fingerprint" in answer.facts
    assert "warning" not in answer.facts
    assert "the login as audit is accepted (password)" in str(answer.facts["summary"])
    assert seen == ["connection", "user audit", "password"]


async def test_a_refused_password_is_tried_once_and_is_a_warning(logged_in) -> None:
    seen: list[str] = []
    ways = ("publickey", "password", "keyboard-interactive")
    answer = await logged_in(SshCredential("audit", password="wrong"), seen, *ways)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["login"] == "refused"
    assert answer.facts["warning"] is True
    assert "the audit's login as audit would fail: refused; methods left: " in str(
        answer.facts["summary"]
    )
    assert "publickey" in str(answer.facts["summary"])
    assert seen == ["connection", "user audit", "password"]


async def test_a_password_is_given_where_it_is_asked_for_interactively(logged_in) -> None:
    seen: list[str] = []
    credential = SshCredential("audit", password=SECRET)
    answer = await logged_in(credential, seen, "keyboard-interactive")
    assert answer.facts["login"] == "accepted"
    assert answer.facts["login_method"] == "keyboard-interactive"
    assert seen == ["connection", "user audit", "answer"]


async def test_a_key_that_is_known_is_accepted(logged_in, key_file, keys) -> None:
    seen: list[str] = []
    answer = await logged_in(SshCredential("audit", key=key_file(keys[1])), seen)
    assert answer.facts["login"] == "accepted"
    assert answer.facts["login_method"] == "publickey"
    assert "password" not in seen


async def test_a_key_that_is_not_known_is_refused_with_what_is_left(
    logged_in, key_file, keys
) -> None:
    seen: list[str] = []
    answer = await logged_in(SshCredential("audit", key=key_file(keys[2])), seen)
    assert answer.facts["login"] == "refused"
    assert "methods left: " in str(answer.facts["summary"])
    assert set(answer.facts["auth_methods"]) == {"publickey", "password"}
    assert seen == ["connection", "user audit", "key"]


async def test_a_way_that_is_not_offered_is_not_tried(logged_in, key_file, keys) -> None:
    seen: list[str] = []
    answer = await logged_in(SshCredential("audit", key=key_file(keys[1])), seen, "password")
    assert answer.facts["login"] == "not tried"
    assert answer.facts["auth_methods"] == ["password"]
    assert "no way to log in that fits; methods left: password" in str(answer.facts["summary"])
    assert seen == ["connection", "user audit"]


async def test_a_key_behind_a_passphrase_is_one_sentence(logged_in, key_file, keys) -> None:
    seen: list[str] = []
    credential = SshCredential("audit", key=key_file(keys[1], "a passphrase"))
    answer = await logged_in(credential, seen)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["login"] == "not tried"
    assert "protected by a passphrase" in str(answer.facts["summary"])
    assert set(answer.facts["auth_methods"]) == {"publickey", "password"}
    assert seen == ["connection", "user auditreach"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such file"), (b"\x00\xffgarbage", "no private key"), (b"", "it is empty")],
)
async def test_a_key_file_that_is_none_is_one_sentence(
    logged_in, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    answer = await logged_in(SshCredential("audit", key=str(path)), [])
    assert answer.facts["login"] == "not tried"
    assert said in str(answer.facts["summary"]).lower()


async def test_an_agent_that_is_not_there_is_one_sentence(logged_in, monkeypatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
    answer = await logged_in(SshCredential("audit", agent=True), [])
    assert answer.facts["login"] == "not tried"
    assert "no SSH agent answers" in str(answer.facts["summary"])


async def test_a_login_that_does_not_end_is_told_before_the_deadline(tcp_call) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-Slow_1\r\n")
        await asyncio.Event().wait()

    async with tcp_call(serve, timeout=0.4) as call:
        call.options = Options(ssh=SshCredential("audit", password=SECRET))
        answer = await ask(call)
    assert answer.facts["login"] == "not tried"
    assert answer.facts["warning"] is True
    assert SECRET not in repr(answer) + repr(call)


async def test_without_a_credential_nobody_logs_in(call_to, keys) -> None:
    seen: list[str] = []
    async with serving(keys, seen, ("password",)) as port, call_to(port) as call:
        answer = await ask(call)
    assert "login" not in answer.facts
    assert seen == ["connection", "user auditreach"]
