"""The LDAP probe against OpenLDAP, open and strict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probes import kerberos, ldap
from probes.model import Service
from tests.real.asking import HERE, asked, free_port
from tests.real.processes import running

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
def slapd(need, tmp_path: Path) -> Callable[..., object]:
    need("slapd", root=False)

    @contextmanager
    def start(*lines: str) -> Iterator[int]:
        port = free_port()
        config = tmp_path / "slapd.conf"
        config.write_text(DIRECTORY.format(lines="\n".join(lines), folder=tmp_path))
        # With -d it stays in the foreground.
        with running("slapd", "-d", "0", "-f", str(config), "-h", f"ldap://{HERE}:{port}"):
            yield port

    return start


async def test_an_open_directory_is_ldap_and_no_domain_controller(slapd) -> None:
    with slapd() as port:
        answer = await asked(ldap.ask, port)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["naming_contexts"] == ["dc=acme,dc=test"]
    assert answer.facts["shortfall"] == "it is no domain controller's directory"


@pytest.mark.parametrize(
    ("line", "code", "shortfall"),
    [
        ("require bind", 1, "it refuses to be asked without a login (1, operationsError)"),
        ("require authc", 53, "it is unwilling to answer (53, unwillingToPerform)"),
        ("restrict search", 53, "it is unwilling to answer (53, unwillingToPerform)"),
        ("security ssf=56", 13, "it answers only under TLS (13, confidentialityRequired)"),
    ],
)
async def test_a_directory_that_refuses_anonymous_searches_is_ldap_with_its_reason(
    slapd, line: str, code: int, shortfall: str
) -> None:
    with slapd(line) as port:
        answer = await asked(ldap.ask, port)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["result_code"] == code
    assert answer.facts["shortfall"] == shortfall


async def test_a_directory_that_hides_its_root_is_ldap(slapd) -> None:
    with slapd("access to * by * none") as port:
        answer = await asked(ldap.ask, port)
    assert answer.service is Service.CONFIRMED
    assert "shows nothing of itself" in str(answer.facts["summary"])


async def test_a_directory_is_no_kdc(slapd) -> None:
    with slapd() as port, pytest.raises((ConnectionError, EOFError)):
        await asked(kerberos.ask, port)
