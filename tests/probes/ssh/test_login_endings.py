from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from probes.call import Answer
from probes.engine.secrets import secret_mask
from probes.judging.check_outcome import verdict_row
from probes.judging.status import judge
from probes.judging.verdict import judge_capability
from probes.model import Job, Observation, Reason, Ruling, Service, State, Status, Target
from probes.options import Options, SshCredential
from probes.settings import Settings
from probes.ssh.probe import ask
from probes.wire.masking import in_force
from profiles.loader import load_profile
from tui.cli.parser import parse_options

SECRET = "Geheim-Xyzzy"
PATIENCE = 20.0
"""Seconds where something else than the deadline ends the login."""

Say = Callable[[asyncssh.SSHServerConnection], object]


class Server(asyncssh.SSHServer):
    """Server that goes through a script: a step for each thing that is shown to it.

    A step is what becomes of it (True, False, an exception, a next question), or a function of the
    connection that returns it. `ways` are the methods it offers before each of them.
    """

    def __init__(self, ways: list[str], steps: list[object], seen: list[str]) -> None:
        self.ways, self.steps, self.seen = list(ways), list(steps), seen

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.conn = conn
        succeed = conn.send_userauth_success

        def send_userauth_success() -> None:
            if self.ways:
                conn.send_userauth_failure(True)
            else:
                succeed()

        conn.send_userauth_success = send_userauth_success

    def begin_auth(self, username: str) -> bool:
        return True

    def offers(self, method: str) -> bool:
        return bool(self.ways) and method in self.ways[0].split(",")

    def public_key_auth_supported(self) -> bool:
        return self.offers("publickey")

    def password_auth_supported(self) -> bool:
        return self.offers("password")

    def kbdint_auth_supported(self) -> bool:
        return self.offers("keyboard-interactive")

    async def step(self, shown: str) -> object:
        self.seen.append(shown)
        step = self.steps.pop(0) if self.steps else False
        if callable(step):
            step = step(self.conn)
        if isinstance(step, Awaitable):
            step = await step
        if isinstance(step, Exception):
            raise step
        if step is True:
            self.ways.pop(0)
        return step

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        # Asked for the offer, and again for the signature.
        return bool(await self.step("key"))

    async def validate_password(self, username: str, password: str) -> bool:
        return bool(await self.step("password"))

    def get_kbdint_challenge(self, username, lang, submethods):
        return self.steps.pop(0)

    async def validate_kbdint_response(self, username, responses):
        return await self.step(f"{len(responses)} answers")


async def forever(conn: object) -> bool:
    return await asyncio.Event().wait()


def cut(conn: asyncssh.SSHServerConnection) -> bool:
    conn.abort()
    return False


def hang_up(reason: str) -> Say:
    def say(conn: asyncssh.SSHServerConnection) -> bool:
        conn.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, reason)
        return False

    return say


def banner(text: str, then: object) -> Say:
    def say(conn: asyncssh.SSHServerConnection) -> object:
        conn.send_auth_banner(text)
        return then(conn) if callable(then) else then

    return say


def question(*prompts: str, says: str = "") -> tuple[object, ...]:
    return "", says, "", [(prompt, False) for prompt in prompts]


KEPT = "keyboard-interactive"


@pytest.fixture(scope="module")
def key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def logged_in(call_to, tmp_path: Path, key) -> Callable[..., Awaitable[tuple[Answer, list[str]]]]:
    path = tmp_path / "key"
    path.write_bytes(key.export_private_key())
    path.chmod(0o600)
    credentials = {
        "password": SshCredential("audit", password=SECRET),
        "key": SshCredential("audit", key=str(path)),
    }

    async def run(
        credential: str, ways: list[str], *steps: object, timeout: float = PATIENCE
    ) -> tuple[Answer, list[str]]:
        seen: list[str] = []
        async with (
            serving(key, lambda: Server(ways, list(steps), seen)) as port,
            call_to(port, timeout=timeout) as call,
        ):
            call.options = Options(ssh=credentials[credential])
            with in_force(secret_mask(call.options)):
                answer = await ask(call)
            assert SECRET not in repr(call) + repr(answer)
        assert answer.service is Service.CONFIRMED
        return answer, seen

    return run


@asynccontextmanager
async def serving(key, factory: Callable[[], Server]) -> AsyncIterator[int]:
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[key],
        server_factory=factory,
        gss_host=None,
        login_timeout=0,
    )
    try:
        yield server.get_port()
    finally:
        server.close()
        await server.wait_closed()


def judged(answer: Answer) -> tuple[Status, Ruling, str]:
    """Status of the row, and the verdict of a Unix host whose only row it is."""
    profile = load_profile(None, {})
    check = next(one for one in profile.checks if one.id == "unix.ssh")
    capability = next(one for one in profile.capabilities if check.id in one.requires)
    observation = Observation(
        State.OPEN, Reason.SYN_ACK, answer.service, "127.0.0.1", facts=answer.facts
    )
    result = judge(Job("k", check, Target(check.role, "h"), 22), observation)
    verdict = judge_capability(profile, capability, {}, {check.id: verdict_row(result)}, {})
    return result.status, verdict.ruling, verdict.text


@pytest.mark.parametrize(
    ("credential", "ways", "steps", "said"),
    [
        ("password", ["password"], [forever], "the password was sent, and no answer came in"),
        ("password", [KEPT], [question("Password: "), forever], "the password was sent, and no"),
        ("key", ["publickey"], [forever], "the key was offered, and no answer came in"),
        ("key", ["publickey"], [1, forever], "the server knows the key, it was used, and no"),
    ],
    ids=["password", "interactive", "key", "signature"],
)
async def test_what_was_shown_to_a_server_that_answers_late_is_never_called_not_tried(
    logged_in, credential: str, ways: list[str], steps: list[object], said: str
) -> None:
    answer, _ = await logged_in(credential, ways, *steps, timeout=1.5)
    assert answer.facts["login"] == "no answer"
    assert said in str(answer.facts["summary"])
    assert "whether the audit's login as audit works is not known" in str(answer.facts["summary"])
    assert "not tried" not in repr(answer) and "key exchange" not in repr(answer)
    assert "host_key_fingerprint" in answer.facts
    assert judged(answer)[:2] == (Status.WARNING, Ruling.READY)


async def test_a_late_answer_to_a_password_is_waited_for_with_the_option_that_is_named(
    logged_in,
) -> None:
    answer, _ = await logged_in("password", ["password"], forever, timeout=1.5)
    named = re.search(r"retest with (--\S+ \d+)$", str(answer.facts["summary"]))
    assert named is not None
    settings = parse_options(["run", "unix.target=h", *named[1].split()]).settings
    assert settings.answer_timeout > 1.5 and settings.timeout == Settings().timeout


@pytest.mark.parametrize(
    ("credential", "ways", "steps", "said"),
    [
        ("key", ["publickey", "password"], [1, True], "publickey is accepted, and the server"),
        ("key", ["publickey", "publickey"], [1, True], "wants more: publickey"),
        ("key", ["publickey", KEPT], [1, True], f"wants more: {KEPT}"),
        ("password", ["password", "publickey"], [True], "password is accepted, and the server"),
        ("password", [KEPT, "publickey"], [question("Password:"), True], f"{KEPT} is accepted"),
        (
            "password",
            [KEPT],
            [question("Password:"), question("Verification code:")],
            "the password was sent, and the server asks “Verification code:” as well",
        ),
        (
            "password",
            [KEPT],
            [question("Kennwort:"), question("Einmal:", says="Zweiter Faktor")],
            "asks “Einmal:” as well, which nobody answers",
        ),
    ],
)
async def test_a_login_that_is_a_part_of_what_the_server_wants_is_not_called_refused(
    logged_in, credential: str, ways: list[str], steps: list[object], said: str
) -> None:
    answer, _ = await logged_in(credential, ways, *steps)
    assert answer.facts["login"] == "not enough"
    assert said in str(answer.facts["summary"])
    assert "refused" not in repr(answer)
    status, ruling, text = judged(answer)
    assert (status, ruling) == (Status.WARNING, Ruling.UNKNOWN)
    assert text == "SSH (TCP 22) answers, but the login as audit does not get in."


@pytest.mark.parametrize(
    ("credential", "ways", "steps", "said"),
    [
        ("password", ["password"], [False], "refused; methods left: password"),
        ("password", [KEPT], [question("Password:"), False], f"refused; methods left: {KEPT}"),
        ("password", [KEPT], [question("PW:"), question("PW:")], "refused, the password is asked"),
        ("key", ["publickey"], [False], "refused; methods left: publickey"),
        ("key", ["publickey"], [1, False], "the server knows the key and refuses it all the same"),
        ("password", ["password"], [hang_up("Too many authentication failures")], "Too many auth"),
        ("key", ["publickey"], [hang_up("Too many authentication failures")], "Too many auth"),
        ("password", ["password"], [hang_up("No more auth methods")], "“No more auth methods”"),
        ("password", ["password"], [banner("Account locked", False)], "says “Account locked”"),
        (
            "password",
            [KEPT],
            [question("Password:"), question(says="The account is locked"), False],
            "refused (the server says “The account is locked”)",
        ),
    ],
)
async def test_a_login_that_is_refused_tells_the_servers_words(
    logged_in, credential: str, ways: list[str], steps: list[object], said: str
) -> None:
    answer, _ = await logged_in(credential, ways, *steps)
    assert answer.facts["login"] == "refused"
    assert said in str(answer.facts["summary"])
    assert judged(answer)[:2] == (Status.WARNING, Ruling.UNKNOWN)


@pytest.mark.parametrize(
    ("ways", "steps"),
    [
        (["password"], [asyncssh.PasswordChangeRequired("Choose another one")]),
        ([KEPT], [question("Password:"), question("New password:")]),
        ([KEPT], [question("Password:"), question("Current password:")]),
        ([KEPT], [question("Password:"), question("Neues:", says="Your password has expired")]),
        (["password"], [banner("Your password has expired.", False)]),
    ],
)
async def test_a_password_that_has_expired_is_told_and_never_changed(
    logged_in, ways: list[str], steps: list[object]
) -> None:
    answer, seen = await logged_in("password", ways, *steps)
    assert answer.facts["login"] == "expired"
    assert "the password has expired, the server says “" in str(answer.facts["summary"])
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("credential", "ways", "steps", "said"),
    [
        ("password", ["password"], [cut], "the password was sent, and the server closed"),
        ("password", [KEPT], [question("Password:"), cut], "the password was sent, and the server"),
        ("key", ["publickey"], [cut], "the key was offered, and the server closed"),
        ("key", ["publickey"], [1, cut], "the server knows the key, it was used, and the server"),
        (
            "key",
            ["publickey"],
            [1, banner("Access denied by PAM", cut)],
            "(the server says “Access denied by PAM”)",
        ),
    ],
)
async def test_a_server_that_hangs_up_on_a_login_was_shown_it(
    logged_in, credential: str, ways: list[str], steps: list[object], said: str
) -> None:
    answer, _ = await logged_in(credential, ways, *steps)
    assert answer.facts["login"] == "no answer"
    assert said in str(answer.facts["summary"])
    assert judged(answer)[:2] == (Status.WARNING, Ruling.READY)


@pytest.mark.parametrize(
    "prompts",
    [
        ("Verification code: ",),
        ("One-time password (OTP): ",),
        ("Enter PASSCODE: ",),
        ("Password: ", "Code: "),
        ("challenge 1234, response: ",),
    ],
)
async def test_a_question_for_a_code_is_not_answered_with_the_password(
    logged_in, prompts: tuple[str, ...]
) -> None:
    answer, seen = await logged_in("password", [KEPT], question(*prompts))
    assert answer.facts["login"] == "not tried"
    assert f"“{prompts[0].strip()}”" in str(answer.facts["summary"])
    assert seen == []


async def test_words_of_the_server_are_made_harmless_and_short(logged_in) -> None:
    text = "\x1b[2J[red]" + "x" * 4000
    answer, _ = await logged_in("password", ["password"], banner(text, False))
    assert "\x1b" not in str(answer.facts["summary"])
    assert len(str(answer.facts["summary"])) < 500


ECHO = f"you said {SECRET}!"


@pytest.mark.parametrize(
    ("ways", "steps"),
    [
        (["password"], [banner(ECHO, False)]),
        (["password"], [hang_up(ECHO)]),
        (["password"], [asyncssh.PasswordChangeRequired(ECHO)]),
        ([KEPT], [question("Password:"), question(ECHO)]),
        ([KEPT], [question("Password:"), question("Code:", says=ECHO)]),
        ([KEPT], [question(ECHO), False]),
    ],
)
async def test_a_server_that_repeats_the_password_is_quoted_without_it(
    logged_in, ways: list[str], steps: list[object]
) -> None:
    answer, _ = await logged_in("password", ways, *steps)
    assert answer.facts["warning"] is True


async def test_a_banner_before_the_login_is_not_taken_for_its_answer(call_to, key) -> None:
    class Greeting(Server):
        def begin_auth(self, username: str) -> bool:
            self.conn.send_auth_banner("Authorised use only")
            return True

    async with (
        serving(key, lambda: Greeting(["password"], [False], [])) as port,
        call_to(port, timeout=PATIENCE) as call,
    ):
        call.options = Options(ssh=SshCredential("audit", password=SECRET))
        answer = await ask(call)
    assert answer.facts["login"] == "refused"
    assert "Authorised" not in repr(answer)


@pytest.mark.parametrize("credential", [None, SshCredential("audit", password=SECRET)])
async def test_a_server_that_says_nothing_after_the_key_exchange_is_no_unfinished_one(
    call_to, key, credential: SshCredential | None
) -> None:
    class Silent(Server):
        async def begin_auth(self, username: str) -> bool:
            return await forever(None)

    async with (
        serving(key, lambda: Silent(["password"], [], [])) as port,
        call_to(port, timeout=1.5) as call,
    ):
        call.options = Options(ssh=credential)
        answer = await ask(call)
    assert "the key exchange is done" in str(answer.facts["problem"])
    assert "MTU" not in str(answer.facts["summary"])
    assert answer.facts.get("login") == (None if credential is None else "not tried")


async def test_a_server_that_ends_the_connection_before_any_login_is_quoted(call_to, key) -> None:
    class Closed(Server):
        def begin_auth(self, username: str) -> bool:
            self.conn.disconnect(asyncssh.DISC_BY_APPLICATION, "no authentication methods enabled")
            return True

    async with (
        serving(key, lambda: Closed(["password"], [], [])) as port,
        call_to(port, timeout=PATIENCE) as call,
    ):
        call.options = Options(ssh=SshCredential("audit", password=SECRET))
        answer = await ask(call)
    assert answer.facts["login"] == "not tried"
    assert "“no authentication methods enabled”" in str(answer.facts["summary"])
    assert "key exchange failed" not in repr(answer)
