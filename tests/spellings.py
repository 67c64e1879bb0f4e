"""Spellings that a peer may repeat a secret in, and the search for them in an output."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

HTML_NAMES = {"&": "&AMP;", "%": "&percnt;", "+": "&plus;", "=": "&equals;", "/": "&sol;"}


def _login(secret: str) -> str:
    return base64.b64encode(f"audit:{secret}".encode()).decode()


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "title case": str.title,
    "URL": lambda text: quote(text, safe=""),
    "URL in lower case": lambda text: quote(text, safe="").lower(),
    "a part of it as URL": quote,
    "URL of a form": quote_plus,
    "URL of a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "every byte of a URL": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "HTML": html.escape,
    "HTML in numbers": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML in hex": lambda text: "".join(f"&#x{ord(char):x};" for char in text),
    "HTML of JSON": lambda text: html.escape(json.dumps(text)),
    "JSON": json.dumps,
    "JSON in numbers": lambda text: re.sub("....", r"\\u\g<0>", text.encode("utf-16-be").hex()),
    "JavaScript in numbers": lambda text: "".join(f"\\u{{{ord(char):x}}}" for char in text),
    "Python in numbers": lambda text: "".join(f"\\U{ord(char):08x}" for char in text),
    "octal bytes": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "HTML in padded numbers": lambda text: "".join(f"&#{ord(char):09d};" for char in text),
    "HTML in padded hex": lambda text: "".join(f"&#x{ord(char):08X};" for char in text),
    "HTML by name": lambda text: "".join(HTML_NAMES.get(char, char) for char in text),
    "escaped bytes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "quoted printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "hex": lambda text: text.encode().hex(),
    "upper case hex": lambda text: text.encode().hex().upper(),
    "hex with spaces": lambda text: text.encode().hex(" "),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex with dashes": lambda text: text.encode().hex("-").upper(),
    "hex as in C": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "hex with bars": lambda text: text.encode().hex("|"),
    "hex with quotes": lambda text: "', '".join(f"{byte:02x}" for byte in text.encode()),
    "hex of UTF-16": lambda text: text.encode("utf-16-le").hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of one byte and it": lambda text: base64.b64encode(f"a{text}".encode()).decode(),
    "base64 of two bytes and it": lambda text: base64.b64encode(f"ab{text}c".encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 of UTF-16 the other way": lambda text: base64.b64encode(
        text.encode("utf-16-be")
    ).decode(),
    "base64 in lines": lambda text: base64.encodebytes(f"{'-' * 50}{text}".encode()).decode(),
    "base64 of a login": _login,
    "base64 of a login as URL": lambda text: quote(_login(text), safe=""),
    "zeros between": "\0".join,
    "two lines": lambda text: f"{text[:5]}\r\n  {text[5:]}",
    "lines of quoted printable": lambda text: f"{text[:2]}=\r\n{text[2:]}",
    "two chunks": lambda text: f"{text[:2]}\r\n1f;name=value\r\n{text[2:]}",
    "tags between": "<wbr>".join,
    "bold in part": lambda text: f"{text[:2]}<b class='x'>{text[2:]}",
    "colours between": "\x1b[0;1m".join,
    "controls between": "\x01".join,
    "zero width between": "\u200b".join,
    "soft hyphens between": "\xad".join,
    "full width": lambda text: "".join(
        chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text
    ),
    "folded lines": "\n".join,
    "more space": lambda text: text.replace(" ", "   "),
}


def forms(secret: str) -> set[str]:
    """A secret in the forms it could be written in."""
    raw = secret.encode()
    encoded = {base64.b64encode(b"\0" * pad + raw).decode()[4:-4] for pad in range(3)}
    spelled = {spelling(secret) for spelling in SPELLINGS.values()}
    return {secret, secret[::-1], raw.hex(), raw.hex(" "), raw.hex(":"), *encoded, *spelled}


def found(text: str, secrets: Iterable[str]) -> list[str]:
    """The secrets in an output, whatever they are broken by, and in the bytes it shows as hex."""
    texts = [_joined(one) for one in (text, *_decoded(text))]
    return [
        secret
        for secret in secrets
        if any(_joined(form) in one for form in forms(secret) for one in texts)
    ]


def _joined(text: str) -> str:
    return "".join(text.split()).replace("\0", "").lower()


def _decoded(text: str) -> Iterator[str]:
    for dump in re.findall(r"(?:[0-9a-f]{2}){4,}", text):
        yield bytes.fromhex(dump).decode("latin-1")
