"""SSH probe: identification, host key, auth methods, and the operator's login (RFC 4253, 4252)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from probes.call import Answer, Call, Unexpected
from probes.clients.ssh import asyncssh, encryption_needs_mac, get_default_public_key_algs
from probes.model import Evidence, Service
from probes.options import SshCredential
from probes.ssh.banner import BannerSniffer
from probes.ssh.exchange import AuthExchange
from probes.ssh.login import TIMED_OUT, LoginAttempt, NoUsableKey, key_pairs, not_tried_facts
from probes.vantage.error_mapping import broken_text
from probes.wire.ssh import EXTENSIONS, MAX_NAMES, PENALTY, Ident, KeyExchangeInit
from probes.wire.text import printable

USER = "auditreach"
"""Name in the `none` request, so that the server's log tells who asked."""
DEADLINE_SHARE = 0.9
"""Part of the deadline for the exchange; the rest is for reporting what was found by then."""
MAX_METHODS = 16
PREFERRED_HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp")
"""Host keys that OpenSSH asks for before RSA (ssh_config(5), HostKeyAlgorithms)."""
MAX_OFFERED = 160
"""Characters of a list of algorithms in a note; all of them are facts."""
_NO_MATCH = re.compile(r"No matching (.+?) algorithm found, sent .* and received (.*)", re.DOTALL)
_NONE_OFFERED = "<None>"
"""asyncssh's word for an empty list."""
_UNFINISHED = "the key exchange did not finish in time"
_ECHO = "it sends back what this machine sends"
_UNANSWERED = "the key exchange is done, and the server did not say in time which logins it takes"


async def ask(call: Call) -> Answer:
    """Read the identification, exchange keys and ask with `none` which methods are offered.

    The identification alone proves the service: what fails after it is a warning. One connection; a
    login is tried on it, once, only with the operator's credential. Raises Unexpected for another
    protocol, and TimeoutError, EOFError or OSError when nothing was said.
    """
    assert call.outcome is not None and call.outcome.pipe is not None
    loop = asyncio.get_running_loop()
    started = loop.time()
    sniffer, client = BannerSniffer(call.outcome.pipe), _Client()
    call.outcome.pipe = None
    task = loop.create_task(_authenticate(call, sniffer, client))
    try:
        await asyncio.wait({task}, timeout=call.patience * DEADLINE_SHARE)
        timed_out = not task.done()
    finally:
        greeting = sniffer.close()
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        call.evidence.append(_evidence(call, sniffer, client, started))
    problem = _problem(sniffer, client.exchange, task, timed_out)
    if greeting.foreign:
        raise Unexpected(greeting.foreign)
    if greeting.busy:
        busy = _busy_facts(greeting.busy, call.options.ssh)
        return Answer(Service.CONFIRMED, busy, _timings(sniffer, started))
    if greeting.refusal:
        return Answer(Service.UNEXPECTED, _refusal_facts(greeting.refusal))
    if greeting.ident is None:
        raise _silence_error(sniffer, task, timed_out)
    if sniffer.key_exchange is not None and sniffer.key_exchange.is_of_client:
        raise Unexpected(_ECHO)
    facts = _ident_facts(greeting.ident)
    if sniffer.key_exchange is not None:
        facts["host_keys"] = list(sniffer.key_exchange.host_key_types)
        facts |= _algorithm_facts(sniffer.key_exchange)
    facts |= client.host_key()
    server, login = str(facts["summary"]), client.login
    if not problem:
        facts |= task.result()(server)
    elif login is not None and login.method_used:
        # Whatever ended it, what was shown to the server was tried.
        ending = TIMED_OUT if timed_out else problem
        facts |= _login_facts(call, login, server, ending)
    else:
        # The service is proven, but whoever logs in has to get through the same exchange.
        facts |= {"problem": problem, "warning": True, "summary": f"{server}; {problem}"}
        if problem == _UNFINISHED:
            facts["summary"] += "; perhaps the path drops large packets (MTU)"
        if call.options.ssh is not None:
            facts |= not_tried_facts(call.options.ssh, server, problem)
    return Answer(Service.CONFIRMED, facts, _timings(sniffer, started))


async def _authenticate(
    call: Call, sniffer: BannerSniffer, client: _Client
) -> Callable[[str], dict[str, object]]:
    """Query the methods, or log in with a credential; the result maps a server name to facts."""
    credential = call.options.ssh
    if credential is None:
        methods = await _auth_methods(call, sniffer, client)
        return lambda named: _method_facts(methods, named)
    try:
        async with key_pairs(credential) as keys:
            login = client.login = LoginAttempt(credential, keys, client.exchange)
            accepted, ending = await _log_in(call, sniffer, client, login, credential.user)
    except NoUsableKey as error:
        reason = str(error)
        methods = await _auth_methods(call, sniffer, client)
        return lambda named: (
            _method_facts(methods, named) | not_tried_facts(credential, named, reason)
        )
    if accepted and not login.method_used:
        return lambda named: _method_facts(["none"], named)
    return lambda named: _login_facts(call, login, named, ending, accepted=accepted)


def _login_facts(
    call: Call, login: LoginAttempt, server: str, ending: str, *, accepted: bool = False
) -> dict[str, object]:
    known = login.facts(server, call.patience * DEADLINE_SHARE, ending, accepted=accepted)
    return {"auth_methods": login.offered[:MAX_METHODS], **known}


async def _log_in(
    call: Call, sniffer: BannerSniffer, client: _Client, login: LoginAttempt, user: str
) -> tuple[bool, str]:
    """Log in: True if the server accepts it, and what broke it off; raises DisconnectError."""
    try:
        connection = await asyncssh.connect(
            call.address,
            call.port,
            # Only `create_connection` of a tunnel is used.
            tunnel=cast(asyncssh.SSHClientConnection, sniffer),
            config=None,
            options=_options(client, username=user, preferred_auth=login.method_order),
        )
    except asyncssh.PermissionDenied:
        return False, _disconnect_text(client.exchange)
    except asyncssh.DisconnectError as error:
        if not login.method_used:
            raise
        return False, _disconnect_text(client.exchange) or _break_text(error)
    connection.abort()
    return True, ""


async def _auth_methods(call: Call, sniffer: BannerSniffer, client: _Client) -> list[str]:
    """The methods the server offers for the next step (RFC 4252 5.2)."""
    methods = await asyncssh.get_server_auth_methods(
        call.address,
        call.port,
        USER,
        # Only `create_connection` of a tunnel is used.
        tunnel=cast(asyncssh.SSHClientConnection, sniffer),
        config=None,
        options=_options(client),
        # This function takes them from here only.
        server_host_key_algs=_host_key_algorithms(),
    )
    return [printable(method, 64) for method in methods[:MAX_METHODS]]


def _options(client: _Client, **more: Any) -> asyncssh.SSHClientConnectionOptions:
    """Options without anything of the user's own: configuration, keys, agent or known hosts."""
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
    """All algorithms, in OpenSSH's order of preference: its fingerprint is the one people know."""
    known = [name.decode("ascii") for name in get_default_public_key_algs()]

    def place(name: str) -> int:
        return next(
            (at for at, kind in enumerate(PREFERRED_HOST_KEYS) if name.startswith(kind)), len(known)
        )

    return sorted(known, key=place)


def _problem(
    sniffer: BannerSniffer, exchange: AuthExchange, task: asyncio.Task[Any], timed_out: bool
) -> str:
    """Reason why the key exchange or the request after it failed; empty if it did not."""
    # Whatever asyncssh makes of hostile bytes, the identification has proved the service: so any
    # exception of its task is a fact here, never a fault.
    error = None if task.cancelled() or not task.done() else task.exception()
    if sniffer.over_limit:
        return "the server sends without end"
    if sniffer.greeting.ident is not None and not sniffer.greeting.ident.supports_v2:
        return "nothing speaks SSH 1 any more"
    if timed_out or task.cancelled():
        return _UNANSWERED if exchange.keys_exchanged else _UNFINISHED
    if error is None:
        return ""
    if not exchange.keys_exchanged:
        # Which side notices first that there is no match, and how it ends, is chance.
        said = _mismatch(sniffer.key_exchange) or _disconnect_text(exchange)
        return f"the key exchange failed: {said or _failure_text(error)}"
    return _disconnect_text(exchange) or f"after the key exchange {_break_text(error)}"


def _mismatch(offer: KeyExchangeInit | None) -> str:
    """Clause about the first list of a server that has nothing we offer (RFC 4253 7.1)."""
    if offer is None:
        return ""
    ours = _options(_Client())
    lists = [
        ("key exchange", ours.kex_algs, offer.key_exchange),
        ("encryption", ours.encryption_algs, offer.ciphers),
    ]
    cipher = next((name for name in ours.encryption_algs if name.decode() in offer.ciphers), b"")
    if cipher and encryption_needs_mac(cipher):
        lists.append(("MAC", ours.mac_algs, offer.macs))
    for kind, known, offered in lists:
        # Of a longer list only its beginning is known.
        is_whole = len(offered) < MAX_NAMES
        if is_whole and not {name.decode() for name in known}.intersection(offered):
            return _mismatch_text(kind, offered)
    return ""


def _mismatch_text(kind: str, offered: Sequence[str]) -> str:
    names = ", ".join(name for name in offered if name not in EXTENSIONS)
    shown = f"only {printable(names, MAX_OFFERED)}" if names else "none"
    return f"no {kind} algorithm in common, the server offers {shown}"


def _disconnect_text(exchange: AuthExchange) -> str:
    """Clause about a server that said why it ended the connection; empty if it did not."""
    if exchange.disconnect is None:
        return ""
    return f"the server ended the connection (“{exchange.disconnect or 'without a reason'}”)"


def _break_text(error: BaseException) -> str:
    if isinstance(error, asyncssh.ConnectionLost | ConnectionError):
        return "the server closed the connection"
    if isinstance(error, OSError):
        return _failure_text(error)
    return f"the exchange failed: {printable(str(error), MAX_OFFERED)}"


def _failure_text(error: BaseException) -> str:
    """Reason why the key exchange failed; of two lists without a match the server's is told."""
    if isinstance(error, ConnectionError | asyncssh.ConnectionLost):
        return "the server ended the connection"
    if isinstance(error, OSError):
        return broken_text(error.errno) if error.errno else "the connection broke"
    match = _NO_MATCH.fullmatch(str(error))
    if match is None:
        return printable(str(error))
    offered = [] if match[2] == _NONE_OFFERED else match[2].split(",")
    return _mismatch_text(printable(match[1], 40), offered)


def _busy_facts(message: str, credential: SshCredential | None) -> dict[str, object]:
    """Facts about a server that takes nobody in now; the audit's login may meet the same."""
    if message == PENALTY:
        server = (
            f"SSH server that refuses this address for a while (“{message}”): retest in some "
            "minutes, or add the address to PerSourcePenaltyExemptList in sshd_config"
        )
    else:
        server = (
            f"SSH server with too many logins under way (“{message}”): retest when fewer "
            "are open, or raise MaxStartups in sshd_config"
        )
    facts: dict[str, object] = {"busy": True, "warning": True, "summary": server}
    if credential is not None:
        facts |= not_tried_facts(credential, server, "it takes nobody in now")
    return facts


def _refusal_facts(message: str) -> dict[str, object]:
    """Facts about a server that turned this client away without a word that only SSH has."""
    again = "retest when fewer connections are open, or from an address that it allows"
    return {
        "summary": (
            f"Open, but the server turns this client away before it identifies itself: “{message}”;"
            f" whether it speaks SSH is not known; {again}"
        ),
        "unproven": "ssh",
        "fix": f"{again[0].upper()}{again[1:]}: the path is open.",
    }


def _ident_facts(ident: Ident) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "banner": ident.banner,
        "protocol": ident.protocol,
        "product": ident.product,
        "version": ident.version,
        "comments": ident.comments,
        "summary": f"{ident.product} {ident.version}".strip(),
    }
    if not ident.names_software:
        facts["warning"] = True
        facts["summary"] = (
            f"SSH {ident.protocol} server whose identification names no software "
            "(RFC 4253 demands it, and some clients refuse that)"
        )
    if not ident.supports_v2:
        facts["ssh1_only"] = True
        facts["summary"] += f" offers only SSH {ident.protocol}"
    return facts


def _algorithm_facts(key_exchange: KeyExchangeInit) -> dict[str, object]:
    """Facts about the algorithms, of which a client must support one of each kind."""
    return {
        "host_key_algorithms": list(key_exchange.host_keys),
        "key_exchange_algorithms": list(key_exchange.key_exchange),
        "ciphers": list(key_exchange.ciphers),
        "macs": list(key_exchange.macs),
    }


def _method_facts(methods: list[str], server: str) -> dict[str, object]:
    """Facts about the auth methods; `none` alone means that `none` was accepted."""
    if methods == ["none"]:
        text = f"{server} lets anybody in without a login"
    else:
        text = f"{server}, login by {', '.join(methods) or 'no method at all'}"
    return {"auth_methods": methods, "summary": text}


def _silence_error(sniffer: BannerSniffer, task: asyncio.Task[Any], timed_out: bool) -> Exception:
    """Exception for a missing identification; TimeoutError is an OSError."""
    if timed_out:
        return TimeoutError("no identification before the deadline")
    error = None if sniffer.is_open or task.cancelled() else task.exception()
    if error is not None:
        # It failed on this side, before the server could say anything: not the server's silence.
        return RuntimeError(f"the conversation could not be started: {error}")
    return (
        sniffer.connection_error
        if isinstance(sniffer.connection_error, OSError)
        else EOFError("closed by the peer")
    )


def _timings(sniffer: BannerSniffer, started: float) -> dict[str, float]:
    return (
        {}
        if sniffer.first_byte_time is None
        else {"banner": (sniffer.first_byte_time - started) * 1000}
    )


def _evidence(call: Call, sniffer: BannerSniffer, client: _Client, started: float) -> Evidence:
    return Evidence(
        address=call.address,
        sent=client.ident(),
        received=printable(bytes(sniffer.received)),
        at_ms=call.at_ms(started),
    )


class _Client(asyncssh.SSHClient):
    """asyncssh client that gives access to the server's key and our own identification."""

    def __init__(self) -> None:
        self._connection: asyncssh.SSHClientConnection | None = None
        self.exchange = AuthExchange()
        self.login: LoginAttempt | None = None
        """The login that is tried, if one is."""

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn
        self.exchange.observe(conn)

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

    def auth_banner_received(self, msg: str, lang: str) -> None:
        """See asyncssh.SSHClient."""
        self.exchange.add_message(msg)

    def public_key_auth_requested(self) -> list[asyncssh.SSHKeyPair] | None:
        """See asyncssh.SSHClient."""
        return self.login.keys() if self.login is not None else None

    def password_auth_requested(self) -> str | None:
        """See asyncssh.SSHClient."""
        return self.login.password("password") if self.login is not None else None

    def password_change_requested(self, prompt: str, lang: str) -> tuple[str, str]:
        """See asyncssh.SSHClient."""
        if self.login is not None:
            self.login.refuse_change(prompt)
        return cast(tuple[str, str], NotImplemented)

    def kbdint_auth_requested(self) -> str | None:
        """See asyncssh.SSHClient; a password may be asked for in this way too."""
        return "" if self.login is not None and self.login.has_password else None

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        """See asyncssh.SSHClient."""
        return None if self.login is None else self.login.answers(instructions, prompts)
