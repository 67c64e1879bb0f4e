from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from probes.call import Answer, Call, Unexpected
from probes.judging.check_outcome import VerdictRow, verdict_row
from probes.judging.status import judge
from probes.judging.verdict import Judgement, judge_capability
from probes.lab.ldap import entry, message, octets, result
from probes.ldap import ask
from probes.model import Job, Observation, Reason, Result, Ruling, Service, State, Status, Target
from probes.registry import PROBES
from probes.vantage.stream import MAX_RECEIVED
from probes.wire import ber, ldap
from probes.wire.ber import element, integer
from profiles.loader import load_profile
from profiles.model import capabilities_of
from tests.probes.peers import answering, endless, resetting

CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
SHORT = 0.3
DC = {
    "defaultNamingContext": "DC=corp,DC=example",
    "namingContexts": "DC=corp,DC=example",
    "dnsHostName": "dc1.corp.example",
    "domainFunctionality": "7",
    "supportedCapabilities": "1.2.840.113556.1.4.800",
    "supportedSASLMechanisms": "GSSAPI",
    "currentTime": "20261123000130.0Z",
}


async def question(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    assert head[:2] == b"\x30\x82"
    return await reader.readexactly(int.from_bytes(head[2:], "big"))


answers = answering(question)


async def asked(call: Call) -> Answer:
    """The answer within the deadline that the engine sets."""
    async with asyncio.timeout(call.timeout):
        return await ask(call)


async def test_a_domain_controller_tells_its_site(tcp_call) -> None:
    site = {"serverName": "CN=DC1,CN=Servers,CN=Paris,CN=Sites,CN=Configuration,DC=corp"}
    async with tcp_call(answers(entry(DC | site) + result(0))) as call:
        answer = await asked(call)
    assert answer.facts["site"] == "Paris"


async def test_a_server_name_of_another_form_is_no_site(tcp_call) -> None:
    async with tcp_call(answers(entry(DC | {"serverName": "CN=a,b,c"}) + result(0))) as call:
        answer = await asked(call)
    assert answer.facts["server_name"] == "CN=a,b,c"
    assert "site" not in answer.facts


async def test_a_domain_controller_tells_its_domain_name_and_level(tcp_call) -> None:
    async with tcp_call(answers(entry(DC) + result(0))) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["summary"] == (
        "Domain controller dc1.corp.example of corp.example, functional level Windows Server 2016"
    )
    assert answer.facts["domain"] == "corp.example"
    assert answer.facts["product"] == "Active Directory"
    assert answer.facts["sasl_mechanisms"] == ["GSSAPI"]
    assert "warning" not in answer.facts


async def test_the_entry_is_enough_and_its_end_is_not_waited_for(tcp_call) -> None:
    async with tcp_call(answers(entry(DC), stay=True), timeout=3600) as call:
        answer = await asked(call)
    assert answer.service is Service.CONFIRMED


async def test_the_servers_clock_is_compared_with_ours(tcp_call, monkeypatch) -> None:
    here = datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC).timestamp()
    monkeypatch.setattr("probes.ldap.time.time", lambda: here)
    async with tcp_call(answers(entry(DC))) as call:
        answer = await asked(call)
    assert answer.facts["clock_skew_s"] == 90
    assert answer.facts["server_time"] == "2026-11-23T00:01:30+00:00"


@pytest.mark.parametrize("time", ["", "yesterday", "20261323000130.0Z"])
async def test_a_clock_that_cannot_be_read_is_left_out(tcp_call, time: str) -> None:
    async with tcp_call(answers(entry(DC | {"currentTime": time}))) as call:
        answer = await asked(call)
    assert answer.facts["domain"] == "corp.example"
    assert {"clock_skew_s", "server_time"} & set(answer.facts) == set()


@pytest.mark.parametrize(
    ("number", "level"),
    [("0", "Windows 2000"), ("6", "Windows Server 2012 R2"), ("99", "level 99"), ("", None)],
)
async def test_a_level_is_told_in_words(tcp_call, number: str, level: str | None) -> None:
    async with tcp_call(answers(entry(DC | {"domainFunctionality": number}))) as call:
        answer = await asked(call)
    assert answer.facts.get("domain_functional_level") == level
    assert ("functional level" in str(answer.facts["summary"])) is bool(level)


@pytest.mark.parametrize("context", ["", "O=acme", "DC=", "DC=corp,CN=x"])
async def test_a_name_that_is_no_domain_is_not_made_one(tcp_call, context: str) -> None:
    async with tcp_call(answers(entry(DC | {"defaultNamingContext": context}))) as call:
        answer = await asked(call)
    assert "domain" not in answer.facts


OPEN_LDAP = {"namingContexts": "dc=acme,dc=example", "supportedSASLMechanisms": "EXTERNAL"}
DIRECTORY_389 = {
    "namingContexts": "dc=acme,dc=example",
    "defaultNamingContext": "dc=acme,dc=example",
    "vendorName": "389 Project",
    "vendorVersion": "389-Directory/2.3.1 B2023.048.0000",
}
AD_LDS = {
    "supportedCapabilities": ("1.2.840.113556.1.4.1851", "1.2.840.113556.1.4.1670"),
    "defaultNamingContext": "DC=app,DC=example",
    "namingContexts": "DC=app,DC=example",
    "dnsHostName": "app1.corp.example",
    "dsServiceName": "CN=NTDS Settings,CN=APP1$app,CN=Servers,CN=Default-First-Site-Name",
    "domainControllerFunctionality": "7",
    "forestFunctionality": "2",
}
APACHE_DS = {
    "vendorName": "Apache Software Foundation",
    "vendorVersion": "2.0.0.AM26",
    "namingContexts": "dc=example,dc=com",
}
LDAP_PROXY = {"namingContexts": "DC=corp,DC=example", "supportedLDAPVersion": ("2", "3")}


def row(answer: Answer) -> tuple[Result, Judgement]:
    """Row and verdict of a domain controller whose KDC is in order, with this LDAP answer."""
    check = CATALOG.check("windows.ldap")
    job = Job("k", check, Target("windows.dc", "192.0.2.1"), 389)
    seen = Observation(State.OPEN, Reason.SYN_ACK, answer.service, facts=answer.facts)
    result = judge(job, seen)
    (capability,) = capabilities_of(CATALOG, "windows.dc")
    own = {"windows.kerberos": VerdictRow(Status.OK), check.id: verdict_row(result)}
    return result, judge_capability(CATALOG, capability, CATALOG.default_answers, own, {})


def assert_degraded(answer: Answer) -> str:
    """Check the row and the verdict of a server from which no user is to be had; its note."""
    assert answer.service is Service.CONFIRMED
    result, verdict = row(answer)
    assert result.status is Status.DEGRADED
    assert verdict.ruling is Ruling.DEGRADED
    assert "current-user information is not collected, because LDAP (TCP 389) answers, but it " in (
        verdict.text
    )
    assert verdict.fix == (answer.facts["fix"],)
    assert "Allow inbound" not in verdict.fix[0]
    return result.note


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        (OPEN_LDAP, "An LDAP server answers"),
        (LDAP_PROXY, "An LDAP server answers"),
        (DIRECTORY_389, "An LDAP server (389-Directory/2.3.1 B2023.048.0000) answers"),
        (APACHE_DS, "An LDAP server (Apache Software Foundation 2.0.0.AM26) answers"),
        (AD_LDS, "Active Directory Lightweight Directory Services answers"),
        (
            {"supportedCapabilities": "1.2.840.113556.1.4.1851"},
            "Active Directory Lightweight Directory Services answers",
        ),
        (DC | {"supportedCapabilities": "1.2.840.113556.1.4.1851"}, "Active Directory Light"),
        (DC | {"supportedCapabilities": "1.3.6.1.4.1.4203.1.5.1"}, "An LDAP server answers"),
        ({"vendorName": "\x1b[2JEvil"}, "An LDAP server (\\x1b[2JEvil) answers"),
    ],
)
async def test_a_directory_that_is_no_domain_controller_is_degraded(
    tcp_call, attributes: dict[str, str], named: str
) -> None:
    async with tcp_call(answers(entry(attributes))) as call:
        answer = await asked(call)
    note = assert_degraded(answer)
    assert note.startswith(f"{named}" if "answers" not in named else f"{named}, but it is no ")
    assert "no domain controller" in note


async def test_active_directory_that_shows_no_domain_is_degraded(tcp_call) -> None:
    async with tcp_call(answers(entry(DC | {"defaultNamingContext": ""}))) as call:
        answer = await asked(call)
    assert assert_degraded(answer).startswith("Active Directory answers, but it shows no domain.")


async def test_a_controller_that_shows_no_capabilities_is_known_by_its_forest(tcp_call) -> None:
    attributes = {
        **{name: value for name, value in DC.items() if name != "supportedCapabilities"},
        "rootDomainNamingContext": "DC=corp,DC=example",
    }
    async with tcp_call(answers(entry(attributes))) as call:
        answer = await asked(call)
    assert str(answer.facts["summary"]).startswith("Domain controller dc1.corp.example")
    assert row(answer)[0].status is Status.OK


async def test_a_controller_that_is_not_synchronized_is_a_warning(tcp_call) -> None:
    async with tcp_call(answers(entry(DC | {"isSynchronized": "FALSE"}))) as call:
        answer = await asked(call)
    result, verdict = row(answer)
    assert (result.status, verdict.ruling) == (Status.WARNING, Ruling.READY)
    assert "has not finished its first replication" in result.note


@pytest.mark.parametrize(
    "reply",
    [
        entry({}),
        entry({"supportedLDAPVersion": "3", "supportedSASLMechanisms": "GSSAPI"}),
        result(0),
        result(32),
    ],
)
async def test_a_server_that_shows_nothing_gets_no_better_mark(tcp_call, reply: bytes) -> None:
    async with tcp_call(answers(reply)) as call:
        answer = await asked(call)
    assert "shows nothing of itself" in assert_degraded(answer)


BIND_FIRST = (
    "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful "
    "bind must be completed on the connection., data 0, v4563"
)


@pytest.mark.parametrize(
    ("code", "name", "text", "means"),
    [
        (1, "operationsError", BIND_FIRST, "without a login"),
        (1, "operationsError", "BIND required", "without a login"),
        (1, "operationsError", "only authenticated clients", "without a login"),
        (1, "operationsError", "000020D6: SvcErr, problem 5012 (DIR_ERROR)", "an error"),
        (1, "operationsError", "", "an error"),
        (2, "protocolError", "", "cannot read the question"),
        (3, "timeLimitExceeded", "", "its time limit"),
        (4, "sizeLimitExceeded", "", "its size limit"),
        (7, "authMethodNotSupported", "", "an error"),
        (8, "strongerAuthRequired", "", "without a login"),
        (10, "referral", "", "refers to another server"),
        (11, "adminLimitExceeded", "", "a limit of its administrator"),
        (13, "confidentialityRequired", "TLS required", "only under TLS"),
        (48, "inappropriateAuthentication", "", "without a login"),
        (49, "invalidCredentials", "", "without a login"),
        (50, "insufficientAccessRights", "", "without a login"),
        (51, "busy", "", "too busy"),
        (52, "unavailable", "", "cannot serve now"),
        (53, "unwillingToPerform", "", "unwilling"),
        (80, "other", "", "an internal error"),
    ],
)
async def test_a_result_without_the_rootdse_is_told_by_its_name_and_degraded(
    tcp_call, code: int, name: str, text: str, means: str
) -> None:
    async with tcp_call(answers(result(code, text))) as call:
        answer = await asked(call)
    note = assert_degraded(answer)
    assert f"({code}, {name})" in note
    assert means in note
    assert ("login" in note) is (means == "without a login")
    assert ("TLS" in str(answer.facts["fix"])) is (code == 13)
    if text:
        assert f"“{text[:100]}" in note


@pytest.mark.parametrize("code", [6, 4711, -1, 2**31 - 1])
async def test_an_odd_result_is_an_error_and_degraded(tcp_call, code: int) -> None:
    async with tcp_call(answers(result(code, "bind\x1b[2J first"))) as call:
        answer = await asked(call)
    assert "ends the search with an error" in assert_degraded(answer)
    assert answer.facts["result_code"] == code
    assert answer.facts["result_text"] == "bind\\x1b[2J first"


@pytest.mark.parametrize("reply", [result(51), result(52, operation=24, id=0)])
async def test_a_server_that_cannot_serve_now_is_not_told_to_want_a_login(
    tcp_call, reply: bytes
) -> None:
    async with tcp_call(answers(reply)) as call:
        answer = await asked(call)
    assert "login" not in assert_degraded(answer)


ELSEWHERE = "ldap://dc1.corp.example/"


@pytest.mark.parametrize(
    "reply",
    [
        message(
            5,
            integer(10, ber.ENUMERATED),
            octets(""),
            octets(""),
            element(ber.context(3), octets(ELSEWHERE), octets("ldap://dc2.corp.example/")),
        ),
        message(19, octets(ELSEWHERE)),
    ],
    ids=["result", "reference"],
)
async def test_a_referral_names_the_other_server(tcp_call, reply: bytes) -> None:
    async with tcp_call(answers(reply)) as call:
        answer = await asked(call)
    note = assert_degraded(answer)
    assert f"refers to another server, {ELSEWHERE} (10, referral)" in note
    assert answer.facts["referrals"][0] == ELSEWHERE


async def test_an_escape_sequence_in_the_rootdse_is_made_harmless(tcp_call) -> None:
    attributes = dict.fromkeys(DC, "DC=\x1b[2J") | {"namingContexts": "\x1b]0;x\x07"}
    async with tcp_call(answers(entry(attributes))) as call:
        answer = await asked(call)
    assert "\x1b" not in "".join(str(value) for value in answer.facts.values())


async def test_an_answer_in_single_bytes_is_read(tcp_call) -> None:
    serve = answers(*(bytes([byte]) for byte in entry(DC)), stay=True)
    async with tcp_call(serve) as call:
        answer = await asked(call)
    assert answer.facts["domain"] == "corp.example"


async def test_an_answer_that_never_ends_in_single_bytes_is_a_timeout(tcp_call) -> None:
    serve = answers(*(bytes([byte]) for byte in entry(DC)[:-1]), stay=True)
    async with tcp_call(serve, timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            await asked(call)


async def test_a_silent_server_is_a_timeout(tcp_call) -> None:
    async with tcp_call(answers(stay=True), timeout=SHORT) as call:
        with pytest.raises(TimeoutError):
            await asked(call)


@pytest.mark.parametrize("pieces", [(), (entry(DC)[:50],)])
async def test_a_close_before_the_end_is_an_eof(tcp_call, pieces: tuple[bytes, ...]) -> None:
    async with tcp_call(answers(*pieces)) as call:
        with pytest.raises(EOFError):
            await asked(call)


async def test_a_reset_passes_through(tcp_call) -> None:
    async with tcp_call(resetting(8)) as call:
        with pytest.raises(ConnectionError):
            await asked(call)


async def test_a_web_server_is_named(tcp_call) -> None:
    serve = answers(b"HTTP/1.1 400 Bad Request\r\n\r\n", stay=True)
    async with tcp_call(serve, timeout=3600) as call:
        with pytest.raises(Unexpected, match=r"^HTTP/1\.1 400 Bad Request$"):
            await asked(call)


@pytest.mark.parametrize(
    "data", [bytes(64), b"\xff" * 64, b"\x30\x04garb", b"\x30\x80\0\0", result(0, id=9)]
)
async def test_garbage_is_another_service(tcp_call, data: bytes) -> None:
    async with tcp_call(answers(data, stay=True), timeout=3600) as call:
        with pytest.raises(Unexpected):
            await asked(call)


@pytest.mark.parametrize("start", [b"chargen", b"\x30\x83\x01\xff\x00"])
async def test_an_endless_stream_is_cut_off(tcp_call, start: bytes) -> None:
    async with tcp_call(endless(start, bytes(10_000)), timeout=3600) as call:
        with pytest.raises(Unexpected):
            await asked(call)
        assert call._streams[0]._total < MAX_RECEIVED


async def test_it_says_goodbye_after_one_question(tcp_call) -> None:
    seen: list[bytes] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await question(reader))
        writer.write(entry(DC))
        seen.append(await reader.read())
        ended.set()

    async with tcp_call(serve) as call:
        await asked(call)
        await call.close()
        await ended.wait()
    assert b"currentTime" in seen[0]
    assert seen[1:] == [ldap.UNBIND]
