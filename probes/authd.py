"""VMware's authentication daemon on TCP 902: it speaks first and names itself."""

from __future__ import annotations

from typing import Any

from probes.call import Answer, Call, Unexpected
from probes.model import Service
from probes.wire.authd import Greeting, NotAuthd, greeting


async def ask(call: Call) -> Answer:
    """Read the greeting and send nothing.

    It proves the daemon, not ESXi: VMware's desktop products have one too. Raises Unexpected
    for another greeting, EOFError, OSError and TimeoutError when there was none.
    """
    stream = await call.stream()
    data = b""
    said: Greeting | None = None
    try:
        while said is None:
            try:
                data += await stream.read(1024)
            except EOFError:
                said = greeting(data, ended=True) if data else None
                if said is None:
                    raise
            else:
                said = greeting(data)
    except NotAuthd as error:
        raise Unexpected(str(error)) from None
    login = ", login over TLS only" if said.ssl_required else ""
    facts: dict[str, Any] = {
        "banner": said.banner,
        "version": said.version,
        "features": list(said.features),
        "summary": f"VMware Authentication Daemon {said.version}{login}",
    }
    return Answer(Service.CONFIRMED, facts)
