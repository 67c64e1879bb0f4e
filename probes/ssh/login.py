"""One SSH login with the operator's credential, and the methods left if refused (RFC 4252)."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from probes.clients.ssh import asyncssh
from probes.options import KEY_FILE, SshCredential
from probes.ssh.exchange import AuthExchange
from probes.wire.ssh import AuthFailure, AuthRequest, needs_passphrase
from probes.wire.text import printable
from profiles.files import FileError, read_bytes

MAX_AGENT_KEYS = 3
"""Keys of an agent that are offered; a server hangs up after a few that it does not know."""
_KEY, _PASSWORD, _INTERACTIVE = "publickey", "password", "keyboard-interactive"
_SHOWN = {
    _KEY: "the key was offered",
    _PASSWORD: "the password was sent",
    _INTERACTIVE: "the password was sent",
}
NO_ANSWER = "no answer"
TIMED_OUT = "it did not end in time"
"""Ending of a login at its deadline."""
_CODE = re.compile(
    r"\b(?:code|token|otp|one.?time|passcode|verification|authenticator|factor|duo|pin|challenge)\b",
    re.IGNORECASE,
)
"""Words of a question for a second factor, which is not to be answered with the password."""
_NEW_PASSWORD = re.compile(
    r"\b(?:new|current|old|retype)\b.*password|password.*expired|change your password",
    re.IGNORECASE,
)
"""Words of a question in the change of a password that has expired."""
_OTHER_METHODS = ("gssapi-keyex", "gssapi-with-mic", "hostbased")


class NoUsableKey(Exception):
    """No key to log in with; the text is the reason, as the end of a sentence."""


class LoginAttempt:
    """Login attempt: answers to asyncssh's requests, each secret at most once."""

    def __init__(
        self,
        credential: SshCredential,
        keys: list[asyncssh.SSHKeyPair],
        exchange: AuthExchange,
    ) -> None:
        self._credential = credential
        self._keys = keys
        self._exchange = exchange
        self._password_sent = False
        self._questions: list[str] = []
        self._expired = ""
        self.method_used = ""
        """The method that was tried; empty where nothing was shown to the server."""

    @property
    def method_order(self) -> tuple[str, ...]:
        """Every method, the one that is tried first: asyncssh forgets those before it."""
        first = (_PASSWORD, _INTERACTIVE, _KEY) if self._credential.password else (_KEY, _PASSWORD)
        return tuple(dict.fromkeys((*first, _PASSWORD, _INTERACTIVE, _KEY, *_OTHER_METHODS)))

    @property
    def offered(self) -> list[str]:
        """Methods the server offered at first."""
        return list(self._exchange.offered)

    @property
    def has_password(self) -> bool:
        """True if there is a password that has not been sent yet."""
        return bool(self._credential.password) and not self._password_sent

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

    def refuse_change(self, prompt: str) -> None:
        """Note that the server wants a new password (RFC 4252 8); none is ever changed."""
        self._expired = self._exchange.words(prompt) or "a new password"

    def answers(self, instruction: str, prompts: Sequence[tuple[str, bool]]) -> list[str] | None:
        """Answers to questions of keyboard-interactive (RFC 4256 3.2); None to give up.

        The password goes to a single question that is asked without an echo and is none for a code.
        """
        self._exchange.add_message(instruction)
        if not prompts:
            return []
        self._questions += [self._exchange.words(prompt) for prompt, _ in prompts]
        prompt, echo = prompts[0]
        if len(prompts) > 1 or echo or _CODE.search(prompt):
            return None
        password = self.password(_INTERACTIVE)
        return None if password is None else [password]

    def facts(
        self, server: str, seconds: float, ending: str, *, accepted: bool
    ) -> dict[str, object]:
        """Facts about the login, with a summary that begins with `server`, its name.

        `ending` says what ended the exchange before the server's last answer; empty if nothing did.
        """
        user = printable(self._credential.user, 64)
        known: dict[str, object] = {"login_user": user, "login_method": self.method_used}
        if accepted:
            method = self.method_used or "nothing at all"
            return known | {
                "login": "accepted",
                "summary": f"{server}, the login as {user} is accepted ({method})",
            }
        if not self.method_used:
            return known | _failed_facts("not tried", server, user, self._not_tried_text(ending))
        outcome, text = self._outcome(ending, seconds)
        if outcome != NO_ANSWER:
            known["shortfall"] = f"the login as {user} does not get in"
        return known | _failed_facts(outcome, server, user, text)

    def _not_tried_text(self, ending: str) -> str:
        if self._questions:
            return (
                f"not tried: the server asks {_quoted(self._questions)}, not for a password alone"
            )
        if ending:
            return f"not tried: {ending}"
        remaining = ", ".join(self._exchange.offered) or "none"
        return f"the server offers no way to log in that fits; methods left: {remaining}"

    def _outcome(self, ending: str, seconds: float) -> tuple[str, str]:
        """Result of a login that was shown to the server, and a clause about it."""
        events = self._exchange.since(self.method_used)
        signed = any(isinstance(one, AuthRequest) and one.signed for one in events)
        answers = [one for one in events if isinstance(one, AuthFailure)]
        messages = [one for one in events if isinstance(one, str)]
        words = f" (the server says {_quoted(messages[-1:])})" if messages else ""
        remaining = ", ".join(answers[-1].methods if answers else self._exchange.offered) or "none"
        more = [one for one in self._questions[1:] if one != self._questions[0]]
        if expired := self._expired or next(filter(_NEW_PASSWORD.search, (*more, *messages)), ""):
            return "expired", f"the password has expired, the server says {_quoted([expired])}"
        if more:
            text = f"the password was sent, and the server asks {_quoted(more)} as well"
            return "not enough", f"{text}, which nobody answers"
        if self._questions[1:]:
            return "refused", f"refused, the password is asked for again{words}"
        if any(one.partial for one in answers):
            text = f"{self.method_used} is accepted, and the server wants more: {remaining}"
            return "not enough", text
        unanswered = self._unanswered(ending, seconds, signed=signed)
        if answers and not unanswered:
            known = "the server knows the key and refuses it all the same" if signed else "refused"
            return "refused", f"{known}{words}; methods left: {remaining}"
        if self._exchange.disconnect:
            reason = _quoted([self._exchange.disconnect])
            return "refused", f"refused: the server ends the connection {reason}{words}"
        return NO_ANSWER, f"{unanswered}{words}"

    def _unanswered(self, ending: str, seconds: float, *, signed: bool) -> str:
        """Clause about a request without an answer; empty if each was answered."""
        last = next(
            (one for one in reversed(self._exchange.events) if not isinstance(one, str)), None
        )
        if isinstance(last, AuthFailure):
            return ""
        shown = _SHOWN[self.method_used]
        if signed:
            shown = "the server knows the key, it was used"
        if ending == TIMED_OUT:
            late = f"{shown}, and no answer came in {seconds:g} s"
            if self.method_used == _KEY:
                return late
            longer = math.ceil(seconds / 5) * 10
            return (
                f"{late}: servers wait seconds after a wrong one, retest with --answer-timeout "
                f"{longer}"
            )
        return f"{shown}, and {ending or 'the server closed the connection without an answer'}"


def not_tried_facts(credential: SshCredential, server: str, reason: str) -> dict[str, object]:
    """Facts of a login that was not tried, for a reason."""
    user = printable(credential.user, 64)
    return {"login_user": user, **_failed_facts("not tried", server, user, f"not tried: {reason}")}


@asynccontextmanager
async def key_pairs(credential: SshCredential) -> AsyncIterator[list[asyncssh.SSHKeyPair]]:
    """Key pairs of the credential: its key file's or the agent's first; raises NoUsableKey."""
    if credential.key:
        try:
            text = await asyncio.to_thread(read_bytes, credential.key, KEY_FILE)
            if needs_passphrase(text):
                raise NoUsableKey("the key file is protected by a passphrase; use an agent")
            key = asyncssh.import_private_key(text)
        except (asyncssh.KeyImportError, ValueError):
            raise NoUsableKey("the key file holds no private key that can be read") from None
        except FileError as error:
            raise NoUsableKey(f"the key file is no use: {error}") from None
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


def _quoted(texts: Sequence[str]) -> str:
    return " and ".join(f"“{text}”" for text in texts)


def _failed_facts(result: str, server: str, user: str, text: str) -> dict[str, object]:
    verdict = f"but the audit's login as {user} would fail: {text}"
    if result == NO_ANSWER:
        verdict = f"whether the audit's login as {user} works is not known: {text}"
    return {"login": result, "warning": True, "summary": f"{server}, {verdict}"}
