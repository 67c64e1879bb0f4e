"""Every probe against a peer that knows every secret and says it in every spelling."""

from __future__ import annotations

import asyncio
import base64

import pytest

from probes.engine.observation import run_udp_probe
from probes.engine.pacing import HostQueue, Work
from probes.engine.secrets import secret_mask
from probes.judging.status import judge
from probes.model import Job, Result, Target
from probes.options import Options, SnmpCredential, SshCredential
from probes.registry import PROBES
from probes.vantage.local.vantage import LocalVantage
from profiles.model import Check
from tests.probes.test_every_probe_hostile import NUMBERS, PLAUSIBLE, UDP, talker
from tests.spellings import SPELLINGS, found

COMMUNITY, AUTH, PRIV = "Comm-Xyzzy1", "Auth, Xyzzy2", "Priv=Xyzzy3&"
PASSWORD, USER, LOGIN = "Pass Xyzzy4%", "svc@Xyzzy5", "Prox/Xyzzy6?"
SECRETS = (COMMUNITY, AUTH, PRIV, PASSWORD, USER, LOGIN)
OPTIONS = Options(
    snmp=(
        SnmpCredential("2c", COMMUNITY),
        SnmpCredential("3", user="reader", auth="SHA", auth_key=AUTH, priv="AES", priv_key=PRIV),
    ),
    ssh=SshCredential("audit", password=PASSWORD),
    proxy="http://svc%40Xyzzy5:Prox%2FXyzzy6%3F@127.0.0.1:3128",
    pjl=True,
)
ANSWERS = {
    "a line": b"%s\r\n",
    "a beginning": b"",
    "SSH": b"%s\r\nSSH-2.0-%s %s\r\n",
    "a greeting": b"220 VMware Authentication Daemon Version %s, %s\r\n",
    "HTTP": b"HTTP/1.1 401 %s\r\nServer: %s\r\nWWW-Authenticate: Basic realm=%s, %s\r\n"
    b"Content-Type: text/html\r\nConnection: close\r\n\r\n<title>%s</title>%s",
    "a redirect": b"HTTP/1.1 302 %s\r\nLocation: https://%s/\r\nSet-Cookie: a=%s\r\n\r\n",
    "PJL": b'@PJL INFO ID\r\n"%s"\r\n\x0c',
    "bytes": b"\0\1\2\xff%s\0\xfe",
}


def test_every_secret_of_the_options_is_in_the_mask() -> None:
    mask = secret_mask(OPTIONS)
    basic = base64.b64encode(f"{USER}:{LOGIN}".encode()).decode()
    for secret in (*SECRETS, basic, "svc%40Xyzzy5:Prox%2FXyzzy6%3F"):
        assert found(mask.masked(f"<{secret}>"), SECRETS) == []
        assert "Xyzzy" not in mask.masked(f"<{secret}>")


def test_a_user_that_notes_name_and_the_usual_community_are_no_secrets() -> None:
    mask = secret_mask(
        Options(
            snmp=(SnmpCredential("2c", "public"), SnmpCredential("3", user="reader")),
            ssh=SshCredential("audit", password="public-1"),
            proxy="http://audit:Xyzzy-6@127.0.0.1",
        )
    )
    line = "public reader audit"
    assert mask.masked(line) == line
    assert mask.masked("audit:Xyzzy-6 public-1") == "*** ***"


def test_a_user_of_the_proxy_alone_is_masked_as_a_word() -> None:
    mask = secret_mask(Options(proxy="http://admin:Xyzzy-6@127.0.0.1"))
    assert mask.masked("admin, Administrator") == "***, Administrator"


def result_of(name: str, port: int, transport: str, observation) -> Result:
    check = Check(f"t.{name}", "t", "r", name, name, transport, "", "", "", port=port)
    return judge(Job("k", check, Target("r", "127.0.0.1"), port), observation)


@pytest.mark.parametrize("name", PLAUSIBLE)
@pytest.mark.parametrize("answer", ANSWERS)
async def test_no_secret_of_a_tcp_service_is_left(name: str, answer: str, observed, peer) -> None:
    ask = PROBES[name].load()
    assert ask is not None
    head = ANSWERS[answer] or PLAUSIBLE[name][0] + b"%s"

    for spelling in ("plain", "upper case", "URL", "hex", "base64 of a login", "zeros between"):
        said = " ".join(SPELLINGS[spelling](one) for one in SECRETS).encode()

        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes = said
        ) -> None:
            writer.write(head.replace(b"%s", said))
            await writer.drain()
            writer.close()

        async with peer(serve) as port:
            seen = await observed(ask, port, timeout=5, options=OPTIONS)
        result = result_of(name, port, "tcp", seen)
        assert found(repr(result), SECRETS) == [], (spelling, result)
        assert "Xyzzy" not in repr(result)


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name in UDP for number in NUMBERS.get(name, (9,))]
)
@pytest.mark.parametrize("spelling", ["plain", "hex", "base64 of a login", "zeros between"])
async def test_no_secret_of_a_udp_service_is_left(name: str, number: int, spelling: str) -> None:
    ask = PROBES[name].load()
    assert ask is not None
    said = b"\0\1" + " ".join(SPELLINGS[spelling](one) for one in SECRETS).encode()
    check = Check(f"t.{name}", "t", "r", name, name, "udp", "", "", "", port=number)
    vantage = LocalVantage()
    async with talker(said) as port:
        work = Work(Job("k", check, Target("r", "127.0.0.1"), port))
        work.queue, work.addresses = HostQueue(lambda _: None), ("127.0.0.1",)
        try:
            seen = await run_udp_probe(vantage, ask, work, OPTIONS, 0.6, 0)
        finally:
            await vantage.close()
    result = judge(work.job, seen)
    assert result.observation.evidence
    assert found(repr(result), SECRETS) == [], result
    assert str(len(said)) not in result.note
