"""Files of hosts behind an @: read under their role, bounded, and every failure one sentence."""

import pytest

from tests.probes.targets.parsing import hosts, parse_entries, problem_of


def test_a_file_holds_a_host_a_line_under_the_role_of_its_at(tmp_path):
    (tmp_path / "list.txt").write_text(
        "\ufeff# site one\r\na\r\n\r\n  b  # spare\r\nnas=c,d\r\nnas\r\n10.0.0.1-2\r\n", "utf-8"
    )
    result = parse_entries("unix.target=@list.txt", "last", base=tmp_path)
    assert result.problems == ()
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
    result = parse_entries("@all", base=tmp_path)
    assert result.problems == ()
    assert [target.host for target in result.targets] == ["a", "b", "c", *hosts("cloud.aws")]


def test_the_port_of_a_file_is_that_of_its_plain_hosts(tmp_path):
    (tmp_path / "list").write_text("a\nb:22\nnas=c\n")
    assert hosts("unix.target=@list:2222", base=tmp_path) == ["a:2222", "b:22", "c"]
    assert "takes no other port" in problem_of("windows.target=@list:2222", base=tmp_path)
    assert "a port needs a role" in problem_of("@list:2222", base=tmp_path)


@pytest.mark.parametrize("text", ['unix.target=@"my list,1.txt"', "unix.target=@my list,1.txt"])
def test_the_path_of_a_file_may_have_spaces_and_commas(tmp_path, text):
    (tmp_path / "my list,1.txt").write_text("a\n")
    assert hosts(text, base=tmp_path) == ["a"]


def test_a_mistake_in_a_file_names_the_file_and_the_line(tmp_path):
    (tmp_path / "list.txt").write_text("a\n\n10.0.0.300\nb\n")
    result = parse_entries("unix.target=@list.txt", base=tmp_path)
    assert [target.host for target in result.targets] == ["a", "b"]
    assert [problem.entry for problem in result.problems] == ["list.txt line 3: 10.0.0.300"]


def test_a_file_names_no_other_file(tmp_path):
    (tmp_path / "list").write_text("@list\na\n")
    result = parse_entries("unix.target=@list", base=tmp_path)
    assert [target.host for target in result.targets] == ["a"]
    assert "cannot name another list" in result.problems[0].reason


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a\nb\xff\n", "line 2: byte 0xff is not UTF-8"),
        (b"\xff\xfea\x00\x00\xd8", "line 1: the UTF-16 text is broken"),
        (b"a\nb\x00c\n", "line 2: a NUL byte is in no text"),
        ("a\n".encode("utf-16-le"), "like UTF-16 without a byte order mark"),
        ("a\n".encode("utf-32-be"), "like UTF-32 without a byte order mark"),
        (b"PK\x03\x04\x00", "spreadsheet"),
        (b"a\n" * 5_000_000, "it is larger than 8,388,"),
    ],
)
def test_a_file_that_cannot_be_read_as_text_is_refused(tmp_path, content, sentence):
    (tmp_path / "list").write_bytes(content)
    assert sentence in problem_of("unix.target=@list", base=tmp_path)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_a_file_may_be_in_the_encodings_of_windows(tmp_path, encoding):
    bom = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    (tmp_path / "list").write_bytes(f"{bom}web1\r\nweb2\r\n".encode(encoding))
    assert hosts("unix.target=@list", base=tmp_path) == ["web1", "web2"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("gone", "no such file"),
        (".", "a directory"),
        ("", "a file is missing"),
        ("a\x00b", "cannot be the name of a file"),
        ("x" * 5000, "cannot be the name of a file"),
        ("/dev/zero", "a device, not a regular file"),
        ("~nobody-of-this-name/list", "no such file"),
    ],
)
def test_a_file_that_is_not_there_is_one_sentence(tmp_path, path, sentence):
    assert sentence in problem_of(f"unix.target=@{path}", base=tmp_path)


def friendly(*entries, **more) -> dict[str, str]:
    return {one.label: one.friendly_name for one in parse_entries(*entries, **more).targets}


def test_a_comment_behind_a_host_is_its_friendly_name(tmp_path):
    (tmp_path / "list.txt").write_text(
        "# site one\npc1  # Reception, 2nd floor\nunix.target=web:2222 ## Shop # old\n"
        "10.0.0.1 #\n#10.0.0.9 # gone\n10.0.0.2#3 # x\n"
    )
    assert friendly("windows.target=@list.txt", base=tmp_path) == {
        "pc1": "Reception, 2nd floor",
        "web:2222": "Shop # old",
        "10.0.0.1": "",
    }


def test_a_comment_that_is_not_about_one_host_names_none(tmp_path):
    (tmp_path / "list.txt").write_text(
        "unix.target=a, b  # two\n10.0.0.0/30 # a net\n10.0.0.1 # known already\n"
        "10.0.0.2-6 # some are new\n"
        "domain:corp.example # a domain\n"
    )
    assert set(friendly("windows.target=@list.txt", base=tmp_path).values()) == {""}


def test_what_is_typed_has_no_friendly_names():
    assert friendly("unix.target=a # somebody") == {"a": ""}


def test_a_friendly_name_is_bounded_and_harmless(tmp_path):
    (tmp_path / "list.txt").write_text(f"a # \x1b[2J{'x' * 5000}\n")
    (name,) = friendly("unix.target=@list.txt", base=tmp_path).values()
    assert name.isprintable()
    assert len(name) < 100


def test_a_friendly_name_makes_no_other_target_of_a_host(tmp_path):
    (tmp_path / "list.txt").write_text("a # one\n")
    assert hosts("unix.target=a", "unix.target=@list.txt", base=tmp_path) == ["a"]
