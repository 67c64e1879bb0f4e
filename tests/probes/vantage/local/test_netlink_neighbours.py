from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from probes.vantage.local.netlink import NeighbourCache

HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"
GATEWAY = "10.0.0.1         0x1         0x2         02:00:00:00:00:01     *        eth0\n"


@pytest.fixture
def cache(tmp_path: Path):
    """An ARP cache with these lines, and who looks into it."""

    def make(*lines: str) -> tuple[Path, NeighbourCache]:
        path = tmp_path / "arp"
        path.write_text(HEAD + "".join(lines))
        return path, NeighbourCache(path)

    return make


async def test_a_complete_entry_has_a_mac(cache) -> None:
    _, neighbours = cache(GATEWAY)
    assert neighbours.mac("10.0.0.1") == "02:00:00:00:00:01"


@pytest.mark.parametrize("address", ["10.0.0.2", "10.0.0.11", "0.0.0.1", "0.1", "", "fe80::1"])
async def test_a_host_without_an_entry_has_none(cache, address: str) -> None:
    _, neighbours = cache(GATEWAY)
    assert neighbours.mac(address) == ""


@pytest.mark.parametrize(
    "line",
    [
        GATEWAY.replace("0x2 ", "0x0 "),
        GATEWAY.replace("0x2 ", "0xa "),
        GATEWAY.replace("0x1 ", "0x20"),
        GATEWAY.replace("02:00:00:00:00:01", "00:00:00:00:00:00"),
        GATEWAY.replace("02:00:00:00:00:01", "*"),
        GATEWAY.replace("0x2 ", "what"),
        "10.0.0.1 \n",
        GATEWAY + GATEWAY.replace(":01 ", ":02 ").replace("eth0", "eth1"),
    ],
)
async def test_an_entry_that_is_not_to_be_relied_on_gives_none(cache, line: str) -> None:
    _, neighbours = cache(line)
    assert neighbours.mac("10.0.0.1") == ""


async def test_an_incomplete_entry_elsewhere_does_not_hide_a_complete_one(cache) -> None:
    _, neighbours = cache(GATEWAY.replace("0x2 ", "0x0 ").replace("eth0", "eth1"), GATEWAY)
    assert neighbours.mac("10.0.0.1") == "02:00:00:00:00:01"


@pytest.mark.parametrize(
    ("flags", "missing"), [("0x0", True), ("0x2", False), ("0x8", False), ("what", False)]
)
async def test_who_has_not_answered_arp_is_known_by_the_entry(cache, flags, missing) -> None:
    _, neighbours = cache(GATEWAY.replace("0x2 ", f"{flags} "))
    assert neighbours.has_no_reply("10.0.0.1") is missing
    assert not neighbours.has_no_reply("10.0.0.2")


async def test_the_cache_is_read_once_a_turn_of_the_loop(cache) -> None:
    path, neighbours = cache(GATEWAY)
    assert neighbours.mac("10.0.0.2") == ""
    path.write_text(HEAD + GATEWAY.replace("10.0.0.1 ", "10.0.0.2 "))
    assert neighbours.mac("10.0.0.2") == ""
    await asyncio.sleep(0)
    assert neighbours.mac("10.0.0.2") == "02:00:00:00:00:01"


async def test_a_system_without_the_file_says_nothing(tmp_path: Path) -> None:
    assert NeighbourCache(tmp_path / "arp").mac("10.0.0.1") == ""


SILENT = GATEWAY.replace("0x2 ", "0x0 ")


@pytest.mark.parametrize(
    ("lines", "router", "who"),
    [
        ((SILENT,), "", "10.0.0.1"),
        ((SILENT.replace("10.0.0.1 ", "10.0.0.9 "),), "10.0.0.9", "10.0.0.9"),
        ((GATEWAY,), "10.0.0.1", ""),
        ((GATEWAY,), "10.0.0.9", ""),
        ((GATEWAY,), None, None),
        ((GATEWAY,), "fe80::1", None),
        # A cache so full may have forgotten whom it has just asked in vain.
        (tuple(GATEWAY.replace("10.0.0.1 ", f"10.0.1.{n} ") for n in range(130)), "", None),
    ],
)
async def test_who_does_not_answer_arp_is_the_host_the_next_router_or_nobody(
    cache, lines, router, who
) -> None:
    _, neighbours = cache(*lines)
    assert neighbours.unresolved("10.0.0.1", router) == who


async def test_without_an_arp_cache_nobody_is_said_to_be_silent(tmp_path: Path) -> None:
    assert NeighbourCache(tmp_path / "none").unresolved("10.0.0.1", "") is None
