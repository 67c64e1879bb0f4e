"""Lists that other programs write: their hosts are taken, or the list is refused once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.targets.name_range import expand, has_range
from probes.targets.pasted import line_without_passwords, pasted_line
from tests.probes.targets.parsing import PROFILE, parse_entries


def read(folder, content):
    (folder / "list").write_text(content)
    result = parse_entries("unix.target=@list", base=folder)
    problems = [str(one) for one in result.problems if not one.is_warning]
    notices = [str(one) for one in result.problems if one.is_warning]
    return {one.label: one.friendly_name for one in result.targets}, notices, problems


def test_of_a_hosts_file_the_addresses_are_asked_and_named_by_their_first_name(tmp_path):
    found, (notice,), problems = read(
        tmp_path,
        "127.0.0.1 localhost\n127.0.1.1 pc\n127.0.0.5 web0\n::1 ip6-localhost ip6-loopback\n"
        "fe00::0 ip6-localnet\nff02::1\tip6-allnodes\n"
        "# site\n10.0.0.5 web1.corp web1 # Shop\n10.0.0.6\tweb2\n2001:db8::7 web3\n10.0.0.8\n",
    )
    assert found == {
        "127.0.0.5": "web0",
        "10.0.0.5": "web1.corp",
        "10.0.0.6": "web2",
        "2001:db8::7": "web3",
        "10.0.0.8": "",
    }
    assert "hosts file" in notice and problems == []


def test_two_addresses_in_a_line_are_no_hosts_file(tmp_path):
    found, _, problems = read(tmp_path, "10.0.0.1 10.0.0.254\n10.0.0.2 10.0.0.254\n")
    assert found == {} and len(problems) == 1


def test_of_an_inventory_the_hosts_are_asked_and_nothing_else(tmp_path):
    found, (notice,), problems = read(
        tmp_path,
        "web0 ansible_host=10.0.0.1\n[web]\nweb1\nweb2:2222 # spare\n"
        "web3 ansible_host=10.0.0.3 ansible_user=root ansible_ssh_common_args='-o A=b -o C=d'\n"
        "web4 ansible_host={{ x }}\n"
        "[web:vars]\nansible_user=root\nnas=evil\nntp_server=time.example\n"
        "[all:children]\nweb\ndb\n[db]\ndb[01:03].corp\ndb-[a:c]\nweb1\n; note\n",
    )
    assert found == {
        "10.0.0.1": "web0",
        "web1": "",
        "web2:2222": "spare",
        "10.0.0.3": "web3",
        "web4": "",
        **dict.fromkeys(["db01.corp", "db02.corp", "db03.corp", "db-a", "db-b", "db-c"], ""),
    }
    assert "Ansible" in notice and problems == []


@pytest.mark.parametrize(
    "content",
    [
        "[server]\nhost = web1\nport = 22\n",
        "[server]\nhost=web1\n",
        "[web]\nweb1 the first\n",
    ],
)
def test_settings_are_no_inventory(tmp_path, content):
    found, _, problems = read(tmp_path, content)
    assert found == {} and len(problems) == 1


def test_of_known_hosts_the_first_names_are_asked(tmp_path):
    found, (notice,), problems = read(
        tmp_path,
        "web1,10.0.0.5 ssh-ed25519 AAAAC3Nz\n[web2]:2222 ecdsa-sha2-nistp256 AAAA root@x\n"
        "# web3:22 SSH-2.0-x\n10.0.0.6 ssh-rsa AAAA==\n" + "|1|abc=|def= ssh-rsa AAAA\n" * 9,
    )
    assert list(found) == ["web1", "web2:2222", "10.0.0.6"]
    assert "known_hosts" in notice
    (problem,) = problems
    assert "hashed" in problem and "8 more" in problem


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"hosts": ["web1"]}\n', "JSON"),
        ('[\n  "web1",\n  "web2"\n]\n', "JSON"),
        ('["web1", "web2"]\n', "JSON"),
        ("all:\n  hosts:\n    web1:\n", "colon"),
        ("---\n- hosts: web\n", "colon"),
        ("hosts:\n  - web1\n", "colon"),
        ("Name : web1\nOS : Linux\n", "colon"),
        ("<hosts><host>web1</host></hosts>\n", "XML"),
        ('<?xml version="1.0"?>\n<x/>\n', "XML"),
        ("Host web1\n  HostName 10.0.0.5\n  User root\n", "ssh"),
        ("Host *\n  User root\nHost web1\n  Port 2222\n", "ssh"),
    ],
)
def test_a_text_of_another_kind_is_refused_once(tmp_path, content, sentence):
    found, notices, problems = read(tmp_path, content)
    assert found == {} and notices == []
    (problem,) = problems
    assert sentence in problem and "one host a line" in problem


def test_comments_of_other_languages_are_comments(tmp_path):
    found, notices, problems = read(
        tmp_path,
        "; note\n;note\n' note\n// note\n//web9\n-- note\n--- site one ---\n  # note\n"
        "1. web0\n2) web1 ; one\n"
        "- web2 // two\n* web3 -- three\nweb4 # four\nweb5\n------\n",
    )
    assert found == {
        "web0": "",
        "web1": "one",
        "web2": "two",
        "web3": "three",
        "web4": "four",
        "web5": "",
    }
    assert notices == [] and problems == []


def test_the_same_mistake_in_many_lines_is_told_once(tmp_path):
    for line in ("@{Name=PC1}", "DB_HOST=web1", "web*", "[web", "10.0.0.300"):
        _, _, problems = read(tmp_path, "web1\n" + f"{line}\n" * 500)
        assert len(problems) == 1, problems
        assert "499 more" in problems[0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web[1:3]", ["web1", "web2", "web3"]),
        ("web[08:10].corp", ["web08.corp", "web09.corp", "web10.corp"]),
        ("[a:c].corp", ["a.corp", "b.corp", "c.corp"]),
        ("r[1:2]n[1:3:2]", ["r1n1", "r1n3", "r2n1", "r2n3"]),
    ],
)
def test_a_range_of_names_is_expanded(text, names):
    assert [one.host for one in parse_entries(f"unix.target={text}").targets] == names


@pytest.mark.parametrize(
    "text", ["web[3:1]", "web[1:b]", "web[1:999999999]", "w[1:9][1:9][1:9][1:9][1:9]", "web[1:3:0]"]
)
def test_a_range_of_names_that_is_none_or_too_large_is_refused(text):
    result = parse_entries(f"unix.target={text}")
    assert result.targets == () and len(result.problems) == 1


@given(st.from_regex(r"[a-z\[\]:0-9.]{1,30}", fullmatch=True))
def test_any_brackets_are_a_range_or_none(text):
    parse_entries(f"unix.target={text}")
    assert has_range(text) or list(expand("x", 1)) == ["x"]


def test_a_pasted_list_of_another_program_is_its_hosts():
    pasted = pasted_line("10.0.0.5 web1\n10.0.0.6 web2\n", PROFILE)
    assert pasted.text == "10.0.0.5, 10.0.0.6"
    assert len(pasted.notices) == 1
    pasted = pasted_line("unix.target=\nName,OS\nnas,Server\nweb1,Windows\nnas=c", PROFILE)
    assert pasted.text == "unix.target=nas, web1 nas=c"
    pasted = pasted_line("web1\nweb2 the old one\nweb3\n", PROFILE)
    assert pasted.text == "web1 web3" and "Line 2" in pasted.notices[0]


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*'ab=,;@"\n\t|{}[]:.#/- ', "nas="])).map("".join)
)
def test_any_pasted_text_becomes_one_line(text):
    pasted = pasted_line(text, PROFILE)
    assert len(pasted.text.splitlines()) <= 1
    assert all(notice.endswith(".") for notice in pasted.notices)


def test_the_path_of_a_file_comes_into_the_line_as_it_is():
    for text in ("unix.target=@my list,1.txt", '@"my list"', "unix.target=@list:IP Address"):
        assert pasted_line(text, PROFILE).text == text


@pytest.mark.parametrize("text", ["unix.target=x\npc\nweb1", "unix.target=x,y\nName\nweb1"])
def test_a_line_below_other_hosts_is_no_heading(text):
    hosts = [one.host for one in parse_entries(text).targets]
    assert hosts == text.replace(",", "\n").partition("=")[2].splitlines()
    assert parse_entries(pasted_line(text, PROFILE).text).targets == parse_entries(text).targets


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("unix.target=ssh://u:Secret7@web1, u:Secret7@web2", "unix.target=ssh://web1, web2"),
        ("unix.target=@a:b@c root@web1:22", "unix.target=@a:b@c root@web1:22"),
        ("nas=a;unix.target=u:Secret7@[::1]:22", "nas=a;unix.target=[::1]:22"),
    ],
)
def test_a_line_is_kept_without_its_passwords(line, kept):
    assert line_without_passwords(line) == kept


FOREIGN = {
    "prose": "Hello Anna,\nplease check these:\nweb1\nand that one,\nthanks a lot\n",
    "arp": "_gateway (10.0.0.1) at 00:11:22:33:44:55 [ether] on eth0\n"
    "? (10.0.0.15) at <incomplete> on eth0\n",
    "nmap": "Starting Nmap 7.93 ( https://nmap.org )\nNmap scan report for 10.0.0.1\n",
    "leases": 'lease 10.0.0.14 {\n  starts 1 2024;\n  client-hostname "pc14";\n}\n',
    "zones": 'zone "corp.example" { type master; };\nzone "x" { type slave; };\n',
    "ping": "PING web1 (10.0.0.5) 56(84) bytes of data.\n64 bytes from web1: icmp_seq=1\n",
    "listing": "total 8\n-rw-r--r-- 1 root root 12 a.txt\n-rw-r--r-- 1 root root 12 b.txt\n",
    "domain": "Get list of DCs in domain\n    dc1.corp [PDC] [DS]\n    dc2.corp [DS]\n",
}
LISTED = {
    "# Linux servers\nweb1\nweb2\n": ["web1", "web2"],
    "#TYPE Selected.Computer\nName,Note\nweb1,spare\nweb2,old\n": ["web1", "web2"],
    "/* servers of the site */\nweb1\nweb2\n": ["web1", "web2"],
    "Hostname\nweb1\nweb2\n": ["web1", "web2"],
    "Computer Name\nweb1\nweb2\n": ["web1", "web2"],
    "All our servers\nweb1\nweb2\n": ["web1", "web2"],
    "web1\nweb2 the old one\nweb3\n": ["web1", "web3"],
    "# Copyright of 1993\n\n10.0.0.5 web1 # the web\n": ["10.0.0.5"],
}


def asked(text):
    return [target.host for target in parse_entries(text, read_files=False).targets]


@pytest.mark.parametrize("name", FOREIGN)
def test_no_word_of_a_foreign_text_is_a_host_where_it_is_typed_or_pasted(tmp_path, name):
    text = FOREIGN[name]
    assert read(tmp_path, text)[0].keys() <= {"web1"}
    assert asked(f"unix.target={text}") in ([], ["web1"])
    for pasted in (f"unix.target={text}", f"unix.target=\n{text}"):
        assert asked(pasted_line(pasted, PROFILE).text) in ([], ["web1"])
    assert asked("unix.target=" + pasted_line(text, PROFILE).text) in ([], ["web1"])


@pytest.mark.parametrize(("text", "hosts"), LISTED.items())
def test_several_lines_behind_a_role_are_read_as_those_of_a_file(text, hosts):
    assert asked(f"unix.target={text}") == hosts
    assert asked(f"unix.target=\n{text}") == hosts
    assert asked(pasted_line(f"unix.target={text}", PROFILE).text) == hosts
    assert asked("unix.target=" + pasted_line(text, PROFILE).text) == hosts


def test_a_role_in_a_file_may_have_its_hosts_on_its_line_and_below(tmp_path):
    (tmp_path / "list").write_text("unix.target=a, b\nc\nnas = d\ne # spare\n")
    found = parse_entries("@list", base=tmp_path)
    assert [f"{one.role}={one.host}" for one in found.targets] == [
        *("unix.target=a", "unix.target=b", "unix.target=c"),
        *("nas=d", "nas=e"),
    ]
    assert found.problems == ()
    assert asked("unix.target=a, b\nc\nnas = d\ne") == ["a", "b", "c", "d", "e"]
