from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyasn1.codec.ber import encoder
from pyasn1.type import univ
from pysnmp.proto import api, rfc1905

from probes.call import Answer
from probes.judging.check_outcome import verdict_row
from probes.judging.status import judge
from probes.judging.verdict import judge_capability
from probes.lab import snmp as lab
from probes.model import Job, Observation, Reason, Ruling, Service, State, Status, Target
from probes.options import Options, SnmpCredential
from probes.snmp import client, probe
from probes.wire import snmp
from profiles.loader import load_profile

Script = Callable[[bytes], list[bytes]]
VERSIONS = {"1": snmp.V1, "2c": snmp.V2C}
PUBLIC = SnmpCredential("2c", "public")


def agent(
    view: dict[str, object],
    *,
    absent: Any = rfc1905.noSuchObject,
    status: int = 2,
    community: bytes = b"public",
    versions: tuple[int, ...] = (snmp.V1, snmp.V2C),
    next_of_nothing: str | None = None,
    other: str | None = None,
) -> Script:
    """An agent whose view holds these objects; beyond them as net-snmp answers.

    v1 answers with `status`, v2c with `absent` or endOfMibView. With `next_of_nothing` every
    GETNEXT is answered with that object and no value, with `other` every GET with that object.
    """

    def script(request: bytes) -> list[bytes]:
        version = int(api.decodeMessageVersion(request))
        if version not in versions:
            return []
        form: Any = api.PROTOCOL_MODULES[version]
        asked = snmp.decode(request, form.Message())
        if bytes(form.apiMessage.get_community(asked)) != community:
            return []
        message = form.apiMessage.get_response(asked)
        query, pdu = form.apiMessage.get_pdu(asked), form.apiMessage.get_pdu(message)
        following = query.isSameTypeWith(form.GetNextRequestPDU())
        found = []
        for oid, _ in form.apiPDU.get_varbinds(query):
            later = sorted(one for one in map(univ.ObjectIdentifier, view) if one > oid)
            oid = later[0] if following and later else oid
            value = view.get(str(oid)) if later or not following else None
            if next_of_nothing is not None and following:
                oid, value = univ.ObjectIdentifier(next_of_nothing), None
            if other is not None:
                oid, value = univ.ObjectIdentifier(other), "x"
            if value is None and version == snmp.V1:
                form.apiPDU.set_error_status(pdu, status)
            gone = rfc1905.endOfMibView if following else absent
            gone = form.null if version == snmp.V1 else gone
            value = form.OctetString(value) if isinstance(value, str) else value
            found.append((oid, gone if value is None else value))
        form.apiPDU.set_varbinds(pdu, found)
        return [bytes(encoder.encode(message))]

    return script


@pytest.fixture
def asked(udp_call) -> Callable[..., Any]:
    async def ask(script: Script, *credentials: SnmpCredential) -> tuple[Answer, int]:
        call = udp_call(script, port=161)
        call.options = Options(snmp=credentials)
        answer = await probe.ask(call)
        assert call.outcome.state is State.OPEN
        return answer, len(call.vantage.sent)

    return ask


def judged(answer: Answer) -> tuple[Status, Ruling, str]:
    """Status of the row, and the verdict of a device whose only row it is."""
    profile = load_profile(None, {})
    check = next(one for one in profile.checks if one.id == "snmp.snmp")
    capability = next(one for one in profile.capabilities if check.id in one.requires)
    observation = Observation(
        State.OPEN, Reason.UDP_RESPONSE, answer.service, "127.0.0.1", facts=answer.facts
    )
    result = judge(Job("k", check, Target(check.role, "d"), 161), observation)
    verdict = judge_capability(profile, capability, {}, {check.id: verdict_row(result)}, {})
    return result.status, verdict.ruling, verdict.text


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize(
    "script",
    [
        agent({}),
        agent({}, absent=rfc1905.noSuchInstance),
        agent({}, status=16),
        agent({}, status=6),
        agent({}, status=5),
        agent({}, status=13),
        agent({}, next_of_nothing="1.3.6.1.2.1.1.1.0"),
        agent({}, next_of_nothing="1.0"),
    ],
    ids=[
        "no view",
        "noSuchInstance",
        "authorizationError",
        "noAccess",
        "genErr",
        "no resources",
        "an empty next",
        "itself",
    ],
)
async def test_a_community_that_may_read_nothing_warns_and_the_verdict_says_so(
    asked, version: str, script: Script
) -> None:
    answer, _ = await asked(script, SnmpCredential(version, "public"))
    assert answer.service is Service.CONFIRMED
    assert answer.facts["versions"] == [version]
    assert answer.facts["credentials"][0]["result"] == "no access"
    status, ruling, text = judged(answer)
    assert (status, ruling) == (Status.WARNING, Ruling.UNKNOWN)
    assert text == "SNMP (UDP 161) answers, but nothing can be read with the login given."


@pytest.mark.parametrize("versions", [(snmp.V2C,), (snmp.V1,)], ids=["2c", "1"])
async def test_public_that_may_read_nothing_warns_without_a_login_given(asked, versions) -> None:
    answer, _ = await asked(agent({}, versions=versions))
    assert "but nothing can be read: public may read nothing there" in answer.facts["summary"]
    status, ruling, text = judged(answer)
    assert (status, ruling) == (Status.WARNING, Ruling.UNKNOWN)
    assert text == "SNMP (UDP 161) answers, but nothing can be read with the community public."


async def test_an_error_that_is_none_of_access_is_told_by_its_number(asked) -> None:
    answer, _ = await asked(agent({}, status=5), SnmpCredential("1", "public"))
    assert "answers this community with error status 5 and nothing else" in answer.facts["summary"]
    assert answer.facts["error_status"] == 5


async def test_an_answer_with_another_object_is_no_missing_access(asked) -> None:
    answer, _ = await asked(agent({}, other="1.3.6.1.2.1.25.3.2.1.5.1"), PUBLIC)
    assert judged(answer)[0] is Status.OK


@pytest.mark.parametrize("status", [1, 19])
async def test_an_error_that_says_nothing_of_access_promises_nothing_and_is_no_warning(
    asked, status: int
) -> None:
    answer, _ = await asked(agent({}, status=status), SnmpCredential("1", "public"))
    assert answer.facts["error_status"] == status
    assert judged(answer)[0] is Status.OK


async def test_an_agent_without_a_view_is_asked_few_questions(asked) -> None:
    assert (await asked(agent({}), SnmpCredential("1", "public")))[1] == 3
    assert (await asked(agent({}), PUBLIC))[1] == 2


async def test_the_login_after_one_that_may_read_nothing_is_tried(udp_call) -> None:
    empty, whole = agent({}), agent({client.SYS_NAME: "core1"}, community=b"second")
    call = udp_call(lambda data: empty(data) + whole(data), port=161)
    call.options = Options(snmp=(PUBLIC, SnmpCredential("2c", "second")))
    answer = await probe.ask(call)
    assert [one["result"] for one in answer.facts["credentials"]] == ["no access", "accepted"]
    assert answer.facts["sys_name"] == "core1"
    assert "warning" not in answer.facts


async def test_of_several_communities_it_is_told_how_many_may_read_nothing(asked) -> None:
    other = SnmpCredential("2c", "another")
    answer, _ = await asked(agent({}), other, PUBLIC)
    summary = str(answer.facts["summary"])
    assert "one of these communities may read nothing there" in summary
    assert "it does not answer v1 and v2c with one of these communities" in summary
    assert "another" not in summary and "public" not in summary
    assert judged(answer)[2].endswith("nothing can be read with the logins given.")


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize(
    "oid", ["1.0.8802.1.1.2.1.3.3.0", "1.3.6.1.2.1.2.1.0", "1.3.6.1.4.1.9.2.1.3.0"]
)
async def test_a_view_without_the_system_group_warns_and_is_no_empty_view(
    asked, version: str, oid: str
) -> None:
    answer, _ = await asked(agent({oid: "x"}), SnmpCredential(version, "public"))
    assert answer.facts["credentials"][0]["result"] == "accepted"
    assert "may not read what it is: no sysObjectID, sysDescr or sysName" in answer.facts["summary"]
    status, ruling, text = judged(answer)
    assert (status, ruling) == (Status.WARNING, Ruling.READY)
    assert text.endswith("SNMP (UDP 161) has a warning.")


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize(
    ("oid", "fact"), [(client.SYS_NAME, "sys_name"), (client.SYS_DESCR, "sys_descr")]
)
async def test_a_view_of_one_object_of_the_system_group_is_enough(
    asked, version: str, oid: str, fact: str
) -> None:
    answer, _ = await asked(agent({oid: "core1"}), SnmpCredential(version, "public"))
    assert answer.facts[fact] == "core1"
    assert "error_status" not in answer.facts
    assert judged(answer)[0] is Status.OK


async def test_silence_after_an_empty_answer_is_told_as_nothing_read(udp_call) -> None:
    real, seen = agent({}), list[bytes]()

    def script(request: bytes) -> list[bytes]:
        seen.append(request)
        return real(request) if len(seen) == 1 else []

    call = udp_call(script, port=161)
    call.options = Options(snmp=(PUBLIC,))
    answer = await probe.ask(call)
    assert call.outcome.state is State.OPEN
    assert judged(answer)[0] is Status.WARNING


async def test_an_agent_of_the_lab_without_objects_is_one_that_may_read_nothing(asked) -> None:
    def script(request: bytes) -> list[bytes]:
        said = lab.agent((snmp.V2C,), {})(request)
        return [] if said is None else [said]

    answer, _ = await asked(script, PUBLIC)
    assert judged(answer)[0] is Status.WARNING
