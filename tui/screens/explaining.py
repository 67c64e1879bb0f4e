"""A page of the documentation over whatever is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.screens.dialog import Help
from tui.text.pages import markdown_of, page_lines
from tui.text.status import Signs

if TYPE_CHECKING:
    from textual.app import App

_BESIDE = 4
"""Cells of its edges and its scroll bar."""
_WIDEST = 76


def show_page(app: App[int], page: str, signs: Signs) -> None:
    """Show a page of docs/status as text, with keys to scroll it and to go back."""
    width = max(1, min(app.size.width - _BESIDE, _WIDEST))
    lines = page_lines(markdown_of(page), width)
    app.push_screen(Help("\n".join(signs.clean(line) for line in lines)))
