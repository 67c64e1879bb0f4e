"""SSH: identification, host key, ways to log in, and the operator's login (RFC 4253, 4252)."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Sequence
from typing import Any, cast

from probes.call import Answer, Call, Unexpected
from probes.model import Evidence, Service
from probes.ssh.banner import Tap
from probes.ssh.login import Login, NoKey, key_pairs, not_tried
from probes.wire.ssh import Ident, Offer
from probes.wire.text import printable

with warnings.catch_warnings():
    # asyncssh imports ciphers that cryptography is about to move, and a warning on standard
    # error would land in the middle of the screen.
    warnings.simplefilter("ignore")
    import asyncssh
    from asyncssh.public_key import get_default_public_key_algs

USER = "auditreach"
"""Name in the `none` request, so that the server's log tells who asked."""
SHARE = 0.9
"""Part of the deadline used here; the rest is for saying what was found when it ran out."""
METHODS_MOST = 16
PREFERRED = ("ssh-ed25519", "ecdsa-sha2-nistp")
"""Host keys that OpenSSH asks for before RSA (ssh_config(5), HostKeyAlgorithms)."""
KEPT = 256
_UNFINISHED = "the key exchange did not finish in time"


async def ask(call: Call) -> Answer:
    """Read the identification, exchange keys and ask with `none` which methods are offered.

    The identification alone proves the service: what fails after it is a warning. One connection; a
    login is tried on it, once, only with the operator's credential. Raises Unexpected for another
    protocol, and TimeoutError, EOFError or OSError when nothing was said.
    """
    assert call.outcome is not None and call.outcome.connection is not None
    loop = asyncio.get_running_loop()
    began = loop.time()
    tap, client = Tap(call.outcome.connection), _Client()
    call.outcome.connection = None
    task = loop.create_task(_talk(call, tap, client))
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
    if tap.offer is not None:
        facts["host_keys"] = list(tap.offer.host_key_types)
        facts |= _algorithms(tap.offer)
    if problem:
        # The service is proven, but whoever logs in has to get through the same exchange.
        facts |= {"problem": problem, "warning": True}
        named, credential = facts["summary"], call.options.ssh
        facts["summary"] += f"; {problem}"
        if problem == _UNFINISHED:
            facts["summary"] += ", as on a path that drops large packets (MTU)"
        facts |= client.host_key()
        if credential is not None:
            facts |= not_tried(credential, named, problem)
    else:
        facts |= client.host_key() | task.result()(facts["summary"])
    return Answer(Service.CONFIRMED, facts, _timings(tap, began))


async def _talk(call: Call, tap: Tap, client: _Client) -> Callable[[str], dict[str, object]]:
    """Learn the methods, and log in where that is wanted; the facts for a server of some name."""
    credential = call.options.ssh
    if credential is None:
        methods = await _methods(call, tap, client)
        return lambda named: _offer(methods, named)
    try:
        async with key_pairs(credential) as keys:
            login = client.login = Login(credential, keys)
            taken = await _let_in(call, tap, client, login, credential.user)
    except NoKey as error:
        why = str(error)
        methods = await _methods(call, tap, client)
        return lambda named: _offer(methods, named) | not_tried(credential, named, why)
    if taken and not login.used:
        return lambda named: _offer(["none"], named)
    offered = login.offered
    return lambda named: {"auth_methods": offered, **login.facts(named, taken=taken)}


async def _let_in(call: Call, tap: Tap, client: _Client, login: Login, user: str) -> bool:
    """Whether the server takes the login."""
    try:
        connection = await asyncssh.connect(
            call.address,
            call.port,
            # Only `create_connection` of a tunnel is used.
            tunnel=cast(asyncssh.SSHClientConnection, tap),
            config=None,
            options=_options(client, username=user, preferred_auth=login.order),
        )
    except asyncssh.DisconnectError as error:
        if login.used or isinstance(error, asyncssh.PermissionDenied):
            return False
        raise
    connection.abort()
    return True


async def _methods(call: Call, tap: Tap, client: _Client) -> list[str]:
    """The methods the server offers for the next step (RFC 4252 5.2)."""
    methods = await asyncssh.get_server_auth_methods(
        call.address,
        call.port,
        USER,
        # Only `create_connection` of a tunnel is used.
        tunnel=cast(asyncssh.SSHClientConnection, tap),
        config=None,
        options=_options(client),
        # This function takes them from here only.
        server_host_key_algs=_host_key_algorithms(),
    )
    return [printable(method, 64) for method in methods[:METHODS_MOST]]


def _options(client: _Client, **more: Any) -> asyncssh.SSHClientConnectionOptions:
    """Nothing of the user's own: no configuration, keys, agent or known hosts."""
    return asyncssh.SSHClientConnectionOptions(
        config=None,
        client_keys=None,
        agent_path=None,
        known_hosts=None,
        # Left out, asyncssh looks for them in a home that may not be ours to read.
        x509_trusted_certs=None,
        x509_trusted_cert_paths=None,
        client_factory=lambda: client,
        server_host_key_algs=_host_key_algorithms(),
        login_timeout=0,
        **more,
    )


def _host_key_algorithms() -> list[str]:
    """All there are, in the order of OpenSSH: the key it shows is the one people know a host by."""
    known = [name.decode("ascii") for name in get_default_public_key_algs()]

    def place(name: str) -> int:
        return next((at for at, kind in enumerate(PREFERRED) if name.startswith(kind)), len(known))

    return sorted(known, key=place)


def _problem(tap: Tap, task: asyncio.Task[Any], late: bool) -> str:
    """Why the key exchange or the question after it came to nothing; empty if it did not."""
    # Whatever asyncssh makes of hostile bytes, the identification has proved the service: so any
    # exception of its task is a fact here, never a fault.
    error = None if task.cancelled() or not task.done() else task.exception()
    if tap.endless:
        return "the server sends without end"
    if tap.said.ident is not None and not tap.said.ident.speaks_2:
        return "nothing speaks SSH 1 any more"
    if late or task.cancelled():
        return _UNFINISHED
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


def _algorithms(offer: Offer) -> dict[str, object]:
    """What a client must have one of each: another client than ours may have none."""
    return {
        "host_key_algorithms": list(offer.host_keys),
        "key_exchange_algorithms": list(offer.key_exchange),
        "ciphers": list(offer.ciphers),
        "macs": list(offer.macs),
    }


def _offer(methods: list[str], named: str) -> dict[str, object]:
    """The ways to log in; `none` alone means that `none` was let in."""
    if methods == ["none"]:
        text = f"{named} lets anybody in without a login"
    else:
        text = f"{named}, login by {', '.join(methods) or 'no method at all'}"
    return {"auth_methods": methods, "summary": text}


def _nothing(tap: Tap, task: asyncio.Task[Any], late: bool) -> Exception:
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
        at_ms=round((began - call.start_time) * 1000, 3),
    )


class _Client(asyncssh.SSHClient):
    """Keeps the connection, to read the server's key and our own identification from it."""

    def __init__(self) -> None:
        self._connection: asyncssh.SSHClientConnection | None = None
        self.login: Login | None = None
        """The login that is tried, if one is."""

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

    def public_key_auth_requested(self) -> list[asyncssh.SSHKeyPair] | None:
        """See asyncssh.SSHClient."""
        login = self._asked()
        return login.keys() if login is not None else None

    def password_auth_requested(self) -> str | None:
        """See asyncssh.SSHClient."""
        login = self._asked()
        return login.password("password") if login is not None else None

    def kbdint_auth_requested(self) -> str | None:
        """See asyncssh.SSHClient; a password may be asked for in this way too."""
        login = self._asked()
        return "" if login is not None and login.has_password else None

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        """See asyncssh.SSHClient; only one question, asked without an echo, is for a password."""
        if not prompts:
            return []
        if self.login is None or len(prompts) > 1 or prompts[0][1]:
            return None
        password = self.login.password("keyboard-interactive")
        return None if password is None else [password]

    def _asked(self) -> Login | None:
        """The login, with the methods the server has offered by now."""
        if self.login is not None and self._connection is not None:
            self.login.offer(self._connection.get_server_auth_methods())
        return self.login
