"""One SSH login with the operator's credential: is it taken, and what is left if not (RFC 4252)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh

from probes.options import SshCredential
from probes.wire.ssh import needs_passphrase
from probes.wire.text import printable

AGENT_KEYS = 3
"""Keys of an agent that are offered; a server hangs up after a few that it does not know."""
KEY_FILE_MOST = 64 * 1024
"""Bytes of a key file that are read."""
_KEY, _PASSWORD, _ASKED = "publickey", "password", "keyboard-interactive"
_OTHERS = ("gssapi-keyex", "gssapi-with-mic", "hostbased")


class NoKey(Exception):
    """There is nothing to log in with; the text says why, as the end of a sentence."""


class Login:
    """Answers what asyncssh asks of a client during the login, each secret once at most."""

    def __init__(self, credential: SshCredential, keys: list[asyncssh.SSHKeyPair]) -> None:
        self._credential = credential
        self._keys = keys
        self._given = False
        self._answered = False
        self.offered: list[str] = []
        """Ways the server offered at first."""
        self.left: list[str] = []
        """Ways it offered after the attempt."""
        self.used = ""
        """The way that was tried; empty where the server offers none that fits."""

    @property
    def order(self) -> tuple[str, ...]:
        """Every method, the one that is tried first: asyncssh forgets those before it."""
        first = (_PASSWORD, _ASKED, _KEY) if self._credential.password else (_KEY, _PASSWORD)
        return tuple(dict.fromkeys((*first, _PASSWORD, _ASKED, _KEY, *_OTHERS)))

    @property
    def has_password(self) -> bool:
        """Whether there is a password that has not been given away yet."""
        return bool(self._credential.password) and not self._given

    def offer(self, methods: Sequence[str]) -> None:
        """The server has said which methods may be tried next."""
        # They come in the order we would try them, which says nothing of the server.
        every = (_KEY, _PASSWORD, _ASKED, *_OTHERS)
        now = [method for method in every if method in methods]
        if not self.offered:
            self.offered = self.left = now
        elif self.used and not self._answered:
            # asyncssh takes away from this list what it has no answer for.
            self.left, self._answered = now, True

    def keys(self) -> list[asyncssh.SSHKeyPair] | None:
        """The keys, the first time they are asked for."""
        if not self._keys:
            return None
        keys, self._keys = self._keys, []
        self.used = _KEY
        return keys

    def password(self, method: str) -> str | None:
        """The password, the first time it is asked for."""
        if not self.has_password:
            return None
        self._given = True
        self.used = method
        return self._credential.password

    def facts(self, named: str, *, taken: bool) -> dict[str, object]:
        """What became of the login, with a sentence about `named`, the server."""
        user = printable(self._credential.user, 64)
        known: dict[str, object] = {"login_user": user, "login_method": self.used}
        left = ", ".join(self.left) or "none"
        if taken:
            how = self.used or "nothing at all"
            return known | {
                "login": "accepted",
                "summary": f"{named}, the login as {user} is accepted ({how})",
            }
        if not self.used:
            text = f"the server offers no way to log in that fits; methods left: {left}"
            return known | _failed("not tried", named, user, text)
        text = f"refused; methods left: {left}"
        return known | _failed("refused", named, user, text)


def not_tried(credential: SshCredential, named: str, why: str) -> dict[str, object]:
    """The facts of a login there was nothing to try with."""
    user = printable(credential.user, 64)
    return {"login_user": user, **_failed("not tried", named, user, f"not tried: {why}")}


@asynccontextmanager
async def key_pairs(credential: SshCredential) -> AsyncIterator[list[asyncssh.SSHKeyPair]]:
    """What to prove the user with: the key file's key, or the first of the agent; raises NoKey."""
    if credential.key:
        try:
            text = await asyncio.to_thread(_read, credential.key)
            if needs_passphrase(text):
                raise NoKey("the key file is protected by a passphrase; use an agent")
            key = asyncssh.import_private_key(text)
        except (asyncssh.KeyImportError, ValueError):
            raise NoKey("the key file holds no private key that can be read") from None
        except OSError as error:
            raise NoKey(f"the key file cannot be read: {error.strerror or 'it fails'}") from None
        yield list(asyncssh.load_keypairs([key]))
        return
    if not credential.agent:
        yield []
        return
    try:
        agent = await asyncssh.connect_agent()
    except OSError:
        raise NoKey("no SSH agent answers (SSH_AUTH_SOCK)") from None
    try:
        keys: list[asyncssh.SSHKeyPair] = []
        with suppress(ValueError, OSError):
            keys = list(await agent.get_keys())
        if not keys:
            raise NoKey("the SSH agent holds no key")
        yield keys[:AGENT_KEYS]
    finally:
        agent.close()


def _read(path: str) -> bytes:
    with Path(path).expanduser().open("rb") as file:
        return file.read(KEY_FILE_MOST)


def _failed(result: str, named: str, user: str, text: str) -> dict[str, object]:
    return {
        "login": result,
        "warning": True,
        "summary": f"{named}, but the audit's login as {user} would fail: {text}",
    }
