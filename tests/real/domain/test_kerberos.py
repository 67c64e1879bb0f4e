"""Kerberos and LDAP against Samba's domain controller."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes import kerberos, ldap
from probes.model import Service

ROOT = Path(__file__).parents[3]


@pytest.fixture
def account(samba_dc) -> Iterator[None]:
    """Makes nobody somebody for as long as a test runs."""

    def change(*words: str) -> None:
        # Without a URL samba-tool writes into the database itself, past the server.
        config = f"--configfile={samba_dc.folder}/etc/smb.conf"
        command = ["samba-tool", "user", words[0], kerberos.PRINCIPAL, *words[1:], config]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    change("create", "Xyzzy-lab-1")
    yield
    change("delete")


def test_a_kdc_is_proven_with_its_clock(samba_dc) -> None:
    answer, _ = samba_dc.ask(kerberos.ask, 88)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["answer"] == "KDC_ERR_C_PRINCIPAL_UNKNOWN"
    assert answer.facts["realm"] == samba_dc.realm
    assert abs(float(str(answer.facts["clock_skew_s"]))) < 2
    assert "warning" not in answer.facts


@pytest.mark.parametrize("host", ["dc1.elsewhere.test", "10.77.0.2"])
def test_a_realm_that_is_not_the_kdcs_is_not_called_its_own(samba_dc, host: str) -> None:
    answer, _ = samba_dc.ask(kerberos.ask, 88, host)
    assert answer.service is Service.CONFIRMED
    assert not answer.facts.get("realm_proven", False)
    assert "Kerberos KDC of" not in str(answer.facts["summary"])


def test_a_name_that_is_known_after_all_proves_the_realm(samba_dc, account) -> None:
    answer, _ = samba_dc.ask(kerberos.ask, 88)
    assert answer.facts["answer"] == "KDC_ERR_PREAUTH_REQUIRED"
    assert (answer.facts["realm"], answer.facts["realm_proven"]) == (samba_dc.realm, True)


@pytest.mark.parametrize(("away", "where"), [(-400, "ahead of"), (400, "behind")])
def test_a_clock_that_is_off_is_a_warning(samba_dc, monkeypatch, away: int, where: str) -> None:
    now = time.time
    monkeypatch.setattr("probes.kerberos.time.time", lambda: now() + away)
    answer, _ = samba_dc.ask(kerberos.ask, 88)
    assert answer.facts["warning"] is True
    assert f"{where} this machine's, and Kerberos refuses" in str(answer.facts["summary"])


def test_the_rootdse_tells_domain_name_level_and_clock(samba_dc) -> None:
    answer, _ = samba_dc.ask(ldap.ask, 389)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["summary"] == (
        "Domain controller dc1.corp.audit.test of corp.audit.test, "
        "functional level Windows Server 2008 R2"
    )
    assert answer.facts["product"] == "Active Directory"
    assert "GSSAPI" in answer.facts["sasl_mechanisms"]
    assert abs(float(str(answer.facts["clock_skew_s"]))) < 3


@pytest.mark.parametrize("port", [53, 88, 135, 139, 445])
def test_other_services_of_a_controller_are_no_ldap(samba_dc, port: int) -> None:
    with pytest.raises((EOFError, OSError)):
        samba_dc.ask(ldap.ask, port, timeout=1)


@pytest.mark.parametrize("port", [53, 135, 139, 389, 445])
def test_other_services_of_a_controller_are_no_kdc(samba_dc, port: int) -> None:
    with pytest.raises((EOFError, OSError)):
        samba_dc.ask(kerberos.ask, port, timeout=1)


def test_a_run_finds_the_controllers_of_a_domain_and_proves_them(samba_dc, tmp_path: Path) -> None:
    done = subprocess.run(
        samba_dc.command(
            *(sys.executable, "-B", "-m", "tui", "run", "windows.dc=domain:corp.audit.test"),
            *("--json", "--log", tmp_path / "log"),
        ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    rows = {line["check"]: line for line in lines if line["type"] == "result"}
    assert set(rows) == {"windows.kerberos", "windows.ldap"}
    for row in rows.values():
        assert (row["host"], row["status"], row["service"]) == (samba_dc.name, "ok", "confirmed")
    assert rows["windows.kerberos"]["facts"]["realm"] == samba_dc.realm
    assert rows["windows.ldap"]["note"].startswith("Domain controller dc1.corp.audit.test of")
