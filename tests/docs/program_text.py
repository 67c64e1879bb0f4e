"""Texts that the program can say: those in its code and catalog, and the notes of recorded rows."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from tests.docs.pages import ROOT, fenceless, recorded

_PACKAGES = ("probes", "profiles", "tui")
_NOTES = re.compile(r"(the note|it says)\b.*")
"""Headings of columns that hold the program's own words."""
_QUOTE = re.compile(r'"([^"]+)"')
_TYPED = re.compile(r'`[^`\n]*"[^`\n]*`')
"""Code that a reader types, with quotation marks of its own."""
_TO_SOMEBODY = re.compile(r"\*\*To .*?(?=\n\n|\Z)", re.DOTALL)
"""Paragraphs with what a reader may write to somebody else."""
_OPEN = re.compile(r"…|;|(?:\b(?:TCP|UDP|TLS|HTTP) )?\S*\d\S*")
"""Ends of a part of a quotation: a value, as every number is one, and a semicolon."""


def state_files() -> set[str]:
    """Names in the state directory that the program gives to what it keeps."""
    return _named_in_sources(r'state_directory\(\) / "([^"]+)"|_state_path\("([^"]+)"\)')


def environment_variables() -> set[str]:
    """Variables that the program reads, in capitals; `AUDITREACH_` for all of that beginning."""
    named = _named_in_sources(r'environ(?:ment)?(?:\.get\(|\[)"(\w+)"|"(\w+)" in os\.environ')
    return {name.upper() for name in named}


def _named_in_sources(pattern: str) -> set[str]:
    sources = (path.read_text("utf-8") for path in _modules())
    return {
        next(filter(None, one.groups())) for text in sources for one in re.finditer(pattern, text)
    }


def quotations(text: str) -> Iterator[str]:
    """Words that a page gives as the program's own: in quotation marks, and in columns of notes."""
    prose = _TO_SOMEBODY.sub("", _TYPED.sub("", fenceless(text)))
    for paragraph in prose.split("\n\n"):
        yield from _QUOTE.findall(paragraph)
    column: int | None = None
    for line in fenceless(text).splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) < 3:
            column = None
        elif column is None:
            heads = [at for at, cell in enumerate(cells) if _NOTES.fullmatch(cell.strip())]
            column = heads[0] if heads else len(cells)
        elif column < len(cells) and set(cells[column].strip()) - {"-"}:
            yield cells[column].replace('"', "")


def unsaid(quotation: str) -> list[str]:
    """Parts of a quotation, between `…` and `;`, that the program has no words for."""
    parts = (_normal(part) for part in _OPEN.split(quotation))
    return [part for part in parts if part and part not in _everything()]


@functools.cache
def _everything() -> str:
    return "\n".join(map(_normal, _texts()))


def _normal(text: str) -> str:
    return " ".join(text.replace("`", "").replace("\\|", "|").split()).strip(" .,:“”").casefold()


def _texts() -> Iterator[str]:
    for path in _modules():
        yield from _literals(path)
    yield (files("profiles") / "catalog" / "alloyscan.toml").read_text(encoding="utf-8")
    yield from (row.note for row in recorded())


def _modules() -> Iterator[Path]:
    for package in _PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def _literals(path: Path) -> Iterator[str]:
    """Texts of a module without its docstrings, `…` in place of each value that is put in."""
    nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if id(node) in docstrings:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (_constant(part) for part in node.values)
            yield "".join("…" if part is None else part for part in parts)
        elif (text := _constant(node)) is not None:
            yield text


def _constant(node: ast.AST) -> str | None:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else None
