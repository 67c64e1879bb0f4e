"""Credentials from a file, the environment or a form, checked; no sentence here shows a value."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import stat
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from probes.options import KEY_FILE, Options, SnmpCredential, SshCredential
from probes.wire.ssh import needs_passphrase
from profiles.errors import Mistake, printable_path
from profiles.files import FileError, FileKind, decode, open_file, plain_bytes, read_open
from profiles.toml import parse_toml
from tui.cli.options import UsageError

SNMP_MOST = 3
"""Credentials for SNMP."""
AUTH = ("MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512")
PRIV = ("DES", "AES", "AES-192", "AES-256")
KEY_LEAST = 8
"""Characters of an SNMPv3 key (RFC 3414 11.2)."""
USER_MOST = 32
"""Bytes of an SNMPv3 user's name (RFC 3414 2.4)."""

COMMUNITY = "AUDITREACH_SNMP_COMMUNITY"
SNMP_NAMES = {
    key: f"AUDITREACH_SNMP_{key.upper()}"
    for key in ("user", "auth", "auth_key", "priv", "priv_key")
}
SSH_NAMES = {key: f"AUDITREACH_SSH_{key.upper()}" for key in ("user", "key", "password")}

_KIND = FileKind("a credentials file in TOML", 64 * 1024, may_be_empty=True)
_VALUE_MOST = 1024
_COMMUNITY_KEYS = ("version", "community")
_USER_KEYS = ("version", *SNMP_NAMES)
_SSH_KEYS = ("user", "key", "password", "agent")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Table = Mapping[str, Any]


class CredentialError(Exception):
    """A credential cannot be used; the text is the sentence after its place."""


def with_credentials(
    options: Options, path: Path | None, environ: MutableMapping[str, str]
) -> Options:
    """The options with what the file and the environment hold; raises UsageError.

    The variables are taken out of the environment: programs started later need not see them.
    """
    variables = {
        name: environ.pop(name, "")
        for name in (COMMUNITY, *SNMP_NAMES.values(), *SSH_NAMES.values())
    }
    where = "The environment" if path is None else f"The credentials file '{printable_path(path)}'"
    try:
        tables, login = _file(path) if path is not None else ([], {})
        tables = _with_variables(tables, variables)
        login = _with_login(login, variables)
        if len(tables) > SNMP_MOST:
            raise CredentialError(
                f"holds {len(tables)} credentials for SNMP, of {SNMP_MOST} that are tried"
            )
        snmp = tuple(_snmp(f"[[snmp]] {at}", table) for at, table in enumerate(tables, 1))
        ssh = _ssh("[ssh]", login, environ) if login else options.ssh
    except CredentialError as error:
        raise UsageError(f"{where}: {error}.") from None
    return dataclasses.replace(options, snmp=snmp or options.snmp, ssh=ssh)


def from_form(options: Options, form: Mapping[str, str], environ: Mapping[str, str]) -> Options:
    """The options with what was typed; what was left empty stays as it is. Raises CredentialError.

    Keys are `community`, `snmp_user`, `snmp_auth` and so on, `ssh_user`, `ssh_key`, `ssh_password`.
    """
    tables: list[Table] = []
    if form.get("community"):
        tables.append({"version": "2c", "community": form["community"]})
    user = {key: form[f"snmp_{key}"] for key in SNMP_NAMES if form.get(f"snmp_{key}")}
    if user:
        tables.append({"version": "3", **user})
    login = {key: form[f"ssh_{key}"] for key in SSH_NAMES if form.get(f"ssh_{key}")}
    snmp = tuple(_snmp("SNMP", table) for table in tables)
    ssh = _ssh("SSH", login, environ) if login else options.ssh
    return dataclasses.replace(options, snmp=snmp or options.snmp, ssh=ssh)


def _with_variables(tables: list[Table], variables: Mapping[str, str]) -> list[Table]:
    """The credentials for SNMP, under those of the environment, which are tried first."""
    user = {key: variables[name] for key, name in SNMP_NAMES.items() if variables[name]}
    if "user" in user:
        same = next((one for one in tables if _is_user(one, user["user"])), {})
        others = [one for one in tables if one is not same]
        tables = [{**same, "version": "3", **user}, *others]
    elif user:
        if not any(map(_is_user, tables)):
            name = SNMP_NAMES[next(iter(user))]
            raise CredentialError(f"{name} is set, but no SNMPv3 user is given for it")
        tables = [{**one, **user} if _is_user(one) else one for one in tables]
    if variables[COMMUNITY]:
        tables = [{"version": "2c", "community": variables[COMMUNITY]}, *tables]
    return tables


def _is_user(table: Table, name: str = "") -> bool:
    """True for an SNMPv3 user, of this name if one is given."""
    return table.get("version") == "3" and name in ("", table.get("user"))


def _with_login(login: Table, variables: Mapping[str, str]) -> dict[str, Any]:
    """The SSH login under that of the environment, whose way replaces the file's."""
    given = {key: variables[name] for key, name in SSH_NAMES.items() if variables[name]}
    replaced = ("key", "password", "agent") if given.keys() & {"key", "password"} else ()
    return {key: value for key, value in login.items() if key not in replaced} | given


def _file(path: Path) -> tuple[list[Table], dict[str, Any]]:
    """The tables of a credentials file; raises CredentialError."""
    try:
        with open_file(path, _KIND) as file:
            _refuse_shared(os.fstat(file.fileno()))
            data = read_open(file, _KIND)
        tables = parse_toml(decode(data, _KIND))
    except FileError as error:
        raise CredentialError(str(error)) from None
    except Mistake as mistake:
        # The message itself may show a part of a value.
        place = f"{mistake.place}: " if mistake.place else ""
        raise CredentialError(f"{place}this is not valid TOML") from None
    _refuse_unknown("the file", tables, ("snmp", "ssh"))
    snmp, ssh = tables.get("snmp", []), tables.get("ssh", {})
    if not isinstance(snmp, list) or not all(isinstance(table, dict) for table in snmp):
        raise CredentialError("SNMP credentials go in tables headed [[snmp]], with two brackets")
    if not isinstance(ssh, dict):
        raise CredentialError("the SSH credential goes in one table headed [ssh]")
    return snmp, ssh


def _refuse_shared(about: os.stat_result) -> None:
    """The file must be readable for its owner, us, alone."""
    if not hasattr(os, "geteuid"):
        return
    if about.st_uid != os.geteuid():
        raise CredentialError("it belongs to another user; it must be yours alone (chown)")
    mode = stat.S_IMODE(about.st_mode)
    if mode & ~0o600:
        raise CredentialError(f"its mode is {mode:04o}, and it must be 0600 (chmod 600)")


def _refuse_unknown(place: str, table: Table, known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            # What stands where a key should may well be a secret.
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}" if near else f"it may have {', '.join(known)}"
            raise CredentialError(f"{place} has a key that is not known; {hint}")


def _snmp(place: str, table: Table) -> SnmpCredential:
    version = table.get("version")
    if version not in ("1", "2c", "3") or not isinstance(version, str):
        raise CredentialError(f'{place} needs a version: "1", "2c" or "3", in quotes')
    if version != "3":
        _refuse_unknown(f"{place} (version {version})", table, _COMMUNITY_KEYS)
        return SnmpCredential(version, _text(place, table, "community"))
    _refuse_unknown(f"{place} (version 3)", table, _USER_KEYS)
    user = _text(place, table, "user")
    if len(user.encode()) > USER_MOST:
        raise CredentialError(f"{place} has a user of more than {USER_MOST} bytes")
    for key in ("auth", "priv"):
        if f"{key}_key" in table and key not in table:
            raise CredentialError(
                f"{place} has {key}_key, but no {key} that says for which protocol"
            )
    if "priv" in table and "auth" not in table:
        raise CredentialError(
            f"{place} has priv without auth, and SNMPv3 encrypts only what it signs"
        )
    auth, auth_key = _protocol(place, table, "auth", AUTH)
    priv, priv_key = _protocol(place, table, "priv", PRIV)
    return SnmpCredential("3", "", user, auth, auth_key, priv, priv_key)


def _protocol(place: str, table: Table, key: str, known: tuple[str, ...]) -> tuple[str, str]:
    if key not in table:
        return "", ""
    name = table[key]
    if not isinstance(name, str) or name.upper() not in known:
        raise CredentialError(f"{place} needs {key} to be one of {', '.join(known)}")
    secret = _text(place, table, f"{key}_key")
    if len(secret) < KEY_LEAST:
        raise CredentialError(
            f"{place} has {key}_key too short: at least {KEY_LEAST} characters (RFC 3414)"
        )
    return name.upper(), secret


def _ssh(place: str, table: Table, environ: Mapping[str, str]) -> SshCredential:
    _refuse_unknown(place, table, _SSH_KEYS)
    user = _text(place, table, "user")
    agent = table.get("agent", False)
    if not isinstance(agent, bool):
        raise CredentialError(f"{place} needs agent to be true or false, without quotes")
    ways = [key for key in ("key", "password") if key in table] + (["agent"] if agent else [])
    if len(ways) != 1:
        found = " and ".join(ways) or "none of them"
        raise CredentialError(f"{place} needs one of key, password and agent, and has {found}")
    if agent and hasattr(os, "geteuid") and not environ.get("SSH_AUTH_SOCK"):
        raise CredentialError(
            f"{place} wants an agent, but none is known here (SSH_AUTH_SOCK is not set)"
        )
    if agent:
        return SshCredential(user, agent=True)
    if "password" in table:
        return SshCredential(user, password=_text(place, table, "password"))
    path = _text(place, table, "key")
    _refuse_bad_key(place, path)
    return SshCredential(user, key=path)


def _refuse_bad_key(place: str, path: str) -> None:
    """A key file must be readable, for its owner alone, and not need a passphrase."""
    where = f"{place} names a key file that"
    try:
        with open_file(path, KEY_FILE) as file:
            about = os.fstat(file.fileno())
            data = plain_bytes(read_open(file, KEY_FILE), KEY_FILE)
    except FileError as error:
        raise CredentialError(
            f"{place} names the key file '{printable_path(path)}': {error}"
        ) from None
    if hasattr(os, "geteuid") and stat.S_IMODE(about.st_mode) & 0o077:
        raise CredentialError(
            f"{where} others may read too (mode {stat.S_IMODE(about.st_mode):04o}); chmod 600"
        )
    if data.startswith(b"PuTTY-User-Key-File"):
        raise CredentialError(f"{where} is in PuTTY's form; export it in OpenSSH's form")
    if b"PRIVATE KEY-----" not in data:
        raise CredentialError(f"{where} holds no private key")
    if needs_passphrase(data):
        raise CredentialError(
            f"{where} is protected by a passphrase; load it into an agent, agent = true"
        )


def _text(place: str, table: Table, key: str) -> str:
    if key not in table:
        raise CredentialError(f"{place} needs {key}")
    value = table[key]
    if not isinstance(value, str) or not value:
        raise CredentialError(f"{place} needs {key} to be text in quotes, and not empty")
    if _CONTROL.search(value):
        raise CredentialError(f"{place} has a line break or another control character in {key}")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise CredentialError(f"{place} has {key} in bytes that are not UTF-8")
    if len(value) > _VALUE_MOST:
        raise CredentialError(f"{place} has {key} longer than {_VALUE_MOST} characters")
    return value
