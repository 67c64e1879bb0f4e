"""Table of the facts that a pseudonymised report may hold, and how each is made harmless.

A fact that has no row here, and a value of another type than its row says, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from math import isfinite

from probes.model import (
    ACCEPTS_EVERYTHING,
    ANSWERED_AFTER,
    IPV4_ONLY,
    MEASURED_AS,
    NOT_SENT,
    SYN_RESENT,
    WRONG_PRODUCT,
)


class Kind(Enum):
    """Kind of value of a fact; a list holds values of one kind."""

    FLAG = auto()
    COUNT = auto()
    """A count, a code or a port: 0 to 65535."""
    SECONDS = auto()
    NAME = auto()
    """Name or address of a host or domain, as a whole: it becomes its stand-in."""
    HOST = auto()
    """The same; the value is learned as the name of a host."""
    DOMAIN = auto()
    """The same; the value is learned as the name of a domain."""
    NETBIOS = auto()
    """The same, with the suffix of its kind: `PC1<00>`."""
    PERSON = auto()
    AUTHORITY = auto()
    """Name of who issues certificates."""
    TEXT = auto()
    """Words, of which those of the program stay."""
    VERSION = auto()
    """Version of a protocol, such as 3.1.1."""
    DAY = auto()
    """A time: it becomes the number of days from the session to it."""


Row = Kind | Mapping[str, "Row"]
_FLAGS = (
    *(
        ACCEPTS_EVERYTHING,
        NOT_SENT,
        SYN_RESENT,
        "no_arp_reply",
        "interception",
        "no_authorities",
        "warning",
    ),
    *("authoritative", "recursion_available", "truncated", "complete", "signing_required"),
    *("realm_proven", "smb1_only", "ssh1_only", "busy", "printer", "print_queue", "vcenter"),
    "anonymous_identify",
)
_COUNTS = ("http_status", "proxy_status", "error_code", "result_code", "listed", "ports")
_SECONDS = (ANSWERED_AFTER, "clock_skew_s")
_NAMES = (IPV4_ONLY, "answered_from", "unanswered", "proxy", "mac", "retarget")
_HOSTS = ("answers", "aliases", "computer", "dns_computer", "dns_host_name", "sys_name")
_DOMAINS = ("domain", "dns_domain", "forest", "realm", "asked_realm", "workgroup")
_TEXTS = (
    *("summary", "problem", "fix", "hint", "shortfall", WRONG_PRODUCT, MEASURED_AS, "mapper"),
    *("http_problem", "unproven", "distrust", "certificate_problem", "other_addresses"),
    *("answered_by", "question", "product", "software", "auth_methods", "login", "login_method"),
    *("signing", "versions", "tls", "tls_version", "refused", "community", "answer", "result"),
    "answer_words",
    *("domain_functional_level", "forest_functional_level", "controller_functional_level"),
)
_CERTIFICATE: Mapping[str, Kind] = {
    "subject": Kind.HOST,
    "issuer": Kind.AUTHORITY,
    "issuer_organisation": Kind.AUTHORITY,
    "names": Kind.HOST,
    "not_before": Kind.DAY,
    "not_after": Kind.DAY,
    "signature_hash": Kind.TEXT,
    "common_name_only": Kind.FLAG,
}
_NAMED: Mapping[str, Kind] = {"name": Kind.HOST, "addresses": Kind.HOST}
_RESOLVED: Mapping[str, Row] = {
    "addresses": Kind.HOST,
    "server": Kind.NAME,
    "reverse": {"address": Kind.HOST, "names": _NAMED},
    "controllers": {"domain": Kind.DOMAIN, "names": Kind.HOST},
}
_TRIED: Mapping[str, Kind] = {
    "address": Kind.HOST,
    "port": Kind.COUNT,
    **dict.fromkeys(("name", "state", "reason", "problem"), Kind.TEXT),
}
_ASKED: Mapping[str, Kind] = {
    "from": Kind.NAME,
    **dict.fromkeys(("port", "state", "reason", "service", "answer"), Kind.TEXT),
}

FACTS: Mapping[str, Row] = {
    **dict.fromkeys(_FLAGS, Kind.FLAG),
    **dict.fromkeys(_COUNTS, Kind.COUNT),
    **dict.fromkeys(_SECONDS, Kind.SECONDS),
    **dict.fromkeys(_NAMES, Kind.NAME),
    **dict.fromkeys(_HOSTS, Kind.HOST),
    **dict.fromkeys(_DOMAINS, Kind.DOMAIN),
    **dict.fromkeys(_TEXTS, Kind.TEXT),
    "names": Kind.NETBIOS,
    "login_user": Kind.PERSON,
    "dialect": Kind.VERSION,
    "certificate": _CERTIFICATE,
    "resolved": _RESOLVED,
    "addresses": _TRIED,
    "tried": _TRIED,
    "asked": _ASKED,
}
"""Row of each fact by its name: the kind of its value, or the rows of a nested object."""

_MOST_COUNT = 65535
_MOST_SECONDS = 10_000_000
_VERSION = re.compile(r"\d{1,2}(?:\.\d{1,3}){0,2}")
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class FactTexts:
    """Functions for the texts among facts, by kind; a kind without one is a bare value."""

    of: Mapping[Kind, Callable[[str], str]]
    session_day: date | None = None
    """Day that days are counted from."""


def harmless_facts(facts: Mapping[str, object], texts: FactTexts) -> dict[str, object]:
    """The facts that have a row, made harmless."""
    return _harmless_object(facts, FACTS, texts, _DEEPEST)


def foreign_texts(facts: object, rows: Row | None = FACTS, deep: int = _DEEPEST) -> Iterator[str]:
    """Texts that have no row: others said them, and a note may repeat them."""
    if deep and isinstance(facts, Mapping):
        of = rows if isinstance(rows, Mapping) else {}
        for name, value in facts.items():
            yield from foreign_texts(value, of.get(name), deep - 1)
    elif deep and isinstance(facts, (list, tuple)):
        for value in facts:
            yield from foreign_texts(value, rows, deep - 1)
    elif isinstance(facts, str) and rows is None:
        yield facts


def _harmless_object(
    facts: Mapping[str, object], rows: Mapping[str, Row], texts: FactTexts, deep: int
) -> dict[str, object]:
    made: dict[str, object] = {}
    for name, value in facts.items():
        row = rows.get(name)
        kept = None if row is None else _harmless(value, row, texts, deep - 1)
        if row is Kind.DAY and kept is not None:
            made[f"{name}_in_days"] = kept
        elif kept is not None:
            made[name] = kept
    return made


def _harmless(value: object, row: Row, texts: FactTexts, deep: int) -> object:
    """A value of this kind, made harmless; None if it is to be left out."""
    if deep and isinstance(value, (list, tuple)):
        items = [_harmless(item, row, texts, deep - 1) for item in value]
        kept = [item for item in items if item is not None]
        return sorted(kept, key=str) if isinstance(row, Kind) and row in _UNORDERED else kept
    if not isinstance(row, Kind):
        return _harmless_object(value, row, texts, deep) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        if row is Kind.DAY:
            return _days(value, texts.session_day)
        if row is Kind.VERSION:
            return value if _VERSION.fullmatch(value) else None
        return texts.of[row](value) if row in texts.of else None
    return _number(value, row)


_UNORDERED = frozenset({Kind.HOST, Kind.NAME, Kind.NETBIOS})
"""Kinds whose order in a list would tell the order of what their stand-ins hide."""


def _number(value: object, row: Kind) -> object:
    if row is Kind.FLAG or isinstance(value, bool):
        return value if row is Kind.FLAG and isinstance(value, bool) else None
    if row is Kind.COUNT:
        return value if isinstance(value, int) and 0 <= value <= _MOST_COUNT else None
    if row is Kind.SECONDS and isinstance(value, (int, float)) and isfinite(value):
        return round(value, 1) if abs(value) <= _MOST_SECONDS else None
    return None


def _days(value: str, since: date | None) -> int | None:
    try:
        return None if since is None else (datetime.fromisoformat(value).date() - since).days
    except ValueError:
        return None
