"""Through a proxy: its tunnel, its refusals, its login."""

from __future__ import annotations

import asyncio
import base64

import pytest

from probes.model import Status

HOST = "alloyscan.test"
OK = b"HTTP/1.1 200 OK\r\nServer: test/1\r\nContent-Length: 2\r\n\r\nhi"


def proxy(status: bytes = b"", headers: bytes = b"", heard: list[bytes] | None = None):
    """A proxy that relays to the port in CONNECT on loopback, or answers with a status."""

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(head)
        if status:
            writer.write(b"HTTP/1.1 " + status + b"\r\n" + headers + b"Content-Length: 0\r\n\r\n")
            await writer.drain()
            return
        port = int(head.split()[1].rpartition(b":")[2])
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def pump(source, sink):
            try:
                while data := await source.read(4096):
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.transport.abort()

        await asyncio.gather(pump(reader, back), pump(there, writer))

    return serve


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nServer: portal\r\n\r\n<html>log in",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n220 mail ready\r\n",
    ],
)
async def test_a_page_in_place_of_a_tunnel_is_the_proxys(server, asked, ca_file, said):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    async with server(answer) as (port, _):
        via, url = ("127.0.0.1", port), f"127.0.0.1:{port}"
        _, result = await asked(port, via=via, ca_file=ca_file, proxy=url)
    assert result.status is Status.BLOCKED
    assert result.note.startswith(
        f"The proxy {url} answers with a page and opens no tunnel to alloyscan.test:443: HTTP 200"
    )
    assert result.observation.facts["unproven"] == "proxy"


@pytest.mark.parametrize("pause", [False, True], ids=["one segment", "two segments"])
async def test_tls_that_comes_with_the_head_of_the_tunnel_is_not_lost(
    server, asked, ca_file, pause
):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head, alert = b"HTTP/1.1 200 Connection established\r\n\r\n", b"\x15\3\3\0\2\2\x70"
        if pause:
            writer.write(head)
            await reader.read(1)
            writer.write(alert)
        else:
            writer.write(head + alert)
        await writer.drain()
        await reader.read()

    async with server(answer) as (port, _):
        via, url = ("127.0.0.1", port), f"127.0.0.1:{port}"
        _, result = await asked(port, via=via, ca_file=ca_file, proxy=url)
    assert "unrecognized_name" in result.note or "unrecognized name" in result.note, result.note


async def test_the_host_is_proven_through_a_proxy(server, asked, ca, ca_file, tmp_path, hello):
    heard = []
    async with (
        server(hello, ca.issue(HOST), folder=tmp_path) as (port, _),
        server(proxy(heard=heard)) as (through, _),
    ):
        via = ("127.0.0.1", through)
        _, result = await asked(
            through,
            via=via,
            target_port=port,
            ca_file=ca_file,
            proxy=f"http://127.0.0.1:{through}",
        )
    assert result.status is Status.OK
    assert heard[0].startswith(f"CONNECT {HOST}:{port} HTTP/1.1\r\n".encode())
    assert b"Authorization" not in heard[0]
    assert result.observation.facts["proxy"] == f"127.0.0.1:{through}"
    assert set(result.observation.timings_ms) >= {"proxy", "tls", "answer"}


async def test_a_distrusted_chain_behind_a_proxy_is_looked_at_through_the_proxy(
    server, asked, ca, ca_file, tmp_path, hello
):
    async with (
        server(hello, ca.issue("other.test"), folder=tmp_path) as (port, _),
        server(proxy()) as seen,
    ):
        _, result = await asked(
            seen[0],
            via=("127.0.0.1", seen[0]),
            target_port=port,
            ca_file=ca_file,
            proxy=f"127.0.0.1:{seen[0]}",
        )
        assert seen[1] == 2
    assert result.observation.facts["distrust"] == "name-mismatch"
    assert "only for other.test" in result.note


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (
            b"407 Proxy Authentication Required",
            b'Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm="x"\r\n',
            "The proxy {proxy} wants a login (Negotiate, Basic): "
            "407 Proxy Authentication Required; give it in HTTPS_PROXY",
        ),
        (
            b"403 Forbidden",
            b"X-Squid-Error: ERR_ACCESS_DENIED 0\r\n",
            "The proxy {proxy} refuses to connect to alloyscan.test:443: "
            "403 Forbidden, ERR_ACCESS_DENIED 0.",
        ),
        (
            b"503 Service Unavailable",
            b"X-Squid-Error: ERR_DNS_FAIL 0\r\n",
            "The proxy {proxy} cannot reach alloyscan.test:443: "
            "503 Service Unavailable, ERR_DNS_FAIL 0.",
        ),
        (b"502 Bad Gateway", b"", "The proxy {proxy} cannot reach alloyscan.test:443: 502 Bad"),
        (b"504 Gateway Timeout", b"", "The proxy {proxy} cannot reach alloyscan.test:443: 504"),
        (b"405 Not \x1b[2J", b"", "The proxy {proxy} "),
        (
            b"405 Not Allowed",
            b"Server: nginx\r\n",
            "The proxy {proxy} takes no CONNECT, perhaps a web server (nginx): 405 Not Allowed.",
        ),
        (b"400 Bad Request", b"", "The proxy {proxy} takes no CONNECT, perhaps a web server: 400"),
        (b"401 Unauthorized", b"", "The proxy {proxy} takes no CONNECT, perhaps a web server: 401"),
        (
            b"511 Login",
            b"",
            "The proxy {proxy} wants a login at its portal first: 511 Login.",
        ),
        (
            b"302 Found",
            b"Location: http://portal.test/\r\n",
            "The proxy {proxy} sends clients on to http://portal.test/ instead of connecting to "
            "alloyscan.test:443: 302 Found.",
        ),
        (
            b"403 Forbidden",
            b"Server : Zscaler/6.2\r\n",
            "The proxy {proxy} refuses to connect to alloyscan.test:443: 403 Forbidden.",
        ),
    ],
)
async def test_the_proxys_refusal_is_shown_as_the_proxys(
    server, asked, ca_file, status, headers, said
):
    async with server(proxy(status, headers)) as (port, _):
        via = ("127.0.0.1", port)
        _, result = await asked(port, via=via, ca_file=ca_file, proxy=f"127.0.0.1:{port}")
    assert result.status is Status.BLOCKED
    assert result.note.startswith(said.format(proxy=f"127.0.0.1:{port}")) or b"\x1b" in status
    assert "\x1b" not in result.note
    assert result.observation.facts["unproven"] == "proxy"
    assert "proxy" in result.observation.facts["fix"]


@pytest.mark.parametrize(
    "offers",
    [
        ["Negotiate"],
        ["NTLM"],
        ["Negotiate", "NTLM"],
        ["Kerberos"],
        ["Negotiate oYG2MIGzoAMKAQE="],
        ['Digest realm="x", nonce="Basic"'],
        ["Bearer"],
    ],
)
@pytest.mark.parametrize("login", ["", "audit:hunter2@"])
async def test_a_proxy_that_offers_no_basic_login_is_not_said_to_want_one(
    server, asked, ca_file, offers, login
):
    headers = "".join(f"Proxy-Authenticate: {one}\r\n" for one in offers).encode()
    async with server(proxy(b"407 Login", headers)) as (port, _):
        url = f"http://{login}127.0.0.1:{port}"
        _, result = await asked(port, via=("127.0.0.1", port), ca_file=ca_file, proxy=url)
    names = [one.split()[0] for one in offers]
    assert f"wants a login ({', '.join(names)}): 407 Login" in result.note
    assert "proves the way to the proxy and no more" in result.note
    assert "USER:PASSWORD" not in result.note
    assert ("does not take the Basic login" in result.note) is bool(login)
    facts = result.observation.facts
    assert facts["proxy_auth"] == names
    assert f"accepts by {' or '.join(names)}" in facts["fix"]


@pytest.mark.parametrize("offers", [b"", b"Proxy-Authenticate: basic realm=x\r\n"])
async def test_a_proxy_that_may_take_a_basic_login_is_offered_one(server, asked, ca_file, offers):
    async with server(proxy(b"407 Login", offers)) as (port, _):
        via, url = ("127.0.0.1", port), f"127.0.0.1:{port}"
        _, result = await asked(port, via=via, ca_file=ca_file, proxy=url)
    assert "give it in HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT" in result.note


async def test_the_login_for_the_proxy_is_sent_and_is_nowhere_to_be_found_afterwards(
    server, asked, ca_file
):
    heard = []
    async with server(proxy(b"407 Login", heard=heard)) as (port, _):
        via = ("127.0.0.1", port)
        url = f"http://audit:hunter2%40@127.0.0.1:{port}"
        _, result = await asked(port, via=via, ca_file=ca_file, proxy=url, host="a.b")
    secret = base64.b64encode(b"audit:hunter2@")
    assert b"Proxy-Authorization: Basic " + secret in heard[0]
    assert "does not accept the login it was given: 407 Login" in result.note
    everything = repr(result)
    (sent,) = (
        one.sent for one in result.observation.evidence if one.sent.startswith(b"CONNECT".hex())
    )
    before, mask, after = sent.partition("***")
    decoded = bytes.fromhex(before).decode()
    assert decoded.endswith("User-Agent: auditreach\r\nProxy-Authorization: Basic ")
    assert (mask, after) == ("***", b"\r\n\r\n".hex())
    for text in (everything, decoded):
        assert "hunter2" not in text
        assert secret.decode() not in text
    assert secret.hex() not in everything


@pytest.mark.parametrize(
    ("serve", "timeout", "said"),
    [
        ("mute", 0.5, "The proxy {proxy} says nothing useful for 0.45 s when asked for"),
        ("close", 5, "The proxy {proxy} closes the connection when asked for alloyscan.test:443"),
        ("ssh", 5, "The proxy {proxy} is no HTTP proxy: it is an SSH server, not HTTP"),
    ],
)
async def test_a_proxy_that_is_none_or_says_nothing_is_blamed(
    server, asked, ca_file, serve, timeout, said, mute
):
    async def close(reader, writer):
        await reader.readuntil(b"\r\n\r\n")

    async def ssh(reader, writer):
        writer.write(b"SSH-2.0-x\r\n")
        await reader.read()

    serve = {"close": close, "ssh": ssh, "mute": mute}[serve]
    async with server(serve) as (port, _):
        via = ("127.0.0.1", port)
        _, result = await asked(
            port, via=via, ca_file=ca_file, timeout=timeout, proxy=f"127.0.0.1:{port}"
        )
    assert result.status is Status.BLOCKED
    assert result.note.startswith(said.format(proxy=f"127.0.0.1:{port}"))
    assert result.observation.facts["unproven"] == "proxy"
    # Nothing has to be opened towards the host itself.
    assert "proxy" in result.observation.facts["fix"]
