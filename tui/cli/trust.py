"""Trusted CA and proxy of HTTPS checks, from the command line and the environment."""

from __future__ import annotations

from collections.abc import Mapping

from probes.clients.tls import BadCaFile, check_ca_file
from probes.options import NO_OPTIONS
from probes.options import Options as Given
from probes.wire.proxy import ProxyError, parse_proxy
from tui.cli.options import Options, UsageError

NONE = "none"
"""As --proxy: no proxy, whatever the environment says."""


def trust(options: Options, environ: Mapping[str, str]) -> Given:
    """The CA file and the proxy for the probes; raises UsageError, which never holds a secret.

    --proxy comes before https_proxy and HTTPS_PROXY; no_proxy and NO_PROXY hold for all of them.
    """
    if options.ca_file:
        _check_ca_file(options.ca_file)
    proxy = _proxy(options.proxy, environ)
    no_proxy = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not (options.ca_file or proxy):
        return NO_OPTIONS
    return Given(ca_file=options.ca_file, proxy=proxy, no_proxy=no_proxy)


def _check_ca_file(ca_file: str) -> None:
    try:
        check_ca_file(ca_file)
    except BadCaFile as error:
        raise UsageError(f"--ca-file {error}.") from None


def _proxy(typed: str, environ: Mapping[str, str]) -> str:
    if typed:
        if typed.strip().lower() == NONE:
            return ""
        try:
            login = parse_proxy(typed).has_login
        except ProxyError as error:
            raise UsageError(f"--proxy cannot be used: {error}.") from None
        if login:
            raise UsageError(
                "--proxy takes no login, because every user of this machine can read a command "
                "line; put the URL with the login into the environment as HTTPS_PROXY."
            )
        return typed
    for name in ("https_proxy", "HTTPS_PROXY"):
        url = environ.get(name, "").strip()
        if url:
            try:
                parse_proxy(url)
            except ProxyError as error:
                raise UsageError(
                    f"{name} cannot be used: {error}; --proxy none goes without it."
                ) from None
            return url
    return ""
