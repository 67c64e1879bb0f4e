"""Probe of VMware's authentication daemon on TCP 902, which sends a banner first."""

from __future__ import annotations

from typing import Any

from probes.call import Answer, Call, Unexpected
from probes.model import Service
from probes.vantage.stream import read_foreign
from probes.wire.authd import Greeting, NotAuthd, greeting
from probes.wire.unexpected import excerpt


async def ask(call: Call) -> Answer:
    """Read the greeting and send nothing.

    It proves the daemon, not ESXi: VMware's desktop products have one too. Raises Unexpected
    for another greeting, EOFError, OSError and TimeoutError when there was none.
    """
    stream = await call.stream()
    data = b""
    banner: Greeting | None = None
    try:
        while banner is None:
            try:
                data += await stream.read(1024)
            except EOFError:
                banner = greeting(data, ended=True) if data else None
                if banner is None:
                    raise
            else:
                banner = greeting(data)
    except NotAuthd:
        raise Unexpected(excerpt(await read_foreign(stream, data))) from None
    login = ", login over TLS only" if banner.ssl_required else ""
    facts: dict[str, Any] = {
        "banner": banner.banner,
        "version": banner.version,
        "features": list(banner.features),
        "summary": f"VMware Authentication Daemon {banner.version}{login}",
    }
    return Answer(Service.CONFIRMED, facts)
