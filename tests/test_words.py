"""Words that people do not use for what the program means, kept out of everything they read.

The field checks, tests, retests, fixes, rejects and drops.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("tui", "probes", "profiles")
NOT_SHOWN = (
    "probes/lab/",
    "tui/reports/earlier_sentences.py",
    "tui/terminal/__init__.py",
)
"""Parts whose strings are for other programs, or for nobody."""

BANNED = {
    "measure": r"\bmeasur(?:e|es|ed|ing)\b",
    "mend": r"\bmend(?:s|ed|ing)?\b",
    "say no": r"\bsa(?:id|y|ys) no\b(?! (?:such|route|more))",
    "own name": r"\bin (?:the|its|their) (?:hosts?'s? )?own names?\b|\bin the hosts?'s? names?\b",
    "by nature": r"\bby nature\b",
    "stand": r"\bst(?:ands?|ood)\b(?! in for)",
    "shall": r"\bshall\b",
    "bite": r"\bbites?\b",
    "hang on": r"\bh(?:angs?|ung) on\b",
    "the head": r"(?<!HTTP )\bthe head\b(?! of a)",
    "whole story": r"\bwhole story\b",
    "stand-in": r"\bstand-ins?\b",
    "in vain": r"\bin vain\b",
    "only you": r"\bonly you\b(?! know)",
}
ALLOWED = {
    # The name of a section of the configuration, of a command or of a fact in the log.
    "measure": ("[measure]", "measure.", "measured_as", "measured_by"),
    # The capability's `instead` is known to profiles by this verb.
    "stand": ("stands in does so", "stand in only", "stands in for", "may stand in"),
}
"""Exceptions: texts that are an interface or a term."""
EXEMPT_STRINGS = {
    # The key of an interface, alone in its string.
    "measure",
    "measured",
    "measuring",
    # The heading of a CSV column that scripts read.
    "said no",
    "stand",
    "shall",
}
DEVELOPER_PAGES = {"docs/architecture.md", "docs/nmap-side-by-side.md", "CONTRIBUTING.md"}
"""Pages about the code and its benches, which do measure; what they call things is their own."""
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def banned_words(text: str) -> list[str]:
    """Banned words of a text, each as `WORD: its surroundings`."""
    found = []
    for word, pattern in BANNED.items():
        kept = text
        for allowed in ALLOWED.get(word, ()):
            kept = kept.replace(allowed, " ")
        found += [
            f"{word}: {kept[max(0, hit.start() - 40) : hit.end() + 40]!r}"
            for hit in re.finditer(pattern, kept, re.IGNORECASE)
        ]
    return found


def sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is neither documentation nor a single word of an id."""
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            text = node.value
            if isinstance(text, str) and text.strip() not in EXEMPT_STRINGS:
                yield node.lineno, text


def modules() -> list[str]:
    paths = (path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    names = sorted(path.relative_to(ROOT).as_posix() for path in paths)
    return [name for name in names if not name.startswith(NOT_SHOWN)]


def test_no_string_has_a_banned_word() -> None:
    wrong = [
        f"{name}:{line}: {word}"
        for name in modules()
        for line, text in sentences(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        for word in banned_words(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_sentence_of_the_built_in_profile_has_one() -> None:
    text = (ROOT / "profiles/catalog/alloyscan.toml").read_text(encoding="utf-8")
    spoken = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert not banned_words(spoken)


@pytest.mark.parametrize(
    "page",
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        if path.relative_to(ROOT).as_posix() not in DEVELOPER_PAGES
    ),
)
def test_no_page_has_one(page: str) -> None:
    text = _CODE.sub(" ", (ROOT / page).read_text(encoding="utf-8"))
    assert not banned_words(" ".join(text.split()))


@pytest.mark.parametrize(
    "text",
    [
        "Measure it again.",
        "It was measured.",
        "Mend the row.",
        "10.0.0.1 says no.",
        "Rejected in the host's own name.",
        "nothing answers by nature",
        "it stands in the note",
        "it stood there",
        "hosts it shall find",
        "something will bite",
        "rows that hung on it",
        "the head says so",
        "with stand-ins",
    ],
)
def test_a_banned_word_is_found(text: str) -> None:
    assert banned_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1 says no such name",
        "this machine says no route to host",
        "a standard",
        "the header",
        "[measure]",
        "what may stand in for a required check",
        "measurement",
    ],
)
def test_terms_of_the_field_are_left_alone(text: str) -> None:
    assert not banned_words(text)
