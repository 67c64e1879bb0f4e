"""LDAP: the search of the rootDSE and its result (RFC 4511, RFC 4512 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.wire import ber
from probes.wire.ber import Malformed
from probes.wire.text import printable

MAX_MESSAGE = 128 * 1024
"""Bytes of one message; the rootDSE of a domain controller has about 3 kB."""
MAX_ATTRIBUTES, MAX_VALUES = 64, 64
MESSAGE_ID = 1

UNBIND = bytes.fromhex("30050201024200")
"""The unbind request, message 2 (RFC 4511 4.3)."""
RESULTS = {
    0: "success",
    1: "operationsError",
    2: "protocolError",
    3: "timeLimitExceeded",
    4: "sizeLimitExceeded",
    5: "compareFalse",
    6: "compareTrue",
    7: "authMethodNotSupported",
    8: "strongerAuthRequired",
    10: "referral",
    11: "adminLimitExceeded",
    12: "unavailableCriticalExtension",
    13: "confidentialityRequired",
    14: "saslBindInProgress",
    16: "noSuchAttribute",
    17: "undefinedAttributeType",
    18: "inappropriateMatching",
    19: "constraintViolation",
    20: "attributeOrValueExists",
    21: "invalidAttributeSyntax",
    32: "noSuchObject",
    33: "aliasProblem",
    34: "invalidDNSyntax",
    36: "aliasDereferencingProblem",
    48: "inappropriateAuthentication",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
    54: "loopDetect",
    64: "namingViolation",
    65: "objectClassViolation",
    66: "notAllowedOnNonLeaf",
    67: "notAllowedOnRDN",
    68: "entryAlreadyExists",
    69: "objectClassModsProhibited",
    71: "affectsMultipleDSAs",
    80: "other",
}
"""Names of result codes (RFC 4511 4.1.9, their meanings in its appendix A)."""
MAX_REFERRALS = 8
REFERRAL = 10

_SEARCH, _ENTRY, _DONE, _REFERENCE, _EXTENDED = 3, 4, 5, 19, 24
_PRESENT_OBJECT_CLASS = b"\x87\x0bobjectClass"


@dataclass(frozen=True, slots=True)
class Entry:
    """A SearchResultEntry: attribute values by lower-case name, as bytes."""

    name: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def text(self, attribute: str) -> str:
        """The first value, harmless; empty if there is none."""
        values = self.attributes.get(attribute.lower(), ())
        return printable(values[0]) if values else ""

    def texts(self, attribute: str) -> list[str]:
        """All values, harmless."""
        return [printable(value) for value in self.attributes.get(attribute.lower(), ())]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An LDAPResult: a search that ended without an entry, or a notice of disconnection."""

    code: int
    text: str
    referrals: tuple[str, ...] = ()
    """URIs of other servers (RFC 4511 4.1.10)."""

    @property
    def name(self) -> str:
        """The code with its name: `53, unwillingToPerform`."""
        return f"{self.code}, {RESULTS[self.code]}" if self.code in RESULTS else str(self.code)


def root_request(attributes: tuple[str, ...]) -> bytes:
    """An anonymous base search of the rootDSE for these attributes (RFC 4511 4.5.1)."""
    search = ber.element(
        ber.application(_SEARCH),
        ber.element(ber.OCTET_STRING),
        ber.integer(0, ber.ENUMERATED),
        ber.integer(0, ber.ENUMERATED),
        ber.integer(0),
        ber.integer(0),
        ber.element(ber.BOOLEAN, b"\0"),
        _PRESENT_OBJECT_CLASS,
        ber.element(
            ber.SEQUENCE, *(ber.element(ber.OCTET_STRING, name.encode()) for name in attributes)
        ),
    )
    return ber.element(ber.SEQUENCE, ber.integer(MESSAGE_ID), search)


def size(head: bytes) -> int | None:
    """Bytes of the first message of a stream; None if too few are here, Malformed if it is none."""
    if head[:1] and head[0] != ber.SEQUENCE:
        raise Malformed(f"a message that starts with {head[0]:#04x}")
    return ber.element_size(head, MAX_MESSAGE)


def reply(data: bytes) -> Entry | Refusal:
    """Read the answer to `root_request`; raises Malformed if it is none."""
    parts = ber.elements(ber.single(data, ber.SEQUENCE), 8)
    if len(parts) < 2 or parts[0].tag != ber.INTEGER:
        raise Malformed("a message without an id and an operation")
    id, operation = ber.to_integer(parts[0].content), parts[1]
    if operation.tag == ber.application(_EXTENDED) and id == 0:
        return _refusal(operation.content)
    if id != MESSAGE_ID:
        raise Malformed(f"an answer to message {id}")
    if operation.tag == ber.application(_ENTRY):
        return _entry(operation.content)
    if operation.tag == ber.application(_DONE):
        return _refusal(operation.content)
    if operation.tag == ber.application(_REFERENCE):
        return Refusal(REFERRAL, "", _uris(operation.content))
    raise Malformed(f"operation {operation.tag:#04x}")


def _entry(content: bytes) -> Entry:
    parts = ber.elements(content, 3)
    if [part.tag for part in parts] != [ber.OCTET_STRING, ber.SEQUENCE]:
        raise Malformed("an entry without name and attributes")
    attributes: dict[str, tuple[bytes, ...]] = {}
    for attribute in ber.elements(parts[1].content, MAX_ATTRIBUTES):
        pair = ber.elements(attribute.content, 3)
        if attribute.tag != ber.SEQUENCE or [x.tag for x in pair] != [ber.OCTET_STRING, ber.SET]:
            raise Malformed("an attribute without type and values")
        values = ber.elements(pair[1].content)
        if any(value.tag != ber.OCTET_STRING for value in values):
            raise Malformed("a value that is no octet string")
        name = printable(pair[0].content, 64).lower()
        attributes[name] = tuple(value.content for value in values[:MAX_VALUES])
    return Entry(printable(parts[0].content), attributes)


def _refusal(content: bytes) -> Refusal:
    parts = ber.elements(content, 16)
    tags = [part.tag for part in parts[:3]]
    if tags != [ber.ENUMERATED, ber.OCTET_STRING, ber.OCTET_STRING]:
        raise Malformed("a result without code, name and text")
    code, text = ber.to_integer(parts[0].content), printable(parts[2].content)
    referrals = next((part.content for part in parts[3:] if part.tag == ber.context(3)), b"")
    return Refusal(code, text, _uris(referrals))


def _uris(content: bytes) -> tuple[str, ...]:
    parts = ber.elements(content)
    if any(part.tag != ber.OCTET_STRING for part in parts):
        raise Malformed("a referral that is no octet string")
    return tuple(printable(part.content) for part in parts[:MAX_REFERRALS])
