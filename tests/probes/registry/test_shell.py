"""No value gets out of its quoting, in a shell that is asked and in the rules of PowerShell."""

import shlex
import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.registry.shell import address, posix, powershell
from probes.wire.address import plain_name
from probes.wire.text import printable

HOSTILE = st.text(max_size=60) | st.text(
    alphabet="'\"`$(){};|&<>\\\n\r\x1b\u2018\u2019 -a", max_size=30
)
POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"


def read_powershell(text: str) -> str:
    """The value of one word as PowerShell's tokenizer reads it; fails where the word ends early."""
    if text[:1] not in POWERSHELL_QUOTES:
        assert text.isascii() and text.replace("-", "").replace(".", "").replace("_", "").isalnum()
        return text
    read, at = "", 1
    while at < len(text):
        if text[at] in POWERSHELL_QUOTES:
            if at == len(text) - 1:
                return read
            assert text[at + 1] in POWERSHELL_QUOTES, f"the string ends before {text[at + 1 :]!r}"
            at += 1
        read += text[at]
        at += 1
    raise AssertionError("the string does not end")


@given(HOSTILE)
def test_a_value_is_one_word_of_a_shell(value: str) -> None:
    assert shlex.split(posix(value)) == [printable(value, 1000)]
    assert posix(value).isprintable()


@settings(max_examples=40)
@given(HOSTILE)
def test_a_real_shell_reads_the_value_and_runs_nothing(value: str) -> None:
    ran = subprocess.run(
        ["sh", "-c", f"printf %s {posix(value)}"], capture_output=True, check=True, timeout=20
    )
    assert ran.stdout.decode() == printable(value, 1000)


@given(HOSTILE)
def test_a_value_is_one_word_of_powershell(value: str) -> None:
    assert read_powershell(powershell(value)) == printable(value, 1000)


def test_a_typographic_quote_does_not_end_a_string_of_powershell() -> None:
    assert powershell("a\u2019; calc") == "'a\u2019\u2019; calc'"


@given(HOSTILE)
def test_what_is_no_address_is_no_address(value: str) -> None:
    for text in (
        address(value),
        address(f"fe80::1%{value}"),
        address(f"fe80::1%{value}", scoped=True),
    ):
        assert all(mark.isascii() and (mark.isalnum() or mark in ".:%_-") for mark in text)


def test_addresses_lose_their_scope_unless_it_is_wanted_and_harmless() -> None:
    assert address("fe80::1%eth0") == "fe80::1"
    assert address("fe80::1%eth0", scoped=True) == "fe80::1%eth0"
    assert address("fe80::1%$(reboot)", scoped=True) == "fe80::1"
    assert address("10.0.0.1; reboot") == ""
    assert address(None) == ""


def test_a_name_is_never_an_option_or_more_than_a_name() -> None:
    assert plain_name("pc-1.corp.test") == "pc-1.corp.test"
    for bad in ("-oN/etc/passwd", "", "a b", "a/b", "a@b", "a\n", "@file", "a'b", "\u0430", None):
        assert plain_name(bad) == "", bad
