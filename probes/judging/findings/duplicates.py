"""Host keys, addresses and certificates that several hosts share. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from probes.judging.findings.hosts import ClassifiedResults
from probes.judging.text import count, some
from probes.model import MISSING, Confidence, Finding, FindingKind, Result
from probes.registry import probe_of

_HOST_KEY_FACT = "host_key_fingerprint"
MIN_NAMES = 3
"""Names of one address that are reported; two are often a host and its alias."""
_DOMAIN_CREDENTIALS = "domain_credentials"
"""Id of the question whose yes makes Kerberos the way to log in."""


def shared_host_keys(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about one host key on several hosts."""
    by_key: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for result in results.with_facts:
        key = result.observation.facts.get(_HOST_KEY_FACT)
        host = results.host_of.get(result.job.key)
        if isinstance(key, str) and key and host is not None and result.status not in MISSING:
            by_key[key][host].append(result.job.key)
    for key, by_host in by_key.items():
        if len(by_host) > 1 and not _have_one_address(results, by_host.values()):
            labels = sorted(results.hosts[host].label for host in by_host)
            text = f"{some(labels)} show the same host key ({key})"
            why = "one machine with several addresses, or clones that share their secret key"
            rows = tuple(sorted(row for rows in by_host.values() for row in rows))
            fix = "If they are clones, make a new host key on each."
            yield Finding(FindingKind.IDENTITY, text, Confidence.CERTAIN, why, rows, fix)


def _have_one_address(results: ClassifiedResults, by_host: Iterable[list[str]]) -> bool:
    """True if these rows were all measured on the same address, under any name."""
    keys = {key for keys in by_host for key in keys}
    seen = {one.observation.address for one in results.with_facts if one.job.key in keys}
    return len({results.subnets.number(address) for address in seen}) == 1


def shared_addresses(results: ClassifiedResults, claimed: Collection[str]) -> Iterator[Finding]:
    """Findings about several names with one address: perhaps only one of them exists."""
    rows: dict[str, list[str]] = defaultdict(list)
    for row, its in results.host_of.items():
        if row not in claimed:
            rows[its].append(row)
    for key, host in results.hosts.items():
        names = sorted(name for name in host.names if results.subnets.number(name) is None)
        if len({_normalized(name) for name in names}) >= MIN_NAMES and rows[key]:
            text = f"{len(names)} names lead to {host.address} ({some(names)})"
            why = "aliases look the same; so does a wildcard in DNS, which answers for every name"
            fix = "If they are meant to be different hosts, correct the names or their DNS entries."
            keys = tuple(sorted(rows[key]))
            yield Finding(FindingKind.IDENTITY, text, Confidence.LIKELY, why, keys, fix)


def foreign_certificates(results: ClassifiedResults, claimed: Collection[str]) -> Iterator[Finding]:
    """Findings about certificates for another host, above all one of this session."""
    asked = {
        _normalized(host): host for host in sorted({one.job.target.host for one in results.rows})
    }
    for result in results.with_facts:
        facts = result.observation.facts
        certificate = facts.get("certificate")
        names = _certificate_names(certificate) if isinstance(certificate, dict) else ()
        host = result.job.target.host
        if result.job.key in claimed:
            continue
        if not names or any(_covers(name, _normalized(host)) for name in names):
            continue
        others = sorted({asked[_normalized(name)] for name in names if _normalized(name) in asked})
        if others:
            text = f"{host} shows the certificate of {some(others)}"
            why = "the name leads to another host than meant, or both are behind one server"
            yield _certificate_finding(result, text, Confidence.LIKELY, why)
        elif facts.get("distrust") == "name-mismatch":
            text = f"{host} shows a certificate for another name: {some(names)}"
            yield _certificate_finding(result, text, Confidence.CERTAIN, "its names were compared")


def hosts_named_by_address(
    results: ClassifiedResults, answers: Mapping[str, str]
) -> Iterator[Finding]:
    """Findings about hosts named by address where the login needs a name (RFC 4120 6.2.1)."""
    if answers.get(_DOMAIN_CREDENTIALS) != "yes":
        return
    rows = [
        result
        for result in results.rows
        if probe_of(result.job.check).domain_login
        and result.status not in MISSING
        and results.subnets.number(result.job.target.host) is not None
        and result.job.key in results.host_of
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


def _certificate_finding(result: Result, text: str, confidence: Confidence, why: str) -> Finding:
    fix = result.observation.facts.get("fix")
    fix_text = fix if isinstance(fix, str) else ""
    return Finding(FindingKind.IDENTITY, text, confidence, why, (result.job.key,), fix_text)


def _certificate_names(certificate: Mapping[str, object]) -> tuple[str, ...]:
    names = certificate.get("names")
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def _normalized(name: str) -> str:
    return name.casefold().rstrip(".").partition("%")[0]


def _covers(name: str, host: str) -> bool:
    """True if a certificate's name is for a host; a wildcard is for one label (RFC 9525 6.3)."""
    name = _normalized(name)
    return name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2])
