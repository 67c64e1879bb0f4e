"""Short reasons of open ports: the service's own proof, its warning, or what else is there. Pure.

They come from the facts of a probe, the words are here. A probe without a line in `_PROOFS` has the
first clause of its summary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from probes.model import ANSWERED_AFTER, REASON_CELLS, WRONG_PRODUCT, Observation, Service, Status
from probes.wire.cells import cut, cut_middle, width
from probes.wire.text import printable

Facts = Mapping[str, object]

_MAX_SKEW = 1e11
"""Seconds; a clock that is off by more is wrong all the same."""
_ARTICLE = re.compile(r"^an? ")
_LEAD = re.compile(r"(?:Open,? (?:but|and) )?(?:it is |it )?(?:an? )?")
_VERB = re.compile(r"(?:Answers|Accepts|Refuses) ")
"""Begin of a clause without a subject, which is no name."""
_WEB = re.compile(r"(?:Open, but )?(?:over TLS [0-9.]+ it is )?a web server \((.+?)\)(?=[ ,;:]|$)")
_VERSION = re.compile(r"^([^\s/()]+)[/(]v?([0-9][^\s/()]*)\)?.*$")
_OLD_TLS = re.compile(r"no TLS version from 1\.2 on: it answers with (.+?)\.?$")
_WRONG = "wrong service: "
_NOT = re.compile(r"(?:Open, but )?([A-Za-z][\w .]{0,30}), not TLS\b")
_CONTROLLER = re.compile(r"Domain controller \S+ of ([^\s,;]+)")
_AIMS = re.compile(r" (?:with the|for this machine|for the name|and has no)\b")
"""Begin of an end that a reason can do without."""
_BYTES = re.compile(r"[0-9,]+ bytes? that begins?\b|[0-9,]+ bytes that begin\b")

_NAMELESS = "lists no computer name"
_ODD = (
    # Words of the summary of a service with a warning, and the reason they stand for.
    ("ESXi would redirect", "does not redirect as ESXi does"),
    ("turns this client away", "turns this client away"),
    ("in the middle of its list", "breaks off in its list"),
    ("a node without a name", _NAMELESS),
)
_DISTRUST = {
    "expired": "certificate: expired",
    "not-yet-valid": "certificate: not yet valid",
    "name-mismatch": "certificate: for another name",
    "common-name": "certificate: name not in its SAN",
    "self-signed": "certificate: self-signed",
    "private-ca": "certificate: unknown CA",
    "missing-intermediate": "certificate: issuer not known",
    "revoked": "certificate: revoked",
    "weak": "certificate: too weak",
}
_HTTP = {
    "service down": "a gateway; the service is down",
    "unavailable": "it says that it is unavailable",
    "other name": "serves other names only",
    "no listener": "HTTP.sys: no service at this URL",
    "refused": "HTTP.sys refuses the request",
    "portal": "sends clients to another host",
    "client certificate": "wants a client certificate",
    "TLS wanted": "wants TLS, asked without",
}
_SILENT = (
    # Words of the summary of a silent service, and the reason they stand for.
    ("middle of its answer", "breaks off in its answer"),
    ("in the TLS handshake", "TLS handshake does not complete"),
    ("middle of the TLS handshake", "TLS handshake breaks off"),
    ("finish its answer", "does not finish its answer"),
    ("reset", "accepts, then resets"),
    ("closed the connection", "accepts, then hangs up"),
    ("closes the connection", "accepts, then hangs up"),
    ("did not answer in", "accepts, then says nothing"),
    ("says nothing", "accepts, then says nothing"),
)


def proof(probe: str, status: Status, facts: Facts) -> str:
    """Reason of a port whose service answers: its proof, or what falls short."""
    if status is not Status.OK and (text := _warning(facts)):
        return text
    known = _PROOFS.get(probe, _no_proof)(facts) if status is Status.OK else ""
    return known or first_clause(_text(facts, "summary"))


def service_problem(seen: Observation) -> str:
    """Reason of an open port behind which the service was not seen."""
    facts, summary = seen.facts, _text(seen.facts, "summary")
    if facts.get("interception") is True:
        return _intercepted(facts)
    if word := _DISTRUST.get(_text(facts, "distrust")):
        issuer = _issuer(facts)
        return f"{word} {issuer}" if word.endswith("CA") and 0 < len(issuer) <= 12 else word
    if facts.get("unproven") == "certificate":
        return "certificate: does not verify"
    if text := _HTTP.get(_text(facts, "http_problem")):
        return text
    if seen.service is Service.SILENT:
        found = next((text for word, text in _SILENT if word in summary), "")
        return found or f"accepts; {first_clause(summary)}".rstrip("; ")
    if facts.get("unproven") == "tls":
        version = _OLD_TLS.search(summary)
        return f"TLS too old: {version[1]}" if version else "TLS handshake fails"
    if facts.get("unproven"):
        return first_clause(summary)
    return f"{_WRONG}{cut(_service_name(summary), REASON_CELLS - len(_WRONG))}"


def first_clause(summary: str) -> str:
    """First clause of a summary, without the words that every one begins with."""
    found = _LEAD.match(summary)
    text = summary[found.end() :] if found else summary
    text = re.split(r"[;.] |: ", text, maxsplit=1)[0].strip(" .;:") or text
    return text[:1].lower() + text[1:] if _VERB.match(text) else text.removeprefix("The ")


def _service_name(summary: str) -> str:
    """Name of the service that answers in another's place, as short as its answer allows."""
    if found := _WEB.match(summary):
        return _VERSION.sub(r"\1 \2", found[1])
    if found := _NOT.match(summary):
        return _ARTICLE.sub("", found[1]).removesuffix(" server")
    if summary.startswith("a web server"):
        return "web server"
    if summary.startswith("plain HTTP without TLS"):
        return "HTTP without TLS"
    if _BYTES.match(summary):
        return "unknown protocol"
    return first_clause(summary) or "unknown"


def _warning(facts: Facts) -> str:
    """Reason of a service that answers, and not as it should."""
    if facts.get("interception") is True:
        return _intercepted(facts)
    skew = facts.get("clock_skew_s")
    # A clock is a warning of Kerberos alone, where nothing else is.
    if "asked_realm" in facts and "shortfall" not in facts and isinstance(skew, int | float):
        return _clock(skew)
    if text := _HTTP.get(_text(facts, "http_problem")):
        return text
    if text := _text(facts, WRONG_PRODUCT) or _text(facts, "shortfall"):
        return _AIMS.split(text.removeprefix("it "))[0]
    if found := next((text for word, text in _ODD if word in _text(facts, "summary")), ""):
        return found
    if text := _text(facts, "problem"):
        return first_clause(text).removeprefix("the ").removeprefix("it ")
    if slow := facts.get(ANSWERED_AFTER):
        return f"slow: answered after {slow} s" if isinstance(slow, int | float) else ""
    return ""


def _clock(skew: float) -> str:
    # A forged log may claim any number.
    minutes = min(abs(skew), _MAX_SKEW) / 60
    amount = f"{minutes / 1440:.0f} d" if minutes >= 2880 else f"{minutes / 60:.0f} h"
    if minutes < 120:
        amount = f"{minutes:.0f} min"
    return f"clock {amount} {'ahead' if skew > 0 else 'behind'}"


def _intercepted(facts: Facts) -> str:
    issuer = _issuer(facts)
    if not issuer:
        return "TLS intercepted"
    for text in (f"TLS intercepted by “{issuer}”", f"TLS by “{issuer}”"):
        if width(text) <= REASON_CELLS:
            return text
    # The name counts more than the words, and its quotation marks are a pair.
    return f"TLS by “{cut_middle(issuer, REASON_CELLS - width('TLS by “”'))}”"


def _issuer(facts: Facts) -> str:
    certificate = facts.get("certificate")
    if not isinstance(certificate, Mapping):
        return ""
    return _text(certificate, "issuer_organisation") or _text(certificate, "issuer")


def _text(facts: Facts, name: str) -> str:
    value = facts.get(name)
    return printable(value, 300) if isinstance(value, str) else ""


def _no_proof(facts: Facts) -> str:
    return ""


def _tls_proof(facts: Facts) -> str:
    certificate = facts.get("certificate")
    until = _text(certificate, "not_after") if isinstance(certificate, Mapping) else ""
    try:
        date = datetime.fromisoformat(until).date().isoformat()
    except ValueError:
        return _text(facts, "tls")
    return f"{_text(facts, 'tls')}, certificate to {date}"


def _redirect_proof(facts: Facts) -> str:
    is_https = _text(facts, "location").casefold().startswith("https:")
    return "redirects to https as ESXi does" if is_https else ""


def _smb_proof(facts: Facts) -> str:
    dialect = _text(facts, "dialect")
    if not dialect or dialect not in _text(facts, "summary"):
        return ""
    signing = "" if facts.get("signing_required") else "not "
    return f"SMB {dialect}, signing {signing}required"


def _ssh_proof(facts: Facts) -> str:
    return f"{_text(facts, 'product')} {_text(facts, 'version')}".strip()


def _rpc_proof(facts: Facts) -> str:
    listed = facts.get("listed")
    if type(listed) is not int or not listed:
        return "endpoint mapper"
    return f"endpoint mapper, {listed} endpoint{'s' * (listed != 1)}"


def _kerberos_proof(facts: Facts) -> str:
    proven = facts.get("realm_proven") is True
    return f"KDC of {_text(facts, 'realm')}" if proven else "Kerberos KDC"


def _snmp_proof(facts: Facts) -> str:
    summary = _text(facts, "summary")
    return summary.replace(" agent: ", ": ", 1)


def _winrm_proof(facts: Facts) -> str:
    return _text(facts, "product") or "WinRM answers"


def _ldap_proof(facts: Facts) -> str:
    found = _CONTROLLER.match(_text(facts, "summary"))
    return f"DC of {found[1]}" if found else ""


def _netbios_name_proof(facts: Facts) -> str:
    if "computer" not in facts:
        return ""
    computer, group = _text(facts, "computer"), _text(facts, "workgroup")
    named = f"{computer or 'no computer name'} in {group}" if group else computer
    if named and width(named) <= REASON_CELLS:
        return named
    return computer or _NAMELESS


def _dns_proof(facts: Facts) -> str:
    found = _text(facts, "summary").removeprefix("DNS answers: ")
    return found if width(found) <= REASON_CELLS else ""


_PROOFS: Mapping[str, Callable[[Facts], str]] = {
    "https": _tls_proof,
    "http_redirect": _redirect_proof,
    "smb": _smb_proof,
    "netbios": _smb_proof,
    "ssh": _ssh_proof,
    "rpc": _rpc_proof,
    "kerberos": _kerberos_proof,
    "snmp": _snmp_proof,
    "winrm": _winrm_proof,
    "ldap": _ldap_proof,
    "udp": _netbios_name_proof,
    "dns": _dns_proof,
}
