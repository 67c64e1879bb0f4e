"""Pseudonyms for every name and address of a report."""

from __future__ import annotations

import dataclasses
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from probes.judging.host_states import HostStates
from probes.model import Evidence, Icmp, Observation, Result, Target
from probes.session import FindingRecord, Header, Session
from profiles.model import Profile
from tui.reports.anonymise_addresses import AddressPseudonyms, find_addresses
from tui.reports.anonymise_names import NamePseudonyms, directory_domains
from tui.reports.model import Report

LEFT_OUT = frozenset(
    {
        *("engine_id", "server_guid", "host_key_fingerprint", "fingerprint", "sha256", "serial"),
        "http_title",
    }
)
"""Facts that identify a device or its owner without being a name that is known."""
_PROGRAM_TEXT = re.compile(r"(?:(?:TCP connect|ICMP echo)(?: [a-z]{1,12}| [0-9]{1,5}){0,8})?")
"""Evidence that the program itself writes; all else are bytes of an exchange."""


@dataclass(frozen=True, slots=True)
class TextVisitor:
    """Visitor of the texts of a session: functions that return their replacement."""

    text: Callable[[str], str]
    name: Callable[[str], str]
    """Of a text that is a host's name or address as a whole."""
    fact: Callable[[str, str], str]
    """Of a fact's text; the first argument is the fact's name."""
    id: str
    """Stands for the session's id."""


def with_visited_texts(session: Session, visitor: TextVisitor) -> Session:
    """The session with its texts changed; the bytes of exchanges are left out."""
    return dataclasses.replace(
        session,
        header=_header(session.header, visitor),
        results=tuple(_result(result, visitor) for result in session.results),
        earlier=tuple(_result(result, visitor) for result in session.earlier),
        remarks=tuple(
            dataclasses.replace(remark, text=visitor.text(remark.text))
            for remark in session.remarks
        ),
        messages=tuple(map(visitor.text, session.messages)),
        verdicts=tuple(
            dataclasses.replace(
                verdict,
                host=visitor.name(verdict.host),
                text=visitor.text(verdict.text),
                fix=tuple(map(visitor.text, verdict.fix)),
            )
            for verdict in session.verdicts
        ),
        findings=tuple(_finding(finding, visitor) for finding in session.findings),
        removed=tuple(_target(target, visitor) for target in session.removed),
    )


def _finding(finding: FindingRecord, visitor: TextVisitor) -> FindingRecord:
    return dataclasses.replace(
        finding,
        text=visitor.text(finding.text),
        why=visitor.text(finding.why),
        fix=visitor.text(finding.fix),
        keys=tuple(_key(key, visitor) for key in finding.keys),
    )


def _key(key: str, visitor: TextVisitor) -> str:
    """The key of a row, which names its host."""
    check, bar, label = key.partition("|")
    return f"{check}{bar}{visitor.name(label)}"


def _header(header: Header, visitor: TextVisitor) -> Header:
    vantage = header.vantage
    return dataclasses.replace(
        header,
        id=visitor.id,
        vantage=dataclasses.replace(
            vantage,
            host=visitor.name(vantage.host),
            user=visitor.fact("user", vantage.user),
            os=visitor.text(vantage.os),
            addresses=tuple(map(visitor.name, vantage.addresses)),
            resolvers=tuple(map(visitor.name, vantage.resolvers)),
        ),
        targets=tuple(_target(target, visitor) for target in header.targets),
        remark=visitor.text(header.remark),
        origin=None if header.origin is None else dataclasses.replace(header.origin, id=""),
    )


def _target(target: Target, visitor: TextVisitor) -> Target:
    network = target.network and visitor.name(target.network)
    return dataclasses.replace(
        target, host=visitor.name(target.host), friendly_name="", network=network
    )


def _result(result: Result, visitor: TextVisitor) -> Result:
    target = _target(result.job.target, visitor)
    via = result.job.via
    job = dataclasses.replace(
        result.job,
        key=f"{result.job.check.id}|{target.label}",
        target=target,
        via=None if via is None else (visitor.name(via[0]), via[1]),
    )
    return Result(
        job, result.status, visitor.text(result.note), _observation(result.observation, visitor)
    )


def _observation(observation: Observation, visitor: TextVisitor) -> Observation:
    return dataclasses.replace(
        observation,
        address=None if observation.address is None else visitor.name(observation.address),
        source=None if observation.source is None else visitor.name(observation.source),
        interface=None if observation.interface is None else visitor.text(observation.interface),
        icmp=_icmp(observation.icmp, visitor),
        facts={
            visitor.text(name): _fact(name, value, visitor)
            for name, value in observation.facts.items()
        },
        evidence=tuple(_exchange(item, visitor) for item in observation.evidence),
    )


def _icmp(icmp: Icmp | None, visitor: TextVisitor) -> Icmp | None:
    return None if icmp is None else dataclasses.replace(icmp, offender=visitor.name(icmp.offender))


def _exchange(item: Evidence, visitor: TextVisitor) -> Evidence:
    return dataclasses.replace(
        item,
        address=visitor.name(item.address),
        sent=_payload(item.sent),
        received=_payload(item.received),
        state=visitor.text(item.state),
        reason=visitor.text(item.reason),
        icmp=_icmp(item.icmp, visitor),
    )


def _payload(raw: str) -> str:
    # Names are in them as DNS labels, in UTF-16, in base64 and worse.
    return raw if _PROGRAM_TEXT.fullmatch(raw) else "(left out)"


def _fact(name: str, value: object, visitor: TextVisitor) -> object:
    """A fact of JSON types, which a log holds at most 32 deep."""
    if name in LEFT_OUT:
        return "(left out)"
    if isinstance(value, str):
        return visitor.fact(name, value)
    if isinstance(value, Mapping):
        return {
            visitor.text(str(key)): _fact(str(key), item, visitor) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_fact(name, item, visitor) for item in value]
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
_REDACTED = "(left out)"

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
    """The report with pseudonyms; the same session always gives the same ones."""
    session = report.session
    # Whoever has the report but not the log's id cannot try names until one fits.
    key = hmac.digest(b"auditreach", session.header.id.encode("utf-8", "replace"), "sha256")
    collected = _NameCollector()
    with_visited_texts(
        session, TextVisitor(collected.text, collected.name, collected.fact, session.header.id)
    )
    for notice in report.notices:
        collected.text(notice)
    address_pseudonyms = AddressPseudonyms(key, iter(collected.texts))
    words = _profile_words(report.profile)
    name_pseudonyms = NamePseudonyms(
        key,
        {name for name in collected.hosts if not any(find_addresses(name))}
        | {name for name in collected.persons if name.casefold() not in words},
        {name for name in collected.domains if not any(find_addresses(name))},
        collected.texts,
        words,
        dict(_address_spellings(address_pseudonyms)),
    )

    @lru_cache(maxsize=65536)
    def text(raw: str) -> str:
        out, end = [], 0
        raw = _OPAQUE.sub(_REDACTED, raw)
        for one in find_addresses(raw):
            out += [
                name_pseudonyms.replaced(raw[end : one.begin]),
                address_pseudonyms.replacement(raw, one),
            ]
            end = one.end
        return "".join((*out, name_pseudonyms.replaced(raw[end:])))

    def name(raw: str) -> str:
        return text(raw) if any(find_addresses(raw)) else name_pseudonyms.name(raw)

    def fact(kind: str, raw: str) -> str:
        if kind in _PERSON_FACTS:
            return "user" if raw.casefold() in words else name(raw)
        return name(raw) if kind in _HOST_FACTS | _DOMAIN_FACTS else text(raw)

    id = hmac.digest(key, b"id", "sha256").hex()[:16]
    visited = with_visited_texts(session, TextVisitor(text, name, fact, id))
    return dataclasses.replace(
        report,
        session=visited,
        notices=tuple(map(text, report.notices)),
        pseudonymised=True,
        hosts=HostStates(visited.results),
    )


class _NameCollector:
    """Collector of the names and texts of a session; changes nothing."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self.hosts: set[str] = set()
        self.domains: set[str] = set()
        self.persons: set[str] = set()

    def text(self, raw: str) -> str:
        self.texts[raw] = None
        if "=" in raw:
            self.domains |= set(directory_domains(raw))
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


def _profile_words(profile: Profile) -> frozenset[str]:
    """Words of the program's own sentences, which are not replaced as a part of a name."""
    text = " ".join(
        f"{check.title} {check.purpose} {check.consequence} {check.fix} {check.required_when}"
        for check in profile.checks
    )
    return frozenset(re.findall(r"[^\W\d_]+", f"{_ENGLISH} {text}".casefold()))


def _address_spellings(pseudonyms: AddressPseudonyms) -> Iterator[tuple[str, str]]:
    """Known addresses in spellings that are names or numbers: ip-10-0-0-1, 0a000001."""
    for address in pseudonyms.known:
        if address.version == 4:
            old, new = str(address), str(pseudonyms.pseudonym(address))
            yield old, new
            yield old.replace(".", "-"), new.replace(".", "-")
            yield old.replace(".", "_"), new.replace(".", "_")
            yield f"{int(address):08x}", f"{int(pseudonyms.pseudonym(address)):08x}"
