"""An SSH server that rejects every login (RFC 4253, RFC 4252)."""

from __future__ import annotations

from probes.clients.ssh import asyncssh

OPENSSH = "OpenSSH_9.2p1 Debian-2+deb12u3"


async def start(
    host: str = "127.0.0.1", port: int = 0, *, software: str = OPENSSH
) -> asyncssh.SSHAcceptor:
    """Listen with a host key of its own; a public key or a password is asked for, and refused."""
    return await asyncssh.create_server(
        _RejectingServer,
        host,
        port,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        server_version=software,
    )


class _RejectingServer(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True
