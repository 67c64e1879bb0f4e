"""The Kerberos probe against MIT's KDC."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probes import kerberos, ldap
from probes.call import Unexpected
from probes.model import Service
from tests.real.asking import HERE, asked, free_port
from tests.real.processes import running

REALM = "LAB.TEST"
HOST = f"kdc.{REALM.lower()}"
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
def kdc(need, tmp_path: Path) -> Callable[..., object]:
    need("krb5kdc", "kdb5_util", "kadmin.local", root=False)

    @contextmanager
    def start(account: str = "") -> Iterator[int]:
        """A KDC that knows the probe's name with these attributes, or not at all."""
        port = free_port()
        client, server = tmp_path / "krb5.conf", tmp_path / "kdc.conf"
        client.write_text(f"[libdefaults]\n default_realm = {REALM}\n")
        server.write_text(KDC.format(here=HERE, port=port, realm=REALM, folder=tmp_path))
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
        with running("krb5kdc", "-n", "-r", REALM, env=environment):
            yield port

    return start


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
        answer = await asked(kerberos.ask, port, HOST)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["answer"] == said
    assert (answer.facts["realm"], answer.facts["realm_proven"]) == (REALM, True)
    assert ("clock_skew_s" in answer.facts) is (said != "AS-REP")


@pytest.mark.parametrize("host", [HOST, "kdc.elsewhere.test", "127.0.0.77"])
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
        await asked(ldap.ask, port, HOST, timeout=10)
