"""Loopback servers that repeat every secret they are shown: proxy, SSH servers, SNMP agents."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncssh
from pyasn1.codec.ber import decoder
from pysnmp.proto import api

from probes.lab.certificates import CertificateAuthority
from probes.lab.snmp import SYS_DESCR, SYS_NAME, report, response
from probes.wire import snmp

END = b"\r\n\r\n"
TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"
REFUSALS = {
    "reason": b"407 %s\r\n",
    "schemes": b"407 No\r\nProxy-Authenticate: Basic realm=%s, %s\r\n",
    "gateway": b"502 cannot reach it as %s\r\nServer: %s\r\nVia: %s\r\n",
    "squid": b"503 No\r\nX-Squid-Error: %s\r\nServer: %s\r\n",
    "redirect": b"302 %s\r\nLocation: http://%s/\r\n",
    "portal": b"511 %s\r\nServer: %s\r\n",
    "page": b"200 %s\r\nServer: %s\r\nContent-Type: text/html\r\n",
    "forbidden": b"403 %s\r\nContent-Type: text/html\r\n",
    "webserver": b"405 %s\r\nServer: %s\r\n",
}
"""Status line and headers of the proxy by the name of the host that it is asked for."""
BEHIND = {
    "text": b"%s\r\n",
    "bytes": b"\0\1\2%s\xff",
    "pages": b"HTTP/1.1 400 %s\r\nServer: %s\r\n\r\n<title>%s</title>%s",
    "server": b"SSH-2.0-%s %s\r\n",
}
"""Words behind the tunnel, without TLS."""
ANSWERS = {
    "http": b"HTTP/1.1 403 %s\r\nServer: %s\r\nLocation: /%s\r\nDate: %s\r\n"
    b"Content-Type: text/html\r\n\r\n<html><title>%s</title>%s",
    "nothttp": b"220 %s\r\n",
}
"""Words behind the tunnel and TLS that is trusted."""
HOSTS = (*REFUSALS, *BEHIND, *ANSWERS, "raw", "halves", "certificate")


@dataclass
class Servers:
    """Ports of what listens, and what was heard."""

    proxy: int = 0
    ssh: list[int] = field(default_factory=list)
    snmp: list[int] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    trusted: str = ""
    """Authority of the hosts behind the proxy, as PEM."""


class Proxy:
    """A proxy whose answer depends on the host, and repeats the login in several spellings."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        authority = CertificateAuthority("Repeating", "Tests")
        servers.trusted = authority.pem
        self._trusted = authority.server_context(*(f"{name}.test" for name in ANSWERS))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, OSError):
            head = await reader.readuntil(END)
            self._servers.heard.append(head)
            name = head.split()[1].split(b".")[0].decode()
            basic = head.partition(b"Basic ")[2].split(b"\r\n")[0]
            login = base64.b64decode(basic)
            said = b" ".join((login, basic, login.hex().encode(), *login.split(b":", 1)))
            await self._answer(name, head, said, reader, writer)
        writer.close()

    async def _answer(
        self,
        name: str,
        head: bytes,
        said: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if name in REFUSALS:
            fields = REFUSALS[name].replace(b"%s", said)
            writer.write(b"HTTP/1.1 " + fields + b"Connection: close" + END)
            writer.write(b"<html><title>" + said + b"</title>" + said)
        elif name == "raw":
            writer.write(head)
        elif name == "halves":
            for half in (said[:10], said[10:]):
                writer.write((b"HTTP/1.1 407 " if half == said[:10] else b"") + half)
                await writer.drain()
            writer.write(END)
        else:
            writer.write(TUNNEL)
            await self._behind(name, said, reader, writer)
        await writer.drain()

    async def _behind(
        self, name: str, said: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if name in BEHIND:
            await reader.read(4096)
            writer.write(BEHIND[name].replace(b"%s", said))
            return
        context = self._trusted
        if name == "certificate":
            user, password = said.split()[0].decode().split(":", 1)
            context = CertificateAuthority(password, user).server_context(password, f"{user}.test")
        await writer.start_tls(context)
        if name in ANSWERS:
            await reader.readuntil(END)
            writer.write(ANSWERS[name].replace(b"%s", said))


class SshServer(asyncssh.SSHServer):
    """Refuses every login, and says the password in one of several places."""

    WAYS = ("banner", "question", "disconnect", "change")

    def __init__(self, way: str) -> None:
        self._way = way
        self._said = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn

    def password_auth_supported(self) -> bool:
        return self._way != "question"

    def validate_password(self, username: str, password: str) -> bool:
        said = f"{username} said {password} {password.encode().hex()} {'-' * 120}{password}"
        if self._way == "banner":
            self.connection.send_auth_banner(f"{said}\r\n")
        elif self._way == "disconnect":
            raise asyncssh.DisconnectError(2, said)
        elif self._way == "change":
            raise asyncssh.PasswordChangeRequired(f"password expired: {said}")
        return False

    def kbdint_auth_supported(self) -> bool:
        return self._way == "question"

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        return "", "", "", [("Password:", False)]

    def validate_kbdint_response(self, username: str, responses: list[str]) -> Any:
        if self._said or not responses:
            return False
        self._said = responses[0]
        return self._said, self._said, "", [(f"You said {self._said}, code:", False)]


def _echo(request: bytes) -> bytes:
    return b"you said " + request


def _same(request: bytes) -> bytes:
    return request


def _agent(request: bytes) -> bytes:
    """A device whose description is the community that it was asked with."""
    version = int(api.decodeMessageVersion(request))
    if version == snmp.V3:
        return report(request)
    form: Any = api.PROTOCOL_MODULES[version]
    query, _ = decoder.decode(request, asn1Spec=form.Message())
    said = bytes(form.apiMessage.get_community(query))
    return response(
        form,
        query,
        {SYS_DESCR: b"x" * 60 + said * 3 + said.hex().encode(), SYS_NAME: said.upper()},
    )


class Datagrams(asyncio.DatagramProtocol):
    """Answers each datagram with what a function makes of it."""

    def __init__(self, answer: Callable[[bytes], bytes], heard: list[bytes]) -> None:
        self._answer = answer
        self._heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        self._heard.append(data)
        self._transport.sendto(self._answer(data), peer)


@contextmanager
def repeating_servers() -> Iterator[Servers]:
    """The servers, in a thread of their own."""
    loop, ready, servers = asyncio.new_event_loop(), threading.Event(), Servers()
    stop = asyncio.Event()
    closing: list[Callable[[], object]] = []
    waiting: list[Callable[[], Awaitable[object]]] = []

    async def main() -> None:
        proxy = await asyncio.start_server(Proxy(servers).serve, "127.0.0.1", 0)
        servers.proxy = proxy.sockets[0].getsockname()[1]
        closing.append(proxy.close)
        key = asyncssh.generate_private_key("ssh-ed25519")
        for way in SshServer.WAYS:
            ssh = await asyncssh.listen(
                "127.0.0.1",
                0,
                server_host_keys=[key],
                server_factory=lambda way=way: SshServer(way),
                gss_host=None,
            )
            servers.ssh.append(ssh.get_port())
            closing.append(ssh.close)
            waiting.append(ssh.wait_closed)
        for answer in (_echo, _same, _agent):
            transport, _ = await loop.create_datagram_endpoint(
                lambda answer=answer: Datagrams(answer, servers.heard),
                local_addr=("127.0.0.1", 0),
            )
            servers.snmp.append(transport.get_extra_info("sockname")[1])
            closing.append(transport.close)
        ready.set()
        await stop.wait()
        for close in closing:
            close()
        for wait in waiting:
            await wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    try:
        assert ready.wait(60)
        yield servers
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
