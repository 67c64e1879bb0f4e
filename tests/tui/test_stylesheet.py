"""Parts of widgets are styled when they are drawn, as Textual does it, and drawn anew on change."""

from pathlib import Path

import pytest
from textual.css.stylesheet import Stylesheet, StylesheetParseError
from textual.css.tokenizer import TokenError
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.widget import Widget

from tests.tui.driving import drive
from tui.app import AuditReach
from tui.stylesheet import LeanStylesheet
from tui.themes import THEMES
from tui.widgets.entry import HostEntry
from tui.widgets.outline import Outline

SITE = str(Path(__file__).parent.parent / "sessions" / "site.jsonl")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def textuals(app: AuditReach) -> Stylesheet:
    """Textual's own style sheet with the same sources."""
    sheet = Stylesheet(variables=app.get_css_variables())
    sheet.source = app.stylesheet.source.copy()
    sheet.parse()
    return sheet


def parts(app: AuditReach, sheet: Stylesheet) -> dict[tuple[Widget, str], tuple[object, object]]:
    """Of every part of every widget what it is drawn with, and what Textual would draw it with."""
    found = {}
    for node in app.screen.walk_children(Widget, with_self=True):
        for name in node._get_component_classes():
            theirs = DOMNode(classes=name)
            theirs._attach(node)
            sheet.apply(theirs)
            ours = node.get_component_styles(name)
            found[node, name] = ours.base.get_rules(), theirs.styles.base.get_rules()
    return found


@pytest.mark.parametrize("theme", [one.name for one in THEMES])
def test_parts_are_styled_as_textual_styles_them(theme: str) -> None:
    async def keys(pilot: Pilot[int], app: AuditReach) -> None:
        app.theme = theme
        for pressed in ("1", "2", "3", "slash", "question_mark"):
            await pilot.press(pressed)
            await pilot.pause()
            found = parts(app, textuals(app))
            assert found
            assert {at for at, (ours, theirs) in found.items() if ours != theirs} == set()

    drive("open", SITE)(keys)


def test_only_parts_that_were_drawn_are_styled() -> None:
    async def keys(pilot: Pilot[int], app: AuditReach) -> None:
        outline = app.query_one(Outline)
        assert 0 < len(outline._component_styles) < len(outline._get_component_classes())
        with pytest.raises(KeyError):
            outline.get_component_styles("outline--no-such-part")

    drive("open", SITE)(keys)


def test_a_part_that_changes_is_drawn_again() -> None:
    async def keys(pilot: Pilot[int], app: AuditReach) -> None:
        outline = app.query_one(Outline)
        before = outline.get_component_rich_style("outline--ok")
        app.theme = "blue-orange-dark"
        await pilot.pause()
        assert outline.get_component_rich_style("outline--ok") != before
        drawn: list[int] = []
        outline.render_line = lambda y: drawn.append(y) or type(outline).render_line(outline, y)
        app.stylesheet.add_source("Outline > .outline--ok { color: ansi_cyan; }")
        app.stylesheet.update(outline)
        await pilot.pause()
        assert drawn
        drawn.clear()
        app.stylesheet.add_source("Outline > .outline--no-such-part { color: ansi_cyan; }")
        app.stylesheet.update(outline)
        await pilot.pause()
        assert not drawn

    drive("open", SITE)(keys)


def test_values_of_variables_are_those_of_textual_and_of_one_source_only() -> None:
    values = {"ink": "ansi_red", "line": "tall $ink 20%", "unused": "blue"}
    sources = {
        "one": "$mine: green; A { color: $ink; background: $mine; }",
        "two": "$ink: yellow; B { color: $ink; }",
        "three": "C { color: $ink; }",
    }
    ours, theirs = LeanStylesheet(), Stylesheet(variables=values)
    ours.set_variables(values)
    for sheet in (ours, theirs):
        for name, css in sources.items():
            if sheet is theirs and name == "two":
                # There a source changes a variable for those after it as well.
                css = "B { color: yellow; }"
            sheet.add_source(css, (name, ""))
        sheet.parse()
    assert [rule.css for rule in ours.rules] == [rule.css for rule in theirs.rules]
    ours.set_variables(values | {"ink": "ansi_blue"})
    ours.reparse()
    assert "ansi_blue" in ours.rules[0].css
    ours.add_source("D { color: $mine; }", ("four", ""))
    with pytest.raises((TokenError, StylesheetParseError)):
        ours.parse()


def test_a_copy_has_the_sources_and_the_values() -> None:
    sheet = LeanStylesheet()
    sheet.set_variables({"ink": "ansi_red"})
    sheet.add_source("A { color: $ink; }", ("one", ""))
    copy = sheet.copy()
    copy.parse()
    assert isinstance(copy, LeanStylesheet)
    assert [rule.css for rule in copy.rules] == [rule.css for rule in sheet.rules]


@pytest.mark.parametrize("theme", [one.name for one in THEMES])
def test_the_host_line_looks_as_it_would_with_all_that_textual_says_of_an_input(theme: str) -> None:
    async def keys(pilot: Pilot[int], app: AuditReach) -> None:
        app.theme = theme
        line = app.query_one(HostEntry)

        def looks() -> dict[str, object]:
            parts = {one: line.get_component_styles(one) for one in line._get_component_classes()}
            return {one: styles.base.get_rules() for one, styles in parts.items()} | {
                "": line.styles.base.get_rules()
            }

        for focused in (line, app.query_one(Outline)):
            focused.focus()
            await pilot.pause()
            whole = app.stylesheet
            app.stylesheet = LeanStylesheet()
            app.stylesheet.set_variables(whole._variables)
            app.stylesheet.source = {
                at: css for at, css in whole.source.items() if at[1] != "Input.DEFAULT_CSS"
            }
            assert len(app.stylesheet.source) == len(whole.source) - 1
            app.stylesheet.parse()
            app.stylesheet.update(line)
            lean = looks()
            assert all(lean.values())
            app.stylesheet = whole
            app.stylesheet.update(line)
            assert looks() == lean

    drive()(keys)
