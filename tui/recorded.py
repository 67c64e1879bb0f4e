"""An old session, ready to be shown: its rows and results, without touching the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from probes.model import Job, Result, Verdict
from probes.session import Session
from probes.wire.text import printable
from profiles.model import Profile
from tui.whole import removed_text, whole_session, with_earlier, with_verdicts

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Recorded:
    """A session as the screen shows it."""

    path: Path
    vantage: str
    where: str
    """The session in one line."""
    measured_by: str
    """The program and the profile, each with its version."""
    jobs: tuple[Job, ...]
    results: tuple[Result, ...]
    verdicts: tuple[Verdict, ...]
    messages: tuple[str, ...]
    answers: Mapping[str, str]
    """What was answered to the profile's questions."""


def open_recorded(path: Path, profile: Profile) -> Recorded:
    """Read a session log; raises SessionError with one sentence."""
    session = with_verdicts(with_earlier(whole_session(path, profile)), profile)
    header, rows = session.header, session.results
    return Recorded(
        path=path,
        vantage=header.vantage.label,
        where=_where(session),
        measured_by=_measured_by(session),
        jobs=tuple(result.job for result in rows),
        results=rows,
        verdicts=tuple(told for one in session.verdicts if (told := one.event) is not None),
        messages=(
            *_other_profile(session, profile),
            *filter(None, (removed_text(session),)),
            *session.messages,
        ),
        answers=header.answers,
    )


def _where(session: Session) -> str:
    ended = "" if session.complete else ", not complete"
    return f"session of {session.header.started}{ended}"


def _measured_by(session: Session) -> str:
    tool, used = session.header.tool, session.header.profile
    text = f"{tool.name} {tool.version} (Python {tool.python}), profile {used.id} {used.version}"
    return printable(f"{text}, {used.source}", _LONGEST)


def _other_profile(session: Session, profile: Profile) -> tuple[str, ...]:
    used = session.header.profile
    if (used.id, used.sha256) == (profile.id, profile.sha256):
        return ()
    return (
        f"It was measured with profile {used.id} {used.version}, not with "
        f"{profile.id} {profile.version}; texts may differ.",
    )
