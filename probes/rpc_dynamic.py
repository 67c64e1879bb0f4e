"""RPC probe behind the mapper: reachability of its dynamic ports (MS-RPCE 1.7, C706)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.clients.rpc import EndpointTable, RpcClient
from probes.model import Reason, Service, State
from probes.rpc import format_ports, read_table, refused_bind, tcp_ports
from probes.vantage import Outcome
from probes.vantage.stream import LimitExceeded
from probes.wire import endpoint_mapper
from probes.wire.dcerpc import Interface
from probes.wire.endpoint_mapper import name_of, rank_of

MAX_ATTEMPTS = 3
"""Ports tried, all at once: as many connects as the engine has in flight towards one host."""
TABLE_SHARE = 0.5
"""Part of the deadline for the mapper's table."""
DEADLINE_SHARE = 0.95
"""Part of the deadline for everything; the rest is for saying what was found."""
FIRST_DYNAMIC_PORT = 1024
"""Ports below are no dynamic ones, whatever a mapper says."""
SAMPLE_PORTS = (49664, 49665, 49666)
"""Ports of the first system services of current Windows, for a mapper that names none."""


@dataclass(frozen=True, slots=True)
class PortAttempt:
    """One port that was tried: how the connect ended, and whether RPC answered on it.

    `outcome` is None where it opened; `problem` says what answered, or did not, instead of RPC.
    """

    port: int
    interface: Interface
    outcome: Outcome | None = None
    service: Service = Service.CONFIRMED
    problem: str = ""


async def ask(call: Call) -> Answer:
    """Ask the mapper for its TCP ports, try the ones that matter most, and judge the range by them.

    The ports are tried on the host that was asked, whatever address the mapper names. A port that
    does not open decides the state of the row. Raises what the probe of the mapper raises.
    """
    started = asyncio.get_running_loop().time()
    client = RpcClient(await call.stream())
    table = EndpointTable()
    bound = await client.bind(endpoint_mapper.MAPPER)
    problem = refused_bind(bound) or await read_table(
        client, table, started + call.patience * TABLE_SHARE
    )
    selected = _select_ports(table.endpoints, call.job.check.ports)
    facts: dict[str, object] = {}
    if table.endpoints:
        facts["ports"] = tcp_ports(table.endpoints)
    if problem:
        facts["mapper"] = problem
    if not problem and not selected:
        text = "The endpoint mapper names no TCP port, so no port of the range could be tried"
        return Answer(Service.CONFIRMED, {"summary": text, "warning": True, **facts})
    ports = selected or [(port, endpoint_mapper.MAPPER) for port in SAMPLE_PORTS]
    attempts = await _try_all(call, ports, started + call.patience * DEADLINE_SHARE)
    facts["tried"] = [_fact(one) for one in attempts]
    if not selected:
        return _sample_verdict(call.port, attempts, problem, facts)
    return _verdict(call, attempts, facts)


def _select_ports(
    endpoints: Iterable[endpoint_mapper.Endpoint], ports: str
) -> list[tuple[int, Interface]]:
    """The ports to try, each once with its most wanted interface: those in the range first."""
    first, _, last = ports.partition("-")
    inside = range(int(first), int(last) + 1) if last else range(65536)
    best: dict[int, Interface] = {}
    dynamic = [
        one for one in endpoints if one.protocol == "tcp" and (one.port or 0) >= FIRST_DYNAMIC_PORT
    ]
    for one in sorted(dynamic, key=lambda one: rank_of(one.interface.uuid)):
        best.setdefault(one.port or 0, one.interface)
    order = sorted(best, key=lambda port: (port not in inside, rank_of(best[port].uuid), port))
    return [(port, best[port]) for port in order[:MAX_ATTEMPTS]]


async def _try_all(
    call: Call, ports: Sequence[tuple[int, Interface]], deadline: float
) -> list[PortAttempt]:
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(_try(call, *one, deadline)) for one in ports]
    try:
        return [await task for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _try(call: Call, port: int, interface: Interface, deadline: float) -> PortAttempt:
    """Connect, again after silence, and bind to the interface that should listen there."""
    left = deadline - asyncio.get_running_loop().time()
    limit = min(call.timeout * DEADLINE_SHARE, left) / 2
    try:
        try:
            stream = await call.connect(port, limit)
        except NoAnswer as error:
            if error.outcome.reason is not Reason.NO_RESPONSE:
                return PortAttempt(port, interface, error.outcome, Service.NOT_ASKED)
            try:
                stream = await call.connect(port, limit)
            except NoAnswer as again:
                return PortAttempt(port, interface, again.outcome, Service.NOT_ASKED)
    except ConnectionError:
        return PortAttempt(port, interface, None, Service.SILENT, "it resets the connection")
    try:
        async with asyncio.timeout_at(deadline):
            await RpcClient(stream).bind(interface)
    except Unexpected as error:
        return PortAttempt(port, interface, None, Service.UNEXPECTED, str(error))
    except LimitExceeded:
        return PortAttempt(port, interface, None, Service.UNEXPECTED, "it sends without end")
    except TimeoutError:
        return PortAttempt(port, interface, None, Service.SILENT, "it says nothing")
    except (EOFError, ConnectionError):
        return PortAttempt(port, interface, None, Service.SILENT, "it closes the connection")
    return PortAttempt(port, interface)


def _verdict(call: Call, attempts: Sequence[PortAttempt], facts: dict[str, object]) -> Answer:
    """Answer about the range, by the ports that the mapper named."""
    ports = call.job.check.ports
    blocked = [one for one in attempts if one.outcome and one.outcome.state is not State.CLOSED]
    refused = [one for one in attempts if one.outcome and one.outcome.state is State.CLOSED]
    confirmed = [
        one for one in attempts if one.outcome is None and one.service is Service.CONFIRMED
    ]
    unexpected = [one for one in attempts if one.outcome is None and one.problem]
    if blocked:
        text = _blocked_text(call.port, attempts, blocked)
        return _not_open(blocked[0], text, facts)
    if not confirmed and refused:
        text = (
            f"{_ports_text(refused)} refused: the endpoint mapper names "
            f"{'it' if len(refused) == 1 else 'them'}, but the host, or a firewall in its name, "
            "says that nothing listens there"
        )
        return _not_open(refused[0], text, facts)
    if not confirmed:
        text = f"{_ports_text(unexpected)} opens, but is no RPC: {unexpected[0].problem}"
        return Answer(unexpected[0].service, {"summary": text, **facts})
    text = f"{len(confirmed)} of {len(attempts)} dynamic ports answer ({_port_list(confirmed)})"
    notes = [f"{_port_list(refused)} refused"] if refused else []
    notes += [f"{one.port} opens, but {one.problem}" for one in unexpected]
    outside = [one.port for one in confirmed if not _in_range(one.port, ports)]
    if outside:
        notes.append(f"{format_ports(outside)} outside {ports}: this host has a range of its own")
        facts["outside"] = outside
    if notes:
        facts["warning"] = True
    return Answer(Service.CONFIRMED, {"summary": "; ".join((text, *notes)), **facts})


def _sample_verdict(
    mapper: int, attempts: Sequence[PortAttempt], problem: str, facts: dict[str, object]
) -> Answer:
    """Answer about the range, by a few usual ports, when the mapper names none.

    A refusal shows that the path is open as well as an answer does, and one way through is enough:
    where nothing listens, Windows' own firewall is silent.
    """
    blocked = [one for one in attempts if one.outcome and one.outcome.state is not State.CLOSED]
    reached = [one for one in attempts if one not in blocked]
    why = f"The endpoint mapper names no ports: {problem}"
    if not reached:
        text = _blocked_text(mapper, attempts, blocked)
        text += f" ({problem}, so the first ports of Windows were tried)"
        return _not_open(blocked[0], text, facts)
    text = f"{why}; TCP {_port_list(reached)}, tried as a sample of the range, can be reached"
    return Answer(Service.NOT_ASKED, {"summary": text, "warning": True, **facts})


def _not_open(one: PortAttempt, text: str, facts: dict[str, object]) -> Answer:
    assert one.outcome is not None
    return Answer(Service.NOT_ASKED, {"summary": text, **facts}, outcome=one.outcome)


def _blocked_text(
    mapper: int, attempts: Sequence[PortAttempt], blocked: Sequence[PortAttempt]
) -> str:
    """Ports that the firewall does not let through, beside that of the mapper."""
    assert blocked[0].outcome is not None
    is_are = "is" if len(blocked) == 1 else "are"
    text = (
        f"{_ports_text(blocked)} {is_are} {blocked[0].outcome.state}: "
        f"the firewall lets {mapper} through but not the RPC traffic behind it"
    )
    others = len(attempts) - len(blocked)
    return f"{text}; {others} of {len(attempts)} dynamic ports can be reached" if others else text


def _ports_text(attempts: Iterable[PortAttempt]) -> str:
    return f"TCP {_port_list(attempts)}"


def _port_list(attempts: Iterable[PortAttempt]) -> str:
    return ", ".join(str(one.port) for one in sorted(attempts, key=lambda one: one.port))


def _in_range(port: int, ports: str) -> bool:
    first, _, last = ports.partition("-")
    return not last or int(first) <= port <= int(last)


def _fact(one: PortAttempt) -> dict[str, object]:
    fact: dict[str, object] = {"port": one.port, "interface": str(one.interface.uuid)}
    name = name_of(one.interface.uuid)
    if name:
        fact["name"] = name
    fact["state"] = str(one.outcome.state) if one.outcome else "open"
    if one.outcome:
        fact["reason"] = str(one.outcome.reason)
    if one.problem:
        fact["problem"] = one.problem
    return fact
