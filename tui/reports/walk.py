"""A session with every text in it that may come from the network or the operator changed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from probes.model import Evidence, Icmp, Observation, Result, Target
from probes.session import FindingRecord, Header, Session

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
