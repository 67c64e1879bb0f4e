"""An old session, ready to be shown: its rows and results, without touching the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from probes.engine.docket import verdicts_of
from probes.engine.model import Job, Result, Verdict
from probes.engine.plan import plan
from probes.engine.session import Session, read_session, unreached
from profiles.model import Profile


@dataclass(frozen=True, slots=True)
class Recorded:
    """A session as the screen shows it."""

    path: Path
    vantage: str
    where: str
    """The session in one line."""
    jobs: tuple[Job, ...]
    results: tuple[Result, ...]
    verdicts: tuple[Verdict, ...]
    messages: tuple[str, ...]
    answers: Mapping[str, str]
    """What was answered to the profile's questions."""


def open_recorded(path: Path, profile: Profile) -> Recorded:
    """Read a session log; raises SessionError with one sentence."""
    session = read_session(path, profile)
    header = session.header
    planned = plan(profile, header.targets, only=frozenset(header.only) or None)
    rows = (*session.results, *unreached(session, planned))
    address = f" ({header.vantage.addresses[0]})" if header.vantage.addresses else ""
    return Recorded(
        path=path,
        vantage=f"{header.vantage.host}{address}",
        where=_where(session),
        jobs=tuple(result.job for result in rows),
        results=rows,
        verdicts=_verdicts(session, profile, rows),
        messages=(*_other_profile(session, profile), *session.messages),
        answers=header.answers,
    )


def _where(session: Session) -> str:
    ended = "" if session.complete else ", not complete"
    return f"session of {session.header.started}{ended}"


def _verdicts(session: Session, profile: Profile, rows: Iterable[Result]) -> tuple[Verdict, ...]:
    """Those of the log; a target that has none, as in logs of old, is judged from its rows."""
    told = [verdict for one in session.verdicts if (verdict := one.event) is not None]
    known = {verdict.target for verdict in told}
    made = verdicts_of(profile, session.header.answers, rows)
    return (*told, *(verdict for verdict in made if verdict.target not in known))


def _other_profile(session: Session, profile: Profile) -> tuple[str, ...]:
    used = session.header.profile
    if (used.id, used.sha256) == (profile.id, profile.sha256):
        return ()
    return (
        f"It was measured with profile {used.id} {used.version}, not with "
        f"{profile.id} {profile.version}; texts may differ.",
    )
