"""The DNS probe: what is a record, what only an answer, and what is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.dns import _finding, _follow, _response, ask
from probes.judging.check_outcome import verdict_row
from probes.judging.status import judge
from probes.judging.verdict import judge_capability
from probes.model import Icmp, Job, Observation, Reason, Ruling, Service, State, Status, Target
from probes.options import Options
from probes.registry import PROBES
from probes.vantage import NotOffered, Outcome
from profiles.loader import load_profile
from profiles.model import capabilities_of

NAME = "intranet.corp.example"
CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


def respond(
    request: bytes, rcode: dns.rcode.Rcode = dns.rcode.NOERROR, *answers: str, flags: int = 0
) -> bytes:
    query = dns.message.from_wire(request)
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(rcode)
    response.flags |= flags
    response.answer = [
        dns.rrset.from_text(query.question[0].name, 60, "IN", "PTR", text) for text in answers
    ]
    return response.to_wire()


async def test_a_ptr_of_the_server_itself_is_asked_with_recursion(udp_call) -> None:
    call = udp_call(lambda request: [respond(request)], port=53)
    await ask(call)
    query = dns.message.from_wire(call.vantage.sent[0])
    assert query.question[0].to_text() == "1.2.0.192.in-addr.arpa. IN PTR"
    assert query.flags & dns.flags.RD


async def test_the_operators_name_is_asked_where_there_is_one(udp_call) -> None:
    call = udp_call(lambda request: [respond(request)], port=53)
    call.options = Options(dns_name="intranet.corp.example")
    await ask(call)
    query = dns.message.from_wire(call.vantage.sent[0])
    assert query.question[0].to_text() == "intranet.corp.example. IN A"


@pytest.mark.parametrize(
    ("address", "asked"),
    [("2001:db8::1", "ip6.arpa PTR"), ("fe80::1%eth0", "ip6.arpa PTR"), ("odd", " NS")],
)
async def test_every_address_has_a_question(udp_call, address: str, asked: str) -> None:
    answer = await ask(udp_call(lambda request: [respond(request)], port=53, address=address))
    assert str(answer.facts["question"]).endswith(asked)


async def test_a_name_is_shown(udp_call) -> None:
    reply = dns.rcode.NOERROR
    answer = await ask(udp_call(lambda request: [respond(request, reply, "ns1.lab.")], port=53))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["answers"] == ["ns1.lab."]
    assert answer.facts["recursion_available"] is True
    assert str(answer.facts["summary"]).endswith("PTR is ns1.lab")


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "REFUSED", "SERVFAIL", "FORMERR", "NOTIMP"])
async def test_an_error_is_an_answer(udp_call, rcode: str) -> None:
    code = dns.rcode.from_text(rcode)
    answer = await ask(udp_call(lambda request: [respond(request, code)], port=53))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["rcode"] == rcode


async def test_a_bare_header_with_formerr_is_an_answer(udp_call) -> None:
    answer = await ask(udp_call(lambda request: [request[:2] + b"\x80\x01" + bytes(8)], port=53))
    assert answer.facts["rcode"] == "FORMERR"


async def test_an_answer_with_another_id_is_passed_over(udp_call) -> None:
    def script(request: bytes) -> list[bytes]:
        good = respond(request)
        return [bytes([good[0] ^ 1]) + good[1:], good]

    assert (await ask(udp_call(script, port=53))).service is Service.CONFIRMED


@pytest.mark.parametrize(
    "garbage",
    [
        lambda request: b"garbage",
        lambda request: request,
        lambda request: respond(request)[:20],
        lambda request: request[:2] + b"\x81\x80\0\1\0\0\0\0\0\0\xc0\x0c\0\x0c\0\1",
    ],
    ids=["noise", "our own question", "cut short", "a name that points at itself"],
)
async def test_nothing_but_garbage_is_another_service(udp_call, garbage) -> None:
    call = udp_call(lambda request: [garbage(request)], port=53)
    with pytest.raises(Unexpected):
        await ask(call)
    assert call.outcome.state is State.OPEN


def telling(version: str):
    """A server that tells its software under version.bind and answers everything else."""

    def script(request: bytes) -> list[bytes]:
        query = dns.message.from_wire(request)
        if query.question[0].rdclass != dns.rdataclass.CHAOS:
            return [respond(request)]
        response = dns.message.make_response(query)
        text = dns.rrset.from_text("version.bind.", 0, "CH", "TXT", version)
        response.answer = [text]
        return [response.to_wire()]

    return script


async def test_a_server_that_tells_its_software_is_known_by_it(udp_call) -> None:
    call = udp_call(telling('"dnsmasq-2.90"'), port=53)
    answer = await ask(call)
    assert answer.facts["software"] == "dnsmasq-2.90"
    assert call.attempts == 1


async def test_a_server_that_is_silent_about_its_software_is_confirmed_all_the_same(
    udp_call,
) -> None:
    def script(request: bytes) -> list[bytes]:
        return [] if b"version" in request else [respond(request)]

    call = udp_call(script, port=53)
    answer = await ask(call)
    assert answer.service is Service.CONFIRMED
    assert "software" not in answer.facts
    assert call.outcome.state is State.OPEN


async def test_a_hostile_name_of_software_is_harmless_and_short(udp_call) -> None:
    answer = await ask(udp_call(telling('"\\027[2J' + "x" * 200 + '"'), port=53))
    assert str(answer.facts["software"]).isprintable()
    assert len(str(answer.facts["software"])) <= 81


async def test_silence_passes_through_after_a_retry(udp_call) -> None:
    call = udp_call(lambda _: [], port=53)
    with pytest.raises(NoAnswer):
        await ask(call)
    assert call.attempts == 2
    assert call.vantage.sent[0] == call.vantage.sent[1]


async def test_a_hostile_record_is_harmless_and_bounded(udp_call) -> None:
    names = [f"\\027[2J{'x' * 50}.{n}." for n in range(40)]
    answer = await ask(
        udp_call(lambda request: [respond(request, dns.rcode.NOERROR, *names)], port=53)
    )
    assert len(answer.facts["answers"]) == 8
    assert "\x1b" not in str(answer.facts)


def answering(
    *answer: str,
    rcode: str = "NOERROR",
    authority: Sequence[str] = (),
    recursion: bool = True,
    flags: int = 0,
) -> Callable[[bytes], bytes]:
    """A server's answer of these records, written as in a zone: `NAME TYPE DATA`."""

    def script(request: bytes) -> bytes:
        query = dns.message.from_wire(request)
        response = dns.message.make_response(query, recursion_available=recursion)
        response.set_rcode(dns.rcode.from_text(rcode))
        response.flags |= flags
        for section, lines in ((response.answer, answer), (response.authority, authority)):
            for line in lines:
                name, rdtype, data = line.split(maxsplit=2)
                section.append(dns.rrset.from_text(f"{name}.", 60, "IN", rdtype, data))
        return response.to_wire()

    return script


def with_opt(script: Callable[[bytes], bytes], extended_rcode: int = 0) -> Callable[..., bytes]:
    """The same answer and an OPT record, which nobody asked for (RFC 6891 6.1.2)."""
    opt = b"\0\0\x29\x04\xd0" + bytes([extended_rcode]) + bytes(5)

    def answer(request: bytes) -> bytes:
        wire = script(request)
        return wire[:10] + b"\0\1" + wire[12:] + opt

    return answer


def asking(udp_call, script: Callable[[bytes], bytes], name: str = NAME) -> Call:
    call = udp_call(lambda request: [script(request)], port=53)
    call.options = Options(dns_name=name)
    return call


def row(answer: Answer) -> tuple[Status, Ruling, str, str]:
    """Status, ruling, note and verdict of a DNS server with this answer."""
    (check,) = CATALOG.checks_of("dns.server")
    job = Job("k", check, Target("dns.server", "192.0.2.1"), 53)
    seen = Observation(State.OPEN, Reason.UDP_RESPONSE, answer.service, facts=answer.facts)
    result = judge(job, seen)
    (capability,) = capabilities_of(CATALOG, "dns.server")
    verdict = judge_capability(CATALOG, capability, {}, {check.id: verdict_row(result)}, {})
    return result.status, verdict.ruling, result.note, verdict.text


@pytest.mark.parametrize("name", ["", NAME])
@pytest.mark.parametrize(
    ("script", "said"),
    [
        (answering(rcode="REFUSED", recursion=False), "refuses to look names up"),
        (answering(rcode="REFUSED"), "refuses to look names up"),
        (answering(rcode="SERVFAIL"), "failed to look the name up"),
        (answering(rcode="SERVFAIL", recursion=False), "failed to look the name up"),
        (answering(rcode="FORMERR"), "cannot read a plain question"),
        (answering(rcode="NOTIMP"), "does not support a plain question"),
        (answering(rcode="NOTAUTH"), "NOTAUTH"),
        (answering(rcode="YXDOMAIN"), "YXDOMAIN"),
        (lambda request: request[:2] + b"\x81\x85" + bytes(8), "refuses to look names up"),
        (answering(recursion=False), "offers no recursion"),
        (answering(recursion=False, flags=dns.flags.AA), "offers no recursion"),
        (answering(rcode="NXDOMAIN", recursion=False), "offers no recursion"),
        (with_opt(answering(recursion=False)), "offers no recursion"),
        (with_opt(answering(), extended_rcode=1), "BADVERS"),
        (
            answering(authority=["example NS a.gtld.example."], recursion=False),
            "only refers to another name server, a.gtld.example,",
        ),
        (answering(authority=["example NS a.gtld.example."]), "only refers to another"),
        (answering("other.example A 192.0.2.7", recursion=False), "offers no recursion"),
        (lambda request: request[:2] + b"\x81\x80" + bytes(8), "without the question"),
        (lambda request: request[:2] + b"\x81\x83" + bytes(8), "without the question"),
    ],
)
async def test_a_server_that_resolves_nothing_is_a_warning_and_never_ready(
    udp_call, script, said: str, name: str
) -> None:
    answer = await ask(asking(udp_call, script, name))
    assert answer.service is Service.CONFIRMED
    status, ruling, note, verdict = row(answer)
    assert (status, ruling) == (Status.WARNING, Ruling.UNKNOWN)
    assert said in note
    assert verdict.startswith("DNS (UDP 53) answers, but it ")
    assert "resolved" not in verdict


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (answering(rcode="NXDOMAIN"), "no such name as 1.2.0.192.in-addr.arpa PTR"),
        (answering(), "without a record for the name asked (1.2.0.192.in-addr.arpa PTR)"),
        (answering(authority=["0.192.in-addr.arpa SOA a. b. 1 2 3 4 5"]), "without a record"),
    ],
)
async def test_a_resolver_need_not_know_its_own_name(udp_call, script, said: str) -> None:
    status, ruling, note, verdict = row(await ask(asking(udp_call, script, "")))
    assert (status, ruling) == (Status.OK, Ruling.READY)
    assert said in note
    assert verdict == "Names can be resolved during a network scan."


ALIAS = f"{NAME} CNAME web.corp.example."


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (answering(rcode="NXDOMAIN"), f"no such name as {NAME} A"),
        (
            answering(ALIAS, rcode="NXDOMAIN"),
            f"{NAME} A leads to the alias web.corp.example, and there is no such name",
        ),
        (
            answering(ALIAS, "web.corp.example CNAME gone.example.", rcode="NXDOMAIN"),
            f"{NAME} A leads to the alias gone.example, and there is no such name",
        ),
        (
            answering(ALIAS),
            f"{NAME} A leads to the alias web.corp.example, which has no A record",
        ),
        (
            answering(ALIAS, recursion=False, flags=dns.flags.AA),
            f"{NAME} A leads to the alias web.corp.example, which has no A record",
        ),
        (
            answering(ALIAS, "web.corp.example AAAA 2001:db8::7"),
            "the alias web.corp.example, which has no A record",
        ),
        (answering(ALIAS, f"web.corp.example CNAME {NAME}."), "on, without an end"),
        (answering("web.corp.example A 192.0.2.7"), "without a record for the name asked"),
        (answering(f"{NAME} AAAA 2001:db8::7"), "without a record for the name asked"),
        (answering(f"{NAME} A 192.0.2.7", rcode="NXDOMAIN"), "no such name"),
        (answering(f"{NAME} A 0.0.0.0"), "which is no host's address"),
    ],
)
async def test_the_operators_name_without_an_address_is_a_warning_and_no_success(
    udp_call, script, said: str
) -> None:
    status, ruling, note, verdict = row(await ask(asking(udp_call, script)))
    assert (status, ruling) == (Status.WARNING, Ruling.UNKNOWN)
    assert said in note
    assert "resolved" not in verdict
    if "0.0.0.0" not in note:
        assert " A is " not in note


async def test_an_alias_with_an_address_is_told_with_both(udp_call) -> None:
    script = answering(ALIAS, "web.corp.example A 192.0.2.7", "web.corp.example A 192.0.2.8")
    answer = await ask(asking(udp_call, script))
    status, ruling, note, _ = row(answer)
    assert (status, ruling) == (Status.OK, Ruling.READY)
    assert note == f"DNS answers: {NAME} A is 192.0.2.7, by its alias web.corp.example."
    assert answer.facts["aliases"] == ["web.corp.example"]


async def test_a_record_of_a_server_without_recursion_is_told_with_that(udp_call) -> None:
    script = answering(f"{NAME} A 192.0.2.7", recursion=False, flags=dns.flags.AA)
    status, ruling, note, _ = row(await ask(asking(udp_call, script)))
    assert (status, ruling) == (Status.OK, Ruling.READY)
    assert note.endswith("it offers no recursion, so only what it holds.")


async def test_a_name_in_other_capitals_is_the_same_name(udp_call) -> None:
    def script(request: bytes) -> bytes:
        return answering(f"{NAME} A 192.0.2.7")(request).replace(b"intranet", b"InTrAnEt")

    assert row(await ask(asking(udp_call, script)))[0] is Status.OK


@pytest.mark.parametrize(
    "wrong",
    [
        lambda wire: wire[:2] + bytes([wire[2] ^ 0x08]) + wire[3:],
        lambda wire: wire.replace(b"intranet", b"extranet"),
        lambda wire: wire[:2] + bytes([wire[2] ^ 0x80]) + wire[3:],
        lambda wire: wire[:2] + bytes([wire[2] ^ 0x08]) + wire[3:4] + bytes(8),
        lambda wire: bytes([wire[0] ^ 1]) + wire[1:4] + bytes(8),
    ],
    ids=["opcode", "name", "no answer", "bare with another opcode", "bare with another id"],
)
async def test_an_answer_to_another_question_is_no_answer(udp_call, wrong) -> None:
    def script(request: bytes) -> bytes:
        return wrong(answering()(request))

    with pytest.raises(Unexpected):
        await ask(asking(udp_call, script))


CUT_OFF = answering(flags=dns.flags.TC)


def cut_in_a_record(request: bytes) -> bytes:
    return answering(f"{NAME} A 192.0.2.7", flags=dns.flags.TC)(request)[:-3]


@pytest.mark.parametrize("cut", [CUT_OFF, answering(ALIAS, flags=dns.flags.TC), cut_in_a_record])
@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Outcome(State.CLOSED, Reason.CONN_REFUSED, "192.0.2.1"), "TCP 53 is refused"),
        (Outcome(State.FILTERED, Reason.NO_RESPONSE, "192.0.2.1"), "TCP 53 does not answer"),
        (
            Outcome(
                State.FILTERED,
                Reason.ADMIN_PROHIBITED,
                "192.0.2.1",
                icmp=Icmp(3, 13, "192.0.2.254"),
            ),
            "TCP 53 is rejected by 192.0.2.254",
        ),
        (Outcome(State.UNREACHABLE, Reason.NO_RESPONSE, "192.0.2.1"), "TCP 53 is unreachable"),
        (Outcome(State.OPEN, Reason.SYN_ACK, "192.0.2.1", errno=104), "TCP 53 hangs up"),
    ],
)
async def test_an_answer_that_is_cut_off_is_told_with_the_reason_that_tcp_gives(
    udp_call, cut, ended: Outcome, said: str
) -> None:
    call = asking(udp_call, cut)
    call.vantage.tcp = ended
    answer = await ask(call)
    status, ruling, note, verdict = row(answer)
    assert (status, ruling) == (Status.WARNING, Ruling.UNKNOWN)
    assert f"is cut off, and {said}" in note
    assert "without a record" not in note
    assert verdict == f"DNS (UDP 53) answers, but its answer is cut off, and {said}."
    assert answer.facts["truncated"] is True
    assert call.vantage.connects == [("192.0.2.1", 53)]
    assert call.outcome.state is State.OPEN


async def test_a_record_that_came_before_the_cut_is_enough(udp_call) -> None:
    call = asking(udp_call, answering(f"{NAME} A 192.0.2.7", flags=dns.flags.TC))
    assert row(await ask(call))[0] is Status.OK
    assert call.vantage.connects == []


async def test_an_error_that_is_cut_off_is_an_error(udp_call) -> None:
    call = asking(udp_call, answering(rcode="REFUSED", flags=dns.flags.TC))
    assert "(REFUSED)" in row(await ask(call))[3]
    assert call.vantage.connects == []


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


@pytest.mark.parametrize(
    ("say", "status", "said"),
    [
        (lambda asked: framed(answering(f"{NAME} A 192.0.2.7")(asked)), Status.OK, "A is 192"),
        (lambda asked: framed(answering(rcode="NXDOMAIN")(asked)), Status.WARNING, "no such name"),
        (lambda asked: framed(answering(rcode="REFUSED")(asked)), Status.WARNING, "REFUSED"),
        (lambda asked: framed(CUT_OFF(asked)), Status.WARNING, "cuts it off as well"),
        (lambda asked: framed(answering()(asked))[:20], Status.WARNING, "hangs up"),
        (lambda asked: framed(b"garbage"), Status.WARNING, "answers something else"),
        (lambda asked: framed(b""), Status.WARNING, "answers something else"),
        (lambda asked: b"\xff\xff", Status.WARNING, "hangs up"),
        (lambda asked: b"", Status.WARNING, "hangs up"),
    ],
)
async def test_the_whole_of_a_cut_off_answer_is_asked_for_over_tcp(
    udp_call, peer, say: Callable[[bytes], bytes], status: Status, said: str
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        writer.write(say(await reader.readexactly(size)))
        await writer.drain()
        writer.close()

    call = asking(udp_call, CUT_OFF)
    async with peer(serve) as port:
        call.vantage.tcp = port
        try:
            answer = await ask(call)
        finally:
            await call.close()
    assert row(answer)[0] is status
    assert said in str(answer.facts["summary"])
    assert answer.facts["truncated"] is True
    # TCP was allowed.
    assert ("Allow DNS over TCP" in str(answer.facts["summary"])) is (said == "hangs up")


async def test_tcp_that_says_nothing_is_not_waited_for_longer_than_an_answer(
    udp_call, peer
) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    call = asking(udp_call, CUT_OFF)
    call.timeout = 0.1
    async with peer(mute) as port:
        call.vantage.tcp = port
        answer = await ask(call)
        await call.close()
    assert "TCP 53 gives no answer" in str(answer.facts["summary"])


async def test_a_vantage_without_tcp_is_no_fault_of_the_server(udp_call) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotOffered("no TCP here")

    call = asking(udp_call, CUT_OFF)
    call.vantage.connect = refuse
    summary = str((await ask(call)).facts["summary"])
    assert "TCP 53 cannot be asked from here" in summary
    assert summary.endswith("Whether names with long answers are resolved is not known")


@given(data=st.binary(max_size=200), flags=st.integers(0, 0xFFFF))
def test_no_bytes_of_an_answer_are_a_bug(data: bytes, flags: int) -> None:
    """Anything behind the right question is read or passed over."""
    query = dns.message.make_query(NAME, "A", id=1)
    head = query.to_wire()
    wire = head[:2] + flags.to_bytes(2, "big") + head[4:6] + b"\0\x03\0\x02\0\x01" + head[12:]
    response = _response(query, wire + data)
    if response is not None:
        lookup = _follow(query, response)
        finding = _finding(response, lookup, named=True)
        assert finding.summary.isprintable()
        assert len(finding.summary) < 1200
