from __future__ import annotations

import sys

import pytest

from probes.vantage.local.netlink import next_hop

linux = pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux'")


@linux
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::1%lo"])
def test_what_is_on_this_machine_has_no_next_router(address: str) -> None:
    assert next_hop(address) == ""


@pytest.mark.parametrize("address", ["", "nobody", "10.0.0", "10.0.0.1/24"])
def test_what_is_no_address_has_none_that_is_known(address: str) -> None:
    assert next_hop(address) is None
