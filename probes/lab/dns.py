"""A DNS server for one table of names (RFC 1035 4.1, RFC 4892 for its version)."""

from __future__ import annotations

from collections.abc import Mapping

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.reversename
import dns.rrset

from probes.lab.transport import DatagramHandler

SOFTWARE = "auditreach lab"
_TTL = 60


def server(addresses: Mapping[str, str]) -> DatagramHandler:
    """Handler of port 53: the addresses of these names, and the names of these addresses."""
    records = {
        ("version.bind.", dns.rdatatype.TXT): f'"{SOFTWARE}"',
        **{(f"{name}.", dns.rdatatype.A): address for name, address in addresses.items()},
        **{
            (dns.reversename.from_address(address).to_text(), dns.rdatatype.PTR): f"{name}."
            for name, address in addresses.items()
        },
    }

    def reply(data: bytes) -> bytes | None:
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or not query.question:
            return None
        question = query.question[0]
        response = dns.message.make_response(query, recursion_available=True)
        response.flags |= dns.flags.AA
        found = records.get((question.name.to_text().lower(), question.rdtype))
        if found is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            of = (question.name, _TTL, question.rdclass, question.rdtype)
            response.answer.append(dns.rrset.from_text(*of, found))
        return response.to_wire()

    return reply
