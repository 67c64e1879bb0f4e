from __future__ import annotations

import pytest
from pyasn1.codec.ber import decoder
from pysnmp.proto import api, rfc1905
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from probes.engine.secrets import secret_mask
from probes.model import Service
from probes.options import Options, SnmpCredential
from probes.snmp import probe
from probes.snmp.client import SYS_NAME
from probes.snmp.device import PRT_CONFIG_CHANGES
from probes.wire import snmp, snmpv3
from probes.wire.masking import in_force
from probes.wire.snmpv3 import ANONYMOUS, Keys, decrypt, localised_keys

ENGINE = bytes.fromhex("80001f8804616263")
BOOTS, TIME = 7, 99
AUTH_KEY, PRIV_KEY = "Signs-Xyzzy", "Hides-Plugh"
SHA = SnmpCredential("3", "", "audit", "SHA", AUTH_KEY)
AES = SnmpCredential("3", "", "audit", "SHA", AUTH_KEY, "AES-256", PRIV_KEY)


def keys(credential: SnmpCredential, variant: int = 0) -> Keys:
    one = credential
    return localised_keys(one.user, one.auth, one.auth_key, one.priv, one.priv_key, ENGINE, variant)


class Agent:
    """An SNMPv3 agent with one user, that judges in the order of RFC 3414 3.2.

    What it deciphers to nonsense it drops. With `timeless` its first report tells no time.
    """

    def __init__(self, own: Keys, *, timeless: bool = False, printer: bool = False) -> None:
        self.own = own
        self.timeless = timeless
        self.printer = printer
        self.did: list[str] = []

    def __call__(self, request: bytes) -> list[bytes]:
        if int(api.decodeMessageVersion(request)) != snmp.V3:
            return []
        message, _ = decoder.decode(request, asn1Spec=SNMPv3Message())
        head = message["msgGlobalData"]
        id, flags = int(head["msgID"]), bytes(head["msgFlags"])[0]
        params, _ = decoder.decode(
            bytes(message["msgSecurityParameters"]), asn1Spec=UsmSecurityParameters()
        )
        told = [int(params[f"msgAuthoritativeEngine{what}"]) for what in ("Boots", "Time")]
        if bytes(params["msgAuthoritativeEngineId"]) != ENGINE:
            return self.report(id, snmpv3.UNKNOWN_ENGINE, ANONYMOUS)
        if bytes(params["msgUserName"]) != self.own.user:
            return self.report(id, snmpv3.UNKNOWN_USER, ANONYMOUS)
        signing = Keys(self.own.user, self.own.auth, self.own.auth_key)
        if flags & 1 and not snmpv3._digest_matches(request, self.own):
            return self.report(id, snmpv3.WRONG_DIGEST, ANONYMOUS)
        if flags & 1 and told != [BOOTS, TIME]:
            return self.report(id, snmpv3.NOT_IN_TIME, signing)
        if flags & 2:
            salt = bytes(params["msgPrivacyParameters"])
            hidden = bytes(message["msgData"]["encryptedPDU"])
            try:
                plain = decrypt(self.own, told[0], told[1], salt, hidden)
                scoped, _ = decoder.decode(plain, asn1Spec=ScopedPDU())
            except snmp.DECODE_ERRORS:
                self.did.append("nonsense")
                return []
        else:
            scoped = message["msgData"]["plaintext"]
        return self.answer(id, scoped["data"].getComponent(), self.own if flags & 2 else signing)

    def report(self, id: int, counter: str, signs: Keys) -> list[bytes]:
        self.did.append(counter)
        pdu = rfc1905.ReportPDU()
        api.v2c.apiPDU.set_defaults(pdu)
        api.v2c.apiPDU.set_varbinds(pdu, [(counter, api.v2c.Counter32(1))])
        silent = counter == snmpv3.UNKNOWN_ENGINE and self.timeless
        engine = snmpv3.Report(ENGINE, 0 if silent else BOOTS, 0 if silent else TIME, "")
        return [snmpv3.encode_message(signs, engine, id, pdu)]

    def answer(self, id: int, asked, own: Keys) -> list[bytes]:
        self.did.append("answered")
        pdu = rfc1905.ResponsePDU()
        api.v2c.apiPDU.set_defaults(pdu)
        api.v2c.apiPDU.set_request_id(pdu, api.v2c.apiPDU.get_request_id(asked))
        found = []
        for oid, _ in api.v2c.apiPDU.get_varbinds(asked):
            value = rfc1905.noSuchInstance
            if str(oid) == SYS_NAME:
                value = api.v2c.OctetString(f"core1 {AUTH_KEY}")
            elif str(oid) == PRT_CONFIG_CHANGES and self.printer:
                value = api.v2c.Counter32(3)
            found.append((oid, value))
        api.v2c.apiPDU.set_varbinds(pdu, found)
        return [snmpv3.encode_message(own, snmpv3.Report(ENGINE, BOOTS, TIME, ""), id, pdu)]


@pytest.fixture
def asked(udp_call):
    async def ask(agent, *credentials: SnmpCredential):
        call = udp_call(agent, port=161)
        call.options = Options(snmp=credentials)
        with in_force(secret_mask(call.options)):
            answer = await probe.ask(call)
        for secret in (AUTH_KEY, PRIV_KEY):
            kept = repr(answer) + repr(call.evidence) + repr(call.options)
            assert secret not in kept
            assert secret.encode().hex() not in kept
        return answer

    return ask


@pytest.mark.parametrize("credential", [SHA, AES], ids=["authNoPriv", "authPriv"])
async def test_a_user_with_the_right_keys_is_told_what_the_device_is(asked, credential) -> None:
    answer = await asked(Agent(keys(credential)), credential)
    assert answer.service is Service.CONFIRMED
    assert answer.facts["versions"] == ["3"]
    assert answer.facts["summary"] == "SNMPv3 agent: core1 ***"
    assert answer.facts["credentials"][0]["result"] == "accepted"
    assert "warning" not in answer.facts


async def test_a_printer_is_recognised_by_a_v3_user_too(asked) -> None:
    answer = await asked(Agent(keys(AES), printer=True), AES)
    assert answer.facts["printer"] is True
    assert str(answer.facts["summary"]).startswith("SNMPv3 printer")


async def test_an_engine_that_tells_its_time_only_to_a_user_is_asked_again(asked) -> None:
    agent = Agent(keys(AES), timeless=True)
    answer = await asked(agent, AES)
    assert answer.facts["credentials"][0]["result"] == "accepted"
    assert agent.did[:3] == [snmpv3.UNKNOWN_ENGINE, snmpv3.NOT_IN_TIME, "answered"]


async def test_a_key_localised_as_cisco_does_is_accepted(asked) -> None:
    answer = await asked(Agent(keys(AES, 1)), AES)
    assert answer.facts["credentials"][0]["result"] == "accepted"


async def test_silence_is_a_wrong_privacy_key_only_if_the_signature_is_taken(asked) -> None:
    another = SnmpCredential("3", "", "audit", "SHA", AUTH_KEY, "AES", "another-key")
    agent = Agent(keys(another))
    answer = await asked(agent, AES)
    assert answer.facts["credentials"][0]["result"] == "wrong privacy key"
    assert "would fail: the user audit has another privacy key" in str(answer.facts["summary"])
    assert answer.facts["warning"] is True
    assert "nonsense" in agent.did

    def mute(request: bytes) -> list[bytes]:
        said = agent(request)
        return said if agent.did[-1] == snmpv3.UNKNOWN_ENGINE else []

    answer = await asked(mute, AES)
    assert answer.facts["credentials"][0]["result"] == "no answer"


async def test_a_wrong_key_and_an_unknown_user_are_told_apart(asked) -> None:
    wrong = SnmpCredential("3", "", "audit", "SHA", "another-key")
    nobody = SnmpCredential("3", "", "nobody", "SHA", AUTH_KEY)
    answer = await asked(Agent(keys(SHA)), wrong, nobody)
    results = [one["result"] for one in answer.facts["credentials"]]
    assert results == ["wrong authentication key", "unknown user"]
    assert "it does not know the user nobody" in str(answer.facts["summary"])


async def test_the_next_credential_is_tried_after_a_user_that_fails(asked) -> None:
    nobody = SnmpCredential("3", "", "nobody", "SHA", AUTH_KEY)
    community = SnmpCredential("2c", "a-community")
    answer = await asked(Agent(keys(SHA)), community, nobody, SHA)
    results = [one["result"] for one in answer.facts["credentials"]]
    assert results == ["no answer", "unknown user", "accepted"]


async def test_nothing_is_tried_after_what_was_accepted(asked) -> None:
    agent = Agent(keys(SHA))
    await asked(agent, SHA, AES)
    assert snmpv3.WRONG_DIGEST not in agent.did
    assert "nonsense" not in agent.did


async def test_a_key_that_is_too_short_is_not_tried(asked) -> None:
    agent = Agent(keys(SHA))
    answer = await asked(agent, SnmpCredential("3", "", "audit", "SHA", "short"))
    assert answer.facts["credentials"][0]["result"] == "key too short"
    assert agent.did == [snmpv3.UNKNOWN_ENGINE]


async def test_without_an_agent_silence_names_what_was_tried(asked) -> None:
    answer = await asked(lambda request: [], SHA)
    assert answer.service is Service.NOT_ASKED
    assert answer.facts["tried"] == ["3"]
    assert answer.facts["credentials"][0]["result"] == "no answer"
