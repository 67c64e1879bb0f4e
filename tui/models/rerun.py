"""Rerun: an earlier session as the beginning of a new one, for the command line and the screen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from probes.engine.plan import Route, plan
from probes.engine.rerun import plan_rerun
from probes.model import Job, Result, Status, Target, VantageInfo
from probes.session import Header, Origin, Session, new_header
from probes.session.diff import profile_file_difference, why_not_comparable
from probes.settings import Settings
from profiles.model import Profile


@dataclass(frozen=True, slots=True)
class Rerun:
    """An earlier session as the beginning of a new one."""

    session: Session
    header: Header
    """Of the new session."""
    planned: tuple[Job, ...]
    """Every row of the new session; none if the profile has no check for its targets."""
    jobs: tuple[Job, ...]
    """Rows to measure; none if no row was chosen."""
    earlier: tuple[Result, ...]
    """Earlier results of the rows that are not measured again."""
    recalled: tuple[Result, ...]
    """Earlier results of the rows to measure."""
    notices: tuple[str, ...]
    """Sentences for the operator."""


def prepare_rerun(
    profile: Profile,
    session: Session,
    answers: Mapping[str, str],
    settings: Settings,
    info: VantageInfo,
    route: Route,
    *,
    only: tuple[Status, ...] = (),
    keys: Collection[str] | None = None,
) -> Rerun:
    """Everything a new session needs to measure rows of an earlier one again.

    Those are the rows with these `keys`, else those that had a status in `only`, else all.
    """
    before = session.header
    targets = _known_targets(before.targets, profile)
    header = new_header(
        profile,
        info,
        settings,
        answers,
        targets,
        only=before.only,
        origin=Origin(before.id, before.started, only),
    )
    planned = plan(profile, targets, only=frozenset(before.only) or None, route=route)
    why = why_not_comparable(before, header) or profile_file_difference(before, header)
    parted = plan_rerun(
        session, planned, profile, answers, only, keys=keys, not_comparable=bool(why)
    )
    notices = [*filter(None, (session.altered,)), *session.messages]
    if why:
        notices.append(f"{why} Rows that are not retested count as not tested.")
    if parted.unknown_rows:
        notices.append(
            f"{parted.unknown_rows:,} of its rows are of no check of {profile.id} "
            f"{profile.version} and are left out."
        )
    return Rerun(
        session,
        header,
        tuple(planned),
        parted.jobs,
        parted.earlier,
        parted.recalled,
        tuple(notices),
    )


def earlier_answers(profile: Profile, session: Session) -> dict[str, str]:
    """Answers of the session to questions that the profile asks, as far as it allows them."""
    asked = {question.id: question.answers for question in profile.questions}
    return {
        name: said for name, said in session.header.answers.items() if said in asked.get(name, ())
    }


def patient_settings(
    settings: Settings,
    before: Header,
    *,
    timeout_given: bool = False,
    answer_timeout_given: bool = False,
) -> Settings:
    """Settings at least as patient as those of the earlier session, to find what it found."""
    earlier = before.settings
    if not answer_timeout_given:
        longer = max(settings.answer_timeout, earlier.answer_timeout)
        settings = replace(settings, answer_timeout=longer)
    if timeout_given:
        return settings
    return replace(settings, timeout=earlier.timeout, retries=earlier.retries)


def _known_targets(targets: tuple[Target, ...], profile: Profile) -> tuple[Target, ...]:
    roles = {role.id for role in profile.roles}
    return tuple(target for target in targets if target.role in roles)
