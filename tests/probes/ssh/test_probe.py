from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager

import asyncssh
import pytest

from probes.call import Unexpected
from probes.judging.status import judge
from probes.model import Service, Status
from probes.options import Options, SshCredential
from probes.ssh.banner import MAX_RECEIVED
from probes.ssh.probe import ask
from tests.probes.peers import resetting

IDENT = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
SHORT = 0.4


def says(data: bytes, *, stay: bool = True):
    """A server that says one thing, then stays silent or closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if stay:
            await asyncio.Event().wait()
        writer.close()

    return serve


async def test_an_identification_proves_the_service_without_a_key_exchange(tcp_call) -> None:
    async with tcp_call(says(IDENT, stay=False)) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["product"] == "OpenSSH"
    assert answer.facts["version"] == "9.2p1"
    problem = "the key exchange failed: the server ended the connection"
    assert answer.facts["problem"] == problem
    assert "host_key_fingerprint" not in answer.facts
    assert answer.timings_ms["banner"] >= 0


async def test_lines_before_the_identification_are_passed_over(tcp_call) -> None:
    async with tcp_call(says(b"Authorised use only\r\n" + IDENT, stay=False)) as call:
        answer = await ask(call)
    assert answer.facts["product"] == "OpenSSH"


async def test_silence_after_the_identification_is_a_fact(tcp_call) -> None:
    async with tcp_call(says(IDENT), timeout=SHORT) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["problem"] == "the key exchange did not finish in time"
    assert answer.facts["warning"] is True, "a client would not get further either"
    assert str(answer.facts["summary"]).endswith("; perhaps the path drops large packets (MTU)")


async def test_garbage_after_the_identification_is_a_fact(tcp_call) -> None:
    async with tcp_call(says(IDENT + b"\x00\x00\x00\x0c\x0a" + b"garbage" * 20)) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert "key exchange failed" in str(answer.facts["problem"])


async def test_an_identification_that_is_not_ascii_is_a_fact_and_no_fault(tcp_call) -> None:
    async with tcp_call(says(b"SSH-2.0-\xff\x1b[2J\r\n")) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert "\x1b" not in repr(answer.facts) + repr(call.evidence)


async def test_an_endless_stream_after_the_identification_is_cut_off(tcp_call) -> None:
    ignore = b"\x02" + (30_000).to_bytes(4, "big") + bytes(30_000)
    padding = 8 - (5 + len(ignore)) % 8 + 8
    packet = (1 + len(ignore) + padding).to_bytes(4, "big") + bytes([padding]) + ignore

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(IDENT)
        while True:
            writer.write(packet + bytes(padding))
            await writer.drain()

    async with tcp_call(serve, timeout=3600) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["problem"] == "the server sends without end"
    assert answer.facts["warning"] is True


async def test_endless_text_is_another_service_and_cut_off_early(tcp_call) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"chargen" * 1000)
            await writer.drain()

    async with tcp_call(serve) as call:
        with pytest.raises(Unexpected, match="chargen"):
            await ask(call)
    assert len(call.evidence[-1].received) < MAX_RECEIVED


async def test_ssh_1_only_is_told(tcp_call) -> None:
    async with tcp_call(says(b"SSH-1.5-OldBox_1.2\r\n")) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["ssh1_only"] is True
    assert "SSH 1.5" in str(answer.facts["summary"])


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("Exceeded MaxStartups", "MaxStartups in sshd_config"),
        ("Not allowed at this time", "PerSourcePenaltyExemptList"),
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\n", b""])
async def test_a_server_that_is_too_busy_is_a_warning_with_what_to_do(
    observed, peer, kit, words: str, advice: str, end: bytes
) -> None:
    async with peer(says(words.encode() + end, stay=False)) as port:
        seen = await observed(ask, port)
    row = judge(kit.job(kit.check("ssh", 22)), seen)
    assert seen.service is Service.CONFIRMED
    assert seen.facts["busy"] is True
    assert row.status is Status.WARNING
    assert words in row.note and advice in row.note and "retest" in row.note


async def test_the_login_of_the_audit_is_not_tried_at_a_busy_server(tcp_call) -> None:
    async with tcp_call(says(b"Exceeded MaxStartups\r\n", stay=False)) as call:
        call.options = Options(ssh=SshCredential("audit", password="secret"))
        answer = await ask(call)
    assert answer.facts["login"] == "not tried"
    assert answer.facts["busy"] is True


@pytest.mark.parametrize(
    "words", ["Too many connections", "Connection refused", "Not allowed at this time, sir"]
)
async def test_who_turns_away_without_a_word_of_ssh_is_blocked_and_not_called_wrong(
    observed, peer, kit, words: str
) -> None:
    async with peer(says(words.encode() + b"\r\n", stay=False)) as port:
        seen = await observed(ask, port)
    row = judge(kit.job(kit.check("ssh", 22)), seen)
    assert row.status is Status.BLOCKED
    assert words in row.note and "retest" in row.note
    assert "wrong service" not in row.note
    assert str(seen.facts["fix"]).startswith("Retest")


@pytest.mark.parametrize("software", ["", "-", " a comment alone"])
@pytest.mark.parametrize("protocol", ["2.0", "1.99"])
async def test_an_identification_without_software_is_a_warning_that_says_so(
    observed, peer, kit, software: str, protocol: str
) -> None:
    async with peer(says(f"SSH-{protocol}-{software}\r\n".encode(), stay=False)) as port:
        seen = await observed(ask, port)
    row = judge(kit.job(kit.check("ssh", 22)), seen)
    assert row.status is Status.WARNING
    assert f"SSH {protocol} server whose identification names no software" in row.note


async def test_a_server_without_software_that_exchanges_keys_is_a_warning_too(
    call_to, host_key, monkeypatch
) -> None:
    def nameless(connection: asyncssh.SSHServerConnection) -> None:
        connection._server_version = b"SSH-2.0-"
        connection._send(b"SSH-2.0-\r\n")

    monkeypatch.setattr(asyncssh.connection.SSHServerConnection, "_send_version", nameless)
    async with ssh_server(host_key, seen=[]) as port, call_to(port) as call:
        answer = await ask(call)
    assert "password" in answer.facts["auth_methods"]
    assert answer.facts["warning"] is True
    assert "names no software" in str(answer.facts["summary"])


@pytest.mark.parametrize(
    "greeting", [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"]
)
async def test_another_protocol_is_named_and_not_waited_for(tcp_call, greeting: bytes) -> None:
    async with tcp_call(says(greeting), timeout=3600) as call:
        with pytest.raises(Unexpected) as raised:
            await ask(call)
    assert str(raised.value) == greeting.decode().split("\r")[0]


async def test_a_web_server_that_waits_for_a_question_is_named(tcp_call) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readline()).startswith(b"SSH-2.0-")
        writer.write(b"HTTP/1.0 400 Bad request\x1b[2J\r\n\r\n")

    async with tcp_call(serve, timeout=3600) as call:
        with pytest.raises(Unexpected, match="400 Bad request") as raised:
            await ask(call)
    assert "\x1b" not in str(raised.value)


async def test_text_that_never_becomes_ssh_is_another_service(tcp_call) -> None:
    async with tcp_call(says(b"hello\r\nwho are you?\r\n"), timeout=SHORT) as call:
        with pytest.raises(Unexpected, match="hello who are you"):
            await ask(call)


async def test_who_sends_back_what_is_sent_is_no_ssh_server(tcp_call) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
        writer.close()

    async with tcp_call(echo) as call:
        with pytest.raises(Unexpected, match="it sends back what this machine sends"):
            await ask(call)


async def test_a_silent_server_is_a_timeout(tcp_call) -> None:
    async with tcp_call(says(b""), timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            await ask(call)


async def test_a_drop_of_an_identification_is_a_timeout(tcp_call) -> None:
    async with tcp_call(says(b"SSH"), timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            await ask(call)


async def test_an_immediate_close_is_an_eof(tcp_call) -> None:
    async with tcp_call(says(b"", stay=False)) as call:
        with pytest.raises(EOFError):
            await ask(call)


async def test_a_reset_passes_through(tcp_call) -> None:
    async with tcp_call(resetting()) as call:
        with pytest.raises(ConnectionError):
            await ask(call)


async def test_a_cancelled_probe_leaves_no_connection_behind(tcp_call) -> None:
    greeted = asyncio.Event()
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(IDENT)
        await reader.readline()
        greeted.set()
        try:
            await reader.read()
        finally:
            ended.set()

    async with tcp_call(serve) as call:
        task = asyncio.create_task(ask(call))
        await greeted.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ended.wait()


class Server(asyncssh.SSHServer):
    """Counts connections and what was tried on them."""

    def __init__(self, seen: list[str], needs_login: bool) -> None:
        self.seen, self.needs_login = seen, needs_login

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.seen.append("connection")

    def begin_auth(self, username: str) -> bool:
        self.seen.append(f"auth {username}")
        return self.needs_login

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self.seen.append("password")
        return False


@pytest.fixture
def host_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@asynccontextmanager
async def ssh_server(*host_keys: asyncssh.SSHKey, seen: list[str], needs_login: bool = True):
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[*host_keys],
        server_factory=lambda: Server(seen, needs_login),
        gss_host=None,
    )
    try:
        yield server.get_port()
    finally:
        server.close()
        await server.wait_closed()


async def test_host_key_and_methods_are_learned_without_a_login(call_to, host_key) -> None:
    seen: list[str] = []
    async with ssh_server(host_key, seen=seen) as port, call_to(port) as call:
        answer = await ask(call)
    assert answer.facts["host_key_type"] == "ssh-ed25519"
    assert answer.facts["host_key_fingerprint"] == host_key.get_fingerprint("sha256")
    assert "password" in answer.facts["auth_methods"]
    assert "problem" not in answer.facts
    assert seen == ["connection", "auth auditreach"]


async def test_a_login_that_hangs_behind_a_finished_key_exchange_is_no_mtu(
    call_to, host_key, monkeypatch
) -> None:
    async def hang(self: Server, username: str) -> bool:
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(Server, "begin_auth", hang)
    async with (
        ssh_server(host_key, seen=[]) as port,
        call_to(port, timeout=1.5) as call,
    ):
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["host_key_type"] == "ssh-ed25519"
    assert answer.facts["problem"] == (
        "the key exchange is done, and the server did not say in time which logins it takes"
    )
    assert answer.facts["warning"] is True
    assert "MTU" not in str(answer.facts["summary"])


async def test_the_types_of_all_host_keys_are_told_from_the_same_connection(call_to) -> None:
    seen: list[str] = []
    kinds = ("ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256")
    keys = [asyncssh.generate_private_key(kind) for kind in kinds]
    async with ssh_server(*keys, seen=seen) as port, call_to(port) as call:
        answer = await ask(call)
    assert sorted(answer.facts["host_keys"]) == ["ECDSA nistp256", "Ed25519", "RSA"]
    assert seen.count("connection") == 1
    assert "chacha20-poly1305@openssh.com" in answer.facts["ciphers"]


def packet(body: bytes) -> bytes:
    padding = 8 - (5 + len(body)) % 8 + 8
    return struct.pack(">IB", 1 + len(body) + padding, padding) + body + bytes(padding)


def strings(*texts: str) -> bytes:
    return b"".join(struct.pack(">I", len(text)) + text.encode() for text in texts)


def offer(kex: str, cipher: str = "new-cipher", mac: str = "new-mac") -> bytes:
    """A KEXINIT with these lists in both directions."""
    lists = (kex, "ssh-ed25519", cipher, cipher, mac, mac, "none", "none", "", "")
    return packet(b"\x14" + bytes(16) + strings(*lists) + bytes(5))


GROUP1 = "diffie-hellman-group1-sha1"
REFUSAL = packet(
    b"\x01\0\0\0\x03"
    + strings("No matching key exchange algorithm found, sent a and received ours", "")
)


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        (("new-kex",), "key exchange algorithm in common, the server offers only new-kex"),
        (("a,b",), "key exchange algorithm in common, the server offers only a, b"),
        (("",), "key exchange algorithm in common, the server offers none"),
        ((GROUP1,), f"key exchange algorithm in common, the server offers only {GROUP1}"),
        (
            (f"{GROUP1},ext-info-s,kex-strict-s-v00@openssh.com",),
            f"key exchange algorithm in common, the server offers only {GROUP1}",
        ),
        (("ext-info-s",), "key exchange algorithm in common, the server offers none"),
        (
            ("curve25519-sha256", "3des-cbc,aes128-cbc"),
            "encryption algorithm in common, the server offers only 3des-cbc, aes128-cbc",
        ),
        (
            ("curve25519-sha256", "aes128-ctr", "hmac-md5"),
            "MAC algorithm in common, the server offers only hmac-md5",
        ),
    ],
)
@pytest.mark.parametrize("ending", [None, b"", REFUSAL], ids=["stays", "closes", "says why"])
async def test_what_was_offered_is_told_where_nothing_is_in_common_however_it_ends(
    tcp_call, lists: tuple[str, ...], told: str, ending: bytes | None
) -> None:
    said = IDENT + offer(*lists) + (ending or b"")
    async with tcp_call(says(said, stay=ending is None)) as call:
        answer = await ask(call)
    assert answer.facts["problem"] == f"the key exchange failed: no {told}"
    assert answer.facts["host_keys"] == ["Ed25519"]
    assert answer.facts["key_exchange_algorithms"] == [name for name in lists[0].split(",") if name]


async def test_why_a_server_ends_the_key_exchange_is_quoted_where_lists_do_match(tcp_call) -> None:
    lists = offer("curve25519-sha256", "aes128-ctr", "hmac-sha2-256")
    goodbye = packet(b"\x01\0\0\0\x02" + strings("not today", ""))
    async with tcp_call(says(IDENT + lists + goodbye)) as call:
        answer = await ask(call)
    assert answer.facts["problem"] == (
        "the key exchange failed: the server ended the connection (“not today”)"
    )


async def test_a_server_that_lets_anybody_in_is_told(call_to, host_key) -> None:
    async with ssh_server(host_key, seen=[], needs_login=False) as port, call_to(port) as call:
        answer = await ask(call)
    assert answer.facts["auth_methods"] == ["none"]
    assert "without a login" in str(answer.facts["summary"])


async def test_the_evidence_names_both_identifications(call_to, host_key) -> None:
    async with ssh_server(host_key, seen=[]) as port, call_to(port) as call:
        await ask(call)
    evidence = call.evidence[-1]
    assert evidence.sent.startswith("SSH-2.0-")
    assert evidence.received.startswith("SSH-2.0-AsyncSSH")


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_of_several_host_keys_the_one_openssh_would_show_is_told(call_to, kind: str) -> None:
    shown = asyncssh.generate_private_key(kind)
    keys = (asyncssh.generate_private_key("ssh-rsa"), shown)
    async with ssh_server(*keys, seen=[]) as port, call_to(port) as call:
        answer = await ask(call)
    assert answer.facts["host_key_type"] == kind
    assert answer.facts["host_key_fingerprint"] == shown.get_fingerprint("sha256")


async def test_a_reset_in_the_key_exchange_is_told_in_plain_words(tcp_call) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(IDENT)
        await resetting(after=200)(reader, writer)

    async with tcp_call(serve) as call:
        answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["problem"] == "the key exchange failed: the server ended the connection"
