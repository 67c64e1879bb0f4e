"""A report with stand-ins for whatever names a host, an address or a person in it."""

from __future__ import annotations

import dataclasses
import hmac
import re
from collections.abc import Iterator
from functools import lru_cache

from profiles.model import Profile
from tui.reports.report import Report
from tui.reports.standin_addresses import Addresses, addresses
from tui.reports.standin_names import Names, directory
from tui.reports.walk import Walk, walked

_HOST_FACTS = frozenset({"computer", "dns_computer", "dns_host_name", "sys_name", "names"})
_DOMAIN_FACTS = frozenset({"domain", "dns_domain", "forest", "realm", "workgroup"})
_PERSON_FACTS = frozenset({"user", "login_user"})
_SUBJECT_FACTS = frozenset({"subject", "issuer", "chain"})
_SUBJECT = re.compile(r"\b(?:CN|OU?|L|STREET)=([^,+]+)", re.IGNORECASE)
_ORGANISATION = re.compile(r".*_organisation")
_NETBIOS = re.compile(r"(.*)<[0-9a-f]{2}>(?: group)?", re.DOTALL)
_OPAQUE = re.compile(r"SHA256:\S+|\b[0-9A-Fa-f]{24,}\b|[A-Za-z0-9+/]{40,}={0,2}")
"""Fingerprints, tokens and dumps: names may hide in them in any encoding."""
_OUT = "(left out)"

_ENGLISH = """
    a an and any are as at audit be been but by can could did do does down for from had has have he
    how i if in into is it its may me more most must my new no none not now of off on one only or
    other our out over own root same so some such than that the their them then there these they
    this those to too two up us was way we were what when where which while who why will with you
    answer answered answers blocked client closed connect device error filtered firewall host
    hosts machine name names nothing ok open path port rejected reset server service silent status
    system test time timeout twice unreachable user
"""
"""Words of our sentences that are no names."""


def pseudonymised(report: Report) -> Report:
    """The report with stand-ins; the same session always gives the same ones."""
    session = report.session
    # Whoever has the report but not the log's id cannot try names until one fits.
    key = hmac.digest(b"auditreach", session.header.id.encode("utf-8", "replace"), "sha256")
    found = _Found()
    walked(session, Walk(found.text, found.name, found.fact, session.header.id))
    for notice in report.notices:
        found.text(notice)
    others = Addresses(key, iter(found.texts))
    words = _words(report.profile)
    names = Names(
        key,
        {name for name in found.hosts if not any(addresses(name))}
        | {name for name in found.persons if name.casefold() not in words},
        {name for name in found.domains if not any(addresses(name))},
        found.texts,
        words,
        dict(_spelled(others)),
    )

    @lru_cache(maxsize=65536)
    def text(raw: str) -> str:
        out, end = [], 0
        raw = _OPAQUE.sub(_OUT, raw)
        for one in addresses(raw):
            out += [names.replaced(raw[end : one.begin]), others.replaced(raw, one)]
            end = one.end
        return "".join((*out, names.replaced(raw[end:])))

    def name(raw: str) -> str:
        return text(raw) if any(addresses(raw)) else names.name(raw)

    def fact(kind: str, raw: str) -> str:
        if kind in _PERSON_FACTS:
            return "user" if raw.casefold() in words else name(raw)
        return name(raw) if kind in _HOST_FACTS | _DOMAIN_FACTS else text(raw)

    id = hmac.digest(key, b"id", "sha256").hex()[:16]
    return dataclasses.replace(
        report,
        session=walked(session, Walk(text, name, fact, id)),
        notices=tuple(map(text, report.notices)),
        pseudonymised=True,
    )


class _Found:
    """What a walk through a session meets; changes nothing."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self.hosts: set[str] = set()
        self.domains: set[str] = set()
        self.persons: set[str] = set()

    def text(self, raw: str) -> str:
        self.texts[raw] = None
        if "=" in raw:
            self.domains |= set(directory(raw))
        return raw

    def name(self, raw: str) -> str:
        self.hosts.add(raw)
        return self.text(raw)

    def fact(self, kind: str, raw: str) -> str:
        if kind in _DOMAIN_FACTS:
            self.domains.add(raw)
        elif kind in _PERSON_FACTS:
            self.persons.add(raw)
        elif kind in _HOST_FACTS:
            netbios = _NETBIOS.fullmatch(raw)
            self.hosts.add(netbios[1] if netbios else raw.removeprefix("*."))
        elif kind in _SUBJECT_FACTS:
            self.hosts |= set(_SUBJECT.findall(raw))
        elif _ORGANISATION.fullmatch(kind):
            self.hosts.add(raw)
        return self.text(raw)


def _words(profile: Profile) -> frozenset[str]:
    """What the program itself says: as a part of a name it gives nothing away."""
    said = " ".join(
        f"{check.title} {check.purpose} {check.consequence} {check.fix} {check.required_when}"
        for check in profile.checks
    )
    return frozenset(re.findall(r"[^\W\d_]+", f"{_ENGLISH} {said}".casefold()))


def _spelled(others: Addresses) -> Iterator[tuple[str, str]]:
    """Known addresses in spellings that are names or numbers: ip-10-0-0-1, 0a000001."""
    for address in others.known:
        if address.version == 4:
            old, new = str(address), str(others.standin(address))
            yield old, new
            yield old.replace(".", "-"), new.replace(".", "-")
            yield old.replace(".", "_"), new.replace(".", "_")
            yield f"{int(address):08x}", f"{int(others.standin(address)):08x}"
