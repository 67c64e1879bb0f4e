"""Commands that ask as a probe does, with the tools that other people have.

Each function takes one row and returns the commands of every system; secrets are placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.registry.shell import Command, System, address, bracketed, name
from profiles.model import Transport

_PATIENCE = "4"
_SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
_VERSIONS = "/sdk/vimServiceVersions.xml"
_NODE_STATUS_PORT = 137


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """One row as a tool would be told it; every text is an address, a name or a placeholder."""

    transport: Transport
    at: str
    """The address that was measured, else the host; for what asks for a name use `host`."""
    host: str
    port: int
    ports: str
    """The ports to look at, as nmap writes them."""
    proxy: str
    """HOST:PORT of the proxy, empty without one."""
    facts: Mapping[str, object]

    @property
    def version(self) -> int:
        """The version of IP."""
        return 6 if ":" in self.at else 4

    @property
    def named(self) -> bool:
        """Whether the host was given by a name."""
        return not address(self.host)

    @property
    def place(self) -> str:
        """ADDRESS:PORT with brackets where they belong."""
        return f"{bracketed(self.at)}:{self.port}"

    def url(self, scheme: str, path: str, usual: int) -> str:
        """A URL of this host (RFC 3986); a scope is escaped (RFC 6874)."""
        host = bracketed(self.host.replace("%", "%25"))
        return f"{scheme}://{host}{'' if self.port == usual else f':{self.port}'}{path}"


def https(what: CommandTarget) -> tuple[Command, ...]:
    """The handshake with the host's name, its chain verified, and the HTTP answer."""
    via = ("-proxy", what.proxy) if what.proxy else ()
    # The measured address, unless it is the proxy that resolves the name.
    place = f"{bracketed(what.host)}:{what.port}" if via else what.place
    proven: tuple[str, ...] = ("-verify_ip", what.host.partition("%")[0], "-noservername")
    if what.named:
        proven = ("-servername", what.host, "-verify_hostname", what.host)
    through = ("-x", f"http://{what.proxy}") if what.proxy else ()
    get = ("-sS", "-g", "-i", *through, what.url("https", "/", 443))
    return (
        _unix("openssl", "s_client", *via, "-connect", place, *proven, unattended=True),
        _unix("curl", *get),
        _windows("curl.exe", *get),
    )


def winrm(what: CommandTarget) -> tuple[Command, ...]:
    """WS-Management's Identify, which needs no login (DSP0226 11)."""
    # It brings an XML parser with it, which the table can do without.
    from probes.wire.wsman import ANONYMOUS, CONTENT_TYPE, IDENTIFY, PATH

    headers = ("-H", f"Content-Type: {CONTENT_TYPE}", "-H", ": ".join(ANONYMOUS))
    url = what.url("http", PATH, 80)
    return (
        _unix("curl", "-sS", "-g", "-i", *headers, "--data", IDENTIFY.decode(), url),
        _windows("Test-WSMan", "-ComputerName", what.host, "-Port", str(what.port)),
    )


def vsphere(what: CommandTarget) -> tuple[Command, ...]:
    """The versions of the API, which vSphere shows without a login."""
    get = ("-sS", "-g", "-k", what.url("https", _VERSIONS, 443))
    return (_unix("curl", *get), _windows("curl.exe", *get))


def http_redirect(what: CommandTarget) -> tuple[Command, ...]:
    """The redirect that HTTP answers with."""
    get = ("-sS", "-g", "-i", what.url("http", "/", 80))
    return (_unix("curl", *get), _windows("curl.exe", *get))


def ssh(what: CommandTarget) -> tuple[Command, ...]:
    """The identification and host keys, without a login."""
    keys = ("ssh-keyscan", "-T", _PATIENCE, "-p", str(what.port), what.at)
    quiet = ("-F", "none", "-o", "PreferredAuthentications=none", "-o", "StrictHostKeyChecking=no")
    forget = ("-o", "UserKnownHostsFile=/dev/null", "-o", f"ConnectTimeout={_PATIENCE}")
    methods = ("ssh", *quiet, *forget, "-p", str(what.port), f"USER@{what.at}", "exit")
    return (_unix(*keys), _unix(*methods), _windows(*keys))


def snmp(what: CommandTarget) -> tuple[Command, ...]:
    """sysObjectID with the credentials of whoever asks."""
    way = "udp6" if what.version == 6 else "udp"
    end = ("-t", _PATIENCE, "-r", "1", f"{way}:{what.place}", _SYS_OBJECT_ID)
    user = ("-v3", "-l", "authPriv", "-u", "USER", "-a", "SHA-256", "-A", "AUTH-KEY")
    third = _unix("snmpget", *user, "-x", "AES", "-X", "PRIV-KEY", *end)
    second = _unix("snmpget", "-v2c", "-c", "COMMUNITY", *end)
    versions = what.facts.get("versions")
    return (third,) if versions == ["3"] else (second, third)


def dns(what: CommandTarget) -> tuple[Command, ...]:
    """The question the probe asked, or the name servers of the root."""
    words = str(what.facts.get("question", "")).split()
    known = len(words) == 2 and words[1] in ("A", "PTR")
    asked = name(words[0].rstrip(".")) if known else ""
    kind = words[1] if asked else "NS"
    asked = asked or "."
    server = f"@{what.at}"
    dig = ("dig", server, "-p", str(what.port), "+tries=2", f"+time={_PATIENCE}", asked, kind)
    if what.port != 53:
        return (_unix(*dig),)
    look = ("Resolve-DnsName", "-Server", what.at, "-DnsOnly", "-Type", kind, "-Name", asked)
    return (_unix(*dig), _windows(*look))


def ldap(what: CommandTarget) -> tuple[Command, ...]:
    """The root DSE, without a login (RFC 4512 5.1)."""
    url = f"ldap://{bracketed(what.at.replace('%', '%25'))}:{what.port}"
    wanted = ("defaultNamingContext", "dnsHostName", "currentTime")
    limit = ("-o", f"nettimeout={_PATIENCE}")
    return (_unix("ldapsearch", "-x", *limit, "-H", url, "-s", "base", "-b", "", *wanted),)


def smb(what: CommandTarget) -> tuple[Command, ...]:
    """The shares, asked without a login: whatever is answered proves SMB."""
    return (_unix("smbclient", "-N", "-L", what.at, "-p", str(what.port)),)


def rpc(what: CommandTarget) -> tuple[Command, ...]:
    """The endpoint mapper's table; PortQry reads it as well."""
    return (_unix("rpcclient", "-N", "-U", "%", f"ncacn_ip_tcp:{what.at}", "-c", "epmlookup"),)


def node_status(what: CommandTarget) -> tuple[Command, ...]:
    """The node status of UDP 137 (RFC 1002 4.2.17), which knows IPv4 only."""
    if what.port != _NODE_STATUS_PORT or what.version == 6:
        return ()
    return (_unix("nmblookup", "-A", what.at), _windows("nbtstat", "-A", what.at))


def ping(what: CommandTarget) -> tuple[Command, ...]:
    """One echo request."""
    return (_unix("ping", "-c", "1", "-W", _PATIENCE, what.at),)


def _unix(*words: str, unattended: bool = False) -> Command:
    return Command(System.UNIX, words, unattended)


def _windows(*words: str) -> Command:
    return Command(System.WINDOWS, words)
