"""Tokenizer of typed or pasted text: lines, words, quotes, comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from probes.targets.host import DIGITS_AND_DOTS, MAX_HOST_LENGTH, normalized

QUOTES = "\"'`\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
"""Characters removed around a word."""

# A path behind @ and a UNC path may be quoted as a whole, because paths have spaces.
_SCHEME = "[A-Za-z][A-Za-z0-9+.-]{0,31}://"
# A comma in a login or a path may be part of it, unless another URL follows: it divides no hosts.
_LOGIN_WITH_COMMA = r"[^\s/?#@=,;:]{0,64}:[^\s/?#@=,;]{0,64}[,;][^\s/?#@=]{0,64}@"
_URL_PATH = rf"/?[/?#][^\s,;](?:[^\s,;]|[,;]+(?=[^\s,;])(?![\w.-]{{0,64}}=?{_SCHEME}))*|/"
_URL = rf"{_SCHEME}(?:{_LOGIN_WITH_COMMA})?[^\s,;/?#]*(?:{_URL_PATH})?"
_WORD = re.compile(
    rf"""(?:{_URL}|:"[^"\r\n]*"|"\\\\[^"\r\n]*"|[^\s,;@="]+|[="]|@"[^"]*"|@'[^']*'|@)+"""
)
_COMMENT = re.compile(
    # //server/share is a path; a row of a table may begin with an empty cell.
    r"(?:^|\s)#+(.*)|^\s*(?://(?![^\s/]+/\S)|--(?![\s-]*$)|;(?=\s|;|\w[^;]*$)|'(?=\s))(.*)"
    r"|\s(?://|--)\s+(?![\s-]*$)(.*)"
)
# Not the separators of ASCII and the form feed, of which a hostile cell may be full.
_LINE_END = re.compile("\r\n?|[\n\x85\u2028\u2029]")
_UPRIGHT = "\u2502\u2503\u2506\u2507\u250a\u250b\u254e\u254f\u2551"
_LEVEL = "\u2500\u2501\u2504\u2505\u2508\u2509\u254c\u254d\u2550"
_SEMICOLON_COMMENT = re.compile(r"\s;\s+(.*)")
_BULLET = re.compile(
    r"[-*+>\u2022\u00b7\u25e6\u25aa\u25ab\u25cf\u25cb\u25a0\u25a1\u2023\u2043\u25b6\u25ba]"
    r"|[\u2713\u2714\u2717\u2718\u2610\u2611\u2612\u27a2\u27a4\u2192]|\+-+|[0-9]{1,5}[.)]"
)
_TASK = re.compile(r"^(\s*[-*+]\s+)\[[ xX]\]\s")
_FRAMES = {
    code: "|" if chr(code) in _UPRIGHT else "-" if chr(code) in _LEVEL else "+"
    for code in range(0x2500, 0x2580)
}
"""Frames of tables and trees (Box Drawing, U+2500 to U+257F) as ASCII draws them."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `after_comma` if a comma or semicolon separates it from the word before."""

    text: str
    after_comma: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Line with a word: its number from 1, its words, and the comment behind them."""

    number: int
    words: list[Word]
    comment: str = ""
    raw: str = ""
    """The whole line."""
    text: str = ""
    """The line without its comment."""
    is_continued: bool = False
    """A comma or semicolon stands at its end."""


def tokenize(text: str, *, in_file: bool = False) -> Iterator[Line]:
    """Lines that have words; `in_file` a semicolon between spaces begins a comment."""
    after_comma = False
    for number, line in enumerate(_LINE_END.split(text.lstrip("\ufeff")), 1):
        raw = line if line.isascii() else line.translate(_FRAMES)
        words: list[Word] = []
        comment = _COMMENT.search(raw) or (_SEMICOLON_COMMENT.search(raw) if in_file else None)
        line, end = raw[: comment.start()] if comment else raw, 0
        line = _TASK.sub(r"\1", line)
        stripped = line
        for match in _WORD.finditer(line):
            after_comma = after_comma or _has_comma(line[end : match.start()])
            end = match.end()
            clean = _strip_quotes(match[0])
            if clean:
                words.append(Word(clean, after_comma))
                after_comma = False
        after_comma = after_comma or _has_comma(line[end:])
        if words:
            note = next(filter(None, comment.groups()), "").strip() if comment else ""
            yield Line(number, _join_words(words), note, raw, stripped, after_comma)


def single_line(text: str) -> str:
    """Words of a text as one line, without bullets and comments."""
    return joined(tokenize(text))


def joined(lines: Iterable[Line]) -> str:
    """Words of lines as one line."""
    words = (word for line in lines for word in line.words)
    return "".join(f"{', ' if word.after_comma else ' '}{word.text}" for word in words).lstrip(", ")


def _has_comma(gap: str) -> bool:
    return "," in gap or ";" in gap


def _strip_quotes(word: str) -> str:
    if "@" in word:
        return word if '@"' in word or "@'" in word else word.strip(QUOTES)
    return normalized(word).strip(QUOTES)


def _join_words(words: list[Word]) -> list[Word]:
    """Words without a leading bullet, with `ROLE = HOST` and `FIRST - LAST` as one word each."""
    if len(words) > 1 and _BULLET.fullmatch(words[0].text) and not words[1].after_comma:
        words = words[1:]
    joined: list[Word] = []
    for word in words:
        before = joined[-1] if joined and not word.after_comma else None
        if before and (
            _is_continued_by(before.text, word.text) or _expects_range_end(before.text, word.text)
        ):
            joined[-1] = Word(before.text + word.text, before.after_comma)
        else:
            joined.append(word)
    return joined


def _is_continued_by(before: str, word: str) -> bool:
    if len(before) > MAX_HOST_LENGTH:
        return False
    if word.startswith("="):
        return "=" not in before
    return word == "-" and _is_address(before.rpartition("=")[2])


def _expects_range_end(before: str, word: str) -> bool:
    return (
        before.endswith("-")
        and _is_address(before[:-1].rpartition("=")[2])
        and (word[:1].isdigit() or ":" in word)
    )


def _is_address(text: str) -> bool:
    return ":" in text or (text.count(".") == 3 and DIGITS_AND_DOTS.fullmatch(text) is not None)
