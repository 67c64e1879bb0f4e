"""SNMP: is there an agent, does it take the credentials, and what does it say it is (RFC 3411)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from probes.call import Answer, Call
from probes.model import Service, State
from probes.options import SnmpCredential
from probes.snmp.client import (
    ACCEPTED,
    NO_ANSWER,
    SYSTEM,
    Heard,
    Login,
    discover,
    get,
    get_as,
    level,
    login,
    secrets_of,
)
from probes.snmp.device import NAMES, device
from probes.vantage import Outcome
from probes.wire import snmp, snmpv3
from probes.wire.text import printable

DEFAULT = "public"
"""The community devices are delivered with, and so no secret."""
MOST = 3
"""Credentials that are tried."""
GRACE = 1.0
"""Seconds for one of several credentials, and for a slower answer once the agent is there."""
SHARE = 2.7
"""Deadlines that everything together may take; the engine gives it three for each attempt."""

_AWAY = ", or answers from another of its addresses"
_VERSIONS = {"1": snmp.V1, "2c": snmp.V2C}
_LAST = 99


async def ask(call: Call) -> Answer:
    """GET what the device is with each credential in turn, v2c `public` if none was given.

    After silence everything once more at once, beside v1 and a v3 discovery. An agent drops a
    wrong community in silence, and only v3 answers without credentials: so silence is an Answer
    whose facts say what was tried. No community and no key is in a fact or in the evidence.
    Raises NoAnswer and Unexpected.
    """
    talk = _Talk(call, call.options.snmp[:MOST] or (SnmpCredential("2c", DEFAULT),))
    try:
        async with asyncio.timeout(call.timeout * (1 + call.retries) * SHARE):
            await _in_turn(talk)
            if talk.open_question:
                await _at_once(talk)
    except TimeoutError:
        if not talk.tried:
            raise
    best = min(talk.tried, key=_rank)
    call.outcome = best.heard.outcome
    if isinstance(best.heard.said, snmp.Response) and best.result == ACCEPTED:
        return Answer(Service.CONFIRMED, await _device(talk, best, best.heard.said))
    if talk.engine is not None:
        return Answer(Service.CONFIRMED, _engine(talk, talk.engine, best))
    if best.heard.error is not None and not best.heard.silent:
        raise best.heard.error
    return Answer(Service.NOT_ASKED, _silence(talk))


@dataclass(frozen=True, slots=True)
class _Tried:
    """One credential and how it ended; without one, a discovery."""

    heard: Heard
    place: int = _LAST
    credential: SnmpCredential | None = None
    login: Login | None = None

    @property
    def result(self) -> str:
        """`accepted`, `no answer` or what was wrong, in two words."""
        if self.login is not None:
            return self.login.result
        return ACCEPTED if isinstance(self.heard.said, snmp.Response) else NO_ANSWER


@dataclass(slots=True)
class _Talk:
    """The conversation with one agent so far."""

    call: Call
    ways: tuple[SnmpCredential, ...]
    tried: list[_Tried] = field(default_factory=list)
    engine: snmpv3.Report | None = None
    found: Heard | None = None
    """How the engine was discovered."""

    @property
    def open_question(self) -> bool:
        """Whether asking again can tell more: nobody answered, or only the engine did."""
        done = any(one.result == ACCEPTED or _refused(one) for one in self.tried)
        return not done and (self.engine is None or any(one.heard.silent for one in self.tried))

    async def attempt(self, place: int, credential: SnmpCredential, timeout: float) -> _Tried:
        """Try one credential."""
        version = _VERSIONS.get(credential.version)
        if version is not None:
            key = credential.community.encode()
            heard = await get(self.call, version, key, SYSTEM, timeout)
            return self._keep(_Tried(heard, place, credential))
        if self.engine is None:
            found = await self.discover(timeout)
            if self.engine is None:
                return self._keep(_Tried(found, place, credential))
        assert self.engine is not None and self.found is not None
        ended = await login(self.call, credential, self.engine, self.found)
        return self._keep(_Tried(ended.heard, place, credential, ended))

    async def discover(self, timeout: float) -> Heard:
        """Look for an SNMPv3 engine."""
        heard = await discover(self.call, timeout)
        if isinstance(heard.said, snmpv3.Report):
            self.engine, self.found = heard.said, heard
            self._keep(_Tried(heard))
        return heard

    def _keep(self, tried: _Tried) -> _Tried:
        self.tried.append(tried)
        return tried


def _refused(tried: _Tried) -> bool:
    return tried.heard.error is not None and not tried.heard.silent


async def _in_turn(talk: _Talk) -> None:
    """One credential after the other, until one is taken or the port itself says no."""
    call = talk.call
    # Several get little time each: silence is asked again, and a dead device must not cost
    # one deadline for each.
    patience = call.timeout if len(talk.ways) == 1 else min(GRACE, call.timeout)
    for place, credential in enumerate(talk.ways):
        tried = await talk.attempt(place, credential, patience)
        if tried.result == ACCEPTED or _refused(tried):
            return


async def _at_once(talk: _Talk) -> None:
    """All that was silent beside each other: a silent device costs no more than a retry."""
    call = talk.call
    asked: list[Coroutine[Any, Any, object]] = []
    if not call.options.snmp:
        asked.append(talk.attempt(1, SnmpCredential("1", DEFAULT), call.timeout))
    if talk.engine is None:
        asked.append(_engine_and_users(talk))
    if call.retries:
        asked += [
            talk.attempt(one.place, one.credential, call.timeout)
            for one in talk.tried
            if one.credential is not None and one.credential.version in _VERSIONS
        ]
    waiting = {asyncio.ensure_future(one) for one in asked}
    every = list(waiting)
    patience = None if talk.engine is None else GRACE
    try:
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
            if not done or any(one.result == ACCEPTED for one in talk.tried):
                break
            if talk.engine is not None:
                patience = GRACE
    finally:
        for task in every:
            task.cancel()
        await asyncio.gather(*every, return_exceptions=True)


async def _engine_and_users(talk: _Talk) -> None:
    heard = await talk.discover(talk.call.timeout)
    if talk.engine is None:
        talk.tried.append(_Tried(heard))
        return
    for place, credential in enumerate(talk.ways):
        if credential.version not in _VERSIONS:
            tried = await talk.attempt(place, credential, talk.call.timeout)
            if tried.result == ACCEPTED:
                return


def _rank(tried: _Tried) -> tuple[int, int]:
    """Which ending tells most: an answer, an engine's, a foreign one, who refused, silence."""
    match tried.heard:
        case Heard(said=snmp.Response()) if tried.result == ACCEPTED:
            kind = 0
        case Heard(said=said) if said is not None:
            kind = 1
        case Heard(outcome=Outcome(state=State.OPEN)):
            kind = 2
        case _:
            kind = 4 if tried.heard.silent else 3
    return kind, tried.place


async def _device(talk: _Talk, best: _Tried, said: snmp.Response) -> dict[str, object]:
    call, credential, taken = talk.call, best.credential, best.login
    assert credential is not None
    timeout = min(GRACE, call.timeout)

    async def more(oids: tuple[str, ...]) -> Heard:
        if taken is not None and taken.keys is not None and taken.engine is not None:
            return await get_as(call, taken.keys, taken.engine, oids, timeout)
        key = credential.community.encode()
        return await get(call, best.heard.version, key, oids, timeout)

    hidden = secrets_of(call.options) - {DEFAULT}
    facts = await device(call, best.heard.version, said, more, hidden)
    if taken is None:
        facts["community"] = "accepted"
    else:
        facts |= {"user": printable(credential.user, 32), "level": level(credential)}
        facts |= _about(talk.engine)
    return facts | _credentials(talk)


def _engine(talk: _Talk, engine: snmpv3.Report, best: _Tried) -> dict[str, object]:
    """An agent that is there, but takes nothing that was given."""
    problems = [
        one.login.problem for one in talk.tried if one.login is not None and one.login.problem
    ]
    communities = [way for way in talk.ways if way.version in _VERSIONS]
    facts: dict[str, object] = {"versions": ["3"], **_about(engine), **_credentials(talk)}
    if communities:
        facts["community"] = "not accepted"
        word = "this community" if len(communities) == 1 else "these communities"
        problems.append(f"it does not answer v1 and v2c with {word}")
    said = "; ".join(dict.fromkeys(problems))
    facts["summary"] = f"SNMPv3 agent; {said}"
    if talk.call.options.snmp:
        facts["warning"] = True
        facts["summary"] = f"SNMPv3 agent, but the audit's login would fail: {said}"
    return facts


def _about(engine: snmpv3.Report | None) -> dict[str, object]:
    if engine is None:
        return {}
    return {
        "engine_id": engine.engine.hex(),
        "engine_boots": engine.boots,
        "engine_time": engine.time,
        "report": engine.counter,
    }


def _credentials(talk: _Talk) -> dict[str, object]:
    """What became of each credential that was given, by its place; the secret is not in it."""
    if not talk.call.options.snmp:
        return {}
    last = {one.place: one for one in talk.tried if one.credential is not None}
    return {"credentials": [_ended(one, one.credential) for _, one in sorted(last.items())]}


def _ended(tried: _Tried, credential: SnmpCredential | None) -> dict[str, object]:
    assert credential is not None
    said: dict[str, object] = {"place": tried.place + 1, "version": credential.version}
    if credential.version not in _VERSIONS:
        said |= {"user": printable(credential.user, 32), "level": level(credential)}
    return said | {"result": tried.result}


def _silence(talk: _Talk) -> dict[str, object]:
    given = [way.version for way in talk.ways]
    tried = (given if talk.call.options.snmp else [NAMES[snmp.V2C], NAMES[snmp.V1]]) + ["3"]
    facts: dict[str, object] = {"tried": list(dict.fromkeys(tried)), **_credentials(talk)}
    communities = [version for version in given if version in _VERSIONS]
    if not communities:
        hint = f"the agent does not allow this source address{_AWAY} (no SNMPv3 engine answered)"
        return facts | {"hint": hint}
    word = "this community" if len(communities) == 1 else "these communities"
    facts["community"] = "no answer"
    facts["hint"] = (
        f"the agent does not allow {word} or this source address{_AWAY} "
        "(no SNMPv3 engine answered either)"
    )
    return facts
