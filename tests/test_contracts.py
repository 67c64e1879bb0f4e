"""The import contracts hold for a protocol that nobody has written yet."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import grimp
import pytest
from importlinter.configuration import configure
from importlinter.contracts.forbidden import ForbiddenContract

from probes.registry import PROBES

ROOT = Path(__file__).parent.parent
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}
NO_PROTOCOL = CONTRACTS["no room knows a protocol"]
ROOMS = NO_PROTOCOL["source_modules"]
PROTOCOLS = {probe.module for probe in PROBES.values() if probe.module}


def words(value: object) -> Iterator[str]:
    """Every word of a contract, in lists as well."""
    if isinstance(value, str):
        yield from value.split()
    elif isinstance(value, list):
        for one in value:
            yield from words(one)


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(
        *LINTER["root_packages"], include_external_packages=True, cache_dir=None
    )


def kept(graph: grimp.ImportGraph) -> bool:
    # The check takes out of the graph what it lets through.
    configure()
    contract = ForbiddenContract(NO_PROTOCOL["name"], LINTER, NO_PROTOCOL)
    return contract.check(deepcopy(graph), verbose=False).kept


def test_no_contract_lists_a_protocol_that_the_next_one_would_be_missing_from() -> None:
    named = {
        word for contract in CONTRACTS.values() for one in contract.values() for word in words(one)
    }
    assert set(ROOMS) <= named
    assert named & PROTOCOLS == set()


def test_every_package_of_probes_is_a_room_or_a_protocol() -> None:
    packages = {f"probes.{path.parent.name}" for path in (ROOT / "probes").glob("*/__init__.py")}
    protocols = {one for one in packages if any(f"{it}.".startswith(f"{one}.") for it in PROTOCOLS)}
    shared = {
        f"probes.{name}" for name in ("call", "model", "options", "state_directory", "settings")
    }
    assert packages - protocols | shared == set(ROOMS), "a room knows no protocol: name it there"


def test_no_room_knows_a_protocol(imports: grimp.ImportGraph) -> None:
    assert imports.modules >= PROTOCOLS
    assert kept(imports), "`lint-imports` names the import"


def told_imports() -> dict[str, set[str]]:
    """Imports of each room of probes, as the page about the architecture has them."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| room | what it does | imports |")[2].partition("\n\n")[0]
    told: dict[str, set[str]] = {}
    for line in table.splitlines()[2:]:
        rooms, _, imported = line.strip("| ").split(" | ")
        for room in re.findall(r"`(\w+)(?:/|\.py)`", rooms):
            told[room] = {*imported.split(", ")} - {"nothing else"}
    return told


def test_the_page_of_the_architecture_says_what_each_room_imports(
    imports: grimp.ImportGraph,
) -> None:
    told = told_imports()
    protocols = {room for room in told if f"probes.{room}" not in ROOMS and room != "proxy_route"}
    found: dict[str, set[str]] = {room: set() for room in told.keys() - protocols}
    for module in imports.modules:
        if (room := module.split(".")[1:2]) and module.startswith("probes.") and room[0] in found:
            for other in imports.find_modules_directly_imported_by(module):
                if other.startswith(("probes.", "tui")):
                    found[room[0]].add(other.split(".")[1])
    for_all = {"model", "wire", "settings"}
    assert {room: rooms - {room} - for_all for room, rooms in found.items()} == {
        room: told[room] for room in found
    }
    assert found["wire"] - {"wire"} == set()
    assert found.keys() == {room.partition(".")[2] for room in ROOMS} | {"proxy_route"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_new_protocol_that_a_room_imports_breaks_the_contract(
    imports: grimp.ImportGraph, room: str
) -> None:
    graph = deepcopy(imports)
    graph.add_module("probes.unheard_of")
    graph.add_import(importer=room, imported="probes.unheard_of")
    assert not kept(graph)
