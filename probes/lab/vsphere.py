"""ESXi host without a login on its three ports: 80, 443 and 902 (vim25 API)."""

from __future__ import annotations

import asyncio
import re
import ssl

from probes.lab.certificates import CertificateAuthority
from probes.lab.http import Handler, Request, Response, serve
from probes.lab.transport import ConnectionHandler, listen_tcp
from probes.wire import vim

ESXI = vim.About(
    name="VMware ESXi",
    version="8.0.1",
    build="21495797",
    vendor="VMware, Inc.",
    product_line="embeddedEsx",
    api_type="HostAgent",
    api_version="8.0.1.0",
)
AUTHD = (
    b"220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP, "
    b"MKSDisplayProtocol:VNC , VMXARGS supported, NFCSSL supported/t\r\n"
)


def api_handler(what: vim.About = ESXI) -> Handler:
    """Handler behind TLS: the API on /sdk, for a POST of RetrieveServiceContent."""

    def answer(request: Request) -> Response:
        content = (("Content-Type", vim.CONTENT_TYPE),)
        if request.target != vim.PATH:
            return Response(404, "Not Found")
        if request.method != "POST":
            return Response(200, "OK", content)
        if b"RetrieveServiceContent" not in request.body:
            return Response(
                500, "Internal Server Error", content, vim.encode_fault("Unknown method")
            )
        return Response(200, "OK", content, vim.encode_about(what))

    return answer


def redirect(request: Request) -> Response:
    """Response on 80: a redirect to the same path over https."""
    host = re.sub(r":[0-9]+$", "", request.header("host"))
    return Response(301, "Moved Permanently", (("Location", f"https://{host}{request.target}"),))


async def start_http(host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
    """Listen like port 80 of an ESXi host."""
    return await serve(redirect, host, port)


async def start_https(
    host: str = "127.0.0.1", port: int = 0, *, what: vim.About = ESXI, name: str = "esx1.example"
) -> asyncio.Server:
    """Listen like port 443 of an ESXi host or a vCenter, with a certificate of its own making."""
    return await serve(api_handler(what), host, port, tls=self_signed(name))


async def start_authd(
    host: str = "127.0.0.1", port: int = 0, *, greeting: bytes = AUTHD
) -> asyncio.Server:
    """Listen like port 902: greet first, then wait for the client to leave."""

    return await listen_tcp(authd_handler(greeting), host, port)


def authd_handler(greeting: bytes = AUTHD) -> ConnectionHandler:
    """Handler of port 902: the greeting."""

    async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        await reader.read(1)

    return greeted


def self_signed(name: str) -> ssl.SSLContext:
    """TLS with a new key and a certificate for this name that only itself vouches for."""
    return CertificateAuthority(name, "VMware, Inc").server_context(name, self_signed=True)
