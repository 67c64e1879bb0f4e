"""WS-Management: the Identify question and its answer (DSP0226 11, MS-WSMV 3.1.4.1.23)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from probes.wire.text import printable
from probes.wire.xml import ENVELOPES, Element

PATH = "/wsman"
CONTENT_TYPE = "application/soap+xml;charset=UTF-8"
ANONYMOUS = ("WSMANIDENTIFY", "unauthenticated")
"""The header by which a Windows computer lets Identify through without a login."""

_SOAP = ENVELOPES[1]
_IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
_NAMESPACE = re.compile(
    r"https?://(schemas\.dmtf\.org/wbem/wsman/|schemas\.microsoft\.com/wbem/wsman/)"
)
_PART = re.compile(r"(OS|SP|Stack): *([0-9][0-9.]{0,30})")
_VENDOR = "Microsoft Corporation"
_ANONYMOUS_VERSION = "0.0.0"
"""The version that Windows tells anonymous clients."""

IDENTIFY = (
    f'<s:Envelope xmlns:s="{_SOAP}" xmlns:wsmid="{_IDENTITY}">'
    "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
).encode()


@dataclass(frozen=True, slots=True)
class Identity:
    """An IdentifyResponse, made harmless; what is missing is empty."""

    protocol: str
    vendor: str
    version: str
    """ProductVersion as it stands; Windows writes `OS: 10.0.17763 SP: 0.0 Stack: 3.0`."""

    @property
    def is_windows(self) -> bool:
        """True if this is Microsoft's WS-Management."""
        return self.vendor == _VENDOR

    @property
    def os(self) -> str:
        """The version of Windows; empty where it is not told, as to anonymous callers."""
        version = dict(_PART.findall(self.version)).get("OS", "") if self.is_windows else ""
        return "" if version == _ANONYMOUS_VERSION else version

    @property
    def stack(self) -> str:
        """The version of Microsoft's WS-Management; empty on other products."""
        return dict(_PART.findall(self.version)).get("Stack", "") if self.is_windows else ""

    @property
    def product(self) -> str:
        """Vendor and version for a person, never the version that anonymous callers get."""
        if self.is_windows:
            return f"WinRM (WS-Management {self.stack})" if self.stack else "WinRM"
        return f"{self.vendor or 'an unnamed vendor'} {self.version}".strip()


def identity(found: Iterable[Element]) -> Identity | None:
    """The IdentifyResponse in an answer, or None if there is none."""
    place = ("Envelope", "Body", "IdentifyResponse")
    fields: dict[str, str] = {}
    for element in found:
        if element.path[:3] != place:
            continue
        # OMI puts the response into the namespace of SOAP, and its fields into the right one.
        is_misplaced = element.path == place and bool(fields)
        if element.namespace != _IDENTITY and not is_misplaced:
            continue
        fields.setdefault("/".join(element.path[3:]), printable(element.text, 120))
    # Children come first, so the response itself, with an empty rest, stands at the end.
    if "" not in fields:
        return None
    return Identity(
        fields.get("ProtocolVersion", ""),
        fields.get("ProductVendor", ""),
        fields.get("ProductVersion", ""),
    )


def is_wsman(found: Iterable[Element]) -> bool:
    """True if any element, of a fault for example, is WS-Management's own."""
    return any(_NAMESPACE.match(element.namespace) for element in found)


def encode_identity(identity: Identity) -> bytes:
    """An IdentifyResponse as Windows writes it."""
    fields = "".join(
        f"<wsmid:{name}>{html.escape(text)}</wsmid:{name}>"
        for name, text in (
            ("ProtocolVersion", identity.protocol),
            ("ProductVendor", identity.vendor),
            ("ProductVersion", identity.version),
        )
    )
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{_SOAP}"><s:Header/><s:Body>'
        f'<wsmid:IdentifyResponse xmlns:wsmid="{_IDENTITY}">{fields}</wsmid:IdentifyResponse>'
        "</s:Body></s:Envelope>"
    ).encode()
