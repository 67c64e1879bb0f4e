"""Breadcrumbs: pane, place in the tree, filter and row of the cursor, in words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from profiles.model import Profile
from tui.models.filter import Filter
from tui.models.tree import Node
from tui.text.status import Glyphs

_SEPARATOR = " > "


def node_titles(node: Node, tree: Sequence[Node]) -> list[str]:
    """The titles from the top of the tree to a node."""
    by_id = {one.id: one for one in tree}
    titles = [node.title]
    while node.parent:
        node = by_id[node.parent]
        titles.insert(0, node.title)
    return titles


def filter_parts(filter: Filter, profile: Profile) -> list[str]:
    """Conditions of a filter in words, from the widest to the narrowest."""
    titles = {f"category:{one.id}": one.title for one in profile.categories}
    titles |= {f"role:{one.id}": one.title for one in profile.roles}
    titles |= {f"check:{one.id}": one.title for one in profile.checks}
    parts = [
        titles.get(f"{kind}:{id}", id)
        for kind, id in (
            ("category", filter.category),
            ("role", filter.role),
            ("check", filter.check),
        )
        if id
    ]
    if filter.host:
        parts.append(filter.host)
    if filter.keys is not None:
        parts.append("one cause")
    if filter.failures:
        parts.append("failures only")
    if filter.absent:
        parts.append("also no host")
    if filter.text.strip():
        parts.append(f"/{filter.text.strip()}")
    return parts or ["Everything"]


def fit_line(pane: str, parts: Sequence[str], place: str, width: int, glyphs: Glyphs) -> str:
    """One line of at most `width` cells. The last part is what matters: where room is short the
    first ones are left out, then the pane and the place, and only then is it cut.
    """
    wanted, pane, place = list(map(glyphs.clean, parts)), glyphs.clean(pane), glyphs.clean(place)
    for dropped in range(len(wanted)):
        left = [glyphs.ellipsis, *wanted[dropped:]] if dropped else wanted
        text = _SEPARATOR.join([pane, *left])
        gap = width - cell_len(text) - cell_len(place)
        if gap >= 2 or (gap >= 0 and not place):
            return text + " " * gap + place
    last = wanted[-1]
    if cell_len(last) <= width:
        gap = width - cell_len(last) - cell_len(place)
        return last + " " * gap + place if gap >= 2 else last
    mark = glyphs.ellipsis if width > len(glyphs.ellipsis) else ""
    return set_cell_size(last, width - len(mark)) + mark
