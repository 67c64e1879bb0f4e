from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.options import NO_OPTIONS, Options, SnmpCredential, SshCredential
from probes.wire import snmpv3
from tests.docs.pages import RECORDED
from tui.cli import credentials
from tui.cli.credentials import CredentialError, from_form, with_credentials
from tui.cli.options import UsageError
from tui.cli.parser import parse_options
from tui.cli.screen import build

SECRET = "Geheim-Xyzzy"
USER = '[[snmp]]\nversion = "3"\nuser = "audit"\n'
posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners and modes are POSIX")


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str | bytes, mode: int = 0o600, name: str = "credentials.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    return write


@pytest.fixture(scope="module")
def private_key() -> bytes:
    return asyncssh.generate_private_key("ssh-ed25519").export_private_key()


def read(path: Path | None, **environ: str) -> Options:
    return with_credentials(NO_OPTIONS, path, environ)


def mistake(path: Path | None, **environ: str) -> str:
    with pytest.raises(UsageError) as raised:
        read(path, **environ)
    text = str(raised.value)
    assert SECRET not in text
    assert "\n" not in text
    assert text.endswith(".")
    # The sentence is all there is: no chain of exceptions carries the value.
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    return text


def test_the_file_of_the_documentation_is_read_in_its_order(written) -> None:
    given = read(
        written(
            f"""
            [[snmp]]
            version = "2c"
            community = "{SECRET}"
            [[snmp]]
            version = "3"
            user = "audit"
            auth = "SHA-256"
            auth_key = "{SECRET}1"
            priv = "aes"
            priv_key = "{SECRET}2"
            [ssh]
            user = "audit"
            password = "{SECRET}3"
            """
        )
    )
    assert given.snmp == (
        SnmpCredential("2c", SECRET),
        SnmpCredential("3", "", "audit", "SHA-256", f"{SECRET}1", "AES", f"{SECRET}2"),
    )
    assert given.ssh == SshCredential("audit", password=f"{SECRET}3")
    assert SECRET not in repr(given)


def test_nothing_given_changes_nothing() -> None:
    assert read(None) is not None
    assert read(None) == NO_OPTIONS


def test_the_names_of_the_protocols_are_those_of_the_codec() -> None:
    assert credentials.AUTH == snmpv3.AUTH
    assert credentials.PRIV == snmpv3.PRIV
    assert credentials.KEY_LEAST == snmpv3.MIN_KEY


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o700, 0o777])
def test_a_file_that_others_may_read_is_refused(written, mode: int) -> None:
    path = written(USER, mode)
    assert f"its mode is {mode:04o}" in mistake(path)
    assert "chmod 600" in mistake(path)


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_file_of_another_user_is_refused(written) -> None:
    path = written(USER)
    os.chown(path, 65534, 65534)
    assert "belongs to another user" in mistake(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f'[[snmp]]\nversion = "2c"\ncommunity = {SECRET}',
            "line 3, column 13: this is not valid TOML",
        ),
        (f'[[snmp]]\ncommunity = "{SECRET}"', "[[snmp]] 1 needs a version"),
        (f'[[snmp]]\nversion = 3\nuser = "{SECRET}"', "[[snmp]] 1 needs a version"),
        (f'[[snmp]]\nversion = "{SECRET}"', "[[snmp]] 1 needs a version"),
        ('[[snmp]]\nversion = "2c"', "needs community"),
        ('[[snmp]]\nversion = "2c"\ncommunity = ""', "and not empty"),
        ('[[snmp]]\nversion = "2c"\ncommunity = 7', "text in quotes"),
        (f'[[snmp]]\nversion = "1"\ncommunity = "{SECRET}\\n"', "line break"),
        (f'[[snmp]]\nversion = "1"\ncommunity = "{SECRET * 100}"', "longer than 1024"),
        (f'[[snmp]]\nversion = "2c"\ncommunity = "x"\nuser = "{SECRET}"', "not known"),
        (f'[[snmp]]\nversion = "3"\n{SECRET} = "x"', "a key that is not known"),
        (f'{USER}auth_keyy = "{SECRET}"', "did you mean auth_key"),
        (f'{USER}auth = "{SECRET}"', "auth to be one of MD5, SHA, SHA-224"),
        (f'{USER}auth = "SHA"', "needs auth_key"),
        (f'{USER}auth = "SHA"\nauth_key = "short"', "auth_key too short: at least 8"),
        (f'{USER}auth_key = "{SECRET}"', "auth_key, but no auth"),
        (f'{USER}priv = "AES"\npriv_key = "{SECRET}"', "priv without auth"),
        (
            f'{USER}auth = "SHA"\nauth_key = "{SECRET}"\npriv = "3DES"\npriv_key = "{SECRET}"',
            "priv to be one of DES, AES",
        ),
        (
            f'{USER}auth = "SHA"\nauth_key = "{SECRET}"\npriv = "AES"\npriv_key = "short"',
            "priv_key too short",
        ),
        (
            '[[snmp]]\nversion = "3"\nuser = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
            "more than 32 bytes",
        ),
        (USER * 4, "4 credentials for SNMP, of 3"),
        (f'[snmp]\ncommunity = "{SECRET}"', "[[snmp]], with two brackets"),
        (f'snmp = ["{SECRET}"]', "[[snmp]], with two brackets"),
        (f'ssh = "{SECRET}"', "headed [ssh]"),
        (f'[shh]\npassword = "{SECRET}"', "did you mean ssh"),
        (f'[ssh]\npassword = "{SECRET}"', "[ssh] needs user"),
        ('[ssh]\nuser = "audit"', "one of key, password and agent, and has none"),
        (f'[ssh]\nuser = "a"\npassword = "{SECRET}"\nkey = "k"', "has key and password"),
        ('[ssh]\nuser = "a"\nagent = "yes"', "agent to be true or false"),
        ('[ssh]\nuser = "a"\nagent = true', "SSH_AUTH_SOCK is not set"),
        ("[" * 3000, "not valid TOML"),
        (b"\xff", "line 1: byte 0xff is not UTF-8; save it as UTF-8"),
        (b" " * 70_000, "larger than 64 KiB"),
    ],
    ids=lambda value: (
        value if isinstance(value, str) and " " in value and "\n" not in value else ""
    ),
)
def test_every_mistake_is_one_sentence_that_names_its_place(
    written, text: str | bytes, said: str
) -> None:
    path = written(text)
    sentence = mistake(path)
    assert said in sentence
    assert "credentials.toml" in sentence


def test_a_file_that_is_not_there_or_no_file_is_one_sentence(tmp_path: Path) -> None:
    assert "there is no such file" in mistake(tmp_path / "absent")
    assert "this is a directory" in mistake(tmp_path)


@posix
def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "this is a pipe" in mistake(tmp_path / "pipe")


def key_table(path: Path) -> str:
    return f'[ssh]\nuser = "audit"\nkey = "{path}"'


def test_a_key_file_is_taken_by_its_name(written, private_key: bytes) -> None:
    key = written(private_key, name="key")
    given = read(written(key_table(key)))
    assert given.ssh == SshCredential("audit", key=str(key))


@posix
def test_a_key_that_others_may_read_is_refused(written, private_key: bytes) -> None:
    key = written(private_key, 0o644, "key")
    assert "others may read too (mode 0644); chmod 600" in mistake(written(key_table(key)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "PuTTY's form"),
        (b"ssh-ed25519 AAAA a public key", "holds no private key"),
        (
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n-----END ENCRYPTED PRIVATE KEY-----",
            "protected by a passphrase",
        ),
    ],
)
def test_a_key_file_that_cannot_be_used_is_one_sentence(written, content: bytes, said: str) -> None:
    assert said in mistake(written(key_table(written(content, name="key"))))


def test_a_key_file_that_is_not_there_is_one_sentence(written, tmp_path: Path) -> None:
    text = mistake(written(key_table(tmp_path / "absent")))
    assert f"names the key file '{tmp_path}/absent': there is no such file" in text


def test_single_secrets_come_from_the_environment_and_are_taken_out_of_it() -> None:
    environ = {
        "AUDITREACH_SNMP_COMMUNITY": SECRET,
        "AUDITREACH_SNMP_USER": "audit",
        "AUDITREACH_SNMP_AUTH": "SHA",
        "AUDITREACH_SNMP_AUTH_KEY": f"{SECRET}1",
        "AUDITREACH_SSH_USER": "audit",
        "AUDITREACH_SSH_PASSWORD": f"{SECRET}2",
        "HOME": "/root",
    }
    given = with_credentials(NO_OPTIONS, None, environ)
    assert given.snmp == (
        SnmpCredential("2c", SECRET),
        SnmpCredential("3", "", "audit", "SHA", f"{SECRET}1"),
    )
    assert given.ssh == SshCredential("audit", password=f"{SECRET}2")
    assert environ == {"HOME": "/root"}


def test_the_environment_fills_in_the_keys_a_file_leaves_out(written) -> None:
    path = written(f'{USER}auth = "SHA"\npriv = "AES"\n[ssh]\nuser = "audit"')
    given = read(
        path,
        AUDITREACH_SNMP_AUTH_KEY=f"{SECRET}1",
        AUDITREACH_SNMP_PRIV_KEY=f"{SECRET}2",
        AUDITREACH_SSH_PASSWORD=SECRET,
    )
    assert given.snmp == (
        SnmpCredential("3", "", "audit", "SHA", f"{SECRET}1", "AES", f"{SECRET}2"),
    )
    assert given.ssh == SshCredential("audit", password=SECRET)


def test_the_environment_comes_before_the_file_for_snmp_and_ssh_alike(written) -> None:
    path = written(
        f'{USER}auth = "SHA"\nauth_key = "of the file"\n[[snmp]]\nversion = "2c"\ncommunity = "c"\n'
        '[ssh]\nuser = "audit"\nagent = true'
    )
    given = read(
        path,
        AUDITREACH_SNMP_AUTH="SHA-512",
        AUDITREACH_SNMP_AUTH_KEY=f"{SECRET}1",
        AUDITREACH_SSH_USER="other",
        AUDITREACH_SSH_PASSWORD=SECRET,
    )
    assert given.snmp == (
        SnmpCredential("3", "", "audit", "SHA-512", f"{SECRET}1"),
        SnmpCredential("2c", "c"),
    )
    assert given.ssh == SshCredential("other", password=SECRET)


def test_a_key_and_its_protocol_may_both_come_from_the_environment(written) -> None:
    given = read(written(USER), AUDITREACH_SNMP_AUTH="SHA", AUDITREACH_SNMP_AUTH_KEY=f"{SECRET}1")
    assert given.snmp == (SnmpCredential("3", "", "audit", "SHA", f"{SECRET}1"),)


def test_a_user_of_the_environment_is_the_one_of_the_same_name_in_the_file(written) -> None:
    path = written(f'{USER}auth = "SHA"\nauth_key = "of the file"')
    given = read(path, AUDITREACH_SNMP_USER="audit", AUDITREACH_SNMP_AUTH_KEY=f"{SECRET}1")
    assert given.snmp == (SnmpCredential("3", "", "audit", "SHA", f"{SECRET}1"),)
    given = read(path, AUDITREACH_SNMP_USER="other")
    assert [one.user for one in given.snmp] == ["other", "audit"]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"AUDITREACH_SNMP_AUTH_KEY": SECRET},
            "AUDITREACH_SNMP_AUTH_KEY is set, but no SNMPv3 user",
        ),
        ({"AUDITREACH_SSH_PASSWORD": SECRET}, "[ssh] needs user"),
        ({"AUDITREACH_SNMP_COMMUNITY": f"{SECRET}\udcff"}, "not UTF-8"),
    ],
)
def test_a_mistake_in_the_environment_is_one_sentence(environ: dict[str, str], said: str) -> None:
    sentence = mistake(None, **environ)
    assert sentence.startswith("The environment: ")
    assert said in sentence


def test_a_form_replaces_what_was_filled_in_and_keeps_the_rest() -> None:
    before = Options(snmp=(SnmpCredential("2c", "old"),), ssh=SshCredential("a", password="old"))
    after = from_form(before, {"community": SECRET, "ssh_user": ""}, {})
    assert after == Options(snmp=(SnmpCredential("2c", SECRET),), ssh=before.ssh)
    with pytest.raises(CredentialError, match="SNMP needs user"):
        from_form(before, {"snmp_auth": "SHA", "snmp_auth_key": SECRET}, {})


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any"
    path.write_bytes(text.encode("utf-8", "replace"))
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    try:
        assert isinstance(read(path), Options)
    except UsageError as error:
        assert str(error).startswith("The credentials file ")


def test_a_mistake_in_the_form_names_its_lines_and_not_the_keys_of_the_file():
    from textual.widgets import Input, Static

    from tests.tui.driving import drive, until

    @drive()
    async def _(pilot, app):
        await pilot.press("escape", "c")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        app.screen.query_one("#of_snmp_user", Input).value = "audit"
        app.screen.query_one("#of_snmp_auth", Input).value = "SHA"
        await pilot.press("enter")
        said = str(app.screen.query_one("#wrong", Static).content)
        assert said == "SNMP needs the key it signs with."


@pytest.mark.parametrize("words", [["demo"], ["open", str(RECORDED[0])]])
def test_what_logs_in_nowhere_passes_no_variable_on(words, monkeypatch) -> None:
    monkeypatch.setenv(credentials.COMMUNITY, SECRET)
    build(parse_options(words))
    assert credentials.COMMUNITY not in os.environ
