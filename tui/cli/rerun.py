"""`auditreach run --from SESSION`: rows to measure again, and what the others count as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from probes.engine.plan import Route, plan
from probes.engine.rerun import plan_rerun
from probes.model import Job, Result, Status, Target, VantageInfo
from probes.session import (
    Header,
    Origin,
    Session,
    SessionError,
    new_header,
    read_session,
)
from probes.session.diff import profile_file_difference, why_not_comparable
from probes.settings import Settings
from probes.wire.text import printable
from profiles.model import Profile
from tui.cli import prepare
from tui.cli.options import Options, UsageError, quoted


@dataclass(frozen=True, slots=True)
class Rerun:
    """An earlier session as the beginning of a new one."""

    session: Session
    header: Header
    """Of the new session."""
    jobs: tuple[Job, ...]
    """Rows to measure; none if no row has a status that was asked for."""
    earlier: tuple[Result, ...]
    """Earlier results of the rows that are not measured again."""
    recalled: tuple[Result, ...]
    """Earlier results of the rows to measure."""
    notices: tuple[str, ...]
    """Sentences for the operator."""


def load_earlier(options: Options, profile: Profile) -> Session:
    """The session under --from; raises UsageError."""
    assert options.session is not None
    if options.entries:
        raise UsageError(
            "--from takes its targets from the session; leave ROLE=HOST out, or measure them "
            "in a run of their own."
        )
    try:
        session = read_session(options.session, profile)
    except SessionError as error:
        raise UsageError(str(error)) from None
    if session.header.vantage.simulated:
        # Its names are those of others outside, and its addresses lead to whatever serves here.
        raise UsageError(
            f"{quoted(str(options.session))} is a session of the demo; its hosts exist only there."
        )
    return session


def rerun_answers(options: Options, profile: Profile, session: Session | None) -> dict[str, str]:
    """The answers of the session, if there is one, under those of the command line.

    Raises UsageError.
    """
    if session is None:
        return prepare.answers(options, profile)
    asked = {question.id: question.answers for question in profile.questions}
    before = {
        name: said for name, said in session.header.answers.items() if said in asked.get(name, ())
    }
    return prepare.answers(options, profile, before)


def begin_rerun(
    options: Options,
    profile: Profile,
    session: Session,
    answered: Mapping[str, str],
    info: VantageInfo,
    route: Route,
) -> Rerun:
    """Everything a run needs to measure rows of the session again; raises UsageError."""
    before = session.header
    targets = _known_targets(before.targets, profile)
    header = new_header(
        profile,
        info,
        _settings(options, before),
        answered,
        targets,
        only=before.only,
        origin=Origin(before.id, before.started, tuple(options.only)),
    )
    planned = plan(profile, targets, only=frozenset(before.only) or None, route=route)
    why = why_not_comparable(before, header) or profile_file_difference(before, header)
    parted = plan_rerun(session, planned, profile, answered, options.only, not_comparable=bool(why))
    if not planned:
        raise UsageError(f"{quoted(str(options.session))} has no host for a check of the profile.")
    notices = [*filter(None, (session.altered,)), *session.messages]
    if why:
        notices.append(f"{why} Rows that are not measured again count as not tested.")
    if parted.unknown_rows:
        notices.append(
            f"{parted.unknown_rows:,} of its rows are of no check of {profile.id} "
            f"{profile.version} and are left out."
        )
    return Rerun(session, header, parted.jobs, parted.earlier, parted.recalled, tuple(notices))


def nothing_to_rerun(options: Options) -> str:
    """The sentence for a session without a row of the statuses that were asked for."""
    return (
        f"No row of {printable(str(options.session), 200)} is {_words(options.only)}: "
        "there is nothing to measure again."
    )


def _known_targets(targets: tuple[Target, ...], profile: Profile) -> tuple[Target, ...]:
    roles = {role.id for role in profile.roles}
    return tuple(target for target in targets if target.role in roles)


def _settings(options: Options, before: Header) -> Settings:
    """Settings at least as patient as those of the earlier session, to find what it found."""
    settings, earlier = options.settings, before.settings
    if not options.answer_timeout_given:
        longer = max(settings.answer_timeout, earlier.answer_timeout)
        settings = replace(settings, answer_timeout=longer)
    if options.timeout_given:
        return settings
    return replace(settings, timeout=earlier.timeout, retries=earlier.retries)


def _words(statuses: tuple[Status, ...]) -> str:
    texts = [str(status) for status in statuses]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"
