"""What every SOAP answer has in common: a fault (SOAP 1.1 4.4, SOAP 1.2 part 1 5.4)."""

from __future__ import annotations

from collections.abc import Iterable

from probes.wire.elements import Element
from probes.wire.text import printable

ENVELOPES = (
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://www.w3.org/2003/05/soap-envelope",
)
"""Namespaces of SOAP 1.1 and 1.2."""


def fault(found: Iterable[Element]) -> str:
    """The words of a fault, one harmless line, `fault` if it has none; empty without a fault."""
    words: dict[str, str] = {}
    faulted = False
    for element in found:
        if element.path[:3] != ("Envelope", "Body", "Fault"):
            continue
        faulted = True
        if element.text.strip():
            words.setdefault(element.name, printable(element.text))
    if not faulted:
        return ""
    return words.get("faultstring") or words.get("Message") or words.get("Text") or "fault"
