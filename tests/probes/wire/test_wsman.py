from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.text import printable
from probes.wire.wsman import IDENTIFY, Identity, encode_identity, identity, is_wsman
from probes.wire.xml import NotXml, elements, fault

_TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), max_size=60).map(
    lambda text: printable(text, 120)
)


def windows(version: str) -> Identity:
    return Identity("", "Microsoft Corporation", version)


@pytest.mark.parametrize(
    ("version", "os", "product"),
    [
        ("OS: 0.0.0 SP: 0.0 Stack: 3.0", "", "WinRM (WS-Management 3.0)"),
        ("OS: 10.0.17763 SP: 0.0 Stack: 3.0", "10.0.17763", "WinRM (WS-Management 3.0)"),
        ("", "", "WinRM"),
        ("nonsense", "", "WinRM"),
    ],
)
def test_the_version_windows_hides_is_never_shown(version: str, os: str, product: str) -> None:
    who = windows(version)
    assert (who.os, who.product) == (os, product)


def test_another_product_is_named_by_vendor_and_version() -> None:
    who = Identity("", "Openwsman Project", "2.6.5")
    assert (who.is_windows, who.product, who.os, who.stack) == (
        False,
        "Openwsman Project 2.6.5",
        "",
        "",
    )


def test_the_question_is_xml_of_its_own_and_no_answer() -> None:
    found = elements(IDENTIFY)
    assert ("Envelope", "Body", "Identify") in [element.path for element in found]
    assert identity(found) is None
    assert is_wsman(found)


def test_a_response_without_fields_is_still_a_response() -> None:
    who = identity(elements(encode_identity(Identity("", "", ""))))
    assert who == Identity("", "", "")
    assert who.product == "an unnamed vendor"


def test_an_answer_in_a_foreign_namespace_does_not_count() -> None:
    faked = encode_identity(windows("1")).replace(b"identity/1/wsmanidentity.xsd", b"other")
    assert identity(elements(faked)) is None


@pytest.mark.parametrize(
    "response", ["soap:IdentifyResponse", "IdentifyResponse", "o:IdentifyResponse"]
)
def test_a_response_in_a_wrong_namespace_counts_by_its_fields(response: str) -> None:
    # In that of SOAP as OMI writes it, in none, in another.
    written = (
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid='
        '"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd" xmlns:o="urn:o">'
        f"<soap:Body><{response}><wsmid:ProductVendor>Any Vendor</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>1.6</wsmid:ProductVersion></{response}></soap:Body>"
        "</soap:Envelope>"
    )
    assert identity(elements(written.encode())) == Identity("", "Any Vendor", "1.6")


def test_a_response_in_the_namespace_of_soap_without_fields_does_not_count() -> None:
    written = encode_identity(Identity("p", "Any Vendor", "1.6")).replace(b"wsmid:", b"s:")
    assert identity(elements(written)) is None


def test_a_fault_is_read_in_both_versions_of_soap() -> None:
    older = (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        b"<faultcode>x</faultcode><faultstring>not now</faultstring>"
        b"</e:Fault></e:Body></e:Envelope>"
    )
    newer = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Reason>'
        b"<e:Text>not here</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>"
    )
    assert fault(elements(older)) == "not now"
    assert fault(elements(newer)) == "not here"
    assert fault(elements(IDENTIFY)) == ""
    assert fault(elements(b"<Envelope><Body><Fault/></Body></Envelope>")) == "fault"


@given(_TEXT, _TEXT, _TEXT)
def test_an_identity_comes_back_as_it_was_written(protocol: str, vendor: str, version: str) -> None:
    who = Identity(protocol, vendor, version)
    assert identity(elements(encode_identity(who))) == who
    assert (who.product + who.os).isprintable()


@given(st.binary(max_size=200), st.integers(0, 600))
def test_a_damaged_answer_is_read_or_refused(damage: bytes, at: int) -> None:
    whole = encode_identity(windows("OS: 0.0.0 SP: 0.0 Stack: 3.0"))
    try:
        found = elements(whole[:at] + damage + whole[at + len(damage) :])
    except NotXml:
        return
    who = identity(found)
    assert who is None or (who.vendor + who.version).isprintable()
