"""Credentials typed on the screen: what is secret is shown as dots, and kept in memory only."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from probes.options import NO_OPTIONS, Options
from tui.cli.credentials import AUTH, PRIV, CredentialError, from_form
from tui.screens.dialogs import Dialog

if TYPE_CHECKING:
    from tui.screens.context import Context

_FIELDS: Mapping[str, tuple[str, str]] = {
    "community": ("SNMP community", "v2c; public if left empty"),
    "snmp_user": ("SNMPv3 user", ""),
    "snmp_auth": ("  signs with", ", ".join(AUTH)),
    "snmp_auth_key": ("  its key", "at least 8 characters"),
    "snmp_priv": ("  encrypts with", ", ".join(PRIV)),
    "snmp_priv_key": ("  its key", "at least 8 characters"),
    "ssh_user": ("SSH user", "a login is tried once on each host"),
    "ssh_password": ("  password", "or a key file:"),
    "ssh_key": ("  key file", "~/.ssh/id_ed25519"),
}
"""Label and hint of each line, by its name in the form."""
_LABELS: Mapping[str, str] = {
    "auth": "“signs with”",
    "auth_key": "the key it signs with",
    "priv": "“encrypts with”",
    "priv_key": "the key it encrypts with",
}
"""Labels on the screen for the names in error sentences about a credentials file."""
_NAMES = re.compile(r"\b(?:auth|priv)(?:_key)?\b")
_SECRET = ("community", "snmp_auth_key", "snmp_priv_key", "ssh_password")


class CredentialsDialog(Dialog[Options]):
    """A line for each part; what is left empty stays as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(self, options: Options, *, files: bool) -> None:
        """Without `files` no key file is asked for."""
        super().__init__()
        self._options = options
        self._fields = {name: _FIELDS[name] for name in _FIELDS if files or name != "ssh_key"}
        if not files:
            self._fields["ssh_password"] = ("  password", "")

    def compose(self) -> ComposeResult:
        """Credentials in use, the input lines, the error, and the keys."""
        with Vertical():
            yield Static(f"Credentials ({_in_use(self._options)})", classes="title", markup=False)
            for name, (label, hint) in self._fields.items():
                with Horizontal(classes="field"):
                    yield Static(label, classes="label", markup=False)
                    line = Input(placeholder=hint, password=name in _SECRET, id=f"of_{name}")
                    line.cursor_blink = False
                    yield line
            yield Static(id="wrong", markup=False)
            keys = "Enter uses them   Tab next   Escape leaves them as they are"
            yield Static(keys, classes="keys", markup=False)

    def on_input_submitted(self) -> None:
        """Close with the options, or say what is wrong."""
        form = {name: self.query_one(f"#of_{name}", Input).value for name in self._fields}
        try:
            self.dismiss(from_form(self._options, form, os.environ))
        except CredentialError as error:
            wrong = self.query_one("#wrong", Static)
            wrong.update(f"{_NAMES.sub(lambda found: _LABELS[found[0]], str(error))}.")
            wrong.add_class("-shown")


async def ask_for_credentials(context: Context) -> str:
    """Ask for credentials and use them from now on; returns what to say."""
    controller = context.controller or context.measurer
    if controller is None or (context.recorded is not None and context.recorded.simulated):
        return "A session of the demo is not retested, so it needs no credentials."
    before = controller.options or NO_OPTIONS
    given = await context.push(CredentialsDialog(before, files=not context.kiosk))
    if given is None or given == before:
        return ""
    controller.set_options(given)
    rows = controller.has_session or context.recorded is not None
    again = " Press {again} or {again-all} to retest." if rows else ""
    return f"In use from now on: {_in_use(given)}.{again}"


def _in_use(options: Options) -> str:
    """Summary of the credentials in use, without their values."""
    parts = []
    if options.snmp:
        versions = " and ".join(f"v{one.version}" for one in options.snmp)
        parts.append(f"SNMP {versions}")
    if options.ssh is not None:
        parts.append("an SSH login")
    return " and ".join(parts) or "none given"
