"""Host part of a URL (RFC 3986 3.2), a login, a UNC path (MS-DTYP 2.2.57) or an scp path. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.targets.errors import InvalidEntry

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_NETWORK_PATH = re.compile(r"/{2,}(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"[^/?#\\]*")
_UNC = re.compile(r"\\{1,2}([^\\/@]+)(.*)", re.DOTALL)
_ACCOUNT = re.compile(r"(?:[^\\/@:$]+\\)?([A-Za-z0-9_-]{1,63})\$")
_PATH = re.compile(r"([^/\[\]:]+(?::[0-9]+)?|\[[^\[\]/]*\](?::[0-9]+)?):?/(.*)", re.DOTALL)
_PREFIX = re.compile(r"[0-9.]+(?::[0-9]*)?")
_ONE_ADDRESS = re.compile(r"[0-9.]+\.(?:[1-9][0-9]*)")
_ADDRESSES = re.compile(r"[0-9.-]+")
_MAIL = re.compile(r"(?:mailto|sips?|xmpp|tel|callto|im):", re.IGNORECASE)
_URL_PORT = re.compile(r":([0-9]+)$")

SCHEME_PORTS = {
    "ssh": 22, "sftp": 22, "scp": 22, "telnet": 23, "ftp": 21, "dns": 53, "http": 80, "ws": 80,
    "https": 443, "wss": 443, "ftps": 990, "snmp": 161, "ldap": 389, "ldaps": 636, "smb": 445,
    "cifs": 445, "rdp": 3389, "vnc": 5900, "ipp": 631, "ipps": 631, "nfs": 2049,
}  # fmt: skip
"""Port that a URL of a scheme means without one (IANA)."""


@dataclass(frozen=True, slots=True)
class HostPart:
    """HOST[:PORT] of a text, the names of what stood around it, and the scheme of a URL."""

    text: str
    dropped: tuple[str, ...] = ()
    """Each as it stands in a sentence behind `the`: `path`."""
    scheme: str = ""

    def without_port(self) -> HostPart:
        """The same without the port of its URL."""
        bare = _URL_PORT.sub("", self.text)
        if bare == self.text:
            return self
        return HostPart(bare, (*self.dropped, "port of the URL"), self.scheme)


def host_part(text: str) -> HostPart:
    """HOST[:PORT] of a text; raises InvalidEntry where a password may be taken for it."""
    unc = _UNC.fullmatch(text)
    if unc:
        rest = unc[2].strip("\\/")
        return HostPart(unc[1], ("backslashes", "share") if rest else ("backslashes",))
    account = _ACCOUNT.fullmatch(text)
    if account:
        return HostPart(account[1], ("domain", "$") if "\\" in text else ("$",))
    url = _URL.fullmatch(text)
    if url:
        return _authority(url[2], url[1].casefold())
    relative = _NETWORK_PATH.fullmatch(text)
    if relative:
        return _authority(relative[1], "")
    if "@" in text:
        return _login_host(text)
    return _without_path(text, ())


def has_password(text: str) -> bool:
    """True for text with a login whose second part may be a password."""
    return "@" in text[1:] and ":" in _after_scheme(text).rpartition("@")[0]


def without_password(text: str) -> str:
    """The text without a login that may hold a password; the host stays."""
    if not has_password(text):
        return text
    rest = _after_scheme(text)
    return text[: len(text) - len(rest)] + rest.rpartition("@")[2]


def _after_scheme(text: str) -> str:
    url = _URL.fullmatch(text)
    return url[2] if url else text


def _authority(rest: str, scheme: str) -> HostPart:
    match = _AUTHORITY.match(rest)
    authority = match[0] if match else ""
    tail = rest[len(authority) :]
    if "@" in tail or "\\" in tail:
        raise InvalidEntry(
            "where its host begins is not certain, as an @ or a backslash follows a slash;"
            " write the host alone"
        )
    if "," in rest or ";" in rest:
        raise InvalidEntry(
            "a comma or semicolon in a URL may be part of it or divide hosts; write the host alone"
        )
    dropped = ["scheme"] if scheme else ["slashes"]
    user, at, host = authority.rpartition("@")
    if at:
        dropped.append("login" if ":" in user else "user name")
    if tail.strip("/"):
        dropped.append("path")
    return HostPart(host, tuple(dropped), scheme)


def _login_host(text: str) -> HostPart:
    user, _, rest = text.rpartition("@")
    if not user:
        raise InvalidEntry("nothing is in front of the @; write the host alone")
    if _MAIL.match(user):
        raise InvalidEntry("this is the address of a person; write the name of a host")
    if "/" in user:
        raise InvalidEntry(
            "where its host begins is not certain, as a slash comes before the @;"
            " write the host alone"
        )
    return _without_path(rest, ("login" if ":" in user else "user name",))


def _without_path(text: str, dropped: tuple[str, ...]) -> HostPart:
    if "//" in text:
        raise InvalidEntry("there are two slashes in it; write the host alone")
    path = _PATH.fullmatch(text)
    if not path:
        return HostPart(text, dropped)
    host, rest = path[1], path[2]
    is_address = _ADDRESSES.fullmatch(host) and ":/" not in text
    is_complete = not rest and _ONE_ADDRESS.fullmatch(host)
    if (is_address and not is_complete) or _PREFIX.fullmatch(rest):
        # A slash behind an address begins a prefix length, right or wrong.
        return HostPart(text, dropped)
    return HostPart(host, (*dropped, "path" if rest.strip("/") else "slash"))
