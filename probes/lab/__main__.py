"""The lab as a process: says where it serves, and ends with whoever started it."""

from __future__ import annotations

import asyncio
import sys

from probes.lab.server import serving


async def main() -> None:
    """Serve until standard input ends, which it does however the other end of it ends."""
    async with serving() as directory:
        print(directory.written(), flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main())
