"""An ESXi host as its three ports show it without a login: 80, 443 and 902 (vim25 API)."""

from __future__ import annotations

import asyncio
import re
import ssl
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from probes.lab.http import Handler, Received, Reply, serve
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
VCENTER = vim.About(
    name="VMware vCenter Server",
    version="8.0.1",
    build="21560480",
    vendor="VMware, Inc.",
    product_line="vpx",
    api_type="VirtualCenter",
    api_version="8.0.1.0",
)
AUTHD = (
    b"220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP, "
    b"MKSDisplayProtocol:VNC , VMXARGS supported, NFCSSL supported/t\r\n"
)


def web(what: vim.About = ESXI) -> Handler:
    """What answers behind TLS: the API on /sdk to a POST of RetrieveServiceContent."""

    def answer(request: Received) -> Reply:
        content = (("Content-Type", vim.CONTENT_TYPE),)
        if request.target != vim.PATH:
            return Reply(404, "Not Found")
        if request.method != "POST":
            return Reply(200, "OK", content)
        if b"RetrieveServiceContent" not in request.body:
            return Reply(500, "Internal Server Error", content, vim.refused("Unknown method"))
        return Reply(200, "OK", content, vim.written(what))

    return answer


def redirect(request: Received) -> Reply:
    """What answers on 80: every path leads to the same one over https."""
    host = re.sub(r":[0-9]+$", "", request.header("host"))
    return Reply(301, "Moved Permanently", (("Location", f"https://{host}{request.target}"),))


async def start_http(host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
    """Listen like port 80 of an ESXi host."""
    return await serve(redirect, host, port)


async def start_https(
    host: str = "127.0.0.1", port: int = 0, *, what: vim.About = ESXI, name: str = "esx1.example"
) -> asyncio.Server:
    """Listen like port 443 of an ESXi host or a vCenter, with a certificate of its own making."""
    return await serve(web(what), host, port, tls=self_signed(name))


async def start_authd(
    host: str = "127.0.0.1", port: int = 0, *, greeting: bytes = AUTHD
) -> asyncio.Server:
    """Listen like port 902: greet first, then wait for the client to leave."""

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            writer.write(greeting)
            await writer.drain()
            await reader.read(1)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    return await asyncio.start_server(accepted, host, port)


def self_signed(name: str) -> ssl.SSLContext:
    """TLS with a new key and a certificate for this name that only itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "VMware, Inc"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        # Python reads keys from files only; this one is gone before anybody connects.
        path = Path(folder) / "server.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(path)
    return context
