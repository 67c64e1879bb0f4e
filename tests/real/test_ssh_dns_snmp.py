"""The probes against the servers that people run: OpenSSH, net-snmp, dnsmasq and Knot."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probes import dns
from probes.call import Answer, Call, NoAnswer
from probes.engine.secrets import secret_mask
from probes.model import Reason, Service, State
from probes.options import Options, SnmpCredential
from probes.snmp import probe as snmp
from probes.ssh import probe as ssh
from probes.wire.masking import in_force
from tests.real.asking import HERE, call_to, free_port
from tests.real.processes import running

COMMUNITY = "Xyzzy-lab"


@pytest.fixture
def unused() -> int:
    return free_port(socket.SOCK_DGRAM)


async def asked(port: int, probe: str, ask: Callable[[Call], object]) -> tuple[Answer, Call]:
    """The answer of a server over UDP that may still be starting."""
    async with asyncio.timeout(30):
        while True:
            async with call_to(port, probe) as call:
                try:
                    return await ask(call), call
                except NoAnswer as error:
                    if error.outcome.state is not State.CLOSED:
                        raise
            await asyncio.sleep(0.05)


def ask_with(*credentials: SnmpCredential) -> Callable[[Call], object]:
    options = Options(snmp=credentials)

    async def ask(call: Call) -> object:
        call.options = options
        with in_force(secret_mask(options)):
            return await snmp.ask(call)

    return ask


@pytest.fixture
def sshd(need, tmp_path: Path, unused: int) -> Callable[..., object]:
    need("sshd", "ssh-keygen")
    # sshd insists on being started by its full path.
    program = shutil.which("sshd")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)

    @contextmanager
    def start(*lines: str) -> Iterator[tuple[int, str]]:
        Path("/run/sshd").mkdir(exist_ok=True)
        config = tmp_path / "sshd_config"
        config.write_text(
            "\n".join(
                (
                    *(f"ListenAddress {HERE}:{unused}", f"HostKey {key}", "PidFile none"),
                    *lines,
                )
            )
            + "\n"
        )
        public = subprocess.run(
            ["ssh-keygen", "-lf", f"{key}.pub"], check=True, capture_output=True, text=True
        )
        with running(program, "-D", "-e", "-f", str(config)):
            yield unused, public.stdout.split()[1]

    return start


def sshd_knows(option: str) -> bool:
    """True if this sshd has an option; without a host key it refuses to start after that."""
    program = shutil.which("sshd") or "sshd"
    shown = subprocess.run(
        [program, "-t", "-o", option, "-f", "/dev/null"],
        capture_output=True,
        text=True,
        check=False,
    )
    return "Bad configuration option" not in shown.stderr


@pytest.fixture
def dropbear(need, tmp_path: Path, unused: int) -> Iterator[int]:
    need("dropbear", "dropbearkey")
    key = tmp_path / "key"
    made = ["dropbearkey", "-t", "ed25519", "-f", str(key)]
    subprocess.run(made, check=True, capture_output=True)
    place = ("-p", f"{HERE}:{unused}", "-P", str(tmp_path / "pid"))
    with running("dropbear", "-F", "-E", "-r", str(key), *place):
        yield unused


async def test_openssh_shows_its_key_and_methods_on_one_connection(sshd) -> None:
    with sshd("PasswordAuthentication yes", "KbdInteractiveAuthentication no") as (port, print_):
        async with call_to(port, "ssh") as call:
            answer = await ssh.ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["product"] == "OpenSSH"
    assert answer.facts["host_key_type"] == "ssh-ed25519"
    assert answer.facts["host_key_fingerprint"] == print_
    assert answer.facts["host_keys"] == ["Ed25519"]
    assert answer.facts["auth_methods"] == ["publickey", "password"]


@pytest.mark.parametrize(
    "limit", ["MaxStartups 1:100:1", "PerSourceMaxStartups 1"], ids=lambda line: line.split()[0]
)
async def test_openssh_that_takes_no_more_logins_is_a_warning_and_still_ssh(
    sshd, limit: str
) -> None:
    with sshd(limit, "LoginGraceTime 30") as (port, _):
        async with call_to(port, "ssh") as first:
            # Wait until the first connection has been greeted and so counts as starting.
            assert await (await first.stream()).read(4)
            async with call_to(port, "ssh") as call:
                answer = await ssh.ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["busy"] is True
    assert answer.facts["warning"] is True
    assert "retest when fewer are open" in str(answer.facts["summary"])


async def test_openssh_that_penalises_this_address_is_a_warning_and_still_ssh(sshd) -> None:
    if not sshd_knows("PerSourcePenalties=yes"):
        pytest.skip("needs OpenSSH 9.8")
    with sshd("PerSourcePenalties noauth:60s min:1s") as (port, _):
        async with asyncio.timeout(30):
            while True:
                async with call_to(port, "ssh") as call:
                    answer = await ssh.ask(call)
                if answer.facts.get("busy"):
                    break
    assert answer.facts["warning"] is True
    assert "PerSourcePenaltyExemptList" in str(answer.facts["summary"])


async def test_dropbear_is_confirmed_with_its_key(dropbear: int) -> None:
    async with call_to(dropbear, "ssh") as call:
        answer = await ssh.ask(call)
    assert answer.facts["product"] == "dropbear"
    assert answer.facts["host_key_type"] == "ssh-ed25519"
    assert "warning" not in answer.facts


async def test_openssh_without_a_common_cipher_is_confirmed_with_the_reason(sshd) -> None:
    with sshd("Ciphers aes128-cbc") as (port, _):
        async with call_to(port, "ssh") as call:
            answer = await ssh.ask(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["product"] == "OpenSSH"
    assert "key exchange failed" in str(answer.facts["problem"])


@pytest.fixture
def snmpd(need, tmp_path: Path, unused: int) -> Callable[..., object]:
    need("snmpd", root=False)

    @contextmanager
    def start(*lines: str) -> Iterator[int]:
        config = tmp_path / "snmpd.conf"
        config.write_text(
            "\n".join((f"agentaddress udp:{HERE}:{unused}", "sysName lab-agent", *lines, ""))
        )
        state = f"[snmp] persistentDir {tmp_path}"
        config.write_text(f"{config.read_text()}{state}\n")
        with running("snmpd", "-f", "-C", "-c", str(config), "-Lf", "/dev/null", "-I", "-smux"):
            yield unused

    return start


async def test_net_snmp_answers_v2c(snmpd) -> None:
    with snmpd(f"rocommunity {COMMUNITY}") as port:
        answer, call = await asked(port, "snmp", ask_with(SnmpCredential("2c", COMMUNITY)))
    assert answer.facts["versions"] == ["2c"]
    assert answer.facts["sys_name"] == "lab-agent"
    assert str(answer.facts["sys_object_id"]).startswith("1.3.6.1.4.1.8072.")
    assert "printer" not in answer.facts
    assert COMMUNITY not in repr(answer) + repr(call.evidence)
    assert COMMUNITY.encode().hex() not in repr(call.evidence)


QUEUE = ("override 1.3.6.1.2.1.25.3.2.1.2.1 object_id 1.3.6.1.2.1.25.3.1.5",)
PRINTER_AT_3 = (
    "override 1.3.6.1.2.1.25.3.2.1.2.3 object_id 1.3.6.1.2.1.25.3.1.5",
    'override 1.3.6.1.2.1.25.3.2.1.3.3 octet_str "Any Device 3000"',
    "override 1.3.6.1.2.1.43.5.1.1.1.3 counter 7",
)


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize(("lines", "model"), [(QUEUE, None), (PRINTER_AT_3, "Any Device 3000")])
async def test_net_snmp_with_a_print_queue_is_no_printer_and_with_a_printer_mib_is_one(
    snmpd, version: str, lines: tuple[str, ...], model: str | None
) -> None:
    with snmpd(f"rocommunity {COMMUNITY}", *lines) as port:
        answer, _ = await asked(port, "snmp", ask_with(SnmpCredential(version, COMMUNITY)))
    assert answer.facts.get("printer", False) is (model is not None)
    assert answer.facts.get("model") == model


async def test_net_snmp_of_v1_only_is_found(snmpd) -> None:
    lines = (
        f"com2sec lab default {COMMUNITY}",
        "group labs v1 lab",
        "view all included .1",
        'access labs "" v1 noauth exact all none none',
    )
    with snmpd(*lines) as port:
        answer, _ = await asked(port, "snmp", ask_with(SnmpCredential("1", COMMUNITY)))
    assert answer.facts["versions"] == ["1"]
    assert answer.facts["sys_name"] == "lab-agent"


async def test_net_snmp_tells_a_wrong_community_by_its_engine(snmpd) -> None:
    with snmpd(f"rocommunity {COMMUNITY}", "createUser audit") as port:
        answer, call = await asked(port, "snmp", snmp.ask)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["versions"] == ["3"]
    assert answer.facts["community"] == "not accepted"
    assert answer.facts["report"] == "1.3.6.1.6.3.15.1.1.4.0"
    assert call.outcome.state is State.OPEN


async def test_no_agent_is_a_closed_port(unused: int) -> None:
    async with call_to(unused, "snmp") as call:
        with pytest.raises(NoAnswer) as raised:
            await snmp.ask(call)
    assert raised.value.outcome.reason is Reason.PORT_UNREACH


async def test_dnsmasq_answers_its_own_name(need, unused: int) -> None:
    need("dnsmasq")
    with running(
        *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts"),
        *("--no-resolv", "--bind-interfaces", f"--listen-address={HERE}", f"--port={unused}"),
        *("--user=root", "--pid-file=", "--ptr-record=77.0.0.127.in-addr.arpa,ns.lab"),
    ):
        answer, call = await asked(unused, "dns", dns.ask)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["answers"] == ["ns.lab."]
    assert call.outcome.latency_ms is not None


async def test_dnsmasq_that_refuses_is_a_dns_server(need, unused: int) -> None:
    need("dnsmasq")
    with running(
        *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts"),
        *("--no-resolv", "--bind-interfaces", f"--listen-address={HERE}", f"--port={unused}"),
        *("--user=root", "--pid-file="),
    ):
        answer, _ = await asked(unused, "dns", dns.ask)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["rcode"] == "REFUSED"
    assert answer.facts["warning"] is True
    assert answer.facts["shortfall"] == "it refuses to look names up for this machine (REFUSED)"


KNOT = """
server:
    listen: "{here}@{port}"
    rundir: "{folder}"
    version: "Knot DNS"
log:
  - target: stderr
database:
    storage: "{folder}"
remote:
  - id: nobody
    address: "{here}@1"
zone:
  - domain: corp.example
    storage: "{folder}"
    file: corp.zone
    zonefile-load: whole
    journal-content: none
  - domain: late.example
    master: nobody
"""
ZONE = """
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.53
web A 192.0.2.7
alias CNAME web
gone CNAME nowhere
text CNAME words
words TXT "no address"
away NS ns.away
ns.away A 192.0.2.54
"""
MANY = "".join(f"many A 198.51.100.{number}\n" for number in range(1, 81))


@pytest.mark.parametrize(
    ("name", "summary", "shortfall"),
    [
        ("web.corp.example", "web.corp.example A is 192.0.2.7", ""),
        ("alias.corp.example", "alias.corp.example A is 192.0.2.7, by its alias web", ""),
        ("many.corp.example", "many.corp.example A is 198.51.100.", ""),
        ("nowhere.corp.example", "no such name as nowhere.corp.example A", "no recursion"),
        ("gone.corp.example", "alias nowhere.corp.example, and there is no such", "no recursion"),
        ("text.corp.example", "alias words.corp.example, which has no A record", "no recursion"),
        ("words.corp.example", "without a record for the name asked", "no recursion"),
        ("pc.away.corp.example", "only refers to another name server, ns.away", "refers"),
        ("www.example.org", "refuses to look names up for this machine", "refuses"),
        ("www.late.example", "failed to look the name up", "failed"),
    ],
)
async def test_knot_without_recursion_resolves_only_what_it_holds(
    need, tmp_path: Path, unused: int, name: str, summary: str, shortfall: str
) -> None:
    need("knotd", root=False)
    config = tmp_path / "knot.conf"
    config.write_text(KNOT.format(folder=tmp_path, port=unused, here=HERE))
    (tmp_path / "corp.zone").write_text(ZONE + MANY)

    def ask_for(call: Call) -> object:
        call.options = Options(dns_name=name)
        return dns.ask(call)

    with running("knotd", "-c", str(config)):
        answer, call = await asked(unused, "dns", ask_for)
    assert answer.service is Service.CONFIRMED
    assert summary in str(answer.facts["summary"])
    assert shortfall in str(answer.facts.get("shortfall", ""))
    assert ("shortfall" in answer.facts) is bool(shortfall)
    assert answer.facts["truncated"] is name.startswith("many")
    assert answer.facts["software"] == "Knot DNS"
    assert call.outcome.state is State.OPEN
