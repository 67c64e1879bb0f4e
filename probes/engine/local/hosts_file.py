"""The platform's hosts file, only to tell whether a name stands in it (hosts(5))."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path

_MOST = 1024 * 1024


def hosts_path() -> Path:
    """Where this platform keeps its hosts file."""
    if sys.platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return Path(root) / "System32" / "drivers" / "etc" / "hosts"
    return Path("/etc/hosts")


def listed(name: str, path: Path) -> frozenset[str]:
    """The addresses a hosts file gives for a name, of its first MiB; empty if it has none.

    Never raises: a file that cannot be read lists nothing.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST).decode("utf-8", "replace").lower()
    except OSError:
        return frozenset()
    wanted = name.lower().rstrip(".")
    if wanted not in text:
        return frozenset()
    found = set()
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if wanted in names:
            try:
                found.add(str(ipaddress.ip_address(address)))
            except ValueError:
                continue
    return frozenset(found)
