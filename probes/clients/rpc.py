"""A conversation in DCE/RPC over one stream: bind, and read the endpoint mapper's table."""

from __future__ import annotations

from dataclasses import dataclass, field

from probes.call import Unexpected
from probes.vantage.stream import Stream
from probes.wire import dcerpc, endpoint_mapper
from probes.wire.dcerpc import Interface, Pdu
from probes.wire.text import printable

ENTRIES_MOST = 1000
"""Entries read of one table; a domain controller has about 400."""
PAGE = 250
"""Entries asked for at once."""
PAGES_MOST = 16
FRAGMENTS_MOST = 256
SHOWN = 80


class Fault(Exception):
    """The server speaks RPC and refused a call; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the call failed with status 0x{status:08x}")
        self.status = status


@dataclass(slots=True)
class Table:
    """What was read of a mapper's table so far; usable at any moment."""

    endpoints: list[endpoint_mapper.Endpoint] = field(default_factory=list)
    complete: bool = False


class Dialogue:
    """Sends PDUs over a stream and reads the answers; EOFError and OSError pass through."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left = b""
        self._call = 0

    async def bind(self, interface: Interface) -> bool:
        """Ask for an interface; whether it is taken. Any answer to it proves RPC.

        Raises Unexpected when something else answers.
        """
        self._call += 1
        await self._stream.send(dcerpc.bind(self._call, interface))
        answer = await self._next()
        try:
            return answer.kind == dcerpc.BIND_ACK and dcerpc.accepted(answer)
        except dcerpc.Malformed as error:
            raise Unexpected(f"a bind is answered with broken RPC: {error}") from None

    async def ask(self, opnum: int, stub: bytes) -> tuple[bytes, str]:
        """The results of an operation, put together from its fragments, and their byte order.

        Raises Fault, and Unexpected for what is no answer to it.
        """
        self._call += 1
        await self._stream.send(dcerpc.request(self._call, opnum, stub))
        whole = bytearray()
        for _ in range(FRAGMENTS_MOST):
            answer = await self._next()
            try:
                if answer.kind == dcerpc.FAULT:
                    raise Fault(dcerpc.fault_status(answer))
                if answer.kind != dcerpc.RESPONSE or answer.call != self._call:
                    raise Unexpected(f"a call is answered with a PDU of kind {answer.kind}")
                whole += dcerpc.stub(answer)
            except dcerpc.Malformed as error:
                raise Unexpected(f"a call is answered with broken RPC: {error}") from None
            if answer.flags & dcerpc.LAST:
                return bytes(whole), answer.order
        raise Unexpected(f"an answer of more than {FRAGMENTS_MOST} fragments")

    async def read(self, table: Table) -> None:
        """Read the mapper's table after a bind to it, as far as it may go.

        Raises Fault when the mapper refuses, Unexpected when it loses its way.
        """
        handle = bytes(endpoint_mapper.HANDLE)
        for _ in range(PAGES_MOST):
            stub, order = await self.ask(
                endpoint_mapper.LOOKUP, endpoint_mapper.lookup(handle, PAGE)
            )
            try:
                page = endpoint_mapper.page(stub, order)
            except dcerpc.Malformed as error:
                raise Unexpected(f"a table that cannot be read: {error}") from None
            table.endpoints += page.endpoints[: ENTRIES_MOST - len(table.endpoints)]
            ended = page.status != 0 or not any(page.handle)
            if ended or len(table.endpoints) >= ENTRIES_MOST:
                table.complete = page.status in (0, endpoint_mapper.NO_MORE) and ended
                return
            handle = page.handle

    async def _next(self) -> Pdu:
        while True:
            try:
                found = dcerpc.pdu(self._left)
            except dcerpc.Malformed:
                text = printable(self._left, SHOWN)
                raise Unexpected(f"an answer that is not RPC: {text}") from None
            if found is not None:
                self._left = self._left[found[1] :]
                return found[0]
            self._left += await self._stream.read()
