"""Greeting of a server that speaks first: the protocol that it belongs to."""

from __future__ import annotations

import re

_IAC_COMMANDS = range(0xFB, 0xFF)
"""WILL, WONT, DO and DONT (RFC 854)."""
_MYSQL_HEAD = 4
_MYSQL_KINDS = (0x0A, 0x09, 0xFF)
"""Protocol 10, protocol 9, or an error such as a host that may not connect."""

_GREETINGS = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"SSH-\d", "an SSH server"),
        (rb"(220|421|554)[ -][^\n]*\bE?SMTP\b", "a mail server"),
        (rb"(220|421|530)[ -][^\n]*FTP", "a file transfer server"),
        (rb"(220|421|530|554)[ -]", "a mail or file transfer server"),
        (rb"20[01][ -]", "a news server"),
        (rb"\* (OK|PREAUTH|BYE)\b", "an IMAP server"),
        (rb"\+OK\b", "a POP3 server"),
        (rb"HTTP/\d", "a web server"),
        (rb"RFB \d{3}\.\d{3}", "a VNC server"),
        (rb"@RSYNCD:", "an rsync server"),
        (rb"-(ERR|DENIED|NOAUTH|LOADING)\b", "a Redis server"),
        (rb"<\?xml|<stream:", "an XMPP server"),
        (rb"AMQP", "an AMQP server"),
        (rb"Asterisk Call Manager/", "an Asterisk server"),
        (rb"(:\S+ )?NOTICE ", "an IRC server"),
        (rb"[\x14-\x17]\x03[\x00-\x04]", "a TLS server"),
    )
)


def protocol_of(data: bytes) -> str:
    """Server whose greeting begins with these bytes, as `an SSH server`; empty if unknown."""
    for pattern, name in _GREETINGS:
        if pattern.match(data):
            return name
    if len(data) > 1 and data[0] == 0xFF and data[1] in _IAC_COMMANDS:
        return "a Telnet server"
    if _is_mysql(data):
        return "a MySQL server"
    return ""


def is_text(data: bytes) -> bool:
    """True for text: printable ASCII but for one byte in eight."""
    strange = sum(not (0x20 <= byte < 0x7F or byte in b"\t\r\n") for byte in data)
    return any(0x20 < byte < 0x7F for byte in data) and strange * 8 <= len(data)


def _is_mysql(data: bytes) -> bool:
    """True for a first packet: its length in three bytes, the number 0 and a known kind."""
    size = int.from_bytes(data[:3], "little")
    return (
        len(data) > _MYSQL_HEAD + 1
        and len(data) == _MYSQL_HEAD + size
        and data[3] == 0
        and data[4] in _MYSQL_KINDS
    )
