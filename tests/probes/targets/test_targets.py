"""Parsing of typed targets: every form of a host, every mistake, and nothing lost between them."""

import re

import pytest

from probes.model import Target
from probes.targets import MAX_HOSTS, Domain, parse
from probes.targets.tokens import single_line
from tests.probes.targets.parsing import PROFILE, hosts, parse_entries, problem_of


def test_a_network_leaves_out_its_network_and_broadcast_address():
    found = hosts("windows.target=192.0.2.77/24")
    assert len(found) == 254
    assert (found[0], found[-1]) == ("192.0.2.1", "192.0.2.254")


def test_the_largest_network_that_fits_is_taken_whole():
    assert len(hosts("windows.target=10.0.0.0/14")) == MAX_HOSTS - 2


def test_a_domain_waits_to_be_looked_up():
    result = parse_entries("windows.dc=domain:corp.example", "unix.target=domain:corp.example:2222")
    assert result.targets == () and result.problems == ()
    assert result.domains == (
        Domain("windows.dc", "corp.example"),
        Domain("unix.target", "corp.example", 2222),
    )


def test_a_mistake_spoils_nothing_before_or_after_it():
    result = parse_entries("unix.target=good1,10.0.0.300,good2", "a:0", "nas=good3,http:///,good4")
    assert [target.host for target in result.targets] == ["good1", "good2", "good3", "good4"]
    assert [problem.entry for problem in result.problems] == ["10.0.0.300", "a:0", "http:///"]


def test_a_range_may_have_spaces_around_its_hyphen():
    assert hosts("unix.target=10.0.0.1 - 10.0.0.2, a") == ["10.0.0.1", "10.0.0.2", "a"]
    assert hosts("unix.target=10.0.0.1 \u2013 2\n::1 - ::2") == [
        "10.0.0.1",
        "10.0.0.2",
        "::1",
        "::2",
    ]
    assert [problem.entry for problem in parse_entries("unix.target=srv1 - srv2").problems] == ["-"]


# Roles


def test_a_role_goes_on_over_the_plain_words_after_it():
    result = parse_entries("windows.target=a,b", "c", "unix.target=d e", "f")
    assert result.problems == ()
    assert [(target.role, target.host) for target in result.targets] == [
        ("windows.target", "a"),
        ("windows.target", "b"),
        ("windows.target", "c"),
        ("unix.target", "d"),
        ("unix.target", "e"),
        ("unix.target", "f"),
    ]


def test_a_role_with_usual_hosts_needs_no_other():
    assert hosts("cloud.aws") == ["sts.amazonaws.com", "iam.amazonaws.com"]
    assert hosts("dns.server", resolvers=["10.0.0.53", "fe80::1%eth0"]) == [
        "10.0.0.53",
        "fe80::1%eth0",
    ]


def test_a_word_after_a_role_that_used_its_usual_hosts_belongs_to_no_role():
    result = parse_entries("unix.target=a", "cloud.aws", "b")
    assert [target.host for target in result.targets] == ["a", *hosts("cloud.aws")]
    assert [problem.entry for problem in result.problems] == ["b"]


@pytest.mark.parametrize("text", ["unix.target=a,nas", "unix.target=a, nas", "unix.target=a,\nnas"])
def test_a_host_in_a_list_may_have_the_name_of_a_role(text):
    assert parse_entries(text).targets == (Target("unix.target", "a"), Target("unix.target", "nas"))


def test_a_role_that_needs_a_host_says_so():
    assert problem_of("printer") == "printer: a host is missing; write printer=HOST."
    assert problem_of("dns.server").startswith("dns.server: no DNS server of this machine is known")
    assert problem_of("windows.target=") == "windows.target=: a host is missing after it; " + (
        "write windows.target=HOST."
    )
    assert "cloud.aws alone" in problem_of("cloud.aws=")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("windos.target", "windows.target"),
        ("windows", "windows.target or windows.dc"),
        ("dc", "windows.dc"),
        ("unix.trget", "unix.target"),
    ],
)
def test_a_role_that_does_not_exist_is_refused_with_the_nearest_named(typed, meant):
    assert f"did you mean {meant}?" in problem_of(f"{typed}=a,b", "c")


def test_a_role_like_no_other_is_answered_with_all_of_them():
    assert "the roles are windows.target, windows.dc," in problem_of("zzzzzz=a")


def test_hosts_after_an_unknown_role_never_fall_to_the_role_before_it():
    result = parse_entries("unix.target=a windos.target=b c", "nas=d")
    assert [target.host for target in result.targets] == ["a", "d"]
    assert len(result.problems) == 1


def test_hosts_without_a_role_are_one_mistake():
    assert problem_of("10.0.0.1 10.0.0.2\n10.0.0.3").startswith("10.0.0.1: its role is not given")


def test_the_hosts_of_a_mistyped_role_go_back_into_the_line():
    (problem,) = parse_entries("wndows.target=pc-1,pc-2 10.0.0.3 unix.target=web1").problems
    assert problem.editable_text == "wndows.target=pc-1,pc-2,10.0.0.3"
    (problem,) = parse_entries("pc-1 pc-2 pc-3").problems
    assert problem.editable_text == "pc-1,pc-2,pc-3"
    (problem,) = parse_entries("pasword=pc-1 token:abc").problems
    assert problem.editable_text == "pasword=pc-1,token:abc"
    (problem,) = parse_entries("unix.target 10.0.0.1 10.0.0.2").problems
    assert problem.editable_text == "unix.target=10.0.0.1,10.0.0.2"
    many = " ".join(f"pc-{n}" for n in range(20_000))
    assert len(parse_entries(many).problems[0].editable_text) < 20_000


def test_what_is_wrong_in_a_file_is_corrected_there(tmp_path):
    (tmp_path / "hosts.txt").write_text("wndows.target=pc-1\nwindows.target=10.0.0.300\n")
    assert [one.editable_text for one in parse_entries("@hosts.txt", base=tmp_path).problems] == [
        "",
        "",
    ]


# Pasted text


def test_a_list_means_on_one_line_what_it_means_on_many():
    pasted = "# mine\nunix.target=\n- 10.0.0.1\n- 10.0.0.9  # new\n10.0.0.20 - 22\nnas = a, b\n"
    line = single_line(pasted)
    assert line == "unix.target= 10.0.0.1 10.0.0.9 10.0.0.20-22 nas= a, b"
    assert parse_entries(line) == parse_entries(pasted) and len(parse_entries(line).targets) == 7


@pytest.mark.parametrize(
    "text",
    [
        "unix.target=a,b,c",
        "unix.target=a b c",
        "unix.target = a, b , c",
        "unix.target= a;b;c;",
        "unix.target =a\tb\u00a0c",
        '\ufeffunix.target="a" "b", "c"\r\n',
        '"unix.target=a b c"',
        "unix.target=a\r\nb\r\nc\r\n",
        "unix.target=\r\n\r\n- a\n* b\n• c",
        "unix.target=a.,b.\nc.  # the last one",
        "# hosts\nunix.target=\u201ca\u201d,‘b’,\u200bc",
        "unix.target=A,b a,B,c",
    ],
)
def test_a_pasted_list_is_read_however_it_is_separated(text):
    assert [host.casefold() for host in hosts(text)] == ["a", "b", "c"]


def test_a_word_processors_hyphens_are_hyphens():
    assert hosts("unix.target=srv\u20111,srv\u20132") == ["srv-1", "srv-2"]


def test_duplicates_collapse_onto_the_first_as_it_was_typed():
    assert hosts("unix.target=DC1,dc1,10.0.0.1,10.0.0.1/32,10.0.0.1-2,2001:db8::1,2001:DB8::1") == [
        "DC1",
        "10.0.0.1",
        "10.0.0.2",
        "2001:db8::1",
    ]
    assert hosts("unix.target=a,a:22,b:22,b,a:2222") == ["a", "b:22", "a:2222"]
    assert len(parse_entries("unix.target=a", "nas=a").targets) == 2


def test_scopes_that_differ_in_case_are_two_interfaces():
    assert hosts("unix.target=fe80::1%Eth0,fe80::1%eth0") == ["fe80::1%Eth0", "fe80::1%eth0"]


def test_one_text_is_as_good_as_a_list_of_one():
    assert parse("unix.target=a", PROFILE) == parse_entries("unix.target=a")


# Mistakes


@pytest.mark.parametrize(
    "typed",
    [
        "admin:Secret7",
        "admin:Secret7@srv",
        "admin:Sec:ret7",
        "ada:fade",
        "admin:Secret7@srv:22",
        "https://admin:Secret7@srv/x",
        "https://srv/?token=Secret7",
        "https://u:a/Secret7@srv",
        "Secret7@srv",
    ],
)
def test_what_may_be_a_password_is_never_repeated(typed):
    for text in (typed, f"unix.target={typed}", f"secret=x,{typed}", f"windows.dc={typed}"):
        result = parse_entries(text)
        assert {target.host for target in result.targets} <= {"srv"}
        assert result.problems
        assert not re.search("ret7|fade", " ".join(map(str, result.problems)))


def test_the_value_of_an_unknown_role_is_not_repeated():
    assert "hunter2" not in problem_of("password=hunter2")


def test_a_port_where_none_may_be_is_refused_with_the_ports_in_use():
    sentence = problem_of("windows.target=a:5986")
    assert "windows.target takes no other port" in sentence
    assert "TCP 5985, TCP 445" in sentence


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("10.0.0.0/8", 2**24 - 2),
        ("0.0.0.0/0", 2**32 - 2),
        ("10.0.0.0-10.4.0.0", 2**18 + 1),
        ("2001:db8::/32", 2**96),
    ],
)
def test_a_network_that_is_too_large_is_counted_and_never_expanded(typed, count):
    assert f"it holds {count:,} hosts" in problem_of(f"windows.target={typed}")


def test_the_limit_is_for_all_entries_together_and_the_small_ones_still_fit():
    result = parse_entries(
        "windows.target=10.0.0.0/14,10.4.0.0/29,one,two,three,10.9.9.9,10.0.0.0/14"
    )
    assert len(result.targets) == MAX_HOSTS
    assert [problem.entry for problem in result.problems] == ["10.4.0.0/29", "three", "10.9.9.9"]


def test_control_characters_and_escape_sequences_are_made_harmless():
    for text in ("unix.target=a\x1b[2Jb", "a\x07b=c", "unix.target=\u202eevil", "x\udcff", "\x9bm"):
        for problem in parse_entries(text).problems:
            assert str(problem).isprintable()
    assert "<U+001B>" in problem_of("unix.target=a\x1b[2Jb")


def test_a_flood_of_mistakes_is_counted_and_not_kept():
    result = parse_entries("unix.target=good," + ",".join(f"-{number}" for number in range(5000)))
    assert [target.host for target in result.targets] == ["good"]
    assert len(result.problems) == 1001
    assert "4,000 further entries" in str(result.problems[-1])


def test_more_text_than_can_be_read_is_refused_and_what_came_before_is_kept():
    result = parse_entries("unix.target=good", "a " * 5_000_000)
    assert [target.host for target in result.targets] == ["good"]
    assert "too much text" in result.problems[0].reason
