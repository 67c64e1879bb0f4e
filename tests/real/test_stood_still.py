"""The real program stopped over a deadline, as by a paused machine: no answer becomes silence."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from probes.lab import winrm

TIMEOUT = 1.0
HOST = "127.77.99.1"


async def test_an_answer_that_came_while_the_program_stood_still_is_not_called_silence(
    tmp_path: Path,
) -> None:
    lab = await winrm.start()
    behind = lab.sockets[0].getsockname()[1]
    answer, accepted = asyncio.Event(), asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await answer.wait()
        up = await asyncio.open_connection("127.0.0.1", behind)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, up[1]), pump(up[0], writer), return_exceptions=True)

    server = await asyncio.start_server(relay, HOST, 5985)
    log = tmp_path / "log.jsonl"
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tui", "run", f"windows.target={HOST}"),
        *("--timeout", str(TIMEOUT), "--log", str(log)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
    )
    try:
        async with asyncio.timeout(60):
            await accepted.wait()
            program.send_signal(signal.SIGSTOP)
            answer.set()
            # Nothing tells that a deadline has passed in a process that is stopped.
            await asyncio.sleep(3 * TIMEOUT)
            program.send_signal(signal.SIGCONT)
            await program.wait()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
        server.close()
        lab.close()
    records = [json.loads(line) for line in log.read_text().splitlines()]
    (row,) = [one for one in records if one.get("check") == "windows.winrm"]
    assert (row["status"], row["service"]) == ("ok", "confirmed")
