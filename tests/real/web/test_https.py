"""The program against nginx with certificates of every kind, straight and through squid."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

EXPECTED = {
    "good": ("ok", "TLS 1.3, HTTP 403, certificate by “Middle CA” valid until 20"),
    "tls12": ("ok", "TLS 1.2, HTTP 403, certificate by “Test Root” valid until 20"),
    "clientcert": (
        "warning",
        "It demands a certificate of the client: HTTP 400 Bad Request, “No required SSL "
        "certificate was sent”; give the Audit Service one that it accepts, or exempt it; TLS 1.3",
    ),
    "demands": (
        "warning",
        "TLS 1.3 is right and the server's certificate is trusted, but it demands a certificate "
        "of the client: certificate required (alert 116, certificate_required); give the Audit",
    ),
    "demands12": (
        "warning",
        "TLS 1.2 is right and the server's certificate is trusted, but it demands a certificate "
        "of the client: handshake failure (alert 40, handshake_failure); give the Audit Service",
    ),
    "idle": (
        "blocked",
        "TLS 1.3 is right, but the service behind it is down, or overloaded: a gateway answers in "
        "its place: HTTP 503 Service Unavailable, “No server is available to handle this request”.",
    ),
    "gateway": (
        "blocked",
        "TLS 1.3 is right, but the service behind it is down: a gateway (nginx/",
    ),
    "commonname": ("warning", "The certificate names the host in its common name alone"),
    "old": (
        "blocked",
        "Open, but it speaks no TLS version from 1.2 on: it answers with TLS 1.0.",
    ),
    "soon": ("warning", "The certificate expires in 9 days, on 20"),
    "expired": ("blocked", "Open, but its certificate expired on 20"),
    "early": ("blocked", "Open, but its certificate is not valid before 20"),
    "selfsigned": ("blocked", "Open, but its certificate is self-signed and not trusted here"),
    "misnamed": (
        "blocked",
        "Open, but its certificate is only for other.test, www.other.test, not for misnamed.test.",
    ),
    "halfchain": (
        "blocked",
        "Open, but its certificate is issued by “Middle CA”, whose certificate the server does "
        "not send",
    ),
    "private": ("blocked", "Open, but its certificate comes from a private CA, “Corp Root”"),
    "plain": ("blocked", "Open, but the wrong service answers: plain HTTP without TLS (HTTP/1.1"),
    "closed": ("blocked", "Refused with a TCP reset: nothing listens on 443"),
}


@pytest.fixture(scope="module")
def straight(web):
    """Every server asked without a proxy, with the authority named."""
    hosts = ",".join(f"{kind}.test" for kind in EXPECTED)
    return web.rows("--ca-file", web.ca_file, f"alloyscan.instance={hosts}")


@pytest.mark.parametrize("kind", EXPECTED)
def test_every_certificate_gets_its_status_and_its_reason(straight, kind: str) -> None:
    status, note = EXPECTED[kind]
    row = straight[f"{kind}.test"]
    assert row["note"].startswith(note)
    assert row["status"] == status


def test_the_phases_are_timed_apart_and_the_chain_is_kept(straight) -> None:
    row = straight["good.test"]
    assert set(row["timings_ms"]) == {"resolve", "connect", "tls", "answer"}
    assert row["facts"]["chain"] == ["good.test", "Middle CA"]
    assert row["facts"]["certificate"]["issuer"] == "Middle CA"
    assert row["facts"]["http_server"].startswith("nginx")
    assert straight["selfsigned.test"]["facts"]["certificate"]["subject"] == "selfsigned.test"


def test_without_the_authority_the_same_server_is_refused(web) -> None:
    rows = web.rows("alloyscan.instance=good.test,soon.test")
    assert {row["status"] for row in rows.values()} == {"blocked"}
    assert rows["good.test"]["facts"]["distrust"] == "private-ca"
    assert rows["soon.test"]["facts"]["distrust"] == "missing-intermediate"


def test_a_public_name_with_a_private_issuer_is_called_interception(web) -> None:
    row = web.rows("--ca-file", web.ca_file, "cloud.aws=good.test")["good.test"]
    assert row["status"] == "warning"
    assert row["note"].startswith(
        "TLS interception: “Middle CA” issued the certificate of good.test, not Amazon or DigiCert"
    )


def test_through_squid_every_certificate_is_judged_as_without_it(web) -> None:
    kinds = [kind for kind in EXPECTED if kind not in ("private", "plain", "closed")]
    hosts = ",".join(f"{kind}.test" for kind in kinds)
    rows = web.rows(
        "--ca-file", web.ca_file, "--proxy", "http://proxy.test:3128", f"alloyscan.instance={hosts}"
    )
    for kind in kinds:
        row = rows[f"{kind}.test"]
        status, note = EXPECTED[kind]
        assert row["status"] == status
        assert row["note"].startswith(note)
        assert row["facts"]["proxy"] == "proxy.test:3128"
        assert row["address"] == "127.2.0.1"
        assert "proxy" in row["timings_ms"]


def test_squids_refusals_are_shown_as_squids(web) -> None:
    hosts = "private.test,closed.test,nowhere.test"
    rows = web.rows("--proxy", "proxy.test:3128", f"alloyscan.instance={hosts}")
    assert rows["private.test"]["note"].startswith(
        "The proxy proxy.test:3128 refuses to connect to private.test:443: "
        "403 Forbidden, ERR_ACCESS_DENIED 0."
    )
    assert rows["closed.test"]["note"].startswith(
        "The proxy proxy.test:3128 cannot reach closed.test:443: "
        "503 Service Unavailable, ERR_CONNECT_FAIL"
    )
    # Squid 5 says 500 ERR_CANNOT_FORWARD for a name that does not resolve, others ERR_DNS_FAIL.
    assert rows["nowhere.test"]["note"].startswith(
        "The proxy proxy.test:3128 cannot reach nowhere.test:443: 50"
    )
    assert rows["nowhere.test"]["facts"]["proxy_error"].startswith("ERR_")
    assert {row["status"] for row in rows.values()} == {"blocked"}


def test_a_proxy_that_wants_a_login_gets_it_from_the_environment_and_nothing_shows_it(
    web, tmp_path: Path
) -> None:
    asked = ("--ca-file", web.ca_file, "alloyscan.instance=good.test")
    row = web.rows(*asked, HTTPS_PROXY="http://proxy.test:3129")["good.test"]
    assert row["status"] == "blocked"
    assert row["note"].startswith(
        "The proxy proxy.test:3129 wants a login (Basic): 407 Proxy Authentication Required"
    )
    log = tmp_path / "log.jsonl"
    words = ("run", "--json", "--log", str(log), *asked)
    done = web.run(*words, HTTPS_PROXY="http://audit:hunter2@proxy.test:3129")
    assert done.returncode == 0, done.stdout
    wrong = web.rows(*asked, HTTPS_PROXY="http://audit:hunter3@proxy.test:3129")["good.test"]
    assert "does not accept the login it was given: 407" in wrong["note"]
    secret = base64.b64encode(b"audit:hunter2")
    for text in (done.stdout, done.stderr, log.read_text(encoding="utf-8")):
        assert "hunter2" not in text
        assert secret.decode() not in text
        assert secret.hex() not in text
    assert "hunter3" not in str(wrong)


def test_hosts_in_no_proxy_are_reached_without_it(web) -> None:
    rows = web.rows(
        "--ca-file",
        web.ca_file,
        "alloyscan.instance=good.test,tls12.test",
        HTTPS_PROXY="http://proxy.test:3129",
        NO_PROXY="good.test",
    )
    assert rows["good.test"]["status"] == "ok"
    assert "proxy" not in rows["good.test"]["facts"]
    assert rows["tls12.test"]["facts"]["proxy_status"] == 407


def test_a_proxy_that_is_not_there_is_blamed_and_the_target_is_not(web) -> None:
    rows = web.rows("--proxy", "closed.test:3128", "alloyscan.instance=good.test")
    assert rows["good.test"]["note"].startswith(
        "The proxy closed.test:3128 is not reached: refused with a TCP reset: "
        "nothing listens on 3128,"
    )


def test_other_checks_do_not_go_through_the_proxy(web) -> None:
    rows = web.rows("--proxy", "proxy.test:3128", "unix.target=closed.test")
    assert "proxy" not in rows["closed.test"]["facts"]
    assert rows["closed.test"]["address"] == web.address("closed")


@pytest.mark.parametrize(
    ("host", "check", "said", "fix"),
    [
        (
            "gateway.test",
            "hyperv.host",
            "Open, but the service behind it is down: a gateway (nginx/",
            "Start the service behind the gateway",
        ),
        (
            "idle.test",
            "hyperv.host",
            "Open, but the service behind it is down, or overloaded: a gateway answers",
            "Start the service behind the gateway",
        ),
        (
            "proxy.test",
            "hyperv.host",
            "Open, but a proxy on the path answers in the host's place (squid",
            "Let the proxy reach the host",
        ),
    ],
)
def test_what_stands_before_winrm_is_told_and_named_in_the_change(
    web, host: str, check: str, said: str, fix: str
) -> None:
    done = web.run("run", "--json", "--yes", f"{check}={host}")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    row = next(one for one in records if one["type"] == "result")
    verdict = next(one for one in records if one["type"] == "verdict")
    assert row["status"] == "blocked"
    assert row["note"].startswith(said)
    assert verdict["fix"][0].startswith(fix)


def test_a_squid_before_port_80_is_not_taken_for_the_host(web) -> None:
    done = web.run("run", "--json", "--yes", "esxi.host=proxy.test")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    row = next(one for one in records if one.get("check") == "esxi.http")
    assert row["status"] == "blocked"
    assert "a proxy on the path answers in the host's place (squid" in row["note"]
    assert ", ERR_" in row["note"]
