"""Horizontal container that draws nothing but its background."""

from __future__ import annotations

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Box(Widget):
    """Horizontal container; Textual's own renders each of its lines although they are covered."""

    DEFAULT_CSS = "Box { width: 1fr; height: 1fr; layout: horizontal; overflow: hidden hidden; }"

    def render_lines(self, crop: Region) -> list[Strip]:
        """Its background."""
        return blank_lines(self, crop)


def blank_lines(widget: Widget, crop: Region) -> list[Strip]:
    """The lines of a widget that has a background and nothing else."""
    below, background = widget.background_colors
    style = Style.from_color(bgcolor=(below + background).rich_color)
    return [Strip.blank(crop.width, style)] * crop.height
