"""This host as a vantage: its user, system, addresses and resolvers."""

from __future__ import annotations

import getpass
import ipaddress
import platform
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from probes.model import VantageInfo
from probes.vantage.local.dns_servers import system_configuration
from probes.vantage.local.receive import canonical_address, source_towards

_MAX_FILE = 256 * 1024
_MAX_ADDRESSES = 64
_ROUTE_DESTINATIONS = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Documentation addresses (RFC 5737, RFC 3849): only routed towards, never sent to."""
_LOCAL_ROUTE = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")


def local_info() -> VantageInfo:
    """This machine as a vantage; never blocks on the network and never raises.

    The addresses the default routes would use come first; loopback and link-local are left out.
    """
    return VantageInfo(
        kind="local",
        host=_clean(socket.gethostname()),
        user=_user(),
        os=_os_name(),
        addresses=addresses(),
        resolvers=resolvers(),
    )


def addresses(proc: Path = Path("/proc/net")) -> tuple[str, ...]:
    """This machine's addresses; `proc` is where Linux lists them."""
    found: dict[str, None] = {}
    for family, destination in _ROUTE_DESTINATIONS:
        source = source_towards(family, (destination, 9))
        if source:
            found[canonical_address(source)] = None
    found.update(dict.fromkeys(_LOCAL_ROUTE.findall(_read(proc / "fib_trie"))))
    found.update(dict.fromkeys(_ipv6_addresses(_read(proc / "if_inet6"))))
    return tuple(address for address in found if _is_host_address(address))[:_MAX_ADDRESSES]


def resolvers(path: Path = Path("/etc/resolv.conf")) -> tuple[str, ...]:
    """The DNS servers this machine asks, in order (resolv.conf(5); the registry on Windows)."""
    if sys.platform == "win32":
        # Only here is dnspython worth its time: the registry is not a file to read.
        return system_configuration().servers
    found: dict[str, None] = {}
    for line in _read(path).splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and _is_address(words[1]):
            found[words[1]] = None
    return tuple(found)[:_MAX_ADDRESSES]


def _ipv6_addresses(text: str) -> Iterator[str]:
    for line in text.splitlines():
        digits = line.split(" ", 1)[0]
        if len(digits) == 32:
            try:
                yield str(ipaddress.IPv6Address(int(digits, 16)))
            except ValueError:
                continue


def _is_host_address(address: str) -> bool:
    if not _is_address(address):
        return False
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _user() -> str:
    try:
        return _clean(getpass.getuser())
    except (KeyError, OSError, ImportError):
        return ""


def _os_name() -> str:
    names = platform.uname()
    kernel = f"{names.system} {names.release}".strip()
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    return _clean(f"{name}, {kernel}" if name else kernel)


def _clean(text: str) -> str:
    return "".join(char for char in text[:255] if char.isprintable())


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE).decode("utf-8", "replace")
    except OSError:
        return ""
