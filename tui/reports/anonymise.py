"""Pseudonymised report: stand-ins for names and addresses, and else only what is harmless."""

from __future__ import annotations

import dataclasses
import hmac
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from probes.judging.host_states import HostStates
from profiles.model import Profile
from tui.reports.anonymise_addresses import AddressPseudonyms, find_addresses
from tui.reports.anonymise_facts import Kind
from tui.reports.anonymise_names import (
    STAND_IN,
    NamePseudonyms,
    directory_domains,
    marked,
    unmarked,
)
from tui.reports.anonymise_session import Visitor, visited
from tui.reports.anonymise_texts import (
    LEFT_OUT,
    NO_WORD,
    Vocabulary,
    program_sentences,
    with_sorted_lists,
)
from tui.reports.model import Report

USER = "user"
"""Stands for every user."""
_SHORTEST_FOREIGN = 4
_TOLD_BY = 12
"""Characters at its beginning by which a text is found that a note has cut short."""
_OPAQUE = re.compile(r"SHA256:\S+|\b[0-9A-Fa-f]{24,}\b|[A-Za-z0-9+/]{40,}={0,2}")
"""Fingerprints, tokens and dumps: names may hide in them in any encoding."""
_NETBIOS = re.compile(r"(.*)(<[0-9a-f]{2}>(?: group)?)", re.DOTALL)
_SCOPE = re.compile(r"%[^/]*")
"""Scope of an IPv6 address, RFC 4007 11: the name of an interface."""
_QUOTED = re.compile("“([^”]*)”")
"""An authority is in quotes where a sentence names it."""
_DAY = r"\d{4}-\d\d-\d\d"
_DATES = tuple(
    (re.compile(pattern), shorter)
    for pattern, shorter in (
        (rf"\bexpired on {_DAY}, (?=\d+ days? ago)", "expired "),
        (rf"(?<=\bexpired) on {_DAY}", ""),
        (rf"(?<=\bexpires in )(\d+ days?), on {_DAY}", r"\1"),
        (rf"(?<=\bexpires within a day), on {_DAY}", ""),
        (rf" valid until {_DAY}", ""),
    )
)
"""Dates beside the number of days that says the same."""


def pseudonymised(report: Report) -> Report:
    """The report with pseudonyms; the same session always gives the same ones."""
    session, profile = report.session, report.profile
    # Whoever has the report but not the log's id cannot try names until one fits.
    key = hmac.digest(b"auditreach", session.header.id.encode("utf-8", "replace"), "sha256")
    learned = _Learned(profile)
    visited(session, profile, learned.visitor())
    for notice in report.notices:
        learned.text(notice)
    stand_ins = _StandIns(key, learned, profile)
    made = visited(session, profile, stand_ins.visitor())
    return dataclasses.replace(
        report,
        session=made,
        notices=tuple(map(stand_ins.text, report.notices)),
        pseudonymised=True,
        hosts=HostStates(made.results),
    )


class _Learned:
    """Names and texts of a session; changes nothing."""

    def __init__(self, profile: Profile) -> None:
        self.texts: dict[str, None] = {}
        self.hosts: set[str] = set()
        self.domains: set[str] = set()
        self.persons: set[str] = set()
        self.authorities: set[str] = set()
        self._public = tuple(
            issuer.casefold() for check in profile.checks for issuer in check.issuers
        )

    def visitor(self) -> Visitor:
        """Visitor that learns."""
        return Visitor(
            self._sentence,
            {
                **dict.fromkeys((Kind.NAME, Kind.TEXT), self.text),
                Kind.HOST: lambda raw: self._add(self.hosts, raw.removeprefix("*.")),
                Kind.NETBIOS: lambda raw: self._add(self.hosts, _netbios_name(raw)[0]),
                Kind.DOMAIN: lambda raw: self._add(self.domains, raw),
                Kind.PERSON: lambda raw: self._add(self.persons, raw),
                Kind.AUTHORITY: self._authority,
            },
            lambda _, raw: raw,
            lambda _: b"",
            "",
        )

    def text(self, raw: str) -> str:
        self.texts[raw] = None
        if "=" in raw:
            self.domains |= set(directory_domains(raw))
        return raw

    def _sentence(self, raw: str, foreign: tuple[str, ...]) -> str:
        for one in foreign:
            if one[:_TOLD_BY] in raw:
                self.text(one)
        return self.text(raw)

    def _add(self, names: set[str], raw: str) -> str:
        names.add(raw)
        return self.text(raw)

    def _authority(self, raw: str) -> str:
        # Those that a provider's certificates are expected from are in the profile.
        if not raw.casefold().startswith(self._public or ("\0",)):
            self.authorities.add(raw)
        return self.text(raw)


class _StandIns:
    """Stand-ins for everything that was learned."""

    def __init__(self, key: bytes, learned: _Learned, profile: Profile) -> None:
        self._key = key
        self._vocabulary = Vocabulary.of((*program_sentences(), *_sentences(profile)))
        self._addresses = AddressPseudonyms(key, iter(learned.texts))
        words = self._vocabulary.words | {role.id.casefold() for role in profile.roles}
        names = {name for name in learned.hosts if not any(find_addresses(name))}
        domains = {name for name in learned.domains if not any(find_addresses(name))}
        extra = dict(_address_spellings(self._addresses))
        self._authorities = self._ranked("authority", learned.authorities - learned.hosts)
        extra |= self._authorities
        extra |= {name.casefold(): USER for name in learned.persons if name.strip()}
        self._names = NamePseudonyms(key, names, domains, learned.texts, words, extra)
        self._clean = lru_cache(maxsize=65536)(self._clean_text)
        # Every row names its host several times; there are no more names than the log has.
        self.name = lru_cache(maxsize=None)(self._name)

    def visitor(self) -> Visitor:
        """Visitor that replaces."""
        return Visitor(
            self.text,
            {
                **dict.fromkeys((Kind.HOST, Kind.DOMAIN), self.name),
                Kind.NAME: lambda raw: self._names.name(raw) or self.text(raw),
                Kind.AUTHORITY: self._authority,
                Kind.TEXT: self.text,
                Kind.NETBIOS: self._netbios,
                Kind.PERSON: lambda _: USER,
            },
            self._unknown,
            lambda text: self._hash(f"order {text}"),
            self._hash("id").hex()[:16],
        )

    def text(self, raw: str, foreign: tuple[str, ...] = ()) -> str:
        """A sentence with stand-ins and words of the program, and nothing else."""
        return self._clean(raw, tuple(one for one in foreign if one[:_TOLD_BY] in raw))

    def _name(self, raw: str) -> str:
        """The stand-in for a name or an address as a whole."""
        if _is_address(raw):
            return unmarked(self._marked(_SCOPE.sub("", raw)))
        if any(find_addresses(raw)):
            # Its end, or how many addresses it has, may be a number of the last octet.
            return self._unknown("range", raw)
        return self._names.name(raw) or self.text(raw)

    def _authority(self, raw: str) -> str:
        return self._authorities.get(raw.strip().casefold()) or self.name(raw)

    def _quoted_authority(self, found: re.Match[str]) -> str:
        name = self._authorities.get(found[1].strip().casefold())
        return f"“{marked(name)}”" if name else found[0]

    def _unknown(self, what: str, raw: str) -> str:
        return f"{what}-{self._hash(f'{what} {raw}').hex()[:6]}"

    def _netbios(self, raw: str) -> str:
        name, suffix = _netbios_name(raw)
        return f"{self.name(name)}{suffix}"

    def _clean_text(self, raw: str, foreign: tuple[str, ...]) -> str:
        raw = unmarked(raw)
        for pattern, shorter in _DATES:
            raw = pattern.sub(shorter, raw)
        raw = _QUOTED.sub(self._quoted_authority, raw)
        for one in sorted(foreign, key=len, reverse=True):
            if self._is_foreign(one):
                cut = rf"|{re.escape(one[:_TOLD_BY])}[^…]*…" if len(one) > _TOLD_BY else ""
                raw = re.sub(rf"(?<!\w)(?:{re.escape(one)}(?!\w){cut})", NO_WORD, raw)
        return self._clean_marked(self._marked(_OPAQUE.sub(NO_WORD, raw)))

    def _is_foreign(self, text: str) -> bool:
        """True unless it is all stand-in, a word or two of the program, or too short to be told."""
        made = self._marked(text)
        if len(text) < _SHORTEST_FOREIGN or re.fullmatch(STAND_IN, made.rstrip(".")):
            return False
        is_long = text.count(" ") > 1 or any(map(str.isdecimal, text))
        return is_long or self._clean_marked(made) != text

    def _clean_marked(self, text: str) -> str:
        return self._vocabulary.kept(with_sorted_lists(text), self._names.words)

    def _marked(self, raw: str) -> str:
        """A text with marked stand-ins for the names and addresses in it."""
        out, end = [], 0
        for one in find_addresses(raw):
            out += [
                self._names.replaced(raw[end : one.begin]),
                marked(self._addresses.replacement(raw, one) or LEFT_OUT),
            ]
            end = one.end
        return "".join((*out, self._names.replaced(raw[end:])))

    def _ranked(self, what: str, names: Iterable[str]) -> dict[str, str]:
        some = {name.strip().casefold() for name in names} - {""}
        ranked = sorted(some, key=lambda name: self._hash(f"{what} {name}"))
        return {name: f"{what}-{rank}" for rank, name in enumerate(ranked, 1)}

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")


def _netbios_name(raw: str) -> tuple[str, str]:
    """A name of NetBIOS and the suffix behind it, as it was shown."""
    found = _NETBIOS.fullmatch(raw)
    return (found[1], found[2]) if found else (raw, "")


def _is_address(text: str) -> bool:
    """True if a text is an address or a prefix as a whole."""
    address, slash, length = text.partition("/")
    try:
        ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return not slash or length.isdecimal()


def _sentences(profile: Profile) -> Iterator[str]:
    """Every text of a profile."""
    yield from _strings_of(dataclasses.asdict(dataclasses.replace(profile, file=b"")))


def _strings_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings_of(item)


def _address_spellings(pseudonyms: AddressPseudonyms) -> Iterator[tuple[str, str]]:
    """Known addresses in spellings that are names or numbers: ip-10-0-0-1, 0a000001."""
    for address in pseudonyms.known:
        if address.version == 4:
            old, new = str(address), str(pseudonyms.pseudonym(address))
            yield old, new
            yield old.replace(".", "-"), new.replace(".", "-")
            yield old.replace(".", "_"), new.replace(".", "_")
            yield f"{int(address):08x}", f"{int(pseudonyms.pseudonym(address)):08x}"
