"""Certificates that are not believed, by us or by the profile."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from probes import https
from probes.model import Service, Status
from probes.vantage import NotOffered
from probes.wire.certificate import Certificate, VerifyFailure, explain_verify_error

HOST = "alloyscan.test"
OK = b"HTTP/1.1 200 OK\r\nServer: test/1\r\nContent-Length: 2\r\n\r\nhi"


DISTRUSTED = {
    "expired": (
        lambda ca: ca.issue(HOST, begins=-90, ends=-12.5),
        "expired",
        10,
        "Open, but its certificate expired on 20",
    ),
    "early": (
        lambda ca: ca.issue(HOST, begins=3, ends=90),
        "not-yet-valid",
        9,
        "Open, but its certificate is not valid before 20",
    ),
    "name": (
        lambda ca: ca.issue("www.other.test", "other.test"),
        "name-mismatch",
        62,
        "Open, but its certificate is only for www.other.test, other.test, not for alloyscan.test.",
    ),
    "self-signed": (
        lambda ca: ca.issue(HOST, self_signed=True),
        "self-signed",
        18,
        "Open, but its certificate is self-signed and not trusted here: add it to",
    ),
    "intermediate": (
        lambda ca: ca.intermediate("Middle").issue(HOST),
        "missing-intermediate",
        20,
        "Open, but its certificate is issued by “Middle”, whose certificate the server does not",
    ),
}


@pytest.mark.parametrize("kind", DISTRUSTED)
async def test_a_chain_that_is_not_believed_is_blocked_with_the_reason(
    server, asked, ca, ca_file, tmp_path, kind, hello
):
    make, word, code, note = DISTRUSTED[kind]
    async with server(hello, make(ca), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    facts = result.observation.facts
    assert result.status is Status.BLOCKED
    assert (facts["distrust"], facts["verify_code"]) == (word, code)
    assert facts["unproven"] == "certificate"
    assert facts["certificate"]["sha256"]
    assert facts["fix"] == VerifyFailure(word, "").fix
    assert result.observation.service is Service.UNEXPECTED
    assert result.note.startswith(note)


async def test_a_name_in_the_common_name_alone_is_a_warning(
    server, asked, ca, ca_file, tmp_path, hello
):
    async with server(hello, ca.issue(common=HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.WARNING
    assert result.note.startswith(
        "The certificate names the host in its common name alone and has no subjectAltName"
    )
    assert result.observation.facts["certificate"]["common_name_only"] is True
    assert "subjectAltName" in result.observation.facts["fix"]


async def test_an_address_in_the_common_name_alone_is_told_as_that(
    server, asked, ca, ca_file, tmp_path, hello
):
    async with server(hello, ca.issue(common="127.0.0.1"), folder=tmp_path) as (port, _):
        _, result = await asked(port, host="127.0.0.1", ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.note.startswith(
        "Open, but its certificate names 127.0.0.1 in its common name alone, where no address "
        "counts: it has no subjectAltName"
    )
    assert "subjectAltName" in result.observation.facts["fix"]


def test_an_address_that_stands_as_a_dns_name_is_told_as_that():
    now = datetime.now(UTC)
    leaf = Certificate("x", "CA", "", now, now + timedelta(days=9), names=("10.0.0.5", "x.test"))
    found = explain_verify_error(64, "IP address mismatch", [leaf], "10.0.0.5", now)
    assert found.text == (
        "names 10.0.0.5, but not as an address of its subjectAltName, and clients take no other"
    )
    assert "subjectAltName, and an address as one" in found.fix


async def test_a_distrusted_certificate_without_alternative_names_says_both(
    server, asked, ca, tmp_path, hello
):
    issued = ca.issue(common=HOST, self_signed=True)
    async with server(hello, issued, folder=tmp_path) as (port, _):
        _, result = await asked(port)
    assert "is self-signed and not trusted here" in result.note
    assert "it has no subjectAltName, where names are looked for" in result.note


@pytest.mark.parametrize("common", ["other.test", "www.alloyscan.test"])
async def test_a_certificate_without_alternative_names_for_another_host_says_so(
    server, asked, ca, ca_file, tmp_path, hello, common
):
    async with server(hello, ca.issue(common=common), folder=tmp_path) as (port, _):
        _, result = await asked(port, host="127.0.0.1", ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.note.startswith(
        f"Open, but its certificate is only for {common} (its common name; it has no "
        "subjectAltName, where names are looked for), not for 127.0.0.1."
    )


async def test_a_private_authority_is_named_with_what_to_do(
    server, asked, new_ca, ca_file, tmp_path, hello
):
    private = new_ca("Corp Root", "Corp")
    issued = private.issue(HOST, sends=(private,))
    async with server(hello, issued, folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.observation.facts["distrust"] == "private-ca"
    assert "from a private CA, “Corp Root”, that is not trusted here" in result.note
    assert "--ca-file" in result.note


async def test_an_expired_certificate_that_is_also_self_signed_is_told_as_both(
    server, asked, ca, ca_file, tmp_path, hello
):
    issued = ca.issue(HOST, begins=-90, ends=-3.5, self_signed=True)
    async with server(hello, issued, folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert "self-signed" in result.note
    assert "; it also expired on 20" in result.note


async def test_the_reason_is_told_even_if_the_second_connection_comes_to_nothing(
    server, asked, ca, ca_file, tmp_path
):
    first = []

    async def once(reader, writer):
        await reader.read()

    async with server(once, ca.issue(HOST, ends=-1, begins=-2), folder=tmp_path) as seen:
        real = https.unverified_context

        def broken():
            first.append(True)
            raise ConnectionResetError

        https.unverified_context = broken
        try:
            _, result = await asked(seen[0], ca_file=ca_file)
        finally:
            https.unverified_context = real
    assert first
    assert result.status is Status.BLOCKED
    assert "has expired (this machine's clock says" in result.note


async def test_a_name_with_escape_sequences_in_it_is_harmless(
    server, asked, ca, ca_file, tmp_path, hello
):
    issued = ca.issue("other.test", common="\x1b[2Jevil\n")
    async with server(hello, issued, folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert "\x1b" not in json.dumps(dict(result.observation.facts), ensure_ascii=False)
    assert result.observation.facts["certificate"]["subject"] == "\\x1b[2Jevil"


async def test_an_issuer_foreign_to_a_public_name_that_is_believed_is_a_warning(
    server, asked, new_ca, tmp_path, hello
):
    corp = new_ca("Corp Inspection CA", "Corp Security")
    (tmp_path / "corp.pem").write_text(corp.pem)
    async with server(hello, corp.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(
            port, ca_file=str(tmp_path / "corp.pem"), issuers=("Amazon", "DigiCert")
        )
    assert result.status is Status.WARNING
    assert result.observation.facts["interception"] is True
    assert result.note.startswith(
        "TLS interception: “Corp Security” issued the certificate of alloyscan.test, "
        "not Amazon or DigiCert"
    )


async def test_an_issuer_foreign_to_a_public_name_that_is_not_believed_is_called_interception(
    server, asked, new_ca, ca_file, tmp_path, hello
):
    corp = new_ca("Corp Inspection CA", "Corp Security")
    async with server(hello, corp.issue(HOST, sends=(corp,)), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, issuers=("Amazon",))
    assert result.status is Status.BLOCKED
    assert "TLS interception is likely: “Corp Security” issued it, not Amazon" in result.note


async def test_the_issuer_of_a_public_name_is_known_by_how_it_begins(
    server, asked, new_ca, tmp_path, hello
):
    amazon = new_ca("Amazon RSA 2048 M01", "AMAZON Web")
    (tmp_path / "a.pem").write_text(amazon.pem)
    async with server(hello, amazon.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=str(tmp_path / "a.pem"), issuers=("Amazon",))
    assert result.status is Status.OK


async def test_a_ca_file_that_went_away_is_not_run_and_never_blocked(server, asked, tmp_path, mute):
    async with server(mute) as (port, _):
        with pytest.raises(NotOffered, match="there is no such file"):
            await asked(port, ca_file=str(tmp_path / "gone.pem"))
