"""Secrets among the options of a run, as the mask that holds while a probe runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from probes.options import DEFAULT_COMMUNITY, Options
from probes.wire.masking import SecretMask, mask_of
from probes.wire.proxy import Proxy, ProxyError, parse_proxy


@lru_cache(maxsize=1)
def secret_mask(options: Options) -> SecretMask:
    """The mask over every secret of these options, made once for all probes that use them."""
    communities = [one.community for one in options.snmp]
    secrets = frozenset(_secrets(options))
    # A user of letters alone may be a part of other words.
    users = frozenset(_proxy_user(options))
    names = frozenset(one for one in users if re.fullmatch(r"\w+", one))
    return mask_of(secrets | (users - names), names, communities)


def _secrets(options: Options) -> Iterator[str]:
    for one in options.snmp:
        yield one.community if one.community != DEFAULT_COMMUNITY else ""
        yield from (one.auth_key, one.priv_key)
    if options.ssh is not None:
        yield options.ssh.password
    if proxy := _proxy(options):
        yield from (proxy.password, f"{proxy.user}:{proxy.password}")


def _proxy_user(options: Options) -> Iterator[str]:
    """The user of the proxy, but for an account that notes name anyway."""
    shown = {one.user for one in options.snmp}
    shown |= {options.ssh.user} if options.ssh is not None else set()
    if (proxy := _proxy(options)) and proxy.user not in shown:
        yield proxy.user


def _proxy(options: Options) -> Proxy | None:
    """The proxy where it has a login."""
    try:
        proxy = parse_proxy(options.proxy)
    except ProxyError:
        return None
    return proxy if proxy.has_login else None
