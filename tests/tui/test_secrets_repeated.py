"""Every output of a run in which every peer repeats every secret it is shown."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from textual.widgets import Static

from probes.judging.host_states import HostStates
from probes.session import read_session
from tests.spellings import found
from tests.tui.driving import until
from tests.tui.repeating_servers import HOSTS, Servers, repeating_servers
from tests.tui.test_secrets import credentials_file, texts
from tui.cli.main import main as program
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.reports import FORMATS
from tui.text.clipboard_text import commands_text, rows_text
from tui.widgets.table import ResultTable

ROOT = Path(__file__).parent.parent.parent
COMMUNITY, AUTH, PRIV, PASSWORD = "Comm-Xyzzy1", "Auth-Xyzzy2", "Priv-Xyzzy3", "Pass, Xyzzy4&"
USER, LOGIN = "svc.Xyzzy5", "Prox/Xyzzy6-" + "0123456789" * 4
SECRETS = (
    *(COMMUNITY, AUTH, PRIV, PASSWORD, USER, LOGIN),
    base64.b64encode(f"{USER}:{LOGIN}".encode()).decode(),
)
FILE = credentials_file(COMMUNITY, AUTH, PRIV, PASSWORD, user="reader")


@dataclass(frozen=True)
class Ran:
    """Traces of a run."""

    servers: Servers
    words: list[str]
    log: Path
    output: str
    environment: dict[str, str]


def shown(text: str) -> list[str]:
    return found(text, SECRETS)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("repeated")
    credentials = folder / "credentials.toml"
    credentials.write_text(FILE)
    credentials.chmod(0o600)
    log = folder / "session.jsonl"
    with repeating_servers() as servers:
        authority = folder / "ca.pem"
        authority.write_text(servers.trusted)
        words = [
            f"alloyscan.instance={','.join(f'{name}.test' for name in HOSTS)}",
            f"unix.target={','.join(f'127.0.0.1:{port}' for port in servers.ssh)}",
            f"snmp.device={','.join(f'127.0.0.1:{port}' for port in servers.snmp)}",
            *("--timeout", "3", "--credentials", str(credentials), "--ca-file", str(authority)),
        ]
        proxy = f"http://{USER}:{quote(LOGIN, safe='')}@127.0.0.1:{servers.proxy}"
        environment = {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "XDG_STATE_HOME": str(folder / "state"),
        }
        command = [sys.executable, "-m", "tui", "run", *words]
        output = ""
        for more in (["--log", str(log)], ["--json", "--log", str(folder / "again.jsonl")]):
            done = subprocess.run(
                [*command, *more],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
                env={**os.environ, **environment},
            )
            output += done.stdout + done.stderr
        yield Ran(servers, words, log, output, environment)


def test_every_peer_was_shown_the_secrets_and_answered(ran: Ran) -> None:
    heard = b"\n".join(ran.servers.heard)
    for name in HOSTS:
        assert f"CONNECT {name}.test".encode() in heard
    assert SECRETS[-1].encode() in heard
    assert COMMUNITY.encode() in heard
    lines = [json.loads(line) for line in ran.log.read_text().splitlines()]
    results = {line["key"]: line for line in lines if line["type"] == "result"}
    assert len(results) == len(HOSTS) + len(ran.servers.ssh) + len(ran.servers.snmp)
    assert not [line for line in results.values() if "fault in" in line["note"]]
    # All but the host behind a certificate of the secret's name say something of a secret.
    masked = [key for key, line in results.items() if "***" in json.dumps(line)]
    assert sorted(masked) == sorted(results)


def test_no_secret_is_in_what_a_run_prints_and_logs(ran: Ran) -> None:
    for text in (ran.output, *(path.read_text() for path in ran.log.parent.glob("*.jsonl"))):
        assert len(text) > 1000
        assert shown(text) == []
        assert "Xyzzy" not in text


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("more", [(), ("--pseudonymise",)], ids=["named", "pseudonymised"])
def test_no_secret_is_in_a_report(
    ran: Ran, format: str, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert program(["export", str(ran.log), "--format", format, *more]) == 0
    printed = capsys.readouterr()
    assert printed.out
    assert shown(printed.out + printed.err) == []
    assert "Xyzzy" not in printed.out


def test_no_secret_is_in_a_comparison(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    program(["diff", str(ran.log), str(ran.log.with_name("again.jsonl"))])
    assert shown(capsys.readouterr().out) == []


def test_no_secret_is_copied(ran: Ran) -> None:
    rows = read_session(ran.log).results
    for text, notice in (rows_text(rows, HostStates(rows)), commands_text(rows)):
        assert text
        assert shown(text + notice) == []


@pytest.mark.parametrize("opened", [False, True], ids=["measured", "opened"])
def test_no_secret_is_on_the_screen(
    ran: Ran, opened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ran.environment.items():
        monkeypatch.setenv(name, value)
    argv = ["open", str(ran.log)] if opened else [*ran.words, "--run"]

    async def main() -> None:
        app = build(parse_options(argv))
        held: list[str] = []
        try:
            async with app.run_test(size=(120, 40)) as pilot:
                table = app.query_one(ResultTable)
                await until(pilot, lambda: len(table.rows) and not app.main.measuring)
                table.focus()
                await pilot.press("enter")
                for _ in range(len(table.rows)):
                    await pilot.pause()
                    held.append(texts(app))
                    held.append(str(app.query_one("#notice", Static).content))
                    table.focus()
                    await pilot.press("down")
                await pilot.press("d")
                await pilot.pause()
                held.append(texts(app))
        finally:
            if app.controller is not None:
                await asyncio.to_thread(app.controller.close)
        assert "***" in "".join(held)
        assert shown("".join(held)) == []

    asyncio.run(main())
    state = Path(ran.environment["XDG_STATE_HOME"])
    for path in state.rglob("*"):
        assert not path.is_file() or shown(path.read_text(errors="replace")) == []
