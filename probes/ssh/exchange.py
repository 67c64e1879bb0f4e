"""Record of the authentication on a connection of asyncssh (RFC 4252)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from probes.clients.ssh import asyncssh
from probes.wire.ssh import (
    DISCONNECT,
    NEWKEYS,
    USERAUTH_FAILURE,
    USERAUTH_REQUEST,
    AuthFailure,
    AuthRequest,
    Malformed,
    auth_failure,
    auth_request,
    disconnect_reason,
)
from probes.wire.text import printable

MAX_TEXT = 160
"""Characters of a message of the server that are kept."""
MAX_EVENTS = 64
"""Requests, answers and messages that are kept."""


class AuthExchange:
    """Requests that were sent on a connection, and what the server made of them, in order.

    asyncssh tells neither a partial success from a failure nor a server that hangs up in the middle
    from one that never got so far.
    """

    def __init__(self) -> None:
        self.keys_exchanged = False
        """True once the key exchange has finished."""
        self.events: list[AuthRequest | AuthFailure | str] = []
        """Requests and failures, and the server's messages as text."""
        self.disconnect: str | None = None
        """Reason the server gave when it ended the connection; None if it gave none."""

    def observe(self, connection: asyncssh.SSHClientConnection) -> None:
        """Record what passes a connection from now on."""
        process, send = connection.process_packet, connection.send_userauth_packet

        def process_packet(kind: int, id: int, packet: Any) -> bool | Awaitable[None]:
            self._on_received(kind, packet.get_remaining_payload())
            return process(kind, id, packet)

        def send_userauth_packet(kind: int, *parts: bytes, **more: Any) -> None:
            if kind == USERAUTH_REQUEST:
                self._add(auth_request(b"".join(parts)))
            send(kind, *parts, **more)

        observed: Any = connection
        observed.process_packet, observed.send_userauth_packet = (
            process_packet,
            send_userauth_packet,
        )

    def words(self, text: str) -> str:
        """Text of the server, short and harmless."""
        return printable(text, MAX_TEXT).strip()

    def add_message(self, text: str) -> None:
        """Record a banner, or an instruction that asks nothing."""
        if shown := self.words(text):
            self._add(shown)

    @property
    def offered(self) -> tuple[str, ...]:
        """Methods that the server offered at first."""
        return next((one.methods for one in self.events if isinstance(one, AuthFailure)), ())

    def since(self, method: str) -> list[AuthRequest | AuthFailure | str]:
        """Events from the first request with a method on; empty without one."""
        for at, event in enumerate(self.events):
            if isinstance(event, AuthRequest) and event.method == method:
                return self.events[at:]
        return []

    def _on_received(self, kind: int, payload: bytes) -> None:
        try:
            if kind == NEWKEYS:
                self.keys_exchanged = True
            elif kind == USERAUTH_FAILURE:
                self._add(auth_failure(payload))
            elif kind == DISCONNECT:
                self.disconnect = disconnect_reason(payload)
        except Malformed:
            # asyncssh finds the same and says what is wrong.
            return

    def _add(self, event: AuthRequest | AuthFailure | str) -> None:
        if len(self.events) < MAX_EVENTS:
            self.events.append(event)
