"""What holds other widgets side by side, and draws nothing but its background."""

from __future__ import annotations

from textual.widget import Widget


class Box(Widget):
    """As Textual's Horizontal, whose lines are laid out one by one before they are covered."""

    BLANK = True
    DEFAULT_CSS = "Box { width: 1fr; height: 1fr; layout: horizontal; overflow: hidden hidden; }"
