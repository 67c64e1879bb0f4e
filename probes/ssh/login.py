"""One SSH login with the operator's credential, and the methods left if refused (RFC 4252)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh

from probes.options import SshCredential
from probes.wire.ssh import needs_passphrase
from probes.wire.text import printable

MAX_AGENT_KEYS = 3
"""Keys of an agent that are offered; a server hangs up after a few that it does not know."""
MAX_KEY_FILE = 64 * 1024
"""Maximum bytes of a key file that are read."""
_KEY, _PASSWORD, _INTERACTIVE = "publickey", "password", "keyboard-interactive"
_OTHER_METHODS = ("gssapi-keyex", "gssapi-with-mic", "hostbased")


class NoUsableKey(Exception):
    """No key to log in with; the text is the reason, as the end of a sentence."""


class LoginAttempt:
    """Login attempt: answers to asyncssh's requests, each secret at most once."""

    def __init__(self, credential: SshCredential, keys: list[asyncssh.SSHKeyPair]) -> None:
        self._credential = credential
        self._keys = keys
        self._password_sent = False
        self._answered = False
        self.offered: list[str] = []
        """Methods the server offered at first."""
        self.remaining: list[str] = []
        """Methods it offered after the attempt."""
        self.method_used = ""
        """The method that was tried; empty where the server offers none that fits."""

    @property
    def method_order(self) -> tuple[str, ...]:
        """Every method, the one that is tried first: asyncssh forgets those before it."""
        first = (_PASSWORD, _INTERACTIVE, _KEY) if self._credential.password else (_KEY, _PASSWORD)
        return tuple(dict.fromkeys((*first, _PASSWORD, _INTERACTIVE, _KEY, *_OTHER_METHODS)))

    @property
    def has_password(self) -> bool:
        """True if there is a password that has not been sent yet."""
        return bool(self._credential.password) and not self._password_sent

    def update_methods(self, methods: Sequence[str]) -> None:
        """Record the methods that the server says may be tried next."""
        # They come in the order we would try them, which says nothing of the server.
        known = (_KEY, _PASSWORD, _INTERACTIVE, *_OTHER_METHODS)
        now = [method for method in known if method in methods]
        if not self.offered:
            self.offered = self.remaining = now
        elif self.method_used and not self._answered:
            # asyncssh takes away from this list what it has no answer for.
            self.remaining, self._answered = now, True

    def keys(self) -> list[asyncssh.SSHKeyPair] | None:
        """The keys, the first time they are asked for."""
        if not self._keys:
            return None
        keys, self._keys = self._keys, []
        self.method_used = _KEY
        return keys

    def password(self, method: str) -> str | None:
        """The password, the first time it is asked for."""
        if not self.has_password:
            return None
        self._password_sent = True
        self.method_used = method
        return self._credential.password

    def facts(self, server: str, *, accepted: bool) -> dict[str, object]:
        """Facts about the login, with a summary that begins with `server`, its name."""
        user = printable(self._credential.user, 64)
        known: dict[str, object] = {"login_user": user, "login_method": self.method_used}
        remaining = ", ".join(self.remaining) or "none"
        if accepted:
            method = self.method_used or "nothing at all"
            return known | {
                "login": "accepted",
                "summary": f"{server}, the login as {user} is accepted ({method})",
            }
        if not self.method_used:
            text = f"the server offers no way to log in that fits; methods left: {remaining}"
            return known | _failed_facts("not tried", server, user, text)
        text = f"refused; methods left: {remaining}"
        return known | _failed_facts("refused", server, user, text)


def not_tried_facts(credential: SshCredential, server: str, reason: str) -> dict[str, object]:
    """Facts of a login that was not tried, for a reason."""
    user = printable(credential.user, 64)
    return {"login_user": user, **_failed_facts("not tried", server, user, f"not tried: {reason}")}


@asynccontextmanager
async def key_pairs(credential: SshCredential) -> AsyncIterator[list[asyncssh.SSHKeyPair]]:
    """Key pairs of the credential: its key file's or the agent's first; raises NoUsableKey."""
    if credential.key:
        try:
            text = await asyncio.to_thread(_read_key_file, credential.key)
            if needs_passphrase(text):
                raise NoUsableKey("the key file is protected by a passphrase; use an agent")
            key = asyncssh.import_private_key(text)
        except (asyncssh.KeyImportError, ValueError):
            raise NoUsableKey("the key file holds no private key that can be read") from None
        except OSError as error:
            raise NoUsableKey(
                f"the key file cannot be read: {error.strerror or 'it fails'}"
            ) from None
        yield list(asyncssh.load_keypairs([key]))
        return
    if not credential.agent:
        yield []
        return
    try:
        agent = await asyncssh.connect_agent()
    except OSError:
        raise NoUsableKey("no SSH agent answers (SSH_AUTH_SOCK)") from None
    try:
        keys: list[asyncssh.SSHKeyPair] = []
        with suppress(ValueError, OSError):
            keys = list(await agent.get_keys())
        if not keys:
            raise NoUsableKey("the SSH agent holds no key")
        yield keys[:MAX_AGENT_KEYS]
    finally:
        agent.close()


def _read_key_file(path: str) -> bytes:
    with Path(path).expanduser().open("rb") as file:
        return file.read(MAX_KEY_FILE)


def _failed_facts(result: str, server: str, user: str, text: str) -> dict[str, object]:
    return {
        "login": result,
        "warning": True,
        "summary": f"{server}, but the audit's login as {user} would fail: {text}",
    }
