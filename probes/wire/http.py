"""One HTTP/1.1 request and its response, as bytes both ways (RFC 9110, RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

import h11

from probes.wire.text import printable

MAX_BODY = 64 * 1024
"""Bytes of a body that are kept; more is cut off and said so."""
MAX_HEAD = 32 * 1024
"""Bytes a status line and its header fields may take, interim responses included."""
EVERY_STATUS = range(100, 600)

MAX_SCHEMES = 1024
"""Characters of one field that are searched for authentication schemes."""

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCHEME = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?![^ ]*=|\s*=[^=])")
_PREFIX = b"HTTP/"
_PROTOCOLS = (
    (b"\x16\x03", "TLS"),
    (b"\x15\x03", "TLS"),
    (b"SSH-", "an SSH server"),
    (b"RFB ", "a VNC server"),
    (b"220 VMware Authentication Daemon", "a VMware authentication daemon"),
)


class NotHttp(Exception):
    """An answer that is no HTTP response; the text names or quotes it, harmless to show."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that asks the server to close afterwards; `host` goes into the Host field as is."""

    method: str
    target: str
    host: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """A response; header names in lower case, nothing in it is made harmless yet."""

    status: int
    reason: str
    version: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: bool = False
    """The body was longer than is kept, or broke off, or was not asked for."""

    def header(self, name: str) -> str:
        """The first field of this name (in lower case), empty if there is none."""
        return self._fields.get(name, ("",))[0]

    def every(self, name: str) -> tuple[str, ...]:
        """All fields of this name (in lower case), in order."""
        return self._fields.get(name, ())

    @property
    def status_line(self) -> str:
        """`HTTP 404 Not Found`, one harmless line."""
        return printable(f"HTTP {self.status} {self.reason}", 80)

    @property
    def server(self) -> str:
        """The Server field, one harmless line; empty without one."""
        return printable(self.header("server"), 80)

    @cached_property
    def _fields(self) -> dict[str, tuple[str, ...]]:
        fields: dict[str, tuple[str, ...]] = {}
        for name, value in self.headers:
            fields[name] = (*fields.get(name, ()), value)
        return fields


def authority(host: str, port: int, default: int) -> str:
    """The Host field for a name or address: brackets around IPv6, no zone, no default port."""
    bare = host.partition("%")[0]
    shown = f"[{bare}]" if ":" in bare else bare
    return shown if port == default else f"{shown}:{port}"


class Exchange:
    """One request and the reading of its response; does no I/O.

    `feed` takes what arrived, b"" for the end, and gives the response once it is complete or as
    long as is kept. `bodies` are the statuses whose body is read; for all others the head is
    the response. Raises NotHttp.
    """

    def __init__(
        self, request: Request, *, max_body: int = MAX_BODY, bodies: Container[int] = EVERY_STATUS
    ) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._connect = request.method == "CONNECT"
        self._max_body = max_body
        self._bodies = bodies
        self._first_bytes = b""
        self._head_bytes = 0
        self._head: h11.Response | None = None
        self._body = bytearray()
        self.sent = self._encode(request)
        """The request as it goes to the server."""

    def feed(self, data: bytes) -> Response | None:
        """Parse these bytes; return the response, or None while it is incomplete."""
        self._first_bytes += data[: 256 - len(self._first_bytes)]
        if not _PREFIX.startswith(self._first_bytes[: len(_PREFIX)]):
            # h11 would wait for the end of the line first, and a greeting may have none.
            raise NotHttp(name_non_http(self._first_bytes))
        if self._head is None:
            self._head_bytes += len(data)
        return self._advance(data)

    def read_body(self) -> Response | None:
        """Read the body too, after a head that was the response; `feed` goes on with it."""
        self._bodies = EVERY_STATUS
        return self._advance()

    @property
    def body(self) -> bytes:
        """The bytes of the body so far."""
        return bytes(self._body[: self._max_body])

    def _advance(self, data: bytes | None = None) -> Response | None:
        try:
            if data is not None:
                self._connection.receive_data(data)
            return self._next_response()
        except h11.RemoteProtocolError as error:
            if self._head is not None:
                return self._response(cut=True)
            raise NotHttp(name_non_http(self._first_bytes, str(error))) from None

    def _next_response(self) -> Response | None:
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA:
                if self._head is None and self._head_bytes > MAX_HEAD:
                    raise NotHttp("a server whose response never begins")
                return None
            if isinstance(event, h11.Response):
                self._head = event
                if self._connect and 200 <= event.status_code < 300:
                    return self._response(cut=False)
                if event.status_code not in self._bodies or self._max_body == 0:
                    return self._response(cut=True)
            elif isinstance(event, h11.Data):
                self._body += event.data[: self._max_body - len(self._body) + 1]
                if len(self._body) > self._max_body:
                    return self._response(cut=True)
            elif isinstance(event, h11.EndOfMessage):
                return self._response(cut=False)
            elif not isinstance(event, h11.InformationalResponse):
                raise NotHttp("a server that closed without a response")

    def _encode(self, request: Request) -> bytes:
        fields: list[tuple[str, str]] = [("Host", request.host), *request.headers]
        if not self._connect:
            fields.append(("Connection", "close"))
        if request.body:
            fields.append(("Content-Length", str(len(request.body))))
        head = h11.Request(method=request.method, target=request.target, headers=_encoded(fields))
        sent = self._connection.send(head) or b""
        if request.body:
            sent += self._connection.send(h11.Data(data=request.body)) or b""
        return sent + (self._connection.send(h11.EndOfMessage()) or b"")

    def _response(self, *, cut: bool) -> Response:
        head = self._head
        assert head is not None
        return Response(
            head.status_code,
            head.reason.decode("latin-1"),
            head.http_version.decode("latin-1"),
            tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers
            ),
            self.body,
            cut,
        )


def name_non_http(start: bytes, reason: str = "") -> str:
    """Short text for bytes that are not HTTP: the protocol if it is known, else an excerpt."""
    for prefix, name in _PROTOCOLS:
        if start.startswith(prefix):
            return f"{name}, not HTTP" if name != "TLS" else "TLS, where plain HTTP was expected"
    if start.startswith(b"HTTP/"):
        return printable(f"a broken HTTP response ({reason})", 120)
    line = start.split(b"\n", 1)[0]
    readable = sum(0x20 <= byte < 0x7F for byte in line)
    if readable * 4 < len(line) * 3 or not line.strip():
        return f"not HTTP: {start[:24].hex(' ')}"
    return f"not HTTP: {printable(line, 80)}"


def schemes(fields: Iterable[str]) -> tuple[str, ...]:
    """The authentication schemes that WWW-Authenticate fields offer (RFC 9110 11.6.1)."""
    found: dict[str, None] = {}
    for field in fields:
        for part in _QUOTED.sub('""', field[:MAX_SCHEMES]).split(","):
            scheme = _SCHEME.match(part.strip())
            if scheme is not None:
                found[printable(scheme[1], 40)] = None
    return tuple(found)[:16]


def _encoded(fields: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
