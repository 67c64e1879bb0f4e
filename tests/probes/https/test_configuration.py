"""Rows that do not hang on how the system's OpenSSL is configured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

SHOW = """
import asyncio, json, ssl
from probes.clients.tls import unverified_context, verifying_context

oldest = ssl.TLSVersion.MINIMUM_SUPPORTED
made = [asyncio.run(verifying_context("")), unverified_context(), unverified_context(oldest)]
print(json.dumps([
    [
        context.minimum_version,
        context.maximum_version,
        [cipher["name"] for cipher in context.get_ciphers()],
        getattr(context, "security_level", None),
        context.verify_mode,
        context.verify_flags,
        bool(context.options & 4),
    ]
    for context in made
]))
"""

CONFIGURATIONS = {
    "lenient": "MinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0",
    "strict": "MinProtocol = TLSv1.3\nCipherString = ECDHE+AESGCM:@SECLEVEL=3",
    "halted": "MaxProtocol = TLSv1.2\nCipherString = DEFAULT:!ECDHE",
}


def contexts(configuration: Path | None) -> list[object]:
    environ = {**os.environ, "OPENSSL_CONF": str(configuration or os.devnull)}
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def unconfigured() -> list[object]:
    return contexts(None)


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_no_configuration_of_openssl_changes_what_is_offered(
    unconfigured: list[object], tmp_path: Path, kind: str
) -> None:
    configuration = tmp_path / "openssl.cnf"
    configuration.write_text(
        "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n"
        f"[default]\n{CONFIGURATIONS[kind]}\n"
    )
    assert contexts(configuration) == unconfigured


def test_old_versions_are_offered_only_where_nothing_has_to_be_trusted(
    unconfigured: list[object],
) -> None:
    minimums = [context[0] for context in unconfigured]
    assert minimums[:2] == [0x0303, 0x0303]
    assert minimums[2] < 0x0303
