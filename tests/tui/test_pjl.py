"""`--pjl`, from the command line to the printer's port and back into the row."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from probes.wire import pjl

ROOT = Path(__file__).parent.parent.parent


async def row(tmp_path: Path, *words: str) -> tuple[dict[str, Any], list[bytes]]:
    """The row of a printer that answers PJL, and what was sent to it on each connection."""
    heard: list[bytes] = []

    async def printer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(1024)
        heard.append(data)
        if data:
            writer.write(pjl.encode_answer("HP LaserJet 4250"))
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(printer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        command = [sys.executable, "-m", "tui", "run", f"printer=127.0.0.1:{port}", "--json"]
        process = await asyncio.create_subprocess_exec(
            *command,
            *words,
            cwd=ROOT,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        out, _ = await process.communicate()
    records = [json.loads(line) for line in out.splitlines()]
    return next(one for one in records if one.get("check") == "printer.raw"), heard


async def test_with_the_option_the_row_has_the_printers_name(tmp_path: Path) -> None:
    found, heard = await row(tmp_path, "--pjl")
    assert heard == [pjl.INFO_ID]
    assert (found["status"], found["service"]) == ("ok", "confirmed")
    assert found["note"] == "Printer HP LaserJet 4250 (PJL)."


@pytest.mark.parametrize("words", [(), ("--timeout", "1")])
async def test_without_it_a_printer_is_sent_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    found, heard = await row(tmp_path, *words)
    assert set(heard) <= {b""}
    assert (found["status"], found["service"]) == ("ok", "not asked")
    assert found["note"] == "Accepts connections; nothing is sent to a printer."
