"""Every output of runs with credentials, against servers that say the secrets back."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from textual.widgets import Input, Static

from tests.spellings import found
from tui.app import AuditReach
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.screens.credentials import CredentialsDialog
from tui.screens.host_entry import measure_line
from tui.widgets.detail import Detail
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable

ROOT = Path(__file__).parent.parent.parent
RUN = (sys.executable, "-m", "tui", "run")
COMMUNITY, AUTH, PRIV, PASSWORD = "Comm-Xyzzy1", "Auth-Xyzzy2", "Priv-Xyzzy3", "Pass-Xyzzy4"
SECRETS = (COMMUNITY, AUTH, PRIV, PASSWORD)


def credentials_file(
    community: str, auth_key: str, priv_key: str, password: str, user: str = "audit"
) -> str:
    """Text of a credentials file; `user` is that of SNMPv3."""
    return f"""
[[snmp]]
version = "2c"
community = "{community}"
[[snmp]]
version = "3"
user = "{user}"
auth = "SHA"
auth_key = "{auth_key}"
priv = "AES"
priv_key = "{priv_key}"
[ssh]
user = "audit"
password = "{password}"
"""


FILE = credentials_file(COMMUNITY, AUTH, PRIV, PASSWORD)


def shown(text: str) -> list[str]:
    """The secrets in a text."""
    return found(text, SECRETS)


def test_a_secret_is_found_in_every_form() -> None:
    for secret in SECRETS:
        raw = secret.encode()
        for text in (
            f"x{secret}y",
            raw.hex(),
            raw.hex(" "),
            base64.b64encode(b"12" + raw).decode(),
        ):
            assert shown(f"some {text} text") == [secret]
    assert shown("Comm-Xyzz") == []


class Parrot(asyncssh.SSHServer):
    """Refuses every login, and says the password back in a banner."""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self.connection.send_auth_banner(f"{username} said {password}\r\n")
        return False


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[int, int, list[bytes]]]:
    """Ports of an SNMP and an SSH server that repeat what they hear, and what SNMP heard."""
    loop, ready, heard = asyncio.new_event_loop(), threading.Event(), []
    ports: list[int] = []

    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            heard.append(data)
            self.transport.sendto(b"you said " + data, addr)

    async def main() -> None:
        transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
        key = asyncssh.generate_private_key("ssh-ed25519")
        ssh = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], server_factory=Parrot, gss_host=None
        )
        ports.extend((transport.get_extra_info("sockname")[1], ssh.get_port()))
        ready.set()
        await stop.wait()
        transport.close()
        ssh.close()
        await ssh.wait_closed()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    assert ready.wait(20)
    yield ports[0], ports[1], heard
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def entries(servers: tuple[int, int, list[bytes]]) -> tuple[str, str]:
    return f"snmp.device=127.0.0.1:{servers[0]}", f"unix.target=127.0.0.1:{servers[1]}"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "credentials.toml"
    path.write_text(FILE)
    path.chmod(0o600)
    return path


def everything_below(folder: Path, but: Path) -> str:
    files = (path for path in folder.rglob("*") if path.is_file() and path != but)
    return "\n".join(path.read_text(errors="replace") for path in files)


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["lines", "json"])
def test_no_secret_is_in_what_a_run_writes(
    servers, entries, file: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    servers[2].clear()
    log = tmp_path / "session.jsonl"
    command = [*RUN, *entries, "--timeout", "2"]
    ran = subprocess.run(
        [*command, "--credentials", str(file), "--log", str(log), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONDEVMODE": ""},
    )
    assert "login as audit would fail" in ran.stdout
    assert any(COMMUNITY.encode() in data for data in servers[2])
    assert log.stat().st_size
    assert shown(ran.stdout) == []
    assert shown(ran.stderr) == []
    assert shown(everything_below(tmp_path, file)) == []


def test_the_log_shows_how_each_credential_ended_and_no_more(
    entries, file: Path, tmp_path: Path
) -> None:
    log = tmp_path / "session.jsonl"
    command = [*RUN, entries[0], "--timeout", "1"]
    subprocess.run(
        [*command, "--log", str(log)],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "AUDITREACH_SNMP_COMMUNITY": COMMUNITY},
    )
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (result,) = (line for line in lines if line["type"] == "result")
    sent = [one["sent"] for one in result["evidence"]]
    assert any(one.startswith("***a0") for one in sent)
    assert shown(log.read_text()) == []


def test_no_secret_is_in_what_a_broken_file_brings(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    for text in (FILE.replace('"3"', "3"), FILE.replace("auth_key", "key"), FILE + PASSWORD):
        path.write_text(text)
        path.chmod(0o600)
        ran = subprocess.run(
            [*RUN, "snmp.device=127.0.0.1", "--credentials", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 2
        assert ran.stderr.count("\n") == 1
        assert shown(ran.stdout + ran.stderr) == []


def texts(app: AuditReach) -> str:
    """All that the screens hold, as text and as a picture."""
    held = [app.export_screenshot()]
    for screen in app.screen_stack:
        for widget in screen.query("*"):
            lines = (widget.render_line(y).text for y in range(widget.size.height))
            held += [repr(widget), "".join(lines)]
    return "\n".join(held)


async def until(pilot, happened) -> None:
    async with asyncio.timeout(120):
        while not happened():
            await pilot.pause(0.01)


def test_no_secret_is_on_the_screen_or_in_its_picture(entries, file: Path, tmp_path: Path) -> None:
    async def main() -> None:
        options = ("--credentials", str(file), "--run", "--timeout", "2")
        app = build(parse_options([*entries, *options]))
        held: list[str] = []
        try:
            async with app.run_test(size=(120, 40)) as pilot:
                table = app.query_one(ResultTable)
                await until(pilot, lambda: len(table.rows) == 2 and not app.main.measuring)
                for _ in range(2):
                    table.focus()
                    await pilot.press("enter")
                    await pilot.pause()
                    assert app.query_one(Detail).size.height
                    held.append(texts(app))
                    table.focus()
                    await pilot.press("down")
                    await pilot.pause()
            assert "would fail" in "".join(held)
        finally:
            await asyncio.to_thread(app.controller.close)
        assert shown("".join(held)) == []
        assert shown(everything_below(tmp_path, file)) == []

    asyncio.run(main())


def test_what_is_typed_into_the_form_is_used_and_shown_as_dots(
    servers, entries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    typed = {
        "community": COMMUNITY,
        "snmp_user": "audit",
        "snmp_auth": "SHA",
        "snmp_auth_key": AUTH,
        "snmp_priv": "AES",
        "snmp_priv_key": PRIV,
        "ssh_user": "audit",
        "ssh_password": PASSWORD,
    }

    async def main() -> None:
        app = build(parse_options(["--timeout", "2"]))
        held: list[str] = []
        try:
            async with app.run_test(size=(80, 24)) as pilot:
                app.query_one(ResultTable).focus()
                await pilot.press("c")
                await until(pilot, lambda: isinstance(app.screen, CredentialsDialog))
                for name, value in typed.items():
                    app.screen.query_one(f"#of_{name}", Input).focus()
                    await pilot.press(*value)
                app.screen.query_one("#of_snmp_auth", Input).value = "SHA1"
                await pilot.press("enter")
                await pilot.pause()
                wrong = app.screen.query_one("#wrong", Static)
                assert "“signs with” to be one of MD5, SHA" in str(wrong.content)
                assert wrong.region.bottom <= 24
                held.append(texts(app))
                app.screen.query_one("#of_snmp_auth", Input).value = "SHA"
                await pilot.press("enter")
                await until(pilot, lambda: not isinstance(app.screen, CredentialsDialog))
                notice = str(app.query_one("#notice", Static).content)
                assert notice == "In use from now on: SNMP v2c and v3 and an SSH login."
                held.append(texts(app))
                assert [one.version for one in app.controller.options.snmp] == ["2c", "3"]
                servers[2].clear()
                await measure_line(
                    app.main, app.controller, app.main.query_one(HostInput), entries[0]
                )
                await until(pilot, lambda: not app.main.measuring)
                held.append(texts(app))
        finally:
            await asyncio.to_thread(app.controller.close)
        assert any(COMMUNITY.encode() in data for data in servers[2])
        assert shown("".join(held)) == []
        assert shown(everything_below(tmp_path, tmp_path / "none")) == []

    asyncio.run(main())
