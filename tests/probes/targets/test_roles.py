"""Roles as they are typed: ids in any case, titles and unique prefixes, each said once."""

import pytest

from probes.registry import PROBES
from probes.targets import parse
from profiles.loader import load_profile
from tests.probes.targets.parsing import parse_entries

BUILT_IN = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


@pytest.mark.parametrize(
    ("typed", "role"),
    [
        ("Unix.Target", "unix.target"),
        ("UNIX.TARGET", "unix.target"),
        ("unix_target", "unix.target"),
        ("unix-target", "unix.target"),
        ("unix", "unix.target"),
        ("uni", "unix.target"),
        ("Unix", "unix.target"),
        ("windows.t", "windows.target"),
        ("Esx", "esxi.host"),
        ("snmp", "snmp.device"),
        ("alloyscan", "alloyscan.instance"),
        ("NAS", "nas"),
        ("Printer", "printer"),
        ("cloud.aw", "cloud.aws"),
        ("Linux or macOS target", "unix.target"),
        ("windows  target", "windows.target"),
        ('"Domain controller"', "windows.dc"),
        ("'SNMP Device'", "snmp.device"),
        ("Xen or Citrix Hypervisor host", "xen.host"),
    ],
)
def test_a_role_is_taken_for_what_it_means_and_said_once(typed, role):
    for text in (f"{typed}=web1 web2", f"{typed} = web1\nweb2", f"nas=x {typed}=web1,web2"):
        result = parse([text, f"{typed}=web3"], BUILT_IN)
        assert [one.host for one in result.targets if one.role == role][-3:] == [
            "web1",
            "web2",
            "web3",
        ]
        (notice,) = result.problems
        assert notice.is_warning and f"read as {role}=" in str(notice)
        assert "and 1 more" in str(notice)


@pytest.mark.parametrize(
    ("typed", "roles"),
    [
        ("windows", "windows.target or windows.dc"),
        ("Win", "windows.target or windows.dc"),
        ("cloud.", "cloud.aws or cloud.azure or cloud.google"),
        ("d", "dns.server or discovery.host"),
        ("cloud.a", "cloud.aws or cloud.azure"),
    ],
)
def test_an_ambiguous_beginning_is_refused_with_all_that_it_may_be(typed, roles):
    result = parse([f"{typed}=web1,web2 web3"], BUILT_IN)
    assert result.targets == ()
    (problem,) = result.problems
    assert f"did you mean {roles}?" in str(problem)
    assert problem.editable_text == f"{typed}=web1,web2,web3"


@pytest.mark.parametrize("key", ["target", "host", "server", "dc", "device", "linux", "title", ""])
def test_a_word_within_a_role_is_no_role(key):
    result = parse([f"{key}=web1"], BUILT_IN)
    assert result.targets == () and len(result.problems) == 1


def test_the_keys_of_another_kind_of_text_are_no_beginnings_of_roles(tmp_path):
    assert parse(["E=admin@corp.example,CN=web1"], BUILT_IN).targets == ()
    settings = tmp_path / "settings"
    settings.write_text("snmp=public\ncommunity=secret\nprint=yes\n")
    assert parse(["@settings"], BUILT_IN, base=tmp_path).targets == ()


def test_a_role_alone_may_be_in_any_case_but_not_shortened():
    assert len(parse_entries("Cloud.AWS").targets) == 2
    assert parse_entries("cloud.aw").targets == ()


def test_a_role_as_it_is_written_comes_before_every_other_reading():
    result = parse(["nas=a windows.dc=b"], BUILT_IN)
    assert [one.role for one in result.targets] == ["nas", "windows.dc"]
    assert result.problems == ()
