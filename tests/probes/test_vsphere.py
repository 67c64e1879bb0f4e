from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

import pytest

from probes import vsphere
from probes.judging.check_outcome import VerdictRow, verdict_row
from probes.judging.status import judge
from probes.judging.verdict import judge_capability
from probes.lab import http as lab_http
from probes.lab import vsphere as lab
from probes.model import Service, Status
from probes.registry import PROBES
from probes.wire import vim
from profiles.loader import load_profile
from profiles.model import capabilities_of

CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})

VCENTER = vim.About(
    name="VMware vCenter Server",
    version="8.0.1",
    build="21560480",
    vendor="VMware, Inc.",
    product_line="vpx",
    api_type="VirtualCenter",
    api_version="8.0.1.0",
)
SHORT = 0.4


def port_of(server: asyncio.Server) -> int:
    return server.sockets[0].getsockname()[1]


async def test_esxi_is_named_with_version_build_and_certificate(observed) -> None:
    async with await lab.start_https(name="esx1.example") as server:
        seen = await observed(vsphere.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["summary"] == "VMware ESXi 8.0.1 build-21495797"
    assert seen.facts["api_type"] == "HostAgent"
    assert seen.facts["certificate"]["subject"] == "esx1.example"
    assert seen.facts["tls_version"].startswith("TLS 1.")
    assert seen.timings_ms["tls"] >= 0
    assert "vcenter" not in seen.facts


def other(name: str, line: str, api_type: str = "HostAgent") -> vim.About:
    return replace(lab.ESXI, name=name, product_line=line, api_type=api_type)


OTHERS = [
    (VCENTER, "a vCenter server that manages hosts, not an ESXi host"),
    (other("VMware vCenter Server", "", "VirtualCenter"), "a vCenter server"),
    (other("VMware Workstation", "ws"), "the vSphere API, but not an ESXi host"),
    (other("VMware Server", "gsx"), "the vSphere API, but not an ESXi host"),
    (other("VMware Fusion", "fusion"), "the vSphere API, but not an ESXi host"),
    (other("VMware Site Recovery Manager", "srm", ""), "the vSphere API, but not an ESXi host"),
    (other("", ""), "it does not say that it is an ESXi host"),
]


@pytest.mark.parametrize(("what", "said"), OTHERS, ids=lambda one: getattr(one, "name", None))
async def test_another_product_with_the_api_is_a_warning_that_names_it(
    observed, what: vim.About, said: str
) -> None:
    async with await lab.start_https(what=what) as server:
        seen = await observed(vsphere.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["warning"] is True
    assert seen.facts.get("vcenter", False) is what.is_vcenter
    for text in (seen.facts["summary"], seen.facts["wrong_product"]):
        assert said in str(text)
        assert what.name in str(text)


@pytest.mark.parametrize("authd", [Status.OK, Status.BLOCKED, Status.ERROR])
async def test_the_verdict_of_a_vcenter_named_as_host_says_that_it_is_none(
    observed, kit, authd: Status
) -> None:
    async with await lab.start_https(what=VCENTER) as server:
        seen = await observed(vsphere.ask, port_of(server))
    rows = {
        "esxi.https": verdict_row(judge(kit.job(CATALOG.check("esxi.https")), seen)),
        "esxi.authd": VerdictRow(authd),
        "esxi.http": VerdictRow(Status.OK),
    }
    (audit,) = capabilities_of(CATALOG, "esxi.host")
    found = judge_capability(CATALOG, audit, {}, rows, {})
    missing = authd is Status.BLOCKED
    assert found.fix == (
        ("Name the host that is meant: another product answers here.",) if missing else ()
    )
    assert (
        "HTTPS (TCP 443) has a warning: VMware vCenter Server: a vCenter server that manages "
        "hosts, not an ESXi host (name its hosts: the audit needs each of them)"
    ) in found.text


async def test_a_fault_of_the_api_is_the_api(observed) -> None:
    def refusing(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(
            500, "Internal Server Error", (), vim.encode_fault("not \x1b[2J now")
        )

    async with await lab_http.serve(refusing, tls=lab.self_signed("x")) as server:
        seen = await observed(vsphere.ask, port_of(server))
    # An escape character is not XML, so nothing of this can be believed.
    assert seen.service is Service.UNEXPECTED

    def busy(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(
            500, "Internal Server Error", (), vim.encode_fault("Shutting down")
        )

    async with await lab_http.serve(busy, tls=lab.self_signed("x")) as server:
        seen = await observed(vsphere.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["warning"] is True
    assert "Shutting down" in str(seen.facts["summary"])
    assert seen.facts["shortfall"] == "it does not say which product it is"


async def test_an_answer_without_product_and_fault_is_no_fault(observed) -> None:
    page = vim.encode_about(vim.About("", "", "", "", "", "", "")).split(b"<about>")
    page[1] = page[1].partition(b"</about>")[2]

    def answer(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(200, "OK", (), b"".join(page))

    async with await lab_http.serve(answer, tls=lab.self_signed("x")) as server:
        seen = await observed(vsphere.ask, port_of(server))
    assert seen.facts["summary"] == "The vSphere API answers, and names no product"
    assert seen.facts["warning"] is True
    assert seen.facts["shortfall"] == "it does not say which product it is"


async def test_the_lab_refuses_a_method_it_does_not_have_as_the_api_does(observed) -> None:
    answer = lab.api_handler()(lab_http.Request("POST", "/sdk", (), b"<Logout/>"))
    assert (answer.status, lab.api_handler()(lab_http.Request("GET", "/", ())).status) == (500, 404)


@pytest.mark.parametrize("status", [200, 404, 500])
async def test_another_web_server_behind_tls_is_unexpected(observed, status: int) -> None:
    def other(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(status, "X", (("Server", "nginx/1.22.1"),), b"<html></html>")

    async with await lab_http.serve(other, tls=lab.self_signed("x")) as server:
        seen = await observed(vsphere.ask, port_of(server))
    assert seen.service is Service.UNEXPECTED
    assert f"(nginx/1.22.1) without the vSphere API: HTTP {status}" in str(seen.facts["summary"])


ESXI_PAGE = (
    b"503 Service Unavailable (Failed to connect to endpoint: [N7Vmacore4Http20NamedPipeService"
    b"SpecE:0x1f] _serverNamespace = /sdk _pipeName =/var/run/vmware/proxy-sdk-tunnel)"
)


@pytest.mark.parametrize(
    ("status", "fields", "page", "said", "fix"),
    [
        (
            503,
            (),
            ESXI_PAGE,
            "Open, but the service behind it is down: ESXi's own proxy answers in its place: "
            "HTTP 503",
            "Restart the management agents on the host",
        ),
        (
            503,
            (("server", "envoy"),),
            b"no healthy upstream",
            "Open, but the service behind it is down, or overloaded: a gateway (envoy)",
            "Start the service behind the gateway",
        ),
        (
            502,
            (("Server", "nginx/1.22.1"),),
            b"",
            "Open, but the service behind it is down: a gateway (nginx/1.22.1)",
            "Start the service behind the gateway",
        ),
        (
            503,
            (("X-Squid-Error", "ERR_DNS_FAIL 0"), ("Via", "1.1 gate (squid)")),
            b"",
            "Open, but a proxy on the path answers in the host's place (1.1 gate (squid))",
            "Let the proxy reach the host",
        ),
        (
            400,
            (),
            b"<title>400 No required SSL certificate was sent</title>",
            "Open, but it demands a certificate of the client: HTTP 400",
            "Give the Audit Service a certificate",
        ),
    ],
)
async def test_what_stands_before_vsphere_is_told_with_what_helps(
    observed, status: int, fields: tuple[tuple[str, str], ...], page: bytes, said: str, fix: str
) -> None:
    def answer(request: lab_http.Request) -> lab_http.Response:
        return lab_http.Response(status, "X", fields, page)

    async with await lab_http.serve(answer, tls=lab.self_signed("x")) as server:
        seen = await observed(vsphere.ask, port_of(server))
    assert seen.service is Service.UNEXPECTED
    assert str(seen.facts["summary"]).startswith(said)
    assert str(seen.facts["fix"]).startswith(fix)
    assert seen.facts["http_status"] == status
    assert seen.facts["certificate"]["subject"] == "x"


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        (40, "the server sends handshake failure (alert 40, handshake_failure)"),
        (50, "the server sends decode error (alert 50, decode_error)"),
        (70, "it speaks no TLS version from 1.2 on: protocol version (alert 70"),
        (99, "the server sends alert 99, which no RFC defines"),
    ],
)
async def test_an_alert_is_named_with_the_side_that_sent_it(
    observed, peer, alert: int, said: str
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"\x15\x03\x03\x00\x02\x02" + bytes([alert]))
        await asyncio.Event().wait()

    async with peer(refuse) as port:
        seen = await observed(vsphere.ask, port)
    assert seen.service is Service.UNEXPECTED
    assert said in str(seen.facts["summary"])
    assert seen.facts["unproven"] == "tls"


async def test_plain_http_where_tls_is_expected_is_named(observed, peer) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await asyncio.Event().wait()

    async with peer(plain) as port:
        seen = await observed(vsphere.ask, port)
    assert seen.service is Service.UNEXPECTED
    assert "plain HTTP without TLS" in str(seen.facts["summary"])


async def test_a_banner_before_the_handshake_is_named(observed, peer) -> None:
    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await asyncio.Event().wait()

    async with peer(banner) as port:
        seen = await observed(vsphere.ask, port)
    assert seen.service is Service.UNEXPECTED
    assert "SSH" in str(seen.facts["summary"])


async def test_something_else_inside_tls_is_named(observed) -> None:
    async def mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()
        writer.close()

    tls = lab.self_signed("x")
    async with await asyncio.start_server(mail, "127.0.0.1", 0, ssl=tls) as server:
        seen = await observed(vsphere.ask, port_of(server))
    assert seen.service is Service.UNEXPECTED
    assert "220 mail.example ESMTP" in str(seen.facts["summary"])


async def test_an_old_host_that_speaks_only_tls_1_0_is_still_read(observed) -> None:
    tls = lab.self_signed("old.example")
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1
    async with await lab_http.serve(lab.api_handler(), tls=tls) as server:
        seen = await observed(vsphere.ask, port_of(server))
    assert seen.service is Service.CONFIRMED
    assert seen.facts["tls_version"] == "TLS 1.0"
    assert seen.facts["warning"] is True
    assert "no later than TLS 1.0" in str(seen.facts["summary"])


async def test_bad_manners_end_in_the_right_result_before_the_deadline(
    observed, peer, hostile
) -> None:
    name, server = hostile
    async with peer(server(b"\x16\x03\x03\x40\x00")) as port:
        seen = await observed(vsphere.ask, port, timeout=SHORT)
    expected = {
        "garbage": Service.UNEXPECTED,
        "endless": Service.UNEXPECTED,
    }.get(name, Service.SILENT)
    assert seen.service is expected
    assert str(seen.facts["summary"]).isprintable()
