"""A log that is not as it was written is marked wherever it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from probes.session import read_session, summarize
from probes.session.diff import compare
from profiles.loader import load_profile
from tests.tui.driving import drive, notice
from tui.cli.main import main
from tui.models.loaded_session import load_session
from tui.sessions.store import summary_lines

SITE = Path(__file__).parents[2] / "sessions" / "site.jsonl"
SAID = "Altered: one of the lines 1 to 34 is not as it was written"


@pytest.fixture
def altered(tmp_path: Path) -> Path:
    path = tmp_path / "altered.jsonl"
    text = SITE.read_text(encoding="utf-8")
    assert '"status":"blocked"' in text
    path.write_text(text.replace('"status":"blocked"', '"status":"ok"', 1), encoding="utf-8")
    return path


def test_a_log_as_it_was_written_has_no_mark():
    assert read_session(SITE).altered == ""
    assert "ALTERED" not in "".join(summary_lines(summarize(SITE), 100))


def test_an_altered_log_is_marked_in_the_list_and_where_it_is_opened(altered: Path):
    assert "(ALTERED)" in "".join(summary_lines(summarize(altered), 100))
    loaded = load_session(altered, load_profile(None, {}))
    assert loaded.description.endswith(", ALTERED")
    assert loaded.messages[0].startswith(SAID)

    @drive("open", str(altered), size=(120, 30))
    async def _(pilot, app):
        assert SAID in notice(app)
        assert "ALTERED" in str(app.main.query_one("#where", Static).content)


def test_an_altered_log_is_marked_in_a_comparison(altered: Path):
    remarks = compare(read_session(SITE), read_session(altered)).remarks
    assert any(one.startswith("The later session is not as it was written.") for one in remarks)


@pytest.mark.parametrize("form", ["markdown", "html", "json"])
def test_an_altered_log_is_marked_in_its_reports(
    altered: Path, form: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["export", str(altered), "--format", form]) == 0
    assert SAID in capsys.readouterr().out
