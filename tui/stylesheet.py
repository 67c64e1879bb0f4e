"""A style sheet that works out what is asked for: the styles of parts, the values of variables.

This overrides what is no public interface of Textual's: pyproject.toml bounds the version, and
`tests/tui/test_stylesheet.py` compares what comes of it with Textual's own.
"""

from __future__ import annotations

from functools import cache
from pathlib import PurePath

from textual.css.styles import RenderStyles
from textual.css.stylesheet import Stylesheet
from textual.css.tokenize import tokenize_value
from textual.css.tokenizer import Token
from textual.css.types import CSSLocation
from textual.dom import DOMNode

_LAST = -20
"""Ranks below every class of widgets, which Textual numbers 0, -1, -2 … from the own one on."""


class LeanStylesheet(Stylesheet):
    """Styles a widget's parts (its component classes) when they are first drawn.

    Textual styles all of them whenever the widget has another class or the focus: of a table with
    sixteen kinds of cells also those that no row has.
    """

    def set_variables(self, variables: dict[str, str]) -> None:
        """Other values; the rules are parsed with them from now on."""
        super().set_variables(variables)
        self._values = _Values(variables)

    @property
    def _variable_tokens(self) -> dict[str, list[Token]]:
        return self._values

    def read(self, filename: str | PurePath) -> None:
        """Read a file, whose rules count from the next widget on that is styled."""
        super().read(filename)
        self._rules_map = None

    def add_source(
        self,
        css: str,
        read_from: CSSLocation | None = None,
        is_default_css: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> None:
        """Take in what a class of widgets says of itself, what all widgets are as the last resort.

        Textual ranks that by the deepest class so far, and parses it anew with each deeper one.
        """
        if scope == "Widget":
            tie_breaker = _LAST
        super().add_source(css, read_from, is_default_css, tie_breaker, scope)

    def copy(self) -> LeanStylesheet:
        """Another one with the same sources."""
        other = LeanStylesheet()
        other.set_variables(self._variables.copy())
        other.source = self.source.copy()
        return other

    def _process_component_classes(self, node: DOMNode) -> None:
        names = node._get_component_classes()
        if not names:
            return
        before = node._component_styles
        parts = node._component_styles = _Parts(self, node, names)
        # What was drawn once is compared at once, for the widget to be drawn again if it differs.
        if any(parts[name] != styles for name, styles in before.items() if name in names):
            node.refresh()


class _Parts(dict[str, RenderStyles]):
    """The styles of a widget's parts by component class, made when one is looked up."""

    def __init__(self, sheet: Stylesheet, node: DOMNode, names: frozenset[str]) -> None:
        super().__init__()
        self._sheet = sheet
        self._node = node
        self._names = names

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __missing__(self, name: str) -> RenderStyles:
        part = DOMNode(classes=name)
        part._attach(self._node)
        self._sheet.apply(part)
        self[name] = part.styles
        return part.styles


class _Values(dict[str, list[Token]]):
    """The tokens of variables by name, made when one is looked up."""

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__()
        self._texts = texts

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __contains__(self, name: object) -> bool:
        return name in self._texts or super().__contains__(name)

    def __missing__(self, name: str) -> list[Token]:
        tokens = self[name] = _tokens(self._texts[name])
        return tokens

    def copy(self) -> _Values:
        """What a source defines itself is for that source only."""
        return _Values(self._texts)


@cache
def _tokens(value: str) -> list[Token]:
    return list(tokenize_value(value, ("__name__", "")))
