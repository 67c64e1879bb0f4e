"""Hosts that show what is another's, a key or a certificate; and names logins need. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from probes.judging.findings.hosts import Survey
from probes.judging.findings.text import count, some
from probes.model import MISSING, Confidence, Finding, FindingKind, Result
from probes.registry import probe_of

_KEY = "host_key_fingerprint"
NAMESAKES = 3
"""Names of one address from which on it is told; two are often a host and its alias."""
_DOMAIN_LOGIN = "domain_credentials"
"""Id of the question whose yes makes Kerberos the way to log in."""


def keys_shared(survey: Survey) -> Iterator[Finding]:
    """One host key on several hosts."""
    shown: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for result in survey.telling:
        key = result.observation.facts.get(_KEY)
        host = survey.host_of.get(result.job.key)
        if isinstance(key, str) and key and host is not None and result.status not in MISSING:
            shown[key][host].append(result.job.key)
    for key, by_host in shown.items():
        if len(by_host) > 1 and not _one_address(survey, by_host.values()):
            labels = sorted(survey.hosts[host].label for host in by_host)
            text = f"{some(labels)} show the same host key ({key})"
            why = "one machine with several addresses, or clones that share their secret key"
            rows = tuple(sorted(row for rows in by_host.values() for row in rows))
            fix = "If they are clones, make a new host key on each."
            yield Finding(FindingKind.IDENTITY, text, Confidence.CERTAIN, why, rows, fix)


def _one_address(survey: Survey, by_host: Iterable[list[str]]) -> bool:
    """Whether these rows were all measured on the same address, whatever it was called."""
    keys = {key for keys in by_host for key in keys}
    seen = {one.observation.address for one in survey.telling if one.job.key in keys}
    return len({survey.places.number(address) for address in seen}) == 1


def namesakes(survey: Survey, claimed: Collection[str]) -> Iterator[Finding]:
    """Several names with one address: perhaps none of them but one exists."""
    rows: dict[str, list[str]] = defaultdict(list)
    for row, its in survey.host_of.items():
        if row not in claimed:
            rows[its].append(row)
    for key, host in survey.hosts.items():
        names = sorted(name for name in host.names if survey.places.number(name) is None)
        if len({_plain(name) for name in names}) >= NAMESAKES and rows[key]:
            text = f"{len(names)} names lead to {host.address} ({some(names)})"
            why = (
                "aliases do; so does a DNS that gives names it does not know an address (wildcard)"
            )
            fix = "If they are meant to be different hosts, correct the names or their DNS entries."
            keys = tuple(sorted(rows[key]))
            yield Finding(FindingKind.IDENTITY, text, Confidence.LIKELY, why, keys, fix)


def certificates(survey: Survey, claimed: Collection[str]) -> Iterator[Finding]:
    """Certificates that are for another host, above all for another one of this session."""
    asked = {_plain(host): host for host in sorted({one.job.target.host for one in survey.results})}
    for result in survey.telling:
        facts = result.observation.facts
        certificate = facts.get("certificate")
        names = _names(certificate) if isinstance(certificate, dict) else ()
        host = result.job.target.host
        if result.job.key in claimed:
            continue
        if not names or any(_covers(name, _plain(host)) for name in names):
            continue
        others = sorted({asked[_plain(name)] for name in names if _plain(name) in asked})
        if others:
            text = f"{host} shows the certificate of {some(others)}"
            why = "the name leads to another host than meant, or both are behind one server"
            yield _certificate(result, text, Confidence.LIKELY, why)
        elif facts.get("distrust") == "name-mismatch":
            text = f"{host} shows a certificate for another name: {some(names)}"
            yield _certificate(result, text, Confidence.CERTAIN, "its names were compared")


def addressed(survey: Survey, answers: Mapping[str, str]) -> Iterator[Finding]:
    """Hosts that were named by address where the login needs a name (RFC 4120 6.2.1)."""
    if answers.get(_DOMAIN_LOGIN) != "yes":
        return
    rows = [
        result
        for result in survey.results
        if probe_of(result.job.check).domain_login
        and result.status not in MISSING
        and survey.places.number(result.job.target.host) is not None
        and result.job.key in survey.host_of
    ]
    if rows:
        hosts = sorted({result.job.target.host for result in rows})
        text = (
            f"{count(len(hosts), 'Windows host is', 'Windows hosts are')} named by address "
            f"({some(hosts)}): Kerberos needs a name, so domain credentials do not work by address"
        )
        why = "no service ticket is issued for an address, unless the domain allows it on purpose"
        keys = tuple(sorted(result.job.key for result in rows))
        yield Finding(
            FindingKind.IDENTITY,
            text,
            Confidence.LIKELY,
            why,
            keys,
            "Name them by their DNS names.",
        )


def _certificate(result: Result, text: str, sure: Confidence, why: str) -> Finding:
    fix = result.observation.facts.get("fix")
    said = fix if isinstance(fix, str) else ""
    return Finding(FindingKind.IDENTITY, text, sure, why, (result.job.key,), said)


def _names(certificate: Mapping[str, object]) -> tuple[str, ...]:
    names = certificate.get("names")
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def _plain(name: str) -> str:
    return name.casefold().rstrip(".").partition("%")[0]


def _covers(name: str, host: str) -> bool:
    """Whether a certificate's name is for a host, a wildcard for one label (RFC 9525 6.3)."""
    name = _plain(name)
    return name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2])
