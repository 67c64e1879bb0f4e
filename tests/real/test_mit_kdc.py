"""The Kerberos probe against MIT's KDC."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probes import kerberos, ldap
from probes.engine.call import Answer, Ask, Call, Unexpected
from probes.engine.local.vantage import LocalVantage
from probes.engine.model import Job, Service, Target
from profiles.model import Check

HERE, REALM = "127.0.0.77", "LAB.TEST"
KDC = """
[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = "{here}:{port}"
[realms]
 {realm} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
 }}
"""


@pytest.fixture
def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HERE, 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def kdc(need, tmp_path: Path, free_port: int) -> Callable[..., object]:
    need("krb5kdc", "kdb5_util", "kadmin.local", root=False)

    @contextmanager
    def start(account: str = "") -> Iterator[int]:
        """A KDC that knows the probe's name with these attributes, or not at all."""
        client, server = tmp_path / "krb5.conf", tmp_path / "kdc.conf"
        client.write_text(f"[libdefaults]\n default_realm = {REALM}\n")
        server.write_text(KDC.format(here=HERE, port=free_port, realm=REALM, folder=tmp_path))
        names = {"KRB5_CONFIG": str(client), "KRB5_KDC_PROFILE": str(server)}
        environment = {**os.environ, **names}

        def do(*words: str) -> None:
            done = subprocess.run(
                words, env=environment, capture_output=True, text=True, timeout=30, check=False
            )
            assert done.returncode == 0, done.stderr

        do("kdb5_util", "create", "-s", "-r", REALM, "-P", "xyzzy")
        if account:
            do("kadmin.local", "-q", f"addprinc -randkey {account} {kerberos.PRINCIPAL}")
        process = subprocess.Popen(
            ["krb5kdc", "-n", "-r", REALM],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield free_port
            assert process.poll() is None, f"krb5kdc ended by itself with {process.returncode}"
        finally:
            process.terminate()
            process.wait(10)

    return start


async def asked(
    ask: Ask, port: int, host: str = f"kdc.{REALM.lower()}", timeout: float = 4.0
) -> Answer:
    """The answer of a server that may still be starting."""
    vantage = LocalVantage()
    check = Check("real.krb", "c", "r", "kerberos", "kerberos", "tcp", "", "", "", port=port)
    job = Job("k", check, Target("r", host), port)
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


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("+requires_preauth", "KDC_ERR_PREAUTH_REQUIRED"),
        ("-allow_tix", "KDC_ERR_CLIENT_REVOKED"),
        ("-requires_preauth", "AS-REP"),
    ],
)
async def test_a_name_that_is_known_proves_kdc_and_realm(kdc, account: str, said: str) -> None:
    with kdc(account) as port:
        answer = await asked(kerberos.ask, port)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["answer"] == said
    assert (answer.facts["realm"], answer.facts["realm_proven"]) == (REALM, True)
    assert ("clock_skew_s" in answer.facts) is (said != "AS-REP")


@pytest.mark.parametrize("host", [f"kdc.{REALM.lower()}", "kdc.elsewhere.test", "127.0.0.77"])
async def test_a_name_that_is_unknown_proves_the_kdc(kdc, host: str) -> None:
    with kdc() as port:
        answer = await asked(kerberos.ask, port, host)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["answer"] == "KDC_ERR_C_PRINCIPAL_UNKNOWN"
    assert abs(float(str(answer.facts["clock_skew_s"]))) < 2
    assert "warning" not in answer.facts
    assert "Kerberos KDC of" not in str(answer.facts["summary"])


async def test_a_kdc_that_answers_an_ldap_question_is_no_directory(kdc) -> None:
    with kdc() as port, pytest.raises(Unexpected, match="bytes that begin with 00 00 00"):
        await asked(ldap.ask, port, timeout=10)
