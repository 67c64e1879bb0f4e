from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.ssh import INCOMPLETE, MAX_PREAMBLE, MAX_PREAMBLE_LINES, Ident, greeting


@pytest.mark.parametrize(
    ("line", "product", "version", "comments"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2", "OpenSSH", "9.2p1", "Debian-2"),
        (b"SSH-2.0-OpenSSH_for_Windows_8.1", "OpenSSH_for_Windows", "8.1", ""),
        (b"SSH-2.0-dropbear_2022.83", "dropbear", "2022.83", ""),
        (b"SSH-2.0-Cisco-1.25", "Cisco", "1.25", ""),
        (b"SSH-2.0-1.0.2 VShell", "VShell", "1.0.2", "VShell"),
        (b"SSH-2.0-6.4 SSH Any Server", "SSH Any Server", "6.4", "SSH Any Server"),
        (b"SSH-2.0-1.78 sshlib: AnySSHD 4.15a", "AnySSHD 4.15a", "", "sshlib: AnySSHD 4.15a"),
        (b"SSH-2.0-1.07 Flow: Any SSH 5.2: free", "Any SSH 5.2", "", "Flow: Any SSH 5.2: free"),
        (b"SSH-2.0-1.36_sshlib AnySCAPE", "AnySCAPE", "1.36_sshlib", "AnySCAPE"),
        (b"SSH-2.0-9.99 sshlib: 8.0.0.0", "sshlib 8.0.0.0", "", "sshlib: 8.0.0.0"),
        (b"SSH-2.0-2.0.13 (non-commercial)", "2.0.13 (non-commercial)", "", "(non-commercial)"),
        (b"SSH-2.0-1.07 sshlib: :", "sshlib: :", "1.07", "sshlib: :"),
        (b"SSH-2.0-1.0", "1.0", "", ""),
        (b"SSH-2.0-1.0 ", "1.0", "", ""),
        (b"SSH-2.0-x_1 a: b", "x", "1", "a: b"),
        (b"SSH-2.0-nameless", "nameless", "", ""),
        (b"SSH-2.0-", "", "", ""),
    ],
)
def test_product_and_version_are_read(
    line: bytes, product: str, version: str, comments: str
) -> None:
    ident = greeting(line + b"\r\n").ident
    assert ident == Ident(line.decode().strip(), "2.0", product, version, comments)


def test_lines_before_the_identification_are_allowed() -> None:
    assert greeting(b"Welcome\r\nto this host\r\nSSH-2.0-x_1\r\n").ident is not None


@pytest.mark.parametrize(("protocol", "speaks_2"), [("1.5", False), ("1.99", True), ("2.0", True)])
def test_only_1_99_of_the_old_ones_speaks_2(protocol: str, speaks_2: bool) -> None:
    ident = greeting(f"SSH-{protocol}-x_1\n".encode()).ident
    assert ident is not None
    assert ident.supports_v2 is speaks_2


@pytest.mark.parametrize("part", [b"", b"S", b"SSH-", b"SSH-2.0-Open", b"hello\r\n", b"hello"])
def test_an_unfinished_greeting_is_waited_for(part: bytes) -> None:
    assert greeting(part) == INCOMPLETE


@pytest.mark.parametrize("part", [b"", b"S", b"SSH"])
def test_the_beginning_of_an_identification_is_not_called_foreign(part: bytes) -> None:
    assert greeting(part, ended=True) == INCOMPLETE


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n", b"220 mail ESMTP\r\n", b"RFB 003.008\n", b"\x15\x03\x01\0\2"],
)
def test_a_greeting_of_another_protocol_is_known_at_once(said: bytes) -> None:
    assert greeting(said).foreign


def test_what_never_becomes_an_identification_is_foreign_in_the_end() -> None:
    assert greeting(b"hello\r\n").foreign == ""
    assert greeting(b"hello\r\n", ended=True).foreign == "hello"
    assert greeting(b"x" * MAX_PREAMBLE).foreign
    assert greeting(b"\n" * (MAX_PREAMBLE_LINES - 1)) == INCOMPLETE
    assert greeting(b"\n" * MAX_PREAMBLE_LINES).foreign == "nothing but white space"
    assert greeting(b"y\n" * (MAX_PREAMBLE_LINES + 1)).foreign


@pytest.mark.parametrize("words", [b"Exceeded MaxStartups", b"Not allowed at this time"])
def test_a_busy_server_is_not_foreign(words: bytes) -> None:
    said = greeting(words + b"\r\n")
    assert said.busy == words.decode()
    assert said.foreign == ""


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("end", [b"\r\n", b"\n", b""])
def test_a_busy_server_is_known_whatever_ends_its_line(end: bytes, ended: bool) -> None:
    said = greeting(b"Authorised use only\r\nExceeded MaxStartups" + end, ended=ended)
    assert said.busy == ("Exceeded MaxStartups" if end or ended else "")


@pytest.mark.parametrize(
    "words",
    [
        b"Too many connections\r\n",
        b"Not allowed at this time, come back tomorrow\r\n",
        b"Connection refused by administrative policy\n",
        b"Welcome\r\nmaximum number of sessions reached",
        b"Permission denied.\r\n",
        b"Sorry, the max number of SSH sessions is reached\r\n",
        b"You are not welcome to use sshd from host.test.\n",
        b"All VTY lines are in use\r\n",
        b"No free connections\r\n",
        b"SSH server disabled\r\n",
        b"Your address has been banned\r\n",
        b"Maintenance in progress\r\n",
        b"ssh_exchange_identification: Connection closed by remote host\r\n",
    ],
)
def test_words_that_any_server_has_turn_away_and_prove_no_ssh(words: bytes) -> None:
    assert greeting(words) == INCOMPLETE
    said = greeting(words, ended=True)
    assert said.refusal and not said.busy and not said.foreign


@pytest.mark.parametrize(
    "words",
    [
        b"421 Too many connections\r\n",
        b"554 5.7.1 refused\r\n",
        b"\x10\0\0\1\xff\x10\x04Too many connections",
        b"* BYE Too many connections\r\n",
        b"-ERR too many clients\r\n",
        b"unlimited fun\r\n",
        b"Unauthorized access prohibited.\r\n",
        b"Use by others is not permitted\r\n\r\nlogin: ",
        b"Access by others is denied\r\nUsername:",
        b"<!DOCTYPE html><p>Access denied</p>\r\n",
    ],
)
def test_a_refusal_in_another_protocol_is_foreign(words: bytes) -> None:
    assert greeting(words, ended=True).foreign


def test_a_line_before_the_identification_may_begin_like_a_tag() -> None:
    said = greeting(b"<<< authorised use only >>>\r\nToo many cooks\r\nSSH-2.0-x_1\r\n")
    assert said.ident is not None


@pytest.mark.parametrize(
    ("software", "named"),
    [("", False), ("-", False), (" comment", False), ("x", True), ("_9", True)],
)
def test_an_identification_may_name_no_software(software: str, named: bool) -> None:
    ident = greeting(f"SSH-2.0-{software}\r\n".encode()).ident
    assert ident is not None
    assert ident.names_software is named


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_give_at_most_one_meaning(data: bytes, ended: bool) -> None:
    said = greeting(data, ended=ended)
    assert sum(map(bool, (said.ident, said.busy, said.refusal, said.foreign))) <= 1


@given(st.binary(max_size=400))
def test_no_escape_sequence_gets_through(data: bytes) -> None:
    ident = greeting(b"SSH-2.0-" + data + b"\r\n").ident
    assert ident is None or "\x1b" not in ident.banner + ident.comments + ident.version
