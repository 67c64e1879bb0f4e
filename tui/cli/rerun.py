"""`auditreach run --from SESSION`: rows to measure again, and what the others count as."""

from __future__ import annotations

from collections.abc import Mapping

from probes.engine.plan import Route
from probes.model import Status, VantageInfo
from probes.session import Session, SessionError, read_session
from profiles.errors import printable_path
from profiles.model import Profile
from tui.cli import prepare
from tui.cli.options import Options, UsageError
from tui.models.rerun import Rerun, earlier_answers, patient_settings, prepare_rerun


def load_earlier(options: Options, profile: Profile) -> Session:
    """The session under --from; raises UsageError."""
    assert options.session is not None
    if options.entries:
        raise UsageError(
            "--from takes its targets from the session; leave ROLE=HOST out, or test them in a run "
            "of their own."
        )
    try:
        session = read_session(options.session, profile)
    except SessionError as error:
        raise UsageError(str(error)) from None
    if session.header.vantage.simulated:
        # Its names are those of others outside, and its addresses lead to whatever serves here.
        raise UsageError(
            f"{_session_name(options)} is a session of the demo; its hosts exist only there."
        )
    return session


def rerun_answers(options: Options, profile: Profile, session: Session | None) -> dict[str, str]:
    """The answers of the session, if there is one, under those of the command line.

    Raises UsageError.
    """
    if session is None:
        return prepare.answers(options, profile)
    before = earlier_answers(profile, session)
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
    settings = patient_settings(
        options.settings,
        session.header,
        timeout_given=options.timeout_given,
        answer_timeout_given=options.answer_timeout_given,
    )
    rerun = prepare_rerun(profile, session, answered, settings, info, route, only=options.only)
    if not rerun.planned:
        raise UsageError(f"{_session_name(options)} has no host for a check of the profile.")
    return rerun


def nothing_to_rerun(options: Options) -> str:
    """The sentence for a session without a row of the statuses that were asked for."""
    return (
        f"No row of {_session_name(options)} is {_words(options.only)}: there is nothing to retest."
    )


def _session_name(options: Options) -> str:
    return printable_path(options.session or "")


def _words(statuses: tuple[Status, ...]) -> str:
    texts = [str(status) for status in statuses]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"
