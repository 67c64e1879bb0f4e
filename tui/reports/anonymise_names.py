"""Pseudonyms for the names of hosts and domains: `host-1.domain-2.example`. Pure.

A name is known in all its spellings: in any case, with and without its domain, as a DNS, NetBIOS
or directory name, in Unicode and in punycode. A dotted name that nobody named is replaced as well.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping

# RFC 1035 2.3.1, with the letters of RFC 5890 and the underscore of service names.
_RUN = re.compile(r"[^\W_]+(?:[-._]+[^\W_]+)*")
_SEPARATOR = re.compile(r"([-._]+)")
_DIRECTORY = re.compile(r"(?:\bdc=[\w-]+,?)+", re.IGNORECASE)
_LABEL = re.compile(r"\w(?:[\w-]{0,61}\w)?")
_MOST_LABELS = 32
_COMMON_DOMAINS = frozenset(
    {
        *("info", "home", "corp", "intra", "intern", "internal", "local", "localdomain"),
        *("localhost", "example", "test", "invalid", "arpa"),
    }
)
"""Top-level domains of more than three letters that name nobody."""
_PUBLIC = ("openssh.com", "libssh.org", "dmtf.org", "w3.org", "xmlsoap.org")
"""Domains in the names of algorithms and schemas."""
_BEGIN, _END = "\x02", "\x03"
STAND_IN = rf"{_BEGIN}[^{_END}]*{_END}"
"""Pattern of a stand-in in a text."""


def marked(stand_in: str) -> str:
    """A stand-in between marks that tell it from what is left of a text."""
    return f"{_BEGIN}{stand_in}{_END}"


def unmarked(text: str) -> str:
    """A text without the marks; one of unknown origin has none afterwards."""
    return text.replace(_BEGIN, "").replace(_END, "")


class NamePseudonyms:
    """Pseudonyms for the names of a session, the same for the same.

    `hosts` and `domains` are names, `texts` all texts they may stand in, `words` those
    of our sentences, `extra` more texts with their pseudonyms. The same
    key and names give the same pseudonyms, in whatever order they come.
    """

    def __init__(
        self,
        key: bytes,
        hosts: Iterable[str],
        domains: Iterable[str],
        texts: Iterable[str] = (),
        words: frozenset[str] = frozenset(),
        extra: Mapping[str, str] | None = None,
    ) -> None:
        named = {_tidy(name) for name in hosts} - {""}
        above = {_tidy(name) for name in domains} - {""}
        above |= {one for name in named | above if is_dotted(name) for one in _parent_domains(name)}
        named -= above
        found = {name for text in texts for name in dotted_names(text)} - named - above
        self._host = _ranked(key, {_first_label(name) for name in named | found})
        # CORP is the NetBIOS name of corp.example, not another domain.
        dotted_first = {_first_label(name): name for name in sorted(above) if "." in name}
        self._domain = _ranked(
            key, {name for name in above if _is_domain(name) and name not in dotted_first}
        )
        known = dict(extra or {})
        for name in named | found:
            known |= dict.fromkeys(_spellings(name), self._host_name(name))
        for name in self._domain:
            known |= dict.fromkeys(_spellings(name), self._domain_name(name))
        for name in above & dotted_first.keys():
            known[name] = _first_label(self._domain_name(dotted_first[name]))
        for name in sorted(named | self._domain.keys()):
            first = _first_label(name)
            if len(first) > 1 and not first.isdecimal():
                for spelled in _spellings(first):
                    known.setdefault(spelled, _first_label(known[name]))
        self._known = known
        self.words = {name: known[name] for name in words & known.keys()}
        """Pseudonyms for names that are words of our sentences too: they stay in a text."""
        in_texts = {name: other for name, other in known.items() if name not in words}
        self._in_texts = in_texts
        # Most words begin no name: only where one could begin are the longer ones tried.
        self._most: dict[str, int] = {}
        for name in in_texts:
            chunks = _SEPARATOR.split(name)
            self._most[chunks[0]] = max(len(chunks), self._most.get(chunks[0], 0))
        odd = sorted((name for name in in_texts if not _RUN.fullmatch(name)), key=len, reverse=True)
        self._odd = re.compile("|".join(map(re.escape, odd)), re.IGNORECASE) if odd else None

    def replaced(self, text: str) -> str:
        """A text without addresses, with marked pseudonyms for all names in it."""
        if self._odd is None:
            return self._runs(text)
        out, end = [], 0
        for match in self._odd.finditer(text):
            known = self._in_texts.get(match[0].casefold(), "host-0")
            out += [self._runs(text[end : match.start()]), marked(known)]
            end = match.end()
        return "".join((*out, self._runs(text[end:])))

    def name(self, text: str) -> str | None:
        """The pseudonym for a text that is a name as a whole; None if it is not known."""
        return self._known.get(_tidy(text))

    def _runs(self, text: str) -> str:
        return _RUN.sub(lambda match: self._run(match[0]), text)

    def _run(self, run: str) -> str:
        """The longest known names in a run of letters, digits and what joins them."""
        whole = self._in_texts.get(run.casefold())
        if whole is not None:
            return marked(whole)
        chunks, at = _SEPARATOR.split(run), 0
        out: list[str] = []
        while at < len(chunks):
            most = self._most.get(chunks[at].casefold(), 0)
            known, end = None, min(len(chunks), at + most)
            while known is None and end > at:
                known = self._in_texts.get("".join(chunks[at:end]).casefold())
                end -= known is None
            out.append(chunks[at] if known is None else marked(known))
            at = max(end, at + 1)
        return "".join(out)

    def _host_name(self, name: str) -> str:
        first, dot, domain = name.partition(".")
        host = f"host-{self._host[first]}"
        return f"{host}.{self._domain_name(domain)}" if dot else host

    def _domain_name(self, name: str) -> str:
        parts = [
            f"domain-{self._domain[one]}"
            for one in (name, *_parent_domains(name))
            if one in self._domain
        ]
        return ".".join(parts if parts and "." not in name else (*parts, "example"))


def dotted_names(text: str) -> Iterator[str]:
    """The host names with a dot in a text, tidied."""
    if "." not in text:
        return
    for match in _RUN.finditer(text):
        name = match[0].casefold()
        if is_dotted(name) and not name.endswith(_PUBLIC):
            yield name


def directory_domains(text: str) -> Iterator[str]:
    """The domains in distinguished names, RFC 2247: `corp.example` of `DC=corp,DC=example`."""
    for match in _DIRECTORY.finditer(text):
        yield ".".join(part.partition("=")[2] for part in match[0].split(",") if part)


def is_dotted(name: str) -> bool:
    """True if a text has the form of a host name with a domain; the last label is no number."""
    labels = name.split(".")
    last = labels[-1]
    return (
        2 <= len(labels) <= _MOST_LABELS
        and len(last) > 1
        and (last.isalpha() or last.startswith("xn--"))
        and all(map(_LABEL.fullmatch, labels))
    )


def _tidy(name: str) -> str:
    return name.strip().rstrip(".$").casefold()


def _first_label(name: str) -> str:
    return name.partition(".")[0]


def _parent_domains(name: str) -> Iterator[str]:
    """The domains a name is in, the nearest first."""
    while name := name.partition(".")[2]:
        yield name


def _is_domain(name: str) -> bool:
    """True unless it is a well-known top-level domain."""
    return "." in name or not (name in _COMMON_DOMAINS or len(name) <= 3 or name.isdecimal())


def _ranked(key: bytes, names: set[str]) -> dict[str, int]:
    def order(name: str) -> bytes:
        return hmac.digest(key, name.encode("utf-8", "surrogatepass"), "sha256")

    return {name: rank for rank, name in enumerate(sorted(names, key=order), 1)}


def _spellings(name: str) -> Iterator[str]:
    """A name in Unicode and in punycode, RFC 3490."""
    yield name
    if name.isascii() and "xn--" not in name:
        return
    try:
        yield name.encode("idna").decode() if not name.isascii() else name.encode().decode("idna")
    except UnicodeError:
        return
