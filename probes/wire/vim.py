"""vSphere Web Services: RetrieveServiceContent and the product it names (vim25 API reference)."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

from probes.wire.text import printable
from probes.wire.xml import ENVELOPES, Element

PATH = "/sdk"
CONTENT_TYPE = "text/xml; charset=utf-8"
ACTION = '"urn:vim25"'
"""Without a version: a version that a host does not know is refused."""

_SOAP = ENVELOPES[0]
_NAMESPACE = "urn:vim25"
_ABOUT = ("Envelope", "Body", "RetrieveServiceContentResponse", "returnval", "about")

RETRIEVE = (
    f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_SOAP}">'
    f'<soapenv:Body><RetrieveServiceContent xmlns="{_NAMESPACE}">'
    '<_this type="ServiceInstance">ServiceInstance</_this>'
    "</RetrieveServiceContent></soapenv:Body></soapenv:Envelope>"
).encode()


_ESX_LINES = ("embeddedEsx", "esx")
_OTHER_LINES = ("vpx", "gsx", "ws")
"""vCenter, VMware Server and Workstation, whose host agents have the same API."""


@dataclass(frozen=True, slots=True)
class About:
    """AboutInfo, the part that is for everybody; made harmless, what is missing is empty."""

    name: str
    version: str
    build: str
    vendor: str
    product_line: str
    """`embeddedEsx` and `esx` are ESXi, `vpx` is vCenter, `gsx` and `ws` desktop products."""
    api_type: str
    """`HostAgent` on one host, `VirtualCenter` on the server that manages many."""
    api_version: str

    @property
    def is_vcenter(self) -> bool:
        """True if it manages hosts instead of being one."""
        return self.api_type == "VirtualCenter" or self.product_line == "vpx"

    @property
    def is_esxi(self) -> bool:
        """True if it is a host of the ESX family.

        By its product line, and by its name where the line is none of those known.
        """
        if self.api_type not in ("HostAgent", ""):
            return False
        if self.product_line in _OTHER_LINES:
            return False
        return self.product_line in _ESX_LINES or self.name.startswith("VMware ESX")

    @property
    def product(self) -> str:
        """`VMware ESXi 8.0.1 build-21495797`, as VMware writes a full name."""
        build = f"build-{self.build}" if self.build else ""
        return " ".join(part for part in (self.name, self.version, build) if part)


_FIELDS = {
    "name": "name",
    "version": "version",
    "build": "build",
    "vendor": "vendor",
    "productLineId": "product_line",
    "apiType": "api_type",
    "apiVersion": "api_version",
}


def about(found: Iterable[Element]) -> About | None:
    """The product in an answer, or None if it names none."""
    values = dict.fromkeys(_FIELDS.values(), "")
    known = False
    for element in found:
        if element.path[:-1] == _ABOUT and element.name in _FIELDS:
            values[_FIELDS[element.name]] = printable(element.text, 80)
            known = True
    return About(**values) if known else None


def is_vim(found: Iterable[Element]) -> bool:
    """True if any element, of a fault for example, is of the vSphere API."""
    return any(element.namespace.startswith(_NAMESPACE) for element in found)


def encode_about(about: About) -> bytes:
    """A RetrieveServiceContentResponse with this product and the objects every host has."""
    fields = "".join(
        f"<{key}>{html.escape(getattr(about, name))}</{key}>" for key, name in _FIELDS.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="{_SOAP}">'
        f'<soapenv:Body><RetrieveServiceContentResponse xmlns="{_NAMESPACE}"><returnval>'
        '<rootFolder type="Folder">ha-folder-root</rootFolder>'
        '<propertyCollector type="PropertyCollector">ha-property-collector</propertyCollector>'
        f"<about>{fields}</about></returnval></RetrieveServiceContentResponse>"
        "</soapenv:Body></soapenv:Envelope>"
    ).encode()


def encode_fault(words: str) -> bytes:
    """A fault of the API."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="{_SOAP}">'
        "<soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode>"
        f"<faultstring>{html.escape(words)}</faultstring>"
        f'<detail><RuntimeFaultFault xmlns="{_NAMESPACE}"/></detail>'
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    ).encode()
