"""The commands of the site's servers, with the files they read; each is started in a namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
REALM, DOMAIN, CONTROLLER = "CORP.SITE.TEST", "CORP", "dc1"
PORTAL_NAMES = ("portal.site.test", "aws.site.test", "azure.site.test", "google.site.test")
COMMUNITY = "public"


@dataclass(frozen=True)
class Server:
    """A command, and when it serves: a line it prints, or the TCP ports it listens on."""

    command: list[str]
    ready_line: str = ""
    ports: tuple[int, ...] = ()


def run(*words: str | os.PathLike[str], text: str | None = None) -> str:
    """Output of a command; its error output is part of the failure."""
    done = subprocess.run(words, capture_output=True, text=True, input=text, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(os.fspath(word) for word in words)}: {done.stderr.strip()}")
    return done.stdout


def ours(kind: str) -> Callable[[Path, str], list[Server]]:
    """One of our own responders."""

    def made(folder: Path, address: str) -> list[Server]:
        words = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-B", "-m", "bench.responders", kind]
        return [Server(words, "ready")]

    return made


def samba_dc(folder: Path, address: str) -> list[Server]:
    """A new domain with its controller; this machine's own smb.conf has no say in it."""
    empty = folder / "empty.conf"
    empty.touch()
    names = ("pid directory", "ncalrpc dir", "ntp signd socket directory", "usershare path")
    run(
        *("samba-tool", "domain", "provision", f"--configfile={empty}", f"--targetdir={folder}"),
        *(f"--realm={REALM}", f"--domain={DOMAIN}", f"--host-name={CONTROLLER}"),
        *(f"--host-ip={address}", "--server-role=dc", "--dns-backend=SAMBA_INTERNAL"),
        "--adminpass=Xyzzy-lab-0",
        *(f"--option={name}={folder}/{name.replace(' ', '-')}" for name in names),
    )
    command = [
        *("samba", "-i", "-M", "single", "-s", str(folder / "etc" / "smb.conf")),
        *("--option=server services=s3fs rpc nbt ldap cldap kdc dns", "--debug-stdout"),
        f"--option=log file={folder}/log.%m",
    ]
    return [Server(command, ports=(53, 88, 135, 139, 389, 445))]


def nas(folder: Path, address: str) -> list[Server]:
    """A file server of a workgroup: smbd on 139 and 445, nmbd on 137 and 138."""
    folders = ("private dir", "lock directory", "state directory", "cache directory")
    lines = ["netbios name = NAS1", "workgroup = SITE", "server role = standalone"]
    lines += ["server string = Storage", "map to guest = never"]
    lines += [f"{name} = {folder}" for name in (*folders, "pid directory", "ncalrpc dir")]
    conf = folder / "smb.conf"
    conf.write_text("\n".join(("[global]", *lines, "")))
    words = ["-F", "--no-process-group", "--debug-stdout", "-s", str(conf), "-l", str(folder)]
    return [Server(["smbd", *words], ports=(139, 445)), Server(["nmbd", *words], "started")]


def sshd(folder: Path, address: str) -> list[Server]:
    """OpenSSH with an RSA, an ECDSA and an Ed25519 key, as it is installed."""
    keys = []
    for kind in ("rsa", "ecdsa", "ed25519"):
        key = folder / kind
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key)
        keys += ["-h", str(key)]
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    program = shutil.which("sshd") or "sshd"
    options = ["-o", "PidFile=none", "-o", "UseDNS=no"]
    return [Server([program, "-D", "-e", "-f", "/dev/null", *keys, *options], ports=(22,))]


def snmpd(*lines: str) -> Callable[[Path, str], list[Server]]:
    """net-snmp that takes v2c and v1 `public` and has these lines in its configuration."""

    def made(folder: Path, address: str) -> list[Server]:
        conf = folder / "snmpd.conf"
        conf.write_text("\n".join((f"rocommunity {COMMUNITY}", *lines, "")))
        command = [
            "env",
            f"SNMP_PERSISTENT_DIR={folder}",
            "snmpd",
            "-f",
            "-Lo",
            "-C",
            "-I",
            "-smux",
        ]
        command += ["-c", str(conf), "-p", str(folder / "snmpd.pid"), "udp:161"]
        return [Server(command, "NET-SNMP version")]

    return made


def router(names: dict[str, str]) -> Callable[[Path, str], list[Server]]:
    """SNMP and the site's DNS."""
    snmp = snmpd("sysName router", "sysLocation Cellar")

    def made(folder: Path, address: str) -> list[Server]:
        known = {**names, "router.site.test": address}
        records = [f"--host-record={name},{where}" for name, where in known.items()]
        command = [
            *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file="),
            *("--user=root", "--bind-interfaces", f"--listen-address={address}", "--no-resolv"),
            *("--no-hosts", "--local=/test/", "--log-facility=-", *records),
        ]
        return [*snmp(folder, address), Server(command, "started")]

    return made


def printer(folder: Path, address: str) -> list[Server]:
    """Raw printing beside an agent that does not tell that it belongs to a printer."""
    return [*ours("printer")(folder, address), *snmpd("sysName floor2")(folder, address)]


def portal(folder: Path, address: str) -> list[Server]:
    """nginx with TLS, and a certificate of the site's own authority in `ca.pem`."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90"]
    root = ["-x509", "-subj", "/O=Site/CN=Site Root"]
    run("openssl", "req", *root, *curve, "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    names = ",".join(f"DNS:{name}" for name in PORTAL_NAMES)
    issue = ["-x509", "-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key")]
    issue += ["-subj", f"/O=Site/CN={PORTAL_NAMES[0]}", "-addext", f"subjectAltName={names}"]
    issue += ["-addext", "basicConstraints=critical,CA:false"]
    run("openssl", "req", *issue, *curve, "-keyout", folder / "key", "-out", folder / "crt")
    places = " ".join(
        f"{what}_temp_path {folder / what};"
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(
        "user root;\ndaemon off;\nworker_processes 1;\nerror_log stderr notice;\n"
        f"pid {folder}/nginx.pid;\nevents {{}}\nhttp {{ access_log off; {places}\n"
        f"server {{ listen 443 ssl; ssl_certificate {folder}/crt;\n"
        f"ssl_certificate_key {folder}/key; default_type text/html;\n"
        "location / { return 200 '<title>AlloyScan</title>'; } } }\n"
    )
    return [Server(["nginx", "-c", str(conf), "-e", "stderr"], "start worker process")]


def nothing(folder: Path, address: str) -> list[Server]:
    """A host whose firewall answers for it."""
    return []
