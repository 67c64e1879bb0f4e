"""A target knows the network or range it came from; what is named singly has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.registry import PROBES
from probes.targets import merge_results, parse
from probes.targets.host import AddressRange, parse_host
from profiles.loader import load_profile

PROFILE = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


def networks(*entries, base=None):
    more = {} if base is None else {"base": base}
    return {one.label: one.network for one in parse(entries, PROFILE, **more).targets}


@pytest.mark.parametrize(
    ("typed", "network"),
    [
        ("10.0.0.0/30", "10.0.0.0/30"),
        ("10.0.0.2/30", "10.0.0.0/30"),
        ("10.0.0.0/255.255.255.252", "10.0.0.0/30"),
        ("10.0.0.1-10.0.0.2", "10.0.0.0/30"),
        ("10.0.0.1-2", "10.0.0.0/30"),
        ("10.0.0.1-3", "10.0.0.1-10.0.0.3"),
        ("10.0.0.4/31", "10.0.0.4/31"),
        ("2001:db8::/126", "2001:db8::/126"),
        ("2001:db8::1-2001:db8::3", "2001:db8::1-2001:db8::3"),
        ("fe80::%eth0/127", "fe80::%eth0/127"),
        ("10.0.0.1", ""),
        ("10.0.0.1/32", ""),
        ("2001:db8::1/128", ""),
        ("web1", ""),
    ],
)
def test_every_address_of_a_network_or_range_knows_it(typed, network):
    assert set(networks(f"unix.target={typed}").values()) == {network}


def test_a_network_with_a_port_is_named_without_it():
    assert networks("unix.target=10.0.0.1-3:2222")["10.0.0.2:2222"] == "10.0.0.1-10.0.0.3"


@pytest.mark.parametrize("singly_first", [True, False])
def test_what_is_named_singly_as_well_is_named_singly(singly_first):
    entries = ["unix.target=10.0.0.2", "unix.target=10.0.0.0/29"]
    found = networks(*(entries if singly_first else reversed(entries)))
    assert found["10.0.0.2"] == ""
    assert found["10.0.0.1"] == "10.0.0.0/29"
    one, other = (parse([entry], PROFILE) for entry in entries)
    for results in ((one, other), (other, one)):
        merged = {target.label: target.network for target in merge_results(*results).targets}
        assert merged == found


def test_another_port_is_another_target():
    found = networks("unix.target=10.0.0.2:2222,10.0.0.0/29")
    assert found["10.0.0.2:2222"] == ""
    assert found["10.0.0.2"] == "10.0.0.0/29"


def test_a_list_file_holds_networks_too(tmp_path):
    (tmp_path / "hosts").write_text("10.0.0.0/29\n10.0.0.2  # the printer\n")
    found = networks("unix.target=@hosts", base=tmp_path)
    assert found["10.0.0.1"] == "10.0.0.0/29"
    assert found["10.0.0.2"] == ""


@st.composite
def ranges(draw):
    version = draw(st.sampled_from([4, 6]))
    low, high = (1 << 24, 200 << 24) if version == 4 else (1 << 64, 1 << 120)
    first = draw(st.integers(low, high))
    scope = "" if version == 4 else draw(st.sampled_from(["", "br-lan"]))
    return AddressRange(first, first + draw(st.integers(0, 600)), version, scope)


@given(ranges())
def test_the_text_of_a_range_is_read_as_the_same_range(addresses):
    try:
        found, port = parse_host(addresses.text)
    except Exception as error:  # noqa: BLE001
        # Multicast is no host's.
        assert "no single host" in str(error)
        return
    assert (found, port) == (addresses, None)
