"""DCE/RPC client over one stream: bind, call, and read the endpoint mapper's table (C706)."""

from __future__ import annotations

from dataclasses import dataclass, field

from probes.call import Unexpected
from probes.vantage.stream import Stream, read_foreign
from probes.wire import dcerpc, endpoint_mapper
from probes.wire.dcerpc import BindAnswer, Interface, Pdu
from probes.wire.text import printable

MAX_ENTRIES = 1000
"""Entries read of one table; a domain controller has about 400."""
PAGE_SIZE = 250
"""Entries asked for at once."""
MAX_PAGES = 16
MAX_FRAGMENTS = 256
MAX_SHOWN = 80


class Fault(Exception):
    """The server speaks RPC and refused a call; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the call failed with status 0x{status:08x}")
        self.status = status


@dataclass(slots=True)
class EndpointTable:
    """Entries of a mapper's table that were read so far; valid while it is being read."""

    endpoints: list[endpoint_mapper.Endpoint] = field(default_factory=list)
    complete: bool = False


class RpcClient:
    """DCE/RPC client over a stream; EOFError and OSError pass through."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""
        self._call_id = 0

    async def bind(self, interface: Interface) -> BindAnswer:
        """Bind to an interface; its answer, which proves RPC also where it is a refusal.

        Raises Unexpected when something else answers.
        """
        self._call_id += 1
        await self._stream.send(dcerpc.bind(self._call_id, interface))
        answer = await self._read_pdu()
        if answer.call != self._call_id:
            raise Unexpected(f"a bind is answered with a PDU for another call ({answer.call})")
        try:
            return dcerpc.bind_answer(answer)
        except dcerpc.Malformed as error:
            raise Unexpected(f"a bind is answered with broken RPC: {error}") from None

    async def call(self, opnum: int, stub: bytes) -> tuple[bytes, str]:
        """Call an operation; its results, reassembled from fragments, and their byte order.

        Raises Fault, and Unexpected for anything that is no answer to it.
        """
        self._call_id += 1
        await self._stream.send(dcerpc.request(self._call_id, opnum, stub))
        result = bytearray()
        for _ in range(MAX_FRAGMENTS):
            answer = await self._read_pdu()
            try:
                if answer.kind == dcerpc.FAULT:
                    raise Fault(dcerpc.fault_status(answer))
                if answer.kind != dcerpc.RESPONSE or answer.call != self._call_id:
                    raise Unexpected(f"a call is answered with a PDU of kind {answer.kind}")
                result += dcerpc.stub(answer)
            except dcerpc.Malformed as error:
                raise Unexpected(f"a call is answered with broken RPC: {error}") from None
            if answer.flags & dcerpc.LAST:
                return bytes(result), answer.order
        raise Unexpected(f"an answer of more than {MAX_FRAGMENTS} fragments")

    async def read_table(self, table: EndpointTable) -> None:
        """Read the mapper's table after a bind to it, as far as it may go.

        Raises Fault when the mapper refuses, Unexpected for a malformed table.
        """
        handle = bytes(endpoint_mapper.HANDLE_SIZE)
        for _ in range(MAX_PAGES):
            stub, order = await self.call(
                endpoint_mapper.LOOKUP, endpoint_mapper.lookup(handle, PAGE_SIZE)
            )
            try:
                page = endpoint_mapper.page(stub, order)
            except dcerpc.Malformed as error:
                raise Unexpected(f"a table that cannot be read: {error}") from None
            table.endpoints += page.endpoints[: MAX_ENTRIES - len(table.endpoints)]
            ended = page.status != 0 or not any(page.handle)
            if ended or len(table.endpoints) >= MAX_ENTRIES:
                table.complete = page.status in (0, endpoint_mapper.NO_MORE) and ended
                return
            handle = page.handle

    async def _read_pdu(self) -> Pdu:
        while True:
            try:
                found = dcerpc.pdu(self._buffer)
            except dcerpc.Malformed:
                said = await read_foreign(self._stream, self._buffer)
                text = printable(said, MAX_SHOWN)
                raise Unexpected(f"an answer that is not RPC: {text}") from None
            if found is not None:
                self._buffer = self._buffer[found[1] :]
                return found[0]
            self._buffer += await self._stream.read()
