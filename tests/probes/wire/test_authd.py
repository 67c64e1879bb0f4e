from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.authd import GREETING, MAX_LINE, NotAuthd, greeting

LINE = (
    b"220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP, "
    b"MKSDisplayProtocol:VNC , , NFCSSL supported/t\r\n"
)


def test_version_and_features_are_read() -> None:
    said = greeting(LINE)
    assert said is not None
    assert said.version == "1.10"
    assert said.ssl_required
    assert said.features == (
        "SSL Required",
        "ServerDaemonProtocol:SOAP",
        "MKSDisplayProtocol:VNC",
        "NFCSSL supported",
    )


@pytest.mark.parametrize("words", [b"SSL Required", b"SSL required", b"ssl required"])
def test_a_demand_for_tls_is_read_in_any_case_of_its_letters(words: bytes) -> None:
    said = greeting(GREETING + b"1.10: " + words + b", MKSDisplayProtocol:VNC , \r\n")
    assert said is not None
    assert said.ssl_required


@pytest.mark.parametrize("tail", [b"1.00\r\n", b"1.0, ServerDaemonProtocol:SOAP\r\n"])
def test_older_daemons_do_not_ask_for_tls(tail: bytes) -> None:
    said = greeting(GREETING + tail)
    assert said is not None
    assert not said.ssl_required


@pytest.mark.parametrize("end", range(len(LINE) - 1))
def test_an_unfinished_greeting_is_waited_for(end: int) -> None:
    assert greeting(LINE[:end]) is None


def test_a_greeting_that_breaks_off_after_its_version_counts() -> None:
    assert greeting(GREETING + b"1.10", ended=True) is not None


@pytest.mark.parametrize(
    "said",
    [b"220 mail\r\n", b"SSH-2.0-x", b"\0", b"\n", GREETING + b"x\r\n", GREETING + b"1" * MAX_LINE],
)
def test_anything_else_is_refused(said: bytes) -> None:
    with pytest.raises(NotAuthd):
        greeting(said)


@given(st.binary(max_size=700), st.booleans(), st.integers(0, len(GREETING)))
def test_any_bytes_give_a_greeting_or_its_own_error(data: bytes, ended: bool, start: int) -> None:
    try:
        said = greeting(GREETING[:start] + data, ended=ended)
    except NotAuthd as error:
        assert str(error).isprintable()
    else:
        assert said is None or said.banner.isprintable()


@given(
    st.from_regex(r"[0-9]{1,2}\.[0-9]{1,3}", fullmatch=True),
    st.lists(st.from_regex(r"[A-Za-z][A-Za-z ]{0,18}[A-Z]", fullmatch=True), max_size=6),
)
def test_what_a_daemon_writes_is_read_back(version: str, features: list[str]) -> None:
    said = greeting(GREETING + f"{version}: {', '.join(features)}\r\n".encode())
    assert said is not None
    assert (said.version, said.features) == (version, tuple(" ".join(f.split()) for f in features))
