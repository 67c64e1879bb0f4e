"""HTTPS probe: TLS with a trusted certificate, and HTTP behind it, also through a proxy."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.clients.http import page_timeout, read_body, send_for_page
from probes.clients.proxy import ProxyRefused, open_tunnel
from probes.clients.tls import (
    NotTls,
    TlsFailure,
    TlsStream,
    has_no_authorities,
    unverified_context,
    verifying_context,
)
from probes.model import Evidence, Service
from probes.vantage.stream import LimitExceeded, Stream
from probes.wire.certificate import (
    COMMON_NAME_FIX,
    BadCertificate,
    Certificate,
    explain_verify_error,
    read_certificate,
)
from probes.wire.http import Exchange, NotHttp, Request, Response, authority
from probes.wire.intermediary import WEB_APPLICATION, Problem, diagnose, diagnose_plain
from probes.wire.proxy import parse_proxy
from probes.wire.text import printable
from probes.wire.tls import CERTIFICATE_FIX, OLD_VERSIONS, Failure
from probes.wire.unexpected import MAX_PAGE, is_html, title

EXPIRY_WARNING = timedelta(days=14)
"""A certificate that expires within this is a warning."""
DEADLINE_SHARE = 0.9
"""Part of the deadline for the exchange; the rest is for reporting what was found by then."""
DEFAULT_PORT = 443
MAX_CHAIN = 8
MAX_EVIDENCE = 256

_SERVED = {
    Problem.UNAVAILABLE: "retest",
    Problem.CLIENT_CERTIFICATE: "give the Audit Service one that it accepts, or exempt it",
}
"""Answers of the service itself, which the audit may not be able to use, and what to do."""
_UNDECIDED = (Problem.PORTAL, Problem.REFUSED)
"""Answers that the service itself may give as well."""
_INTERCEPTION_FIX = "Exempt this host from TLS inspection for the Audit Service host."
_INTERCEPTION = "as a device that opens and re-signs TLS does"
_BY_NAME = "perhaps a firewall that filters by server name (SNI)"
_BY_SIZE = "perhaps a path that drops large packets (MTU), or a filter that goes silent"
_BY_CERTIFICATE = "perhaps because it has no certificate of the client, which it asked for"
_BY_NOTHING = "perhaps nothing is behind it, or it demands a certificate of the client"
_HTTP_FIX = (
    "Check the server's log, or that of a device before it, for why it gives no HTTP answer: the "
    "connection gets through, so no firewall rule has to change."
)
_END_FIX = (
    "Look on the way for a filter of TLS by server name (SNI), and in the server's log for why it "
    "ends the handshake; the connection itself gets through."
)
_MTU_FIX = (
    "Look on the way for what drops large packets or ICMP (fragmentation needed), and for a filter "
    "of TLS; the connection itself gets through."
)


@dataclass(slots=True)
class _Progress:
    """Results so far, for the answer that is given when the rest does not come."""

    phase: str = "proxy"
    facts: dict[str, object] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    has_answered: bool = False
    """The server sent something before its handshake failed."""
    requests_certificate: bool = False
    """The server had asked for a certificate of the client by then."""
    verify_error: ssl.SSLCertVerificationError | None = None
    chain: Sequence[Certificate] = ()

    def answer(self, service: Service, summary: str, **facts: object) -> Answer:
        return Answer(service, {**self.facts, **facts, "summary": summary}, self.timings)


async def ask(call: Call) -> Answer:
    """Shake hands with the host's name, verify its chain, and GET / : any status proves HTTP.

    After an untrusted chain, one more connection fetches it. What fails is said in the
    summary, and `unproven` tells where: proxy, tls, certificate or http. Raises Unexpected for
    another protocol and NotOffered when the CA file cannot be read.
    """
    trust = await verifying_context(call.options.ca_file)
    progress = _Progress()
    try:
        async with asyncio.timeout(call.patience * DEADLINE_SHARE):
            return await _run(call, trust, progress)
    except (ProxyRefused, NotTls, NotHttp) as error:
        return _other_protocol(call, error, progress)
    except TlsFailure as error:
        return _tls_failure(error, progress)
    except (EOFError, OSError) as error:
        # Without the chain the reason of the verification stands.
        return (
            _untrusted(call, trust, progress)
            if progress.verify_error
            else _no_answer(call, error, progress)
        )


async def _run(call: Call, trust: ssl.SSLContext, progress: _Progress) -> Answer:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + call.patience * DEADLINE_SHARE
    stream = await call.stream()
    await _open_tunnel(call, stream, progress)
    progress.phase, started = "tls", loop.time()
    tls = TlsStream(stream, trust, _host_name(call))
    try:
        await tls.handshake()
    except ssl.SSLCertVerificationError as error:
        progress.verify_error = error
    except (TlsFailure, EOFError, ConnectionError) as error:
        progress.has_answered = tls.has_received
        progress.requests_certificate = tls.requests_certificate
        if version := await _find_old_version(call, error, progress, deadline):
            raise TlsFailure(Failure(None, by_server=False, version=version)) from None
        raise
    progress.timings["tls"] = (loop.time() - started) * 1000
    if progress.verify_error is not None:
        await _fetch_unverified_chain(call, progress)
        return _untrusted(call, trust, progress)
    _record_session(tls, progress)
    progress.phase, started = "http", loop.time()
    request = Request(
        "GET",
        "/",
        authority(_host_name(call), call.port, DEFAULT_PORT),
        (("User-Agent", "auditreach"), ("Accept", "*/*")),
    )
    exchange = Exchange(request, max_body=MAX_PAGE, bodies=range(0))
    response = await send_for_page(tls, exchange, deadline)
    progress.timings["answer"] = (loop.time() - started) * 1000
    progress.facts["http_status"] = response.status
    for name in ("server", "location", "date"):
        if value := printable(response.header(name), 200):
            progress.facts[f"http_{name}"] = value
    if is_html(kind := response.header("content-type")):
        page = response.body or await read_body(tls, exchange, page_timeout(deadline))
        if name := title(page, kind):
            progress.facts["http_title"] = name
    headers = "; ".join(f"{name}: {value}" for name, value in response.headers[:8])
    call.evidence.append(
        Evidence(
            address=call.address,
            sent=printable(exchange.sent, MAX_EVIDENCE),
            received=printable(f"{response.status_line}; {headers}", MAX_EVIDENCE),
            at_ms=call.at_ms(started),
        )
    )
    return _answered(call, progress, response)


async def _open_tunnel(call: Call, stream: Stream, progress: _Progress) -> None:
    """Ask the proxy for a tunnel, where the row goes through one."""
    if not call.job.proxy:
        return
    loop = asyncio.get_running_loop()
    started = loop.time()
    proxy = parse_proxy(call.options.proxy)
    await open_tunnel(stream, proxy, call.job.proxy, _host_name(call), call.port)
    progress.timings["proxy"] = (loop.time() - started) * 1000


async def _fetch_unverified_chain(call: Call, progress: _Progress) -> None:
    """Connect once more without verification, to fetch the chain."""
    try:
        stream = await call.connect()
        await _open_tunnel(call, stream, replace(progress, timings={}))
        tls = TlsStream(stream, unverified_context(), _host_name(call))
        await tls.handshake()
    except (NoAnswer, ProxyRefused, NotTls, LimitExceeded, EOFError, OSError):
        return
    _record_session(tls, progress)


async def _find_old_version(
    call: Call, error: Exception, progress: _Progress, deadline: float
) -> str:
    """The version that a server chooses where it may have refused newer ones alone; else empty.

    Servers refuse a version by the alert for it, by another one, or without a word: one more
    connection, which offers old versions too, tells that from other reasons.
    """
    if isinstance(error, TlsFailure):
        may_be_old = error.failure.may_be_too_old
    else:
        may_be_old = not progress.has_answered
    if not may_be_old:
        return ""
    tls: TlsStream | None = None
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(loop.time() + (deadline - loop.time()) / 2):
            stream = await call.connect()
            await _open_tunnel(call, stream, replace(progress, timings={}))
            context = unverified_context(ssl.TLSVersion.MINIMUM_SUPPORTED)
            tls = TlsStream(stream, context, _host_name(call))
            await tls.handshake()
    except (NoAnswer, ProxyRefused, NotTls, LimitExceeded, EOFError, OSError):
        # TimeoutError is an OSError. A ServerHello may have come before the failure.
        pass
    version = "" if tls is None else tls.chosen_version
    return version if version in OLD_VERSIONS else ""


def _record_session(tls: TlsStream, progress: _Progress) -> None:
    """The session and the certificates as facts."""
    chain = []
    for der in tls.chain()[:MAX_CHAIN]:
        try:
            chain.append(read_certificate(der))
        except BadCertificate as error:
            progress.facts["certificate_problem"] = str(error)
            break
    progress.chain = chain
    progress.facts["tls"] = tls.version
    if chain:
        progress.facts["certificate"] = chain[0].facts()
        progress.facts["chain"] = [one.subject for one in chain]


def _answered(call: Call, progress: _Progress, response: Response) -> Answer:
    """Answer for an HTTP response behind a trusted chain, of the service or of a gateway."""
    leaf = progress.chain[0] if progress.chain else None
    found = diagnose(
        response,
        WEB_APPLICATION,
        authority(_host_name(call), call.port, DEFAULT_PORT),
        call.address,
        encrypted=True,
        verified=leaf is None or not _is_unexpected_issuer(call, leaf),
    )
    if response.oddities:
        progress.facts["http_oddities"] = list(response.oddities)
    if found is not None and found.problem in _SERVED:
        progress.facts |= {"http_problem": str(found.problem), "fix": found.fix}
        if found.problem is Problem.UNAVAILABLE:
            progress.facts["shortfall"] = f"it says that it cannot serve now ({response.status})"
        return _confirmed(call, progress, response, f"{found.text}; {_SERVED[found.problem]}")
    if found is not None and found.problem not in _UNDECIDED:
        progress.facts |= found.facts
        return progress.answer(
            Service.UNEXPECTED, f"{progress.facts['tls']} is right, but {found.text}"
        )
    return _confirmed(call, progress, response)


def _confirmed(call: Call, progress: _Progress, response: Response, problem: str = "") -> Answer:
    """Answer for a trusted chain and an HTTP response; warnings stand first."""
    what = f"{progress.facts['tls']}, HTTP {response.status}"
    warnings = [problem] if problem else []
    if response.exceeds_clients:
        warnings.append(f"it answers with {response.oddities[-1]}")
    elif response.oddities:
        what += f", with {response.deviation}"
    if not progress.chain and not warnings:
        return progress.answer(Service.CONFIRMED, f"{what}, certificate verified")
    if progress.chain:
        warnings += _certificate_warnings(call, progress, progress.chain[0])
    if warnings:
        text = "; ".join([*warnings, what])
        return progress.answer(Service.CONFIRMED, text[0].upper() + text[1:], warning=True)
    leaf = progress.chain[0]
    until = f"certificate by “{_issuer(leaf)}” valid until {leaf.not_after:%Y-%m-%d}"
    return progress.answer(Service.CONFIRMED, f"{what}, {until}")


def _certificate_warnings(call: Call, progress: _Progress, leaf: Certificate) -> list[str]:
    """Clauses about a certificate that is trusted here, and will not be for long or everywhere."""
    warnings = []
    if _is_unexpected_issuer(call, leaf):
        progress.facts |= {"interception": True, "fix": _INTERCEPTION_FIX}
        warnings.append(
            f"TLS interception: “{_issuer(leaf)}” issued the certificate of {_host_name(call)}, "
            f"not {_expected(call)}, {_INTERCEPTION}"
        )
    if leaf.common_name_only:
        progress.facts.setdefault("fix", COMMON_NAME_FIX)
        warnings.append(
            "the certificate names the host in its common name alone and has no subjectAltName, "
            "which many clients do not take (RFC 9525)"
        )
    left = leaf.not_after - _now()
    if left < EXPIRY_WARNING:
        warnings.append(f"the certificate expires {_time_left(left)}, on {leaf.not_after:%Y-%m-%d}")
    return warnings


def _untrusted(call: Call, trust: ssl.SSLContext, progress: _Progress) -> Answer:
    """Answer for an untrusted chain, with the reason; the audit would not trust it either."""
    error = progress.verify_error
    assert error is not None
    reason = explain_verify_error(
        error.verify_code, error.verify_message, progress.chain, _host_name(call), _now()
    )
    text = f"Open, but its certificate {reason.text}"
    more: dict[str, object] = {"fix": reason.fix}
    if progress.chain and _is_unexpected_issuer(call, progress.chain[0]):
        more = {"interception": True, "fix": _INTERCEPTION_FIX}
        text += (
            f". TLS interception is likely: “{_issuer(progress.chain[0])}” issued it, "
            f"not {_expected(call)}, {_INTERCEPTION}"
        )
    elif reason.word in ("private-ca", "missing-intermediate") and has_no_authorities(trust):
        more["no_authorities"] = True
        text += ". This machine trusts no authority at all; install its ca-certificates"
    return progress.answer(
        Service.UNEXPECTED,
        text,
        unproven="certificate",
        distrust=reason.word,
        verify_code=error.verify_code,
        **more,
    )


def _other_protocol(
    call: Call, error: ProxyRefused | NotTls | NotHttp, progress: _Progress
) -> Answer:
    """Answer for another protocol, or a refusal of the proxy."""
    if isinstance(error, ProxyRefused):
        return progress.answer(Service.UNEXPECTED, str(error), unproven="proxy", **error.facts)
    if isinstance(error, NotHttp):
        raise Unexpected(f"over {progress.facts['tls']} it is {error}") from None
    if found := diagnose_plain(error.start, _target(call), call.address):
        progress.facts |= found.facts
        return progress.answer(Service.UNEXPECTED, f"Open, but {found.text}")
    raise Unexpected(str(error)) from None


def _tls_failure(error: TlsFailure, progress: _Progress) -> Answer:
    """Answer for TLS that ended in an alert or in malformed records.

    A server that demands a certificate of the client has shown its own and was trusted before.
    """
    failure = error.failure
    facts = {"fix": failure.fix, "tls_error": failure.words}
    if failure.demands_certificate:
        version = failure.version or progress.facts.get("tls", "TLS")
        text = f"{version} is right and the server's certificate is trusted, but {failure.text}"
        problem = Problem.CLIENT_CERTIFICATE
        text = f"{text}; {_SERVED[problem]}"
        facts["http_problem"] = str(problem)
        return progress.answer(Service.CONFIRMED, text, warning=True, **facts)
    return progress.answer(Service.UNEXPECTED, f"Open, but {failure.text}", unproven="tls", **facts)


def _no_answer(call: Call, error: BaseException, progress: _Progress) -> Answer:
    """Answer for a connection that closed, was reset or timed out, by its phase."""
    if isinstance(error, TimeoutError):
        how = f"says nothing useful for {call.patience * DEADLINE_SHARE:g} s"
    elif isinstance(error, EOFError):
        how = "closes the connection"
    else:
        how = "resets the connection"
    more: dict[str, object] = {}
    if progress.phase == "proxy":
        text = f"The proxy {call.job.proxy} {how} when asked for {_target(call)}"
        more["fix"] = f"Check in the log of the proxy why it opens no tunnel to {_target(call)}."
    elif progress.phase == "tls":
        is_timeout = isinstance(error, TimeoutError)
        text = f"Open, but it {how} in the middle of the TLS handshake"
        if is_timeout:
            text = f"Open, but it {how} in the TLS handshake: {_BY_SIZE}"
        elif not progress.has_answered:
            text = f"Open, but it {how} in the TLS handshake: {_BY_NAME}"
        more["fix"] = _MTU_FIX if is_timeout else _END_FIX
        if progress.requests_certificate and not is_timeout:
            text += f": {_BY_CERTIFICATE}"
            more["fix"] = CERTIFICATE_FIX
    else:
        text = f"Open and TLS is right, but it {how} instead of an HTTP answer"
        if not isinstance(error, TimeoutError):
            text += f": {_BY_NOTHING}"
        more["fix"] = _HTTP_FIX
    return progress.answer(Service.SILENT, text, unproven=progress.phase, **more)


def _target(call: Call) -> str:
    return authority(_host_name(call), call.port, 0)


def _host_name(call: Call) -> str:
    """The host as it is asked for and must stand in the certificate."""
    return call.job.target.host.partition("%")[0].rstrip(".")


def _is_unexpected_issuer(call: Call, leaf: Certificate) -> bool:
    """True if the certificate of a public host has another issuer than expected."""
    expected = call.job.check.issuers
    own = leaf.issuer_organisation.casefold()
    return bool(expected) and not any(own.startswith(one.casefold()) for one in expected)


def _issuer(leaf: Certificate) -> str:
    return leaf.issuer_organisation or leaf.issuer


def _expected(call: Call) -> str:
    return " or ".join(call.job.check.issuers)


def _time_left(left: timedelta) -> str:
    return f"in {left.days} day{'s' * (left.days != 1)}" if left.days > 0 else "within a day"


def _now() -> datetime:
    return datetime.now(UTC)
