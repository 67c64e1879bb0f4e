"""Filter of texts for a pseudonymised report: what stays are the program's own words. Pure.

A word stays where the program puts it: beside a word that stands beside it in a sentence of the
program or of the profile, or alone where it stands alone there. A number stays where a table here
says that it is harmless. What is neither, nor a stand-in, is left out.
"""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise

from tui.reports.anonymise_names import STAND_IN, unmarked
from tui.reports.earlier_sentences import EARLIER_SENTENCES

LEFT_OUT = "(left out)"
NO_WORD = "_left_out_"
"""Stands in a text for what is to be left out."""
_SEVERAL = re.compile(rf"{re.escape(LEFT_OUT)}(?:[\s,.:/-]*{re.escape(LEFT_OUT)})+")

_SOURCES = (
    ("probes", ""),
    ("tui", "reports"),
    ("tui", "text"),
    ("tui", "models"),
)
"""Packages whose sentences get into a log or a report."""
_NO_SOURCES = frozenset({"lab", "targets", "__pycache__"})
"""Packages whose strings are examples of what others may send or type."""

_PRODUCTS = (
    *("OpenSSH", "Dropbear", "libssh", "Samba", "dnsmasq", "BIND", "Unbound", "nginx", "Apache"),
    *("Microsoft", "VMware", "Citrix", "Cisco", "Debian", "Ubuntu", "FreeBSD", "Linux", "Windows"),
)
"""Products that run everywhere; their versions are left out all the same."""

_NUMBER = r"\d+(?:[.,]\d+)*(?:-\d+)?(?!\w)"
_TOKEN = re.compile(
    rf"(?P<known>{STAND_IN}(?:[:/]\d{{1,5}}(?![\w.]))?)|(?P<number>{_NUMBER})|(?P<word>\w+(?:['’]\w+)?)"
)
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_VERSIONED = re.compile(r"SNMPv(?:1|2c|3)|ICMPv6|IPv[46]|SMB[123]|SSHv?[12]|MS-\w{2,6}|NTLMv[12]")
_GAP = re.compile(r"[\s!-/:-@\[-`{-~“”‘’…–-]*")
"""Spaces and punctuation that may stand between words."""

_BEFORE = frozenset(
    {
        *("tcp", "udp", "port", "ports", "listens on", "answer", "answers"),
        *("icmp", "icmpv6", "type", "code", "errno", "status"),
        "version from",
        *("http", "https", "tls", "ssl", "ssh", "smb", "snmp", "management"),
    }
)
"""Words behind which a number is a port, a code, a version of a protocol or a count."""
_AFTER = frozenset(
    {
        *("ms", "s", "second", "seconds", "minute", "minutes", "min", "hour", "hours", "h"),
        *("d", "day", "days", "attempt", "attempts", "time", "times", "answer", "answers"),
        *("question", "questions", "row", "rows", "host", "hosts", "target", "targets"),
        *("name", "names", "address", "addresses", "record", "records", "check", "checks"),
        *("port", "ports", "endpoint", "endpoints", "certificate", "certificates"),
        *("network", "networks", "more", "other", "others", "of", "dynamic", "byte", "bytes"),
        "windows",
    }
)
"""Words before which a number is a time or a count."""
_CHAINED = frozenset({"and", "or", "to", "of"})
_LONGEST_NUMBER = 12
_MOST = 99_999
"""Largest part of a number that stays."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of sentences: pairs that stand beside each other, and words that stand alone."""

    pairs: frozenset[tuple[str, str]]
    alone: frozenset[str]

    @classmethod
    def of(cls, sentences: Iterable[str]) -> Vocabulary:
        """The vocabulary of sentences, and of parts of sentences between what varies."""
        pairs: set[tuple[str, str]] = set()
        alone: set[str] = set()
        for sentence in sentences:
            words = [word.casefold() for word in _WORD.findall(sentence) if word != NO_WORD]
            if len(words) == 1 and not words[0].isdecimal():
                alone.add(words[0])
            pairs.update(pairwise(words))
        return cls(frozenset(pairs), frozenset(alone))

    @property
    def words(self) -> frozenset[str]:
        """Every word of the sentences."""
        return self.alone.union(*self.pairs)

    def kept(self, text: str, names: Mapping[str, str] | None = None) -> str:
        """A text with marked stand-ins, without the marks and without what is not known.

        `names` are words of the vocabulary that are names as well, with their stand-ins.
        """
        names = names or {}
        tokens = [*_TOKEN.finditer(text)]
        keeps = self._kept_numbers(tokens, self._kept_words(tokens, names), text)
        out: list[str] = []
        end, dropped = 0, False
        for token, keep in zip(tokens, keeps, strict=True):
            gap = text[end : token.start()]
            gap = gap if _GAP.fullmatch(gap) else " "
            if keep:
                out += [gap, token[0]]
            elif name := names.get(token[0].casefold()):
                out += [gap, name]
                keep = True
            elif not dropped:
                out += [gap, LEFT_OUT]
            dropped, end = not keep, token.end()
        gap = text[end:]
        out.append(gap if _GAP.fullmatch(gap) else "")
        return _SEVERAL.sub(LEFT_OUT, unmarked("".join(out)))

    def _kept_words(self, tokens: list[re.Match[str]], names: Container[str]) -> list[bool]:
        """For each token whether it is a stand-in or a word in its place; numbers are not."""
        words = [(token["word"] or token["number"] or "").casefold() for token in tokens]
        before, after = ["", *words][:-1], [*words, ""][1:]
        return [
            bool(token["known"])
            or (
                bool(token["word"])
                and (
                    (word in self.alone and (word not in names or right[:1].isdigit()))
                    or (left, word) in self.pairs
                    or (word, right) in self.pairs
                    or bool(_VERSIONED.fullmatch(token[0]))
                )
            )
            for token, word, left, right in zip(tokens, words, before, after, strict=True)
        ]

    def _kept_numbers(
        self, tokens: list[re.Match[str]], keeps: list[bool], text: str
    ) -> list[bool]:
        """The same with the numbers whose place is known to be harmless."""
        kept = [*keeps]
        words = ["", "", *(token[0].casefold() for token in tokens), ""]
        is_number = [False, False, *(bool(token["number"]) for token in tokens)]
        # A token has its neighbours only where no more than a space and a comma part them.
        near = [_is_near(text[one.end() : other.start()]) for one, other in pairwise(tokens)]
        left_near, right_near = [False, *near], [*near, False]
        for at, token in enumerate(tokens):
            if not token["number"] or not _is_small(token[0]):
                continue
            second, first, number, right = words[at : at + 4]
            left = left_near[at] and kept[at - 1]
            chained = is_number[at + 1] or (first in _CHAINED and is_number[at] and kept[at - 2])
            in_place = not _BEFORE.isdisjoint({first, f"{second} {first}"})
            behind = left and (in_place or chained or (first, number) in self.pairs)
            kept[at] = behind or (right_near[at] and kept[at + 1] and right in _AFTER)
        return kept


_NEAR = frozenset({"", "/", "(", ","})
"""Punctuation over which a number still belongs to the word beside it."""


def _is_near(gap: str) -> bool:
    return gap.strip() in _NEAR


def _is_small(number: str) -> bool:
    return len(number) <= _LONGEST_NUMBER and all(
        int(part) <= _MOST for part in re.findall(r"\d+", number)
    )


_ITEM = rf"{STAND_IN}(?: \({STAND_IN}\))?(?::\d{{1,5}})?"
_LIST = re.compile(rf"{_ITEM}(?:(?:, and |, | and | or ){_ITEM})+")
_ITEMS = re.compile(_ITEM)


def with_sorted_lists(text: str) -> str:
    """A text in which stand-ins in a list are in their own order, not in that of what they hide."""

    def sort(found: re.Match[str]) -> str:
        items = iter(sorted(_ITEMS.findall(found[0])))
        return _ITEMS.sub(lambda _: next(items), found[0])

    return _LIST.sub(sort, text)


@cache
def program_sentences() -> tuple[str, ...]:
    """The strings of the program's own sources, and the words of standards for errors.

    Reading the sources takes half a second, which only a pseudonymised report costs.
    """
    sentences = dict.fromkeys((*_PRODUCTS, *EARLIER_SENTENCES, *map(os.strerror, errno.errorcode)))
    sentences |= dict.fromkeys(status.phrase for status in HTTPStatus)
    for package, folder in _SOURCES:
        root = resources.files(package)
        for source in _sources(root / folder if folder else root):
            sentences |= dict.fromkeys(_strings(ast.parse(source.read_text(encoding="utf-8"))))
    return tuple(sentences)


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for one in folder.iterdir():
        if one.is_dir():
            if one.name not in _NO_SOURCES:
                yield from _sources(one)
        elif one.name.endswith(".py"):
            yield one


def _strings(tree: ast.AST) -> Iterator[str]:
    """Strings of a module but its docstrings, those between the places of an f-string too."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in documentation:
            continue
        if isinstance(node.value, str):
            yield node.value
