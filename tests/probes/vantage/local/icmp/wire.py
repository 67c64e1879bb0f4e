"""A stand-in for an ICMP socket, and far sides that answer or do not."""

import asyncio
import errno
import socket
import struct
from collections import deque

ERRQUEUE = 0x2000


IP_RECVERR = 11


class Wire:
    """A stand-in for an ICMP socket whose far side is a function of what is sent."""

    def __init__(self, far_side, kind=socket.SOCK_DGRAM, family=socket.AF_INET):
        self.family = family
        self.type = kind
        self.far_side = far_side
        self.sent = []
        self.senders = deque()
        self.errors = deque()
        self.failures = deque()
        self.near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.near.setblocking(False)
        self.left = asyncio.Event()
        self.closed = False

    def fileno(self):
        return self.near.fileno()

    def sendto(self, packet, where):
        if self.failures:
            raise OSError(self.failures.popleft(), "made up")
        self.sent.append((packet, where))
        self.left.set()
        for data, sender in self.far_side(packet, where):
            self.deliver(data, sender)
        return len(packet)

    def deliver(self, data, sender):
        self.senders.append(sender)
        self.far.send(data)

    def refuse(self, packet, where, offender, code=1, number=errno.EHOSTUNREACH):
        extended = struct.pack("=IBBBBII", number, 2, 3, code, 0, 0, 0)
        offered = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(offender))
        self.errors.append((packet, [(0, IP_RECVERR, extended + offered)], 0, where))
        self.deliver(b"", ("0.0.0.0", 0))

    def recvmsg(self, most, ancillary, flags=0):
        if flags & ERRQUEUE:
            if not self.errors:
                raise BlockingIOError
            return self.errors.popleft()
        return self.near.recv(most), [], 0, self.senders.popleft()

    def close(self):
        self.near.close()
        self.far.close()
        self.closed = True


def reply_to(packet, identifier=None):
    reply = bytearray(packet)
    reply[0] = 0 if packet[0] == 8 else 129
    if identifier is not None:
        reply[4:6] = identifier.to_bytes(2, "big")
    return bytes(reply)


def alive(packet, where):
    return [(reply_to(packet), (where[0], 0))]


def silent(packet, where):
    return []
