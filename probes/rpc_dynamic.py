"""RPC behind the mapper: are the dynamic ports it names reachable (MS-RPCE 1.7, C706)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.clients.rpc import Dialogue, Table
from probes.model import Reason, Service, State
from probes.rpc import listed, read, tcp_ports
from probes.vantage import Outcome
from probes.vantage.stream import LimitExceeded
from probes.wire import endpoint_mapper
from probes.wire.dcerpc import Interface
from probes.wire.endpoint_mapper import name_of, rank_of

TRIED_MOST = 3
"""Ports tried, all at once: as many connects as the engine has in flight towards one host."""
TABLE_SHARE = 0.5
"""Part of the deadline for the mapper's table."""
SHARE = 0.95
"""Part of the deadline for everything; the rest is for saying what was found."""
WELL_KNOWN = 1024
"""Ports below are no dynamic ones, whatever a mapper says."""
SAMPLES = (49664, 49665, 49666)
"""What current Windows holds with its first system services, for a mapper that names none."""


@dataclass(frozen=True, slots=True)
class Try:
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
    began = asyncio.get_running_loop().time()
    dialogue = Dialogue(await call.stream())
    table = Table()
    if await dialogue.bind(endpoint_mapper.MAPPER):
        problem = await read(dialogue, table, began + call.timeout * TABLE_SHARE)
    else:
        problem = "it does not take anonymous binds"
    wanted = _wanted(table.endpoints, call.job.check.ports)
    facts: dict[str, object] = {}
    if table.endpoints:
        facts["ports"] = tcp_ports(table.endpoints)
    if problem:
        facts["mapper"] = problem
    if not problem and not wanted:
        text = "The endpoint mapper names no TCP port, so no port of the range could be tried"
        return Answer(Service.CONFIRMED, {"summary": text, "warning": True, **facts})
    asked = wanted or [(port, endpoint_mapper.MAPPER) for port in SAMPLES]
    tries = await _try_all(call, asked, began + call.timeout * SHARE)
    facts["tried"] = [_fact(one) for one in tries]
    if not wanted:
        return _sample(tries, problem, facts)
    return _verdict(tries, call.job.check.ports, facts)


def _wanted(
    endpoints: Iterable[endpoint_mapper.Endpoint], ports: str
) -> list[tuple[int, Interface]]:
    """The ports to try, each once with its most wanted interface: those in the range first."""
    first, _, last = ports.partition("-")
    inside = range(int(first), int(last) + 1) if last else range(65536)
    best: dict[int, Interface] = {}
    dynamic = [one for one in endpoints if one.protocol == "tcp" and (one.port or 0) >= WELL_KNOWN]
    for one in sorted(dynamic, key=lambda one: rank_of(one.interface.uuid)):
        best.setdefault(one.port or 0, one.interface)
    order = sorted(best, key=lambda port: (port not in inside, rank_of(best[port].uuid), port))
    return [(port, best[port]) for port in order[:TRIED_MOST]]


async def _try_all(call: Call, wanted: Sequence[tuple[int, Interface]], until: float) -> list[Try]:
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(_try(call, *one, until)) for one in wanted]
    try:
        return [await task for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _try(call: Call, port: int, interface: Interface, until: float) -> Try:
    """Connect, again after silence, and bind to the interface that should listen there."""
    loop = asyncio.get_running_loop()
    try:
        try:
            stream = await call.connect(port, (until - loop.time()) / 2)
        except NoAnswer as error:
            if error.outcome.reason is not Reason.NO_RESPONSE:
                return Try(port, interface, error.outcome, Service.NOT_ASKED)
            try:
                stream = await call.connect(port, until - loop.time())
            except NoAnswer as again:
                return Try(port, interface, again.outcome, Service.NOT_ASKED)
    except ConnectionError:
        return Try(port, interface, None, Service.SILENT, "it resets the connection")
    try:
        async with asyncio.timeout_at(until):
            await Dialogue(stream).bind(interface)
    except Unexpected as error:
        return Try(port, interface, None, Service.UNEXPECTED, str(error))
    except LimitExceeded:
        return Try(port, interface, None, Service.UNEXPECTED, "it sends without end")
    except TimeoutError:
        return Try(port, interface, None, Service.SILENT, "it says nothing")
    except (EOFError, ConnectionError):
        return Try(port, interface, None, Service.SILENT, "it closes the connection")
    return Try(port, interface)


def _verdict(tries: Sequence[Try], ports: str, facts: dict[str, object]) -> Answer:
    """What ports that the mapper named say about the range."""
    stopped = [one for one in tries if one.outcome and one.outcome.state is not State.CLOSED]
    refused = [one for one in tries if one.outcome and one.outcome.state is State.CLOSED]
    good = [one for one in tries if one.outcome is None and one.service is Service.CONFIRMED]
    strange = [one for one in tries if one.outcome is None and one.problem]
    if stopped:
        text = _stopped(tries, stopped)
        return _not_open(stopped[0], text, facts)
    if not good and refused:
        text = (
            f"{_ports(refused)} refused: the endpoint mapper names "
            f"{'it' if len(refused) == 1 else 'them'}, but the host, or a firewall in its name, "
            "says that nothing listens there"
        )
        return _not_open(refused[0], text, facts)
    if not good:
        text = f"{_ports(strange)} opens, but is no RPC: {strange[0].problem}"
        return Answer(strange[0].service, {"summary": text, **facts})
    text = f"{len(good)} of {len(tries)} dynamic ports answer ({_numbers(good)})"
    said = [f"{_numbers(refused)} refused"] if refused else []
    said += [f"{one.port} opens, but {one.problem}" for one in strange]
    outside = [one.port for one in good if not _within(one.port, ports)]
    if outside:
        said.append(f"{listed(outside)} outside {ports}: this host has a range of its own")
        facts["outside"] = outside
    if said:
        facts["warning"] = True
    return Answer(Service.CONFIRMED, {"summary": "; ".join((text, *said)), **facts})


def _sample(tries: Sequence[Try], problem: str, facts: dict[str, object]) -> Answer:
    """What a few usual ports say about the range, when the mapper names none.

    A refusal shows that the path is open as well as an answer does, and one way through is enough:
    where nothing listens, Windows' own firewall is silent.
    """
    stopped = [one for one in tries if one.outcome and one.outcome.state is not State.CLOSED]
    reached = [one for one in tries if one not in stopped]
    why = f"The endpoint mapper names no ports: {problem}"
    if not reached:
        text = f"{_stopped(tries, stopped)} ({problem}, so the first ports of Windows were tried)"
        return _not_open(stopped[0], text, facts)
    text = f"{why}; TCP {_numbers(reached)}, tried as a sample of the range, can be reached"
    return Answer(Service.NOT_ASKED, {"summary": text, "warning": True, **facts})


def _not_open(one: Try, text: str, facts: dict[str, object]) -> Answer:
    assert one.outcome is not None
    return Answer(Service.NOT_ASKED, {"summary": text, **facts}, outcome=one.outcome)


def _stopped(tries: Sequence[Try], stopped: Sequence[Try]) -> str:
    assert stopped[0].outcome is not None
    is_are = "is" if len(stopped) == 1 else "are"
    text = (
        f"{_ports(stopped)} {is_are} {stopped[0].outcome.state}: the firewall lets 135 through "
        "but not the RPC traffic behind it"
    )
    others = len(tries) - len(stopped)
    return f"{text}; {others} of {len(tries)} dynamic ports can be reached" if others else text


def _ports(tries: Iterable[Try]) -> str:
    return f"TCP {_numbers(tries)}"


def _numbers(tries: Iterable[Try]) -> str:
    return ", ".join(str(one.port) for one in sorted(tries, key=lambda one: one.port))


def _within(port: int, ports: str) -> bool:
    first, _, last = ports.partition("-")
    return not last or int(first) <= port <= int(last)


def _fact(one: Try) -> dict[str, object]:
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
