"""Mask over secrets that a peer repeats, in whatever spelling. Pure, but for the mask in force.

Secrets are looked for in every text of a peer before it is cut or escaped (wire.text.printable),
and in bytes before they become hex. The program's own sentences are not searched: a word that is
missing there would tell a secret instead of hiding it.
"""

from __future__ import annotations

import base64
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import html5
from itertools import accumulate
from typing import TypeVar

MASK = "***"
"""Text in place of a secret, whatever its length."""
LEAST = 4
"""Characters of a secret that is looked for within words; shorter ones are in half of all texts."""
_LEAST_WORD = 2
"""Characters of a secret that is looked for as a word of its own."""
_HEAD = 12
"""Characters that tell a longer secret, however much of it a peer repeats."""
_CUT = 3
"""Characters of a secret at the end of what is known to be cut, or to be read no further."""
_TAIL = 6
"""Characters of a secret at the end of any other text."""
_ROUNDS = 3
"""Escapes within escapes that are read."""
_HEX_BREAKS = re.compile(r"0x|\\x|[-:.,;_|/'\"(){}\[\]]")
_SPLITS = (
    re.compile(
        r"=\r?\n|\r\n[0-9a-f]{1,8}(?:;[^\r\n]{0,100})?\r\n|\x1b\[[0-9;]*[a-z]|\xad", re.IGNORECASE
    ),
    re.compile(r"<[^<>]{0,100}>"),
)
"""Soft line breaks (RFC 2045 6.7), heads of chunks (RFC 9112 7.1) and colours; tags."""
_ESCAPE_SIGNS = re.compile(r"[%=&\\]")
_ESCAPE = re.compile(
    r"(?:[%=]|\\x)([0-9a-f]{2})|\\u000([01][0-9a-f]{4})|[%\\]u([0-9a-f]{4})"
    r"|\\u\{([0-9a-f]{1,6})\}"
    r"|&#x0{0,20}([0-9a-f]{1,6});?|&#0{0,20}([0-9]{1,7});?|\\([0-3][0-7]{2})"
    r"|&([a-z]{2,31}[0-9]{0,2});|\\([\"'\\/])"
)
"""Escapes of URLs, quoted-printable, JSON, C and HTML, in lower case."""
_DECIMAL, _OCTAL, _NAMED, _QUOTED = 6, 7, 8, 9
_NAMES = sorted((name[:-1] for name in html5 if name.endswith(";")), key=str.islower)
# Of names that differ in case only, such as Lt and lt, the one in lower case comes last.
_ENTITIES = {name.lower(): html5[f"{name};"] for name in _NAMES}
_OWN_NAME = re.compile("auditreach", re.IGNORECASE)
_LENGTH_HEADER = re.compile(r"(?i)content-length:[ \t]*[0-9]+")
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e\x80-\xff]*")
_MESSAGE_HEAD = rb"(?:\x30(?:[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)\x02\x01[\x00\x01])"
"""Head of an SNMP message up to its community (RFC 1157 4)."""

_BASE64 = frozenset(string.ascii_letters + string.digits + "+/-_=%")

Raw = TypeVar("Raw", str, bytes)
Span = tuple[int, int]


def _beginnings(spellings: Iterable[str], size: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one[:size] for one in spellings))


@dataclass(frozen=True, slots=True)
class SecretMask:
    """Secrets in the spellings that are looked for."""

    spellings: tuple[str, ...] = ()
    """Without white space and controls, in lower case."""
    encoded: tuple[str, ...] = ()
    """The same in base64."""
    hexadecimal: tuple[str, ...] = ()
    words: re.Pattern[str] | None = None
    """Names, and secrets that are too short to be looked for within words."""
    communities: re.Pattern[bytes] | None = None
    """Communities in the heads of their messages, with the lengths that tell theirs."""
    _heads_of: tuple[str, ...] = field(init=False)
    _tails_of: Mapping[int, tuple[str, ...]] = field(init=False)
    _hex_heads: tuple[str, ...] = field(init=False)
    _hex_tails: Mapping[int, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        text = (*self.spellings, *self.encoded)
        derived = {
            "_heads_of": _beginnings(text, _HEAD),
            "_tails_of": {size: _beginnings(text, size) for size in (_CUT, _TAIL)},
            "_hex_heads": _beginnings(self.hexadecimal, 2 * _HEAD),
            "_hex_tails": {size: _beginnings(self.hexadecimal, 2 * size) for size in (_CUT, _TAIL)},
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def masked(self, text: str, *, cut: bool = False) -> str:
        """The text without secrets; a `cut` one may end in the middle of one."""
        return _with_mask(text, self._spans(text, cut=cut))

    def masked_bytes(self, data: bytes, *, cut: bool = False) -> bytes:
        """The bytes of a text without secrets."""
        return self.masked(data.decode("latin-1"), cut=cut).encode("latin-1")

    def hidden_in(self, data: bytes) -> bool:
        """True if there is a secret in the bytes, so that their number tells its length."""
        return bool(self._byte_spans(data) or self._heads(data))

    def dump(self, data: bytes, limit: int, separator: str = "", *, cut: bool = False) -> str:
        """The first `limit` bytes in hex, with the mask in place of secrets.

        Of bytes that are no text what encloses a secret holds its length, so nothing is left but
        lines before them and what follows the community of an SNMP message. `cut` bytes went on
        after their end.
        """
        if self is NO_SECRETS:
            return _hex_with_mask(data, (), limit, separator, cut=cut)
        text = data.decode("latin-1")
        heads = self._heads(data)
        # A connection is read no further than its protocol wants.
        spans = self._byte_spans(data, cut=True)
        if any(not _within(one, heads) for one in spans):
            known = _text_lines(data)
            if not known:
                return MASK
            cut = cut or known < len(data)
            data, text = data[:known], text[:known]
            spans = [one for one in spans if one[0] < known]
            spans = _merged([*spans, *(one.span() for one in _LENGTH_HEADER.finditer(text))])
        else:
            spans = heads
        if any(start for start, _ in heads):
            # Something encloses the message, and its length may stand there.
            return MASK
        return _hex_with_mask(data, spans, limit, separator, cut=cut)

    def without_encodings(self, text: str) -> str:
        """The text without secrets in hex or base64."""
        return _with_mask(text, _merged(self._encoded(_flat_view(text))))

    def _heads(self, data: bytes) -> list[Span]:
        if self.communities is None:
            return []
        return _merged(one.span() for one in self.communities.finditer(data))

    def _byte_spans(self, data: bytes, *, cut: bool = False) -> list[Span]:
        """Secrets in bytes, which are read as UTF-8 too: what splits a word may be."""
        spans = self._spans(data.decode("latin-1"), cut=cut)
        if data.isascii():
            return spans
        text = data.decode("utf-8", "surrogateescape")
        wide = self._spans(text, cut=cut)
        if not wide:
            return spans
        ends = [0, *accumulate(len(one.encode("utf-8", "surrogateescape")) for one in text)]
        return _merged([*spans, *((ends[start], ends[end]) for start, end in wide)])

    def _spans(self, text: str, *, cut: bool = False) -> list[Span]:
        words = [one.span() for one in self.words.finditer(text)] if self.words else []
        if not self._may_be_in(text, cut=cut):
            return words
        found = words
        for flat in _views(text):
            breaks = _found(_without_breaks(flat), self.hexadecimal, 2 * _HEAD, cut=cut)
            found += [_with_prefix(text, one) for one in breaks]
            for view in _decoded_views(flat):
                found += _found(view, self.spellings, _HEAD, cut=cut)
                found += [_token(text, one) for one in _found(view, self.encoded, _HEAD, cut=cut)]
        # The program's own name goes out with its requests.
        own = [one.span() for one in _OWN_NAME.finditer(text)]
        return _merged(one for one in found if not _within(one, own))

    def _encoded(self, flat: _View) -> list[Span]:
        found = _found(_without_breaks(flat), self.hexadecimal, 2 * _HEAD, cut=False)
        return found + _found(flat, self.encoded, _HEAD, cut=False)

    def _may_be_in(self, text: str, *, cut: bool) -> bool:
        """True if a search is worth its time; never false where a secret is."""
        wholes = {pattern.sub("", text) for pattern in _SPLITS} - {text}
        if any(self._may_be_in(whole, cut=cut) for whole in wholes):
            return True
        least = _CUT if cut else _TAIL
        heads, tails = self._heads_of, self._tails_of[least]
        bare = flat = _flat(text)
        for _ in range(_ROUNDS + 1):
            end = flat[-_HEAD:]
            if any(head in flat for head in heads) or any(tail in end for tail in tails):
                return True
            if not _ESCAPE_SIGNS.search(flat):
                break
            flat = _flat(_ESCAPE.sub(_unescaped, flat))
        bare = _HEX_BREAKS.sub("", bare)
        end = bare[-2 * _HEAD :]
        return any(one in bare for one in self._hex_heads) or any(
            one in end for one in self._hex_tails[least]
        )


NO_SECRETS = SecretMask()
_in_force: ContextVar[SecretMask] = ContextVar("secrets in force", default=NO_SECRETS)


def mask_of(
    secrets: Iterable[str], names: Iterable[str] = (), communities: Iterable[str] = ()
) -> SecretMask:
    """The mask over secrets, over names as words, and over communities in their own field."""
    fields = sorted({one.encode() for one in communities if one}, key=len, reverse=True)
    hidden = sorted({*secrets} - {""}, key=len, reverse=True)
    long = [one for one in hidden if len(_flat(one)) >= LEAST]
    short = {one for one in hidden if len(one) >= _LEAST_WORD} - {*long}
    words = sorted(short | {one for one in names if len(one) >= _LEAST_WORD}, key=len, reverse=True)
    if not (fields or hidden or words):
        return NO_SECRETS
    word = "|".join(map(re.escape, words))
    return SecretMask(
        tuple(
            dict.fromkeys(
                spelling
                for one in long
                for spelling in _spellings(one)
                # UTF-16 may have little but zeros and controls.
                if len(spelling) >= LEAST
            )
        ),
        tuple(dict.fromkeys(spelling for one in long for spelling in _encoded(one))),
        tuple(dict.fromkeys(spelling for one in long for spelling in _hexadecimal(one))),
        re.compile(rf"(?<!\w)(?:{word})(?!\w)", re.IGNORECASE) if words else None,
        re.compile(b"|".join(map(_in_message, fields)), re.DOTALL) if fields else None,
    )


@contextmanager
def in_force(mask: SecretMask) -> Iterator[None]:
    """Hide these secrets in what peers say to this task and those it starts."""
    token = _in_force.set(mask)
    try:
        yield
    finally:
        _in_force.reset(token)


def mask_in_force() -> SecretMask:
    """The mask of the probe that runs; NO_SECRETS where none was given."""
    return _in_force.get()


def shown(raw: Raw, *, cut: bool = False) -> Raw:
    """A text of a peer, or its bytes, without the secrets in force.

    One that is `cut`, or read no further, may end in the middle of a secret.
    """
    mask = _in_force.get()
    if mask is NO_SECRETS:
        return raw
    return mask.masked_bytes(raw, cut=cut) if isinstance(raw, bytes) else mask.masked(raw, cut=cut)


def without_encodings(facts: Mapping[str, object]) -> Mapping[str, object]:
    """Facts without the secrets in force in hex or base64, which are not read as text.

    Plain ones were masked as texts of the peer; the same words may be the program's own.
    """
    mask = _in_force.get()
    if mask is NO_SECRETS:
        return facts
    return {name: _without_encodings(value, mask) for name, value in facts.items()}


def _without_encodings(value: object, mask: SecretMask) -> object:
    match value:
        case str():
            return mask.without_encodings(value)
        case Mapping():
            return {name: _without_encodings(one, mask) for name, one in value.items()}
        case list() | tuple():
            return [_without_encodings(one, mask) for one in value]
    return value


def dump(data: bytes, limit: int, separator: str = "", *, cut: bool = False) -> str:
    """The first bytes in hex without the secrets in force; see SecretMask.dump."""
    return _in_force.get().dump(data, limit, separator, cut=cut)


def byte_count(data: bytes) -> str:
    """Number of bytes as words; a text that tells none where it would tell a secret's length."""
    if _in_force.get().hidden_in(data):
        return "some bytes"
    return f"{len(data)} bytes"


def _spellings(secret: str) -> Iterator[str]:
    """Spellings of a secret but for base64, hex and escapes."""
    # Bytes are searched as Latin-1, one character each.
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield _flat(secret.encode(encoding).decode("latin-1"))
    # JSON escapes a character in two halves (RFC 8259 7).
    halves = secret.encode("utf-16-be", "surrogatepass")
    pairs = "".join(chr(high << 8 | low) for high, low in zip(*[iter(halves)] * 2, strict=True))
    for plain in (secret, pairs, secret.encode().decode("latin-1")):
        yield _flat(plain)
        yield _flat(plain.replace(" ", "+"))


def _encoded(secret: str) -> Iterator[str]:
    """A secret in base64, at each place in a group of three bytes (RFC 4648 4, 5)."""
    encodings = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
    for raw in dict.fromkeys(secret.encode(one, "replace") for one in encodings):
        for before in range(3):
            whole = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
            # Characters that stand for these bytes alone.
            core = whole[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
            if len(core) >= LEAST:
                yield core.casefold()
                yield core.translate({ord("+"): "-", ord("/"): "_"}).casefold()


def _hexadecimal(secret: str) -> Iterator[str]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield secret.encode(encoding).hex()


def _in_message(community: bytes) -> bytes:
    """A pattern of a community as a BER string (X.690 8.1.3), with what stands before it."""
    size = len(community)
    lengths = [b"\x81" + bytes((size,))] if size < 256 else []
    lengths += [bytes((size,))] if size < 128 else []
    lengths += [b"\x82" + size.to_bytes(2, "big")] if size < 65536 else []
    forms = b"|".join(map(re.escape, lengths))
    return _MESSAGE_HEAD + rb"\x04(?:" + forms + rb")" + re.escape(community)


@dataclass(frozen=True, slots=True)
class _View:
    """Text as it is searched, and the range that each character has in the original."""

    text: str
    spans: Sequence[Span]


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    """A character in lower case and in parts, as of full width; none of one that shows nothing."""
    parts = unicodedata.normalize("NFKD", char.casefold())
    # Up to 0xff others than these may be bytes of UTF-8.
    if "\x80" <= char <= "\x9f" or char == "\xad":
        return parts
    return "".join(one for one in parts if unicodedata.category(one) not in _NOT_SHOWN)


_NOT_SHOWN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_NOT_SHOWN_ASCII = dict.fromkeys((*range(0x21), 0x7F))


def _flat(text: str) -> str:
    """The text in lower case without white space, zeros as of UTF-16, and other controls."""
    if text.isascii():
        return text.translate(_NOT_SHOWN_ASCII).lower()
    return "".join(map(_folded, text))


def _views(text: str) -> Iterator[_View]:
    """The text as `_flat` has it, and without what may split a word."""
    yield _flat_view(text)
    for pattern in _SPLITS:
        if splits := [one.span() for one in pattern.finditer(text)]:
            yield _flat_view(text, splits)


def _flat_view(text: str, splits: Sequence[Span] = ()) -> _View:
    chars: list[str] = []
    spans: list[Span] = []
    begin = 0
    for end, after in (*splits, (len(text), 0)):
        for at in range(begin, end):
            for one in _folded(text[at]):
                chars.append(one)
                spans.append((at, at + 1))
        begin = after
    return _View("".join(chars), spans)


def _decoded_views(view: _View) -> Iterator[_View]:
    """The view itself, and as it reads without its escapes, again for those within escapes."""
    yield view
    for _ in range(_ROUNDS):
        chars: list[str] = []
        spans: list[Span] = []
        end = 0
        for found in _ESCAPE.finditer(view.text):
            chars.append(view.text[end : found.start()])
            spans += view.spans[end : found.start()]
            for one in _flat(_unescaped(found)):
                chars.append(one)
                spans.append((view.spans[found.start()][0], view.spans[found.end() - 1][1]))
            end = found.end()
        if not end:
            return
        view = _View("".join([*chars, view.text[end:]]), [*spans, *view.spans[end:]])
        yield view


def _unescaped(found: re.Match[str]) -> str:
    group = found.lastindex or 0
    body = found[group]
    if group == _NAMED:
        return _ENTITIES.get(body, found[0])
    if group == _QUOTED:
        return body
    code = int(body, {_DECIMAL: 10, _OCTAL: 8}.get(group, 16))
    return chr(code) if code <= 0x10FFFF else ""


def _without_breaks(view: _View) -> _View:
    """The view without what stands between the bytes of a hex dump."""
    chars: list[str] = []
    spans: list[Span] = []
    end = 0
    for found in _HEX_BREAKS.finditer(view.text):
        chars.append(view.text[end : found.start()])
        spans += view.spans[end : found.start()]
        end = found.end()
    return _View("".join([*chars, view.text[end:]]), [*spans, *view.spans[end:]])


def _found(view: _View, spellings: Iterable[str], known: int, *, cut: bool) -> list[Span]:
    """Ranges of the original that hold a spelling, or its beginning of `known` characters."""
    text, found = view.text, []
    for spelling in spellings:
        head = spelling[:known]
        at = text.find(head)
        while at >= 0:
            end = at + len(head)
            while end < len(text) and end - at < len(spelling) and text[end] == spelling[end - at]:
                end += 1
            found.append((view.spans[at][0], view.spans[end - 1][1]))
            at = text.find(head, end)
        least = known * (_CUT if cut else _TAIL) // _HEAD
        for size in range(min(len(head) - 1, len(text)), least - 1, -1):
            if text.endswith(head[:size]):
                found.append((view.spans[-size][0], view.spans[-1][1]))
                break
    return found


def _with_prefix(text: str, span: Span) -> Span:
    """The range of a hex dump with the 0x or \\x of its first byte."""
    start, end = span
    prefix = text[max(start - 2, 0) : start].casefold()
    return (start - 2 if prefix in ("0x", "\\x") else start), end


def _token(text: str, span: Span) -> Span:
    """The whole of the base64 that a range is a part of: its end would tell a length."""
    start, end = span
    while start and text[start - 1] in _BASE64:
        start -= 1
    while end < len(text) and text[end] in _BASE64:
        end += 1
    return start, end


def _text_lines(data: bytes) -> int:
    """Number of bytes that are text: all, or the lines before the first that is none."""
    found = _TEXT.match(data)
    size = 0 if found is None else found.end()
    return size if size == len(data) else data.rfind(b"\n", 0, size) + 1


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _within(span: Span, others: Iterable[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def _with_mask(text: str, spans: Sequence[Span]) -> str:
    if not spans:
        return text
    out, end = [], 0
    for start, after in spans:
        out += [text[end:start], MASK]
        end = after
    return "".join([*out, text[end:]])


def _hex_with_mask(
    data: bytes, spans: Sequence[Span], limit: int, separator: str, *, cut: bool
) -> str:
    """Hex of the first bytes; of a record that was cut nothing follows a mask.

    Where it was cut is counted in bytes of the secret too.
    """
    out, end, left = [], 0, limit
    for start, after in spans:
        if start - end >= left:
            break
        out += [data[end:start].hex(separator) if separator else data[end:start].hex(), MASK]
        left -= start - end
        end = after
    else:
        if cut and spans:
            return separator.join([*filter(None, out), "…"])
    kept = data[end : end + left]
    out.append(kept.hex(separator) if separator else kept.hex())
    out.append("…" if cut or len(data) > end + left else "")
    return separator.join(filter(None, out))
