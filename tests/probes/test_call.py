"""A further connection of a probe, where the row ends in the moment it opens."""

from __future__ import annotations

import asyncio
import socket

import pytest

from probes.call import Call
from probes.model import Reason, State
from probes.vantage import Outcome
from probes.vantage.local.tcp import SocketPipe


class Opens:
    """Connects when it is told to."""

    cancelled = False

    def connect(self, address, port, timeout, done, *, keep):
        self.done = done
        return self.cancel

    def cancel(self):
        self.cancelled = True


@pytest.mark.parametrize("opened_first", [True, False])
async def test_a_connection_that_opens_as_its_row_ends_is_closed(kit, opened_first):
    ours, theirs = socket.socketpair()
    vantage = Opens()
    job = kit.job(kit.check("a"))
    call = Call(vantage, job, "10.0.0.1", 4.0, 0, 0.0)  # type: ignore[arg-type]
    task = asyncio.create_task(call.try_connect(80, keep=True))
    await asyncio.sleep(0)
    outcome = Outcome(State.OPEN, Reason.SYN_ACK, "10.0.0.1", pipe=SocketPipe(ours))
    if opened_first:
        vantage.done(outcome)
        task.cancel()
    else:
        task.cancel()
        vantage.done(outcome)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ours.fileno() == -1
    assert vantage.cancelled
    theirs.close()
