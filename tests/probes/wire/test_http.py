from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.http import (
    MAX_HEAD,
    Exchange,
    NotHttp,
    Request,
    Response,
    authority,
    name_non_http,
    schemes,
)

GET = Request("GET", "/", "web.example")
OK = b"HTTP/1.1 200 OK\r\nServer: x/1\r\nContent-Length: 5\r\n\r\nhello"


def test_a_request_asks_to_close_and_names_the_length_of_its_body() -> None:
    post = Request("POST", "/sdk", "esx.example", (("SOAPAction", '"urn:x"'),), b"<a/>")
    head, _, body = Exchange(post).sent.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /sdk HTTP/1.1"
    fields = {
        line.partition(b": ")[0].lower(): line.partition(b": ")[2] for line in head.split(b"\r\n")
    }
    assert fields[b"host"] == b"esx.example"
    assert fields[b"connection"] == b"close"
    assert fields[b"content-length"] == b"4"
    assert fields[b"soapaction"] == b'"urn:x"'
    assert body == b"<a/>"


@pytest.mark.parametrize(
    ("host", "port", "shown"),
    [
        ("pc1", 5985, "pc1:5985"),
        ("pc1", 80, "pc1"),
        ("10.0.0.1", 80, "10.0.0.1"),
        ("2001:db8::1", 80, "[2001:db8::1]"),
        ("fe80::1%eth0", 81, "[fe80::1]:81"),
    ],
)
def test_the_host_field_has_brackets_and_no_zone(host: str, port: int, shown: str) -> None:
    assert authority(host, port, 80) == shown


def test_a_response_is_read_byte_by_byte() -> None:
    exchange = Exchange(GET)
    for byte in OK[:-1]:
        assert exchange.feed(bytes([byte])) is None
    response = exchange.feed(OK[-1:])
    assert response is not None
    assert (response.status, response.body, response.cut) == (200, b"hello", False)
    assert response.server == "x/1"
    assert response.status_line == "HTTP 200 OK"


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    exchange = Exchange(GET)
    assert exchange.feed(b"HTTP/1.0 200 OK\r\n\r\nhel") is None
    assert exchange.feed(b"lo") is None
    response = exchange.feed(b"")
    assert response is not None
    assert (response.body, response.version) == (b"hello", "1.0")


def test_interim_responses_are_passed_over() -> None:
    response = Exchange(GET).feed(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)
    assert response is not None
    assert response.status == 200


def test_endless_interim_responses_are_no_response() -> None:
    exchange = Exchange(GET)
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * 40
    with pytest.raises(NotHttp, match="never begins"):
        for _ in range(MAX_HEAD):
            exchange.feed(interim)


def test_a_body_longer_than_is_kept_is_cut() -> None:
    response = Exchange(GET, max_body=3).feed(OK)
    assert response is not None
    assert (response.body, response.cut) == (b"hel", True)


def test_a_body_that_breaks_off_is_kept_as_far_as_it_came() -> None:
    exchange = Exchange(GET)
    assert exchange.feed(OK[:-2]) is None
    response = exchange.feed(b"")
    assert response is not None
    assert (response.body, response.cut) == (b"hel", True)


def test_a_body_nobody_asked_for_is_not_waited_for() -> None:
    exchange = Exchange(GET, bodies=range(200, 300))
    response = exchange.feed(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 100000\r\n\r\n")
    assert response is not None
    assert (response.status, response.body) == (401, b"")


def test_a_proxy_that_connects_has_said_everything_with_its_head() -> None:
    connect = Exchange(Request("CONNECT", "web.example:443", "web.example:443"))
    assert b"connection" not in connect.sent.lower()
    response = connect.feed(b"HTTP/1.1 200 Connection established\r\n\r\n")
    assert response is not None
    assert response.status == 200


def test_a_proxy_that_refuses_gives_its_reason() -> None:
    connect = Exchange(Request("CONNECT", "web.example:443", "web.example:443"))
    response = connect.feed(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno"
    )
    assert response is not None
    assert (response.status, response.body) == (407, b"no")


def test_a_field_that_comes_twice_is_kept_twice() -> None:
    response = Exchange(GET).feed(
        b"HTTP/1.1 401 X\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    assert response is not None
    assert response.every("www-authenticate") == ("Negotiate", "Basic")
    assert response.header("server") == ""


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server, not HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "TLS, where plain HTTP was expected"),
        (b"220 mail.example ESMTP\r\n", "not HTTP: 220 mail.example ESMTP"),
        (b"\x00\x01\x02\x03", "not HTTP: 00 01 02 03"),
        (b"HTTP/1.1 abc\r\n\r\n", "a broken HTTP response"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "a broken HTTP response"),
        (b"login: \x1b[2J\r\n", r"not HTTP: login: \x1b[2J"),
        (b"ICY 200 OK\r\n\r\n", "a SHOUTcast stream server, not HTTP"),
        (b"RTSP/1.0 400 Bad Request\r\n\r\n", "a video (RTSP) server, not HTTP"),
        (b"<html><body>hi", "a page without a status line, as HTTP/0.9 gives it: <html><body>hi"),
        (b"<!DOCTYPE html>\n\x1b[2J", "a page without a status line"),
        (b"\0\0\x12\x04\0\0\0\0\0", "HTTP/2 frames, where HTTP/1.1 was asked"),
        (b"HTTP/1.1 099 X\r\n\r\n", "a broken HTTP response (status line HTTP/1.1 099 X"),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", "a server that closed in the middle of its answer"),
    ],
)
def test_what_is_not_http_is_named(said: bytes, named: str) -> None:
    exchange = Exchange(GET)
    with pytest.raises(NotHttp) as raised:
        if exchange.feed(said) is None:
            exchange.feed(b"")
    assert str(raised.value).startswith(named)
    assert "\x1b" not in str(raised.value)


def test_a_server_that_ends_without_a_word_is_not_http() -> None:
    with pytest.raises(NotHttp):
        Exchange(GET).feed(b"")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (["Negotiate"], ("Negotiate",)),
        (["Negotiate", "Kerberos", "CredSSP"], ("Negotiate", "Kerberos", "CredSSP")),
        (['Negotiate, Basic realm="WSMAN"'], ("Negotiate", "Basic")),
        (['Basic realm="a, Digest b"'], ("Basic",)),
        (['Digest realm="x", nonce="y", qop=auth, Kerberos'], ("Digest", "Kerberos")),
        (["Negotiate oYG2MIGzoAMKAQE="], ("Negotiate",)),
        (['Basic realm = "x"'], ("Basic",)),
        ([], ()),
        (["=,,\x1b[2J"], ()),
    ],
)
def test_the_offered_schemes_are_read(fields: list[str], found: tuple[str, ...]) -> None:
    assert schemes(fields) == found


@pytest.mark.parametrize(
    ("head", "name", "value", "oddity"),
    [
        (
            b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Credentials : true\r\n",
            "access-control-allow-credentials",
            "true",
            "a space before a colon",
        ),
        (b"HTTP/1.1 200 OK\r\nX\t: y\r\n", "x", "y", "a space before a colon"),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\n", "x", "a b", "a field over several lines"),
        (b"HTTP/1.1 200 OK\r\n  x\r\nX: a\r\n", "x", "a", "a field over several lines"),
        (b"HTTP/1.1 200 OK\r\nA B: c\r\nX: a\r\n", "x", "a", "a field name that is no token"),
        (b"HTTP/1.1 200 OK\r\n: c\r\nX: a\r\n", "x", "a", "a field name that is no token"),
        (b"HTTP/1.1 200 OK\r\nX:\r\n", "x", "", ""),
        (b"HTTP/1.1 200 OK\nX: y\n", "x", "y", ""),
        (b"HTTP/1.0 200 OK\r\nX: y\r\n", "x", "y", ""),
        (b"HTTP/1.1 200\r\nX: y\r\n", "x", "y", ""),
        (b"HTTP/1.1 200 \r\nX: y\r\n", "x", "y", ""),
        (b"HTTP/1.1  200 OK\r\nX: y\r\n", "x", "y", ""),
        (b"HTTP/2 200\r\nX: y\r\n", "x", "y", ""),
        (b"HTTP/1.1 200 \xc3\xa9\r\nX: \x1b[2J\r\n", "x", "\x1b[2J", ""),
        (b"HTTP/1.1 100 Continue\r\nX: z\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n", "x", "y", ""),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\nX: y\r\n", "x", "y", ""),
        (
            b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
            "x",
            "y",
            "",
        ),
        (
            b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\nContent-Length: 7\r\n",
            "x",
            "y",
            "more than one length",
        ),
        (
            b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: -1\r\n",
            "x",
            "y",
            "a length that is no number",
        ),
        (
            b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length:\r\n",
            "x",
            "y",
            "a length that is no number",
        ),
        (b"HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: gzip\r\n", "x", "y", ""),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 61440 + b"\r\n", "x", "y" * 61440, "a head of 60 KiB"),
        (
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 102400 + b"\r\n",
            "x",
            "y" * 102400,
            "a head of 100 KiB, of which many clients take 64 KiB",
        ),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_an_odd_head_is_read_and_its_oddity_is_told(
    head: bytes, name: str, value: str, oddity: str, step: int
) -> None:
    exchange = Exchange(GET)
    wire = head + b"\r\nhello"
    response = None
    for at in range(0, len(wire), step):
        response = exchange.feed(wire[at : at + step])
    response = response or exchange.feed(b"")
    assert response is not None
    assert (response.status, response.body) == (200, b"hello")
    assert response.header(name) == value
    assert response.oddities == ((oddity,) if oddity else ())


@pytest.mark.parametrize("more", [b"X: y\r\n", b" y\r\n", b"Xy"])
def test_a_head_without_an_end_is_no_answer(more: bytes) -> None:
    exchange = Exchange(GET)
    with pytest.raises(NotHttp, match="header does not end within 128 KiB"):
        for part in [b"HTTP/1.1 200 OK\r\n"] + [more * 2000] * 40:
            exchange.feed(part)


def test_a_long_interim_response_is_no_answer() -> None:
    exchange = Exchange(GET)
    with pytest.raises(NotHttp, match="never begins"):
        for part in [b"HTTP/1.1 103 Early Hints\r\n"] + [b"Link: x\r\n" * 1000] * 40:
            exchange.feed(part)


def test_a_chunked_body_with_trailers_is_read() -> None:
    response = Exchange(GET).feed(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding : Chunked\r\n\r\n"
        b"5;x=y\r\nhello\r\n0\r\nExpires: now\r\n\r\n"
    )
    assert response is not None
    assert (response.body, response.cut) == (b"hello", False)


def test_a_broken_body_is_kept_as_far_as_it_came() -> None:
    response = Exchange(GET).feed(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"
    )
    assert response is not None
    assert (response.body, response.cut) == (b"hello", True)


def test_a_switch_of_protocols_is_a_final_answer() -> None:
    response = Exchange(GET).feed(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x00")
    assert response is not None
    assert response.status == 101


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [b"\r\n", b"\n", b" : ", b"X: y\r\n", b" z\r\n", b"Content-Length: 3\r\n"]
            ),
            st.sampled_from([b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n"]),
        ),
        max_size=20,
    ),
    st.integers(1, 30),
)
def test_a_head_is_read_alike_in_any_pieces(parts: list[bytes], step: int) -> None:
    wire = b"HTTP/1.1 200 OK\r\n" + b"".join(parts)

    def read(size: int) -> Response | str:
        exchange = Exchange(GET, max_body=64)
        try:
            for at in range(0, len(wire), size):
                response = exchange.feed(wire[at : at + size])
                if response is not None:
                    return response
            ended = exchange.feed(b"")
        except NotHttp as error:
            return str(error)
        assert ended is not None
        return ended

    assert read(step) == read(len(wire))


@given(st.lists(st.binary(max_size=200), max_size=8), st.sampled_from([b"", OK[:15], OK[:40], OK]))
def test_any_bytes_give_a_response_or_its_own_error(parts: list[bytes], start: bytes) -> None:
    exchange = Exchange(GET, max_body=16)
    try:
        for part in [start, *parts]:
            response = exchange.feed(part) if part else None
            if response is not None:
                break
        else:
            response = exchange.feed(b"")
    except NotHttp as error:
        assert str(error).isprintable()
        assert len(str(error)) < 200
    else:
        assert response is None or len(response.body) <= 16


@given(
    st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    st.dictionaries(
        st.from_regex(r"x-[a-z]{1,8}", fullmatch=True),
        st.from_regex(r"[!-~]{0,20}", fullmatch=True),
    ),
    st.binary(max_size=300),
    st.integers(1, 50),
)
def test_what_a_server_writes_is_read_back(
    status: int, headers: dict[str, str], body: bytes, step: int
) -> None:
    server = h11.Connection(h11.SERVER)
    server.receive_data(Exchange(GET).sent)
    server.next_event()
    fields = [*headers.items(), ("transfer-encoding", "chunked")]
    wire = server.send(h11.Response(status_code=status, headers=fields)) or b""
    wire += server.send(h11.Data(data=body)) or b""
    wire += server.send(h11.EndOfMessage()) or b""
    exchange = Exchange(GET)
    response: Response | None = None
    for at in range(0, len(wire), step):
        assert response is None
        response = exchange.feed(wire[at : at + step])
    assert response is not None
    assert (response.status, response.body, response.cut) == (status, body, False)
    assert all(response.header(name) == value for name, value in headers.items())


@given(st.text(max_size=300))
def test_schemes_are_short_and_harmless(field: str) -> None:
    assert all(len(word) <= 40 and word.isprintable() for word in schemes([field] * 40))


@given(st.binary(max_size=300), st.text(max_size=300))
def test_naming_what_answered_is_harmless(start: bytes, why: str) -> None:
    named = name_non_http(start, why)
    assert named.isprintable()
    assert 0 < len(named) < 200
