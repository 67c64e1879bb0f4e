"""Proxy routing: the checks that go through the HTTP proxy, and the hosts that bypass it."""

from __future__ import annotations

from probes.engine.plan import Route, direct
from probes.options import Options
from probes.registry import probe_of
from probes.wire.proxy import is_bypassed, parse_proxy
from profiles.model import Check


def route(options: Options) -> Route:
    """The way of every check under these options; raises ProxyError."""
    if not options.proxy:
        return direct
    proxy = parse_proxy(options.proxy)

    def proxy_for(check: Check, host: str, port: int | None) -> tuple[str, int] | None:
        if not probe_of(check).proxied or is_bypassed(options.no_proxy, host, port):
            return None
        return proxy.host, proxy.port

    return proxy_for
