"""Responders in place of servers that cannot be installed: `python -m bench.responders KIND`.

Listens on every address of its namespace, prints `ready` and the ports, and goes on until it is
ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bench import command
from probes.lab import vsphere, winrm
from probes.wire import pjl

EVERYWHERE = "0.0.0.0"
PRINTER = "HP LaserJet 4250"
_REQUEST_MOST = 1024


async def windows() -> list[asyncio.Server]:
    """WinRM as a computer in a domain has it."""
    return [await winrm.start(EVERYWHERE, 5985)]


async def hyperv() -> list[asyncio.Server]:
    """WinRM with CredSSP, as Hyper-V hosts are often given it."""
    return [await winrm.start(EVERYWHERE, 5985, logins=("Negotiate", "Kerberos", "CredSSP"))]


async def esxi() -> list[asyncio.Server]:
    """The three ports of an ESXi host."""
    return [
        await vsphere.start_http(EVERYWHERE, 80),
        await vsphere.start_https(EVERYWHERE, 443, name="esx1.site.test"),
        await vsphere.start_authd(EVERYWHERE, 902),
    ]


async def printer() -> list[asyncio.Server]:
    """Raw printing that knows its name over PJL."""

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard = b""
            while len(heard) < _REQUEST_MOST and (more := await reader.read(_REQUEST_MOST)):
                heard += more
                if b"@PJL INFO ID" in heard:
                    writer.write(pjl.encode_answer(PRINTER))
                    heard = b""
        except ConnectionError:
            pass
        finally:
            writer.close()

    return [await asyncio.start_server(accepted, EVERYWHERE, 9100)]


KINDS: dict[str, Callable[[], Awaitable[list[asyncio.Server]]]] = {
    "windows": windows,
    "hyperv": hyperv,
    "esxi": esxi,
    "printer": printer,
}


async def serve(kind: str, *, briefly: bool) -> None:
    """Serve until ended, or until everything listens."""
    servers = await KINDS[kind]()
    ports = [sock.getsockname()[1] for server in servers for sock in server.sockets]
    print("ready", *ports, flush=True)
    if not briefly:
        await asyncio.gather(*(server.serve_forever() for server in servers))
    for server in servers:
        server.close()
        await server.wait_closed()


def main() -> None:
    parser = command.parser("bench.responders")
    parser.add_argument("kind", nargs="?", choices=KINDS)
    given = parser.parse_args()
    if given.smoke:
        command.enter("bench.responders")
        for kind in KINDS:
            asyncio.run(serve(kind, briefly=True))
    elif given.kind:
        asyncio.run(serve(given.kind, briefly=False))
    else:
        parser.error("KIND is missing")


if __name__ == "__main__":
    main()
