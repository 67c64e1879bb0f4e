"""Profile and answers of a start, resolved from its options."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from profiles.errors import printable_path
from profiles.loader import ProfileError, load_profile
from profiles.model import Profile
from tui.cli.options import Options, UsageError, quoted


def load(options: Options) -> Profile:
    """The profile that was asked for, the built-in one by default; raises UsageError."""
    if options.profile is None:
        return load_profile(None, {})
    # Only now: the first frame does without the registry of probes.
    from probes.registry import PROBES

    transports = {name: probe.transport for name, probe in PROBES.items()}
    try:
        return load_profile(options.profile, transports)
    except ProfileError as error:
        raise UsageError(str(error)) from None


def answers(
    options: Options, profile: Profile, before: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """An answer to every question of the profile: the command line's, that of `before`, that of the
    configuration, or its own default.

    Raises UsageError for a question it does not ask.
    """
    usual = {
        name: value
        for name, value in options.usual_answers.items()
        # One configuration serves several profiles; for the built-in one a slip is a slip.
        if options.profile is None or name in profile.default_answers
    }
    given = dict(options.answers)
    _check(usual, profile, f"{printable_path(options.answers_file or '')}, [answers]: ")
    _check(given, profile)
    return {**profile.default_answers, **usual, **before, **given}


def _check(answers: Mapping[str, str], profile: Profile, where: str = "") -> None:
    """Raise UsageError for an answer to no question, or one it does not have.

    `where` they stand begins the sentence; empty for the command line.
    """
    questions = {question.id: question for question in profile.questions}
    for name, value in answers.items():
        question = questions.get(name)
        if question is not None and value in question.answers:
            continue
        if question is None:
            near = difflib.get_close_matches(name, questions, 1)
            hint = f"did you mean {near[0]}?" if near else f"it asks {', '.join(questions)}."
            raise UsageError(f"{where}The profile asks no question {quoted(name)}; {hint}")
        *most, last = question.answers
        allowed = f"{', '.join(most)} or {last}" if most else last
        raise UsageError(f"{where}{name} takes {allowed}, not {quoted(value)}.")
