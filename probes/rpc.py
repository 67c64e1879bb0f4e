"""RPC endpoint mapper: does it answer, and what does it list (C706 appendix O, MS-RPCE)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from probes.call import Answer, Call, Unexpected
from probes.clients.rpc import Dialogue, Fault, Table
from probes.model import Service
from probes.vantage.stream import LimitExceeded
from probes.wire import dcerpc, endpoint_mapper
from probes.wire.endpoint_mapper import Endpoint, name_of, rank_of

SHARE = 0.8
"""Part of the deadline for the table; the rest is for saying what was found when it ran out."""
LISTED_MOST = 64
PORTS_SHOWN = 4


async def ask(call: Call) -> Answer:
    """Bind to the endpoint mapper and read its table; the answer to the bind proves the service.

    What goes wrong after it is a fact. Raises Unexpected for another protocol, and EOFError,
    OSError or TimeoutError when nothing was said.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + call.timeout * SHARE
    dialogue = Dialogue(await call.stream())
    taken = await dialogue.bind(endpoint_mapper.MAPPER)
    table = Table()
    problem = await read(dialogue, table, until) if taken else "it does not take anonymous binds"
    facts: dict[str, object] = {
        "summary": _summary(table, problem),
        "listed": len(table.endpoints),
        "complete": table.complete,
        "ports": tcp_ports(table.endpoints),
        "endpoints": _listed(table.endpoints),
    }
    if problem:
        facts["problem"] = problem
    return Answer(Service.CONFIRMED, facts)


async def read(dialogue: Dialogue, table: Table, until: float) -> str:
    """Fill the table until a moment of the loop's clock; why it is not whole, or empty."""
    try:
        async with asyncio.timeout_at(until):
            await dialogue.read(table)
    except Fault as error:
        if error.status == dcerpc.ACCESS_DENIED:
            return "it does not list its endpoints without a login"
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


def tcp_ports(endpoints: Iterable[Endpoint]) -> list[int]:
    """The TCP ports of a table, in their order, without the mapper's own."""
    ports = {one.port for one in endpoints if one.protocol == "tcp" and one.port}
    return sorted(port for port in ports if port != 135)


def listed(ports: Sequence[int], most: int = PORTS_SHOWN) -> str:
    """Ports for a sentence: `49664, 49665 and 7 more`."""
    shown = ", ".join(map(str, ports[:most]))
    return f"{shown} and {len(ports) - most} more" if len(ports) > most else shown


def _summary(table: Table, problem: str) -> str:
    if problem and not table.endpoints:
        return f"RPC endpoint mapper; {problem}"
    ports = tcp_ports(table.endpoints)
    where = f"RPC listens on TCP {listed(ports)}" if ports else "none of them on a TCP port"
    text = f"RPC endpoint mapper with {len(table.endpoints)} endpoints; {where}"
    return f"{text}; {problem}" if problem else text


def _listed(endpoints: Iterable[Endpoint]) -> list[str]:
    """What can be reached from outside, each once: TCP first, what remoting leans on first."""
    kept = sorted(
        {_reach(one): one for one in endpoints if one.protocol not in ("", "local")}.values(),
        key=lambda one: (one.protocol != "tcp", rank_of(one.interface.uuid), one.port or 0),
    )
    return [_text(one) for one in kept[:LISTED_MOST]]


def _reach(one: Endpoint) -> tuple[object, ...]:
    return one.interface, one.protocol, one.port, one.name


def _text(one: Endpoint) -> str:
    """An endpoint in one line: `tcp 49153: event log (f6beaff7-… 1.0)`."""
    interface = one.interface
    where = f"{one.protocol} {one.name or one.port}"
    form = f"{interface.uuid} {interface.major}.{interface.minor}"
    name = name_of(interface.uuid) or one.annotation
    return f"{where}: {name} ({form})" if name else f"{where}: {form}"
