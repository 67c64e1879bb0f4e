"""An ESXi host on 127.0.0.1 and a Windows one on 127.0.0.2: prints `ready` once both listen."""

import asyncio

from probes.lab import vsphere, winrm


async def main() -> None:
    servers = [
        await vsphere.start_http("127.0.0.1", 80),
        await vsphere.start_https("127.0.0.1", 443),
        await vsphere.start_authd("127.0.0.1", 902),
        await winrm.start("127.0.0.2", 5985, logins=("Negotiate", "Kerberos", "CredSSP")),
    ]
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
