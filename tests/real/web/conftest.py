"""A network namespace with web servers of every kind of certificate, gateways and a squid.

Every name is an address of its own on loopback; the proxy is proxy.test (127.2.0.1).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.processes import listen, run

ROOT = Path(__file__).parents[3]
PROXY = "127.2.0.1"
KINDS = (
    "good",
    "expired",
    "early",
    "selfsigned",
    "misnamed",
    "halfchain",
    "private",
    "soon",
    "tls12",
    "clientcert",
    "commonname",
    "old",
    "gateway",
)
HAPROXY = ("demands", "demands12", "idle")
"""haproxy that demands a certificate of the client, in TLS 1.3 and 1.2, and one without servers."""
PLAIN = "plain"
"""nginx without TLS on 443."""
CLOSED = "closed"


@dataclass(frozen=True)
class Web:
    """The namespace, and how the program is run in it."""

    namespace: str
    folder: Path
    ca_file: str

    def rows(self, *words: str, **environ: str) -> dict[str, dict[str, object]]:
        """Run the program without a screen; its result records by host."""
        done = self.run("run", "--json", "--yes", *words, **environ)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert records, done.stderr
        return {one["host"]: one for one in records if one["type"] == "result"}

    def address(self, kind: str) -> str:
        """The address of one kind of server."""
        return address(kind)

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the program in the namespace."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.lower() not in ("https_proxy", "no_proxy")
        }
        return subprocess.run(
            ["ip", "netns", "exec", self.namespace, sys.executable, "-m", "tui", *words],
            cwd=ROOT,
            env={**kept, "XDG_STATE_HOME": str(self.folder / "state"), **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="session")
def web(
    need: Callable[..., None], ca, new_ca, ca_file: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    """The servers, up and listening; taken down whatever happens."""
    need("ip", "nginx", "squid", "haproxy", "openssl", "dnsmasq")
    folder = tmp_path_factory.mktemp("web")
    name = f"web{os.getpid()}"
    with ExitStack() as down:
        run("ip", "netns", "add", name)
        down.callback(run, "ip", "netns", "delete", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        place = Path("/etc/netns") / name
        place.mkdir(parents=True)
        down.callback(shutil.rmtree, place)
        hosts = {PROXY: "proxy.test", **{address(kind): f"{kind}.test" for kind in EVERY}}
        (place / "hosts").write_text("".join(f"{one} {host}\n" for one, host in hosts.items()))
        (place / "resolv.conf").write_text("nameserver 127.2.0.53\n")
        servers = (dnsmasq(), nginx(folder, ca, new_ca), haproxy(folder, ca), squid(folder))
        for words, sign in servers:
            listen(["ip", "netns", "exec", name, *words], sign, down)
        yield Web(name, folder, ca_file)


EVERY = (*KINDS, PLAIN, CLOSED, *HAPROXY)


def address(kind: str) -> str:
    """The address of one kind of server."""
    return f"127.2.1.{EVERY.index(kind) + 1}"


def certificates(ca, new_ca) -> dict[str, object]:
    """Start page of each server."""
    middle = ca.intermediate("Middle CA")
    corp = new_ca("Corp Root", "Corp")
    return {
        "good": middle.issue("good.test", ends=300, sends=(middle,)),
        "expired": ca.issue("expired.test", begins=-100, ends=-10.5),
        "early": ca.issue("early.test", begins=5, ends=100),
        "selfsigned": ca.issue("selfsigned.test", self_signed=True),
        "misnamed": ca.issue("other.test", "www.other.test"),
        "halfchain": middle.issue("halfchain.test"),
        "private": corp.issue("private.test", sends=(corp,)),
        "soon": ca.issue("soon.test", ends=9.5),
        "tls12": ca.issue("tls12.test"),
        "clientcert": ca.issue("clientcert.test"),
        "commonname": ca.issue(common="commonname.test"),
        "old": ca.issue("old.test"),
        "gateway": ca.issue("gateway.test"),
    }


def dnsmasq() -> tuple[list[str], str]:
    """The command of a name server that knows no name, for squid."""
    return [
        *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file="),
        *("--user=root", "--bind-interfaces", "--listen-address=127.2.0.53"),
        *("--no-resolv", "--no-hosts", "--local=/test/", "--log-facility=-"),
    ], "started"


def nginx(folder: Path, ca, new_ca) -> tuple[list[str], str]:
    """The command of the web servers, and what it prints once it listens."""
    servers = [f"server {{ listen {address(PLAIN)}:443; return 200 'plain'; }}"]
    for kind, issued in certificates(ca, new_ca).items():
        chain, key = issued.files(folder, kind)
        more = {
            "tls12": "ssl_protocols TLSv1.2;",
            "clientcert": f"ssl_verify_client on; ssl_client_certificate {chain};",
            "old": "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;",
        }
        says = "return 403 'no';"
        if kind == "gateway":
            # 5985 too: WinRM behind a gateway that reaches nothing.
            more[kind] = f"listen {address(kind)}:5985; listen {address(kind)}:80;"
            says = f"location / {{ proxy_pass http://{address(CLOSED)}:9; }}"
        servers.append(
            f"server {{ listen {address(kind)}:443 ssl; ssl_certificate {chain}; "
            f"ssl_certificate_key {key}; {more.get(kind, '')} {says} }}"
        )
    places = " ".join(
        f"{what}_temp_path {folder / what};"
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(
        "user root;\ndaemon off;\nworker_processes 1;\nerror_log stderr notice;\n"
        f"pid {folder}/nginx.pid;\nevents {{}}\n"
        "http {\naccess_log off;\nssl_protocols TLSv1.2 TLSv1.3;\n"
        + places
        + "\n"
        + "\n".join(servers)
        + "\n}\n"
    )
    return ["nginx", "-c", str(conf), "-e", "stderr"], "start worker process"


def haproxy(folder: Path, ca) -> tuple[list[str], str]:
    """The command of the gateways, and what it prints once it listens."""
    parts = [
        *("global", "log stdout format raw local0 notice"),
        *("defaults", "mode http", "timeout connect 1s", "timeout client 5s", "timeout server 5s"),
        "backend empty",
    ]
    for kind in HAPROXY:
        chain, key = ca.issue(f"{kind}.test").files(folder, kind)
        pem = folder / f"{kind}.pem"
        pem.write_text(chain.read_text() + key.read_text())
        demand = f"verify required ca-file {chain}" if kind != "idle" else ""
        newest = "ssl-max-ver TLSv1.2" if kind == "demands12" else ""
        parts += [
            f"frontend {kind}",
            f"bind {address(kind)}:443 ssl crt {pem} {demand} {newest}",
            "default_backend empty",
        ]
        if kind == "idle":
            parts += [f"bind {address(kind)}:5985"]
    conf = folder / "haproxy.cfg"
    conf.write_text("\n".join([*parts, ""]))
    return ["haproxy", "-W", "-f", str(conf)], "Loading success"


def squid(folder: Path) -> tuple[list[str], str]:
    """The command of the proxy: a login for 3129, none for 3128, and nothing to private.test.

    It also stands before a host that is down, as a proxy in the path does: on 80 and 5985.
    """
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", "hunter2"], capture_output=True, text=True, check=True
    ).stdout.strip()
    # The helper that reads it is not root.
    folder.chmod(0o755)
    passwords = folder / "passwords"
    passwords.write_text(f"audit:{hashed}\n")
    passwords.chmod(0o644)
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid() and str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    conf = folder / "squid.conf"
    conf.write_text(
        "\n".join(
            [
                f"http_port {PROXY}:3128",
                f"http_port {PROXY}:3129 name=login",
                f"http_port {PROXY}:80 accel defaultsite=closed.test",
                f"http_port {PROXY}:5985 accel defaultsite=closed.test",
                "icp_port 0",
                "pinger_enable off",
                "pid_filename none",
                "coredump_dir none",
                "access_log none",
                "cache_store_log none",
                "cache_log /dev/null",
                "cache deny all",
                "visible_hostname proxy.test",
                "dns_nameservers 127.2.0.53",
                "dns_timeout 1 seconds",
                "connect_timeout 2 seconds",
                "shutdown_lifetime 0 seconds",
                f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {passwords}",
                "auth_param basic realm audit",
                "acl login_port myportname login",
                "acl known proxy_auth REQUIRED",
                "acl forbidden dstdomain private.test",
                "http_access deny forbidden",
                "http_access deny login_port !known",
                "http_access allow all",
                "",
            ]
        )
    )
    return ["squid", "-N", "-d", "1", "-f", str(conf)], "Accepting HTTP Socket connections at"
