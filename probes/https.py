"""HTTPS: TLS with a certificate that is believed, and HTTP behind it, also through a proxy."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.clients.http import exchanged, page
from probes.clients.proxy import ProxyRefused, tunnelled
from probes.clients.tls import NotTls, Secured, believes_nobody, trusted, unverified
from probes.model import Evidence, Service
from probes.vantage.stream import LimitExceeded, Stream
from probes.wire.certificate import BadCertificate, Certificate, distrust, read_certificate
from probes.wire.http import Exchange, NotHttp, Request, authority
from probes.wire.proxy import parse_proxy
from probes.wire.text import printable
from probes.wire.unexpected import PAGE_MOST, is_html, title

SOON = timedelta(days=14)
"""A certificate that expires within this is a warning."""
SHARE = 0.9
"""Part of the deadline used here; the rest is for saying what was found when it ran out."""
PAGE_WITHIN = 1.0
"""Seconds a page has to show its title, at most half of those that are left."""
PORT = 443
CHAIN_MOST = 8
KEPT = 256

_EXEMPT = "Exempt this host from TLS inspection for the Audit Service host."
_INTERCEPTION = "as a device that opens and re-signs TLS does"
_BY_NAME = "a firewall that filters by server name (SNI) does this"
_BY_SIZE = "a path that drops large packets (MTU) does this, and a filter that goes silent"
_LOOK_FOR = (
    "Look on the way for what drops large packets or ICMP (fragmentation needed), and for a filter "
    "of TLS; the connection itself is let through."
)
_TOO_OLD = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"})


@dataclass(slots=True)
class _Found:
    """What is known so far, for the answer that is given when the rest does not come."""

    phase: str = "proxy"
    facts: dict[str, object] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    refused: ssl.SSLCertVerificationError | None = None
    chain: Sequence[Certificate] = ()

    def answer(self, service: Service, summary: str, **facts: object) -> Answer:
        return Answer(service, {**self.facts, **facts, "summary": summary}, self.timings)


async def ask(call: Call) -> Answer:
    """Shake hands with the host's name, verify its chain, and GET / : any status proves HTTP.

    After a chain that is not believed, one more connection looks at it. What fails is said in the
    summary, and `unproven` tells where: proxy, tls, certificate or http. Raises Unexpected for
    another protocol and NotOffered when the CA file cannot be read.
    """
    trust = await trusted(call.options.ca_file)
    found = _Found()
    try:
        async with asyncio.timeout(call.timeout * SHARE):
            return await _asked(call, trust, found)
    except (ProxyRefused, NotTls, NotHttp) as error:
        return _other(error, found)
    except ssl.SSLError as error:
        return _failed(error, found)
    except (EOFError, OSError) as error:
        # A look at the chain that came to nothing leaves the reason why it was looked at.
        return _distrusted(call, trust, found) if found.refused else _silent(call, error, found)


async def _asked(call: Call, trust: ssl.SSLContext, found: _Found) -> Answer:
    loop = asyncio.get_running_loop()
    ends = loop.time() + call.timeout * SHARE
    stream = await call.stream()
    await _through(call, stream, found)
    found.phase, began = "tls", loop.time()
    secured = Secured(stream, trust, _name(call))
    try:
        await secured.handshake()
    except ssl.SSLCertVerificationError as error:
        found.refused = error
    found.timings["tls"] = (loop.time() - began) * 1000
    if found.refused is not None:
        await _look(call, found)
        return _distrusted(call, trust, found)
    _keep(secured, found)
    found.phase, began = "http", loop.time()
    request = Request(
        "GET",
        "/",
        authority(_name(call), call.port, PORT),
        (("User-Agent", "auditreach"), ("Accept", "*/*")),
    )
    exchange = Exchange(request, body_most=PAGE_MOST, bodies=range(0))
    response = await exchanged(secured, exchange)
    found.timings["answer"] = (loop.time() - began) * 1000
    found.facts["http_status"] = response.status
    for name in ("server", "location", "date"):
        if value := printable(response.header(name), 200):
            found.facts[f"http_{name}"] = value
    if is_html(kind := response.header("content-type")):
        within = min(PAGE_WITHIN, (ends - loop.time()) / 2)
        if name := title(await page(secured, exchange, within), kind):
            found.facts["http_title"] = name
    headers = "; ".join(f"{name}: {value}" for name, value in response.headers[:8])
    call.evidence.append(
        Evidence(
            address=call.address,
            sent=printable(exchange.sent, KEPT),
            received=printable(f"{response.status_line}; {headers}", KEPT),
            at_ms=round((began - call.start_time) * 1000, 3),
        )
    )
    return _proven(call, found, response.status)


async def _through(call: Call, stream: Stream, found: _Found) -> None:
    """Ask the proxy for a tunnel, where the row goes through one."""
    if not call.job.proxy:
        return
    loop = asyncio.get_running_loop()
    began = loop.time()
    proxy = parse_proxy(call.options.proxy)
    await tunnelled(stream, proxy, call.job.proxy, _name(call), call.port)
    found.timings["proxy"] = (loop.time() - began) * 1000


async def _look(call: Call, found: _Found) -> None:
    """Connect once more and believe everybody, to see the chain."""
    try:
        stream = await call.connect()
        await _through(call, stream, replace(found, timings={}))
        secured = Secured(stream, unverified(), _name(call))
        await secured.handshake()
    except (NoAnswer, ProxyRefused, NotTls, LimitExceeded, EOFError, ssl.SSLError, ConnectionError):
        return
    _keep(secured, found)


def _keep(secured: Secured, found: _Found) -> None:
    """The session and the certificates as facts."""
    chain = []
    for der in secured.chain()[:CHAIN_MOST]:
        try:
            chain.append(read_certificate(der))
        except BadCertificate as error:
            found.facts["certificate_problem"] = str(error)
            break
    found.chain = chain
    found.facts["tls"] = secured.version
    if chain:
        found.facts["certificate"] = chain[0].facts()
        found.facts["chain"] = [one.subject for one in chain]


def _proven(call: Call, found: _Found, status: int) -> Answer:
    """A believed chain and an HTTP answer; what will bite stands first."""
    what = f"{found.facts['tls']}, HTTP {status}"
    if not found.chain:
        return found.answer(Service.CONFIRMED, f"{what}, certificate verified")
    leaf = found.chain[0]
    bites = []
    if _stranger(call, leaf):
        found.facts |= {"interception": True, "fix": _EXEMPT}
        bites.append(
            f"TLS interception: “{_issuer(leaf)}” issued the certificate of {_name(call)}, "
            f"not {_expected(call)}, {_INTERCEPTION}"
        )
    left = leaf.not_after - _now()
    if left < SOON:
        bites.append(f"the certificate expires {_in(left)}, on {leaf.not_after:%Y-%m-%d}")
    if bites:
        text = "; ".join([*bites, what])
        return found.answer(Service.CONFIRMED, text[0].upper() + text[1:], warning=True)
    until = f"certificate by “{_issuer(leaf)}” valid until {leaf.not_after:%Y-%m-%d}"
    return found.answer(Service.CONFIRMED, f"{what}, {until}")


def _distrusted(call: Call, trust: ssl.SSLContext, found: _Found) -> Answer:
    """A chain that is not believed, with the reason; the audit would not believe it either."""
    error = found.refused
    assert error is not None
    reason = distrust(error.verify_code, error.verify_message, found.chain, _name(call), _now())
    text = f"Open, but its certificate {reason.text}"
    more: dict[str, object] = {"fix": reason.fix}
    if found.chain and _stranger(call, found.chain[0]):
        more = {"interception": True, "fix": _EXEMPT}
        text += (
            f". TLS interception is likely: “{_issuer(found.chain[0])}” issued it, "
            f"not {_expected(call)}, {_INTERCEPTION}"
        )
    elif reason.word in ("private-ca", "missing-intermediate") and believes_nobody(trust):
        more["no_authorities"] = True
        text += ". This machine trusts no authority at all; install its ca-certificates"
    return found.answer(
        Service.UNEXPECTED,
        text,
        unproven="certificate",
        distrust=reason.word,
        verify_code=error.verify_code,
        **more,
    )


def _other(error: ProxyRefused | NotTls | NotHttp, found: _Found) -> Answer:
    """Somebody answered, but not what was asked for."""
    if isinstance(error, ProxyRefused):
        return found.answer(Service.UNEXPECTED, str(error), unproven="proxy", **error.facts)
    if isinstance(error, NotHttp):
        raise Unexpected(f"over {found.facts['tls']} it is {error}") from None
    raise Unexpected(str(error)) from None


def _failed(error: ssl.SSLError, found: _Found) -> Answer:
    """TLS that ended in an alert or in nonsense."""
    reason = error.reason or "UNKNOWN"
    words = printable(reason.replace("_", " ").lower(), 80)
    if "CERTIFICATE_REQUIRED" in reason:
        text = "Open, but it demands a certificate of the client"
    elif reason in _TOO_OLD:
        text = "Open, but it speaks no TLS version from 1.2 on"
    elif "UNRECOGNIZED_NAME" in reason:
        text = "Open, but it has no certificate for this name (unrecognized name)"
    elif found.phase == "http":
        text = f"Open, but TLS broke off after the handshake: {words}"
    else:
        text = f"Open, but the TLS handshake fails: {words}"
    return found.answer(Service.UNEXPECTED, text, unproven="tls", tls_error=words)


def _silent(call: Call, error: BaseException, found: _Found) -> Answer:
    """Closed, reset or nothing at all, and in which phase."""
    if isinstance(error, TimeoutError):
        how = f"says nothing useful for {call.timeout * SHARE:g} s"
    elif isinstance(error, EOFError):
        how = "closes the connection"
    else:
        how = "resets the connection"
    more: dict[str, object] = {}
    if found.phase == "proxy":
        text = f"The proxy {call.job.proxy} {how} when asked for {_target(call)}"
    elif found.phase == "tls":
        text = f"Open, but it {how} in the TLS handshake: {_BY_NAME}"
        if isinstance(error, TimeoutError):
            text = f"Open, but it {how} in the TLS handshake: {_BY_SIZE}"
            more["fix"] = _LOOK_FOR
    else:
        text = f"Open and TLS is right, but it {how} instead of an HTTP answer"
    return found.answer(Service.SILENT, text, unproven=found.phase, **more)


def _target(call: Call) -> str:
    return authority(_name(call), call.port, 0)


def _name(call: Call) -> str:
    """The host as it is asked for and must stand in the certificate."""
    return call.job.target.host.partition("%")[0].rstrip(".")


def _stranger(call: Call, leaf: Certificate) -> bool:
    """Whether somebody else than expected vouches for a public host."""
    expected = call.job.check.issuers
    own = leaf.issuer_organisation.casefold()
    return bool(expected) and not any(own.startswith(one.casefold()) for one in expected)


def _issuer(leaf: Certificate) -> str:
    return leaf.issuer_organisation or leaf.issuer


def _expected(call: Call) -> str:
    return " or ".join(call.job.check.issuers)


def _in(left: timedelta) -> str:
    return f"in {left.days} day{'s' * (left.days != 1)}" if left.days > 0 else "within a day"


def _now() -> datetime:
    return datetime.now(UTC)
