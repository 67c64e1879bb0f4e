"""The rows of the registry are complete, and true of what they name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.registry import PROBES, TRANSPORT_PROBES, Platform, Probe
from probes.registry.shell import Snippet
from probes.remediation.platforms import PLATFORMS
from profiles.loader import load_profile
from profiles.recognition import AUTO

TESTS = Path(__file__).parent.parent
PLACEHOLDERS = {"{host}", "{ports}", "{source}"}


def pasted(probe: Probe) -> Iterator[Snippet]:
    for pastes in (*probe.start.values(), *probe.access.values()):
        yield from pastes


def test_a_probe_says_everything_that_is_asked_of_each_and_nothing_as_well() -> None:
    with pytest.raises(TypeError, match="'nmap', 'confirm', 'platform', and 'start'"):
        Probe(transport="tcp", module="probes.unheard_of")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", PROBES)
def test_a_module_has_the_coroutine_that_asks(name: str) -> None:
    ask = PROBES[name].load()
    assert (ask is None) is (PROBES[name].module == "")
    assert ask is None or inspect.iscoroutinefunction(ask)


@pytest.mark.parametrize("name", [name for name, probe in PROBES.items() if probe.module])
def test_a_probe_has_tests_of_its_own(name: str) -> None:
    assert {*TESTS.rglob(f"test_{name}.py"), *TESTS.glob(name)}, f"tests/probes/test_{name}.py"


@pytest.mark.parametrize("name", PROBES)
def test_what_is_pasted_has_no_other_placeholder_than_those_that_are_filled(name: str) -> None:
    for paste in pasted(PROBES[name]):
        text = f"{paste.where}\n{paste.text}"
        assert set(re.findall(r"\{\w*\}", text)) <= PLACEHOLDERS


def test_a_transport_has_a_probe_of_its_own_that_says_nothing_of_a_service() -> None:
    for transport, name in TRANSPORT_PROBES.items():
        probe = PROBES[name]
        assert (probe.transport, probe.platform, probe.start) == (transport, Platform.ANY, {})


def test_every_platform_is_described() -> None:
    assert list(PLATFORMS) == list(Platform)


def test_every_role_of_the_delivered_profile_has_one_platform() -> None:
    named = [role for info in PLATFORMS.values() for role in info.roles]
    roles = {role.id for role in load_profile(None, {}).roles}
    assert sorted(named) == sorted(roles - {AUTO})
