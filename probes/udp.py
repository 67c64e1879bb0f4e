"""UDP probe: a datagram out, and the answer in the protocol of the port (RFC 768)."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable

from probes.call import Answer, Call, Elsewhere
from probes.model import Service
from probes.vantage import Accept
from probes.wire import dcerpc, dcerpc_datagram, netbios
from probes.wire.unexpected import excerpt

RPC = 135
NAME_SERVICE = 137
DATAGRAM_SERVICE = 138


async def ask(call: Call) -> Answer:
    """Send what the port understands: a node status request, a datagram query, or nothing at all.

    An answer in the protocol of the port confirms its service. Where the port has no protocol that
    is known, an answer proves the path and no more. Raises NoAnswer, and Unexpected for an answer
    that is not in the protocol of the port.
    """
    service = call.job.check.service_port or call.job.check.port
    if service == RPC:
        return await _rpc(call)
    if service == NAME_SERVICE:
        return await _node_status(call)
    if service == DATAGRAM_SERVICE:
        return await _datagram_service(call)
    data = await call.exchange(b"", lambda _: True)
    what = excerpt(data) if data else "an empty datagram"
    text = f"Something answers ({what}); which service that is cannot be told"
    return Answer(Service.NOT_ASKED, {"summary": text, "answer_bytes": len(data)})


async def _rpc(call: Call) -> Answer:
    data = await call.exchange(b"", _accepts(dcerpc_datagram.kind_of))
    kind = dcerpc_datagram.kind_of(data)
    return Answer(Service.CONFIRMED, {"summary": f"RPC over UDP (a PDU {kind})", "answer": kind})


async def _datagram_service(call: Call) -> Answer:
    id = secrets.randbelow(1 << 16)

    def read(data: bytes) -> str:
        return netbios.datagram_reply(data, id, call.address)

    data = await call.exchange(_datagram_query(call, id), _accepts(read))
    answer = read(data)
    facts = {"summary": f"NetBIOS datagram service; {answer}", "answer": answer}
    return Answer(Service.CONFIRMED, facts)


def _accepts(read: Callable[[bytes], object]) -> Accept:
    """Function that accepts the datagrams which a reader does not call malformed."""

    def accept(data: bytes) -> bool:
        try:
            read(data)
        except (dcerpc.Malformed, netbios.Malformed):
            return False
        return True

    return accept


async def _node_status(call: Call) -> Answer:
    id = secrets.randbelow(1 << 16)

    def read(data: bytes) -> netbios.NodeStatus:
        return netbios.node_status(data, id)

    request = netbios.node_status_request(id)
    status = read(await call.exchange(request, _accepts(read), elsewhere=Elsewhere.COUNTED))
    where = f" in {status.workgroup}" if status.workgroup else ""
    facts: dict[str, object] = {
        "summary": f"NetBIOS name service of {status.computer or 'a node without a name'}{where}",
        "computer": status.computer,
        "workgroup": status.workgroup,
        "mac": status.mac,
        "names": [
            f"{name.text}<{name.suffix:02x}>{' group' if name.group else ''}"
            for name in status.names
        ],
    }
    if not status.names:
        facts["warning"] = True
    return Answer(Service.CONFIRMED, facts)


def _datagram_query(call: Call, id: int) -> bytes:
    """A datagram query from this machine's first IPv4 address, the field the form demands."""
    ours = (address for address in call.vantage.info.addresses if _is_ipv4(address))
    source = next(ours, "0.0.0.0")
    return netbios.datagram_query(id, source, DATAGRAM_SERVICE)


def _is_ipv4(address: str) -> bool:
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return True
