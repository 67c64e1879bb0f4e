"""`auditreach demo`: the screen over the lab, which says all the time that it is one."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from probes.model import DEMO, Status
from probes.session import SIMULATED_REMARK, summarize
from tests.tui.driving import drive, notice, rows, text_of, until
from tui.cli.main import main
from tui.cli.options import UsageError
from tui.cli.parser import parse_options
from tui.sessions.store import summary_lines
from tui.widgets.header import Header
from tui.widgets.host_input import HostInput

pytestmark = pytest.mark.usefixtures("state")

SCHEMA = Path(__file__).parent.parent.parent / "probes/session/schema.json"


@pytest.fixture
def log(state: Path) -> Path:
    """The log of a demo in which one row was measured."""

    @drive("demo", size=(100, 30))
    async def keys(pilot, app):
        await until(pilot, lambda: app.controller.log_path)
        await until(pilot, lambda: Status.OK in rows(app).values())

    (path,) = (state / "sessions").iterdir()
    return path


def test_the_demo_starts_by_itself_and_says_what_it_is():
    @drive("demo", size=(100, 30))
    async def keys(pilot, app):
        assert DEMO in text_of(app.query_one(Header)), "before anything was measured"
        assert app.query_one(HostInput).value.startswith("alloyscan.instance=alloyscan.corp")
        await until(pilot, lambda: len(rows(app)) > 80)
        await until(pilot, lambda: rows(app).get("unix.ssh|web1.corp.example") is Status.OK)
        assert DEMO in app.query_one(Header).full_text
        assert app.controller.options.ca_file


def test_nothing_of_the_operators_goes_into_a_demo(monkeypatch, state):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AUDITREACH_SNMP_COMMUNITY", "secret-of-the-house")

    @drive("demo", size=(100, 30))
    async def keys(pilot, app):
        key = "alloyscan.https|alloyscan.corp.example"
        await until(pilot, lambda: rows(app).get(key) is Status.OK)
        assert (app.controller.options.proxy, app.controller.options.snmp) == ("", ())

    assert not (state / "history").exists(), "the demo's line is not one to recall"


def test_the_log_of_a_demo_cannot_be_mistaken_for_a_measurement(log: Path):
    assert log.name.startswith("demo-")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[0]["vantage"]["kind"] == "lab"
    assert lines[0]["remark"] == SIMULATED_REMARK
    schema = json.loads(SCHEMA.read_text())
    for line in lines:
        jsonschema.validate(line, schema)


@pytest.mark.parametrize("form", ["markdown", "html", "junit", "json", "firewall"])
def test_every_report_on_a_demo_says_so(log: Path, form: str, capsys):
    assert main(["export", str(log), "--format", form]) == 0
    said = capsys.readouterr()
    for part in ("This is the demo of auditreach", "says anything about a network"):
        assert part in said.out
    assert SIMULATED_REMARK in said.err


def test_an_opened_demo_says_so_too(log: Path):
    @drive("open", str(log), size=(100, 30))
    async def keys(pilot, app):
        assert DEMO in text_of(app.query_one(Header))


def test_the_list_of_sessions_tells_a_demo_from_the_others(log: Path):
    line, *_ = summary_lines(summarize(log), 100)
    assert line[line.index("  ") :].startswith("  demo  ")


def test_a_demo_is_not_measured_again_from_outside(log: Path, capsys):
    assert main(["run", "--from", str(log)]) == 2
    assert "is a session of the demo; its hosts exist only there." in capsys.readouterr().err


def test_hosts_of_elsewhere_are_not_reached_from_a_demo():
    @drive("demo", size=(100, 30))
    async def keys(pilot, app):
        await until(pilot, lambda: app.controller.has_session)
        app.query_one(HostInput).focus().value = "unix.target=127.0.0.1 xen.host=localhost"
        await pilot.press("enter")
        await until(pilot, lambda: rows(app).get("unix.ssh|127.0.0.1") is Status.ERROR)
        await until(pilot, lambda: rows(app).get("xen.ssh|localhost") is Status.ERROR)


def test_a_demo_that_cannot_be_had_is_a_sentence(monkeypatch):
    monkeypatch.setattr("sys.executable", "/nonexistent/python")

    @drive("demo", size=(100, 30))
    async def keys(pilot, app):
        await until(pilot, lambda: "servers could not be started" in notice(app))
        assert not rows(app)


@pytest.mark.parametrize("more", [["unix.target=pc1"], ["--run"], ["--timeout", "3"]])
def test_a_demo_takes_no_targets_and_no_settings(more: list[str]):
    with pytest.raises(UsageError):
        parse_options(["demo", *more])
