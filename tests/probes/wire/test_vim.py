from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.text import printable
from probes.wire.vim import RETRIEVE, About, about, encode_about, encode_fault, is_vim
from probes.wire.xml import NotXml, elements, fault

ESXI = About("VMware ESXi", "7.0.3", "19193900", "VMware, Inc.", "embeddedEsx", "HostAgent", "7.0")
_TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), max_size=40).map(
    lambda text: printable(text, 80)
)


@pytest.mark.parametrize(
    ("name", "api_type", "line", "esxi", "vcenter"),
    [
        ("VMware ESXi", "HostAgent", "embeddedEsx", True, False),
        ("VMware ESX", "HostAgent", "esx", True, False),
        ("", "HostAgent", "esx", True, False),
        ("VMware ESX Server", "HostAgent", "", True, False),
        ("VMware ESXi", "", "", True, False),
        ("VMware ESXi", "HostAgent", "a line of tomorrow", True, False),
        ("VMware Workstation", "HostAgent", "ws", False, False),
        ("VMware ESXi", "HostAgent", "ws", False, False),
        ("VMware Server", "HostAgent", "gsx", False, False),
        ("VMware Fusion", "HostAgent", "a line of tomorrow", False, False),
        ("Another Product", "HostAgent", "", False, False),
        ("VMware vCenter Server", "VirtualCenter", "vpx", False, True),
        ("VMware vCenter Server", "VirtualCenter", "", False, True),
        ("VMware vCenter Server", "", "vpx", False, True),
        ("VMware ESXi", "VirtualCenter", "embeddedEsx", False, True),
        ("VMware Site Recovery Manager", "", "srm", False, False),
        ("", "", "", False, False),
        ("", "HostAgent", "", False, False),
    ],
)
def test_the_kind_of_product_is_told(
    name: str, api_type: str, line: str, esxi: bool, vcenter: bool
) -> None:
    what = About(name, "1", "2", "", line, api_type, "")
    assert (what.is_esxi, what.is_vcenter) == (esxi, vcenter)


def test_a_product_is_named_without_what_is_missing() -> None:
    assert ESXI.product == "VMware ESXi 7.0.3 build-19193900"
    assert About("x", "", "", "", "", "", "").product == "x"


def test_the_question_is_no_answer() -> None:
    found = elements(RETRIEVE)
    assert about(found) is None
    assert is_vim(found)
    assert fault(found) == ""


def test_a_refusal_is_a_fault_of_the_api() -> None:
    found = elements(encode_fault("not <now>"))
    assert about(found) is None
    assert is_vim(found)
    assert fault(found) == "not <now>"


def test_a_product_in_another_place_does_not_count() -> None:
    found = elements(encode_about(ESXI).replace(b"returnval", b"other"))
    assert about(found) is None


@given(st.lists(_TEXT, min_size=7, max_size=7))
def test_a_product_comes_back_as_it_was_written(texts: list[str]) -> None:
    what = About(*texts)
    assert about(elements(encode_about(what))) == what


@given(st.binary(max_size=200), st.integers(0, 900))
def test_a_damaged_answer_is_read_or_refused(damage: bytes, at: int) -> None:
    whole = encode_about(ESXI)
    try:
        found = elements(whole[:at] + damage + whole[at + len(damage) :])
    except NotXml:
        return
    what = about(found)
    assert what is None or "".join(astuple(what)).isprintable()
