"""A name server, and look-ups of the system, that answer what they are given."""

import asyncio
import socket

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from probes.vantage.local.dns_servers import Configuration, Nameservers

FOUND = [
    (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::7", 0, 0, 0)),
    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 0)),
    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 0)),
]


class Zone(asyncio.DatagramProtocol):
    """A name server: records by (name, type), else NXDOMAIN; or one rcode for everything."""

    def __init__(self, records, rcode=None, mute=False, recursion=True):
        self.records = records
        self.recursion = recursion
        self.rcode = rcode
        self.mute = mute
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        kind = question.rdtype.name
        self.asked.append((name, kind))
        if self.mute:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA if self.recursion else 0
        known = {owner for owner, _ in self.records}
        if self.rcode is not None:
            response.set_rcode(self.rcode)
        elif name not in known:
            response.set_rcode(dns.rcode.NXDOMAIN)
        for text in self.records.get((name, kind), ()):
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, text))
        self.transport.sendto(response.to_wire(), peer)


class Nowhere:
    """A vantage from which no server may be asked."""

    async def exchange(self, *_):
        raise AssertionError("no server is configured")


def nobody():
    return Nameservers(Nowhere(), lambda: Configuration())


def gives(*entries):
    def lookup(name, port, *, type):
        assert type == socket.SOCK_STREAM
        lookup.names.append(name)
        return list(entries)

    lookup.names = []
    return lookup


def fails(number=socket.EAI_NONAME, text="Name or service not known"):
    def lookup(name, port, *, type):
        raise socket.gaierror(number, text)

    return lookup
