"""Records in the clear: alerts, the version of a server, and what they mean together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.tls import (
    ALERTS,
    OLD_VERSIONS,
    Failure,
    RecordReader,
    alert_of_openssl,
    describe_alert,
)


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    return bytes([kind]) + version.to_bytes(2) + len(body).to_bytes(2) + body


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3) + body


def server_hello(version: int, extensions: bytes = b"", session: bytes = b"") -> bytes:
    head = version.to_bytes(2) + bytes(32) + bytes([len(session)]) + session + b"\x13\x01\x00"
    more = len(extensions).to_bytes(2) + extensions if extensions else b""
    return message(2, head + more)


TLS13 = b"\x00\x33\x00\x02\x00\x1d" + b"\x00\x2b\x00\x02\x03\x04"


def read(data: bytes, step: int = 1 << 20) -> RecordReader:
    reader = RecordReader()
    for at in range(0, len(data), step):
        reader.feed(data[at : at + step])
    return reader


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        ("15030300020228", "handshake failure (alert 40, handshake_failure)"),
        ("15030300020232", "decode error (alert 50, decode_error)"),
        ("15030100020246", "protocol version (alert 70, protocol_version)"),
        ("15030000020228", "handshake failure (alert 40, handshake_failure)"),
        ("15030300020250", "internal error (alert 80, internal_error)"),
        ("15030300020270", "unrecognized name (alert 112, unrecognized_name)"),
        ("15030300020274", "certificate required (alert 116, certificate_required)"),
        ("15030300020278", "no application protocol (alert 120, no_application_protocol)"),
        ("150303000202c8", "alert 200, which no RFC defines"),
        ("15030300020100", "close notify (alert 0, close_notify)"),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 100])
def test_an_alert_is_named_as_in_the_rfc(wire: str, said: str, step: int) -> None:
    reader = read(bytes.fromhex(wire), step)
    assert reader.alert is not None
    assert describe_alert(reader.alert) == said


@pytest.mark.parametrize("number", range(256))
def test_every_alert_has_a_text_without_openssls_words(number: int) -> None:
    for failure in (
        Failure(number, by_server=True),
        Failure(number, by_server=True, has_finished=True, requests_certificate=True),
        Failure(number, by_server=False, openssl="wrong version number"),
    ):
        assert f"alert {number}" in failure.text
        assert "sslv3" not in failure.text
        assert "tlsv1" not in failure.text
        assert failure.fix.endswith(".")


def test_a_warning_before_a_fatal_alert_does_not_hide_it() -> None:
    reader = read(bytes.fromhex("150303000201701503030002022815030300020100"))
    assert (reader.alert, reader.is_fatal) == (40, True)


def test_an_encrypted_alert_is_not_read_as_one_in_the_clear() -> None:
    assert read(record(21, bytes(26))).alert is None
    assert read(record(20, b"\x01") + record(21, b"\x02\x28")).alert is None


@pytest.mark.parametrize(
    ("hello", "version"),
    [
        (server_hello(0x0300), "SSL 3.0"),
        (server_hello(0x0301, session=bytes(32)), "TLS 1.0"),
        (server_hello(0x0302, b"\xff\x01\x00\x01\x00"), "TLS 1.1"),
        (server_hello(0x0303), "TLS 1.2"),
        (server_hello(0x0303, TLS13, bytes(32)), "TLS 1.3"),
        (server_hello(0x0399), "version 0x0399"),
        (server_hello(0x0303, b"\x00\x2b\x00\xff\x03\x04"), "TLS 1.2"),
        (message(2, b""), "version 0x0000"),
    ],
)
@pytest.mark.parametrize("step", [1, 100])
def test_the_version_is_that_of_the_server_hello(hello: bytes, version: str, step: int) -> None:
    assert read(record(22, hello[:20]) + record(22, hello[20:]), step).version == version


def test_a_request_for_a_certificate_is_seen_behind_the_servers_own() -> None:
    flight = server_hello(0x0303) + message(11, bytes(3000)) + message(13, bytes(8))
    assert read(record(22, flight), 50).requests_certificate
    assert not read(record(22, flight[:-12])).requests_certificate


@pytest.mark.parametrize(
    ("failure", "demands"),
    [
        (Failure(116, True, "TLS 1.3", has_finished=True), True),
        (Failure(42, True, "TLS 1.3", has_finished=True), True),
        (Failure(40, True, "TLS 1.2", requests_certificate=True), True),
        (Failure(42, True, "TLS 1.2", requests_certificate=True), True),
        (Failure(46, True, "TLS 1.2", requests_certificate=True), True),
        (Failure(40, True, "TLS 1.2", has_finished=True), True),
        (Failure(116, True, "TLS 1.2", requests_certificate=True), True),
        (Failure(116, True), False),
        (Failure(40, True), False),
        (Failure(42, True), False),
        (Failure(80, True, requests_certificate=True), False),
        (Failure(40, True, "TLS 1.3", has_finished=True), False),
        (Failure(42, False, "TLS 1.2", requests_certificate=True), False),
        (Failure(None, True, "TLS 1.3", has_finished=True), False),
    ],
)
def test_a_demand_for_a_certificate_is_told_from_other_refusals(
    failure: Failure, demands: bool
) -> None:
    assert failure.demands_certificate is demands
    assert failure.text.startswith("it demands a certificate of the client: ") is demands


@pytest.mark.parametrize("version", OLD_VERSIONS)
def test_an_old_server_is_told_by_the_version_that_it_chose(version: str) -> None:
    failure = Failure(70, by_server=False, version=version, openssl="unsupported protocol")
    assert failure.text == (f"it speaks no TLS version from 1.2 on: it answers with {version}")
    assert "TLS 1.2 or 1.3" in failure.fix


def test_an_error_of_this_side_is_told_as_this_sides() -> None:
    failure = Failure(10, by_server=False, openssl="unexpected message")
    assert failure.text == (
        "the TLS handshake fails: this machine sends unexpected message "
        "(alert 10, unexpected_message) (OpenSSL: unexpected message)"
    )
    assert Failure(None, by_server=False).text.endswith("cannot go on with what came")


@pytest.mark.parametrize(
    ("reason", "number"),
    [
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", 40),
        ("TLSV1_ALERT_DECODE_ERROR", 50),
        ("TLSV1_ALERT_USER_CANCELLED", 90),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", 116),
        ("TLSV1_UNRECOGNIZED_NAME", 112),
        ("TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE", 113),
        ("WRONG_VERSION_NUMBER", None),
        ("UNSUPPORTED_PROTOCOL", None),
        ("", None),
    ],
)
def test_openssls_words_for_an_alert_are_known(reason: str, number: int | None) -> None:
    assert alert_of_openssl(reason) == number


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(record, st.sampled_from([20, 21, 22, 23]), st.binary(max_size=80)),
            st.builds(
                lambda kind, body: record(22, message(kind, body)),
                st.sampled_from([2, 11, 13]),
                st.binary(max_size=80),
            ),
        ),
        max_size=8,
    ),
    st.integers(1, 40),
)
def test_any_bytes_are_read_alike_in_any_pieces(parts: list[bytes], step: int) -> None:
    wire = b"".join(parts)
    one, other = read(wire, step), read(wire)
    assert (one.alert, one.version, one.requests_certificate) == (
        other.alert,
        other.version,
        other.requests_certificate,
    )
    assert one.version.isprintable()
    assert all(name.islower() for name in ALERTS.values())
