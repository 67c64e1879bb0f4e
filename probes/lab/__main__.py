"""Main of the lab's process: prints its address map, and ends with its parent."""

from __future__ import annotations

import asyncio
import sys

from probes.lab.server import run_lab


async def main() -> None:
    """Serve until standard input ends, which it does however the parent process ends."""
    async with run_lab() as address_map:
        print(address_map.to_json(), flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main())
