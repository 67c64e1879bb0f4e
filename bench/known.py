"""Facts of each row of the reference: their place in a record, and their form in nmap's output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SHOWN_MOST = 64
"""Characters of a value in the table."""


@dataclass(frozen=True)
class Fact:
    """One fact; an empty place or pattern is one that never tells it."""

    what: str
    ours: str = ""
    """Its place in a record, with dots; `facts.` is understood."""
    nmap: str = ""
    """A pattern over what nmap says of the port; its first group is the value."""
    reason_left: str = ""
    """Reason to leave it to nmap, as a sentence, where only nmap tells it."""


@dataclass(frozen=True)
class Row:
    """Checks that are asked alike, and what there is to know."""

    checks: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class ComparedFact:
    """One fact as both programs tell it; empty where one does not."""

    what: str
    ours: str
    nmap: str
    reason_left: str = ""
    """Reason why only nmap tells it."""


CERTIFICATE = (
    Fact("certificate of", "certificate.subject", r"ssl-cert:.*?commonName=([^/\n]*)"),
    Fact(
        "its organisation",
        "certificate.subject_organisation",
        r"ssl-cert:[^\n]*organizationName=([^/\n]*)",
    ),
    Fact("its names", "certificate.names", r"Subject Alternative Name: ([^\n]*)"),
    Fact("its issuer", "certificate.issuer", r"Issuer: commonName=([^/\n]*)"),
    Fact("valid until", "certificate.not_after", r"Not valid after: +([^\n]*)"),
    Fact("its key", "certificate.key", r"(Public Key type: \w+\s+Public Key bits: \d+)"),
    Fact("signed with", "certificate.signature_hash", r"Signature Algorithm: ([^\n]*)"),
    Fact("its fingerprint", "certificate.sha256", r"SHA-1: +([^\n]*)"),
)
HTTPS = (
    *CERTIFICATE,
    Fact("TLS version", "tls"),
    Fact("whether it is trusted, and interception", "trusted"),
    Fact("server software", "http_server", r"service: (nginx [\d.]+)"),
    Fact("HTTP status", "http_status"),
    Fact("title of the page", "http_title", r"http-title: ([^\n]*)"),
)
WINRM = (
    Fact("that it is WinRM, and its version", "product", r"(WS-Management|wsman:)"),
    Fact("vendor", "vendor", r"service: (Microsoft) "),
    Fact("ways to log in", "auth_methods", r"http-auth: *([^\n]+)"),
    Fact("server software", "server", r"service: ([^\n]*HTTPAPI[^\n]*)"),
    Fact(
        "title of the page /",
        "",
        r"http-title: ([^\n]*)",
        "WS-Management stands under /wsman; what is under / decides nothing and costs a connection"
        " more.",
    ),
)
SMB = (
    Fact("newest dialect", "dialect", r"smb-protocols:.*?dialects:.*?(\d+)\s*(?:\n\S|\Z)"),
    Fact(
        "older dialects it takes too",
        "",
        r"smb-protocols:\s*dialects:\s*((?:\d+\s+)+)\d+",
        "A server says only the newest of the dialects it is offered: each further one costs a "
        "connection. That it takes nothing but SMB1 is told.",
    ),
    Fact("signing", "signing", r"Message signing (enabled[\w ]*)"),
    Fact("its clock", "server_time", r"smb2-time:\s*date: (\S+)"),
    Fact("computer", "computer", r"(?:nbstat: NetBIOS name: |host )(\w+)"),
    Fact("domain or workgroup", "domain", r"(\w+)<00> +Flags: <group>"),
    Fact("DNS name", "dns_computer", r"FQDN: (\S+)"),
    Fact("ways to log in", "login"),
    Fact("its GUID", "server_guid"),
    Fact("encryption", "cipher"),
    Fact("software", "software", r"service: (Samba smbd [\d.]+)"),
)
SSH = (
    Fact("software", "product", r"service: (OpenSSH)"),
    Fact("version", "version", r"service: OpenSSH (\S+)"),
    Fact("packaged for", "comments", r"service: OpenSSH \S+ (.*?) protocol"),
    Fact("protocol", "protocol", r"protocol ([\d.]+)"),
    Fact(
        "ways to log in", "auth_methods", r"authentication methods:\s*((?:[\w-]+\s+)+?)(?:\S+:|\Z)"
    ),
    Fact("a host key", "host_key_fingerprint", r"ssh-hostkey:\s*([^\n]*)"),
    Fact(
        "types of all its host keys",
        "host_keys",
        r"ssh-hostkey:\s*(\d[^\n]*(?:\n?\s+\d+ \w+ \(\w+\))*)",
    ),
    Fact("algorithms for the key exchange", "key_exchange_algorithms"),
    Fact("ciphers", "ciphers"),
    Fact(
        "fingerprints of its further host keys",
        "",
        r"ssh-hostkey:\s*\d+[^\n]*\n\s*(\d+ \w+ \(\w+\))",
        "A server shows one key a connection, and OpenSSH 9.8 and newer shuts out who connects "
        "often without logging in. The offer tells the types of the others.",
    ),
)
SNMP = (
    Fact("version that answered", "versions", r"service: ([^\n]*SNMP[^\n]*)"),
    Fact("name", "sys_name", r"host (\w+)"),
    Fact("description", "sys_descr", r"snmp-sysdescr: ([^\n]*)"),
    Fact("object id (enterprise)", "sys_object_id", r"enterprise: ([^\n]*)"),
    Fact("uptime", "uptime_s", r"System uptime: (\S+)"),
    Fact("engine id", "engine_id", r"engineIDData: (\S+)"),
    Fact("engine's starts", "engine_boots", r"snmpEngineBoots: (\d+)"),
    Fact("community accepted", "community", r"\((public)\)"),
)
ROWS = (
    Row(("alloyscan.https", "cloud.aws", "cloud.azure", "cloud.google"), HTTPS),
    Row(("windows.winrm", "hyperv.winrm"), WINRM),
    Row(
        ("windows.kerberos",),
        (
            Fact("that it is a KDC", "answer", r"(server time|kerberos-sec)"),
            Fact("realm asked and not refused", "realm"),
            Fact("its clock", "server_time", r"server time: ([^)\n]*)"),
            Fact("its clock's error, s", "clock_skew_s"),
        ),
    ),
    Row(
        ("windows.ldap",),
        (
            Fact("product", "product", r"service: ([^\n(]*LDAP)"),
            Fact("domain", "domain", r"Domain: ([^,)]*)"),
            Fact("controller", "dns_host_name", r"dnsHostName: (\S+)"),
            Fact("site", "site", r"Site: ([\w-]+)"),
            Fact("domain's level", "domain_functional_level", r"domainFunctionality: (\d+)"),
            Fact("forest's level", "forest_functional_level", r"forestFunctionality: (\d+)"),
            Fact("its clock", "server_time", r"currentTime: (\S+)"),
            Fact("naming contexts", "naming_contexts", r"namingContexts: (\S+)"),
            Fact("SASL mechanisms", "sasl_mechanisms", r"supportedSASLMechanisms: (\S+)"),
            Fact("capabilities", "capabilities", r"supportedCapabilities: (\S+)"),
            Fact("controls", "controls", r"supportedControl: (\S+)"),
            Fact("schema", "schema_naming_context", r"schemaNamingContext: (\S+)"),
            Fact("service's name", "ldap_service_name", r"ldapServiceName: (\S+)"),
            Fact("NTDS settings", "ds_service_name", r"dsServiceName: ([^\n]*)"),
            Fact("highest USN", "highest_usn", r"highestCommittedUSN: (\d+)"),
            Fact("global catalog", "global_catalog", r"isGlobalCatalogReady: (\w+)"),
            Fact("synchronized", "synchronized", r"isSynchronized: (\w+)"),
            Fact("vendor", "vendor", r"vendorName: ([^\n]*)"),
            Fact("vendor's version", "vendor_version", r"vendorVersion: ([^\n]*)"),
            Fact(
                "certificate behind STARTTLS",
                "",
                r"ssl-cert: Subject: ([^\n]*)",
                "The audit reads the directory without TLS, so this certificate can neither help "
                "nor hinder it; to see it takes TLS on top of the question.",
            ),
        ),
    ),
    Row(
        ("enable.rpc",),
        (
            Fact("that it is RPC", "summary", r"service: (Microsoft Windows RPC)"),
            Fact("endpoints", "endpoints", r"msrpc-enum:\s*((?:uuid|\{)[^\n]*)"),
            Fact("dynamic ports in use", "ports", r"msrpc-enum:[^E]*tcp_port: (\d+)"),
        ),
    ),
    Row(
        ("enable.rpc_dynamic",),
        (
            Fact("whether they answer", "summary", r"(open)"),
            Fact("which service is behind them", "tried", r"service: (Microsoft Windows RPC)"),
        ),
    ),
    Row(("enable.smb", "enable.netbios", "nas.netbios"), SMB),
    Row(("unix.ssh", "xen.ssh"), SSH),
    Row(
        ("esxi.http",),
        (
            Fact("where it leads", "location", r"redirect to (\S+)"),
            Fact("HTTP status", "http_status", r"HTTP/1\.1 (\d+)"),
        ),
    ),
    Row(
        ("esxi.https",),
        (
            Fact("product", "name", r"Server version: ([^\d\n]*)"),
            Fact("version", "version", r"Server version: [^\d\n]*([\d.]+)"),
            Fact("build", "build", r"Build: (\d+)"),
            Fact("product line", "product_line", r"Product Line ID: (\w+)"),
            Fact("ESXi or vCenter", "api_type"),
            Fact("API version", "api_version"),
            Fact("TLS version", "tls_version"),
            *CERTIFICATE,
        ),
    ),
    Row(
        ("esxi.authd",),
        (
            Fact("product and version", "version", r"Authentication Daemon ([\d.]+)"),
            Fact("greeting", "banner", r"banner: ([^\n]*)"),
            Fact("what it can", "features", r"\((Uses [^)]*)\)"),
        ),
    ),
    Row(("snmp.snmp", "printer.snmp"), SNMP),
    Row(("printer.raw",), (Fact("model, asked over PJL", "pjl_id", r"service: ([^\n]*)"),)),
    Row(
        ("discovery.dns",),
        (
            Fact("software", "software", r"bind\.version: (\S+)"),
            Fact("what it answers", "rcode"),
            Fact("whether it looks names up", "recursion_available"),
        ),
    ),
    Row(
        ("discovery.ping",),
        (
            Fact("round trip, ms", "latency_ms", r"rtt (\d+ us)"),
            Fact("MAC address (same segment only)", "mac", r"mac ([0-9A-F:]+)"),
        ),
    ),
    Row(
        ("discovery.nbns",),
        (
            Fact("computer", "computer", r"NetBIOS name: (\w+)"),
            Fact("workgroup or domain", "workgroup", r"workgroup: (\w+)"),
            Fact("all names", "names", r"Names:\s*([^\n]*)"),
            Fact("MAC in the answer", "mac", r"NetBIOS MAC: (?!0{12})(\w+)"),
        ),
    ),
    Row(("discovery.nbdgm", "enable.udp135", "enable.udp139"), ()),
)


def compare_facts(record: Mapping[str, object], said: str) -> Iterator[ComparedFact]:
    """Facts of a row of a session and of nmap's output about the same port, the state first."""
    yield ComparedFact(
        "state", f"{record['state']}, {record['reason']}", _found(r"\A([^\n]*)", said)
    )
    facts = record["facts"]
    if record["service"] != "confirmed" or not isinstance(facts, Mapping):
        return
    trusted = "interception" if facts.get("interception") else "yes"
    known = {**record, **facts, "trusted": trusted}
    for row in ROWS:
        for fact in row.facts if record["check"] in row.checks else ():
            yield ComparedFact(
                fact.what, _at(known, fact.ours), _found(fact.nmap, said), fact.reason_left
            )


def _at(known: Mapping[str, object], place: str) -> str:
    value: object = known if place else None
    for part in place.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        more = f" and {len(value) - 3} more" if len(value) > 3 else ""
        listed = (one.get("name", one) if isinstance(one, Mapping) else one for one in value[:3])
        return _short(", ".join(map(str, listed)) + more)
    return "" if value is None else _short(str(value))


def _found(pattern: str, said: str) -> str:
    match = re.search(pattern, said, re.DOTALL) if pattern else None
    return _short(" ".join(match[1].split())) if match else ""


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_MOST else text[: SHOWN_MOST - 1] + "…"
