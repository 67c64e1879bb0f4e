"""A WinRM listener as Windows has it, up to the login (MS-WSMV 3.1.4.1.23, DSP0226 11)."""

from __future__ import annotations

import asyncio

from probes.lab.http import Handler, Request, Response, serve
from probes.wire import wsman

LOGINS = ("Negotiate", "Kerberos")
"""Logins that a Windows computer in a domain offers by default."""

WINDOWS = wsman.Identity(
    protocol="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    vendor="Microsoft Corporation",
    version="OS: 0.0.0 SP: 0.0 Stack: 3.0",
)
"""Identity that a current Windows tells anonymous clients, without the OS version."""

_SERVER = ("Server", "Microsoft-HTTPAPI/2.0")
_NOT_FOUND = (
    b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
    b"<HTML><HEAD><TITLE>Not Found</TITLE></HEAD>"
    b"<BODY><h2>Not Found</h2><p>HTTP Error 404. The requested resource is not found.</p>"
    b"</BODY></HTML>\r\n"
)


def handler(
    who: wsman.Identity = WINDOWS, logins: tuple[str, ...] = LOGINS, *, anonymous: bool = True
) -> Handler:
    """Handler of port 5985; without `anonymous` every request on /wsman needs a login.

    Anonymous Identify is let through by its header (MS-WSMV 3.1.4.1.23), everything else is
    asked for a login (RFC 9110 11.6.1), and what is not /wsman is nobody's URL to HTTP.sys.
    """

    def answer(request: Request) -> Response:
        if request.target.split("?")[0].lower() != wsman.PATH:
            return Response(404, "Not Found", (("Content-Type", "text/html"), _SERVER), _NOT_FOUND)
        name, value = wsman.ANONYMOUS
        asked = request.method == "POST" and request.header(name.lower()) == value
        if asked and anonymous and b"Identify" in request.body:
            fields = (("Content-Type", wsman.CONTENT_TYPE), _SERVER)
            return Response(200, "", fields, wsman.encode_identity(who))
        challenges = tuple(
            ("WWW-Authenticate", 'Basic realm="WSMAN"' if login == "Basic" else login)
            for login in logins
        )
        return Response(401, "", (_SERVER, *challenges))

    return answer


async def start(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    who: wsman.Identity = WINDOWS,
    logins: tuple[str, ...] = LOGINS,
    anonymous: bool = True,
) -> asyncio.Server:
    """Listen like a Windows computer with PowerShell Remoting enabled."""
    return await serve(handler(who, logins, anonymous=anonymous), host, port)
