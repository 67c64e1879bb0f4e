"""A Samba domain controller in a network namespace of its own, and a client beside it.

    client 10.77.0.9 ── 10.77.0.2 dc1.corp.audit.test

Every port is free there: 53, 88, 135, 137, 138, 139, 389, 445, and dynamic RPC from 49152.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from probes.call import Answer, Call, ProbeFunction
from probes.model import Job, Target
from probes.vantage.local.vantage import LocalVantage
from profiles.model import Check
from tests.real.processes import follow, run

ADDRESS, CLIENT = "10.77.0.2", "10.77.0.9"
REALM, DOMAIN, NAME = "CORP.AUDIT.TEST", "CORP", "dc1"
PORTS = (53, 88, 135, 139, 389, 445)
READY_WITHIN = 60
SERVICES = "s3fs rpc nbt ldap cldap kdc dns"
FOLDERS = ("pid directory", "ncalrpc dir", "ntp signd socket directory", "usershare path")
_NEW_NETWORK = 0x40000000

T = TypeVar("T")


@dataclass(frozen=True)
class SambaDc:
    """A domain controller that listens; `client` is the namespace to measure from."""

    address: str
    name: str
    realm: str
    domain: str
    namespace: str
    client: str
    client_address: str
    folder: Path

    def command(self, *words: str | os.PathLike[str]) -> list[str]:
        """A command line that runs these words on the client; its resolver is the controller."""
        return ["ip", "netns", "exec", self.client, *map(os.fspath, words)]

    def ask(
        self, ask: ProbeFunction, port: int, host: str = "", timeout: float = 5.0
    ) -> tuple[Answer, Call]:
        """Answer of a TCP probe from the client, and the call with its evidence."""
        return within(self.client, lambda: asyncio.run(asked(ask, self, port, host, timeout)))


async def asked(
    ask: ProbeFunction, dc: SambaDc, port: int, host: str, timeout: float
) -> tuple[Answer, Call]:
    loop = asyncio.get_running_loop()
    vantage = LocalVantage()
    check = Check("real.tcp", "c", "r", "tcp", "tcp", "tcp", "", "", "", port=port)
    job = Job("k", check, Target("r", host or dc.name), port)
    call = Call(vantage, job, dc.address, timeout, 1, loop.time())
    try:
        call.outcome = await call.try_connect(port, keep=True)
        assert call.outcome.pipe is not None, call.outcome
        async with asyncio.timeout(timeout):
            return await ask(call), call
    finally:
        await call.close()
        await vantage.close()


def within(namespace: str, work: Callable[[], T]) -> T:
    """The result of some work, done by a thread whose sockets are in a network namespace."""

    def enter() -> T:
        libc = ctypes.CDLL(None, use_errno=True)
        with (Path("/run/netns") / namespace).open() as entered:
            if libc.setns(entered.fileno(), _NEW_NETWORK) != 0:
                raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
        return work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(enter).result()


@pytest.fixture(scope="session")
def samba_dc(need: Callable[..., None]) -> Iterator[SambaDc]:
    """The domain controller, provisioned and listening; taken down whatever happens."""
    need("samba", "samba-tool", "smbd", "ip")
    with ExitStack() as down:
        # A short path: the Unix sockets below it have 108 bytes.
        folder = Path(down.enter_context(tempfile.TemporaryDirectory(prefix="dc")))
        dc = SambaDc(
            *(ADDRESS, f"{NAME}.{REALM.lower()}", REALM, DOMAIN),
            *(f"dc{os.getpid()}s", f"dc{os.getpid()}c", CLIENT, folder),
        )
        network(dc, down)
        provision(folder)
        serve(dc, down)
        yield dc


def network(dc: SambaDc, down: ExitStack) -> None:
    """Two namespaces, the cable between them, and a resolv.conf for the client."""
    for name in (dc.namespace, dc.client):
        run("ip", "netns", "add", name)
        down.callback(run, "ip", "netns", "delete", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    run(*f"ip -n {dc.namespace} link add cable type veth peer cable netns {dc.client}".split())
    for name, address in ((dc.namespace, dc.address), (dc.client, dc.client_address)):
        run("ip", "-n", name, "address", "add", f"{address}/24", "broadcast", "+", "dev", "cable")
        run("ip", "-n", name, "link", "set", "cable", "up")
    place = Path("/etc/netns") / dc.client
    place.mkdir(parents=True)
    down.callback(shutil.rmtree, place)
    (place / "resolv.conf").write_text(f"nameserver {dc.address}\n")


def provision(folder: Path) -> None:
    """A new domain in a folder; this machine's own smb.conf has no say in it."""
    empty = folder / "empty.conf"
    empty.touch()
    options = [f"--option={name}={folder}/{name.replace(' ', '-')}" for name in FOLDERS]
    run(
        *("samba-tool", "domain", "provision", f"--configfile={empty}", f"--targetdir={folder}"),
        *(f"--realm={REALM}", f"--domain={DOMAIN}", f"--host-name={NAME}", f"--host-ip={ADDRESS}"),
        *("--server-role=dc", "--dns-backend=SAMBA_INTERNAL", "--adminpass=Xyzzy-lab-0"),
        *options,
    )


def serve(dc: SambaDc, down: ExitStack) -> None:
    """Start samba and wait until every port of a domain controller accepts."""
    said = dc.folder / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [
                *("ip", "netns", "exec", dc.namespace, "samba", "-i", "-M", "single"),
                *(
                    "-s",
                    str(dc.folder / "etc" / "smb.conf"),
                    f"--option=server services={SERVICES}",
                ),
                *(f"--option=log file={dc.folder}/log.%m", "--debug-stdout"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # It ends by a signal to its whole process group, which must not be ours.
            start_new_session=True,
            preexec_fn=follow,
        )
    down.callback(end, dc.namespace, process)
    deadline = time.monotonic() + READY_WITHIN
    while missing := within(dc.client, lambda: [port for port in PORTS if not accepts(port)]):
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"samba does not listen on {missing}: {said.read_text()[-1000:]}")
        time.sleep(0.1)


def accepts(port: int) -> bool:
    """True if the controller takes connections there."""
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex((ADDRESS, port)) == 0


def end(namespace: str, process: subprocess.Popen[bytes]) -> None:
    """End the server and all its children, which have process groups of their own."""
    while pids := run("ip", "netns", "pids", namespace).split():
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        process.wait(10)
