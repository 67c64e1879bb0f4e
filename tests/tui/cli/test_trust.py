"""The CA file and the proxy: where they come from, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.options import NO_OPTIONS
from tui.cli.options import UsageError
from tui.cli.parser import parse_options
from tui.cli.trust import trust


def given(*words: str, **environ: str):
    return trust(parse_options(["run", "r=h", *words]), environ)


def test_without_either_there_is_nothing_special() -> None:
    assert given() is NO_OPTIONS
    assert given(NO_PROXY="*") is NO_OPTIONS


def test_the_proxy_comes_from_the_command_line_before_the_environment() -> None:
    assert given(HTTPS_PROXY="http://p:1").proxy == "http://p:1"
    assert given(https_proxy="http://q:1", HTTPS_PROXY="http://p:1").proxy == "http://q:1"
    assert given("--proxy", "http://r:1", https_proxy="http://q:1").proxy == "http://r:1"
    assert given("--proxy", "none", https_proxy="http://q:1") is NO_OPTIONS
    assert given("--proxy", "none", https_proxy="socks5://q:1") is NO_OPTIONS


def test_the_hosts_without_the_proxy_come_from_the_environment() -> None:
    assert given("--proxy", "p:1", NO_PROXY="a.test").no_proxy == "a.test"
    assert given("--proxy", "p:1", NO_PROXY="a.test", no_proxy="b.test").no_proxy == "b.test"


def test_a_login_for_the_proxy_is_taken_from_the_environment_and_refused_in_argv() -> None:
    assert given(HTTPS_PROXY="http://u:hunter2@p:1").proxy == "http://u:hunter2@p:1"
    with pytest.raises(UsageError) as refused:
        given("--proxy", "http://u:hunter2@p:1")
    assert "--proxy takes no login" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("words", "environ", "sentence"),
    [
        (
            ("--proxy", "socks5://p:1"),
            {},
            "--proxy cannot be used: socks5:// is not spoken here, only http:// is.",
        ),
        (
            (),
            {"HTTPS_PROXY": "https://u:hunter2@p:1"},
            "HTTPS_PROXY cannot be used: https:// is not spoken here, only http:// is; "
            "--proxy none goes without it.",
        ),
    ],
)
def test_a_proxy_that_cannot_be_used_is_one_sentence(words, environ, sentence) -> None:
    with pytest.raises(UsageError) as refused:
        given(*words, **environ)
    assert str(refused.value) == sentence


def test_the_ca_file_is_read_before_anything_is_measured(ca_file: str, tmp_path: Path) -> None:
    assert given("--ca-file", ca_file).ca_file == ca_file
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for path, why in (
        (empty, " holds no certificate in PEM form"),
        (tmp_path / "gone", ": there is no such file; check its path"),
        (
            tmp_path,
            ": this is a directory, not a regular file; "
            "name certificates of authorities in PEM form",
        ),
    ):
        with pytest.raises(UsageError) as refused:
            given("--ca-file", str(path))
        assert str(refused.value) == f"--ca-file '{path}'{why}."


def test_a_null_byte_in_the_name_is_a_sentence_too() -> None:
    with pytest.raises(UsageError, match="cannot be the name of a file"):
        given("--ca-file", "a\0b")
