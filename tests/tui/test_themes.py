"""Themes: which there are, how far their colours are apart, and that the last choice stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.color import Color

from tests.tui.driving import drive, until
from tui.cli import options, parser
from tui.themes import THEMES

SITE = str(Path(__file__).parent.parent / "sessions" / "site.jsonl")
BY_NAME = {theme.name: theme for theme in THEMES}

BLIND = {
    "protan": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deutan": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritan": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
"""Linear RGB under colour blindness, by Machado, Oliveira and Fernandes (2009), severity 1.0."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "auditreach"


def linear(color: Color) -> list[float]:
    parts = [part / 255 for part in color.rgb]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def lab(rgb: list[float]) -> list[float]:
    """CIE L*a*b* of linear sRGB, for D65."""
    red, green, blue = (min(1.0, max(0.0, part)) for part in rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (
        part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
        for part in (x, y, z)
    )
    return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]


def difference(one: Color, other: Color, blind: str) -> float:
    """CIE76: 2.3 is just noticeable."""
    seen = [
        lab([sum(a * b for a, b in zip(row, linear(color), strict=True)) for row in BLIND[blind]])
        for color in (one, other)
    ]
    return sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5


def contrast(one: Color, other: Color) -> float:
    """WCAG 2: 4.5 is AA, 7 is AAA."""
    light, dark = sorted(
        (
            sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear(color), strict=True))
            for color in (one, other)
        ),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


def statuses(name: str) -> dict[str, Color]:
    theme = BY_NAME[name]
    return {
        part: Color.parse(getattr(theme, part))
        for part in ("success", "warning", "error", "accent")
    }


def test_the_command_line_knows_the_themes_there_are():
    assert tuple(BY_NAME) == parser.THEMES


@pytest.mark.parametrize("name", ["contrast-dark", "contrast-light"])
def test_high_contrast_is_high_for_every_colour_of_text(name):
    background = Color.parse(BY_NAME[name].background)
    assert contrast(Color.parse(BY_NAME[name].foreground), background) == pytest.approx(21)
    for part, color in statuses(name).items():
        assert contrast(color, background) >= 7, part


@pytest.mark.parametrize(
    ("name", "background"), [("blue-orange-dark", "#1e1e1e"), ("blue-orange-light", "#ffffff")]
)
def test_blue_and_orange_are_read_on_a_usual_background(name, background):
    for part, color in statuses(name).items():
        assert contrast(color, Color.parse(background)) >= 4.5, part


@pytest.mark.parametrize("blind", BLIND)
@pytest.mark.parametrize("name", ["blue-orange-dark", "blue-orange-light"])
def test_well_and_not_well_are_apart_for_every_kind_of_colour_blindness(name, blind):
    colors = statuses(name)
    assert difference(colors["success"], colors["error"], blind) > 40
    assert difference(colors["success"], colors["warning"], blind) > 30
    assert difference(colors["warning"], colors["error"], blind) > 15


def test_the_green_and_red_of_terminals_are_what_the_measure_above_finds_too_near():
    assert difference(Color.parse("#cd0000"), Color.parse("#00cd00"), "deutan") < 30
    assert difference(Color.parse("#cc0000"), Color.parse("#4e9a06"), "deutan") < 30


@pytest.mark.parametrize("name", BY_NAME)
def test_every_theme_draws_every_screen(name):
    @drive("open", SITE, "--theme", name)
    async def _(pilot, app):
        assert app.theme == name
        for keys in (("v", "escape"), ("d", "escape"), ("question_mark", "escape"), ("ctrl+p",)):
            await pilot.press(*keys)
            await pilot.pause()


@pytest.mark.parametrize("name", ["contrast-dark", "contrast-light"])
def test_high_contrast_leaves_no_text_in_the_terminals_own_colours(name):
    """The terminal's own colours may be those of another background: grey on white."""

    def plain(app) -> list[str]:
        found = []
        for line in app.screen._compositor.render_strips():
            for text, style, _ in line:
                colors = (style.color, style.bgcolor) if style else (None, None)
                if text.strip() and any(one is None or one.is_default for one in colors):
                    found.append(text)
        return found

    @drive("open", SITE, "--theme", name)
    async def _(pilot, app):
        assert plain(app) == []
        for keys in ("v", "d", "question_mark", "S", "G", "b", "slash", "I", "ctrl+p", "X"):
            await pilot.press(keys)
            await pilot.pause(0.1)
            assert plain(app) == [], keys
            await pilot.press("escape", "escape")

    @drive("--theme", name)
    async def _(pilot, app):
        assert plain(app) == []
        await pilot.press(*"nas=x")
        assert plain(app) == []
        await pilot.press("escape", "c", "x")
        await pilot.pause(0.1)
        assert plain(app) == []


def test_the_theme_that_was_chosen_stands_next_time_and_one_named_once_does_not(state):
    @drive("open", SITE, "--theme", "light")
    async def _(pilot, app):
        pass

    @drive("open", SITE)
    async def _(pilot, app):
        assert app.theme == "dark"
        app.theme = "contrast-dark"
        await pilot.pause()

    assert json.loads((state / "screen.json").read_text())["theme"] == "contrast-dark"

    @drive("open", SITE)
    async def _(pilot, app):
        assert app.theme == "contrast-dark"


def test_a_remembered_theme_that_is_no_more_is_as_if_none_was(state):
    state.mkdir(parents=True)
    (state / "screen.json").write_text('{"theme": "solarized"}')

    @drive("open", SITE)
    async def _(pilot, app):
        assert app.theme == "dark"


def test_a_theme_that_is_none_is_named_in_one_sentence():
    with pytest.raises(options.UsageError, match=r"invalid choice: 'pink' .*blue-orange-dark"):
        parser.parse_options(["--theme", "pink"])


def test_the_palette_is_ascii_where_only_ascii_is_drawn():
    def text(app) -> str:
        lines = app.screen._compositor.render_strips()
        return "\n".join("".join(one.text for one in line) for line in lines)

    @drive("open", SITE, "--ascii")
    async def _(pilot, app):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Answers" in text(app))
        assert "Type a part of its name" in text(app) and text(app).isascii()
        await pilot.press(*"theme")
        await until(pilot, lambda: "Theme" in text(app) and "Answers" not in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "contrast-dark" in text(app))
        assert text(app).isascii()
