"""Pages wrapped for a terminal of 80 columns: `python -m tests.docs.wrapping` rewraps them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from tests.docs.pages import PAGES

WRITTEN_BY_HAND = tuple(path for path in PAGES if path.name not in ("keys.md", "profile-form.md"))
WIDTH = 80
_VERBATIM = re.compile(r"$|[|#<]|!\[")
"""Lines that stand as they are: empty ones, tables, headings, pictures."""
_ITEM = re.compile(r"( *(?:[-*]|\d+\.) )")
_UNBROKEN = re.compile(r"`[^`]*`")
_MARK = re.compile(r" (?=(?:[-+*#>|]|\d+[.)]|=+|-+)(?: |$))")
"""Space before what would begin a list, a heading or a quotation on a line of its own."""
_KEPT = "\0"


def wrapped(page: str) -> str:
    """A page with its paragraphs and the items of its lists wrapped; all else is as it was."""
    return "\n".join(_lines(page.split("\n")))


def _lines(lines: Iterable[str]) -> Iterator[str]:
    paragraph: list[str] = []
    is_code = False
    for line in lines:
        is_fence = line.startswith("```")
        is_text = not (is_code or is_fence or _VERBATIM.match(line))
        if paragraph and (not is_text or _ITEM.match(line)):
            yield from _wrap(paragraph)
            paragraph = []
        if is_text:
            paragraph.append(line)
        else:
            yield line
        is_code ^= is_fence
    if paragraph:
        yield from _wrap(paragraph)


def _wrap(paragraph: list[str]) -> list[str]:
    item = _ITEM.match(paragraph[0])
    first = item[1] if item else " " * (len(paragraph[0]) - len(paragraph[0].lstrip()))
    text = " ".join(" ".join(paragraph).split()).removeprefix(first.strip()).lstrip()
    text = _UNBROKEN.sub(lambda span: span[0].replace(" ", _KEPT), text)
    text = _MARK.sub(_KEPT, text)
    wrapped = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_KEPT, " ") for line in wrapped]


if __name__ == "__main__":
    for path in WRITTEN_BY_HAND:
        path.write_text(wrapped(path.read_text(encoding="utf-8")), encoding="utf-8")
