"""Every probe, and names that hold what a terminal obeys or does not show: none reaches a row."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

import pytest

from probes.engine.observation import run_udp_probe
from probes.engine.pacing import HostQueue, Work
from probes.judging.status import judge
from probes.lab import dns, http, netbios, snmp, vsphere
from probes.lab.certificates import CertificateAuthority
from probes.lab.transport import DatagramHandler, listen_tcp
from probes.model import Job, Reason, Result, State, Target, VantageInfo
from probes.options import NO_OPTIONS
from probes.registry import PROBES
from probes.vantage import Outcome
from probes.wire import vim
from profiles.model import Check
from tests.probes.peers import Serve
from tests.probes.right_services import OVER_TCP

PATIENCE = 2.0
HIDDEN = (
    "\u3164",  # HANGUL FILLER
    "\u202e",  # RIGHT-TO-LEFT OVERRIDE
    "\u200b",  # ZERO WIDTH SPACE
    "\u2800",  # BRAILLE PATTERN BLANK
    "\u115f",  # HANGUL CHOSEONG FILLER
    "\x1b[2",
    "\0\r\n",
    "\x9b3",
    "\xff\xfe",
)
"""Texts that overwrite names; the last one is no UTF-8 where it is written byte for byte."""
_TEXT = re.compile(rb"[A-Za-z][A-Za-z0-9 ._-]{3,}")
_WIDE = re.compile(rb"(?:[A-Za-z0-9 ._-]\0){3,}")


def is_shown(char: str) -> bool:
    if char == " ":
        return True
    blank = "\u115f\u1160\u2800\u3164\uffa0"
    return char not in blank and unicodedata.category(char)[0] not in "CZ"


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from strings(key)
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def check_row(result: Result) -> None:
    assert "fault in" not in result.note
    for text in (result.note, *strings(result.observation.facts)):
        assert all(map(is_shown, text)), ascii(text)


def overwritten(said: bytes, hidden: str) -> Iterator[bytes]:
    """Said again, each text in it with these characters in its middle; its length stays."""
    for pattern, raw in (
        (_TEXT, hidden.encode("utf-8" if ord(hidden[0]) > 0xFF else "latin-1")),
        (_WIDE, hidden.encode("utf-16-le")),
    ):
        for found in pattern.finditer(said):
            at = found.start() + 2
            if at + len(raw) <= found.end():
                yield said[:at] + raw + said[at + len(raw) :]


def replaying(said: bytes) -> Serve:
    """A server that says this once it is asked anything, or at once if it never is."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await reader.read()

    return serve


async def recorded(name: str, row, peer) -> list[bytes]:
    """Bytes that the right service says to a probe, connection by connection."""
    kept: list[bytearray] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said, write = bytearray(), writer.write
        kept.append(said)
        writer.write = lambda data: (said.extend(data), write(data))[1]
        await OVER_TCP[name](reader, writer)

    async with peer(serve) as port:
        await row(name, port, PATIENCE)
    return [bytes(one) for one in kept]


@pytest.mark.parametrize("name", [name for name in OVER_TCP if name != "rpc"])
async def test_no_text_of_a_tcp_service_hides_anything_in_its_row(name: str, row, peer) -> None:
    said = await recorded(name, row, peer)
    variants = {one for hidden in HIDDEN for one in overwritten(said[0], hidden)}
    assert variants

    async def measure(one: bytes) -> None:
        async with busy, peer(replaying(one)) as port:
            check_row(await row(name, port, PATIENCE))

    busy = asyncio.Semaphore(32)
    await asyncio.gather(*map(measure, sorted(variants)))


@pytest.mark.parametrize("hidden", HIDDEN[:5])
async def test_no_name_behind_tls_or_in_an_ssh_banner_hides_anything(
    hidden: str, row, peer
) -> None:
    name = f"esx{hidden}1"
    what = vim.About(name, "8.0.1", name, "VMware, Inc.", "embeddedEsx", "HostAgent", "8.0")
    handler = http.connection_handler(vsphere.api_handler(what))
    authority = CertificateAuthority(f"Root {hidden} CA", f"Org{hidden}anisation")
    tls = authority.server_context("esx1.example", self_signed=True)
    server = await listen_tcp(handler, tls=tls)
    for probe in ("vsphere", "https"):
        check_row(await row(probe, server.sockets[0].getsockname()[1], PATIENCE))
    server.close()
    banner = f"SSH-2.0-Open{hidden}SSH_9 De{hidden}bian\r\n".encode()
    for said in (banner, b"Wel" + hidden.encode() + b"come\r\n" + banner):
        async with peer(replaying(said)) as port:
            check_row(await row("ssh", port, PATIENCE))


UDP: dict[str, tuple[int, Callable[[str], DatagramHandler]]] = {
    "dns": (53, lambda _: dns.server({"dc1.corp.example": "127.0.0.1"})),
    "snmp": (
        161,
        lambda name: snmp.agent((0, 1), snmp.system(name, name, "1.3.6.1.4.1.8072.3.2.10")),
    ),
    "udp": (137, lambda _: netbios.node("PC-01234", "WORKGROUP", "020000000001")),
}


class Answering:
    """A vantage towards a UDP service, whose answers are changed on the way."""

    info = VantageInfo("scripted", "here", addresses=("192.0.2.9",))

    def __init__(self, handler: DatagramHandler, change: Callable[[bytes], bytes]) -> None:
        self.handler, self.change = handler, change

    async def exchange(self, address, port, payload, timeout, accept) -> Outcome:
        said = self.handler(payload)
        said = None if said is None else self.change(said)
        if said is None or not accept(said):
            return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)
        return Outcome(State.OPEN, Reason.UDP_RESPONSE, address, latency_ms=1.0, data=said)


async def over_udp(name: str, hidden: str, place: int) -> Result:
    port, service = UDP[name]

    def change(said: bytes) -> bytes:
        variants = [*overwritten(said, hidden)]
        return variants[place % len(variants)] if variants else said

    check = Check(f"t.{name}", "t", "r", name, name, "udp", "", "", "", port=port)
    work = Work(Job("k", check, Target("r", "127.0.0.1"), port))
    work.queue, work.addresses = HostQueue(lambda _: None), ("127.0.0.1",)
    ask = PROBES[name].load()
    assert ask is not None
    vantage = Answering(service("router-number-one"), change)
    seen = await run_udp_probe(vantage, ask, work, NO_OPTIONS, PATIENCE, 0)
    return judge(work.job, seen)


@pytest.mark.parametrize("name", UDP)
@pytest.mark.parametrize("hidden", HIDDEN, ids=ascii)
async def test_no_text_of_a_udp_service_hides_anything_in_its_row(name: str, hidden: str) -> None:
    for place in range(10):
        check_row(await over_udp(name, hidden, place))
