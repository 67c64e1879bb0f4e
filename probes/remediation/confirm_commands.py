"""Commands by which somebody else confirms a row: nmap, openssl, PortQry and others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from probes.model import Job, Observation, Reason, Result, State
from probes.registry.shell import Command, System, address, bracketed, name
from probes.remediation.model import HOST
from profiles.model import Transport


@dataclass(frozen=True, slots=True)
class Asked:
    """One row as a tool would be told it; every text is an address, a name or a placeholder."""

    probe: str
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


def asked(job: Job, seen: Observation) -> Asked:
    """The row to ask again; through a proxy that was not reached it is the proxy that is asked."""
    host = job.target.host
    safe = address(host, scoped=True) or name(host) or HOST
    at = safe if job.via else address(seen.address, scoped=True) or safe
    port = job.port or 0
    return Asked(
        job.check.probe,
        job.check.transport,
        at,
        safe,
        port,
        _ports(job, seen) or str(port),
        _proxy(job),
        seen.facts,
    )


def _proxy(job: Job) -> str:
    if job.via is None:
        return ""
    host, port = job.via
    known = address(host, scoped=True) or name(host)
    return f"{bracketed(known)}:{port}" if known else ""


def _ports(job: Job, seen: Observation) -> str:
    """Of a range the ports that were tried, as far as they are known."""
    if not job.check.ports:
        return ""
    tried = seen.facts.get("tried")
    if not isinstance(tried, (list, tuple)):
        return job.check.ports
    numbers = [one.get("port") for one in tried if isinstance(one, Mapping)]
    kept = [str(one) for one in numbers if type(one) is int and 0 < one < 65536]
    return ",".join(kept) or job.check.ports


_PATIENCE = "4"
_SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
_VERSIONS = "/sdk/vimServiceVersions.xml"

# A `+` runs a script on a port where nmap does not expect its protocol. Nothing for 9100:
# what a script sends there is printed.
_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "winrm": ("--script", "+http-ntlm-info", "--script-args", "http-ntlm-info.root=/wsman"),
    "kerberos": ("-sV",),
    "rpc": ("-sV",),
    "ssh": ("--script", "+ssh-hostkey"),
    "https": ("--script", "+ssl-cert"),
    "vsphere": ("--script", "+vmware-version"),
    "http_redirect": ("--script", "+http-headers"),
    "authd": ("--script", "+banner"),
    "ldap": ("--script", "+ldap-rootdse"),
    "smb": ("--script", "smb-protocols"),
    "netbios": ("--script", "smb-protocols"),
    "snmp": ("--script", "+snmp-info"),
    "dns": ("--script", "+dns-nsid"),
}
_NODE_STATUS: Final[tuple[str, ...]] = ("--script", "nbstat")


def nmap(what: Asked) -> tuple[str, ...]:
    """The port with its reason, and the service where a script asks for it."""
    six = ("-6",) if what.version == 6 else ()
    if what.transport == "icmp":
        return ("sudo", "nmap", *six, "-n", "-sn", "-PE", "--reason", what.at)
    root = ("sudo",) if what.transport == "udp" else ()
    how = "-sU" if what.transport == "udp" else "-sT"
    script = _NODE_STATUS if _node_status(what) else _SCRIPTS.get(what.probe, ())
    asks = ("-n", "-Pn", how, "-p", what.ports, "--reason", *script)
    return (*root, "nmap", *six, *asks, what.at)


def windows(what: Asked) -> tuple[Command, ...]:
    """Windows' own means, and PortQry for what those cannot ask."""
    if what.transport == "icmp":
        return (
            _windows("Test-NetConnection", what.at),
            _windows("ping", "-n", "1", what.at),
        )
    port = what.ports.partition("-")[0].partition(",")[0]
    query = _windows("portqry", "-n", what.at, "-e", port, "-p", what.transport)
    if what.transport == "udp":
        return (query,)
    return (_windows("Test-NetConnection", what.at, "-Port", port), query)


def https(what: Asked) -> tuple[Command, ...]:
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


def winrm(what: Asked) -> tuple[Command, ...]:
    """WS-Management's Identify, which needs no login (DSP0226 11)."""
    # It brings an XML parser with it, which the screen can start without.
    from probes.wire.wsman import ANONYMOUS, CONTENT_TYPE, IDENTIFY, PATH

    headers = ("-H", f"Content-Type: {CONTENT_TYPE}", "-H", ": ".join(ANONYMOUS))
    url = what.url("http", PATH, 80)
    return (
        _unix("curl", "-sS", "-g", "-i", *headers, "--data", IDENTIFY.decode(), url),
        _windows("Test-WSMan", "-ComputerName", what.host, "-Port", str(what.port)),
    )


def vsphere(what: Asked) -> tuple[Command, ...]:
    """The versions of the API, which vSphere shows without a login."""
    get = ("-sS", "-g", "-k", what.url("https", _VERSIONS, 443))
    return (_unix("curl", *get), _windows("curl.exe", *get))


def redirect(what: Asked) -> tuple[Command, ...]:
    """The redirect that HTTP answers with."""
    get = ("-sS", "-g", "-i", what.url("http", "/", 80))
    return (_unix("curl", *get), _windows("curl.exe", *get))


def ssh(what: Asked) -> tuple[Command, ...]:
    """The identification and host keys, without a login."""
    keys = ("ssh-keyscan", "-T", _PATIENCE, "-p", str(what.port), what.at)
    quiet = ("-F", "none", "-o", "PreferredAuthentications=none", "-o", "StrictHostKeyChecking=no")
    forget = ("-o", "UserKnownHostsFile=/dev/null", "-o", f"ConnectTimeout={_PATIENCE}")
    methods = ("ssh", *quiet, *forget, "-p", str(what.port), f"USER@{what.at}", "exit")
    return (_unix(*keys), _unix(*methods), _windows(*keys))


def snmp(what: Asked) -> tuple[Command, ...]:
    """sysObjectID with the credentials of whoever asks."""
    way = "udp6" if what.version == 6 else "udp"
    end = ("-t", _PATIENCE, "-r", "1", f"{way}:{what.place}", _SYS_OBJECT_ID)
    user = ("-v3", "-l", "authPriv", "-u", "USER", "-a", "SHA-256", "-A", "AUTH-KEY")
    third = _unix("snmpget", *user, "-x", "AES", "-X", "PRIV-KEY", *end)
    second = _unix("snmpget", "-v2c", "-c", "COMMUNITY", *end)
    versions = what.facts.get("versions")
    return (third,) if versions == ["3"] else (second, third)


def dns(what: Asked) -> tuple[Command, ...]:
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


def ldap(what: Asked) -> tuple[Command, ...]:
    """The root DSE, without a login (RFC 4512 5.1)."""
    url = f"ldap://{bracketed(what.at.replace('%', '%25'))}:{what.port}"
    wanted = ("defaultNamingContext", "dnsHostName", "currentTime")
    limit = ("-o", f"nettimeout={_PATIENCE}")
    return (_unix("ldapsearch", "-x", *limit, "-H", url, "-s", "base", "-b", "", *wanted),)


def smb(what: Asked) -> tuple[Command, ...]:
    """The shares, asked without a login: whatever is answered proves SMB."""
    return (_unix("smbclient", "-N", "-L", what.at, "-p", str(what.port)),)


def rpc(what: Asked) -> tuple[Command, ...]:
    """The endpoint mapper's table; PortQry reads it as well."""
    return (_unix("rpcclient", "-N", "-U", "%", f"ncacn_ip_tcp:{what.at}", "-c", "epmlookup"),)


def node_status(what: Asked) -> tuple[Command, ...]:
    """The node status of UDP 137 (RFC 1002 4.2.17), which knows IPv4 only."""
    if not _node_status(what) or what.version == 6:
        return ()
    return (_unix("nmblookup", "-A", what.at), _windows("nbtstat", "-A", what.at))


def ping(what: Asked) -> tuple[Command, ...]:
    """One echo request."""
    return (_unix("ping", "-c", "1", "-W", _PATIENCE, what.at),)


BY_PROBE: Final[Mapping[str, Callable[[Asked], tuple[Command, ...]]]] = {
    "https": https,
    "winrm": winrm,
    "vsphere": vsphere,
    "http_redirect": redirect,
    "ssh": ssh,
    "snmp": snmp,
    "dns": dns,
    "ldap": ldap,
    "smb": smb,
    "netbios": smb,
    "rpc": rpc,
    "udp": node_status,
    "ping": ping,
}


def _node_status(what: Asked) -> bool:
    return what.probe == "udp" and what.port == 137


def _unix(*words: str, unattended: bool = False) -> Command:
    return Command(System.UNIX, words, unattended)


def _windows(*words: str) -> Command:
    return Command(System.WINDOWS, words)


def commands(result: Result, *, windows: bool = False) -> tuple[Command, ...]:
    """Commands that ask the same as a row, those of this system first; secrets are placeholders.

    Empty for a row that was not asked: there is nothing to confirm.
    """
    job, seen = result.job, result.observation
    if seen.reason is Reason.NAME_NOT_RESOLVED:
        found = _name(job)
    elif seen.state in (State.ERROR, State.NOT_RUN):
        found = ()
    else:
        found = _measured(job, seen)
    own = System.WINDOWS if windows else System.UNIX
    # ssh-keyscan and its like are the same on both: once is enough.
    ordered = sorted(found, key=lambda one: one.system is not own)
    first: dict[str, Command] = {}
    for one in ordered:
        first.setdefault(one.text, one)
    return tuple(first.values())


def _measured(job: Job, seen: Observation) -> tuple[Command, ...]:
    what = asked(job, seen)
    if job.via is not None:
        return _proxied(job, what)
    return (
        Command(System.UNIX, nmap(what)),
        *(BY_PROBE[what.probe](what) if what.probe in BY_PROBE else ()),
        *windows(what),
    )


def _proxied(job: Job, what: Asked) -> tuple[Command, ...]:
    """The way to the proxy, and the target through it."""
    host, port = job.dialled
    known = address(host, scoped=True) or name(host)
    if not known or port is None:
        return ()
    way = Asked("tcp", "tcp", known, known, port, str(port), "", {})
    return (
        Command(System.UNIX, nmap(way)),
        *https(what),
        *windows(way),
    )


def _name(job: Job) -> tuple[Command, ...]:
    host = name(job.dialled[0])
    if not host:
        return ()
    return (
        Command(System.UNIX, ("getent", "ahosts", host)),
        Command(System.UNIX, ("dig", "+search", host)),
        Command(System.WINDOWS, ("Resolve-DnsName", host)),
        Command(System.WINDOWS, ("nslookup", host)),
    )
