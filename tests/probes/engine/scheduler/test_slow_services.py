"""Services that let one wait after their port has opened, on a loop without waiting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from probes.call import Answer, Call
from probes.model import Service, State, Status
from probes.settings import Settings
from probes.vantage.local.tcp import Connector
from profiles.model import Unless
from tests.probes.simulated import simulated

HOST = "127.0.0.1"
PATIENCE = Settings().answer_timeout


class Asked:
    """A probe that is loaded already: it reads one byte."""

    domain_controller = False

    def is_ipv4_only(self, port):
        return False

    def load(self):
        async def ask(call: Call) -> Answer:
            await (await call.stream()).read(1)
            return Answer(Service.CONFIRMED, {"summary": "It answers"})

        return ask


def measured(
    kit, seconds: dict[str, float | None], *, others: tuple[Any, ...] = (), **settings: Any
) -> tuple[dict[str, Any], dict[str, float]]:
    """Results of rows by their ids, and when each had its result.

    Each service in `seconds` accepts and says a byte after so many of them, or never.
    """
    latest: dict[str, Any] = {}
    ended: dict[str, float] = {}

    async def main() -> None:
        loop = asyncio.get_running_loop()
        held: list[asyncio.StreamWriter] = []
        servers, checks = [], []

        def serving(after: float | None):
            async def serve(reader, writer):
                held.append(writer)
                if after is not None:
                    await asyncio.sleep(after)
                    writer.write(b"x")

            return serve

        for id, after in seconds.items():
            server = await asyncio.start_server(serving(after), HOST, 0)
            servers.append(server)
            checks.append(kit.check(id, server.sockets[0].getsockname()[1], probe="byte"))
        connector = Connector(loop)

        class Real(kit.Scripted):
            def connect(self, address, port, timeout, done, *, keep):
                return connector.connect(address, port, timeout, done, keep=keep)

        class Session(kit.Session):
            def _report(self, batch):
                for event in batch:
                    if hasattr(event, "observation"):
                        ended[event.job.check.id] = loop.time()
                super()._report(batch)

        checks += others
        session = Session(Real(), kit.profile(*checks), {"byte": Asked()}, **settings)
        results = await session.measure(*(kit.job(check, HOST) for check in checks))
        latest.update({key.partition("|")[0]: result for key, result in results.items()})
        connector.close()
        for writer in held:
            writer.transport.abort()
        for server in servers:
            server.close()

    simulated(main)
    return latest, ended


@pytest.mark.parametrize("after", [2.5, 6.0, 7.0, 14.5])
def test_a_service_that_is_slow_after_its_port_opened_is_not_dead(kit, after: float) -> None:
    latest, ended = measured(kit, {"a": after})
    assert latest["a"].status is Status.OK
    assert latest["a"].note == f"It answers; it answered after {after:g} s."
    assert ended["a"] == pytest.approx(after, abs=0.2)


@pytest.mark.parametrize("after", [0.0, 1.0, 1.8])
def test_nothing_is_said_of_a_service_that_answers_in_time(kit, after: float) -> None:
    latest, _ = measured(kit, {"a": after})
    assert latest["a"].note == "It answers."


def test_the_patience_with_a_service_ends(kit) -> None:
    latest, ended = measured(kit, {"a": None})
    seen = latest["a"].observation
    assert (seen.state, seen.service) == (State.OPEN, Service.SILENT)
    assert f"the service did not answer in {PATIENCE:g} s" in latest["a"].note
    assert ended["a"] == pytest.approx(PATIENCE, abs=0.2)


def test_a_patience_shorter_than_the_time_of_an_attempt_counts_as_that(kit) -> None:
    latest, _ = measured(kit, {"a": 3.0}, timeout=4.0, answer_timeout=1.0)
    assert latest["a"].status is Status.OK


def test_slow_services_hold_up_nobody(kit) -> None:
    silent = {f"silent{number}": None for number in range(4)}
    _, ended = measured(kit, {**silent, "a": 0.0}, concurrency=4, per_host=4)
    assert ended["a"] == pytest.approx(Settings().timeout, abs=0.2)
    assert max(ended.values()) == pytest.approx(PATIENCE, abs=0.2)


def test_slow_services_are_counted_where_descriptors_are_few(kit, monkeypatch) -> None:
    monkeypatch.setattr(kit.Scripted, "descriptors", 4, raising=False)
    original = kit.Scripted.__init__

    def few(self, *given, **named):
        original(self, *given, **named)
        self.descriptors = 4

    monkeypatch.setattr(kit.Scripted, "__init__", few)
    silent = {f"silent{number}": None for number in range(4)}
    _, ended = measured(kit, {**silent, "a": 0.0}, per_host=9)
    assert ended["a"] == pytest.approx(PATIENCE, abs=0.2)


def test_a_silent_service_lets_the_rows_begin_that_its_answer_would_make_needless(kit) -> None:
    other = kit.check("smb", 1, unless=(Unless("winrm"),))
    latest, ended = measured(kit, {"winrm": None}, others=(other,))
    assert latest["smb"].observation.state is State.CLOSED
    assert ended["smb"] == pytest.approx(Settings().timeout, abs=0.2)


def test_a_slow_service_makes_needless_what_was_measured_meanwhile(kit) -> None:
    other = kit.check("smb", 1, unless=(Unless("winrm"),))
    latest, _ = measured(kit, {"winrm": 7.0}, others=(other,))
    assert latest["winrm"].status is Status.OK
    assert latest["smb"].status is Status.NOT_NEEDED
