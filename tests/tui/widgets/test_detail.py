"""The details pane on the screen: its heading, and events that change what it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.model import Confidence, Diagnosed, Finding, FindingKind, Started
from tests.tui.driving import drive, text_of
from tui.widgets.detail import Detail
from tui.widgets.table import ResultTable

SITE = "tests/sessions/site.jsonl"
KEY, OTHER = "windows.winrm|pc-015.corp.example", "unix.ssh|web2.corp.example"

pytestmark = pytest.mark.usefixtures("state")


@pytest.mark.parametrize(
    ("word", "rule", "sign"), [("--ascii", "-", "x"), ("--no-ascii", "─", "✗")]
)
def test_the_heading_is_a_rule_and_follows_what_happens_to_the_row(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, word: str, rule: str, sign: str
) -> None:
    monkeypatch.chdir(request.config.rootpath)

    @drive("open", SITE, word)
    async def _(pilot, app):
        panes, detail = app.main.panes, app.query_one(Detail)
        assert app.query_one(ResultTable).select(KEY)
        await pilot.pause()
        name = "pc-015.corp.example  WinRM TCP 5985"

        def heading() -> str:
            return detail.render_line(0).text.rstrip()

        assert heading().startswith(f"{rule} {name}  {sign} blocked {rule}{rule}")
        panes.apply([Started((OTHER,))])
        assert "blocked" in heading()
        panes.apply([Started((KEY,))])
        assert "running, was" in heading()
        result = panes.table.rows.result(KEY)
        panes.apply([replace(result, note="Again.")])
        assert heading().startswith(f"{rule} {name}  {sign} blocked {rule}{rule}")
        # The findings come after the last result.
        finding = Finding(FindingKind.HOST, "It is.", Confidence.CERTAIN, "so", (KEY, OTHER))
        assert "web2" not in text_of(detail)
        panes.apply([Diagnosed((finding,))])
        assert "same    web2.corp.example SSH TCP 22" in text_of(detail)
        assert "d lists the causes" in text_of(detail)
