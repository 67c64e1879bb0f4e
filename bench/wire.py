"""The truth about a round trip: when the kernel saw a SYN and its answer pass on loopback."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ETH_P_IP = 0x0800
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_TIME = struct.Struct("=qq")
_SYN, _RST, _ACK = 0x02, 0x04, 0x10

Flow = tuple[str, int]
"""The address and port that were asked."""


@contextmanager
def round_trips() -> Iterator[dict[Flow, float]]:
    """Collects, until it is left, milliseconds from the first SYN to its SYN-ACK or reset."""
    found: dict[Flow, float] = {}
    done = threading.Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 29)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.bind(("lo", _ETH_P_IP))
        sock.settimeout(0.5)
        thread = threading.Thread(target=_collect, args=(sock, found, done))
        thread.start()
        try:
            yield found
        finally:
            done.set()
            thread.join()


def _collect(sock: socket.socket, found: dict[Flow, float], done: threading.Event) -> None:
    asked: dict[Flow, int] = {}
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(64, 64)
        except TimeoutError:
            if done.is_set():
                return
            continue
        head = (data[0] & 15) * 4
        if len(data) < head + 14 or data[9] != socket.IPPROTO_TCP:
            continue
        if not data[head + 13] & (_SYN | _RST):
            continue
        seconds, nanoseconds = _TIME.unpack(ancillary[0][2])
        when = seconds * 10**9 + nanoseconds
        source, destination = struct.unpack_from("!HH", data, head)
        if data[head + 13] & _ACK:
            flow = (socket.inet_ntoa(data[12:16]), source)
            if flow in asked and flow not in found:
                found[flow] = (when - asked[flow]) / 1e6
        else:
            asked.setdefault((socket.inet_ntoa(data[16:20]), destination), when)
