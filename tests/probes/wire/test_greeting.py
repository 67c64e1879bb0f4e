from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.greeting import is_text, protocol_of

MYSQL = b"\x0a8.0.36\0" + bytes(60)
GREETINGS = {
    "SSH": [b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", b"SSH-1.99-Cisco-1.25\n"],
    "file transfer": [
        b"220 (vsFTPd 3.0.3)\r\n",
        b"220-FileZilla Server\r\n",
        b"220 ProFTPD Server\r\n",
    ],
    "mail": [b"220 mx.example ESMTP Postfix\r\n", b"554 mx.example ESMTP not accepting\r\n"],
    "or file": [b"421 Too many connections\r\n", b"220 ready\r\n"],
    "POP3": [b"+OK Dovecot ready.\r\n"],
    "IMAP": [b"* OK [CAPABILITY IMAP4rev1] ready\r\n", b"* BYE too many\r\n"],
    "web": [b"HTTP/1.1 408 Request Timeout\r\n", b"HTTP/1.0 400 Bad Request\r\n"],
    "Telnet": [b"\xff\xfd\x18\xff\xfd\x20", b"\xff\xfb\x01"],
    "VNC": [b"RFB 003.008\n"],
    "TLS": [b"\x15\x03\x01\0\2\2\x28", b"\x16\x03\x03\0\x31"],
    "MySQL": [
        len(MYSQL).to_bytes(3, "little") + b"\0" + MYSQL,
        b"\x09\0\0\0\xff\x6a\x04Host x",
    ],
    "Redis": [b"-DENIED Redis is running in protected mode\r\n", b"-ERR max clients\r\n"],
    "news": [b"200 news.example InterNetNews\r\n"],
    "rsync": [b"@RSYNCD: 31.0\n"],
    "IRC": [b":irc.example NOTICE AUTH :*** Looking up\r\n", b"NOTICE AUTH :*** Looking up\r\n"],
    "XMPP": [b"<?xml version='1.0'?><stream:stream"],
}


@pytest.mark.parametrize(
    ("word", "said"), [(word, said) for word, all in GREETINGS.items() for said in all]
)
def test_a_greeting_names_its_server(word: str, said: bytes) -> None:
    assert word in protocol_of(said)


@pytest.mark.parametrize(
    "said", [b"", b"\0", b"\xff", b"@PJL USTATUS", b"%%[ status: idle ]%%", b"22", b"\x1b%-12345X"]
)
def test_what_is_no_greeting_has_no_server(said: bytes) -> None:
    assert protocol_of(said) == ""


def test_text_is_told_from_status_bytes() -> None:
    assert is_text(b"login: ")
    assert is_text(b"\x1b[2JWelcome to the router")
    assert not is_text(b"")
    assert not is_text(b"\r\n")
    assert not is_text(b"\x10\x04\x12\x16")
    assert not is_text(b"#\x86\0\0\0\0\0\0\0")


@given(st.binary(max_size=600))
def test_whatever_comes_is_named_by_a_known_word_or_not_at_all(data: bytes) -> None:
    assert protocol_of(data).isascii()
    assert is_text(data) in (True, False)
