"""Tables of hosts: only the host column is asked, and what cannot be decided is refused once."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.targets.host import InvalidEntry, parse_host
from profiles.errors import harmful
from tests.probes.targets.parsing import parse_entries


def read(folder: Path, content: str | bytes, reference: str = "list"):
    """The hosts of a list under a role, its notices and its problems."""
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "list").write_bytes(data)
    result = parse_entries(f"unix.target=@{reference}", base=folder)
    assert all(target.role == "unix.target" for target in result.targets)
    return (
        [target.label for target in result.targets],
        [str(one) for one in result.problems if one.is_warning],
        [str(one) for one in result.problems if not one.is_warning],
    )


EXPORT = (
    "#TYPE Selected.Microsoft.ActiveDirectory.Management.ADComputer\r\n"
    '"Name","IPv4Address","OperatingSystem"\r\n'
    '"PC-014","10.0.0.14","Windows 10 Pro"\r\n'
    '"PC-015","","Server"\r\n'
)
FORMATTED = """
Name    IPv4Address OperatingSystem
----    ----------- ---------------
PC-014  10.0.0.14   Windows 10 Pro
PC-015  10.0.0.15   Server


"""


@pytest.mark.parametrize(
    ("content", "hosts", "taken"),
    [
        (EXPORT, ["PC-014", "PC-015"], "Name"),
        ("\ufeff" + EXPORT, ["PC-014", "PC-015"], "Name"),
        (EXPORT.encode("utf-16"), ["PC-014", "PC-015"], "Name"),
        (EXPORT.replace(",", ";"), ["PC-014", "PC-015"], "Name"),
        (EXPORT.replace(",", "\t"), ["PC-014", "PC-015"], "Name"),
        (EXPORT.replace('"', ""), ["PC-014", "PC-015"], "Name"),
        (FORMATTED, ["PC-014", "PC-015"], "Name"),
        ("host;ip;os\nweb1;10.0.0.1;Linux\nweb2;10.0.0.2;Windows\n", ["web1", "web2"], "host"),
        ("ip;os\n10.0.0.1;Linux\n10.0.0.2;Windows\n", ["10.0.0.1", "10.0.0.2"], "ip"),
        ("OS\tFQDN\nLinux\tweb1.corp\nServer\tweb2.corp\n", ["web1.corp", "web2.corp"], "FQDN"),
        ("os,IP Address\nLinux,10.0.0.1\nx,10.0.0.2\n", ["10.0.0.1", "10.0.0.2"], "IP Address"),
        ("Name,DNSHostName\nPC1,pc1.corp\nPC2,pc2.corp\n", ["pc1.corp", "pc2.corp"], "DNSHostName"),
        ("Name,DNSHostName\nPC1,pc1.corp\nPC2,\n", ["PC1", "PC2"], "Name"),
        ("Name,IP\nFront desk,10.0.0.1\nShop,10.0.0.2\n", ["10.0.0.1", "10.0.0.2"], "IP"),
        ("Name;Description\nPC1;\nPC2;old\n", ["PC1", "PC2"], "Name"),
        ("sep=;\nName;OS\nPC1;Server\nPC2;Windows\n", ["PC1", "PC2"], "Name"),
        ("Name OS\nPC1 Server\nPC2 Windows\n", ["PC1", "PC2"], "Name"),
        (
            "NAME    STATUS   ROLES\nn-1     Ready    a\nn-2     Ready    b\n",
            ["n-1", "n-2"],
            "NAME",
        ),
        ("| Host | OS |\n|------|----|\n| a | Linux |\n| b | Linux |\n", ["a", "b"], "Host"),
        ("+---+---+\n| host | os |\n+---+---+\n| a | Linux |\n+---+---+\n", ["a"], "host"),
        ("Name   Id IP\n----   -- --\nPC1   100 x\nPC2     2 y\n", ["PC1", "PC2"], "Name"),
        ("Host|OS\n---|---\na|Linux\nb|Server\n", ["a", "b"], "Host"),
        ("host|os\na|Linux\nb|Server\n", ["a", "b"], "host"),
        (
            " Id   Name   State\n--------------\n 1    a      on\n 2    b      on\n",
            ["a", "b"],
            "Name",
        ),
        ("Name,OS\nPC1,Server\nName,OS\nPC2,Linux\n", ["PC1", "PC2"], "Name"),
        ('Name,Note,OS\nPC1,"one\ntwo",Server\nPC2,x,Linux\n', ["PC1", "PC2"], "Name"),
        ("Name\nPC1\nPC2\n", ["PC1", "PC2"], "Name"),
        ('"Name"\n"PC1"\n"PC2"\n', ["PC1", "PC2"], "Name"),
        ("ComputerName\n------------\nPC1\nPC2\n", ["PC1", "PC2"], "ComputerName"),
        ("web1;10.0.0.1;Linux\nweb2;10.0.0.2;Windows\n", ["10.0.0.1", "10.0.0.2"], "2"),
        ("web1 10.0.0.1\nweb2 10.0.0.2\n", ["10.0.0.1", "10.0.0.2"], "2"),
        ("203.0.113.5;Linux\n203.0.113.6;Windows\n", ["203.0.113.5", "203.0.113.6"], "1"),
        ("Asset;Adresse\nweb1;10.0.0.1\nweb2;10.0.0.2\n", ["10.0.0.1", "10.0.0.2"], "Adresse"),
        ("Servers\nweb1\nweb2\n", ["web1", "web2"], "Servers"),
        ("Hosts\nweb1\nweb2\n", ["web1", "web2"], "Hosts"),
        ("Computer Name\nweb1\nweb2\n", ["web1", "web2"], "Computer Name"),
        ("IP Addresses\n10.0.0.1\n10.0.0.2\n", ["10.0.0.1", "10.0.0.2"], "IP Addresses"),
        ("Meine Server\n============\nweb1\nweb2\n", ["web1", "web2"], "Meine Server"),
        ("+------+\n| Host |\n+------+\n| a    |\n| b    |\n+------+\n", ["a", "b"], "Host"),
        (
            "┌──────┬────┐\n│ Host │ OS │\n├──────┼────┤\n│ a    │ L  │\n│ b │ W │\n└─────┴───┘",
            ["a", "b"],
            "Host",
        ),
        ("┏━━━━┳━━━━┓\n┃ Host ┃ OS ┃\n┡━━━━╇━━━━┩\n│ a │ Li │\n└────┴────┘", ["a"], "Host"),
        ("╔══════╗\n║ Host ║\n╠══════╣\n║ a    ║\n╚══════╝\n", ["a"], "Host"),
        (
            "Host name      Remark\n\n----------------------\nPC1           spare\nPC2\n".replace(
                "PC1  ", "PC1   "
            ),
            ["PC1", "PC2"],
            "Host name",
        ),
        (
            "eth,IP Address\n0,10.0.0.1/24\n1,10.0.0.2/255.255.255.0\n",
            ["10.0.0.1", "10.0.0.2"],
            "IP",
        ),
        (
            "Name;primary_ip4\nFront desk;10.0.0.1/8\nNo one;10.0.0.2/8\n",
            ["10.0.0.1", "10.0.0.2"],
            "ip4",
        ),
        (
            "- [ ] web1\n- [x] web2\n+ web3\n> web4\n● web5\n",
            ["web1", "web2", "web3", "web4", "web5"],
            "",
        ),
    ],
)
def test_of_a_table_only_the_host_column_is_asked_and_named(tmp_path, content, hosts, taken):
    found, notices, problems = read(tmp_path, content)
    assert found == hosts
    assert problems == []
    assert len(notices) == bool(taken)
    assert taken in "".join(notices)


@pytest.mark.parametrize(
    "content",
    [
        "web1;Linux\nweb2;Windows\n",
        "web1\tServer\nweb2\tWindows\n",
        "web1 old\nweb2 new\n",
        "a, b\n",
        "10.0.0.1,10.0.0.254\n10.0.0.2,10.0.0.254\n",
        "web1;7.4.0.2\nweb2;7.4.0.3\n",
        "web\tServer\nmail\tWindows\n",
        "Linux;name\nWindows;Server\n",
        "server web1\nserver web2\n",
        "Asset;Location\nweb1;Berlin\nweb2;Bonn\n",
        "Name,Name\nweb1,Server\nweb2,Linux\n",
        'Name,OS\n"PC1,Windows\nPC2,Linux\n',
        "Name,IP\nFront desk,none\nThe shop,none at all\n",
        "OperatingSystem\n---------------\nServer\nWindows\n",
        '"CN=PC1,OU=Server,DC=corp"\n"CN=PC2,OU=Server,DC=corp"\n',
        "Name : PC1\nOS   : Server\n",
        "web1\x0cServer\nweb2\x1cWindows\n",
        "Host web1\n  ForwardAgent yes\n  Compression yes\n",
        "Name;PC-014\nOperatingSystem;Windows\nIPAddress;10.0.0.14\n",
        "Computer,PC-014\nUser,Anna\nLocation,Berlin\n",
        "server ntp1\ndriftfile drift\n",
        "Hostname web1\nRack r2\n",
        "Name,SamAccountName,Kind\nAnna Meier,ameier,x\nBob Bau,bbau,y\n",
        "Status  Name    DisplayName\n------  ----    -----------\nRunning Spooler Print\n",
        "Name,DisplayName,Status\nSpooler,Print Spooler,Running\nwuauserv,Update,Stopped\n",
        "Client,DNS Server\npc1,10.0.0.2\npc2,10.0.0.2\n",
        "Room,Default Gateway\na1,10.0.0.2\na2,10.0.0.3\n",
        "Name,Email\nAnna,anna@corp.example\nBob,bob@corp.example\n",
        "Hello all,\nplease check these hosts\nweb1\nand also that one\n",
        "x," * 3000 + "\n" + "y," * 3000 + "\n",
        "Name,OS\nweb1," + "x" * 70_000 + "\n",
    ],
)
def test_what_cannot_be_decided_is_refused_once_with_its_line(tmp_path, content):
    many = content + content.partition("\n")[2] * (300 if len(content) < 5000 else 1)
    for text in (content, many):
        found, notices, problems = read(tmp_path, text)
        assert found == [] and notices == []
        (problem,) = problems
        assert problem.startswith("list line ")
        assert len(problem) < 500


def test_of_a_directory_only_computers_are_asked_and_of_a_sheet_no_total(tmp_path):
    found, _, problems = read(
        tmp_path, "Name,ObjectClass\nPC1,computer\nAdmins,group\nAnna,user\nPC2,computer\n"
    )
    assert found == ["PC1", "PC2"]
    assert len(problems) == 1 and "line 3" in problems[0] and "objectClass" in problems[0]
    found, _, problems = read(tmp_path, "Host;IP;OS\na;10.0.0.1;x\nb;10.0.0.2;y\nTotal;2;\n")
    assert found == ["a", "b"]
    assert len(problems) == 1 and "line 4" in problems[0] and "total" in problems[0]


def test_a_network_in_a_table_stays_a_network(tmp_path):
    for content in ("IP,Site\n10.0.0.0/30,x\n10.0.1.0/30,y\n", "10.0.0.0/30 x\n10.0.1.0/30 y\n"):
        assert len(read(tmp_path, content)[0]) == 4
    assert len(read(tmp_path, "10.0.0.1/30\n")[0]) == 2


def test_a_row_of_another_width_is_no_host_and_told_once(tmp_path):
    rows = "".join(f"PC{n},Windows\n" for n in range(9)) + "x,Windows, Pro\n" * 3
    found, _, problems = read(tmp_path, "Name,OS\n" + rows)
    assert found == [f"PC{n}" for n in range(9)]
    assert problems == [
        "list line 11: its columns are not 2, as those of the first line are, and of 2 more lines."
    ]


def test_in_a_list_of_hosts_a_line_of_several_words_is_refused_and_the_rest_kept(tmp_path):
    found, _, problems = read(tmp_path, "web1\nweb2 the old one\nweb3\nweb4, the other\n")
    assert found == ["web1", "web3"]
    (problem,) = problems
    assert "list line 2: it has several words" in problem and "1 more" in problem


@pytest.mark.parametrize(
    ("reference", "hosts"),
    [
        ("list:IPv4Address", ["10.0.0.14"]),
        ("list:ipv4address", ["10.0.0.14"]),
        ("list:2", ["10.0.0.14"]),
        ("list:1", ["PC-014", "PC-015"]),
        ("list:Name:2222", ["PC-014:2222", "PC-015:2222"]),
        ("list:2222", ["PC-014:2222", "PC-015:2222"]),
        ('"list":"Operating System"', ["Server"]),
        ('"list":Name', ["PC-014", "PC-015"]),
        ('"list:Name"', ["PC-014", "PC-015"]),
    ],
)
def test_the_host_column_may_be_named_behind_the_file(tmp_path, reference, hosts):
    assert read(tmp_path, EXPORT, reference)[0] == hosts


@pytest.mark.parametrize("reference", ["list:Nme", "list:0", "list:4:22", "list:Name:x"])
def test_a_column_that_is_not_there_is_refused_once(tmp_path, reference):
    found, _, problems = read(tmp_path, EXPORT, reference)
    assert found == []
    assert len(problems) == 1


def test_a_column_may_have_a_heading_that_is_not_known(tmp_path):
    content = "Asset;Location\nweb1;Berlin\nweb2;Bonn\n"
    assert read(tmp_path, content, "list:asset")[0] == ["web1", "web2"]
    assert read(tmp_path, "Asset\nweb1\nweb2\n", "list:Asset")[0] == ["web1", "web2"]
    assert read(tmp_path, "web1\nweb2\n", "list:1")[0] == ["web1", "web2"]
    assert read(tmp_path, "web1\nweb2\n", "list:Asset")[0] == []


@pytest.mark.parametrize("name", ["C:\\x.csv", "a:b", "list:2", "list:Name"])
def test_a_file_may_have_colons_in_its_name(tmp_path, name):
    (tmp_path / "list").write_text("Name,OS\nother,Linux\nother2,Linux\n")
    (tmp_path / name).write_text("Name,OS\nweb1,Linux\nweb2,Linux\n")
    for reference in (name, f"{name}:Name"):
        result = parse_entries(f"unix.target=@{reference}", base=tmp_path)
        assert [target.host for target in result.targets] == ["web1", "web2"]


def test_a_drive_letter_is_no_file_with_a_column(tmp_path):
    (tmp_path / "C").write_text("web1\n")
    (problem,) = parse_entries("unix.target=@C:\\hosts.csv", base=tmp_path).problems
    assert "no such file" in str(problem)


def test_the_name_beside_an_address_is_its_friendly_name(tmp_path):
    (tmp_path / "list").write_text("Name,IP\nFront desk,10.0.0.1\nShop,10.0.0.2\n")
    result = parse_entries("unix.target=@list", base=tmp_path)
    assert [target.friendly_name for target in result.targets] == ["Front desk", "Shop"]


def test_a_refused_list_stays_in_the_line(tmp_path):
    (tmp_path / "my list").write_text("web1;Linux\nweb2;Windows\n")
    (problem,) = parse_entries('unix.target=@"my list"', base=tmp_path).problems
    assert problem.editable_text == 'unix.target=@"my list"'


@pytest.mark.parametrize("role", ["unix.target=", "unix.target=\n", "Unix.Target="])
def test_a_table_among_the_arguments_is_read_like_one_in_a_file(role):
    result = parse_entries(f"{role}Name,IPv4Address,OS\nPC1,10.0.0.1,Server\nPC2,10.0.0.2,Windows")
    assert [target.host for target in result.targets] == ["PC1", "PC2"]
    result = parse_entries(f"{role}PC1,Server\nPC2,Windows\n", "nas=c")
    assert [target.host for target in result.targets] == ["c"]


def test_a_list_that_was_wrapped_may_have_several_hosts_a_line():
    result = parse_entries("unix.target=a, b,\nc, d, e,\nf")
    assert [target.host for target in result.targets] == list("abcdef")


# Fuzz: the host column is known, all else is hostile.

NAMES = st.from_regex(r"h[a-z0-9]{1,12}", fullmatch=True)
CELLS = st.text(
    st.characters(
        exclude_categories=["Cs"], exclude_characters='\r\n\0"\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029'
    ),
    max_size=20,
) | st.sampled_from(
    [
        "Server",
        "Windows",
        "10.9.9.9",
        "nas=evil",
        "@list",
        "evil.corp",
        "Name",
        "nas",
        "host",
        "-- x",
    ]
)


@given(
    st.lists(st.tuples(NAMES, CELLS, CELLS), min_size=1, max_size=8),
    st.sampled_from(",;\t"),
    st.permutations(["DNSHostName", "Remark", "Kind"]),
)
def test_no_word_outside_the_host_column_becomes_a_host(tmp_path, rows, delimiter, headings):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(headings)
    at = headings.index("DNSHostName")
    for host, one, two in rows:
        cells = [one, two]
        cells.insert(at, host)
        writer.writerow(cells)
    found, _, problems = read(tmp_path, out.getvalue())
    assert set(found) <= {host for host, _, _ in rows}
    assert problems or set(found) == {host for host, _, _ in rows}
    typed = parse_entries(f"unix.target={out.getvalue()}")
    assert {target.label for target in typed.targets} <= {host for host, _, _ in rows}


@given(
    st.binary(max_size=400)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=400).map(
        lambda text: text.encode("utf-8", "replace")
    )
)
def test_any_file_is_read_or_refused(tmp_path, data):
    (tmp_path / "list").write_bytes(data)
    for reference in ("list", "list:1", "list:Name", "list:2:22"):
        result = parse_entries(f"unix.target=@{reference}", base=tmp_path)
        assert not any(harmful(str(one)) for one in result.problems)
        for target in result.targets:
            try:
                parse_host(target.label)
            except InvalidEntry as wrong:
                raise AssertionError(target) from wrong


LINES = st.lists(
    st.lists(
        st.sampled_from(
            [
                *("web1", "Name", "10.0.0.1", "Server", "Windows 10", "[web]", "a=b", "#", ";"),
                *("//", "@list", "unix.target=x", "nas", "----", "|", '"', "ssh-rsa", ":", "all:"),
                *("ansible_host=h", "{"),
            ]
        ),
        max_size=5,
    ),
    max_size=8,
)


@given(LINES, st.sampled_from([",", ";", "\t", " ", "  ", " | "]))
def test_any_lines_are_read_or_refused_and_told_within_bounds(tmp_path, lines, delimiter):
    text = "\n".join(delimiter.join(line) for line in lines)
    (tmp_path / "list").write_text(text)
    result = parse_entries("unix.target=@list", base=tmp_path)
    assert len(result.problems) <= 2 * len(lines) + 1
    parse_entries(f"unix.target={text}")
