"""Certificates as foreign bytes, and the reasons not to believe them in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.wire.certificate import (
    MAX_NAMES,
    BadCertificate,
    Certificate,
    explain_verify_error,
    read_certificate,
)

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def whole(ca) -> bytes:
    return ca.issue("a.test", "10.0.0.1").der


def certificate(**more: object) -> Certificate:
    usual: dict[str, object] = {
        "subject": "a.test",
        "issuer": "Some CA",
        "issuer_organisation": "",
        "not_before": NOW - timedelta(days=100),
        "not_after": NOW + timedelta(days=100),
        "names": ("a.test",),
    }
    return Certificate(**{**usual, **more})


def test_what_is_asked_of_a_certificate_is_read_from_it(ca) -> None:
    issued = ca.issue("a.test", "*.b.test", "10.0.0.1", "2001:db8::1")
    read = read_certificate(issued.der)
    assert read.subject == "a.test"
    assert read.issuer == "Test Root"
    assert read.names == ("a.test", "*.b.test", "10.0.0.1", "2001:db8::1")
    assert abs(read.not_after - issued.not_after) < timedelta(seconds=1)
    assert not read.self_signed
    assert len(read.sha256) == 64
    assert (read.key, read.signature_hash) == ("EC secp256r1", "sha256")


def test_a_certificate_without_alternative_names_is_for_its_common_name(ca) -> None:
    assert read_certificate(ca.issue(common="old.test").der).names == ("old.test",)


def test_a_certificate_with_a_thousand_names_keeps_a_few_and_counts_the_rest(ca) -> None:
    read = read_certificate(ca.issue(*(f"n{number}.test" for number in range(1000))).der)
    assert len(read.names) == MAX_NAMES
    assert read.more_names == 1000 - MAX_NAMES


def test_control_characters_in_names_are_harmless(ca) -> None:
    read = read_certificate(ca.issue("a.test", common="\x1b[31m\u202eevil").der)
    assert read.subject == r"\x1b[31m\u202eevil"


@given(st.binary(max_size=400))
def test_garbage_is_a_bad_certificate_and_nothing_else(data: bytes) -> None:
    with pytest.raises(BadCertificate):
        read_certificate(data)


@settings(max_examples=300)
@given(data=st.data())
def test_a_damaged_certificate_is_read_or_refused(data, whole: bytes) -> None:
    der = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = read_certificate(bytes(der))
    except BadCertificate:
        return
    text = "".join((read.subject, read.issuer, read.issuer_organisation, *read.names))
    assert text.isprintable()


@pytest.mark.parametrize(
    ("code", "chain", "word", "text"),
    [
        (
            10,
            (certificate(not_after=NOW - timedelta(days=12, hours=1)),),
            "expired",
            "expired on 2026-06-03, 12 days ago",
        ),
        (
            10,
            (certificate(not_after=NOW - timedelta(days=1, hours=1)),),
            "expired",
            "expired on 2026-06-14, 1 day ago",
        ),
        (
            10,
            (certificate(), certificate(subject="Old CA", not_after=NOW - timedelta(days=40))),
            "expired",
            "depends on that of “Old CA”, which expired on 2026-05-06, 40 days ago",
        ),
        (10, (), "expired", "has expired (this machine's clock says 2026-06-15)"),
        (
            9,
            (certificate(not_before=NOW + timedelta(days=2)),),
            "not-yet-valid",
            "is not valid before 2026-06-17 12:00 UTC (this machine's clock says 2026-06-15 12:00)",
        ),
        (62, (certificate(),), "name-mismatch", "is only for a.test, not for h.test"),
        (
            64,
            (certificate(names=tuple("abcdef"), more_names=3),),
            "name-mismatch",
            "is only for a, b, c, d and 5 more, not for h.test",
        ),
        (62, (certificate(names=()),), "name-mismatch", "is only for no name at all, not for"),
        (62, (), "name-mismatch", "is for another name, not for h.test"),
        (18, (certificate(),), "self-signed", "is self-signed and not trusted here"),
        (
            19,
            (certificate(), certificate(subject="Root", issuer="Root")),
            "private-ca",
            "comes from a private CA, “Root”, that is not trusted here",
        ),
        (
            20,
            (certificate(), certificate(subject="Some CA", issuer="Root")),
            "private-ca",
            "comes from a private CA, “Root”",
        ),
        (20, (certificate(),), "missing-intermediate", "is issued by “Some CA”, whose certificate"),
        (21, (), "missing-intermediate", "is issued, whose certificate the server does not send"),
        (66, (certificate(),), "weak", "is too weak for this machine (said openssl)"),
        (23, (certificate(),), "revoked", "is revoked"),
        (79, (certificate(),), "other", "does not verify: said openssl (code 79)"),
    ],
)
def test_every_reason_is_said_as_a_person_understands_it(code, chain, word, text) -> None:
    found = explain_verify_error(code, "said openssl", chain, "h.test", NOW)
    assert found.word == word
    assert found.text.startswith(text)


@given(st.integers(-1, 200), st.text(max_size=300), st.text(max_size=300))
def test_no_code_and_no_name_breaks_the_sentence(code: int, message: str, host: str) -> None:
    found = explain_verify_error(code, message, (), host, NOW)
    assert found.word and found.text.isprintable()
