"""The LDAP probe against OpenLDAP, open and strict."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probes import kerberos, ldap
from probes.engine.call import Answer, Ask, Call
from probes.engine.local.vantage import LocalVantage
from probes.engine.model import Job, Service, Target
from profiles.model import Check

HERE = "127.0.0.77"
DIRECTORY = """
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
{lines}
database mdb
suffix "dc=acme,dc=test"
directory {folder}
"""


@pytest.fixture
def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HERE, 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def slapd(need, tmp_path: Path, free_port: int) -> Callable[..., object]:
    need("slapd", root=False)

    @contextmanager
    def start(*lines: str) -> Iterator[int]:
        config = tmp_path / "slapd.conf"
        config.write_text(DIRECTORY.format(lines="\n".join(lines), folder=tmp_path))
        # With -d it stays in the foreground.
        command = ["slapd", "-d", "0", "-f", str(config), "-h", f"ldap://{HERE}:{free_port}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield free_port
            assert process.poll() is None, f"slapd ended by itself with {process.returncode}"
        finally:
            process.terminate()
            process.wait(10)

    return start


async def asked(ask: Ask, port: int, timeout: float = 4.0) -> Answer:
    """The answer of a server that may still be starting."""
    vantage = LocalVantage()
    check = Check("real.ldap", "c", "r", "ldap", "ldap", "tcp", "", "", "", port=port)
    job = Job("k", check, Target("r", HERE), port)
    call = Call(vantage, job, HERE, timeout, 1, asyncio.get_running_loop().time())
    try:
        async with asyncio.timeout(15):
            while call.outcome is None or call.outcome.sock is None:
                call.outcome = await call.reach(port, keep=True)
                await asyncio.sleep(0.05)
        async with asyncio.timeout(timeout):
            return await ask(call)
    finally:
        await call.close()
        await vantage.close()


async def test_an_open_directory_is_ldap_and_no_domain_controller(slapd) -> None:
    with slapd() as port:
        answer = await asked(ldap.ask, port)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["naming_contexts"] == ["dc=acme,dc=test"]
    assert answer.facts["warning"] is True
    assert "no domain controller" in str(answer.facts["summary"])


@pytest.mark.parametrize(
    ("line", "code"),
    [("require bind", 1), ("require authc", 53), ("restrict search", 53), ("security ssf=56", 13)],
)
async def test_a_directory_that_refuses_anonymous_searches_is_ldap(
    slapd, line: str, code: int
) -> None:
    with slapd(line) as port:
        answer = await asked(ldap.ask, port)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["result_code"] == code
    assert "refuses to be asked without a login" in str(answer.facts["summary"])


async def test_a_directory_that_hides_its_root_is_ldap(slapd) -> None:
    with slapd("access to * by * none") as port:
        answer = await asked(ldap.ask, port)
    assert answer.service is Service.CONFIRMED
    assert "shows nothing of itself" in str(answer.facts["summary"])


async def test_a_directory_is_no_kdc(slapd) -> None:
    with slapd() as port, pytest.raises((ConnectionError, EOFError)):
        await asked(kerberos.ask, port)
