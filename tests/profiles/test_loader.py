import os
from pathlib import Path

import pytest

from profiles.loader import MAX_BYTES, ProfileError, load_profile

# What is replaced in the small profile, by what, and the sentence after `site.toml: `.
CASES = {
    "not TOML": (
        'name = "Site"',
        "name Site",
        "line 2, column 6: is not valid TOML: Expected '=' after a key in a key/value pair.",
    ),
    "a key twice": (
        'title = "LDAP"',
        'title = "LDAP"\ntitle = "LDAP"',
        "line 61, column 15: is not valid TOML: Cannot overwrite a value.",
    ),
    "a number too long to convert": (
        "port = 389",
        "port = " + "9" * 5000,
        "has a number with thousands of digits; write a shorter one.",
    ),
    "lists nested without end": (
        "port = 389",
        "port = " + "[" * 10000,
        "is nested too deeply; keys here are in plain tables.",
    ),
    "a dotted key that would take all memory": (
        'name = "Site"',
        "a." * 100000 + "a = 1",
        "line 2: has a name of more than 32 dotted parts; keys here have one.",
    ),
    "a dotted table that would take all memory": (
        "[[category]]",
        '["a" ' + ". 'b'" * 100000 + "]",
        "line 13: has a name of more than 32 dotted parts; keys here have one.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_is_not_toml_is_one_sentence_with_its_place_and_remedy(name, refused):
    before, after, sentence = CASES[name]
    assert refused(before, after) == f"site.toml: {sentence}"


def test_a_profile_keeps_the_bytes_of_its_file(small, probes, tmp_path):
    file = tmp_path / "site.toml"
    data = b"\xef\xbb\xbf" + small.replace("\n", "\r\n").encode()
    file.write_bytes(data)
    assert load_profile(file, probes).file == data


def refusal(path, probes):
    with pytest.raises(ProfileError) as caught:
        load_profile(path, probes)
    return str(caught.value)


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path, probes):
    file = tmp_path / "site.toml"
    file.write_bytes(b'id = "a"\nname = "caf\xe9"\n')
    text = refusal(file, probes)
    assert text == f"{file}: line 2: byte 0xe9 is not UTF-8; save it as UTF-8."


def test_a_missing_file_is_named(tmp_path, probes):
    file = tmp_path / "absent.toml"
    expected = f"{file}: there is no such file; check the path given with --profile."
    assert refusal(file, probes) == expected


def test_a_directory_is_not_a_profile(tmp_path, probes):
    assert refusal(tmp_path, probes) == (
        f"{tmp_path}: this is a directory, not a regular file; name a profile in TOML."
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path, probes):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refusal(pipe, probes) == (
        f"{pipe}: this is a pipe, not a regular file; name a profile in TOML."
    )


def test_an_unreadable_file_says_why(tmp_path, probes, monkeypatch):
    file = tmp_path / "site.toml"
    file.write_text("")

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", refuse)
    expected = f"{file}: your account may not read it; make it readable for your account."
    assert refusal(file, probes) == expected


def test_a_path_no_file_can_have_is_refused(probes):
    text = refusal(Path("a\0b"), probes)
    assert text == "a<U+0000>b: this cannot be the name of a file; name a profile in TOML."


def test_a_file_above_1_mib_is_refused_and_one_of_1_mib_is_not(small, tmp_path, probes):
    file = tmp_path / "site.toml"
    file.write_bytes(small.encode().ljust(MAX_BYTES, b"\n"))
    assert load_profile(file, probes).id == "site"
    file.write_bytes(small.encode().ljust(MAX_BYTES + 1, b"\n"))
    expected = f"{file}: it is larger than 1 MiB; name a profile in TOML."
    assert refusal(file, probes) == expected
