"""The HTML report in a real browser: it is readable, fits the page, and nothing in it runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tui.cli.options import Options
from tui.cli.prepare import load
from tui.reports import html
from tui.reports.model import load_report

ROOT = Path(__file__).parent.parent.parent
SESSIONS = (ROOT / "docs" / "example.jsonl", ROOT / "tests" / "sessions" / "site.jsonl")
WITHIN = 120
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--enable-logging=stderr"),
)
MEASURE = """
<iframe src="{page}" style="width: {width}px; height: 900px; border: 0"></iframe>
<script>
document.querySelector("iframe").onload = event => {{
    const page = event.target.contentDocument;
    const cells = [...page.querySelectorAll("td")].filter(cell => cell.textContent);
    const texts = [...page.querySelectorAll("svg text")];
    const signs = texts.filter(text => text.classList.contains("sign"));
    const outside = text => {{
        const [own, svg] = [text, text.closest("svg")].map(one => one.getBoundingClientRect());
        return own.left < svg.left - 1 || own.right > svg.right + 1 || own.top < svg.top - 1
            || own.bottom > svg.bottom + 1 || own.width < 2;
    }};
    const seen = {{
        cut: texts.filter(outside).map(one => one.textContent),
        signs: signs.length,
        untold: signs.filter(one => !one.querySelector("title").textContent).length,
        colours: new Set(signs.map(one => page.defaultView.getComputedStyle(one).fill)).size,
        wide: page.documentElement.scrollWidth,
        over: cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(one => one.textContent),
        thin: cells.filter(cell => cell.clientHeight > 12 * cell.clientWidth).length,
        cells: cells.length,
    }};
    document.body.textContent = JSON.stringify(seen);
}};
</script>
"""
"""Faults a reader would see: a page too wide, cells that run over or are towers, and in the grid
texts outside their picture, signs without a reason or of one colour.
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[str, str]]:
    """Runs the browser; what it wrote, and what the console of the page said."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium here, and CI must have it")
        pytest.skip("no Chromium here")
    profile = tmp_path_factory.mktemp("profile")

    def run(*words: str) -> tuple[str, str]:
        done = subprocess.run(
            [browser, *QUIET, f"--user-data-dir={profile}", *words],
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=True,
        )
        said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout, "\n".join(said)

    return run


@pytest.fixture(params=SESSIONS, ids=lambda path: path.stem)
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    report = load_report(request.param, load(Options("export")))
    path = tmp_path / "report.html"
    path.write_text("".join(html.render(report)), encoding="utf-8")
    return path


def test_it_shows_the_verdicts_and_complains_of_nothing(chromium, page: Path) -> None:
    shown, complaints = chromium("--dump-dom", page.as_uri())
    assert complaints == ""
    report = unescape(re.sub(r"<[^>]+>", "\n", shown.partition("</style>")[2]))
    for said in ("Verdicts", "Findings", "To change", "All rows", "cannot be audited"):
        assert said in report


@pytest.mark.parametrize("width", [400, 800, 920, 1200])
def test_nothing_is_wider_than_the_window_or_cut_and_no_cell_is_a_tower(
    chromium, page: Path, width: int
) -> None:
    frame = page.with_name("frame.html")
    frame.write_text(MEASURE.format(page=page.as_uri(), width=width), encoding="utf-8")
    shown, _ = chromium("--allow-file-access-from-files", "--dump-dom", frame.as_uri())
    seen: dict[str, Any] = json.loads(unescape(re.sub(r"<[^>]+>", "", shown)))
    assert seen["cells"] > 100
    assert seen["wide"] <= width
    assert seen["over"] == []
    assert seen["thin"] == 0
    assert seen["cut"] == []
    assert seen["signs"] > 30
    assert seen["untold"] == 0
    assert seen["colours"] >= 4


def test_a_script_would_not_run_if_one_came_through(chromium, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    script = "<script>document.title = 'it ran'</script></body>"
    assert text.count("</body>") == 1
    page.write_text(text.replace("</body>", script), encoding="utf-8")
    shown, complaints = chromium("--dump-dom", page.as_uri())
    assert "<title>it ran</title>" not in shown
    assert "Content Security Policy" in complaints
    policy = "<meta http-equiv"
    page.write_text(re.sub(f"{policy}[^>]+>", "", page.read_text()), encoding="utf-8")
    shown, _ = chromium("--dump-dom", page.as_uri())
    assert "<title>it ran</title>" in shown, "the test could not have failed"


def test_it_prints(chromium, page: Path) -> None:
    paper = page.with_suffix(".pdf")
    chromium(f"--print-to-pdf={paper}", page.as_uri())
    data = paper.read_bytes()
    assert data.startswith(b"%PDF")
    # Wider than the paper, it would be made smaller until nobody can read it.
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 20
