"""Hosts as they are copied from elsewhere: the host is taken, and what is left out is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.targets.errors import InvalidEntry
from probes.targets.host_part import host_part, without_password
from tests.probes.targets.parsing import parse_entries


def taken(typed):
    """Hosts of a text, and the notices about them."""
    result = parse_entries(typed)
    assert all(problem.is_warning for problem in result.problems)
    return [target.label for target in result.targets], [str(one) for one in result.problems]


@pytest.mark.parametrize(
    ("typed", "host", "dropped"),
    [
        ("root@web1", "web1", "the user name is left out"),
        ("root@web1:2222", "web1:2222", "the user name is left out"),
        ("root@10.0.0.1", "10.0.0.1", "the user name is left out"),
        ("root@[2001:db8::1]:2222", "[2001:db8::1]:2222", "the user name is left out"),
        ("root@web1:/etc/hosts", "web1", "the user name and the path are left out"),
        (r"CORP\admin@web1", "web1", "the user name is left out"),
        ("u:Secret7@web1", "web1", "the login is left out"),
        ("u:Sec@ret7@web1", "web1", "the login is left out"),
        ("ssh://root@web1:22", "web1:22", "the scheme and the user name are left out"),
        ("ssh://web1", "web1", "the scheme is left out"),
        ("SFTP://web1:2222/x", "web1:2222", "the scheme and the path are left out"),
        ("https://web1", "web1", "the scheme is left out"),
        ("https://web1/", "web1", "the scheme is left out"),
        ("https://web1:8443/x", "web1", "the scheme, the path and the port of the URL"),
        ("https://[2001:db8::1]:443/x", "2001:db8::1", "the port of the URL"),
        ("https://u:Secret7@web1/x?token=Secret7", "web1", "the scheme, the login and the path"),
        (r"\\PC-014", "PC-014", "the backslashes are left out"),
        (r"\\PC-014\\", "PC-014", "the backslashes are left out"),
        (r"\\PC-014\c$\x", "PC-014", "the backslashes and the share are left out"),
        (r'"\\PC-014\my share"', "PC-014", "the backslashes and the share are left out"),
        (r"\PC-014", "PC-014", "the backslashes are left out"),
        ("//PC-014/share", "PC-014", "the slashes and the path are left out"),
        (r"CORP\PC-014$", "PC-014", "the domain and the $ are left out"),
        ("PC-014$", "PC-014", "the $ is left out"),
        ("web1/", "web1", "the slash is left out"),
        ("web1/x/y", "web1", "the path is left out"),
        ("web1:22/", "web1:22", "the slash is left out"),
        ("10.0.0.1:22/x", "10.0.0.1:22", "the path is left out"),
        ("10.0.0.1/", "10.0.0.1", "the slash is left out"),
        ("[2001:db8::1]/", "2001:db8::1", "the slash is left out"),
        ("root@10.0.0.1/", "10.0.0.1", "the user name and the slash are left out"),
        ("[2001:db8::1]:22/", "[2001:db8::1]:22", "the slash is left out"),
    ],
)
def test_what_stands_around_a_host_is_left_out_and_told_once(typed, host, dropped):
    for text in (f"unix.target={typed}", f"unix.target={typed},", f"unix.target={typed} ;"):
        hosts, (notice,) = taken(text)
        assert hosts == [host]
        assert dropped in notice
        assert "Secret7" not in notice and "root" not in notice


@pytest.mark.parametrize(
    "typed",
    [
        "https://u:a/Secret7@srv",
        "https://u:80/Secret7@srv",
        "https://u:80?Secret7@srv",
        "https://u:80,Secret7@srv",
        "https://u:80;Secret7@srv",
        r"https://u:80\Secret7@srv",
        "u/Secret7@srv",
        "x@http://y",
        "ssh://",
        "https:///x",
        "https://web1/a,b;c",
        r"\\?\UNC\srv",
        r"CORP\admin",
        "web1/24",
        "10.0.0.1/x",
        "10.0.0.0/",
        "10.0.0.1-5/",
        "web1/24:22",
        "mailto:anna@corp.example",
        "SIP:anna@corp.example",
    ],
)
def test_where_the_host_is_not_certain_nothing_is_asked(typed):
    result = parse_entries(f"unix.target={typed}")
    assert result.targets == ()
    (problem,) = result.problems
    assert not problem.is_warning
    assert "Secret7" not in str(problem)


def test_the_port_of_a_url_is_no_port_of_another_protocol():
    assert taken("unix.target=ssh://a:2222")[0] == ["a:2222"]
    assert taken("unix.target=https://a:8443")[0] == ["a"]
    assert taken("cloud.aws=https://a:8443")[0] == ["a:8443"]
    assert taken("cloud.aws=http://a:8080")[0] == ["a"]
    assert taken("windows.target=https://a:5986/wsman")[0] == ["a"]
    assert parse_entries("windows.target=root@a:5986").targets == ()


def test_many_of_a_kind_are_told_once():
    hosts, notices = taken("unix.target=" + ",".join(f"root@h{n}" for n in range(1500)))
    assert len(hosts) == 1500
    assert notices == ["h0 and 1,499 more: the host alone is taken, the user name is left out."]


def test_a_list_of_urls_may_have_commas_between_them():
    assert taken("unix.target=ssh://a/,ssh://b;ssh://c")[0] == ["a", "b", "c"]
    assert taken("unix.target=ssh://a/, b")[0] == ["a", "b"]
    assert taken("unix.target=ssh://a,nas=smb://b")[0] == ["a", "b"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://u:Secret7@10.0.0.300/x", "https://10.0.0.300/x"),
        ("u:Secret7@10.0.0.300", "10.0.0.300"),
        ("https://10.0.0.300:8443/x", "https://10.0.0.300:8443/x"),
        ("web1:80x", "web1:80x"),
        ("a" * 200, "a" * 200),
        (r"\\srv?\x", r"\\srv?\x"),
    ],
)
def test_what_is_refused_stays_in_the_line_with_its_host(typed, kept):
    (problem,) = parse_entries(f"windows.target={typed}").problems
    assert problem.editable_text == f"windows.target={kept}"


def test_a_password_is_taken_out_and_nothing_else():
    assert without_password("root@web1") == "root@web1"
    assert without_password("@list:22") == "@list:22"
    assert without_password("ssh://u:p@web1:22/x") == "ssh://web1:22/x"


@given(st.text(max_size=80) | st.from_regex(r"[a-z0-9:/@\\.$\[\]?#,;-]{1,40}", fullmatch=True))
def test_the_host_is_a_part_of_the_text_or_the_text_is_refused(text):
    try:
        part = host_part(text)
    except InvalidEntry as wrong:
        assert str(wrong)
    else:
        assert part.text in text
        assert "@" not in part.text
        assert without_password(text).endswith(text.rpartition("@")[2])
