"""Pseudonyms for every name and address of a report."""

from __future__ import annotations

import dataclasses
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from probes.model import Evidence, Icmp, Observation, Result, Target
from probes.session import FindingRecord, Header, Session
from profiles.model import Profile
from tui.reports.anonymise_addresses import Addresses, addresses
from tui.reports.anonymise_names import Names, directory
from tui.reports.model import Report

LEFT_OUT = frozenset(
    {
        *("engine_id", "server_guid", "host_key_fingerprint", "fingerprint", "sha256", "serial"),
        "http_title",
    }
)
"""Facts that identify a device or its owner without being a name that is known."""
_OUR_OWN = re.compile(r"(?:(?:TCP connect|ICMP echo)(?: [a-z]{1,12}| [0-9]{1,5}){0,8})?")
"""What the program writes into the evidence itself; all else are bytes of an exchange."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What becomes of each text."""

    text: Callable[[str], str]
    name: Callable[[str], str]
    """Of a text that is a host's name or address as a whole."""
    fact: Callable[[str, str], str]
    """Of a fact's text; the first argument is the fact's name."""
    id: str
    """Stands for the session's id."""


def walked(session: Session, walk: Walk) -> Session:
    """The session with its texts changed; the bytes of exchanges are left out."""
    return dataclasses.replace(
        session,
        header=_header(session.header, walk),
        results=tuple(_result(result, walk) for result in session.results),
        earlier=tuple(_result(result, walk) for result in session.earlier),
        remarks=tuple(
            dataclasses.replace(remark, text=walk.text(remark.text)) for remark in session.remarks
        ),
        messages=tuple(map(walk.text, session.messages)),
        verdicts=tuple(
            dataclasses.replace(
                verdict,
                host=walk.name(verdict.host),
                text=walk.text(verdict.text),
                fix=tuple(map(walk.text, verdict.fix)),
            )
            for verdict in session.verdicts
        ),
        findings=tuple(_finding(finding, walk) for finding in session.findings),
        removed=tuple(_target(target, walk) for target in session.removed),
    )


def _finding(finding: FindingRecord, walk: Walk) -> FindingRecord:
    return dataclasses.replace(
        finding,
        text=walk.text(finding.text),
        why=walk.text(finding.why),
        fix=walk.text(finding.fix),
        keys=tuple(_key(key, walk) for key in finding.keys),
    )


def _key(key: str, walk: Walk) -> str:
    """The key of a row, which names its host."""
    check, bar, label = key.partition("|")
    return f"{check}{bar}{walk.name(label)}"


def _header(header: Header, walk: Walk) -> Header:
    vantage = header.vantage
    return dataclasses.replace(
        header,
        id=walk.id,
        vantage=dataclasses.replace(
            vantage,
            host=walk.name(vantage.host),
            user=walk.fact("user", vantage.user),
            os=walk.text(vantage.os),
            addresses=tuple(map(walk.name, vantage.addresses)),
            resolvers=tuple(map(walk.name, vantage.resolvers)),
        ),
        targets=tuple(_target(target, walk) for target in header.targets),
        remark=walk.text(header.remark),
        origin=None if header.origin is None else dataclasses.replace(header.origin, id=""),
    )


def _target(target: Target, walk: Walk) -> Target:
    return dataclasses.replace(target, host=walk.name(target.host), friendly_name="")


def _result(result: Result, walk: Walk) -> Result:
    target = _target(result.job.target, walk)
    via = result.job.via
    job = dataclasses.replace(
        result.job,
        key=f"{result.job.check.id}|{target.label}",
        target=target,
        via=None if via is None else (walk.name(via[0]), via[1]),
    )
    return Result(job, result.status, walk.text(result.note), _seen(result.observation, walk))


def _seen(seen: Observation, walk: Walk) -> Observation:
    return dataclasses.replace(
        seen,
        address=None if seen.address is None else walk.name(seen.address),
        source=None if seen.source is None else walk.name(seen.source),
        interface=None if seen.interface is None else walk.text(seen.interface),
        icmp=_icmp(seen.icmp, walk),
        facts={walk.text(name): _fact(name, value, walk) for name, value in seen.facts.items()},
        evidence=tuple(_exchange(item, walk) for item in seen.evidence),
    )


def _icmp(icmp: Icmp | None, walk: Walk) -> Icmp | None:
    return None if icmp is None else dataclasses.replace(icmp, offender=walk.name(icmp.offender))


def _exchange(item: Evidence, walk: Walk) -> Evidence:
    return dataclasses.replace(
        item,
        address=walk.name(item.address),
        sent=_payload(item.sent),
        received=_payload(item.received),
        state=walk.text(item.state),
        reason=walk.text(item.reason),
        icmp=_icmp(item.icmp, walk),
    )


def _payload(raw: str) -> str:
    # Names are in them as DNS labels, in UTF-16, in base64 and worse.
    return raw if _OUR_OWN.fullmatch(raw) else "(left out)"


def _fact(name: str, value: object, walk: Walk) -> object:
    """A fact of JSON types, which a log holds at most 32 deep."""
    if name in LEFT_OUT:
        return "(left out)"
    if isinstance(value, str):
        return walk.fact(name, value)
    if isinstance(value, Mapping):
        return {walk.text(str(key)): _fact(str(key), item, walk) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fact(name, item, walk) for item in value]
    return value


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
