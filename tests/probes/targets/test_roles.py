"""Roles as they are typed: ids in any case, titles and unique prefixes, each said once."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.registry import PROBES
from probes.targets import parse
from profiles.loader import load_profile
from profiles.recognition import AUTO
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
        ("linux", "unix.target"),
        ("LINUX", "unix.target"),
        ("lin", "unix.target"),
        ("macOS", "unix.target"),
        ("windows", "windows.target"),
        ("Win", "windows.target"),
        ("pc", "windows.target"),
        ("dc", "windows.dc"),
        ("domain controller", "windows.dc"),
        ("Domain  Controllers"[:-1], "windows.dc"),
        ("domain_controller", "windows.dc"),
        ("esxi", "esxi.host"),
        ("Hyper-V", "hyperv.host"),
        ("hyperv", "hyperv.host"),
        ("XenServer", "xen.host"),
        ("dns", "dns.server"),
        ("Switch", "snmp.device"),
        ("router", "snmp.device"),
        ("AWS", "cloud.aws"),
        ("gcp", "cloud.google"),
        ("synology", "nas"),
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
        ("w", "windows.target or windows.dc"),
        ("cloud.", "cloud.aws or cloud.azure or cloud.google"),
        ("cloud.a", "cloud.aws or cloud.azure"),
        ("server", "windows.target or unix.target"),
        ("Server", "windows.target or unix.target"),
        ("Hypervisor", "hyperv.host or esxi.host or xen.host"),
    ],
)
def test_an_ambiguous_beginning_is_refused_with_all_that_it_may_be(typed, roles):
    result = parse([f"{typed}=web1,web2 web3"], BUILT_IN)
    assert result.targets == ()
    (problem,) = result.problems
    assert f"did you mean {roles}? web1, web2 and 1 more were not added." in str(problem)
    assert problem.editable_text == f"{typed}=web1,web2,web3"


@pytest.mark.parametrize(
    "key", ["target", "host", "os", "name", "net", "domain", "port", "ip", "title", ""]
)
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


def test_a_plain_word_behind_the_keys_of_another_kind_of_text_is_no_role():
    assert parse(["CN=web1,OU=pcs,DC=corp,DC=example"], BUILT_IN).targets == ()


def test_a_word_alone_is_a_kind_of_host_and_not_the_name_of_one():
    result = parse(["pc web1"], BUILT_IN, default_role=AUTO)
    assert [one.host for one in result.targets] == ["web1"]
    problem = next(one for one in result.problems if not one.is_warning)
    assert str(problem) == "pc: this is a kind of host; write pc=HOST, or auto=pc for the name."


def _swapped(word):
    return word.swapcase().replace("-", "_")


ROLE_WORDS = [word for role in BUILT_IN.roles for word in (role.id, *role.words) if " " not in word]


@given(st.sampled_from(ROLE_WORDS), st.integers(1, 30), st.sampled_from([str, str.upper, _swapped]))
def test_every_beginning_of_every_word_is_a_role_or_names_those_it_may_be(word, length, spelling):
    typed = spelling(word[:length].rstrip(" ._-"))
    result = parse([f"{typed}=web1"], BUILT_IN)
    fitting = {
        role.id
        for role in BUILT_IN.roles
        for one in (role.id, *(word for word in role.words if " " not in word))
        if _plain(one).startswith(_plain(typed))
    }
    if result.targets:
        (target,) = result.targets
        assert target.role in fitting and target.host == "web1"
    else:
        (problem,) = result.problems
        assert len(fitting) > 1
        named = set(re.findall(r"[\w.]+(?= or |\?)", str(problem).partition("did you mean ")[2]))
        assert named <= fitting | {"another"} and len(named) > 1
        assert str(problem).endswith(" web1 was not added.")


@given(st.text(max_size=40), st.sampled_from(["", AUTO]))
def test_any_text_is_hosts_or_sentences_and_never_a_fault(text, default):
    result = parse([text], BUILT_IN, default_role=default, read_files=False)
    assert all(one.role in {role.id for role in BUILT_IN.roles} for one in result.targets)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", " ".join(map(str, result.problems)))


def _plain(word):
    return re.sub(r"[\s._-]", "", word).casefold()


def _plain_hosts(text, **more):
    result = parse([text], BUILT_IN, default_role=AUTO, **more)
    return [(one.role, one.host) for one in result.targets], result


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("web1", [(AUTO, "web1")]),
        ("10.77.4.10-11", [(AUTO, "10.77.4.10"), (AUTO, "10.77.4.11")]),
        ("10.0.0.0/30", [(AUTO, "10.0.0.1"), (AUTO, "10.0.0.2")]),
        ("auto=web1", [(AUTO, "web1")]),
        ("Auto=web1,web2", [(AUTO, "web1"), (AUTO, "web2")]),
        ("web1, web2; web3", [(AUTO, "web1"), (AUTO, "web2"), (AUTO, "web3")]),
        ("web1\n- web2\n\nroot@web3\n", [(AUTO, "web1"), (AUTO, "web2"), (AUTO, "web3")]),
        ("web1 nas=n1 n2", [(AUTO, "web1"), ("nas", "n1"), ("nas", "n2")]),
        ("a\nb\nunix.target=\nc\nd", [(AUTO, "a"), (AUTO, "b"), ("unix.target", "c"),
                                       ("unix.target", "d")]),
        ("Name,IP\npc1,10.0.0.1\npc2,10.0.0.2", [(AUTO, "pc1"), (AUTO, "pc2")]),
        ("https://web1/path", [(AUTO, "web1")]),
        ("web1 zzzzzz=a b", [(AUTO, "web1")]),
    ],
)  # fmt: skip
def test_hosts_before_any_role_take_the_default_one(text, found):
    targets, result = _plain_hosts(text)
    assert targets == found
    assert result.has_plain_hosts == (not text.casefold().startswith("auto="))


def test_hosts_of_a_file_without_a_role_take_the_default_one_and_its_roles_count(tmp_path):
    (tmp_path / "hosts").write_text("web1 # the web\nweb2\nprinter=prn1\n")
    targets, result = _plain_hosts("@hosts", base=tmp_path)
    assert targets == [(AUTO, "web1"), (AUTO, "web2"), ("printer", "prn1")]
    assert result.targets[0].friendly_name == "the web"
    (notice,) = result.problems
    assert str(notice) == (
        "web1 and 1 more: no role is said, so what answers decides (auto); ROLE=HOST names one."
    )


def test_hosts_that_take_the_role_the_tree_stands_on_are_told_so():
    result = parse(["web1 web2"], BUILT_IN, default_role="unix.target")
    assert [one.role for one in result.targets] == ["unix.target"] * 2
    assert [str(one) for one in result.problems] == [
        "web1 and 1 more: no role is said, so it counts as unix.target."
    ]


@pytest.mark.parametrize("host", ["web1:22", "10.0.0.999", "admin:Secret7@srv:22"])
def test_a_host_without_a_role_that_is_refused_is_not_said_to_be_found_out(host):
    targets, result = _plain_hosts(host)
    assert targets == [] and result.has_plain_hosts
    (problem,) = result.problems
    assert not problem.is_warning and "Secret7" not in str(problem)
