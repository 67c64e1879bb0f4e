"""Checks on the port that HOST:PORT gave: their texts name that one, in any form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.registry import PROBES
from profiles.loader import load_profile
from profiles.ports import beside, capability_at, checks_at, with_port, with_ports

CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
SSH, RAW, SNMP = (CATALOG.check(id) for id in ("unix.ssh", "printer.raw", "printer.snmp"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Allow TCP 22 there.", "Allow TCP 2222 there."),
        ("Allow tcp/22.", "Allow tcp/2222."),
        ("Allow 22/tcp.", "Allow 2222/tcp."),
        ("Allow TCP port 22.", "Allow TCP port 2222."),
        ("Allow port 22, then ask.", "Allow port 2222, then ask."),
        ("Allow TCP 21, 22 and 23.", "Allow TCP 21, 2222 and 23."),
        ("Allow ports 22 or 23.", "Allow ports 2222 or 23."),
        ("SSH 22 is open.", "SSH 2222 is open."),
        ("See host:22.", "See host:2222."),
        ("The service (22) is asked.", "The service (2222) is asked."),
    ],
)
def test_a_text_names_the_port_that_is_asked(before: str, after: str) -> None:
    asked = with_port(replace(SSH, fix=before), 2222)
    assert (asked.fix, asked.port, asked.service_port) == (after, 2222, 22)


@pytest.mark.parametrize(
    "text",
    [
        "Allow UDP 22.",
        "Allow 22/udp.",
        "Allow TCP 220, 122 and 22-30.",
        "It serves 22 hosts.",
        "At 10:22 it starts.",
        "See 10.0.0.22.",
        "See chapter 22 of the page.",
    ],
)
def test_another_port_or_number_stays(text: str) -> None:
    assert with_port(replace(SSH, fix=text), 2222).fix == text


def test_a_title_with_its_port_names_the_one_asked() -> None:
    assert with_port(replace(SSH, title="SSH 22"), 2222).title == "SSH 2222"


def test_the_other_checks_of_a_target_name_the_port_its_own_check_is_asked_on() -> None:
    snmp = replace(SNMP, required_when="TCP 9100 does not name it")
    assert beside(snmp, RAW, 9101).required_when == "TCP 9101 does not name it"
    assert beside(snmp, RAW, 9101).port == 161


def test_a_check_that_asks_the_replaced_port_itself_keeps_it() -> None:
    other = replace(RAW, id="printer.other", custom_port=False, fix="Allow TCP 9100.")
    assert beside(other, RAW, 9101) == other


def test_a_target_without_a_port_of_its_own_has_the_checks_of_the_profile() -> None:
    for role in CATALOG.roles:
        assert checks_at(CATALOG, role.id, None) == CATALOG.checks_of(role.id)


def test_several_ports_stand_in_a_text_as_a_list() -> None:
    asked = with_ports(replace(SSH, fix="Allow TCP 22."), (2222, 22, 2223))
    assert (asked.fix, asked.port_text) == ("Allow TCP 22, 2222 and 2223.", "TCP 22, 2222 and 2223")


def test_the_clauses_of_a_capability_name_the_port_asked() -> None:
    (capability,) = (one for one in CATALOG.capabilities if one.role == "unix.target")
    capability = replace(capability, can="TCP 22 is there", cannot="TCP 22 is not there")
    asked = capability_at(capability, SSH, with_port(SSH, 2222))
    assert (asked.can, asked.cannot) == ("TCP 2222 is there", "TCP 2222 is not there")
