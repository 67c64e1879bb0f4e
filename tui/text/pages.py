"""Pages of docs/status as plain text for the screen."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from probes.model import Status
from tui.text.status import STATUS

FOLDER = "docs/status"
VERDICTS = f"{FOLDER}/verdicts.md"
_INSTALLED_FOLDER = Path(__file__).parents[1] / "status"
"""Their folder in the wheel; a clone has no second copy."""


def page_of(status: Status) -> str:
    """The page about a status, as a path in the repository."""
    return f"{FOLDER}/{STATUS[status].page}.md"


def read_page(page: str) -> str:
    """The Markdown of a page; installed or not."""
    file = _INSTALLED_FOLDER / Path(page).name
    if not _INSTALLED_FOLDER.is_dir():
        file = _INSTALLED_FOLDER.parents[1] / page
    return file.read_text(encoding="utf-8")


_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_OTHER_FOLDER = re.compile(r"\.\./([\w-]+\.md)")
_MARKS = re.compile(r"\*+|`")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_BLOCKS = re.compile(r"(?:^```.*?^```$)|(?:[^\n]+\n?)+?(?=\n|\Z|^```)", re.MULTILINE | re.DOTALL)


def page_lines(markdown: str, width: int) -> Iterator[str]:
    """The lines of a page, none wider than `width` cells of ordinary characters.

    A row of a table is its first cell with the others below it, each behind its heading.
    """
    started = False
    for block in _BLOCKS.findall(markdown):
        lines = block.strip("\n").splitlines()
        if started:
            yield ""
        started = True
        if lines[0].startswith("```"):
            for line in lines[1:-1]:
                yield from _wrapped(line, width, "  ", "    ")
        elif lines[0].startswith("#"):
            yield from _wrapped(_plain(lines[0].lstrip("# ")).upper(), width)
        elif lines[0].startswith("|"):
            yield from _table(lines, width)
        else:
            yield from _paragraphs(lines, width)


def _paragraphs(lines: list[str], width: int) -> Iterator[str]:
    """A paragraph, or the items of a list, each of which may go on below its dash."""
    for text in re.split(r"\n(?=- )", "\n".join(lines)):
        after = "  " if text.startswith("- ") else ""
        yield from _wrapped(" ".join(_plain(text).split()), width, "", after)


def _table(lines: list[str], width: int) -> Iterator[str]:
    heads, _, *rows = (_cells(line) for line in lines)
    for row in rows:
        first, *others = (
            f"{head}: {cell}" if head else cell for head, cell in zip(heads, row, strict=True)
        )
        yield from _wrapped(first, width, "- ", "  ")
        for text in others:
            yield from _wrapped(text, width, "    ", "      ")


def _cells(line: str) -> list[str]:
    cells = _CELL_BORDER.split(line.strip())[1:-1]
    return [_plain(cell.replace("\\|", "|")).strip() for cell in cells]


def _plain(text: str) -> str:
    """Text without markup; a link is its words, and the page where it is of another folder."""
    return _MARKS.sub("", _LINK.sub(_link_text, text))


def _link_text(link: re.Match[str]) -> str:
    beyond = _OTHER_FOLDER.match(link[2])
    return f"{link[1]} (docs/{beyond[1]})" if beyond else link[1]


def _wrapped(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )
