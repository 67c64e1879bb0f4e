"""One HTTP/1.1 request and its response, as bytes both ways (RFC 9110, RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

import h11

from probes.wire.masking import MASK, dump, shown
from probes.wire.text import printable

MAX_BODY = 64 * 1024
"""Bytes of a body that are kept; more is cut off and said so."""
MAX_HEAD = 128 * 1024
"""Bytes of a status line and its header fields that are read, interim responses included."""
USUAL_HEAD = 16 * 1024
"""Bytes of a head that clients of every kind take; a longer one is told."""
MAX_CLIENT_HEAD = 64 * 1024
"""Bytes of a head that .NET and WinHTTP take by default."""
MAX_FOLDED = 8 * 1024
"""Characters of a field to which further lines are added."""
EVERY_STATUS = range(100, 600)

MAX_SCHEMES = 1024
"""Characters of one field that are searched for authentication schemes."""

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCHEME = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?![^ ]*=|\s*=[^=])")
_PREFIX = b"HTTP/"
_STATUS_LINE = re.compile(rb"HTTP/([0-9]{1,2}(?:\.[0-9]{1,2})?)[ \t]+([1-9][0-9]{2})(?:[ \t](.*))?")
"""RFC 9112 4, and the version as HTTP/2 servers write it."""
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
_HTTP2_SETTINGS = re.compile(rb"\x00\x00[\x00-\xff]\x04\x00\x00\x00\x00\x00", re.DOTALL)
"""First frame of an HTTP/2 server (RFC 9113 3.4)."""
_PROTOCOLS = (
    (b"\x16\x03", "TLS"),
    (b"\x15\x03", "TLS"),
    (b"SSH-", "an SSH server"),
    (b"RFB ", "a VNC server"),
    (b"220 VMware Authentication Daemon", "a VMware authentication daemon"),
    (b"ICY ", "a SHOUTcast stream server"),
    (b"RTSP/", "a video (RTSP) server"),
    (b"SIP/", "a telephony (SIP) server"),
)
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|head|\?xml)\b", re.IGNORECASE)


class NotHttp(Exception):
    """An answer that is no HTTP response; the text names or quotes it, harmless to show.

    `start` has its first bytes where they alone say so, and more may follow.
    """

    def __init__(self, text: str, start: bytes = b"") -> None:
        super().__init__(text)
        self.start = start


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
    head_length: int = 0
    """Bytes up to the end of its head, interim responses included, as far as they were read."""
    oddities: tuple[str, ...] = ()
    """Deviations of its head from RFC 9112 that were read over, each a clause without its verb."""

    @property
    def exceeds_clients(self) -> bool:
        """True if its head is longer than clients take by default."""
        return self.head_length > MAX_CLIENT_HEAD

    @property
    def deviation(self) -> str:
        """Clause about what is odd in its head, without its verb; empty where nothing is."""
        return " and ".join(self.oddities)

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
        fields: dict[str, list[str]] = {}
        for name, value in self.headers:
            fields.setdefault(name, []).append(value)
        return {name: tuple(values) for name, values in fields.items()}


def authority(host: str, port: int, default: int) -> str:
    """The Host field for a name or address: brackets around IPv6, no zone, no default port."""
    bare = host.partition("%")[0]
    shown = f"[{bare}]" if ":" in bare else bare
    return shown if port == default else f"{shown}:{port}"


class Exchange:
    """One request and the reading of its response; does no I/O.

    `feed` takes what arrived, b"" for the end, and gives the response once it is complete or as
    long as is kept. `bodies` are the statuses whose body is read; for all others the head is
    the response. A head is read as clients of many kinds do: what is odd in its fields is kept
    with the response and does not make it anything but HTTP. Raises NotHttp.
    """

    def __init__(
        self, request: Request, *, max_body: int = MAX_BODY, bodies: Container[int] = EVERY_STATUS
    ) -> None:
        self._connection = h11.Connection(h11.CLIENT)
        self._connect = request.method == "CONNECT"
        self._max_body = max_body
        self._bodies = bodies
        self._first_bytes = b""
        self._head_bytes = 0
        self._unread = bytearray()
        """Bytes of the head that are no complete line yet."""
        self._head = HeadReader()
        self._has_head = False
        self._body = bytearray()
        self.sent = self._encode(request)
        """The request as it goes to the server."""

    def feed(self, data: bytes) -> Response | None:
        """Parse these bytes; return the response, or None while it is incomplete."""
        if self._has_head:
            return self._advance(data)
        self._first_bytes += data[: 256 - len(self._first_bytes)]
        if not _PREFIX.startswith(self._first_bytes[: len(_PREFIX)]):
            # A greeting may have no end of line.
            raise NotHttp(name_non_http(self._first_bytes), self._first_bytes)
        if not data:
            raise NotHttp(_unfinished(self._first_bytes))
        self._head_bytes += len(data)
        return self._read_head(data)

    def read_body(self) -> Response | None:
        """Read the body too, after a head that was the response; `feed` goes on with it."""
        self._bodies = EVERY_STATUS
        return self._advance()

    @property
    def body(self) -> bytes:
        """The bytes of the body so far."""
        return bytes(self._body[: self._max_body])

    def _read_head(self, data: bytes) -> Response | None:
        """Read line by line, however the lines end (RFC 9112 2.2)."""
        start, searched = 0, len(self._unread)
        self._unread += data
        while (end := self._unread.find(b"\n", max(start, searched))) >= 0:
            line = bytes(self._unread[start:end]).removesuffix(b"\r")
            start = end + 1
            if self._head.feed(line):
                rest = bytes(self._unread[start:])
                self._unread.clear()
                return self._begin_body(rest)
        del self._unread[:start]
        if self._head_bytes <= MAX_HEAD:
            return None
        if self._head.status < 200:
            raise NotHttp("a server whose response never begins")
        raise NotHttp(f"a server whose header does not end within {MAX_HEAD // 1024} KiB")

    def _begin_body(self, rest: bytes) -> Response | None:
        self._has_head = True
        self._head.length = self._head_bytes - len(rest)
        status = self._head.status
        if self._connect and 200 <= status < 300:
            # Nothing but what the far end of the tunnel says (RFC 9110 9.3.6).
            self._body += rest
            return self._response(cut=False)
        # Only what says where the body ends, in a form that leaves no doubt.
        self._connection.receive_data(
            b"HTTP/1.1 %d \r\n%b\r\n" % (status if status >= 200 else 204, self._head.framing())
        )
        event = self._connection.next_event()
        assert isinstance(event, h11.Response)
        if status not in self._bodies or self._max_body == 0:
            if rest:
                self._connection.receive_data(rest)
            return self._response(cut=True)
        return self._advance(rest or None)

    def _advance(self, data: bytes | None = None) -> Response | None:
        while True:
            try:
                if data is not None:
                    self._connection.receive_data(data)
                    data = None
                event = self._connection.next_event()
            except h11.RemoteProtocolError:
                return self._response(cut=True)
            if event is h11.NEED_DATA:
                return None
            if not isinstance(event, h11.Data):
                return self._response(cut=not isinstance(event, h11.EndOfMessage))
            self._body += event.data[: self._max_body - len(self._body) + 1]
            if len(self._body) > self._max_body:
                return self._response(cut=True)

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
        return Response(
            head.status,
            head.reason,
            head.version,
            tuple(head.fields),
            self.body,
            cut,
            head.length,
            (*head.oddities, *_length_oddities(head.length)),
        )


class HeadReader:
    """Reader of a status line and its fields, line by line, tolerant of how they are written."""

    def __init__(self) -> None:
        self._reset()
        self.length = 0
        """Bytes of everything up to the end of the head, once that is known."""
        self.oddities: dict[str, None] = {}
        """Deviations from RFC 9112 so far, each once."""

    def _reset(self) -> None:
        self.status = 0
        self.reason = ""
        self.version = ""
        self.fields: list[tuple[str, str]] = []

    def feed(self, line: bytes) -> bool:
        """Read one line without its end; True at the end of a final head. Raises NotHttp.

        Interim responses (1xx) are passed over, but for 101, which ends HTTP.
        """
        if not self.status:
            self._read_status(line)
        elif line.strip():
            self._read_field(line)
        elif 100 <= self.status < 200 and self.status != 101:
            self._reset()
        else:
            return True
        return False

    def framing(self) -> bytes:
        """The fields that say where the body ends (RFC 9112 6.3), at most one of them.

        Without any the body ends with the connection.
        """
        codings = self._every("transfer-encoding")
        if codings:
            last = codings[-1].rpartition(",")[2].strip().lower()
            return b"Transfer-Encoding: chunked\r\n" if last == "chunked" else b""
        lengths = {
            one.strip() for field in self._every("content-length") for one in field.split(",")
        }
        if len(lengths) > 1:
            self.oddities["more than one length"] = None
        elif lengths and _LENGTH.fullmatch(length := lengths.pop()):
            return b"Content-Length: %d\r\n" % int(length)
        elif lengths or self._every("content-length"):
            self.oddities["a length that is no number"] = None
        return b""

    def _every(self, wanted: str) -> list[str]:
        return [value for name, value in self.fields if name == wanted]

    def _read_status(self, line: bytes) -> None:
        found = _STATUS_LINE.fullmatch(line)
        if found is None:
            raise NotHttp(name_non_http(line, f"status line {printable(line, 60)}"))
        version, status, reason = found.groups(b"")
        self.version, self.reason = version.decode(), reason.decode("latin-1").strip()
        self.status = int(status)

    def _read_field(self, line: bytes) -> None:
        if line[:1] in (b" ", b"\t"):
            self._fold(line)
            return
        name, colon, value = line.partition(b":")
        bare = name.rstrip()
        if not colon:
            # Clients refuse it as a rule, .NET and curl among them.
            raise NotHttp(name_non_http(_PREFIX, f"header line {printable(line, 60)}"))
        if not _TOKEN.fullmatch(bare):
            self.oddities["a field name that is no token"] = None
            return
        if bare != name:
            self.oddities["a space before a colon"] = None
        self.fields.append((bare.decode().lower(), value.strip().decode("latin-1")))

    def _fold(self, line: bytes) -> None:
        """Add a line to the field before it (RFC 9112 5.2)."""
        self.oddities["a field over several lines"] = None
        if self.fields and len(self.fields[-1][1]) < MAX_FOLDED:
            name, value = self.fields[-1]
            self.fields[-1] = name, f"{value} {line.strip().decode('latin-1')}".strip()


def _length_oddities(length: int) -> tuple[str, ...]:
    if length <= USUAL_HEAD:
        return ()
    text = f"a head of {length // 1024} KiB"
    if length > MAX_CLIENT_HEAD:
        text += f", of which many clients take {MAX_CLIENT_HEAD // 1024} KiB"
    return (text,)


def _unfinished(start: bytes) -> str:
    if start.startswith(_PREFIX):
        return "a server that closed in the middle of its answer"
    return "a server that closed without a response"


def read_early(data: bytes) -> Response | None:
    """Response that came where another protocol was asked, as far as it is here; None if broken."""
    exchange = Exchange(Request("GET", "/", ""))
    try:
        return exchange.feed(data) or exchange.feed(b"")
    except NotHttp:
        return None


def name_non_http(start: bytes, reason: str = "") -> str:
    """Short text for bytes that are not HTTP: the protocol if it is known, else an excerpt."""
    for prefix, name in _PROTOCOLS:
        if start.startswith(prefix):
            return f"{name}, not HTTP" if name != "TLS" else "TLS, where plain HTTP was expected"
    if start.startswith(_PREFIX):
        return printable(f"a broken HTTP response ({reason})", 120)
    if _HTTP2_SETTINGS.match(start):
        return "HTTP/2 frames, where HTTP/1.1 was asked"
    if _MARKUP.match(start):
        return f"a page without a status line, as HTTP/0.9 gives it: {printable(start, 60)}"
    line = start.split(b"\n", 1)[0]
    readable = sum(0x20 <= byte < 0x7F for byte in line)
    if readable * 4 < len(line) * 3 or not line.strip():
        return f"not HTTP: {dump(start, 24, ' ')}"
    return f"not HTTP: {printable(line, 80)}"


def schemes(fields: Iterable[str]) -> tuple[str, ...]:
    """The authentication schemes that WWW-Authenticate fields offer (RFC 9110 11.6.1)."""
    found: dict[str, None] = {}
    for field in fields:
        for part in _QUOTED.sub(
            '""', shown(field[:MAX_SCHEMES], cut=len(field) > MAX_SCHEMES)
        ).split(","):
            scheme = _SCHEME.match(part.strip())
            if scheme is not None and scheme[1] != MASK:
                found[printable(scheme[1], 40)] = None
    return tuple(found)[:16]


def _encoded(fields: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
