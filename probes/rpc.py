"""RPC endpoint mapper probe: the answer to a bind, and its table (C706 appendix O, MS-RPCE)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from probes.call import Answer, Call, Unexpected
from probes.clients.rpc import EndpointTable, Fault, RpcClient
from probes.model import Service
from probes.vantage.stream import LimitExceeded
from probes.wire import dcerpc, endpoint_mapper
from probes.wire.dcerpc import BindAnswer
from probes.wire.endpoint_mapper import Endpoint, name_of, rank_of

TABLE_SHARE = 0.8
"""Part of the deadline for the table; the rest is for saying what was found when it ran out."""
MAX_LISTED = 64
MAX_PORTS_SHOWN = 4

_WANTS_LOGIN = "it does not list its endpoints without a login"


async def ask(call: Call) -> Answer:
    """Bind to the endpoint mapper and read its table; the answer to the bind proves the service.

    What goes wrong after it is a fact, and a warning where no endpoint came of it, unless that is
    a policy. Raises Unexpected for another protocol or another RPC server, and EOFError, OSError or
    TimeoutError when nothing was said.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + call.patience * TABLE_SHARE
    client = RpcClient(await call.stream())
    bound = await client.bind(endpoint_mapper.MAPPER)
    if bound.no_interface:
        raise Unexpected("an RPC server that does not serve the endpoint mapper's interface")
    table = EndpointTable()
    problem = refused_bind(bound) or await read_table(client, table, deadline)
    if not problem and not table.endpoints:
        problem = "its list is empty"
    facts: dict[str, object] = {
        "summary": _summary(table, problem),
        "listed": len(table.endpoints),
        "complete": table.complete,
        "ports": tcp_ports(table.endpoints),
        "endpoints": _endpoint_lines(table.endpoints),
    }
    if is_samba(table.endpoints):
        facts["software"] = "Samba"
    if problem:
        facts["problem"] = problem
    if problem not in ("", _WANTS_LOGIN) and not table.endpoints:
        facts["warning"] = True
    return Answer(Service.CONFIRMED, facts)


def is_samba(endpoints: Iterable[Endpoint]) -> bool:
    """True for the table of Samba, which alone has a pipe that tells the ids of Unix users."""
    return any(one.name.endswith("unixinfo") for one in endpoints if one.protocol == "pipe")


async def read_table(client: RpcClient, table: EndpointTable, deadline: float) -> str:
    """Fill the table until a deadline in loop time; the reason why it is incomplete, or empty."""
    try:
        async with asyncio.timeout_at(deadline):
            await client.read_table(table)
    except Fault as error:
        if error.status == dcerpc.ACCESS_DENIED:
            return _WANTS_LOGIN
        return f"it does not list its endpoints: {error}"
    except Unexpected as error:
        return f"its list could not be read: {error}"
    except TimeoutError:
        return "its list did not come in time"
    except LimitExceeded:
        return "its list is too long to read"
    except (EOFError, ConnectionError):
        return "it closed the connection in the middle of its list"
    return "" if table.complete else "its list is longer than was read"


def refused_bind(bound: BindAnswer) -> str:
    """The mapper's refusal of an anonymous bind, as the end of a sentence; empty without one."""
    return f"it refuses an anonymous bind: {bound.refusal}" if bound.refusal else ""


def tcp_ports(endpoints: Iterable[Endpoint]) -> list[int]:
    """The TCP ports of a table, in their order, without the mapper's own."""
    ports = {one.port for one in endpoints if one.protocol == "tcp" and one.port}
    return sorted(port for port in ports if port != 135)


def format_ports(ports: Sequence[int], limit: int = MAX_PORTS_SHOWN) -> str:
    """Ports for a sentence: `49664, 49665 and 7 more`."""
    shown = ", ".join(map(str, ports[:limit]))
    return f"{shown} and {len(ports) - limit} more" if len(ports) > limit else shown


def _summary(table: EndpointTable, problem: str) -> str:
    if problem and not table.endpoints:
        return f"RPC endpoint mapper; {problem}"
    ports = tcp_ports(table.endpoints)
    where = f"RPC listens on TCP {format_ports(ports)}" if ports else "none of them on a TCP port"
    text = f"RPC endpoint mapper with {len(table.endpoints)} endpoints; {where}"
    return f"{text}; {problem}" if problem else text


def _endpoint_lines(endpoints: Iterable[Endpoint]) -> list[str]:
    """Lines of the remote endpoints, each once: TCP first, then by importance to remoting."""
    kept = sorted(
        {
            _endpoint_key(one): one for one in endpoints if one.protocol not in ("", "local")
        }.values(),
        key=lambda one: (one.protocol != "tcp", rank_of(one.interface.uuid), one.port or 0),
    )
    return [_text(one) for one in kept[:MAX_LISTED]]


def _endpoint_key(one: Endpoint) -> tuple[object, ...]:
    return one.interface, one.protocol, one.port, one.name


def _text(one: Endpoint) -> str:
    """An endpoint in one line: `tcp 49153: event log (f6beaff7-… 1.0)`."""
    interface = one.interface
    where = f"{one.protocol} {one.name or one.port}"
    form = f"{interface.uuid} {interface.major}.{interface.minor}"
    name = name_of(interface.uuid) or one.annotation
    return f"{where}: {name} ({form})" if name else f"{where}: {form}"
