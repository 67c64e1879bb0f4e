"""A circle in a directed graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def circle(edges: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The first circle found, its start repeated at the end; empty if there is none.

    Every target of an edge must be a key. Written without recursion: the chain may be as long as
    the file.
    """
    done: set[str] = set()
    for start in edges:
        path: dict[str, Iterator[str]] = {} if start in done else {start: iter(edges[start])}
        while path:
            node = next(reversed(path))
            onward = next(path[node], None)
            if onward is None:
                done.add(node)
                del path[node]
            elif onward in path:
                nodes = list(path)
                return (*nodes[nodes.index(onward) :], onward)
            elif onward not in done:
                path[onward] = iter(edges[onward])
    return ()
