"""Commands that send the same as a probe, with common tools.

Each function takes one row and returns the commands of every system; secrets are placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.registry.shell import Command, System, address, bracketed
from probes.wire.address import plain_name
from profiles.model import Transport

_TIMEOUT_S = "4"
_SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
_VERSIONS = "/sdk/vimServiceVersions.xml"
_NODE_STATUS_PORT = 137
_MAPPER_PORT = 135


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """Target of a command; every text is an address, a name or a placeholder."""

    transport: Transport
    address: str
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
        return 6 if ":" in self.address else 4

    @property
    def has_name(self) -> bool:
        """True if the host was given by a name."""
        return not address(self.host)

    @property
    def endpoint(self) -> str:
        """ADDRESS:PORT with brackets where they belong."""
        return f"{bracketed(self.address)}:{self.port}"

    def url(self, scheme: str, path: str, usual: int) -> str:
        """A URL of this host (RFC 3986); a scope is escaped (RFC 6874)."""
        host = bracketed(self.host.replace("%", "%25"))
        return f"{scheme}://{host}{'' if self.port == usual else f':{self.port}'}{path}"


def https(target: CommandTarget) -> tuple[Command, ...]:
    """The handshake with the host's name, its chain verified, and the HTTP answer."""
    openssl_proxy = ("-proxy", target.proxy) if target.proxy else ()
    # The measured address, unless it is the proxy that resolves the name.
    endpoint = f"{bracketed(target.host)}:{target.port}" if openssl_proxy else target.endpoint
    verification: tuple[str, ...] = ("-verify_ip", target.host.partition("%")[0], "-noservername")
    if target.has_name:
        verification = ("-servername", target.host, "-verify_hostname", target.host)
    curl_proxy = ("-x", f"http://{target.proxy}") if target.proxy else ()
    get = ("-sS", "-g", "-i", *curl_proxy, target.url("https", "/", 443))
    return (
        _unix(
            "openssl",
            "s_client",
            *openssl_proxy,
            "-connect",
            endpoint,
            *verification,
            unattended=True,
        ),
        _unix("curl", *get),
        _windows("curl.exe", *get),
    )


def winrm(target: CommandTarget) -> tuple[Command, ...]:
    """WS-Management's Identify, which needs no login (DSP0226 11)."""
    # It brings an XML parser with it, which the table can do without.
    from probes.wire.wsman import ANONYMOUS, CONTENT_TYPE, IDENTIFY, PATH

    headers = ("-H", f"Content-Type: {CONTENT_TYPE}", "-H", ": ".join(ANONYMOUS))
    url = target.url("http", PATH, 80)
    return (
        _unix("curl", "-sS", "-g", "-i", *headers, "--data", IDENTIFY.decode(), url),
        _windows("Test-WSMan", "-ComputerName", target.host, "-Port", str(target.port)),
    )


def vsphere(target: CommandTarget) -> tuple[Command, ...]:
    """The versions of the API, which vSphere shows without a login."""
    get = ("-sS", "-g", "-k", target.url("https", _VERSIONS, 443))
    return (_unix("curl", *get), _windows("curl.exe", *get))


def http_redirect(target: CommandTarget) -> tuple[Command, ...]:
    """The redirect that HTTP answers with."""
    get = ("-sS", "-g", "-i", target.url("http", "/", 80))
    return (_unix("curl", *get), _windows("curl.exe", *get))


def ssh(target: CommandTarget) -> tuple[Command, ...]:
    """The identification and host keys, without a login."""
    keys = ("ssh-keyscan", "-T", _TIMEOUT_S, "-p", str(target.port), target.address)
    options = (
        "-F",
        "none",
        "-o",
        "PreferredAuthentications=none",
        "-o",
        "StrictHostKeyChecking=no",
    )
    host_options = ("-o", "UserKnownHostsFile=/dev/null", "-o", f"ConnectTimeout={_TIMEOUT_S}")
    methods = (
        "ssh",
        *options,
        *host_options,
        "-p",
        str(target.port),
        f"USER@{target.address}",
        "exit",
    )
    return (_unix(*keys), _unix(*methods), _windows(*keys))


def snmp(target: CommandTarget) -> tuple[Command, ...]:
    """sysObjectID with the credentials of whoever asks."""
    transport = "udp6" if target.version == 6 else "udp"
    end = ("-t", _TIMEOUT_S, "-r", "1", f"{transport}:{target.endpoint}", _SYS_OBJECT_ID)
    user = ("-v3", "-l", "authPriv", "-u", "USER", "-a", "SHA-256", "-A", "AUTH-KEY")
    v3 = _unix("snmpget", *user, "-x", "AES", "-X", "PRIV-KEY", *end)
    v2c = _unix("snmpget", "-v2c", "-c", "COMMUNITY", *end)
    versions = target.facts.get("versions")
    return (v3,) if versions == ["3"] else (v2c, v3)


def dns(target: CommandTarget) -> tuple[Command, ...]:
    """The question the probe asked, or the name servers of the root."""
    words = str(target.facts.get("question", "")).split()
    known = len(words) == 2 and words[1] in ("A", "PTR")
    question = plain_name(words[0].rstrip(".")) if known else ""
    kind = words[1] if question else "NS"
    question = question or "."
    server = f"@{target.address}"
    dig = ("dig", server, "-p", str(target.port), "+tries=2", f"+time={_TIMEOUT_S}", question, kind)
    if target.port != 53:
        return (_unix(*dig),)
    resolve = (
        "Resolve-DnsName",
        "-Server",
        target.address,
        "-DnsOnly",
        "-Type",
        kind,
        "-Name",
        question,
    )
    return (_unix(*dig), _windows(*resolve))


def ldap(target: CommandTarget) -> tuple[Command, ...]:
    """The root DSE, without a login (RFC 4512 5.1)."""
    url = f"ldap://{bracketed(target.address.replace('%', '%25'))}:{target.port}"
    wanted = ("defaultNamingContext", "dnsHostName", "currentTime")
    limit = ("-o", f"nettimeout={_TIMEOUT_S}")
    return (_unix("ldapsearch", "-x", *limit, "-H", url, "-s", "base", "-b", "", *wanted),)


def smb(target: CommandTarget) -> tuple[Command, ...]:
    """The shares, asked without a login: whatever is answered proves SMB."""
    return (_unix("smbclient", "-N", "-L", target.address, "-p", str(target.port)),)


def rpc(target: CommandTarget) -> tuple[Command, ...]:
    """The endpoint mapper's table; PortQry reads it as well."""
    # A binding names a port that is not the mapper's usual one (C706 appendix L).
    endpoint = "" if target.port == _MAPPER_PORT else f"[{target.port}]"
    binding = f"ncacn_ip_tcp:{target.address}{endpoint}"
    return (_unix("rpcclient", "-N", "-U", "%", binding, "-c", "epmlookup"),)


def node_status(target: CommandTarget) -> tuple[Command, ...]:
    """The node status of UDP 137 (RFC 1002 4.2.17), which knows IPv4 only."""
    if target.port != _NODE_STATUS_PORT or target.version == 6:
        return ()
    return (_unix("nmblookup", "-A", target.address), _windows("nbtstat", "-A", target.address))


def ping(target: CommandTarget) -> tuple[Command, ...]:
    """One echo request."""
    return (_unix("ping", "-c", "1", "-W", _TIMEOUT_S, target.address),)


def _unix(*words: str, unattended: bool = False) -> Command:
    return Command(System.UNIX, words, unattended)


def _windows(*words: str) -> Command:
    return Command(System.WINDOWS, words)
