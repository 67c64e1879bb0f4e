"""UDP probe: a datagram out, and any answer to it (RFC 768)."""

from __future__ import annotations

import ipaddress
import secrets

from probes.call import Answer, Call, Elsewhere
from probes.model import Service
from probes.wire import netbios

NAME_SERVICE = 137
DATAGRAM_SERVICE = 138


async def ask(call: Call) -> Answer:
    """Send what the port understands: a node status request, a datagram query, or nothing at all.

    Only a node status confirms a service; any other answer proves the path and no more. Raises
    NoAnswer, and Unexpected when port 137 answers with something else.
    """
    service = call.job.check.port
    if service == NAME_SERVICE:
        return await _node_status(call)
    payload = _datagram_query(call) if service == DATAGRAM_SERVICE else b""
    data = await call.exchange(payload, lambda _: True)
    return Answer(
        Service.NOT_ASKED,
        {"summary": f"something answered with {len(data)} bytes", "answer_bytes": len(data)},
    )


async def _node_status(call: Call) -> Answer:
    id = secrets.randbelow(1 << 16)

    def accept(data: bytes) -> bool:
        try:
            netbios.node_status(data, id)
        except netbios.Malformed:
            return False
        return True

    request = netbios.node_status_request(id)
    data = await call.exchange(request, accept, elsewhere=Elsewhere.COUNTED)
    status = netbios.node_status(data, id)
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
    return Answer(Service.CONFIRMED, facts)


def _datagram_query(call: Call) -> bytes:
    """A datagram query from this machine's first IPv4 address, the field the form demands."""
    ours = (address for address in call.vantage.info.addresses if _is_ipv4(address))
    source = next(ours, "0.0.0.0")
    return netbios.datagram_query(secrets.randbelow(1 << 16), source, DATAGRAM_SERVICE)


def _is_ipv4(address: str) -> bool:
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return True
