"""Agreement of the rows of one port of one host: an answer is believed over a silence.

Two roles may ask the same port, and a packet lost on one of the two would give it two states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from probes.model import MEASURED_AS, Job, Observation, Reason, Service, State
from profiles.recognition import AUTO

_SILENCE = frozenset({State.FILTERED, State.OPEN_FILTERED})
_ANSWERS = frozenset({State.OPEN, State.CLOSED, State.FILTERED, State.UNREACHABLE})
_KEPT_FACTS = ("resolved", "addresses")

_Place = tuple[str, str, int | None]
"""Address, transport and port; without one the address itself, of a ping."""
_Seen = tuple[Job, Observation]


class PortAgreement:
    """Observations of one round of measuring, by address and port.

    A round lasts until nothing is pending, so that no answer is older than the silence it replaces.
    """

    def __init__(self) -> None:
        self._answers: dict[_Place, tuple[_Seen, ...]] = {}
        self._silences: dict[_Place, dict[str, _Seen]] = {}
        self._silent_at: dict[str, list[_Place]] = {}
        """Places of the rows in `_silences`, by their keys."""

    @property
    def silent_jobs(self) -> list[Job]:
        """Rows that got no answer in this round, as far as another one's may count for them."""
        seen = (one for place in self._silences.values() for one in place.values())
        return list({job.key: job for job, _ in seen}.values())

    def begin_round(self) -> None:
        """Forget everything."""
        self._answers.clear()
        self._silences.clear()
        self._silent_at.clear()

    def forget(self, job: Job, observation: Observation) -> None:
        """Forget what a row has seen, because it is measured again or seen otherwise."""
        for place in _places(job, observation)[:1]:
            if place in self._answers:
                others = (one for one in self._answers[place] if one[0].key != job.key)
                self._answers[place] = tuple(others)
        for place in self._silent_at.pop(job.key, ()):
            self._silences[place].pop(job.key, None)

    def enter(self, job: Job, observation: Observation) -> Observation:
        """The observation as it counts: in the place of silence the answer that another row got."""
        if not _has_place(job) or MEASURED_AS in observation.facts:
            return observation
        self.forget(job, observation)
        places = _places(job, observation)
        silent = _is_silent(observation)
        if silent or observation.service is Service.SILENT:
            self._silent_at[job.key] = places
            for place in places:
                self._silences.setdefault(place, {})[job.key] = (job, observation)
        if not silent and observation.state in _ANSWERS and places:
            self._answers[places[0]] = (*self._answers.get(places[0], ()), (job, observation))
        return self._believed(job, observation)

    def silent_beside(self, job: Job, observation: Observation) -> Iterator[_Seen]:
        """Other rows that got no answer where this one did, with what they count as."""
        if not _has_place(job) or _is_silent(observation) or observation.state not in _ANSWERS:
            return
        for place in _places(job, observation)[:1]:
            for other, silence in [*self._silences.get(place, {}).values()]:
                if other.key != job.key:
                    yield other, self._believed(other, silence)

    def _believed(self, job: Job, seen: Observation) -> Observation:
        answers = [
            one
            for place in self._silent_at.get(job.key, ())
            for one in self._answers.get(place, ())
            if one[0].key != job.key and (_is_silent(seen) or _is_proven(job, *one))
        ]
        if not answers:
            return seen
        other, answer = min(answers, key=lambda one: _rank(job, *one))
        return _as_measured(job, seen, other, answer)


def _as_measured(job: Job, silence: Observation, other: Job, answer: Observation) -> Observation:
    """Observation of another row in the place of this one's, which got no answer.

    What the service said counts for the same question to the same name only: another name may have
    another certificate, and another probe proves another service.
    """
    by = other.target.role
    if other.target.host.casefold() != job.target.host.casefold():
        by = f"{by} {other.target.host}"
    told = {MEASURED_AS: by}
    seen = replace(
        answer,
        started=silence.started,
        attempts=silence.attempts,
        evidence=(*silence.evidence, *answer.evidence),
    )
    if _is_same_question(job, other):
        return replace(seen, facts={**answer.facts, **told})
    kept = {name: silence.facts[name] for name in _KEPT_FACTS if name in silence.facts}
    if answer.state is not State.OPEN:
        return replace(seen, facts={**kept, **told})
    summary = {"summary": "this row's service was not reached"}
    return replace(seen, service=Service.SILENT, facts={**kept, **summary, **told})


def place_of(job: Job) -> tuple[str, str, int | None] | None:
    """Host, transport and port that a row asks; None where its own port does not decide it."""
    if not _has_place(job):
        return None
    return job.target.host.casefold(), job.check.transport, job.port


def _has_place(job: Job) -> bool:
    """False for a row that goes through a proxy, or that other ports decide."""
    return job.via is None and not job.check.ports and job.check.role != AUTO


def _places(job: Job, observation: Observation) -> list[_Place]:
    """The place of the observation, and of every other address that was tried."""
    tried = observation.facts.get("addresses")
    others = tried if isinstance(tried, list) else []
    addresses = [
        observation.address,
        *(one.get("address") for one in others if isinstance(one, Mapping)),
    ]
    return [
        (str(address), job.check.transport, job.port)
        for address in dict.fromkeys(addresses)
        if address is not None
    ]


def _is_silent(observation: Observation) -> bool:
    return observation.state in _SILENCE and observation.reason is Reason.NO_RESPONSE


def _is_same_question(job: Job, other: Job) -> bool:
    return (
        job.check.probe == other.check.probe
        and job.check.issuers == other.check.issuers
        and job.target.host.casefold() == other.target.host.casefold()
    )


def is_same_question(job: Job, other: Job) -> bool:
    """True if a row asks what another one does, of the same port in the same way."""
    return (job.check.transport, job.port, job.via) == (
        other.check.transport,
        other.port,
        other.via,
    ) and _is_same_question(job, other)


def _is_proven(job: Job, other: Job, answer: Observation) -> bool:
    """True if the service of this row answered another one."""
    return answer.service is Service.CONFIRMED and _is_same_question(job, other)


def _rank(job: Job, other: Job, answer: Observation) -> tuple[bool, ...]:
    """Order of answers for a silent row, the most telling first."""
    return (
        answer.state is not State.OPEN,
        not _is_same_question(job, other),
        answer.service is not Service.CONFIRMED,
        answer.state is not State.CLOSED,
    )
