"""The system's own `ping`, for machines that allow this process no ICMP socket."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import math
import ntpath
import os
import re
import subprocess
import sys
import time

from probes.model import Icmp, Reason, State
from probes.vantage import Outcome, error_mapping
from probes.vantage.local.background import run_in_thread
from probes.vantage.local.receive import canonical_address

FOLDERS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/run/wrappers/bin")
"""Folders of the system's own programs; the last is that of NixOS."""
_MAX_OUTPUT = 8192
_GRACE = 1.0
_ADDRESS = re.compile(r"[0-9a-f:.]{2,45}")
_TIME = re.compile(r"([=<]) ?(\d{1,9}(?:[.,]\d{1,9})?) ?ms")
_TTL = re.compile(r"(?:ttl|hlim)=\d")
_ERRORS = (
    ("net unreachable", (3, 0), (1, 0)),
    ("no route", (3, 0), (1, 0)),
    ("host unreachable", (3, 1), (1, 3)),
    ("address unreachable", (3, 1), (1, 3)),
    ("port unreachable", (3, 3), (1, 4)),
    ("net prohibited", (3, 9), (1, 1)),
    ("host prohibited", (3, 10), (1, 1)),
    ("packet filtered", (3, 13), (1, 1)),
    ("administratively prohibited", (3, 13), (1, 1)),
    ("time to live exceeded", (11, 0), (3, 0)),
    ("hop limit", (11, 0), (3, 0)),
)
_NO_ROUTE = ("network is unreachable", "no route to host")
_COMPLAINTS = (
    (errno.EINVAL, "invalid argument"),
    (errno.EADDRNOTAVAIL, "assign requested address"),
    (errno.EAFNOSUPPORT, "address family"),
    (errno.ENODEV, "no such device"),
    (errno.ENODEV, "unknown iface"),
    (errno.ENETDOWN, "network is down"),
    (errno.EMSGSIZE, "message too long"),
    (errno.ENOBUFS, "no buffer space"),
)
"""Words of `ping` in the C locale, and their errno."""
_DENIED = ("not permitted", "permission denied", "lacking privilege")


def command(address: str, timeout: float, platform: str = sys.platform) -> list[str]:
    """The `ping` of a platform for one echo request without name look-ups; `timeout` in seconds."""
    v6 = ":" in address
    if platform == "win32":
        return [
            "ping",
            "-6" if v6 else "-4",
            "-n",
            "1",
            "-w",
            str(math.ceil(timeout * 1000)),
            address,
        ]
    if platform == "darwin":
        if v6:
            return ["ping6", "-n", "-c", "1", address]
        return ["ping", "-n", "-c", "1", "-W", str(math.ceil(timeout * 1000)), address]
    version = "-6" if v6 else "-4"
    return ["ping", version, "-n", "-c", "1", "-W", str(max(1, math.ceil(timeout))), address]


async def system_ping(address: str, timeout: float) -> Outcome | None:
    """Ping a numeric address with the system's program; None where it cannot be used here.

    Raises OSError with EMFILE or ENFILE when no descriptor is left.
    """
    process = _start(command(address, timeout))
    if process is None:
        return None
    started = time.monotonic()
    text = ""
    try:
        async with asyncio.timeout(timeout + _GRACE):
            text = await run_in_thread(lambda: _output(process))
    except TimeoutError:
        pass
    finally:
        # The reading thread sees the end of the output then, and reaps the process.
        process.kill()
    outcome = parse_output(address, text)
    if outcome is not None:
        outcome.elapsed_ms = (time.monotonic() - started) * 1000
    return outcome


def parse_output(address: str, text: str) -> Outcome | None:
    """Parse the output of `ping`; None if it was not permitted to send."""
    version = 6 if ":" in address else 4
    lines = text.lower().splitlines()
    for line in lines:
        took = _TIME.search(line)
        if took and _TTL.search(line):
            # Windows translates the words; the address, `ttl=` and `ms` stay.
            if canonical_address(address) not in _senders(line):
                continue
            return Outcome(
                State.OPEN,
                Reason.ECHO_REPLY,
                address,
                latency_ms=float(took[2].replace(",", ".")),
                latency_source="monotonic",
                latency_at_most=took[1] == "<",
            )
        for phrase, v4, v6 in _ERRORS:
            if phrase in line:
                sender = next(iter(_senders(line)), "")
                icmp = Icmp(*(v6 if version == 6 else v4), sender, version)
                return Outcome(*error_mapping.of_icmp(icmp), address, icmp=icmp)
    lowered = "\n".join(lines)
    if any(phrase in lowered for phrase in _NO_ROUTE):
        return Outcome(State.UNREACHABLE, Reason.NET_UNREACH, address)
    if any(phrase in lowered for phrase in _DENIED):
        return None
    if lines and lines[0].startswith(("ping: ", "ping6: ")):
        return Outcome(State.ERROR, Reason.LOCAL_ERROR, address, problem=_complaint(lines[0]))
    return Outcome(State.FILTERED, Reason.NO_RESPONSE, address)


def _complaint(line: str) -> str:
    """Clause about what `ping` complains of, in lower case, without its words."""
    if "broadcast" in line:
        return "it is the broadcast address of a network, not of a host"
    for number, phrase in _COMPLAINTS:
        if phrase in line:
            return error_mapping.errno_text(number)
    return "the ping program of this machine cannot ask it"


def _senders(line: str) -> list[str]:
    found = []
    for word in _ADDRESS.findall(line):
        try:
            found.append(canonical_address(str(ipaddress.ip_address(word.rstrip(":.")))))
        except ValueError:
            continue
    return found


def program(name: str, platform: str = sys.platform) -> str | None:
    """Path of a program in the system's own folders; None if it is in none of them.

    PATH is not asked: what stands in it under this name may be anybody's.
    """
    if platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return ntpath.join(root, "System32", f"{name}.exe")
    paths = (f"{folder}/{name}" for folder in FOLDERS)
    return next((path for path in paths if os.access(path, os.X_OK)), None)


def _start(arguments: list[str]) -> subprocess.Popen[bytes] | None:
    path = program(arguments[0])
    if path is None:
        return None
    try:
        return subprocess.Popen(
            arguments,
            executable=path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C", "LANG": "C"},
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return None


def _output(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read(_MAX_OUTPUT)
    process.wait()
    return output.decode("utf-8", "replace")
