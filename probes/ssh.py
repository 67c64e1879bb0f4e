"""SSH: identification, host key and the ways to log in, without logging in (RFC 4253, 4252)."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from probes.engine.call import Answer, Call, Unexpected
from probes.engine.model import Evidence, Service
from probes.wire.ssh import Greeting, Ident, greeting
from probes.wire.text import printable

with warnings.catch_warnings():
    # asyncssh imports ciphers that cryptography is about to move, and a warning on standard
    # error would land in the middle of the screen.
    warnings.simplefilter("ignore")
    import asyncssh

if TYPE_CHECKING:
    import socket

USER = "auditreach"
"""Name in the `none` request, so that the server's log tells who asked."""
SHARE = 0.9
"""Part of the deadline used here; the rest is for saying what was found when it ran out."""
RECEIVED_MOST = 256 * 1024
KEPT = 256


async def ask(call: Call) -> Answer:
    """Read the identification, exchange keys and ask with `none` which methods are offered.

    The identification alone proves the service: what fails after it is a fact. One connection,
    no login. Raises Unexpected for another protocol, and TimeoutError, EOFError or OSError when
    nothing was said.
    """
    assert call.outcome is not None and call.outcome.sock is not None
    loop = asyncio.get_running_loop()
    began = loop.time()
    tap, client = Tap(call.outcome.sock), _Client()
    call.outcome.sock = None
    task = loop.create_task(_methods(call, tap, client))
    try:
        await asyncio.wait({task}, timeout=call.timeout * SHARE)
        late = not task.done()
    finally:
        said = tap.end()
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        call.evidence.append(_evidence(call, tap, client, began))
    problem = _problem(tap, task, late)
    if said.foreign:
        raise Unexpected(said.foreign)
    if said.busy:
        busy = {"summary": f"SSH server, too busy to talk: {said.busy}", "busy": True}
        return Answer(Service.CONFIRMED, busy, _timings(tap, began))
    if said.ident is None:
        raise _nothing(tap, task, late)
    facts = _identity(said.ident)
    if problem:
        facts["problem"] = problem
        facts["summary"] += f"; {problem}"
    else:
        facts |= client.host_key() | _offer(task.result(), facts["summary"])
    return Answer(Service.CONFIRMED, facts, _timings(tap, began))


async def _methods(call: Call, tap: Tap, client: _Client) -> list[str]:
    """The methods the server offers for the next step (RFC 4252 5.2)."""
    options = asyncssh.SSHClientConnectionOptions(
        config=None,
        client_keys=None,
        agent_path=None,
        known_hosts=None,
        # Left out, asyncssh looks for them in a home that may not be ours to read.
        x509_trusted_certs=None,
        x509_trusted_cert_paths=None,
        client_factory=lambda: client,
        login_timeout=0,
    )
    methods = await asyncssh.get_server_auth_methods(
        call.address,
        call.port,
        USER,
        # Only `create_connection` of a tunnel is used.
        tunnel=cast(asyncssh.SSHClientConnection, tap),
        config=None,
        options=options,
    )
    return [printable(method, 64) for method in methods[:16]]


def _problem(tap: Tap, task: asyncio.Task[list[str]], late: bool) -> str:
    """Why the key exchange or the question after it came to nothing; empty if it did not."""
    # Whatever asyncssh makes of hostile bytes, the identification has proved the service: so any
    # exception of its task is a fact here, never a fault.
    error = None if task.cancelled() or not task.done() else task.exception()
    if tap.endless:
        return "the server sends without end"
    if tap.said.ident is not None and not tap.said.ident.speaks_2:
        return "nothing speaks SSH 1 any more"
    if late or task.cancelled():
        return "the key exchange did not finish in time"
    return "" if error is None else printable(f"the key exchange failed: {error}")


def _identity(ident: Ident) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "banner": ident.banner,
        "protocol": ident.protocol,
        "product": ident.product,
        "version": ident.version,
        "comments": ident.comments,
        "summary": f"{ident.product} {ident.version}".strip(),
    }
    if not ident.speaks_2:
        facts["ssh1_only"] = True
        facts["summary"] += f" offers only SSH {ident.protocol}"
    return facts


def _offer(methods: list[str], named: str) -> dict[str, object]:
    """The ways to log in; `none` alone means that `none` was let in."""
    if methods == ["none"]:
        text = f"{named} lets anybody in without a login"
    else:
        text = f"{named}, login by {', '.join(methods) or 'no method at all'}"
    return {"auth_methods": methods, "summary": text}


def _nothing(tap: Tap, task: asyncio.Task[list[str]], late: bool) -> Exception:
    """Why no identification came; TimeoutError is an OSError."""
    if late:
        return TimeoutError("no identification before the deadline")
    error = None if tap.listening or task.cancelled() else task.exception()
    if error is not None:
        # It failed on this side, before the server could say anything: not the server's silence.
        return RuntimeError(f"the conversation could not be started: {error}")
    return tap.lost if isinstance(tap.lost, OSError) else EOFError("closed by the peer")


def _timings(tap: Tap, began: float) -> dict[str, float]:
    return {} if tap.first is None else {"banner": (tap.first - began) * 1000}


def _evidence(call: Call, tap: Tap, client: _Client, began: float) -> Evidence:
    return Evidence(
        address=call.address,
        sent=client.ident(),
        received=printable(bytes(tap.received[:KEPT])),
        at_ms=round((began - call.began) * 1000, 3),
    )


class _Client(asyncssh.SSHClient):
    """Keeps the connection, to read the server's key and our own identification from it."""

    def __init__(self) -> None:
        self._connection: asyncssh.SSHClientConnection | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn

    def ident(self) -> str:
        """The identification we sent; empty if the connection was gone before."""
        sent = self._connection.get_extra_info("client_version") if self._connection else ""
        return printable(str(sent or ""))

    def host_key(self) -> dict[str, object]:
        """Type and fingerprint of the server's key; empty without one."""
        key = self._connection.get_server_host_key() if self._connection else None
        if key is None:
            return {}
        return {
            "host_key_type": printable(key.get_algorithm(), 64),
            "host_key_fingerprint": key.get_fingerprint("sha256"),
        }


class Tap(asyncio.Protocol):
    """Stands between a connected socket and asyncssh and listens to what is said first.

    asyncssh alone reads on through 1,000 lines of 8 kB for an identification and forgets them;
    here what is not SSH ends the connection at once, and so does more than RECEIVED_MOST bytes.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._total = 0
        self.received = bytearray()
        """What came up to and with the identification."""
        self.said = greeting(b"")
        self.first: float | None = None
        """Loop time of the first byte."""
        self.lost: Exception | None = None
        self.endless = False

    @property
    def listening(self) -> bool:
        """Whether the conversation was begun."""
        return self._transport is not None

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], _host: str, _port: int
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """Put asyncssh behind the socket, in the form it asks of a tunnel."""
        self._inner = factory()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: self, sock=self._sock)
        return transport, self._inner

    def end(self) -> Greeting:
        """Close without a farewell; what was said, now that no more will come."""
        if self._transport is not None:
            self._transport.abort()
        else:
            self._sock.close()
        if self.said == Greeting():
            self.said = greeting(bytes(self.received), ended=True)
        return self.said

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        if self._inner is not None:
            self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self.first is None:
            self.first = asyncio.get_running_loop().time()
        self._total += len(data)
        if self.said == Greeting():
            self.received += data
            self.said = greeting(bytes(self.received))
        self.endless = self._total > RECEIVED_MOST
        if self._transport is not None and (self.endless or self.said.foreign):
            self._transport.abort()
        elif self._inner is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """See asyncio.Protocol."""
        return self._inner.eof_received() if self._inner is not None else None

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self.lost = exc
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        if self._inner is not None:
            self._inner.resume_writing()
