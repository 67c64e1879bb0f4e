from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from probes.engine.observation import run_tcp_probe
from probes.engine.pacing import Work
from probes.judging.messages import outcome_message
from probes.model import Icmp, Reason, Service, State
from probes.rpc_dynamic import MAX_ATTEMPTS, SAMPLE_PORTS, ask
from probes.vantage import Outcome
from probes.wire import endpoint_mapper

SHORT = 1.0
SVCCTL = UUID("367abb81-9844-35f1-ad32-98f038001003")
TASKS = UUID("86d35949-83c9-4044-b424-db363231fd0c")
EVENTLOG = UUID("f6beaff7-1e19-4fbb-9f8f-b89e2018337c")
SILENT = (State.FILTERED, Reason.NO_RESPONSE, None)
REFUSED = (State.CLOSED, Reason.CONN_REFUSED, None)
RESET = (State.OPEN, Reason.SYN_ACK, None)
"""Accepted, and reset in the same moment."""
PROHIBITED = (State.FILTERED, Reason.ADMIN_PROHIBITED, Icmp(3, 13, "10.1.1.1"))


class Firewall:
    """A vantage before which some ports do not open; `said` is used up attempt by attempt."""

    def __init__(self, behind, said: dict[int, list]) -> None:
        self.behind = behind
        self.said = said
        self.tried: list[tuple[str, int]] = []

    def connect(self, address, port, timeout, done, *, keep):
        self.tried.append((address, port))
        said = self.said.get(port)
        if not said:
            return self.behind.connect(address, port, timeout, done, keep=keep)
        state, reason, icmp = said.pop(0)
        number = errno.ECONNRESET if state is State.OPEN else None
        outcome = Outcome(state, reason, address, source="127.0.0.1", icmp=icmp, errno=number)
        return asyncio.get_running_loop().call_soon(done, outcome).cancel


@pytest.fixture
def asked(tcp_call, rpc_server) -> Callable[..., object]:
    """A call to a mapper, with RPC servers behind it and a firewall between."""

    @asynccontextmanager
    async def make(*, mapper=None, said=None, ports="1024-65535", timeout=5.0):
        async with tcp_call(mapper or rpc_server(), timeout=timeout) as call:
            call.vantage = Firewall(call.vantage, said or {})
            check = replace(call.job.check, port=135, ports=ports)
            call.job = replace(call.job, check=check, port=135)
            yield call

    return make


@pytest.fixture
def listen(rpc_server):
    """Servers on ports of their own for as long as the test; gives the ports."""

    @asynccontextmanager
    async def make(*servers):
        async with AsyncExitStack() as stack:
            ports = []
            tasks: list[asyncio.Task] = []
            for serve in servers:

                async def accepted(reader, writer, serve=serve) -> None:
                    tasks.append(asyncio.current_task())
                    try:
                        await serve(reader, writer)
                    except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                        writer.transport.abort()

                server = await asyncio.start_server(accepted, "127.0.0.1", 0)
                stack.callback(server.close)
                ports.append(server.sockets[0].getsockname()[1])
            yield ports
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return make


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\x1b[2J\r\n\r\n")
    await writer.drain()
    writer.close()


async def row(call):
    """The observation and the note of the row, as the engine makes them."""
    outcome = Outcome(State.OPEN, Reason.SYN_ACK, "127.0.0.1", source="127.0.0.1")
    observation = await run_tcp_probe(call, ask, Work(call.job), outcome, ())
    return observation, outcome_message(call.job, observation, call.timeout)


async def test_ports_that_the_mapper_names_are_bound_with_their_interfaces(
    asked, listen, rpc_server
) -> None:
    services = [rpc_server(), rpc_server(), rpc_server()]
    async with listen(*services) as ports:
        table = list(zip((EVENTLOG, SVCCTL, TASKS), ports, strict=True))
        async with asked(mapper=rpc_server(table)) as call:
            answer = await ask(call)
    shown = ", ".join(map(str, sorted(ports)))
    assert answer.service is Service.CONFIRMED
    assert answer.outcome is None
    assert answer.facts["summary"] == f"3 of 3 dynamic ports answer ({shown})"
    assert "warning" not in answer.facts
    assert [service.bound for service in services] == [[EVENTLOG], [SVCCTL], [TASKS]]
    assert [fact["name"] for fact in answer.facts["tried"]] == [
        "service control manager",
        "task scheduler",
        "event log",
    ]
    json.dumps(answer.facts)


async def test_ports_are_tried_on_the_host_that_was_asked_and_only_a_few(
    asked, listen, rpc_server
) -> None:
    table = [(UUID(int=at), 50000 + at) for at in range(40)] + [(SVCCTL, 60000), (TASKS, 60000)]
    said = {port: [REFUSED] for _, port in table}
    async with asked(mapper=rpc_server(table), said=said) as call:
        await ask(call)
    assert call.vantage.tried[0] == ("127.0.0.1", 60000)
    assert len(call.vantage.tried) == MAX_ATTEMPTS
    assert {address for address, _ in call.vantage.tried} == {"127.0.0.1"}


async def test_a_rejected_port_blocks_the_row_and_names_port_and_offender(
    asked, listen, rpc_server
) -> None:
    async with listen(rpc_server()) as (port,):
        table = [(SVCCTL, 49664), (TASKS, port)]
        async with asked(mapper=rpc_server(table), said={49664: [PROHIBITED]}) as call:
            observation, note = await row(call)
    assert (observation.state, observation.reason) == (State.FILTERED, Reason.ADMIN_PROHIBITED)
    assert observation.icmp == Icmp(3, 13, "10.1.1.1")
    assert note == (
        "TCP 49664 is filtered: the firewall lets 135 through but not the RPC traffic behind it; "
        "1 of 2 dynamic ports can be reached. "
        "10.1.1.1 (a device on the path) rejected it: administratively prohibited"
    )
    assert call.vantage.tried.count(("127.0.0.1", 49664)) == 1


async def test_a_silent_port_is_tried_once_more_and_then_filtered(asked, rpc_server) -> None:
    mapper = rpc_server([(SVCCTL, 49664)])
    async with asked(mapper=mapper, said={49664: [SILENT, SILENT]}) as call:
        observation, note = await row(call)
    assert call.vantage.tried == [("127.0.0.1", 49664)] * 2
    assert (observation.state, observation.reason) == (State.FILTERED, Reason.NO_RESPONSE)
    assert note == (
        "TCP 49664 is filtered: the firewall lets 135 through but not the RPC traffic behind it"
    )


async def test_an_answer_to_the_second_try_is_believed_over_a_silence(
    asked, listen, rpc_server
) -> None:
    async with listen(rpc_server()) as (port,):
        mapper = rpc_server([(SVCCTL, port)])
        async with asked(mapper=mapper, said={port: [SILENT]}) as call:
            answer = await ask(call)
    assert answer.facts["summary"] == f"1 of 1 dynamic ports answer ({port})"


async def test_ports_that_all_refuse_are_closed_and_not_filtered(asked, rpc_server) -> None:
    mapper = rpc_server([(SVCCTL, 49664), (TASKS, 49665)])
    async with asked(mapper=mapper, said={49664: [REFUSED], 49665: [REFUSED]}) as call:
        observation, note = await row(call)
    assert (observation.state, observation.reason) == (State.CLOSED, Reason.CONN_REFUSED)
    assert note.startswith("TCP 49664, 49665 refused: the endpoint mapper names them")


async def test_one_refusal_among_answers_is_a_warning(asked, listen, rpc_server) -> None:
    async with listen(rpc_server()) as (port,):
        mapper = rpc_server([(SVCCTL, port), (TASKS, 49664)])
        async with asked(mapper=mapper, said={49664: [REFUSED]}) as call:
            answer = await ask(call)
    assert answer.facts["warning"] is True
    assert answer.facts["summary"] == f"1 of 2 dynamic ports answer ({port}); 49664 refused"


@pytest.mark.parametrize(
    ("serve", "service", "words"),
    [(silent, Service.SILENT, "it says nothing"), (web, Service.UNEXPECTED, "400 Bad Request")],
)
async def test_a_port_behind_which_no_rpc_speaks_is_told(
    asked, listen, rpc_server, serve, service, words
) -> None:
    async with (
        listen(serve) as (port,),
        asked(mapper=rpc_server([(SVCCTL, port)]), timeout=SHORT) as call,
    ):
        observation, note = await row(call)
    assert (observation.state, observation.service) == (State.OPEN, service)
    assert f"TCP {port} opens, but is no RPC" in note
    assert words in note
    assert "\x1b" not in note


async def test_a_port_outside_the_range_is_a_warning_because_the_rule_must_name_it(
    asked, listen, rpc_server
) -> None:
    async with (
        listen(rpc_server()) as (port,),
        asked(mapper=rpc_server([(SVCCTL, port)]), ports="1024-1025") as call,
    ):
        answer = await ask(call)
    assert answer.facts["warning"] is True
    assert answer.facts["outside"] == [port]
    assert f"{port} outside 1024-1025" in str(answer.facts["summary"])


async def test_ports_in_the_range_are_tried_before_others(asked, rpc_server) -> None:
    table = [(SVCCTL, 2000), (TASKS, 2001), (EVENTLOG, 2002)]
    table += [(UUID(int=at), 60000 + at) for at in range(3)]
    said = {port: [REFUSED] for _, port in table}
    async with asked(mapper=rpc_server(table), said=said, ports="49152-65535") as call:
        await ask(call)
    assert {port for _, port in call.vantage.tried} == {60000, 60001, 60002}


async def test_well_known_ports_are_left_alone_whatever_the_mapper_says(asked, rpc_server) -> None:
    mapper = rpc_server([(SVCCTL, 22), (TASKS, 445), (endpoint_mapper.MAPPER.uuid, 135)])
    async with asked(mapper=mapper) as call:
        answer = await ask(call)
    assert call.vantage.tried == []
    assert answer.facts["warning"] is True
    assert "names no TCP port" in str(answer.facts["summary"])


@pytest.mark.parametrize("options", [{"fault": 5}, {"refuse_bind": True}])
async def test_without_a_table_one_way_through_shows_that_the_range_is_open(
    asked, rpc_server, options
) -> None:
    said = {
        SAMPLE_PORTS[0]: [SILENT, SILENT],
        SAMPLE_PORTS[1]: [REFUSED],
        SAMPLE_PORTS[2]: [REFUSED],
    }
    async with asked(mapper=rpc_server(**options), said=said) as call:
        observation, note = await row(call)
    assert (observation.state, observation.service) == (State.OPEN, Service.NOT_ASKED)
    assert observation.facts["warning"] is True
    assert "as a sample" in note


async def test_without_a_table_samples_that_are_all_stopped_block_the_row(
    asked, rpc_server
) -> None:
    said = {port: [PROHIBITED] for port in SAMPLE_PORTS}
    async with asked(mapper=rpc_server(fault=5), said=said) as call:
        observation, note = await row(call)
    assert observation.state is State.FILTERED
    assert "49664, 49665, 49666 are filtered" in note
    assert "without a login" in note
    assert "10.1.1.1" in note


async def test_a_slow_table_leaves_time_to_try_what_it_named(asked, listen, rpc_server) -> None:
    async with listen(rpc_server()) as (port,):
        mapper = rpc_server([(SVCCTL, port), (TASKS, 49664)], page=1, mute_after=1)
        async with asked(mapper=mapper, timeout=SHORT) as call:
            observation, note = await row(call)
    assert (observation.state, observation.service) == (State.OPEN, Service.CONFIRMED)
    assert note.startswith("1 of 1 dynamic ports answer")


async def test_a_silent_mapper_is_a_silent_service(asked) -> None:
    async with asked(mapper=silent, timeout=0.3) as call:
        observation, _ = await row(call)
    assert (observation.state, observation.service) == (State.OPEN, Service.SILENT)


async def test_a_cancelled_probe_leaves_no_attempt_behind(asked, rpc_server) -> None:
    begun, ended = asyncio.Event(), []

    class Held:
        def connect(self, address, port, timeout, done, *, keep):
            begun.set()
            return lambda: ended.append(port)

    async with asked(mapper=rpc_server([(SVCCTL, 49664), (TASKS, 49665)])) as call:
        call.vantage = Held()
        task = asyncio.create_task(ask(call))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert sorted(ended) == [49664, 49665]


async def test_a_dynamic_port_that_is_accepted_and_reset_is_not_called_filtered_nor_right(
    asked, rpc_server
):
    mapper = rpc_server(endpoints=[(SVCCTL, 49664)])
    async with asked(mapper=mapper, said={49664: [RESET]}) as call:
        observation, note = await row(call)
    assert observation.service is Service.SILENT
    assert "TCP 49664 opens, but is no RPC: it resets the connection" in note
