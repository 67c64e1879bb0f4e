"""Where the operator is, in words: the pane, the place in the tree, what is filtered, which row."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from profiles.model import Profile
from tui.models.filter import Filter
from tui.models.tree import Node
from tui.text.status import Signs

_BETWEEN = " > "


def of_node(node: Node, tree: Sequence[Node]) -> list[str]:
    """The titles from the top of the tree to a node."""
    known = {one.id: one for one in tree}
    titles = [node.title]
    while node.parent:
        node = known[node.parent]
        titles.insert(0, node.title)
    return titles


def of_filter(wanted: Filter, profile: Profile) -> list[str]:
    """What a filter lets through, from the widest condition to the narrowest."""
    titles = {f"category:{one.id}": one.title for one in profile.categories}
    titles |= {f"role:{one.id}": one.title for one in profile.roles}
    titles |= {f"check:{one.id}": one.title for one in profile.checks}
    parts = [
        titles.get(f"{kind}:{id}", id)
        for kind, id in (
            ("category", wanted.category),
            ("role", wanted.role),
            ("check", wanted.check),
        )
        if id
    ]
    if wanted.host:
        parts.append(wanted.host)
    if wanted.keys is not None:
        parts.append("one cause")
    if wanted.failures:
        parts.append("failures only")
    if wanted.text.strip():
        parts.append(f"/{wanted.text.strip()}")
    return parts or ["Everything"]


def fitted(pane: str, parts: Sequence[str], place: str, width: int, signs: Signs) -> str:
    """One line of at most `width` cells. The last part is what matters: where room is short the
    first ones are left out, then the pane and the place, and only then is it cut.
    """
    wanted, pane, place = list(map(signs.clean, parts)), signs.clean(pane), signs.clean(place)
    for dropped in range(len(wanted)):
        left = [signs.ellipsis, *wanted[dropped:]] if dropped else wanted
        text = _BETWEEN.join([pane, *left])
        gap = width - cell_len(text) - cell_len(place)
        if gap >= 2 or (gap >= 0 and not place):
            return text + " " * gap + place
    last = wanted[-1]
    if cell_len(last) <= width:
        gap = width - cell_len(last) - cell_len(place)
        return last + " " * gap + place if gap >= 2 else last
    mark = signs.ellipsis if width > len(signs.ellipsis) else ""
    return set_cell_size(last, width - len(mark)) + mark
