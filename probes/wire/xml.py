"""XML elements and SOAP envelopes, bounded, without entities and DTDs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import XMLParser

from probes.wire.text import printable

MAX_ELEMENTS = 2000
MAX_DEPTH = 32
MAX_TEXT = 4096
"""Characters of one element; the rest is dropped."""


class NotXml(Exception):
    """The data is not XML, or exceeds a limit; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its place in local names, root first, its namespace and its own text."""

    path: tuple[str, ...]
    namespace: str
    text: str

    @property
    def name(self) -> str:
        """The local name."""
        return self.path[-1]


def elements(data: bytes) -> tuple[Element, ...]:
    """Every element in the order in which they end, children before parents; raises NotXml."""
    target = _Flattener()
    parser = XMLParser(target=target, forbid_dtd=True)
    try:
        parser.feed(data)
        parser.close()
    except (ParseError, ValueError, LookupError) as error:
        # ValueError holds defusedxml's refusals and expat's of an encoding, LookupError too.
        raise NotXml(str(error) or type(error).__name__) from None
    return tuple(target.found)


class _Flattener:
    """Parser target that lists the elements in the order in which they end."""

    def __init__(self) -> None:
        self.found: list[Element] = []
        self._open: list[tuple[str, str, list[str]]] = []

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise NotXml(f"more than {MAX_DEPTH} elements inside each other")
        if len(self.found) + len(self._open) >= MAX_ELEMENTS:
            raise NotXml(f"more than {MAX_ELEMENTS} elements")
        namespace, _, name = tag.rpartition("}")
        self._open.append((name, namespace.removeprefix("{"), []))

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def end(self, _tag: str) -> None:
        path = tuple(name for name, _, _ in self._open)
        _, namespace, pieces = self._open.pop()
        self.found.append(Element(path, namespace, "".join(pieces)[:MAX_TEXT]))

    def close(self) -> None:
        """Nothing is left to do at the end of the document."""


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
