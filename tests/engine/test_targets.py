"""What the operator typed: every form of a host, every mistake, and nothing lost between them."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.engine.model import Target
from probes.engine.targets import MOST_HOSTS, Domain, complete, joined, parse
from profiles.model import Check, Profile, Role


def check(role: str, port: int, custom: bool = False) -> Check:
    return Check(
        id=f"{role}.{port}",
        category="c",
        role=role,
        title="t",
        probe="tcp",
        transport="tcp",
        purpose="",
        consequence="",
        fix="",
        port=port,
        custom_port=custom,
    )


PROFILE = Profile(
    id="p",
    name="P",
    version="1",
    source="",
    url="",
    roles=(
        Role("windows.target", "Windows", "c"),
        Role("windows.dc", "DC", "c"),
        Role("unix.target", "Unix", "c"),
        Role("printer", "Printer", "c"),
        Role("nas", "NAS", "c"),
        Role("dns.server", "DNS", "c", resolvers=True),
        Role("cloud.aws", "AWS", "c", hosts=("sts.amazonaws.com", "iam.amazonaws.com")),
    ),
    checks=(
        check("windows.target", 5985),
        check("windows.target", 445),
        check("windows.dc", 389),
        check("unix.target", 22, custom=True),
        check("dns.server", 53, custom=True),
        check("cloud.aws", 443, custom=True),
    ),
)


def entered(*entries, **more):
    return parse(entries, PROFILE, **more)


def hosts(*entries, **more):
    """The hosts of entries that must all be good."""
    result = entered(*entries, **more)
    assert result.bad == ()
    return [target.label for target in result.targets]


def why(*entries, **more):
    """The only sentence about entries of which nothing is good."""
    result = entered(*entries, **more)
    assert result.targets == () and result.domains == ()
    (bad,) = result.bad
    assert "\n" not in str(bad)
    assert str(bad) == f"{bad.entry}: {bad.why}."
    return str(bad)


# Forms of a host


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dc1", ["dc1"]),
        ("DC1.Corp.Example.", ["DC1.Corp.Example"]),
        ("my_host-1", ["my_host-1"]),
        ("bücher.example", ["xn--bcher-kva.example"]),
        ("web1-20", ["web1-20"]),
        ("1.2.3.4-static.isp.example", ["1.2.3.4-static.isp.example"]),
        ("3com", ["3com"]),
        ("domain", ["domain"]),
        ("domain:22", ["domain:22"]),
        ("10.0.0.1", ["10.0.0.1"]),
        ("10.0.0.1.", ["10.0.0.1"]),
        ("2001:DB8:0:0::1", ["2001:db8::1"]),
        ("[2001:db8::1]", ["2001:db8::1"]),
        ("fe80::1%eth0.100", ["fe80::1%eth0.100"]),
        ("[fe80::1%br-lan]", ["fe80::1%br-lan"]),
        ("::ffff:10.0.0.1", ["::ffff:10.0.0.1"]),
        ("::ffff:a00:1", ["::ffff:10.0.0.1"]),
        ("host:2222", ["host:2222"]),
        ("10.0.0.1:2222", ["10.0.0.1:2222"]),
        ("[2001:db8::1]:2222", ["[2001:db8::1]:2222"]),
        ("10.0.0.9/30", ["10.0.0.9", "10.0.0.10"]),
        ("10.0.0.9/31", ["10.0.0.8", "10.0.0.9"]),
        ("10.0.0.9/32", ["10.0.0.9"]),
        ("10.0.0.9/255.255.255.252", ["10.0.0.9", "10.0.0.10"]),
        ("10.0.0.9/30:2222", ["10.0.0.9:2222", "10.0.0.10:2222"]),
        ("2001:db8::2/127", ["2001:db8::2", "2001:db8::3"]),
        ("[2001:db8::2/127]:9", ["[2001:db8::2]:9", "[2001:db8::3]:9"]),
        ("[2001:db8::2]/127:9", ["[2001:db8::2]:9", "[2001:db8::3]:9"]),
        ("10.0.0.254-10.0.1.1", ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]),
        ("10.0.0.1-2", ["10.0.0.1", "10.0.0.2"]),
        ("10.0.0.1-2:2222", ["10.0.0.1:2222", "10.0.0.2:2222"]),
        ("10.0.0.1-10.0.0.1", ["10.0.0.1"]),
        ("10.0.0.1–2", ["10.0.0.1", "10.0.0.2"]),
        ("10.0.0.1 - 10.0.0.2", ["10.0.0.1", "10.0.0.2"]),
        ("2001:db8::f-2001:db8::10", ["2001:db8::f", "2001:db8::10"]),
        ("[2001:db8::f]-[2001:db8::10]:9", ["[2001:db8::f]:9", "[2001:db8::10]:9"]),
        ("fe80::1%br-lan-fe80::2", ["fe80::1%br-lan", "fe80::2%br-lan"]),
    ],
)
def test_every_form_of_a_host_is_understood(typed, meant):
    assert hosts(f"unix.target={typed}") == meant


def test_a_network_leaves_out_its_network_and_broadcast_address():
    found = hosts("windows.target=192.0.2.77/24")
    assert len(found) == 254
    assert (found[0], found[-1]) == ("192.0.2.1", "192.0.2.254")


def test_the_largest_network_that_fits_is_taken_whole():
    assert len(hosts("windows.target=10.0.0.0/14")) == MOST_HOSTS - 2


def test_a_domain_waits_to_be_looked_up():
    result = entered("windows.dc=domain:corp.example", "unix.target=domain:corp.example:2222")
    assert result.targets == () and result.bad == ()
    assert result.domains == (
        Domain("windows.dc", "corp.example"),
        Domain("unix.target", "corp.example", 2222),
    )


# Roles


def test_a_role_goes_on_over_the_plain_words_after_it():
    result = entered("windows.target=a,b", "c", "unix.target=d e", "f")
    assert result.bad == ()
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
    result = entered("unix.target=a", "cloud.aws", "b")
    assert [target.host for target in result.targets] == ["a", *hosts("cloud.aws")]
    assert [bad.entry for bad in result.bad] == ["b"]


@pytest.mark.parametrize("text", ["unix.target=a,nas", "unix.target=a, nas", "unix.target=a,\nnas"])
def test_a_host_in_a_list_may_have_the_name_of_a_role(text):
    assert entered(text).targets == (Target("unix.target", "a"), Target("unix.target", "nas"))


def test_a_role_that_needs_a_host_says_so():
    assert why("printer") == "printer: a host is missing; write printer=HOST."
    assert why("dns.server").startswith("dns.server: no DNS server of this machine is known")
    assert why("windows.target=") == "windows.target=: a host is missing after it; " + (
        "write windows.target=HOST."
    )
    assert "cloud.aws alone" in why("cloud.aws=")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("windos.target", "windows.target"),
        ("Windows.Target", "windows.target"),
        ("windows", "windows.target or windows.dc"),
        ("dc", "windows.dc"),
        ("unix.targe", "unix.target"),
    ],
)
def test_a_role_that_does_not_exist_is_refused_with_the_nearest_named(typed, meant):
    assert f"did you mean {meant}?" in why(f"{typed}=a,b", "c")


def test_a_role_like_no_other_is_answered_with_all_of_them():
    assert "the roles are windows.target, windows.dc," in why("zzzzzz=a")


def test_hosts_after_an_unknown_role_never_fall_to_the_role_before_it():
    result = entered("unix.target=a windos.target=b c", "nas=d")
    assert [target.host for target in result.targets] == ["a", "d"]
    assert len(result.bad) == 1


def test_hosts_without_a_role_are_one_mistake():
    assert why("10.0.0.1 10.0.0.2\n10.0.0.3").startswith("10.0.0.1: which kind of host is not said")


# Pasted text


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
    assert len(entered("unix.target=a", "nas=a").targets) == 2


def test_scopes_that_differ_in_case_are_two_interfaces():
    assert hosts("unix.target=fe80::1%Eth0,fe80::1%eth0") == ["fe80::1%Eth0", "fe80::1%eth0"]


def test_one_text_is_as_good_as_a_list_of_one():
    assert parse("unix.target=a", PROFILE) == entered("unix.target=a")


# Mistakes


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("10.0.0.300", "from 0 to 255"),
        ("10.0.0.0001", "leading zeros"),
        ("010.0.0.1", "leading zeros"),
        ("10.0.1", "four numbers"),
        ("10.0.0.0.1", "four numbers"),
        ("0x7f000001", "read as an address"),
        ("host.123", "read as an address"),
        ("１２７.０.０.１", "read as an address"),
        ("10.0.0.0/33", "number from 0 to 32"),
        ("10.0.0.0/", "number from 0 to 32"),
        ("10.0.0.0/x", "number from 0 to 32"),
        ("2001:db8::/129", "number from 0 to 128"),
        ("10.0.0.0/255.0.255.0", "gaps"),
        ("10.0.0.20-10.0.0.1", "ends before it begins"),
        ("10.0.0.20-1", "ends before it begins"),
        ("10.0.0.1-2001:db8::1", "within IPv4 or within IPv6"),
        ("2001:db8::1-10.0.0.1", "within IPv4 or within IPv6"),
        ("2001:db8::1-20", "written in full"),
        ("fe80::1%a-fe80::2%b", "different scopes"),
        ("10.0.0.1-1O", "ends in an address or a number"),
        ("10.0.0.0/24-10.0.1.0/24", "a slash follows only an address"),
        ("2001:db8::1::2", "no IPv6 address"),
        ("[10.0.0.1]:22", "IPv6 address only"),
        ("[2001:db8::1", "IPv6 address only"),
        ("00:11:22:33:44:55", "MAC address"),
        ("0.0.0.0", "no single host"),
        ("::", "no single host"),
        ("224.0.0.1", "no single host"),
        ("255.255.255.255", "no single host"),
        ("::ffff:0.0.0.0", "no single host"),
        ("a:0", "from 1 to 65535"),
        ("a:65536", "from 1 to 65535"),
        ("a:" + "9" * 100, "from 1 to 65535"),
        ("a:", "a port is expected"),
        ("*.example.com", "wildcard"),
        ("10.0.0.?", "wildcard"),
        ("https://x.example/", "write the host name only, here x.example"),
        ("srv/share", "a slash follows only an address"),
        ("\\\\srv\\share", "backslash"),
        ("root@srv", "write the host only, here srv"),
        ("-", "letters, digits"),
        ("-a", "letters, digits"),
        ("a..b", "letters, digits"),
        ("a_b.c$", "letters, digits"),
        ("a" * 64, "at most 63"),
        (".".join(["a" * 60] * 5), "at most 253"),
        ("a." * 200 + "a", "too many"),
        ("straße.example", "xn-- form"),
        ("ü" * 70, "cannot be written in DNS"),
        ("℀.example", "letters, digits"),
        ("domain:", "a port is expected"),
        ("domain:10.0.0.0/8", "followed by a DNS name"),
    ],
)
def test_every_mistake_has_its_own_sentence_and_spoils_nothing_else(typed, sentence):
    if typed != "domain:":
        assert sentence in why(f"unix.target={typed}")
    result = entered(f"unix.target=good1,{typed},good2")
    assert [target.host for target in result.targets] == ["good1", "good2"]
    assert len(result.bad) == 1


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
        result = entered(text)
        assert result.targets == ()
        assert result.bad
        assert not re.search("ret7|fade", " ".join(map(str, result.bad)))


def test_the_value_of_an_unknown_role_is_not_repeated():
    assert "hunter2" not in why("password=hunter2")


def test_a_port_where_none_may_be_is_refused_with_the_ports_in_use():
    sentence = why("windows.target=a:5986")
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
    assert f"it holds {count:,} hosts" in why(f"windows.target={typed}")


def test_the_limit_is_for_all_entries_together_and_the_small_ones_still_fit():
    result = entered("windows.target=10.0.0.0/14,10.4.0.0/29,one,two,three,10.9.9.9,10.0.0.0/14")
    assert len(result.targets) == MOST_HOSTS
    assert [bad.entry for bad in result.bad] == ["10.4.0.0/29", "three", "10.9.9.9"]


def test_control_characters_and_escape_sequences_are_made_harmless():
    for text in ("unix.target=a\x1b[2Jb", "a\x07b=c", "unix.target=\u202eevil", "x\udcff", "\x9bm"):
        for bad in entered(text).bad:
            assert str(bad).isprintable()
    assert "<U+001B>" in why("unix.target=a\x1b[2Jb")


def test_a_flood_of_mistakes_is_counted_and_not_kept():
    result = entered("unix.target=good," + ",".join(f"-{number}" for number in range(5000)))
    assert [target.host for target in result.targets] == ["good"]
    assert len(result.bad) == 1001
    assert "4,000 further entries" in str(result.bad[-1])


def test_more_text_than_can_be_read_is_refused_and_what_came_before_is_kept():
    result = entered("unix.target=good", "a " * 5_000_000)
    assert [target.host for target in result.targets] == ["good"]
    assert "too much text" in result.bad[0].why


# Files


def test_a_file_holds_a_host_a_line_under_the_role_of_its_at(tmp_path):
    (tmp_path / "list.txt").write_text(
        "\ufeff# site one\r\na\r\n\r\n  b  # spare\r\nnas=c,d\r\nnas\r\n10.0.0.1-2\r\n", "utf-8"
    )
    result = entered("unix.target=@list.txt", "last", base=tmp_path)
    assert result.bad == ()
    assert [(target.role, target.host) for target in result.targets] == [
        ("unix.target", "a"),
        ("unix.target", "b"),
        ("nas", "c"),
        ("nas", "d"),
        ("unix.target", "nas"),
        ("unix.target", "10.0.0.1"),
        ("unix.target", "10.0.0.2"),
        ("unix.target", "last"),
    ]


def test_a_file_without_a_role_names_its_own(tmp_path):
    (tmp_path / "all").write_text("unix.target=\na\nb\nnas=c\ncloud.aws\n")
    result = entered("@all", base=tmp_path)
    assert result.bad == ()
    assert [target.host for target in result.targets] == ["a", "b", "c", *hosts("cloud.aws")]


def test_the_port_of_a_file_is_that_of_its_plain_hosts(tmp_path):
    (tmp_path / "list").write_text("a\nb:22\nnas=c\n")
    assert hosts("unix.target=@list:2222", base=tmp_path) == ["a:2222", "b:22", "c"]
    assert "takes no other port" in why("windows.target=@list:2222", base=tmp_path)
    assert "a port needs a role" in why("@list:2222", base=tmp_path)


@pytest.mark.parametrize("text", ['unix.target=@"my list,1.txt"', "unix.target=@my list,1.txt"])
def test_the_path_of_a_file_may_have_spaces_and_commas(tmp_path, text):
    (tmp_path / "my list,1.txt").write_text("a\n")
    assert hosts(text, base=tmp_path) == ["a"]


def test_a_mistake_in_a_file_names_the_file_and_the_line(tmp_path):
    (tmp_path / "list.txt").write_text("a\n\n10.0.0.300\nb\n")
    result = entered("unix.target=@list.txt", base=tmp_path)
    assert [target.host for target in result.targets] == ["a", "b"]
    assert [bad.entry for bad in result.bad] == ["list.txt line 3: 10.0.0.300"]


def test_a_file_names_no_other_file(tmp_path):
    (tmp_path / "list").write_text("@list\na\n")
    result = entered("unix.target=@list", base=tmp_path)
    assert [target.host for target in result.targets] == ["a"]
    assert "cannot name another list" in result.bad[0].why


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a\nb\xff\n", "line 2 of the file is not UTF-8"),
        ("a\n".encode("utf-16"), "UTF-16"),
        (b"a\n" * 5_000_000, "bytes to read"),
    ],
)
def test_a_file_that_cannot_be_read_as_text_is_refused(tmp_path, content, sentence):
    (tmp_path / "list").write_bytes(content)
    assert sentence in why("unix.target=@list", base=tmp_path)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("gone", "no such file"),
        (".", "a directory"),
        ("", "a file is missing"),
        ("a\x00b", "cannot be the name of a file"),
        ("x" * 5000, "cannot be read"),
        ("/dev/zero", "no ordinary file"),
        ("~nobody-of-this-name/list", "cannot be the name of a file"),
    ],
)
def test_a_file_that_is_not_there_is_one_sentence(tmp_path, path, sentence):
    assert sentence in why(f"unix.target=@{path}", base=tmp_path)


# Completion


def test_completion_offers_roles_for_the_last_word_and_then_the_history():
    history = ["unix.target=a", "nas=b", "unix.target=a"]
    assert complete("un", PROFILE, history) == ["unix.target=", "unix.target=a"]
    assert complete("nas=b win", PROFILE, history) == [
        "nas=b windows.target=",
        "nas=b windows.dc=",
    ]
    assert complete("unix.target=", PROFILE, history) == ["unix.target=a"]
    assert complete("clo", PROFILE, []) == ["cloud.aws=", "cloud.aws"]
    assert complete("unix.target=a, win", PROFILE, history) == []
    assert complete("nas=b", PROFILE, history) == []


def test_completion_of_nothing_offers_everything():
    assert {f"{role.id}=" for role in PROFILE.roles} < set(complete("", PROFILE, ["old"]))
    assert complete("", PROFILE, ["old"])[-1] == "old"


@given(st.text(max_size=30), st.lists(st.text(max_size=30)))
def test_every_completion_is_longer_and_begins_with_the_text(text, history):
    for offered in complete(text, PROFILE, history):
        assert offered.startswith(text)
        assert offered != text


# Properties

PIECES = st.sampled_from(
    [
        *"=,;:@#/-[]%*.\\\"' \n\t\r\x00\x1b\u200b\u00a0\udc80aüß",
        *[
            "unix.target",
            "nas",
            "domain:",
            "10.0.0.1",
            "/24",
            "-20",
            "2001:db8::",
            "fe80::1%e",
            "://",
        ],
    ]
)


@given(st.lists(st.text(max_size=60) | st.lists(PIECES, max_size=12).map("".join), max_size=5))
def test_no_text_raises_and_every_sentence_can_be_shown(entries):
    result = parse(entries, PROFILE)
    for bad in result.bad:
        assert str(bad).isprintable() or "\u00a0" in str(bad) or not str(bad).isascii()
        assert not set(str(bad)) & {*map(chr, range(32)), "\x7f", "\u202e"}
    for target in result.targets:
        assert target.label.isascii() and target.label.isprintable()
        assert " " not in target.label


LABELS = st.from_regex(r"[a-zA-Z_]([a-z0-9_-]{0,10}[a-z0-9_])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)


def one_host(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (address.is_multicast or address.is_unspecified or int(address) == 2**32 - 1)


ADDRESSES = st.ip_addresses().filter(one_host).map(str)
TARGETS = st.builds(
    Target,
    st.just("unix.target"),
    NAMES
    | ADDRESSES.flatmap(lambda text: st.just(parse([f"nas={text}"], PROFILE)))
    .filter(lambda result: bool(result.targets))
    .map(lambda result: result.targets[0].host),
    st.none() | st.integers(1, 65535),
)


@given(st.lists(TARGETS, max_size=8), st.sampled_from([",", "\n", " ", "; ", ",\r\n"]))
def test_targets_written_out_are_read_back_the_same(targets, separator):
    once = joined(parse([], PROFILE)).targets
    assert once == ()
    first = parse(["unix.target=x," + separator.join(t.label for t in targets)], PROFILE)
    assert first.bad == ()
    again = parse([f"{t.role}={t.label}" for t in first.targets], PROFILE)
    assert again == first
    assert {t.label.casefold() for t in first.targets} <= {
        "x",
        *(t.label.casefold() for t in targets),
    }
    assert {t.host.casefold() for t in first.targets} == {
        "x",
        *(t.host.casefold() for t in targets),
    }


@given(st.ip_addresses(v=4), st.integers(20, 32))
def test_a_network_holds_what_the_standard_library_says(address, length):
    network = ipaddress.ip_network((address, length), strict=False)
    result = parse([f"nas={address}/{length}"], PROFILE)
    expected = [str(host) for host in network.hosts()]
    if result.bad:
        assert not one_host(network[0]) or not one_host(network[-1])
    else:
        assert [target.host for target in result.targets] == expected
