"""SNMP probe: agent, accepted credentials and the system group (RFC 3411, RFC 3418)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from probes.call import Answer, Call
from probes.model import Service, State
from probes.options import DEFAULT_COMMUNITY, SnmpCredential
from probes.snmp.client import (
    ACCEPTED,
    NO_ACCESS,
    NO_ANSWER,
    SYSTEM,
    LoginResult,
    Reply,
    discover,
    error_status,
    follow_up_timeout,
    get,
    get_as_user,
    lacks_access,
    login,
    problem_text,
    security_level,
)
from probes.snmp.device import VERSION_NAMES, Get, device_facts, readable_values
from probes.vantage import Outcome
from probes.wire import snmp, snmpv3
from probes.wire.text import printable

MAX_CREDENTIALS = 3
"""Maximum number of credentials that are tried."""
GRACE_TIMEOUT = 1.0
"""Seconds for one of several credentials, and for a slower answer once the agent is there."""
TOTAL_DEADLINES = 2.7
"""Deadlines that everything together may take; the engine gives it three for each attempt."""

_OTHER_ADDRESS = ", or answers from another of its addresses"
_VERSIONS = {"1": snmp.V1, "2c": snmp.V2C}
_NO_CREDENTIAL = 99


async def ask(call: Call) -> Answer:
    """GET the system group with each credential in turn, v2c `public` if none was given.

    A login that is let in and given nothing is asked what else it may read, and the next one tried.
    After silence everything once more concurrently, beside v1 and a v3 discovery; an answer to what
    was asked before still counts. An agent drops a wrong community in silence, and only v3 answers
    without credentials: so silence is an Answer whose facts say what was tried. No community and no
    key is in a fact or in the evidence.
    Raises NoAnswer and Unexpected.
    """
    session = _Session(
        call, call.options.snmp[:MAX_CREDENTIALS] or (SnmpCredential("2c", DEFAULT_COMMUNITY),)
    )
    try:
        async with asyncio.timeout(call.timeout * (1 + call.retries) * TOTAL_DEADLINES):
            await _try_sequentially(session)
            if session.is_undecided:
                await _try_concurrently(session)
    except TimeoutError:
        if not session.attempts:
            raise
    finally:
        await session.stop_listening()
    best = min(session.attempts, key=_rank)
    call.outcome = best.reply.outcome
    if isinstance(best.reply.message, snmp.Response) and best.result == ACCEPTED:
        return Answer(Service.CONFIRMED, await _device_facts(session, best, best.reply.message))
    if session.engine is not None or best.result == NO_ACCESS:
        return Answer(Service.CONFIRMED, _rejected_facts(session))
    if best.reply.error is not None and not best.reply.is_silent:
        raise best.reply.error
    return Answer(Service.NOT_ASKED, _silence_facts(session))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One credential and how it ended; without one, a discovery."""

    reply: Reply
    index: int = _NO_CREDENTIAL
    credential: SnmpCredential | None = None
    login: LoginResult | None = None
    only_others: bool = False
    """True if it may read nothing of the system group, and something else."""

    @property
    def result(self) -> str:
        """`accepted`, `no answer` or what was wrong, in two words."""
        result = NO_ANSWER if self.login is None else self.login.result
        if isinstance(self.reply.message, snmp.Response) and result in (ACCEPTED, NO_ANSWER):
            return NO_ACCESS if lacks_access(self.reply.message) else ACCEPTED
        return result

    @property
    def problem(self) -> str:
        """Clause about a user's login that fails; empty if it does not, and for a community."""
        if self.login is None or self.credential is None:
            return ""
        return self.login.problem or problem_text(self.result, self.credential)


@dataclass(slots=True)
class _Session:
    """State of the exchange with one agent: attempts so far and the discovered engine."""

    call: Call
    credentials: tuple[SnmpCredential, ...]
    attempts: list[_Attempt] = field(default_factory=list)
    engine: snmpv3.Report | None = None
    discovery: Reply | None = None
    """The reply to the discovery."""
    asked: dict[int, SnmpCredential] = field(default_factory=dict)
    """Credentials that were tried, by their place."""
    listening: set[asyncio.Task[_Attempt]] = field(default_factory=set)
    """Credentials that were asked with and may still be answered."""
    logins: set[int] = field(default_factory=set)
    """Users that were tried, by the place of their credential."""
    logins_running: int = 0

    @property
    def is_decided(self) -> bool:
        """True if a credential was accepted or the port refuses."""
        return any(one.result == ACCEPTED or _is_refused(one) for one in self.attempts)

    @property
    def grace(self) -> float:
        """Seconds for a slower answer once the engine is there."""
        if self.discovery is None:
            return GRACE_TIMEOUT
        return follow_up_timeout(self.call, self.discovery, GRACE_TIMEOUT)

    @property
    def is_undecided(self) -> bool:
        """True if asking again can tell more: nothing answered, or only a part did."""
        is_silent = bool(self.listening) or any(one.reply.is_silent for one in self.attempts)
        answered = self.engine is not None or any(one.result == NO_ACCESS for one in self.attempts)
        return not self.is_decided and (not answered or is_silent)

    async def listen(self, task: asyncio.Task[_Attempt], seconds: float) -> None:
        """Wait for an attempt, or for anything that decides, at most so many seconds.

        A login that is under way is waited for. Raises what an attempt raised.
        """
        loop = asyncio.get_running_loop()
        self.listening.add(task)
        until = loop.time() + seconds
        while task in self.listening and not self.is_decided:
            left = None if self.logins_running else max(0.0, until - loop.time())
            done, _ = await asyncio.wait(
                self.listening, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            if not done and not self.logins_running:
                return
            self.listening -= done
            for one in done:
                one.result()

    async def stop_listening(self) -> None:
        """End the attempts that were not answered by now."""
        for task in self.listening:
            task.cancel()
        await asyncio.gather(*self.listening, return_exceptions=True)

    async def try_credential(
        self, index: int, credential: SnmpCredential, timeout: float
    ) -> _Attempt:
        """Try one credential."""
        self.asked[index] = credential
        version = _VERSIONS.get(credential.version)
        if version is not None:
            key = credential.community.encode()
            reply = await get(self.call, version, key, SYSTEM, timeout)
            return self._record(await _with_access(self.call, _Attempt(reply, index, credential)))
        if self.engine is None:
            discovery = await self.discover(timeout)
            if self.engine is None:
                return self._record(_Attempt(discovery, index, credential))
        assert self.engine is not None and self.discovery is not None
        self.logins.add(index)
        self.logins_running += 1
        try:
            result = await login(self.call, credential, self.engine, self.discovery)
            attempt = _Attempt(result.reply, index, credential, result)
            attempt = await _with_access(self.call, attempt)
        finally:
            self.logins_running -= 1
        return self._record(attempt)

    async def discover(self, timeout: float) -> Reply:
        """Look for an SNMPv3 engine."""
        reply = await discover(self.call, timeout)
        if isinstance(reply.message, snmpv3.Report):
            self.engine, self.discovery = reply.message, reply
            self._record(_Attempt(reply))
        return reply

    def _record(self, attempt: _Attempt) -> _Attempt:
        self.attempts.append(attempt)
        return attempt


async def _with_access(call: Call, attempt: _Attempt) -> _Attempt:
    """Attempt with whatever a login may read that was given nothing of the system group."""
    reply, response = attempt.reply, attempt.reply.message
    refused = attempt.login is not None and attempt.login.result != ACCEPTED
    if refused or not isinstance(response, snmp.Response) or not lacks_access(response):
        return attempt
    values = await readable_values(call, reply.version, _get_again(call, attempt))
    if not values:
        return attempt
    reply = replace(reply, message=snmp.Response(0, values))
    return replace(attempt, reply=reply, only_others=not values.keys() & set(SYSTEM))


def _get_again(call: Call, attempt: _Attempt) -> Get:
    """GET with the credential of an attempt that was answered."""
    credential, login = attempt.credential, attempt.login
    assert credential is not None
    timeout = follow_up_timeout(call, attempt.reply, GRACE_TIMEOUT)

    async def get_again(oids: tuple[str, ...], *, following: bool = False) -> Reply:
        if login is not None and login.keys is not None and login.engine is not None:
            return await get_as_user(
                call, login.keys, login.engine, oids, timeout, following=following
            )
        key = credential.community.encode()
        return await get(call, attempt.reply.version, key, oids, timeout, following=following)

    return get_again


def _is_refused(attempt: _Attempt) -> bool:
    return attempt.reply.error is not None and not attempt.reply.is_silent


async def _try_sequentially(session: _Session) -> None:
    """Try one credential after the other, until one is accepted or the port refuses."""
    call = session.call
    # Several get little time each: silence is asked again, and a dead device must not cost
    # one deadline for each.
    timeout = call.timeout if len(session.credentials) == 1 else min(GRACE_TIMEOUT, call.timeout)
    left = timeout * len(session.credentials) + call.timeout
    for index, credential in enumerate(session.credentials):
        attempt = asyncio.ensure_future(session.try_credential(index, credential, left))
        await session.listen(attempt, timeout)
        if session.is_decided:
            return
        left -= timeout


async def _try_concurrently(session: _Session) -> None:
    """Retry all silent attempts concurrently: a silent device costs no more than a retry."""
    call = session.call
    coroutines: list[Coroutine[Any, Any, object]] = []
    if not call.options.snmp:
        coroutines.append(
            session.try_credential(1, SnmpCredential("1", DEFAULT_COMMUNITY), call.timeout)
        )
    if session.engine is None:
        coroutines.append(_discover_and_try_users(session))
    if call.retries:
        coroutines += [
            session.try_credential(index, credential, call.timeout)
            for index, credential in enumerate(session.credentials)
            if credential.version in _VERSIONS
        ]
    tasks = {asyncio.ensure_future(one) for one in coroutines}
    pending: set[asyncio.Task[Any]] = {*tasks, *session.listening}
    try:
        while pending:
            is_waiting = session.engine is None or session.logins_running
            done, pending = await asyncio.wait(
                pending,
                timeout=None if is_waiting else session.grace,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                task.result()
            if any(one.result == ACCEPTED for one in session.attempts):
                break
            if not done and not session.logins_running:
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _discover_and_try_users(session: _Session) -> None:
    reply = await session.discover(session.call.timeout)
    if session.engine is None:
        session.attempts.append(_Attempt(reply))
        return
    for index, credential in enumerate(session.credentials):
        if credential.version not in _VERSIONS and index not in session.logins:
            attempt = await session.try_credential(index, credential, session.call.timeout)
            if attempt.result == ACCEPTED:
                return


def _rank(attempt: _Attempt) -> tuple[int, int]:
    """Sort key, best evidence first: an answer, a report, a foreign one, a refusal, silence."""
    match attempt.reply:
        case Reply(message=snmp.Response()) if attempt.result == ACCEPTED:
            kind = 0
        case Reply(message=message) if message is not None:
            kind = 1
        case Reply(outcome=Outcome(state=State.OPEN)):
            kind = 2
        case _:
            kind = 4 if attempt.reply.is_silent else 3
    return kind, attempt.index


async def _device_facts(
    session: _Session, best: _Attempt, response: snmp.Response
) -> dict[str, object]:
    call, credential, login = session.call, best.credential, best.login
    assert credential is not None
    facts = await device_facts(call, best.reply.version, response, _get_again(call, best))
    if best.only_others:
        facts["warning"] = True
        facts["summary"] = (
            f"{facts['summary']}, but this login may not read what it is: no sysObjectID, sysDescr "
            "or sysName; give it a view of 1.3.6.1.2.1.1 too"
        )
    if login is None:
        facts["community"] = "accepted"
    else:
        facts |= {"user": printable(credential.user, 32), "level": security_level(credential)}
        facts |= _engine_facts(session.engine)
    return facts | _credential_facts(session)


def _rejected_facts(session: _Session) -> dict[str, object]:
    """Facts about an agent that answers, and lets no credential that was given read anything."""
    given = len(session.call.options.snmp)
    problems = [one.problem for one in session.attempts if one.problem]
    facts: dict[str, object] = {
        "versions": _answering_versions(session),
        **_engine_facts(session.engine),
        **_credential_facts(session),
    }
    communities = {way.community for way in session.credentials if way.version in _VERSIONS}
    answers = _answers_without_access(session)
    answered = {way.community for way in answers}
    if answered:
        facts["community"] = NO_ACCESS
        which = _communities_text(len(answered), len(communities)) if given else DEFAULT_COMMUNITY
        problems.append(f"{which} may read nothing there; give it a view on the device")
        if failure := next(filter(None, map(error_status, answers.values())), 0):
            problems[-1] = f"it answers {which} with error status {failure} and nothing else"
        if status := next((one.status for one in answers.values() if one.status), 0):
            facts["error_status"] = status
    if silent := len(communities - answered):
        facts.setdefault("community", "not accepted")
        which = _communities_text(silent, len(communities))
        problems.append(f"it does not answer v1 and v2c with {which}")
    reasons = "; ".join(dict.fromkeys(problems))
    agent = f"SNMPv{_answering_versions(session)[0]} agent"
    facts["summary"] = f"{agent}; {reasons}"
    if given:
        logins = "login" if given == 1 else "logins"
        facts |= {"warning": True, "shortfall": f"nothing can be read with the {logins} given"}
        facts["summary"] = f"{agent}, but the audit's login would fail: {reasons}"
    elif answered:
        facts |= {"warning": True, "shortfall": "nothing can be read with the community public"}
        facts["summary"] = f"{agent}, but nothing can be read: {reasons}"
    return facts


def _answers_without_access(session: _Session) -> dict[SnmpCredential, snmp.Response]:
    """Responses to communities that may read nothing."""
    return {
        one.credential: one.reply.message
        for one in session.attempts
        if one.result == NO_ACCESS
        and one.login is None
        and one.credential is not None
        and isinstance(one.reply.message, snmp.Response)
    }


def _answering_versions(session: _Session) -> list[str]:
    versions = [one.version for one in _answers_without_access(session)]
    return list(dict.fromkeys((*versions, *(["3"] if session.engine is not None else []))))


def _communities_text(number: int, of: int) -> str:
    if number == of:
        return "this community" if of == 1 else "these communities"
    return "one of these communities" if number == 1 else f"{number} of these communities"


def _engine_facts(engine: snmpv3.Report | None) -> dict[str, object]:
    if engine is None:
        return {}
    return {
        "engine_id": engine.engine.hex(),
        "engine_boots": engine.boots,
        "engine_time": engine.time,
        "report": engine.counter,
    }


def _credential_facts(session: _Session) -> dict[str, object]:
    """Facts about the result of each given credential, by its place, without its secret."""
    if not session.call.options.snmp:
        return {}
    # One that was still listened for when another was accepted has no attempt of its own.
    last = {
        index: _Attempt(Reply(_VERSIONS.get(credential.version, snmp.V3), None), index, credential)
        for index, credential in session.asked.items()
    }
    last |= {one.index: one for one in session.attempts if one.credential is not None}
    return {
        "credentials": [_credential_fact(one, one.credential) for _, one in sorted(last.items())]
    }


def _credential_fact(attempt: _Attempt, credential: SnmpCredential | None) -> dict[str, object]:
    assert credential is not None
    fact: dict[str, object] = {"place": attempt.index + 1, "version": credential.version}
    if credential.version not in _VERSIONS:
        fact |= {"user": printable(credential.user, 32), "level": security_level(credential)}
    return fact | {"result": attempt.result}


def _silence_facts(session: _Session) -> dict[str, object]:
    given = [way.version for way in session.credentials]
    tried = (
        given if session.call.options.snmp else [VERSION_NAMES[snmp.V2C], VERSION_NAMES[snmp.V1]]
    ) + ["3"]
    facts: dict[str, object] = {"tried": list(dict.fromkeys(tried)), **_credential_facts(session)}
    communities = [version for version in given if version in _VERSIONS]
    if not communities:
        hint = (
            f"the agent does not allow this source address{_OTHER_ADDRESS} "
            "(no SNMPv3 engine answered)"
        )
        return facts | {"hint": hint}
    word = "this community" if len(communities) == 1 else "these communities"
    facts["community"] = "no answer"
    facts["hint"] = (
        f"the agent does not allow {word} or this source address{_OTHER_ADDRESS} "
        "(no SNMPv3 engine answered either)"
    )
    return facts
